"""Two runs of a pipeline side by side: prepared panels, fitted parts and forecasts, compared to the bit."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from datamodules.door.shapes import told
from datamodules.panel import Panel
from forecast.auditing.findings import Check


class Outcome(NamedTuple):
    """What one arm left: the digests of what it learnt, its forecasts, and the message where it failed."""

    parts: dict[str, str]
    table: pd.DataFrame
    error: str


def compare_data(
    one: Panel, other: Panel, *, stop: np.ndarray, ahead: int, cutoff: str, garbage: str
) -> Iterator[Check]:
    """A check for each column of two prepared panels, over the rows before ``stop`` (N) of each series.

    Values are compared as a person reads them: categories by their names. Columns known ahead are compared ``ahead``
    steps further where only target and past were replaced: so far does a forecast read them.
    """
    if one.columns != other.columns or not np.array_equal(one.offsets, other.offsets) or (one.ids != other.ids).any():
        detail = f"{len(one.target):,} rows in {one.n_series} series became {len(other.target):,} in {other.n_series}"
        yield Check("", "rows of the data", cutoff, garbage, 1, 1, detail)
        return
    rows = np.arange(len(one.target))
    seen = dict.fromkeys(("target", "past", "known"), rows < stop[one.series_of_row])
    seen["static"] = np.ones(len(rows), dtype=bool)
    if garbage != "known too":
        seen["known"] = rows < (stop + ahead)[one.series_of_row]
    left, right = one.to_frame(), other.to_frame()
    stamps = left["ds"].to_numpy()
    for role in ("target", "past", "known", "static"):
        for name in getattr(one.columns, role):
            moved = _differ(left[name], right[name]) & seen[role]
            places = np.flatnonzero(moved)
            detail = ""
            if len(places):
                series = str(one.ids[one.series_of_row[places[0]]])
                detail = f"first at {told(stamps[places[0]])} of series {series!r}"
            compared = int(seen[role].sum())
            yield Check("", f"column {name!r} ({role})", cutoff, garbage, compared, len(places), detail)


def compare_outcomes(
    name: str, one: Outcome, other: Outcome, *, last: object, cutoff: str, garbage: str, forecasts: bool
) -> Iterator[Check]:
    """A check for each part that a forecaster learnt, and one for its forecasts.

    Args:
        name: of the forecaster.
        one: on the data as they are.
        other: on the spoilt data.
        last: cutoff up to which forecasts may not move.
        cutoff: the same, as text.
        garbage: what was replaced.
        forecasts: whether they are to be compared: not where they may depend on what was replaced.
    """
    if one.error != other.error:
        detail = other.error or "it failed on the data as they are, and no longer does"
        yield Check(name, "forecast", cutoff, garbage, 1, 1, detail)
        return
    for part in dict.fromkeys([*one.parts, *other.parts]):
        yield Check(name, part, cutoff, garbage, 1, int(one.parts.get(part) != other.parts.get(part)))
    if not forecasts:
        return
    left, right = (table[table["cutoff"] <= last] if len(table) else table for table in (one.table, other.table))
    columns = [column for column in left.columns if column == "mean" or column[:2] in ("q0", "q1")]
    if len(left) != len(right):
        yield Check(name, "forecast", cutoff, garbage, 1, 1, f"{len(left):,} rows became {len(right):,}")
        return
    moved = np.zeros(len(left), dtype=bool)
    for column in columns:
        moved |= _differ(left[column], right[column])
    places = np.flatnonzero(moved)
    detail = ""
    if len(places):
        row = left.iloc[places[0]]
        detail = f"first for series {str(row['unique_id'])!r}, cutoff {told(row['cutoff'])}, step {row['step']}"
    yield Check(name, "forecast", cutoff, garbage, len(left) * len(columns), len(places), detail)


def _differ(one: pd.Series, other: pd.Series) -> np.ndarray:
    """(n) whether the two differ in any bit; NaN equals NaN."""
    if isinstance(one.dtype, pd.CategoricalDtype):
        left, right = one.astype(object).to_numpy(), other.astype(object).to_numpy()
        both_absent = pd.isna(left) & pd.isna(right)
        return np.asarray((left != right) & ~both_absent, dtype=bool)
    left, right = one.to_numpy(np.float64), other.to_numpy(np.float64)
    return np.asarray((left.view(np.int64) != right.view(np.int64)) & ~(np.isnan(left) & np.isnan(right)))
