"""Anyone's forecasts as a backtest: the same numbers as our own, baselines and finished runs beside them."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import Drift, Naive, SeasonalNaive
from forecast.external.evaluate import evaluate
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster
from forecast.result import Backtest

OF_THE_WORK = ["kind", "fit_seconds", "predict_seconds", "parameters", "bytes"]  # what forecasts alone do not tell


@pytest.fixture(scope="module")
def panel(make_panel):
    return make_panel([80, 80], holes=0.05)


@pytest.fixture(scope="module")
def run(panel):
    network = NeuralForecaster(
        Linear(Dims(8, 4), levels=[0.1, 0.2, 0.8, 0.9]), max_steps=6, batch_size=8, steps_per_epoch=3
    )
    return backtest(
        panel, [network, Naive(), SeasonalNaive()], horizon=4, folds=3, seeds=2, levels=(0.1, 0.2, 0.8, 0.9)
    )


def scores(result):
    return result.leaderboard().drop(columns=OF_THE_WORK, errors="ignore")


def test_our_own_forecasts_written_wide_give_the_same_leaderboard(panel, run):
    again = evaluate(run.to_wide(), panel)
    pd.testing.assert_frame_equal(scores(again), scores(run), check_exact=True)
    assert set(again.runs["kind"]) == {"external"}


def test_our_own_forecast_table_gives_the_same_leaderboard_and_table(panel, run):
    again = evaluate(run.table, panel)
    pd.testing.assert_frame_equal(scores(again), scores(run), check_exact=True)
    keys = ["model", "seed", "cutoff", "unique_id", "step"]
    ours, theirs = (
        each.astype({"model": str}).sort_values(keys, ignore_index=True) for each in (again.table, run.table)
    )
    pd.testing.assert_frame_equal(ours, theirs, check_exact=True, check_categorical=False)


def test_baselines_forecast_the_same_rows_as_in_a_backtest(panel, run):
    wide = run.to_wide()[["unique_id", "ds", "cutoff", "Linear/0", "Linear/1"]]
    again = evaluate(wide, panel, baselines=["SeasonalNaive", Naive()])
    ours, theirs = (each.leaderboard().set_index("model") for each in (again, run))
    compared = ["kind", "mase", "rmse", "skill", "p_value", "rows"]
    for name in ("Naive", "SeasonalNaive"):
        pd.testing.assert_series_equal(ours.loc[name, compared], theirs.loc[name, compared])
    assert ours.loc["Linear", "skill"] == theirs.loc["Linear", "skill"]
    assert again.runs.set_index("model").loc["Naive", "fit_seconds"] > 0
    assert "Linear" in again.verdict()


def test_cutoffs_may_differ_from_series_to_series(make_panel):
    panel = make_panel([80, 60])
    rows = [(0, 40), (0, 50), (1, 35)]
    frames = [
        pd.DataFrame(
            {
                "unique_id": str(panel.ids[series]),
                "ds": panel.times(panel.offsets[series] + cutoff + np.arange(1, 4), np.array(series)),
                "cutoff": panel.times(panel.offsets[[series]] + cutoff, np.array([series]))[0],
                "A": 20.0,
            }
        )
        for series, cutoff in rows
    ]
    result = evaluate(pd.concat(frames), panel, baselines=["Drift"], seasonality=1)
    own = result.table[result.table["model"] == "Drift"].reset_index(drop=True)
    assert len(own) == 9
    for series, cutoff in rows:
        known = panel.until(np.where(np.arange(2) == series, panel.offsets[series] + cutoff, -1))
        cutoffs = np.where(np.arange(2) == series, panel.offsets[series] + cutoff, -1)[None]
        expected = Drift().fit(known).predict(known, cutoffs, 3)
        mine = own[(own["unique_id"] == panel.ids[series]) & (own["cutoff"] == expected["cutoff"].iloc[0])]
        np.testing.assert_array_equal(mine["mean"], expected["mean"])
    assert result.health.set_index("unique_id")["folds"].to_dict() == {"series 0": 2, "series 1": 1}


def test_models_join_those_of_a_finished_run(panel, run):
    theirs = run.to_wide()[["unique_id", "ds", "cutoff", "y", "Naive"]].rename(columns={"Naive": "Theirs"})
    both = evaluate(theirs, panel, beside=[run])
    board = both.leaderboard().set_index("model")
    kinds = {"Theirs": "external", "Linear": "network", "Naive": "baseline", "SeasonalNaive": "baseline"}
    assert board["kind"].to_dict() == kinds
    assert (
        board.loc["Theirs", "mase"]
        == board.loc["Naive", "mase"]
        == run.leaderboard().set_index("model").loc["Naive", "mase"]
    )
    assert len(both.curves) == len(run.curves)


def test_model_that_the_run_has_too_is_the_runs_when_it_says_the_same(panel, run):
    wide = run.to_wide()[["unique_id", "ds", "cutoff", "Naive"]]
    both = evaluate(wide.assign(B=1.0), panel, beside=[run])
    assert both.leaderboard().set_index("model")["kind"]["Naive"] == "baseline"
    with pytest.raises(InputError, match="model 'Naive' is in the forecasts and in the run, with other values"):
        evaluate(wide.assign(Naive=1.0), panel, beside=[run])


def test_rows_that_do_not_match_are_counted_and_left_out_on_request(panel, run):
    wide = run.to_wide()[["unique_id", "ds", "cutoff", "Naive"]].rename(columns={"Naive": "B"})
    fewer = wide[wide["cutoff"] > wide["cutoff"].min()]
    with pytest.raises(
        InputError, match=r"8 rows are not in the forecasts, first series 'series 0', .* the 16 in both"
    ):
        evaluate(fewer, panel, beside=[run])
    both = evaluate(fewer, panel, beside=[run], common=True)
    assert set(both.leaderboard()["rows"] + both.leaderboard()["unobserved"]) == {16}
    assert "left out: 8 rows are not in the forecasts" in both.runs.set_index("model")["note"]["B"]
    with pytest.raises(InputError, match="None is in both"):
        evaluate(fewer, panel, beside=[evaluate(wide[wide["cutoff"] == wide["cutoff"].min()], panel)])


def test_run_on_other_data_is_refused(panel, run, make_panel):
    other = make_panel([80, 80], seed=1)
    wide = run.to_wide()[["unique_id", "ds", "cutoff", "Naive"]]
    with pytest.raises(InputError, match=r"the forecasts hold other actuals than the data in \d+ of 96 rows"):
        evaluate(wide, other, beside=[run])


def test_several_tables_are_put_together_and_never_overlap(panel, run):
    wide = run.to_wide()[["unique_id", "ds", "cutoff", "Naive", "SeasonalNaive"]]
    early = wide["cutoff"] == wide["cutoff"].min()
    keys = ["unique_id", "ds", "cutoff"]
    tables = [wide.loc[early, [*keys, "Naive"]], wide.loc[~early, [*keys, "Naive"]], wide[[*keys, "SeasonalNaive"]]]
    assert evaluate(tables, panel).leaderboard()["rows"].nunique() == 1
    with pytest.raises(InputError, match="model 'Naive' has 48 rows in two of the tables"):
        evaluate([wide, wide], panel)


def test_seasonality_is_that_of_the_run(panel, run):
    other = backtest(panel, [SeasonalNaive(seasonality=5)], horizon=4, folds=3, seasonality=5)
    wide = run.to_wide()[["unique_id", "ds", "cutoff", "Naive"]]
    both = evaluate(wide, panel, beside=[other])
    assert both.spec["seasonality"] == 5
    np.testing.assert_array_equal(
        both.table.loc[both.table["model"] == "Naive", "naive_mae"],
        other.table["naive_mae"],
    )


def test_result_is_saved_and_loaded_like_a_backtest(panel, run, tmp_path):
    result = evaluate(run.to_wide().drop(columns="SeasonalNaive"), panel, models=["Naive"])
    again = Backtest.load(result.save(tmp_path))
    pd.testing.assert_frame_equal(again.leaderboard(), result.leaderboard())
    assert "Naive" in (tmp_path / "report.html").read_text()


def test_unknown_baseline_is_refused(panel, run):
    with pytest.raises(InputError, match="baseline 'Naiv' is not known; did you mean 'Naive'"):
        evaluate(run.to_wide(), panel, baselines=["Naiv"])


def test_a_baseline_that_fails_is_a_row_with_its_message(panel, run):
    class Failing(Drift):
        def fit(self, panel):
            raise RuntimeError("no luck")

    result = evaluate(run.to_wide(), panel, baselines=[Failing()])
    assert result.leaderboard().set_index("model").loc["Failing", "error"] == "RuntimeError: no luck"
