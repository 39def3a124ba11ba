"""Two backtests on the same rows: the pairs' tests, what differs, and what is refused."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from forecast.backtest import backtest
from forecast.baselines.naive import Drift, HistoricMean, Naive, SeasonalNaive
from forecast.comparing.compare import compare
from forecast.comparing.differences import differences
from forecast.evaluation.paired import paired
from forecast.evaluation.significance import compare as diebold_mariano_of
from forecast.evaluation.significance import cutoff_losses
from forecast.result import Backtest

OPTIONS = {"horizon": 3, "folds": 6}


@pytest.fixture(scope="module")
def panel(make_panel):
    return make_panel([70, 70, 60])


@pytest.fixture(scope="module")
def runs(panel):
    """The same baselines, where one of them is another method behind the same name."""
    a = backtest(panel, [SeasonalNaive(seasonality=5), Naive(), Drift(name="Mine")], **OPTIONS)
    b = backtest(panel, [SeasonalNaive(seasonality=5), Naive(), SeasonalNaive(seasonality=12, name="Mine")], **OPTIONS)
    return a, b


def test_models_of_both_stand_in_one_leaderboard_with_their_own_scores(runs):
    found = compare(*runs)
    board = found.leaderboard().set_index("model")
    assert set(board.index) == {"SeasonalNaive", "Naive", "A:Mine", "B:Mine"}
    for side, run in zip("AB", runs, strict=True):
        own = run.leaderboard().set_index("model")
        compared = ["mase", "rmse", "skill", "p_value", "rows", "kind"]
        pd.testing.assert_series_equal(
            board.loc[f"{side}:Mine", compared], own.loc["Mine", compared], check_names=False
        )


def namesakes(found):
    return found.pairs[(found.pairs["model"] == "B:Mine") & (found.pairs["opponent"] == "A:Mine")].iloc[0]


def test_pair_is_the_test_of_the_joined_table_and_its_interval_agrees(runs):
    found = compare(*runs)
    row = namesakes(found)
    losses = cutoff_losses(found.table)
    test = diebold_mariano_of(losses, "B:Mine", "A:Mine")
    assert (row["p_value"], row["statistic"], row["n"]) == (test.p_value, test.statistic, 6)
    difference = losses.values["B:Mine"] - losses.values["A:Mine"]
    assert row["difference"] == difference.mean()
    assert (row["low"] <= 0 <= row["high"]) == (row["p_value"] >= 0.05)


def test_interval_without_overlap_is_students(runs):
    found = compare(*runs)
    values = cutoff_losses(found.table).values
    difference = (values["B:Mine"] - values["A:Mine"]).to_numpy()
    reach = 2.570582 * difference.std(ddof=1) / np.sqrt(6)  # t(0.975, 5) from a printed table
    row = namesakes(found)
    np.testing.assert_allclose([row["low"], row["high"]], difference.mean() + reach * np.array([-1, 1]), rtol=1e-6)


def test_best_of_each_run_are_compared_beside_namesakes(panel):
    poor, good = SeasonalNaive(seasonality=5), SeasonalNaive(seasonality=12, name="S")
    one = backtest(panel, [poor, HistoricMean(), Drift(name="Mine")], **OPTIONS)
    other = backtest(panel, [poor, HistoricMean(name="Mine"), good], **OPTIONS)
    found = compare(one, other)
    chosen = list(zip(found.pairs["model"], found.pairs["opponent"], strict=True))
    best = next(name for name in found.leaderboard()["model"] if not name.startswith("B:"))
    assert chosen == [("B:S", best), ("B:Mine", "A:Mine")]
    assert found.pairs["p_holm"].min() == min(2 * found.pairs["p_value"].min(), 1)


def test_finding_names_the_better_run_only_where_the_test_does(runs):
    found = compare(*runs)
    assert found.pairs["p_holm"][0] < 0.05
    assert found.finding.startswith("B is better than A: the best of B, Mine, has a MASE of ")
    assert "Models of one name that differ: 1, of which 1 better in B and 0 worse" in found.finding
    assert "This rests on 3 series, 6 cutoffs and 3 steps." in found.finding
    back = compare(*runs[::-1])
    assert back.finding.startswith("B is worse than A")
    named = compare(*runs, names=("old", "new"))
    assert named.finding.startswith("new is better than old")
    assert "new:Mine" in set(named.table["model"])


def test_run_compared_with_itself_is_the_same(runs):
    found = compare(runs[0], runs[0])
    assert found.finding.startswith("A and B forecast the same with 3 models, on ")
    assert found.pairs.empty
    assert found.differences.empty
    pd.testing.assert_frame_equal(found.leaderboard(), runs[0].leaderboard())


def test_models_that_differ_in_their_intervals_only_are_said_to(runs):
    wider = replace(runs[0], table=runs[0].table.assign(**{"q0.9": lambda table: table["q0.9"] + 1}))
    assert "differ: 3 (3 in their intervals only, which these tests do not" in compare(runs[0], wider).verdict()


def test_rows_in_one_run_only_are_counted_and_left_out_on_request(panel, runs):
    fewer = backtest(panel, [SeasonalNaive(), Naive()], horizon=3, folds=4)
    with pytest.raises(InputError, match=r"18 rows are in A only, first series 'series 0', .* the 27 in both"):
        compare(runs[0], fewer)
    found = compare(runs[0], fewer, common=True)
    assert found.table["cutoff"].nunique() == 4
    assert "left out: 18 rows are in A only" in found.verdict()
    with pytest.raises(InputError, match="None is in both"):
        compare(
            backtest(panel, [Naive()], horizon=3, folds=1),
            replace(fewer, table=fewer.table[fewer.table["cutoff"] < fewer.table["cutoff"].max()]),
            common=True,
        )


def test_other_actuals_are_refused_with_the_first(runs, make_panel):
    other = backtest(make_panel([70, 70, 60], seed=5), [SeasonalNaive(), Naive()], **OPTIONS)
    with pytest.raises(
        InputError, match=r"other data \(fingerprints .{8} and .{8}\): actuals differ in \d+ of 45 rows"
    ):
        compare(runs[0], other)


def test_other_data_before_the_rows_are_said(panel, runs):
    frame = panel.to_frame()
    frame.loc[3, "y0"] += 1
    changed = type(panel).from_frame(frame, target=["y0"], freq="h")
    found = compare(runs[0], backtest(changed, [SeasonalNaive(), Naive()], **OPTIONS))
    assert "the data of the runs differ outside of the rows compared" in found.verdict()


def test_errors_are_scaled_alike(panel, runs):
    other = backtest(panel, [SeasonalNaive(), Naive(name="Mine")], **OPTIONS, seasonality=1)
    found = compare(runs[0], other)
    assert found.table.groupby(["unique_id", "cutoff"], observed=True)["naive_mae"].nunique().max() == 1
    assert "errors are scaled as in A" in found.verdict()


def test_differences_name_each_option_that_differs(runs):
    found = compare(*runs).differences
    assert "forecasters.Drift" in set(found["option"])
    listed = differences(
        {"models": ["MLP", {"class_path": "LSTM", "init_args": {"lr": 0.1, "depth": 1}}], "levels": [0.1, 0.9]},
        {"models": [{"class_path": "LSTM", "init_args": {"lr": 0.2, "depth": 1}}], "levels": [0.1, 0.9], "gap": 1},
        ("a", "b"),
    )
    assert listed.to_dict("list") == {
        "option": ["models.MLP", "models.LSTM.init_args.lr", "gap"],
        "a": ["yes", "0.1", ""],
        "b": ["", "0.2", "1"],
    }


def test_comparison_is_kept_and_is_a_backtest_again(runs, tmp_path):
    found = compare(*runs)
    folder = found.save(tmp_path / "both")
    assert pd.read_csv(folder / "comparison.csv")["model"].tolist() == found.pairs["model"].tolist()
    assert (folder / "differences.csv").exists()
    again = Backtest.load(folder)
    pd.testing.assert_frame_equal(again.leaderboard(), found.leaderboard())
    assert "B is better than A" in (folder / "report.html").read_text(encoding="utf-8")


def test_pair_without_a_test_says_why(panel):
    run = backtest(panel, [SeasonalNaive(), Naive()], horizon=3, folds=1)
    row = paired(run.table, [("Naive", "SeasonalNaive")]).iloc[0]
    assert np.isnan(row["p_value"])
    assert "one cutoff is too few" in row["note"]
