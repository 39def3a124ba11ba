"""Tests of the differences, as the page draws them: made-up tables of tests in, arrays by model out."""

import numpy as np
import pandas as pd
from report_pages import make_result

from forecast.evaluation.breakdown import breakdowns
from forecast.evaluation.calibration import coverage
from forecast.evaluation.ranks import rank
from forecast.report.calibrated import calibration
from forecast.report.costs import costs
from forecast.report.evidence import matrix, ranks, scores
from forecast.report.heatmaps import heatmaps
from forecast.report.paper import charts_on_paper

MODELS = ["MLP", "Naive", "ETS"]


def test_pairs_are_told_from_both_sides():
    pair = {
        "model": "ETS",
        "opponent": "MLP",
        "difference": -0.5,
        "low": -0.9,
        "high": 0.1,
        "p_value": 0.04,
        "p_holm": 0.2,
    }
    found = matrix(pd.DataFrame([pair | {"note": "few"}]), MODELS)
    assert found["models"] == [2, 0]
    assert found["difference"] == [[None, -0.5], [0.5, None]]
    assert (found["low"][1][0], found["high"][1][0]) == (-0.1, 0.9)
    assert found["holm"][0][1] == found["holm"][1][0] == 0.2
    assert found["note"] == ""


def test_pairs_without_any_p_value_say_why():
    pair = {"model": "ETS", "opponent": "MLP", "difference": -0.5, "low": np.nan, "high": np.nan}
    found = matrix(pd.DataFrame([pair | {"p_value": np.nan, "p_holm": np.nan, "note": "one cutoff"}]), MODELS)
    assert found["note"] == "No p-value of any pair: one cutoff"
    assert found["low"] == [[None, None], [None, None]]


def test_ranks_are_told_by_place_best_first():
    losses = pd.DataFrame(np.arange(8)[:, None] + [[2.0, 0.0, 1.0]], columns=MODELS)
    found = ranks(rank(losses), MODELS)
    assert found["models"] == [1, 2, 0]
    assert found["mean"] == [1, 2, 3]
    assert [one["beaten"] for one in found["mcb"]] == [False, False, True]
    assert [0, 1] in found["groups"]


def test_too_few_series_give_the_reason_instead_of_ranks():
    found = ranks(rank(pd.DataFrame([[1.0, 2.0, 3.0]], columns=MODELS)), MODELS)
    assert set(found) == {"note"}
    assert "too few" in found["note"]


def test_scores_come_best_first_whatever_the_direction():
    rows = [
        {"model": model, "metric": metric, "value": value, "low": value - 1, "high": np.nan, "note": "drawn"}
        for metric in ("mase", "r2")
        for model, value in zip(MODELS, (2.0, 3.0, 1.0), strict=True)
    ]
    found = scores(pd.DataFrame(rows), ("mase", "r2"), MODELS)
    assert [one["model"] for one in found["metrics"]] == [[2, 0, 1], [1, 0, 2]]
    assert found["metrics"][0]["high"] == [None, None, None]


def test_calibration_equals_the_tables_and_models_without_quantiles_are_none():
    table = make_result(seeds=(0,)).table
    found = calibration(table, ["LSTM", "Naive"])
    own = coverage(table, ["step"]).query("model == 'LSTM'")
    assert found["step"]["coverage"][0][0] == [float(f"{value:.5g}") for value in own["coverage"]]
    assert set(found["reliability"]["below"][1]) == {None}
    assert calibration(make_result(levels=()).table, ["LSTM"]).keys() == {"note"}


def test_heatmaps_have_every_grouping_with_a_value_a_model_and_group():
    result = make_result(seeds=(0,))
    found = heatmaps(
        breakdowns(result.table, ("mase", "coverage"), series=result.series), ["LSTM", "CNN"], ("mase", "coverage")
    )
    assert {"step", "cutoff", "unique_id", "region"} <= {grouping["name"] for grouping in found["by"]}
    assert [metric["direction"] for metric in found["metrics"]] == [1, 0]
    for grouping, values in zip(found["by"], found["values"], strict=True):
        assert [len(row) for row in values[0]] == [len(grouping["groups"])] * 2


def test_costs_tell_the_front_and_leave_out_what_nobody_knows():
    board = pd.DataFrame({"model": MODELS, "kind": "", "mase": [1.0, 2.0, 3.0], "fit_seconds": [9.0, 1.0, 2.0]})
    found = costs(board.assign(bytes=np.nan), MODELS, "mase")
    assert [kind["name"] for kind in found["kinds"]] == ["fit_seconds"]
    assert found["kinds"][0]["model"] == [1, 2, 0]
    assert found["kinds"][0]["front"] == [True, False, True]


def test_paper_has_at_most_four_charts_and_none_of_what_is_undefined():
    sections = {
        "evidence": {"ranks": {"note": "few"}, "pairs": {"models": [0, 1]}},
        "calibration": {"note": "none"},
        "errors": {"by": {"cutoff": {"at": [1, 2]}}},
        "costs": {"kinds": [1], "metric": "MASE"},
    }
    assert [kind for kind, _ in charts_on_paper(sections)] == ["pairs", "step", "cutoff", "cost"]
