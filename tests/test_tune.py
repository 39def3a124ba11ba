"""A tuning on small panels: what it may see, what it leaves, and that it goes on where it was cut off."""

import numpy as np
import pandas as pd
import pytest
import yaml

from datamodules.errors import InputError
from datamodules.sets.synthetic import Synthetic
from forecast import Panel, Tuning, TuningResult
from forecast.config import BacktestConfig
from forecast.tune.config import TuningConfig
from forecast.tune.searches import Searched
from forecast.tune.trial import Outcome, Trial

QUICK = {
    "model": "MLP",
    "models": [{"class_path": "MLP", "init_args": {"hidden_size": 8, "layers": 1}}],
    "horizon": 4,
    "context_length": 8,
    "folds": 2,
    "baselines": "SeasonalNaive",
    "fit": {"max_steps": 20, "steps_per_epoch": 5, "batch_size": 32},
    "only": ["hidden_size=4,8", "lr=0.001..0.1:log"],
    "search": "random",
    "trials": 3,
}


def panel(length=90, n_series=2, seed=0):
    return Synthetic(n_series=n_series, length=length, freq="D", seed=seed).load()


def tuned(data=None, folder=None, **options):
    told = {name: value for name, value in {**QUICK, **options}.items() if value is not None}
    return Tuning.of(data or panel(), **told).run(folder=folder)


def without_seconds(result):
    return result.trials.drop(columns="seconds")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuning")
    result = tuned(folder=folder)
    result.save(folder)
    return result, folder


def test_trials_are_rows_and_the_untuned_network_is_the_first(small):
    result, _ = small
    assert list(result.trials["number"]) == [0, 1, 2, 3]
    assert list(result.trials.columns) == [
        *("number", "state", "value", "seconds", "epochs", "hidden_size", "lr", "note")
    ]
    first = result.trials.iloc[0]
    assert (first["hidden_size"], first["lr"], first["note"]) == (8, 0.003, "untuned")
    assert set(result.trials["state"]) == {"complete"}
    assert result.trials["hidden_size"][1:].isin([4, 8]).all()
    assert result.trials["lr"][1:].between(0.001, 0.1).all()


def test_value_of_a_trial_is_that_of_an_ordinary_backtest_on_the_training_part():
    from forecast import MLP, NeuralForecaster, backtest

    data = panel()
    result = tuned(data, gap=1, search="grid", only=["hidden_size=4"])
    end = data.last_rows - 2 * QUICK["horizon"] - 1  # two folds of test, and the gap
    module = MLP((8, 4, 1, 0, 0, 0), hidden_size=4, layers=1, levels=[0.1, 0.9])
    forecaster = NeuralForecaster(module, **QUICK["fit"], validation=0.1)
    inside = backtest(data.until(end), [forecaster], horizon=4, folds=2, gap=1, metrics=["mase"])
    assert result.trials["value"][1] == inside.leaderboard()["mase"][0]


def test_nothing_after_the_first_outer_cutoff_changes_a_trial():
    data = panel()
    frame = data.to_frame()
    later = frame["ds"] > np.sort(frame["ds"].unique())[-1 - 2 * QUICK["horizon"]]
    assert later.sum() == 2 * 2 * QUICK["horizon"]
    frame.loc[later, "y"] = np.random.default_rng(0).normal(1e6, 1e6, later.sum())
    other = Panel.from_frame(frame)
    for search in ("tpe", "halving"):
        first, second = (tuned(each, search=search, batch=2) for each in (data, other))
        pd.testing.assert_frame_equal(without_seconds(first), without_seconds(second), check_exact=True)
        assert first.best == second.best
        assert first.outer.leaderboard()["mase"][0] != second.outer.leaderboard()["mase"][0]


def test_winner_runs_again_from_its_file_with_the_same_forecasts(small):
    _check_winner(*small)


