"""What a person should know about their series before any model sees them."""

from typing import Unpack

import numpy as np
import pandas as pd

from datamodules.door.marks import Marks
from datamodules.door.shapes import cells_of
from datamodules.history import padding
from datamodules.index import windows_in
from datamodules.layout import Layout
from datamodules.panel import Columns, Panel
from datamodules.split import Part


def health(panel: Panel) -> pd.DataFrame:
    """A row per series and target: how long, from when to when, what is missing, and which values stand out.

    Columns: ``unique_id, target, length`` (rows up to the last observed), ``first, last`` (stamps), ``freq, missing``
    (rows not observed, which networks see filled), ``gaps`` (runs of such rows), ``longest_gap`` (rows of the longest),
    ``constant`` (rows of the longest run of one value), ``zeros``, ``negatives``, ``min``, ``mean``, ``max``, ``std``
    (of the observed; NaN where none is). With covariates also ``missing_past`` (their missing cells in the rows up to
    the last observed) and ``missing_known`` (in all rows), of all such columns of the series.
    """
    tables = [table for chunk in panel.chunks() for table in _health(chunk.panel)]
    return pd.concat(tables).sort_values("unique_id", kind="stable", ignore_index=True)


def _health(panel: Panel) -> list[pd.DataFrame]:
    """A table a target."""
    series = np.arange(panel.n_series)
    common = {
        "unique_id": panel.ids.astype(str),
        "length": panel.last_rows + 1 - panel.offsets[:-1],
        "first": panel.times(panel.offsets[:-1], series),
        "last": panel.times(panel.last_rows, series),
        "freq": str(panel.clock.freq),
    }
    covariates = _missing_covariates(panel)
    tables = []
    for index, name in enumerate(panel.columns.target):
        table = pd.DataFrame({**common, **_values(panel, panel.target[:, index]), **covariates})
        table.insert(1, "target", name)
        tables.append(table)
    return tables


def missing_told(table: pd.DataFrame) -> str:
    """In words what ``health`` counts as missing: ``59 values in 12 gaps of 1 of 1 series, longest 6``."""
    rows, gaps, longest = int(table["missing"].sum()), int(table["gaps"].sum()), int(table["longest_gap"].max())
    if not rows:
        return "none"
    series, total = (part["unique_id"].nunique() for part in (table[table["missing"] > 0], table))
    return f"{rows:,} values in {gaps:,} gaps of {series:,} of {total:,} series, longest {longest:,}"


def window_counts(panel: Panel, *, context_length: int, horizon: int, short: str = "skip") -> pd.DataFrame:
    """A row per series: ``unique_id``, ``windows_possible``, ``windows_used``, and why the rest is not.

    Possible are the windows whose context and target lie within the series; ``reason`` is empty when all are used. With
    ``short`` as ``pad``, a series without such a window is begun with unobserved rows first.
    """
    chunks = (chunk.panel for chunk in panel.chunks())
    tables = [_window_counts(each, context_length=context_length, horizon=horizon, short=short) for each in chunks]
    return pd.concat(tables, ignore_index=True)


def _window_counts(panel: Panel, *, context_length: int, horizon: int, short: str) -> pd.DataFrame:
    sizes = {"context_length": context_length, "horizon": horizon}
    whole = Part(panel.offsets[:-1], panel.last_rows + 1)
    before = padding(panel, whole, **sizes) if short == "pad" else np.zeros(panel.n_series, dtype=np.int64)
    wider = panel.extend(before, np.zeros_like(before))
    used = windows_in(wider, Part(wider.offsets[:-1] + before, wider.last_rows + 1), **sizes).rows
    lengths = wider.last_rows + 1 - wider.offsets[:-1]
    possible = np.maximum(lengths - context_length - horizon + 1, 0)
    counts = np.bincount(wider.series_of_row[used], minlength=panel.n_series)
    too_short = f"shorter than context {context_length} + horizon {horizon}"
    reason = np.where(possible == 0, too_short, "")
    reason = np.where(before > 0, f"begun with {context_length - 1} unobserved rows", reason)
    reason = np.where(counts < possible, "nothing observed in context or target", reason)
    return pd.DataFrame(
        {
            "unique_id": panel.ids.astype(str),
            "windows_possible": possible,
            "windows_used": counts,
            "reason": reason.astype(object),
        }
    )


