"""The forecast table: what it holds, what is refused, and the wide frame."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.table import (
    NotFiniteError,
    build,
    check_levels,
    join_actuals,
    level_column,
    level_columns,
    naive_errors,
    to_wide,
)


def answers(panel, cutoffs, horizon, levels=(0.1, 0.9), seed=0):
    """(mean, quantiles) of nobody in particular."""
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=(int((cutoffs >= 0).sum()), horizon, panel.target.shape[1]))
    return mean, np.stack([mean + level for level in levels], -1) if levels else np.empty((*mean.shape, 0))


def table_of(panel, cutoffs, horizon, levels=(0.1, 0.9), name="Model", seed=0):
    return build(name, panel, cutoffs, *answers(panel, cutoffs, horizon, levels, seed), levels)


def test_rows_are_those_of_a_slow_loop(make_panel):
    panel = make_panel([30, 20], targets=2)
    cutoffs = np.array([[10, -1], [15, 40]])
    mean, quantiles = answers(panel, cutoffs, 3)
    table = build("Model", panel, cutoffs, mean, quantiles, (0.1, 0.9))
    rows = []
    for count, (series, row) in enumerate([(0, 10), (0, 15), (1, 40)]):
        for step in (1, 2, 3):
            for target in (0, 1):
                stamps = panel.times(np.array([row, row + step]), np.array([series, series]))
                value = (count, step - 1, target)
                rows.append(
                    [
                        "Model",
                        panel.ids[series],
                        f"y{target}",
                        stamps[0],
                        step,
                        stamps[1],
                        mean[value],
                        *quantiles[value],
                    ]
                )
    names = ["model", "unique_id", "target", "cutoff", "step", "time", "mean", "q0.1", "q0.9"]
    expected = pd.DataFrame(rows, columns=names)
    assert table.columns.tolist() == names
    for name in names:
        assert table[name].astype(expected[name].dtype).tolist() == expected[name].tolist(), name


def test_time_lies_steps_after_the_cutoff_even_beyond_the_panel(make_panel):
    panel = make_panel([30])
    table = table_of(panel, last_cutoffs(panel), 4)
    assert ((table["time"] - table["cutoff"]) / pd.Timedelta("1h")).tolist() == [1, 2, 3, 4]


def test_levels_without_quantiles_are_nan(make_panel):
    panel = make_panel([30])
    mean, _ = answers(panel, last_cutoffs(panel), 2)
    table = build("Model", panel, last_cutoffs(panel), mean, np.empty((*mean.shape, 0)), (0.1, 0.9))
    assert table[["q0.1", "q0.9"]].isna().all(axis=None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("part", ["mean", "quantiles"])
def test_forecast_that_is_not_finite_is_refused_with_its_place(make_panel, bad, part):
    panel = make_panel([30, 30])
    cutoffs = np.array([[10, 40]])
    mean, quantiles = answers(panel, cutoffs, 3)
    (mean if part == "mean" else quantiles)[1, 2, 0] = bad
    with pytest.raises(NotFiniteError, match=r"'series 1', cutoff 2024-01-01T10.* step 3; 1 of 6 values"):
        build("Model", panel, cutoffs, mean, quantiles, (0.1, 0.9))


def test_answers_for_other_cutoffs_are_refused(make_panel):
    panel = make_panel([30])
    mean, quantiles = answers(panel, np.array([[10]]), 3)
    with pytest.raises(ValueError, match="Model answered 1 forecasts for 2 cutoffs"):
        build("Model", panel, np.array([[10], [11]]), mean, quantiles, (0.1, 0.9))


def test_levels_are_sorted_plain_and_without_doubles():
    levels = check_levels(np.array([0.9, 0.1, 0.9]))
    assert levels == (0.1, 0.9)
    assert all(type(level) is float for level in levels)
    assert [level_column(level) for level in (0.1, 0.05, 0.975)] == ["q0.1", "q0.05", "q0.975"]
    found = level_columns(pd.DataFrame(columns=["model", "q0.9", "mean", "q0.05", "quality"]))
    assert found == {"q0.05": 0.05, "q0.9": 0.9}


@pytest.mark.parametrize("level", [0.0, 1.0, 80, -0.1, float("nan")])
def test_level_outside_its_range_is_refused(level):
    with pytest.raises(InputError, match=f"level {level} is not between 0 and 1"):
        check_levels([0.1, level])


def test_actuals_are_what_came_and_nan_beyond_the_panel(make_panel):
    panel = make_panel([30, 20], targets=2, holes=0.2)
    cutoffs = np.array([[10, -1], [27, 47]])
    joined = join_actuals(table_of(panel, cutoffs, 4), panel, cutoffs, 1, horizon=4)
    frame = panel.to_frame().melt(["unique_id", "ds"], ["y0", "y1"], "target", "expected")
    merged = joined.assign(unique_id=joined["unique_id"].astype(str), target=joined["target"].astype(str)).merge(
        frame, left_on=["unique_id", "time", "target"], right_on=["unique_id", "ds", "target"], how="left"
    )
    np.testing.assert_array_equal(merged["actual"], merged["expected"])
    assert joined["actual"].isna().sum() >= 2 * 2 + 2 * 2


@pytest.mark.parametrize("seasonality", [1, 5])
def test_naive_errors_are_those_of_a_slow_loop_up_to_the_cutoff(make_panel, seasonality):
    panel = make_panel([25, 4], targets=2, holes=0.3)
    mae, mse = naive_errors(panel, seasonality)
    for series in range(2):
        for column in range(2):
            errors = []
            for row in range(panel.offsets[series], panel.offsets[series + 1]):
                before = row - seasonality
                if before >= panel.offsets[series]:
                    errors.append(panel.target[row, column] - panel.target[before, column])
                known = np.array([error for error in errors if np.isfinite(error)])
                expected = (np.abs(known).mean(), (known**2).mean()) if len(known) else (np.nan, np.nan)
                np.testing.assert_allclose((mae[row, column], mse[row, column]), expected)


def test_naive_errors_ignore_values_after_the_cutoff(make_panel):
    panel = make_panel([40])
    cutoffs = np.array([[20]])
    table = table_of(panel, cutoffs, 3)
    whole, until = (join_actuals(table, shown, cutoffs, 1, horizon=3) for shown in (panel, panel.until(cutoffs[0])))
    for column in ("naive_mae", "naive_mse"):
        np.testing.assert_array_equal(whole[column], until[column])
    assert until["actual"].isna().all()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda table: table.iloc[:-1], "Model answered 11 rows; expected 12"),
        (lambda table: table.iloc[::-1].reset_index(drop=True), "Model answered in another order"),
        (lambda table: table.sort_values(["step", "unique_id"], ignore_index=True), "Model answered in another order"),
        (lambda table: table.assign(cutoff=table["time"]), "Model answered in another order"),
    ],
)
def test_actuals_are_never_put_beside_other_rows(make_panel, spoil, message):
    panel = make_panel([30, 30])
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=2, stride=3)
    with pytest.raises(ValueError, match=message):
        join_actuals(spoil(table_of(panel, cutoffs, 3)), panel, cutoffs, 1, horizon=3)


def complete(panel, cutoffs, horizon, name="Model", seed=0, levels=(0.1, 0.9)):
    table = join_actuals(table_of(panel, cutoffs, horizon, levels, name, seed), panel, cutoffs, 1, horizon=horizon)
    table.insert(1, "seed", seed)
    return table


def test_wide_frame_has_a_column_a_model_and_its_bounds(make_panel):
    panel = make_panel([30, 30])
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=2, stride=1)  # overlapping: cutoff is part of the key
    table = pd.concat([complete(panel, cutoffs, 3, name) for name in ("A", "B")], ignore_index=True)
    wide = to_wide(table)
    assert wide.columns.tolist() == [
        *("unique_id", "ds", "cutoff", "y"),
        *("A", "A-lo-80", "A-hi-80", "B", "B-lo-80", "B-hi-80"),
    ]
    assert len(wide) == 2 * 2 * 3
    assert not wide.duplicated(["unique_id", "ds", "cutoff"]).any()
    own = table[table["model"] == "A"].reset_index(drop=True)
    for column, source in (("A", "mean"), ("A-lo-80", "q0.1"), ("A-hi-80", "q0.9"), ("y", "actual")):
        np.testing.assert_array_equal(wide[column], own[source])


def test_wide_frame_of_several_seeds_has_a_column_a_seed(make_panel):
    panel = make_panel([30])
    cutoffs = last_cutoffs(panel) - 3
    parts = [complete(panel, cutoffs, 3, "Net", seed) for seed in (0, 1)] + [complete(panel, cutoffs, 3, "Naive")]
    wide = to_wide(pd.concat(parts, ignore_index=True))
    assert [name for name in wide if "-" not in name] == ["unique_id", "ds", "cutoff", "y", "Net/0", "Net/1", "Naive"]
    assert "Net/1-hi-80" in wide
    np.testing.assert_array_equal(wide["Net/1"], parts[1]["mean"])
    assert len(wide) == 3


def test_wide_frame_of_several_targets_keeps_them_apart(make_panel):
    panel = make_panel([30], targets=2)
    wide = to_wide(complete(panel, last_cutoffs(panel) - 2, 2))
    assert sorted(set(wide["unique_id"])) == ["series 0/y0", "series 0/y1"]
    assert len(wide) == 4


def test_wide_frame_keeps_rows_that_only_one_model_has(make_panel):
    panel = make_panel([30, 30])
    cutoffs = rolling_cutoffs(panel, horizon=2, folds=1, stride=1)
    fewer = cutoffs.copy()
    fewer[0, 1] = -1
    wide = to_wide(pd.concat([complete(panel, fewer, 2, "A"), complete(panel, cutoffs, 2, "B")], ignore_index=True))
    assert len(wide) == 4
    assert wide["A"].isna().sum() == 2
    assert wide[["B", "y"]].notna().all(axis=None)


def test_median_and_levels_never_offered_have_no_bound(make_panel):
    panel = make_panel([30])
    table = complete(panel, last_cutoffs(panel) - 2, 2, levels=(0.1, 0.5, 0.9)).assign(**{"q0.9": np.nan})
    assert [name for name in to_wide(table) if name.startswith("Model")] == ["Model", "Model-lo-80"]
