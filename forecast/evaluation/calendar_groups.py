"""Calendar groups of stamps: the hour, the weekday, the month ... that a forecast value falls into."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.clocks.zones import to_local

_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class _Part(NamedTuple):
    """A column of the calendar.

    Attributes:
        number: the number of a stamp.
        names: of the numbers; empty where they are shown as they are.
        longest: the longest step of a clock, in days, on which the column means something.
    """

    number: Callable[[pd.DatetimeIndex], "pd.Index[int]"]
    names: tuple[str, ...]
    longest: float


_PARTS: Final[dict[str, _Part]] = {
    "minute": _Part(lambda stamps: stamps.minute, (), 0.5 / 24),
    "hour": _Part(lambda stamps: stamps.hour, (), 0.5),
    "weekday": _Part(lambda stamps: stamps.day_of_week, _DAYS, 6),
    "weekend": _Part(lambda stamps: stamps.day_of_week // 5, ("Monday to Friday", "weekend"), 6),
    "month": _Part(lambda stamps: stamps.month - 1, _MONTHS, 31),
    "quarter": _Part(lambda stamps: stamps.quarter - 1, ("Q1", "Q2", "Q3", "Q4"), 92),
    "year": _Part(lambda stamps: stamps.year, (), np.inf),
}
CALENDAR: Final = tuple(_PARTS)


def calendar_codes(stamps: np.ndarray, name: str, zone: str = "") -> tuple[np.ndarray, pd.Index]:
    """An integer 0 .. G-1 for each of ``stamps`` (n, datetime64), and the G groups that occur, in calendar order.

    Args:
        stamps: of UTC where a ``zone`` is said.
        name: one of ``CALENDAR``.
        zone: whose wall clock counts; that of the stamps themselves when empty.
    """
    part = _PARTS[name]
    local = to_local(stamps.astype("datetime64[us]"), zone) if zone else stamps
    found, codes = np.unique(np.asarray(part.number(pd.DatetimeIndex(local))), return_inverse=True)
    if not part.names:
        return codes, pd.Index(found.astype(np.int64))
    return codes, pd.CategoricalIndex([part.names[number] for number in found], part.names, ordered=True)


def telling(stamps: np.ndarray, step: np.timedelta64, zone: str = "") -> tuple[str, ...]:
    """The columns of the calendar that take several values at ``stamps`` and mean something on a clock of that step.

    The weekday on which a month happens to end, or the quarter of a year's first day, are none.

    Example:
        >>> stamps = np.arange("2024-01", "2025-01", dtype="datetime64[M]")
        >>> telling(stamps, np.timedelta64(31, "D"))
        ('month', 'quarter')
    """
    days = step / np.timedelta64(1, "D")
    usable = (name for name, part in _PARTS.items() if days <= part.longest)
    return tuple(name for name in usable if len(calendar_codes(stamps, name, zone)[1]) > 1)