def duplicates(table: pd.DataFrame, **layout: Unpack[Layout]) -> pd.DataFrame:
    """A row per series of a table that may yet be refused: ``unique_id, rows, duplicates``.

    A duplicate is a row with the series and time of another before it.

    Raises:
        InputError: when a single cell is wrong, so that rows cannot be told apart.
    """
    target = layout.get("target", "y")
    columns = Columns(target=(target,) if isinstance(target, str) else tuple(target))
    cells = cells_of(
        table,
        id=layout.get("id", "unique_id"),
        time=layout.get("time", "ds"),
        columns=columns,
        shape=layout.get("shape", "long"),
        freq=layout.get("freq", "infer"),
        marks=Marks(
            zone=layout.get("zone", ""), decimal=layout.get("decimal", "."), thousands=layout.get("thousands", "")
        ),
    )
    counts = np.diff(cells.boundaries)
    return pd.DataFrame(
        {
            "unique_id": cells.ids.astype(str),
            "rows": counts,
            "duplicates": np.bincount(cells.codes, weights=cells.repeats, minlength=len(counts)).astype(np.int64),
        }
    )


def _missing_covariates(panel: Panel) -> dict[str, np.ndarray]:
    """Missing cells of past and known covariates of each series (N), where there are such columns."""
    history = np.arange(len(panel.target)) <= panel.last_rows[panel.series_of_row]
    counts = {}
    for role, rows in (("past", history), ("known", np.ones_like(history))):
        values = getattr(panel, role)
        if values.shape[1]:
            missing = np.isnan(values).sum(axis=1) * rows
            counts[f"missing_{role}"] = np.add.reduceat(missing, panel.offsets[:-1])
    return counts


def _longest(panel: Panel, begins: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """(N) the length of each series' longest run, of runs that begin at these rows; 0 without any."""
    longest = np.zeros(panel.n_series, dtype=np.int64)
    np.maximum.at(longest, panel.series_of_row[begins], lengths)
    return longest


def _values(panel: Panel, values: np.ndarray) -> dict[str, np.ndarray]:
    """Counts and moments of one target (R) for each series (N), by column."""
    history = np.arange(len(values)) <= panel.last_rows[panel.series_of_row]
    seen = np.isfinite(values)
    absent = history & ~seen
    begins = np.zeros(len(values), dtype=bool)
    begins[panel.offsets[:-1]] = True

    def total(rows: np.ndarray) -> np.ndarray:
        return np.add.reduceat(rows, panel.offsets[:-1])

    gap_begins = absent & (begins | ~np.concatenate([[False], absent[:-1]]))
    runs = np.flatnonzero(begins | np.concatenate([[True], values[1:] != values[:-1]]))  # NaN differs from NaN
    run_lengths = np.where(seen[runs], np.diff(np.append(runs, len(values))), 0)
    gaps = np.flatnonzero(gap_begins)
    gap_ends = np.flatnonzero(absent & ~np.append(absent[1:] & ~begins[1:], False))
    count = total(seen.astype(np.int64))
    some = count > 0
    divisor = np.where(some, count, 1)
    mean = total(np.where(seen, values, 0.0)) / divisor
    deviation = np.where(seen, values - mean[panel.series_of_row], 0.0)
    moments = {
        "min": np.minimum.reduceat(np.where(seen, values, np.inf), panel.offsets[:-1]),
        "mean": mean,
        "max": np.maximum.reduceat(np.where(seen, values, -np.inf), panel.offsets[:-1]),
        "std": np.sqrt(total(deviation**2) / divisor),
    }
    return {
        "missing": total(absent.astype(np.int64)),
        "gaps": total(gap_begins.astype(np.int64)),
        "longest_gap": _longest(panel, gaps, gap_ends - gaps + 1),
        "constant": _longest(panel, runs, run_lengths),
        "zeros": total((values == 0).astype(np.int64)),
        "negatives": total((values < 0).astype(np.int64)),
        **{name: np.where(some, column, np.nan) for name, column in moments.items()},
    }