def test_winner_of_a_search_beyond_the_network_runs_again_too(tmp_path):
    only = ["context_length=6", "batch_size=16", "max_steps=25", "hidden_size=4"]
    network = {"class_path": "MLP", "init_args": {"hidden_size": 1, "layers": 1, "lr": 1.0, "clip": 0.0}}
    result = tuned(models=[network], search="grid", only=[*only, "lr=0.01"], horizon=3)
    result.save(tmp_path)
    assert result.provenance["best_trial"] == 1
    assert result.outer.spec["tuned"]["context_length"] == 6
    _check_winner(result, tmp_path)


def test_winner_of_several_seeds_runs_again_to_the_bit_where_trials_train_together(tmp_path):
    network = {"class_path": "MLP", "name": "small v1.5", "init_args": {"hidden_size": 4, "layers": 1}}
    fit = {**QUICK["fit"], "max_steps": 30}
    options = {"model": "small v1.5", "models": [network], "seeds": 3, "together": True, "inside": 2, "fit": fit}
    result = tuned(search="grid", only=["lr=0.01"], **options)
    result.save(tmp_path)
    assert result.names == ("small v1.5 tuned", "small v1.5")
    assert not result.winner.get("together")
    assert set(result.outer.inside["part"]) == {"train", "validation"}
    _check_winner(result, tmp_path)


def _check_winner(result, folder):
    from forecast.assemble import assemble
    from forecast.resolve import resolve
    from forecast.tune.inner import Means, run

    config = BacktestConfig.of(yaml.safe_load((folder / "best.yaml").read_text()))
    resolved = resolve(config, panel())
    forecasters, complete = assemble(resolved.config, resolved.panel)
    again = run(complete, resolved.panel, forecasters, Means())
    name = result.names[0] if result.provenance["best_trial"] else result.names[1]
    first, second = (one.table[one.table["model"] == name].reset_index(drop=True) for one in (result.outer, again))
    assert len(first)
    pd.testing.assert_frame_equal(first.astype({"model": str}), second.astype({"model": str}), check_exact=True)


@pytest.mark.parametrize(("metric", "number"), [("mae", 2), ("r2", 1)])
def test_best_trial_goes_by_the_direction_of_the_metric(metric, number):
    values = enumerate((0.5, 0.9, 0.1, np.nan))
    told = [
        Outcome(Trial(at, {"lr": at}), "failed" if np.isnan(each) else "complete", each, 1, 1) for at, each in values
    ]
    assert Searched(told, pd.DataFrame(), metric, {}).best.trial.number == number


def test_network_may_have_a_name_with_a_dot():
    network = {"class_path": "MLP", "init_args": {"hidden_size": 8, "layers": 1, "lr": 1.0}, "name": "lr.1"}
    result = tuned(model="lr.1", models=[network], search="grid", only=["lr=0.01"])
    assert result.names == ("lr.1 tuned", "lr.1")
    assert "cannot be told" not in result.verdict()


def test_trial_with_the_options_of_the_untuned_network_is_no_gain():
    result = tuned(search="grid", only=["hidden_size=8"])
    assert result.provenance["best_trial"] == 0
    assert result.names[0] not in set(result.outer.table["model"])
    assert result.verdict().startswith("Tuning did not help: on the inner folds no trial had a better MASE than MLP")


def test_gain_is_told_in_another_metric_where_the_first_is_undefined_on_the_test_rows(small):
    from dataclasses import replace

    result, _ = small
    tuned_rows = result.outer.table.assign(naive_mae=np.nan, naive_mse=np.nan)
    undefined = replace(result, outer=replace(result.outer, table=tuned_rows))
    assert result.gain.metric == "mase"
    assert undefined.gain.metric == "smape"
    assert "sMAPE" in undefined.verdict()


def test_saved_tuning_loads_again(small):
    result, folder = small
    again = TuningResult.load(folder)
    pd.testing.assert_frame_equal(again.trials, result.trials)
    assert (again.spec, again.best, again.winner) == (result.spec, result.best, result.winner)
    assert again.verdict() == result.verdict()


