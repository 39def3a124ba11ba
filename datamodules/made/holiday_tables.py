"""Holidays of a country, of one of its parts, or of a person's own table of dates, as columns."""

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from datamodules.clock import Clock
from datamodules.clocks.aliases import fixed_length, offset_of
from datamodules.door.stamps import stamps
from datamodules.door.tables import read_table
from datamodules.errors import InputError
from datamodules.made.holiday_places import FEDERAL, is_file, package, place

_DATES: Final = ("date", "ds")  # the column of dates in a person's table; the first one where none is called so
_DAY: Final = 86_400_000_000  # microseconds
_YEAR: Final = 366  # days that may pass without a holiday at the ends of a table


def holiday_columns(clock: Clock, positions: np.ndarray, source: str) -> dict[str, np.ndarray]:
    """``is_holiday`` (T), 1 where a holiday lies within the step at ``positions`` (T), else 0; days are local ones.

    Steps longer than a day also have ``holiday_count``, the number of their holidays. Stamps at the end of months and
    longer steps stand for the days before them, and those of weeks too unless they are Mondays; all others stand for
    the days that they begin.

    The source is a place such as AU-VIC or ES, US-federal, or a CSV or Parquet file. Raises InputError where it does
    not know all the time from the first position to the last: a day without a holiday is not one that nobody wrote
    down.
    """
    first, stop = _days(clock, positions)
    begin, end = first.min(), stop.max() - 1
    days = _read(source) if is_file(source) else _of_place(source, _year(begin), _year(end))
    if is_file(source) and (days[0] > begin + _YEAR or days[-1] < end - _YEAR):
        raise InputError(
            f"holidays {source} reach from {days[0]} to {days[-1]}, the series from {begin} to {end}; expected dates "
            "of all that time, within a year of both ends. Add them."
        )
    count = (np.searchsorted(days, stop) - np.searchsorted(days, first)).astype(np.float64)
    columns = {"is_holiday": np.minimum(count, 1)}
    return columns if _within_days(clock) else columns | {"holiday_count": count}


def _days(clock: Clock, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first day (T) of the steps at ``positions`` (T), and the day after their last."""
    day = clock.local(positions).astype("datetime64[D]")
    if _within_days(clock):
        return day, day + 1
    if _begins(str(clock.freq)):
        return day, clock.local(positions + 1).astype("datetime64[D]")
    return clock.local(positions - 1).astype("datetime64[D]") + 1, day + 1


def _within_days(clock: Clock) -> bool:
    """Whether a step is a day, a business day, or shorter."""
    length = fixed_length(str(clock.freq))
    return clock.freq == "B" if length is None else length.value // 1000 <= _DAY


def _begins(freq: str) -> bool:
    """Whether a stamp is the first day of its step, not the last."""
    name = offset_of(freq).rule_code
    return fixed_length(freq) is not None or name in ("B", "W-MON") or name.split("-")[0].endswith("S")


def _year(day: np.datetime64) -> int:
    return int(day.astype("datetime64[Y]").astype(np.int64)) + 1970


def _read(path: str) -> np.ndarray:
    """The dates in a file, ascending, each once."""
    table = read_table(Path(path), {})
    named = {str(name).lower(): name for name in reversed(table.columns)}
    name = next((named[date] for date in _DATES if date in named), table.columns[0])
    times = stamps(table[name], name).times
    if times.dtype.kind != "M":
        raise InputError(
            f"column {str(name)!r} of holidays {path} holds whole numbers; expected dates such as 2024-12-25. "
            "Write them so."
        )
    return np.unique(times.astype("datetime64[D]"))


@lru_cache
def _of_place(source: str, first: int, last: int) -> np.ndarray:
    """The public holidays of a place in the years from ``first`` to ``last``, ascending."""
    if source == FEDERAL:
        return _federal(first, last)
    country, part = place(source)
    known = package()
    kind = getattr(known, country)
    if first < kind.start_year or last > kind.end_year:
        raise InputError(
            f"holidays of {source} are known from {kind.start_year} to {kind.end_year}, the series reach from {first} "
            f"to {last}. Give a file of dates."
        )
    found = known.country_holidays(country, subdiv=part or None, years=range(first, last + 1))
    return np.array(sorted(found), dtype="datetime64[D]")


def _federal(first: int, last: int) -> np.ndarray:
    """The federal holidays of the United States, on the days when they are kept, ascending."""
    from pandas.tseries.holiday import USFederalHolidayCalendar

    found = USFederalHolidayCalendar().holidays(f"{first}-01-01", f"{last}-12-31")
    return found.to_numpy().astype("datetime64[D]")
