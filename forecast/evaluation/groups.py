"""Groups of the rows of a forecast table: by step, cutoff, series, calendar, or by what is known of a series."""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.errors import InputError, one_of
from forecast.evaluation.alignment import group, keys
from forecast.evaluation.calendar_groups import CALENDAR, calendar_codes, telling

NOTHING: Final = pd.DataFrame()  # nothing is known of any series
MISSING: Final = "(missing)"  # the group of series without a value in a column
_OWN: Final = ("step", "cutoff", "unique_id", "target")  # columns of the table itself
_SERIES: Final = ("unique_id", "target")
_NUMBERS: Final = ("level", "volatility")  # of the series frame: their deciles are the groups


class Groups(NamedTuple):
    """What group each row of a table is of.

    Attributes:
        code: (n) an integer 0 .. G-1 for each row.
        labels: (G) the groups in their natural order: numbers, stamps, or text as an ordered categorical.
    """

    code: np.ndarray
    labels: pd.Index


def available(table: pd.DataFrame, series: pd.DataFrame = NOTHING, *, zone: str = "") -> tuple[str, ...]:
    """The names that ``breakdown`` can group this table by: those that make at least two groups.

    Columns of the table (step, cutoff, unique_id, target), the calendar of the forecast values' stamps as far as it
    means something on their clock, and the columns of ``series`` (``Backtest.series``): static columns, deciles.

    Args:
        table: the forecast table.
        series: a row per series (and target) with what is known of it; none leaves such groups out.
        zone: time zone whose wall clock the calendar follows; the stamps' own when empty.
    """
    if not len(table):
        return ()
    own = [name for name in _OWN if table[name].nunique() > 1]
    calendar: tuple[str, ...] = ()
    if pd.api.types.is_datetime64_any_dtype(table["time"]):
        first = table["step"] == table["step"].min()
        step = (table.loc[first, "time"] - table.loc[first, "cutoff"]).min() / int(table["step"].min())
        calendar = telling(table["time"].unique().astype("datetime64[us]"), step.to_timedelta64(), zone)
    known = [name for name in traits(series) if _of_series(table, name, series).labels.size > 1]
    return (*own, *calendar, *known)


def traits(series: pd.DataFrame) -> list[str]:
    """The columns of a frame of series that group them."""
    return [name for name in series.columns if name not in (*_SERIES, *_NUMBERS)]


def groups_of(table: pd.DataFrame, by: str, series: pd.DataFrame = NOTHING, *, zone: str = "") -> Groups:
    """The group of each row of a table that has rows.

    Args:
        table: the forecast table.
        by: one of ``available``, or any column of it, even if it makes one group only.
        series: a row per series (and target) with what is known of it.
        zone: time zone whose wall clock the calendar follows.

    Raises:
        InputError: when nothing is known under that name, or the clock has no calendar.
    """
    if by in _OWN:
        return _of_column(table[by])
    if by in traits(series):
        return _of_series(table, by, series)
    one_of("by", by, (*_OWN, *CALENDAR, *traits(series)))
    if not pd.api.types.is_datetime64_any_dtype(table["time"]):
        raise InputError(f"by is {by!r}, but the clock counts integers; expected one of {', '.join(_OWN)}. Name one.")
    time, first = group(table, ["time"])
    codes, labels = calendar_codes(table["time"].to_numpy()[first], by, zone)
    return Groups(codes[time], labels)


def _of_column(column: pd.Series) -> Groups:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column):
            code, found = pd.factorize(column, sort=True)
            return Groups(code, pd.Index(found, name=None))
        column = column.astype("category")
    present, code = np.unique(column.cat.codes.to_numpy(), return_inverse=True)
    return Groups(code, _ordered([str(column.cat.categories[one]) for one in present]))


def _of_series(table: pd.DataFrame, name: str, series: pd.DataFrame) -> Groups:
    """The groups by a column of the frame of series; a series that is not in it, or has no value, is missing."""
    code, first = group(table, _SERIES)
    there = keys(table, first, _SERIES).astype(str)
    by = [column for column in _SERIES if column in series]
    known = series[[*by, name]].astype(dict.fromkeys(by, str)).drop_duplicates(by)
    values = there.merge(known, on=by, how="left")[name]
    texts = values.astype(object).where(values.notna(), "").map(_told).replace("", MISSING)
    labels = sorted(texts.unique(), key=_natural)
    of_series = pd.Categorical(texts, labels).codes.astype(np.int64)
    return Groups(of_series[code], _ordered(labels))


def _told(value: object) -> str:
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _natural(text: str) -> tuple[bool, float, str]:
    """What sorts numbers, and texts that begin with one, by it; other texts after them, missing last."""
    try:
        number = float(text.partition(" ")[0])
    except ValueError:
        number = np.inf
    return text == MISSING, number, text


def _ordered(labels: list[str]) -> pd.CategoricalIndex:
    return pd.CategoricalIndex(labels, labels, ordered=True)