def test_folder_without_a_tuning_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"tuning\.yaml is missing"):
        TuningResult.load(tmp_path)


def test_finished_trials_are_not_run_again(small, monkeypatch):
    result, folder = small
    monkeypatch.setattr("forecast.neural.NeuralForecaster.fit", lambda self, panel: pytest.fail("fitted again"))
    again = tuned(folder=folder)
    pd.testing.assert_frame_equal(again.trials.iloc[1:], result.trials.iloc[1:])
    pd.testing.assert_frame_equal(again.outer.table, result.outer.table)


@pytest.mark.parametrize(
    "search", ["tpe", *(pytest.param(name, marks=pytest.mark.slow) for name in ("random", "halving"))]
)
def test_search_that_was_cut_off_goes_on_to_the_trials_it_would_have_had(search, tmp_path):
    options = {"search": search, "trials": 5, "batch": 2}
    whole = tuned(**options)

    def cut(done, total, label):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Tuning.of(panel(), **{**QUICK, **options}).run(folder=tmp_path, progress=cut)
    pd.testing.assert_frame_equal(without_seconds(tuned(folder=tmp_path, **options)), without_seconds(whole))


def test_halving_stops_the_worse_two_thirds_and_its_winner_is_trained_as_a_whole():
    found = tuned(search="halving", trials=9, only=["lr=0.00001..1.0:log"], fit={**QUICK["fit"], "max_steps": 45})
    own = found.trials[found.trials["number"] > 0]
    assert own["state"].value_counts().to_dict() == {"pruned": 8, "complete": 1}
    assert own.loc[own["state"] == "pruned", "epochs"].value_counts().to_dict() == {2: 6, 4: 2}  # of 12
    assert own.loc[own["state"] == "pruned", "note"].str.contains("validation loss").all()
    assert own.loc[own["state"] == "pruned", "value"].isna().all()
    lr = own.loc[own["state"] == "complete", "lr"].item()
    alone = tuned(search="grid", only=[f"lr={lr}"], fit={**QUICK["fit"], "max_steps": 45})
    assert own.loc[own["state"] == "complete", "value"].item() == alone.trials["value"][1]


def test_halving_compares_by_the_metric_where_losses_are_in_different_units():
    found = tuned(search="halving", trials=3, only=["scaling=mean_abs,standard,last"])
    pruned = found.trials[found.trials["state"] == "pruned"]
    assert len(pruned) == 2
    assert pruned["note"].str.contains("with mase").all()


def test_halving_compares_by_the_metric_where_an_epoch_decides_which_windows_are_validated():
    found = tuned(search="halving", trials=3, only=["batch_size=8,16,32"])
    assert found.trials.loc[found.trials["state"] == "pruned", "note"].str.contains("with mase").all()


def test_nested_blocks_are_each_tuned_on_what_precedes_them():
    data = panel(length=120)
    options = {"folds": 4, "inner_folds": 2, "search": "grid", "only": ["hidden_size=2,16"]}
    found = tuned(data, nested=2, **options)
    assert list(found.nested["block"]) == ["1", "2", "all"]
    assert list(found.nested["folds"]) == [2, 2, 4]
    later = tuned(data, **{**options, "folds": 2})  # its only block is the second
    second, outer = found.nested.iloc[1], later.outer.leaderboard().set_index("model")["mase"]
    assert second["value"] == later.trials.loc[later.trials["number"] == second["trial"], "value"].item()
    assert second["untuned"] == outer["MLP"]
    assert second["tuned"] == outer[later.names[0] if second["trial"] else "MLP"]
    assert "Tuned anew in each of 2 blocks" in found.verdict()
    assert found.nested.iloc[2]["untuned"] == pytest.approx(found.nested["untuned"][:2].mean())


@pytest.mark.slow
def test_number_of_workers_changes_no_trial():
    options = {"search": "tpe", "trials": 4, "batch": 2, "only": ["lr=0.001..0.1:log"]}
    one = tuned(**options)
    told = {name: value for name, value in {**QUICK, **options}.items() if value is not None}
    two = Tuning.of(panel(), **told).run(engine="processes", workers=2)
    pd.testing.assert_frame_equal(without_seconds(one), without_seconds(two), check_exact=True)


