"""Inside: cutoffs within what a network was trained and validated on, and nowhere else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.split import Part, by_steps, known_rows
from datamodules.window import Dims
from forecast.arms import Task, plan, run
from forecast.backtest import backtest
from forecast.baselines.naive import Naive
from forecast.conformal import Conformal
from forecast.holed import Holed
from forecast.inside import inside, spread, trained_on
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.parts import Parts
from forecast.result import Backtest
from forecast.table import ROW
from forecast.teams import Team

OPTIONS = {"horizon": 3, "folds": 2, "inside": 4}


def network(name="", **options):
    module = MLP(Dims(6, 3), hidden_size=4)
    return NeuralForecaster(
        module, name=name, **{"max_steps": 6, "batch_size": 16, "steps_per_epoch": 3, "validation": 0.2, **options}
    )


@pytest.fixture
def panel(make_panel):
    return make_panel([60, 50], late=[0, 10])


def fitted(panel, *, last=53):
    shown = panel.until(known_rows(panel, last))
    return network().fit(shown), shown


def asked(forecaster, shown, **options):
    return inside(
        forecaster, shown, **{"most": 5, "history": 6, "horizon": 3, "levels": (0.1, 0.9), "seasonality": 1, **options}
    )


def test_spread_of_two_cutoffs_by_hand(make_panel):
    panel = make_panel([10])
    assert spread(panel, Part(np.array([0]), np.array([10])), 2, most=2, history=3).tolist() == [[3], [6]]


@pytest.mark.parametrize("most", [1, 2, 5, 40, 100])
def test_cutoffs_are_different_even_and_have_a_whole_context_and_all_their_targets_in_the_part(make_panel, most):
    panel = make_panel([60, 30, 8], late=[0, 20, 40])
    part = by_steps(panel, validation=9).train
    cutoffs = spread(panel, part, 3, most=most, history=6)
    assert cutoffs.shape == (most, 3)
    for number, begin, stop in zip(range(3), part.begin, part.stop, strict=True):
        rows = cutoffs[:, number][cutoffs[:, number] >= 0]
        possible = np.arange(begin + 5, stop - 3)
        assert set(rows) <= set(possible)
        assert len(rows) == len(set(rows)) == min(most, len(possible))
        steps = np.diff(rows)
        assert steps.max(initial=0) - steps.min(initial=steps.max(initial=0)) <= 1


def test_rows_lie_in_the_part_that_they_name_and_have_its_actuals(panel):
    forecaster, shown = fitted(panel)
    table = asked(forecaster, shown)
    held_out = forecaster.validation_steps(shown)
    assert held_out > 3
    assert table.groupby(["unique_id", "part"], observed=True)["cutoff"].nunique().max() == 5
    split = by_steps(shown, validation=held_out)
    frame = shown.to_frame().set_index(["unique_id", "ds"])["y0"]
    for name, part in (("train", split.train), ("validation", split.validation)):
        for number in range(2):
            rows = table[(table["part"] == name) & (table["unique_id"] == f"series {number}")]
            stamps = shown.times(np.array([part.begin[number], part.stop[number] - 1]), np.array([number, number]))
            assert rows["time"].between(*stamps).all()
            keys = pd.MultiIndex.from_frame(rows[["unique_id", "time"]].astype({"unique_id": str}))
            np.testing.assert_array_equal(rows["actual"], frame[keys])


def test_forecasts_are_those_of_the_fitted_network_at_these_cutoffs(panel):
    forecaster, shown = fitted(panel)
    table = asked(forecaster, shown)
    row = table[(table["unique_id"] == "series 0") & (table["part"] == "validation")].iloc[0]
    position = int(panel.clock.positions([row["cutoff"]])[0])
    own = forecaster.predict(shown, np.array([[position, -1]]), 3, (0.1, 0.9))
    for column in ("mean", "q0.1", "q0.9"):
        np.testing.assert_allclose(row[column], own.loc[0, column], rtol=1e-6)


def test_no_row_that_fit_did_not_see_has_any_say(panel):
    forecaster, shown = fitted(panel, last=40)
    later = panel.until(known_rows(panel, 40))
    changed = replace(panel, target=np.where(np.isfinite(later.target), panel.target, 1e6)).until(known_rows(panel, 40))
    pd.testing.assert_frame_equal(asked(forecaster, shown), asked(forecaster, changed), check_exact=True)
    assert asked(forecaster, shown)["time"].max() <= panel.clock.stamps(np.array([40]))[0]


def test_sliding_window_bounds_the_cutoffs(panel):
    result = backtest(panel, [network()], **OPTIONS, window=25)
    first = panel.clock.positions([result.inside["cutoff"].min()])[0]
    assert first >= 53 - 24 + 5


def test_series_with_too_little_for_a_context_has_no_rows(make_panel):
    panel = make_panel([60, 8])
    result = backtest(panel, [network()], horizon=3, folds=2, inside=4)
    assert set(result.inside["unique_id"]) == {"series 0"}


def test_only_networks_have_rows_and_those_keep_name_seed_and_fold(panel):
    result = backtest(panel, [network("A"), Naive(), network("B")], **OPTIONS, seeds=2, refit="always")
    within = result.inside
    assert list(within.columns[:3]) == ["model", "seed", "fold"]
    assert within.columns[-1] == "part"
    arms = within[["model", "seed", "fold"]].astype({"model": str}).drop_duplicates()
    assert arms.to_numpy().tolist() == [[name, seed, fold] for name in "AB" for seed in (0, 1) for fold in (0, 1)]
    counts = within.groupby(["model", "seed", "fold", "unique_id", "part"], observed=True).size()
    assert set(counts) <= {9, 12}
    rows = [part[[*ROW, "actual"]].reset_index(drop=True) for _, part in within.query("fold == 0").groupby("model")]
    pd.testing.assert_frame_equal(*[each.astype({"unique_id": str}) for each in rows])


def test_forecasts_that_are_scored_do_not_change(panel):
    members = [network(), Naive()]
    plain, more = (backtest(panel, members, horizon=3, folds=2, inside=number) for number in (0, 4))
    assert len(plain.inside) == 0
    assert "inside" not in plain.spec
    assert more.spec["inside"] == 4
    pd.testing.assert_frame_equal(more.table, plain.table, check_exact=True)
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(more.runs.drop(columns=seconds), plain.runs.drop(columns=seconds))


def test_network_within_a_conformal_wrapper_answers_under_its_name(panel):
    wrapped = Conformal(network(), name="safe")
    result = backtest(panel, [wrapped], **OPTIONS)
    assert set(result.inside["model"]) == {"safe"}
    assert set(result.runs["error"]) == {""}


@pytest.mark.parametrize("draw", ["recent", "random"])
def test_network_that_learns_from_few_windows_is_asked_at_these(panel, draw):
    forecaster, shown = network(windows=7, draw=draw, seed=3), panel.until(known_rows(panel, 53))
    forecaster.fit(shown)
    data = forecaster.data(shown)
    rows = set(data.train_windows.rows - data.laid.shift[0])
    assert len(rows) == 7
    for most in (2, 7, 20):
        cutoffs = trained_on(forecaster, shown, most=most, history=6)
        assert cutoffs.shape == (most, 2)
        asked_at = cutoffs[cutoffs >= 0]
        assert set(asked_at) <= rows
        assert (len(asked_at) == 7) == (most >= 7)
    table = asked(forecaster, shown, most=20)
    stamps = table.query("part == 'train'")[["unique_id", "cutoff"]].drop_duplicates()
    assert len(stamps) == 7


@pytest.mark.parametrize("inner", [network, lambda: Conformal(network())])
def test_network_from_which_values_are_hidden_is_scored_against_all_of_them(panel, inner):
    result = backtest(panel, [Holed(inner(), 0.3)], **OPTIONS)
    assert set(result.inside["part"]) == {"train", "validation"}
    assert result.inside["actual"].notna().all()
    assert set(result.runs["note"].str.contains("no forecasts")) == {False}


def test_failure_within_is_a_note_and_the_forecasts_stand(panel, monkeypatch):
    def fail(*values, **options):
        raise RuntimeError("no luck")

    monkeypatch.setattr("forecast.arms.inside", fail)
    result = backtest(panel, [network()], **OPTIONS)
    assert result.runs["note"].tolist() == ["no forecasts within the training rows (RuntimeError: no luck)"]
    assert len(result.table)


def test_rows_go_round_through_parts_and_folders(panel, tmp_path):
    result = backtest(panel, [network(), Naive()], **OPTIONS, folder=tmp_path / "parts")
    again = backtest(panel, [network(), Naive()], **OPTIONS, folder=tmp_path / "parts")
    pd.testing.assert_frame_equal(again.inside, result.inside, check_exact=True)
    result.save(tmp_path)
    pd.testing.assert_frame_equal(Backtest.load(tmp_path).inside, result.inside, check_exact=True)
    backtest(panel, [Naive()], **OPTIONS).save(tmp_path)
    assert len(Backtest.load(tmp_path).inside) == 0


def test_parts_of_another_number_are_not_taken(panel, tmp_path):
    task = Task(panel, np.array([53, 56]), 3, 0, 0, 1, (0.1, 0.9), 6, inside=2)
    [arm] = plan([network()], 2, refit="never", seeds=(0,))
    Parts(tmp_path, task).put(Team((arm,)), [run(arm, task)])
    assert [len(Parts(tmp_path, replace(task, inside=number)).get(Team((arm,)))) for number in (0, 2, 3)] == [0, 1, 0]


@pytest.mark.parametrize("together", [False, True])
def test_all_shards_together_give_the_same_rows(panel, together, tmp_path):
    members, options = [network("A"), network("B"), Naive()], {**OPTIONS, "together": together}
    expected = backtest(panel, members, **options).inside
    for number in (1, 2):
        backtest(panel, members, **options, folder=tmp_path, shard=f"{number}/2")
    pd.testing.assert_frame_equal(
        backtest(panel, members, **options, folder=tmp_path).inside, expected, check_exact=True
    )
