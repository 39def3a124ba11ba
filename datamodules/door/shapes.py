"""The three shapes of a person's table -> rows of (series, time, values)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from datamodules.door.cells import numbers, place
from datamodules.door.columns import (
    check_categories,
    check_roles,
    covariate,
    matrix_of,
    refuse_twice,
    require,
    to_pandas,
)
from datamodules.door.marks import USUAL, Marks, check_marks
from datamodules.door.names import column_names, series_names, several
from datamodules.door.stamps import stamps
from datamodules.errors import InputError, one_of

if TYPE_CHECKING:
    from datamodules.panel import Columns

_ROWS_AT_ONCE = 1024  # of shape rows, as a matrix

SHAPES = ("long", "wide", "rows")
NO_TIME = "none"  # said as the time column of a table that has none: its rows are steps


class Cells(NamedTuple):
    """A table of any shape as rows of (series, time, values), sorted by series and time."""

    ids: np.ndarray  # (N) names of the series as text, sorted
    codes: np.ndarray  # (R) series of each row
    times: np.ndarray  # (R) datetime64[us] or int64
    values: dict[str, np.ndarray]  # column -> (R) float64
    labels: pd.Index  # of the table, for messages
    origin: np.ndarray  # (R) row of the table that each row came from
    categories: Mapping[str, tuple[str, ...]] = MappingProxyType({})  # column -> the names that its values count
    zone: str = ""  # that stamps are local to

    def at(self, row: int) -> str:
        """Where a row stands, for a message: ``series 'A' at 2024-01-05 (line 3)``."""
        stamp = told(self.times[row])
        return f"series {str(self.ids[self.codes[row]])!r} at {stamp} ({place(self.labels, int(self.origin[row]))})"

    @property
    def boundaries(self) -> np.ndarray:
        """(N+1) where each series begins."""
        return np.searchsorted(self.codes, np.arange(len(self.ids) + 1))

    @property
    def repeats(self) -> np.ndarray:
        """(R) whether a row has the series and time of the row before it."""
        repeated = (self.codes[1:] == self.codes[:-1]) & (self.times[1:] == self.times[:-1])
        return np.concatenate([np.zeros(min(len(self.codes), 1), dtype=bool), repeated])


def cells_of(
    frame: Any,
    *,
    id: str | Sequence[str],
    time: str,
    columns: "Columns",
    shape: str,
    freq: str | int = "infer",
    marks: Marks = USUAL,
) -> Cells:
    """The table's cells, sorted, each checked by itself; series and times may still repeat.

    Without a time column (``time="none"``), and in shape ``rows``, times count steps so that all series end together.

    Raises:
        InputError: names the first cell that is not what it should be.
    """
    one_of("shape", shape, SHAPES)
    check_marks(marks)
    table = to_pandas(frame)
    if time not in (NO_TIME, *table.columns) and (
        table.index.name == time or isinstance(table.index, pd.DatetimeIndex)
    ):
        table = table.rename_axis(time).reset_index()
    if table.shape[1] == 0 or len(table) == 0:
        raise InputError(
            f"the table is empty: {table.shape[1]} columns and no rows; expected rows of data. Check the file."
        )
    refuse_twice(table.columns, "")
    if not several(id):
        raise InputError("id names no column; expected one or several. Leave it out for a single series.")
    if shape != "long" and (columns.past or columns.known or columns.static or marks.categories):
        raise InputError(
            f"past, known and static columns need shape 'long', but shape is {shape!r}. Reshape the table."
        )
    if shape == "long":
        return _sorted(_long(table, id, time, columns, freq, marks))
    return _sorted(_wide(table, time, columns, freq, marks)) if shape == "wide" else _rows(table, id, marks)


def _long(
    table: pd.DataFrame,
    id: str | Sequence[str],
    time: str,
    columns: "Columns",
    freq: str | int,
    marks: Marks,
) -> Cells:
    check_roles(columns, several(id), time)
    require(table, [time] if time != NO_TIME else [], "time")
    for role in ("target", "past", "known", "static"):
        require(table, getattr(columns, role), role)
    alone = id == "unique_id" and id not in table.columns
    require(table, () if alone else several(id), "id")
    ids, series = (np.array(["series"]), np.zeros(len(table), dtype=int)) if alone else series_names(table, id)
    covariates = (*columns.past, *columns.known, *columns.static)
    check_categories(table, marks.categories, covariates)
    values = {name: numbers(table[name], name, marks) for name in columns.target}
    categories: dict[str, tuple[str, ...]] = {}
    for name in covariates:
        values[name], names = covariate(table[name], name, marks)
        categories |= {name: names} if names else {}
    times, zone = (
        stamps(table[time], time, zone=marks.zone, freq=freq, series=series)
        if time != NO_TIME
        else (_steps(series), "")
    )
    return Cells(ids, series, times, values, table.index, np.arange(len(table)), categories, zone)


def _steps(series: np.ndarray) -> np.ndarray:
    """(R) the step of each row, in the table's order within its series; the last of all series is the same."""
    lengths = np.bincount(series)
    steps = np.empty(len(series), dtype=np.int64)
    counted = np.arange(len(series)) + np.repeat(lengths.max() - np.cumsum(lengths), lengths)
    steps[np.argsort(series, kind="stable")] = counted
    return steps


