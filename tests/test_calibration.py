"""Coverage, reliability and PIT of forecasts whose calibration is known."""

import time

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from datamodules.errors import InputError
from forecast.evaluation.calibration import coverage, pit, reliability, remarks
from forecast.table import level_column

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def table_of(spreads, *, cutoffs=200, steps=5, levels=LEVELS, seed=0):
    """Forecasts of standard normal values by models that believe in a ``spread`` (by name; None: no quantiles)."""
    frames = []
    for model, spread in spreads.items():
        cutoff, step = np.indices((cutoffs, steps)).reshape(2, -1)
        actual = np.random.default_rng(seed).normal(size=cutoff.size)
        known = {
            level_column(level): np.full(cutoff.size, np.nan if spread is None else spread * stats.norm.ppf(level))
            for level in levels
        }
        rows = {"model": model, "seed": 0, "unique_id": "a", "target": "y", "cutoff": cutoff, "step": step + 1}
        frames.append(pd.DataFrame(rows | {"mean": 0.0} | known | {"actual": actual}))
    return pd.concat(frames, ignore_index=True).astype({"model": "category"})


def test_coverage_counts_each_central_interval():
    table = table_of({"exact": 1.0, "point": None})
    table.loc[3, "actual"] = np.nan
    found = coverage(table)
    assert found.columns.tolist() == ["model", "level", "rows", "coverage", "width"]
    assert found["model"].tolist() == ["exact", "exact"]
    assert found["level"].tolist() == [0.8, 0.95]
    own = table[(table["model"] == "exact") & table["actual"].notna()]
    for row, low, high in zip(found.itertuples(), ("q0.1", "q0.025"), ("q0.9", "q0.975"), strict=True):
        assert row.coverage == pytest.approx(own["actual"].between(own[low], own[high]).mean())
        assert row.rows == len(own) == 999
    assert found["width"].to_numpy() == pytest.approx([2 * 1.28155, 2 * 1.95996], rel=1e-4)


def test_coverage_by_step_equals_that_of_each_step_alone():
    table = table_of({"narrow": 0.7, "wide": 1.5})
    found = coverage(table, ["step"])
    assert found.columns.tolist()[:3] == ["model", "step", "level"]
    for step, rows in table.groupby("step"):
        alone = coverage(rows)
        same = found[found["step"] == step].drop(columns="step").reset_index(drop=True)
        pd.testing.assert_frame_equal(same, alone)
    with pytest.raises(InputError, match="did you mean 'step'"):
        coverage(table, ["steps"])


def test_a_bound_that_is_missing_among_others_makes_coverage_nan():
    table = table_of({"exact": 1.0})
    table.loc[5, "q0.1"] = np.nan
    assert np.isnan(coverage(table)["coverage"].iloc[0])
    assert np.isfinite(coverage(table)["coverage"].iloc[1])


def test_reliability_is_the_share_at_or_below_each_quantile():
    found = reliability(table_of({"half": 0.5, "point": None}, cutoffs=4000))
    assert found["model"].unique().tolist() == ["half"]
    assert found["level"].tolist() == list(LEVELS)
    expected = stats.norm.cdf(0.5 * stats.norm.ppf(LEVELS))
    assert found["below"].to_numpy() == pytest.approx(expected, abs=0.01)
    assert set(found["rows"]) == {20000}


def test_pit_is_flat_where_quantiles_are_right_and_a_u_where_too_narrow():
    levels = tuple(float(level) for level in np.arange(1, 20) / 20)
    found = pit(table_of({"exact": 1.0, "narrow": 0.5, "point": None}, cutoffs=4000, levels=levels))
    shares = {model: own["share"].to_numpy() for model, own in found.groupby("model")}
    assert set(shares) == {"exact", "narrow"}
    assert shares["exact"] == pytest.approx(np.full(10, 0.1), abs=0.01)
    outer = stats.norm.cdf(0.5 * stats.norm.ppf(0.1))
    assert shares["narrow"][[0, 9]] == pytest.approx([outer, outer], abs=0.01)
    assert found.groupby("model")["share"].sum().to_numpy() == pytest.approx([1, 1])


def test_pit_of_few_levels_spreads_what_they_cannot_tell():
    found = pit(table_of({"exact": 1.0}, levels=(0.1, 0.9), cutoffs=4000))
    assert found["share"].to_numpy() == pytest.approx(np.full(10, 0.1), abs=0.01)
    assert np.ptp(found["share"].to_numpy()[1:9]) < 1e-12


def test_pit_of_counts_spreads_ties_over_the_levels_they_meet():
    """An actual of 0 where q0.1 = q0.5 = 0 < q0.9 lies anywhere from 0 to 0.9."""
    table = pd.DataFrame({"model": ["A"], "actual": [0.0], "q0.1": [0.0], "q0.5": [0.0], "q0.9": [1.0]})
    share = pit(table, bins=10)["share"].to_numpy()
    assert share == pytest.approx([1 / 9] * 9 + [0])


def test_remarks_name_models_whose_intervals_miss_and_say_what_may_be_chance():
    table = table_of({"exact": 1.0, "narrow": 0.7, "wide": 2.0})
    first, second = remarks(table)
    assert first.startswith("Intervals of 80 % that do not cover 80 %: wide 9")
    assert "narrow 6" in first
    assert "exact" not in first
    assert "95 %" in second
    assert remarks(table, tolerance=0.5) == ()
    few = remarks(table_of({"narrow": 0.9}, cutoffs=3, seed=3))
    assert all("may be chance" in sentence for sentence in few)
    assert "one cutoff" in remarks(table_of({"narrow": 0.2}, cutoffs=1))[0]


def test_nothing_to_say_without_quantiles_rows_or_intervals():
    assert remarks(table_of({"point": None})) == ()
    assert remarks(table_of({"exact": 1.0}).iloc[:0]) == ()
    table = table_of({"exact": 1.0}).drop(columns=["q0.9", "q0.975"])
    assert coverage(table).columns.tolist() == ["model", "level", "rows", "coverage", "width"]
    bare = table[["model", "actual", "mean"]]
    assert (len(coverage(bare)), len(reliability(bare)), len(pit(bare))) == (0, 0, 0)


@pytest.mark.slow
def test_a_million_rows_take_seconds():
    table = table_of(dict.fromkeys("ABCDE", 1.0), cutoffs=4000, steps=50)
    begin = time.perf_counter()
    found = coverage(table, ["step"]), reliability(table), pit(table), remarks(table)
    assert len(found[0]) == 5 * 50 * 2
    assert time.perf_counter() - begin < 5
