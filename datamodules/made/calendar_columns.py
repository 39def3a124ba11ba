"""Columns that the calendar makes: the hour, the day of the week, the month ... as points on a circle."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from datamodules.clock import Clock
from datamodules.clocks.aliases import fixed_length
from datamodules.errors import InputError

_HOUR: Final = 3_600_000_000  # microseconds
_DAY: Final = 24 * _HOUR
_PROBE: Final = np.arange(401)  # steps that show what changes on clocks of days and longer


def calendar_columns(clock: Clock, positions: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The columns (T) of the calendar at ``positions`` (T), in local time where the clock has a zone.

    A name that goes in a circle gives two columns, the sine and cosine of its share of the circle, so that December
    lies beside January: ``month_sin`` and ``month_cos``. ``is_weekend`` is 0 or 1. The hour counts its minutes, and a
    circle is as long as that month or year is: the last of February lies beside the first of March, leap year or not.
    """
    stamps = clock.local(positions)
    columns = {}
    for name in names:
        if name == "is_weekend":
            columns[name] = (_weekday(stamps) >= 5).astype(np.float64)
            continue
        angle = 2 * np.pi * _SHARES[name](stamps)
        columns[f"{name}_sin"], columns[f"{name}_cos"] = np.sin(angle), np.cos(angle)
    return columns


def check_calendar(clock: Clock, names: Sequence[str]) -> None:
    """Raise InputError unless each of ``names`` has a meaning on the clock and changes on it."""
    if names and clock.is_integer:
        raise InputError(
            f"calendar names {names[0]!r}, but the clock counts integers of step {clock.freq}; expected timestamps. "
            "Leave calendar out, or say fourier instead."
        )
    for name in names:
        if not _changes(clock, name):
            raise InputError(
                f"calendar names {name!r}, which never changes on a clock of freq {str(clock.freq)!r}; expected a "
                f"column such as {suggested_calendar(clock, 0)[0]!r}. Leave it out."
            )


def suggested_calendar(clock: Clock, steps: int) -> tuple[str, ...]:
    """The calendar for series that reach over so many steps: each circle of four steps and more that they go round.

    The smallest circle is in it even when the series are shorter. Raises InputError where the clock has none.

    Example:
        >>> suggested_calendar(Clock.made_up("h"), 1000), suggested_calendar(Clock.made_up("ME"), 120)
        (('hour', 'dayofweek'), ('month',))
    """
    if clock.is_integer:
        check_calendar(clock, ("hour",))
    stamps = clock.stamps(_PROBE)
    step = float((stamps[-1] - stamps[0]).astype(np.int64)) / _PROBE[-1]
    circles = {"minute": _HOUR, "hour": _DAY, "dayofweek": 7 * _DAY, "month": 365.25 * _DAY}
    usable = [name for name, circle in circles.items() if 4 * step <= 1.01 * circle]  # four quarters are a year
    if not usable:
        raise InputError(
            f"calendar has no column that changes on a clock of freq {str(clock.freq)!r}; expected steps of a quarter "
            "at most. Leave calendar out."
        )
    return tuple(name for name in usable if name == usable[0] or circles[name] <= steps * step)


def _changes(clock: Clock, name: str) -> bool:
    """Whether the column of ``name`` takes more than one value on a clock of timestamps."""
    length = None if isinstance(clock.freq, int) else fixed_length(clock.freq)
    if length is None:
        columns = calendar_columns(clock, _PROBE, (name,))
        return any(np.ptp(values) > 0 for values in columns.values())
    circles = {"minute": _HOUR, "hour": _DAY, "dayofweek": 7 * _DAY, "is_weekend": 7 * _DAY}
    return name not in circles or (length.value // 1000) % circles[name] != 0


def _weekday(stamps: np.ndarray) -> np.ndarray:
    """0 for Monday to 6 for Sunday."""
    return (stamps.astype("datetime64[D]").astype(np.int64) + 3) % 7


def _day_of_month(stamps: np.ndarray) -> np.ndarray:
    return _share_within(stamps, "datetime64[M]")


def _day_of_year(stamps: np.ndarray) -> np.ndarray:
    return _share_within(stamps, "datetime64[Y]")


def _share_within(stamps: np.ndarray, unit: str) -> np.ndarray:
    """The days from the begin of a month or year to the stamp's, as a share of all its days."""
    period = stamps.astype(unit)
    begin, stop = period.astype("datetime64[D]"), (period + 1).astype("datetime64[D]")
    return (stamps.astype("datetime64[D]") - begin) / (stop - begin)


def _week_of_year(stamps: np.ndarray) -> np.ndarray:
    """ISO 8601: a week belongs to the year of its Thursday, and a year has 52 or 53 of them."""
    thursday = stamps.astype("datetime64[D]") + (3 - _weekday(stamps))
    year = thursday.astype("datetime64[Y]")
    begin, stop = year.astype("datetime64[D]"), (year + 1).astype("datetime64[D]")
    day, days = (thursday - begin).astype(np.int64), (stop - begin).astype(np.int64)
    return (day // 7) / ((days - 1 - day % 7) // 7 + 1)


_SHARES: Final[dict[str, Callable[[np.ndarray], np.ndarray]]] = {
    "minute": lambda stamps: stamps.astype(np.int64) % _HOUR / _HOUR,
    "hour": lambda stamps: stamps.astype(np.int64) % _DAY / _DAY,
    "dayofweek": lambda stamps: _weekday(stamps) / 7,
    "dayofmonth": _day_of_month,
    "dayofyear": _day_of_year,
    "weekofyear": _week_of_year,
    "month": lambda stamps: stamps.astype("datetime64[M]").astype(np.int64) % 12 / 12,
    "quarter": lambda stamps: stamps.astype("datetime64[M]").astype(np.int64) % 12 // 3 / 4,
}