def _wide(table: pd.DataFrame, time: str, columns: "Columns", freq: str | int, marks: Marks) -> Cells:
    if time == "ds" and time not in table.columns:
        time = table.columns[0]
    timed = [time] if time != NO_TIME else []
    require(table, timed, "time")
    if columns.target != ("y",):
        require(table, columns.target, "target")
    block = table[list(columns.target)] if columns.target != ("y",) else table.drop(columns=timed)
    if block.shape[1] == 0:
        raise InputError(
            f"the table has only the column {str(time)!r}; expected one column a series after it. Add them."
        )
    times, zone = stamps(table[time], time, zone=marks.zone, freq=freq) if timed else (np.arange(len(table)), "")
    matrix = matrix_of(block, marks)  # (rows, series)
    ids, codes = column_names(block.columns.to_series(), "series")
    rows, series = matrix.shape
    return Cells(
        ids=ids,
        codes=np.repeat(codes, rows),
        times=np.tile(times, series),
        values={"y": matrix.T.reshape(-1)},
        labels=table.index,
        origin=np.tile(np.arange(rows), series),
        zone=zone,
    )


def _rows(table: pd.DataFrame, id: str | Sequence[str], marks: Marks) -> Cells:
    """Rows end to end, without the empty cells at their ends; times count so that all series end together."""
    id = table.columns[0] if id == "unique_id" and id not in table.columns else id
    require(table, several(id), "id")
    block = table.drop(columns=list(several(id)))
    if block.shape[1] == 0:
        raise InputError(
            f"the table has only the column {str(table.columns[0])!r}; expected the values of a series after it. "
            "Add them."
        )
    ids, codes = series_names(table, id)
    order = np.argsort(codes, kind="stable")
    again = np.flatnonzero(np.diff(codes[order]) == 0)
    if len(again):
        first, second = sorted(order[again[0] : again[0] + 2])
        raise InputError(
            f"series {str(ids[codes[first]])!r} stands in {place(table.index, int(first))} and again in "
            f"{place(table.index, int(second))}; expected one row a series. Remove one or rename it."
        )
    values, lengths = _ragged(block, order, marks)
    series = np.repeat(np.arange(len(lengths)), lengths)
    ends = np.cumsum(lengths)
    return Cells(
        ids=ids,
        codes=series,
        times=np.arange(len(values)) + np.repeat(lengths.max() - ends, lengths),
        values={"y": values},
        labels=table.index,
        origin=order[series],
    )


def _ragged(block: pd.DataFrame, order: np.ndarray, marks: Marks) -> tuple[np.ndarray, np.ndarray]:
    """The cells of all rows in ``order``, end to end without the empty ones at their ends, and how many each row has.

    Some rows at a time, since a matrix of all of them is mostly empty where one is long; but all at once where a cell
    is text or infinite and may have to be named.
    """
    if not all(map(pd.api.types.is_any_real_numeric_dtype, block.dtypes.unique())):
        return _filled(matrix_of(block, marks)[order])
    parts = []
    for begin in range(0, len(order), _ROWS_AT_ONCE):
        matrix = block.iloc[order[begin : begin + _ROWS_AT_ONCE]].to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isinf(matrix).any():
            return _filled(matrix_of(block, marks)[order])
        parts.append(_filled(matrix))
    values, lengths = (np.concatenate(each) for each in zip(*parts, strict=True))
    return values, lengths


def _filled(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cells of each row up to its last that is not NaN, at least one, and how many these are."""
    filled = ~np.isnan(matrix)
    lengths = np.where(filled.any(axis=1), matrix.shape[1] - filled[:, ::-1].argmax(axis=1), 1)
    return matrix[np.arange(matrix.shape[1]) < lengths[:, None]], lengths


def join_rows(tables: Sequence[pd.DataFrame], id: str, marks: Marks = USUAL) -> pd.DataFrame:
    """One table of shape ``rows`` with each series' values of all tables end to end; empty cells at ends do not count.

    Example:
        >>> train = pd.DataFrame({"id": ["a", "b"], "1": [1.0, 4.0], "2": [2.0, None]})
        >>> join_rows([train, pd.DataFrame({"id": ["b"], "1": [5.0]})], "id").fillna(0).to_numpy().tolist()
        [['a', 1.0, 2.0], ['b', 4.0, 5.0]]
    """
    parts = []
    for table in tables:
        require(table, [id], "id")
        parts.append(_rows(table, id, marks))
    names = np.unique(np.concatenate([part.ids for part in parts]))
    begins = np.zeros(len(names), dtype=np.int64)
    places = []
    for part in parts:
        series = np.searchsorted(names, part.ids)
        lengths = np.diff(part.boundaries)
        within = np.arange(len(part.codes)) - part.boundaries[part.codes]
        places.append((series[part.codes], begins[series][part.codes] + within))
        begins[series] += lengths
    joined = np.full((len(names), int(begins.max())), np.nan)
    for part, where in zip(parts, places, strict=True):
        joined[where] = part.values["y"]
    table = pd.DataFrame(joined, copy=False)
    table.insert(0, id, names)
    return table


def _sorted(cells: Cells) -> Cells:
    same = cells.codes[1:] == cells.codes[:-1]
    if ((cells.codes[1:] > cells.codes[:-1]) | (same & (cells.times[1:] >= cells.times[:-1]))).all():
        return cells
    order = np.lexsort((cells.times, cells.codes))
    values = {name: column[order] for name, column in cells.values.items()}
    return cells._replace(codes=cells.codes[order], times=cells.times[order], values=values, origin=cells.origin[order])


def counted(count: int, noun: str, verb: str) -> str:
    """Words for a message: ``1 row repeats``, ``2 rows repeat``."""
    return f"1 {noun} {verb}{'es' if verb.endswith('s') else 's'}" if count == 1 else f"{count:,} {noun}s {verb}"


def told(time: Any) -> str:
    """A stamp for a message, without a midnight's hours."""
    return str(pd.Timestamp(time)).removesuffix(" 00:00:00") if isinstance(time, np.datetime64) else str(time)