def test_more_trials_go_on_after_those_that_there_are(tmp_path):
    first = tuned(folder=tmp_path)
    more = tuned(folder=tmp_path, trials=4)
    pd.testing.assert_frame_equal(more.trials.iloc[:4], first.trials, check_dtype=False)
    assert list(more.trials["number"]) == [0, 1, 2, 3, 4]


def test_trial_that_fails_or_diverges_is_a_row_with_its_reason():
    network = {"class_path": "MLP", "init_args": {"hidden_size": 4, "layers": 1, "clip": 0.0, "optimizer": "SGD"}}
    result = tuned(models=[network], search="grid", only=["lr=0.001,1e38"])
    assert list(result.trials["state"]) == ["complete", "complete", "failed"]
    assert result.trials["note"][2]


def test_values_that_do_not_go_together_are_a_failed_trial():
    result = tuned(model="CNN", models=["CNN"], search="grid", only=["layers=1,9"])
    assert list(result.trials["state"]) == ["complete", "complete", "failed"]
    assert result.trials["note"][2].startswith("layers is 9")


def test_grid_has_every_combination_and_an_absurd_one_is_refused_with_its_number():
    result = tuned(search="grid", trials=None, only=["hidden_size=4,8", "layers=1..2"])
    assert result.trials[["hidden_size", "layers"]][1:].to_numpy().tolist() == [[4, 1], [4, 2], [8, 1], [8, 2]]
    with pytest.raises(InputError, match=r"the grid has 6,075 combinations .* at most 200"):
        tuned(search="grid", trials=None, only={})


def test_usual_number_of_trials_is_that_of_the_search():
    def usual(**options):
        return TuningConfig.of({"data": "panel", "horizon": 4, "model": "MLP", **options})

    assert (usual().trials, usual(search="halving").trials, usual(search="grid").trials) == (30, 30, 200)
    assert TuningConfig.of(usual(search="grid").plain()).trials == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"only": ["hiden_size"]}, "'hiden_size' cannot be tuned.*did you mean 'hidden_size'"),
        ({"only": ["head"]}, "head has no usual values"),
        ({"only": ["hidden_size=four,8"]}, "model MLP: hidden_size is 'four'; expected a whole number"),
        ({"only": None, "space": ["hidden_size=4.5,8"]}, "model MLP: hidden_size is 4.5; expected a whole number"),
        ({"only": ["hidden_size=4..8.5"]}, "model MLP: hidden_size is 4.0; expected a whole number"),
        ({"only": ["lr=fast"]}, "model MLP: lr is 'fast'; expected a number"),
        ({"only": ["batch_size=16.5,32"]}, "fit: batch_size is 16.5; expected a whole number"),
        ({"only": ["context_length=4.5,8"]}, "context_length is 4.5; expected a whole number"),
        ({"space": ["horizon=4,8"]}, "'horizon' cannot be tuned"),
        ({"model": "MLP", "models": ["CNN", "LSTM"]}, "model is 'MLP', but models are CNN, LSTM"),
        ({"models": ["CNN", "LSTM"], "model": None}, "no network to tune is named"),
        ({"model": "LTSM", "models": []}, "did you mean 'LSTM'"),
        ({"search": "bayes"}, "search 'bayes' is not known"),
        ({"nested": 1}, "nested is 1"),
        ({"trials": 0}, "trials is 0; it must be at least 1"),
        ({"metrics": ["bias", "mase"]}, "the first metric is 'bias'"),
        ({"folds": 19}, "in the training part"),
        ({"feature_sets": {"A": ["y"], "B": ["y", "calendar"]}}, "feature_sets make several networks"),
    ],
)
def test_mistakes_are_refused_before_any_trial(options, message):
    with pytest.raises(InputError, match=message):
        tuned(**options)
