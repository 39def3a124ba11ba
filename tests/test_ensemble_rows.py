"""Ensembles of a backtest: rows like any other, with weights from what was known."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import Drift, HistoricMean, Naive, SeasonalNaive
from forecast.cli import main
from forecast.config import BacktestConfig
from forecast.ensemble.combine import learn
from forecast.ensemble.recipes import METHODS, Recipe, recipes
from forecast.ensemble.rows import with_ensembles
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster
from forecast.result import Backtest

LEARNT = ("inverse", "greedy")
PLAIN = ("mean", "median", "trimmed")


class Failing(Naive):
    """Fails at every fit."""

    def fit(self, panel):
        raise RuntimeError("no luck")


@pytest.fixture(scope="module")
def run(make_panel):
    """Overlapping folds: four steps every two."""
    panel = make_panel([60, 50], holes=0.05)
    return backtest(panel, [Naive(), Drift(), SeasonalNaive(seasonality=12)], horizon=4, stride=2, folds=4)


@pytest.fixture(scope="module")
def seeded(make_panel):
    network = NeuralForecaster(Linear(Dims(8, 4)), max_steps=4, batch_size=8, steps_per_epoch=2)
    return backtest(make_panel([60, 60]), [network, Naive()], horizon=4, folds=2, seeds=3, ensembles=["mean", "seeds"])


def add(run, *methods):
    return with_ensembles(run.table, run.runs, recipes(methods))


def of(table, model, seed=0):
    return table[(table["model"] == model) & (table["seed"] == seed)].reset_index(drop=True)


def test_mean_and_median_of_all_members_by_hand(run):
    table, _ = add(run, "mean", "median")
    members = [of(table, name) for name in ("Naive", "Drift", "SeasonalNaive")]
    for column in ("mean", "q0.1", "q0.9"):
        values = np.column_stack([member[column] for member in members])
        np.testing.assert_allclose(of(table, "Ensemble-mean")[column], values.mean(axis=1), rtol=1e-14)
        np.testing.assert_array_equal(of(table, "Ensemble-median")[column], np.median(values, axis=1))
    kept = ["unique_id", "target", "cutoff", "step", "time", "actual", "naive_mae", "naive_mse"]
    pd.testing.assert_frame_equal(of(table, "Ensemble-mean")[kept], members[0][kept])


def test_ensemble_has_no_share_of_zero_weights(run):
    _, runs = with_ensembles(run.table, run.runs.assign(sparsity=0.5), recipes(["mean"]))
    assert runs.loc[runs["model"] == "Ensemble-mean", "sparsity"].isna().all()


@pytest.mark.parametrize("method", LEARNT)
def test_weights_are_learnt_from_steps_observed_by_the_cutoff(run, method):
    table, _ = add(run, method)
    names = ["Naive", "Drift", "SeasonalNaive"]
    base = of(table, "Naive")
    forecasts = np.column_stack([of(table, name)["mean"] for name in names])
    cutoffs = sorted(base["cutoff"].unique())
    for number, cutoff in enumerate(cutoffs):
        known = (base["cutoff"] < cutoff) & (base["time"] <= cutoff)
        assert (known.sum() > 0) == (number > 0)
        weights = learn(
            method, forecasts[known], *(base.loc[known, each].to_numpy() for each in ("actual", "naive_mae"))
        )
        own = base["cutoff"] == cutoff
        expected = forecasts[own] @ weights
        np.testing.assert_allclose(of(table, f"Ensemble-{method}")["mean"][own], expected, rtol=1e-12)


@pytest.mark.parametrize("per_series", [False, True])
@pytest.mark.parametrize("method", LEARNT)
def test_garbage_after_a_cutoff_moves_nothing_to_the_bit(run, method, per_series):
    recipe = [Recipe(method, per_series=per_series)]
    table, _ = with_ensembles(run.table, run.runs, recipe)
    for cutoff in run.table["cutoff"].unique():
        spoilt = run.table.copy()
        spoilt.loc[spoilt["time"] > cutoff, "actual"] = 1e6
        later = spoilt["cutoff"] > cutoff
        spoilt.loc[later, ["mean", "q0.1", "q0.9", "naive_mae"]] = 77.0
        again, _ = with_ensembles(spoilt, run.runs, recipe)
        name = f"Ensemble-{method}"
        ours, theirs = (of(each, name) for each in (table, again))
        until = ours["cutoff"] <= cutoff
        pd.testing.assert_frame_equal(
            ours.loc[until, ["mean", "q0.1", "q0.9"]], theirs.loc[until, ["mean", "q0.1", "q0.9"]], check_exact=True
        )


@pytest.mark.parametrize("method", LEARNT)
def test_weights_of_each_series_ignore_the_others(run, method):
    recipe = [Recipe(method, per_series=True)]
    table, _ = with_ensembles(run.table, run.runs, recipe)
    alone = run.table[run.table["unique_id"] == "series 1"].reset_index(drop=True)
    own, _ = with_ensembles(alone, run.runs, recipe)
    whole = of(table, f"Ensemble-{method}")
    np.testing.assert_array_equal(
        whole.loc[whole["unique_id"] == "series 1", "mean"], of(own, f"Ensemble-{method}")["mean"]
    )


def test_costs_are_those_of_all_members_and_the_note_names_them(run):
    _, runs = add(run, "mean", "greedy")
    members = runs[runs["kind"] == "baseline"]
    for row in runs[runs["kind"] == "ensemble"].itertuples():
        assert row.fit_seconds == pytest.approx(members["fit_seconds"].sum())
        assert row.predict_seconds == pytest.approx(members["predict_seconds"].sum())
        assert (row.error, row.n_folds) == ("", 4)
    notes = runs.set_index("model")["note"]
    assert notes["Ensemble-mean"] == "mean of Naive, Drift, SeasonalNaive"
    assert notes["Ensemble-greedy"].startswith("greedy selection of Naive, Drift, SeasonalNaive; weights at the last")
    assert list(runs.columns) == list(run.runs.columns)


def test_one_fold_leaves_equal_weights_and_says_so(make_panel):
    result = backtest(make_panel([60]), [Naive(), Drift()], horizon=3, folds=1, ensembles=["inverse", "mean"])
    np.testing.assert_allclose(of(result.table, "Ensemble-inverse")["mean"], of(result.table, "Ensemble-mean")["mean"])
    assert "equal weights: no earlier fold to learn from" in result.runs.set_index("model")["note"]["Ensemble-inverse"]


def test_failed_member_is_left_out_and_noted(make_panel):
    forecasters = [Naive(), Drift(), Failing(name="Broken")]
    result = backtest(make_panel([60]), forecasters, horizon=3, folds=2, ensembles=["mean"])
    assert (
        result.runs.set_index("model")["note"]["Ensemble-mean"]
        == "mean of Naive, Drift; without Broken, which lack rows that others have"
    )
    board = result.leaderboard().set_index("model")
    assert board.loc["Ensemble-mean", "kind"] == "ensemble"
    assert board.loc["Ensemble-mean", "mase"] > 0
    alone = backtest(make_panel([60]), [Failing()], horizon=3, folds=2, ensembles=["mean"])
    assert alone.leaderboard().set_index("model")["error"]["Ensemble-mean"] == "no member has every row: Failing"


def test_seeds_have_an_ensemble_each_and_their_mean_is_a_model(seeded):
    table = seeded.table
    assert sorted(table.loc[table["model"] == "Ensemble-mean", "seed"].unique()) == [0, 1, 2]
    for seed in range(3):
        expected = (of(table, "Linear", seed)["mean"] + of(table, "Naive")["mean"]) / 2
        np.testing.assert_allclose(of(table, "Ensemble-mean", seed)["mean"], expected, rtol=1e-14)
    mean = sum(of(table, "Linear", seed)["mean"] for seed in range(3)) / 3
    np.testing.assert_allclose(of(table, "Linear-seeds")["mean"], mean, rtol=1e-14)
    assert "Naive-seeds" not in set(table["model"])
    board = seeded.leaderboard().set_index("model")
    assert board["seeds"].to_dict() == {"Ensemble-mean": 3, "Linear": 3, "Linear-seeds": 1, "Naive": 1}
    runs = seeded.runs.set_index("model")
    assert runs.loc["Linear-seeds", "parameters"] == 3 * runs.loc["Linear", "parameters"].iloc[0]
    assert runs.loc["Linear-seeds", "note"] == "mean of seeds 0, 1, 2 of Linear"


def test_mean_of_seeds_needs_seeds(make_panel):
    with pytest.raises(InputError, match=r"ensemble 'seeds' is the mean of several seeds, but there is 1.*--seeds 5"):
        backtest(make_panel([60]), [Naive()], horizon=3, ensembles=["seeds"])


def test_members_can_be_named(make_panel):
    recipe = Recipe("mean", members=("Naive", "Drift"), name="Two")
    result = backtest(make_panel([60]), [Naive(), Drift(), HistoricMean()], horizon=3, folds=2, ensembles=[recipe])
    expected = (of(result.table, "Naive")["mean"] + of(result.table, "Drift")["mean"]) / 2
    np.testing.assert_allclose(of(result.table, "Two")["mean"], expected)
    assert result.spec["ensembles"] == [{"method": "mean", "members": ["Naive", "Drift"], "name": "Two"}]
    with pytest.raises(InputError, match="member of ensemble Ensemble-mean 'Naiv' is not known; did you mean 'Naive'"):
        backtest(make_panel([60]), [Naive()], horizon=3, ensembles=[Recipe("mean", members=("Naiv",))])
    with pytest.raises(InputError, match="ensemble 'Naive' is called like a forecaster"):
        backtest(make_panel([60]), [Naive()], horizon=3, ensembles=[Recipe("mean", name="Naive")])


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (["means"], "ensemble 'means' is not known; did you mean 'mean'"),
        ([3], "ensemble 3 has no method"),
        ([{"method": "mean", "member": ["A"]}], "entry of an ensemble 'member' is not known; did you mean 'members'"),
        ([{"method": "mean", "members": "A"}], "members of ensemble 'mean' are 'A'; expected a list of names"),
        (["mean", "mean"], "two ensembles are called 'Ensemble-mean'"),
    ],
)
def test_recipes_that_cannot_be_read_are_refused(parts, sentence):
    with pytest.raises(InputError, match=sentence):
        recipes(parts)


def test_recipes_go_round_through_a_configuration():
    given = ["mean", {"method": "greedy", "members": ["A", "B"], "name": "Best", "per_series": True}]
    config = BacktestConfig.of({"data": "x.csv", "horizon": 2, "ensembles": given})
    assert config.plain()["ensembles"] == given
    assert BacktestConfig.of(config.plain()).ensembles == config.ensembles
    assert "ensembles" not in BacktestConfig.of({"data": "x.csv", "horizon": 2}).plain()
    assert [each.method for each in recipes(["all"])] == [method for method in METHODS if method != "seeds"]
    assert [each.method for each in recipes(["all", "mean", "seeds"])] == list(METHODS)


def test_command_line_adds_ensembles_without_running_an_arm_again(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2024-01-01", periods=60, freq="D").strftime("%Y-%m-%d")
    y = 10 + np.sin(np.arange(60) * 2 * np.pi / 7)
    pd.DataFrame({"unique_id": "a", "ds": days, "y": y}).to_csv("sales.csv", index=False)
    command = [
        "backtest",
        "--data",
        "sales.csv",
        "--horizon",
        "4",
        "--models",
        "none",
        "--folds",
        "3",
        "--output",
        "out",
    ]
    command += ["--baselines", "SeasonalNaive", "Drift"]
    assert main(command) == 0
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts").glob("*/*")}
    assert main([*command, "--ensembles", "mean", "greedy"]) == 0
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "parts").glob("*/*")}
    found = Backtest.load("out")
    assert set(found.table["model"]) == {"SeasonalNaive", "Drift", "Ensemble-mean", "Ensemble-greedy"}
    assert "Ensemble-greedy" in capsys.readouterr().out
    assert main([*command, "--ensembles", "seeds"]) == 2
    assert "ensemble 'seeds' is the mean of several seeds" in capsys.readouterr().err
