"""Known covariates must reach over the horizon, and the first that does not is named."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.ahead import check_ahead
from datamodules.errors import InputError
from datamodules.panel import Panel


def panel_of(ahead: dict[str, int], hole: tuple[int, ...] = ()) -> Panel:
    """Two series of ten days whose known columns go on for so many days; ``hole``: rows without a ``price``."""
    longest = max(ahead.values())
    frames = []
    for name in "AB":
        frame = pd.DataFrame(
            {"unique_id": name, "ds": pd.date_range("2024-01-01", periods=10 + longest, freq="D"), "y": 1.0}
        )
        frame.loc[10:, "y"] = np.nan
        for column, days in ahead.items():
            frame[column] = np.where(np.arange(len(frame)) < 10 + days, 2.0, np.nan)
        frame.loc[list(hole), "price"] = np.nan
        frames.append(frame)
    return Panel.from_frame(pd.concat(frames), known=list(ahead), freq="D")


def slow_lacking(panel: Panel, names: list[str], rows: np.ndarray, horizon: int) -> list[tuple[int, int, int]]:
    """(series, row, column) of each missing cell beyond the latest cutoff of its series, cell by cell."""
    found = []
    for series in range(panel.n_series):
        own = [row for row in rows if panel.series_of_row[row] == series]
        for row in range(max(own) + 1, max(own) + horizon + 1) if own else ():
            for column, name in enumerate(names):
                later = panel.known[row : panel.offsets[series + 1], panel.columns.known.index(name)]
                if row >= panel.offsets[series + 1] or np.isnan(later).all():
                    found.append((series, row, column))
    return found


def test_the_first_missing_series_stamp_and_column_is_named():
    panel = panel_of({"holiday": 7, "price": 3})
    with pytest.raises(InputError) as caught:
        check_ahead(panel, ["holiday", "price"], panel.last_rows, 7)
    assert str(caught.value) == (
        "series 'A' lacks column 'price' (known) at 2024-01-14 and 7 more (series, stamp, column); a forecast of 7 "
        "steps after 2024-01-10 needs it. Give its values ahead, or name it with past and train anew."
    )


def test_a_single_missing_cell_is_named_without_others():
    panel = panel_of({"price": 3})
    with pytest.raises(InputError, match=r"'B' lacks column 'price' \(known\) at 2024-01-14; a forecast of 4 steps"):
        check_ahead(panel, ["price"], panel.last_rows[1:], 4)


def test_columns_that_take_no_part_and_series_that_are_not_forecast_need_not_reach():
    panel = panel_of({"holiday": 7, "price": 3})
    check_ahead(panel, ["holiday"], panel.last_rows, 7)
    check_ahead(panel, [], panel.last_rows, 70)
    check_ahead(panel, ["price"], panel.last_rows - 4, 7)
    check_ahead(panel, ["price"], np.array([], dtype=np.int64), 70)


def test_a_hole_before_the_last_value_is_none():
    panel = panel_of({"price": 3}, hole=(4, 10, 11))
    check_ahead(panel, ["price"], panel.last_rows, 3)
    check_ahead(panel, ["price"], panel.last_rows - 7, 3)


def test_targets_after_the_cutoff_change_nothing():
    panel = panel_of({"price": 1})
    for shown in (panel, panel.until(panel.last_rows - 2)):
        check_ahead(shown, ["price"], panel.last_rows - 2, 3)
        with pytest.raises(InputError, match="at 2024-01-12 and 1 more"):
            check_ahead(shown, ["price"], panel.last_rows - 2, 4)


@pytest.mark.parametrize("seed", range(10))
def test_what_is_named_and_counted_is_that_of_a_slow_loop(make_panel, seed):
    rng = np.random.default_rng(seed)
    panel = make_panel(rng.integers(8, 15, size=3), known=2, seed=seed)
    known = np.where(rng.random(panel.known.shape) < 0.4, np.nan, panel.known)
    panel = replace(panel, known=known)
    rows = np.unique(rng.choice(len(known), size=3))
    names, horizon = ["known1", "known0"], int(rng.integers(1, 6))
    expected = slow_lacking(panel, names, rows, horizon)
    if not expected:
        check_ahead(panel, names, rows, horizon)
        return
    series, row, column = min(expected)
    with pytest.raises(InputError) as caught:
        check_ahead(panel, names, rows, horizon)
    stamp = pd.Timestamp(panel.times(np.array(row), np.array(series))[()])
    named = f"series {str(panel.ids[series])!r} lacks column {names[column]!r} (known) at {stamp}".removesuffix(
        " 00:00:00"
    )
    others = f" and {len(expected) - 1} more (series, stamp, column);" if len(expected) > 1 else ";"
    assert str(caught.value).startswith(named + others)
