"""A regular clock: positions 0, 1, 2 ... and the stamps they stand for."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from datamodules.errors import InputError

_SEASONS = {  # offset name -> seasonal periods, shortest first
    "min": (1440, 10080),
    "h": (24, 168),
    "D": (7,),
    "B": (5,),
    "W": (52,),
    "M": (12,),
    "Q": (4,),
    "Y": (1,),
}
_UNIT = {prefix + unit + edge: unit for prefix in ("", "B") for unit in "MQY" for edge in "SE"}  # BMS -> M
_OLD = {
    "H": "h",
    "T": "min",
    "S": "s",
    "L": "ms",
    "M": "ME",
    "Q": "QE",
    "A": "YE",
    "Y": "YE",
    "d": "D",
    "b": "B",
    "w": "W",
}  # dropped by pandas
_DAY = 86_400_000_000  # microseconds
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


@dataclass(frozen=True)
class Clock:
    """One regular clock that all series of a panel run on.

    Attributes:
        freq: a pandas offset alias (``"h"``, ``"ME"``, ``"W-SAT"``), or the step of an integer clock.
        origin: the stamp at position 0, a timestamp or an integer.
        zone: the time zone that the person's stamps are local to; the clock itself then runs on UTC. Empty when none
            was said.
    """

    freq: str | int
    origin: Any
    zone: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.freq, int):
            if self.freq < 1:
                raise InputError(f"freq is {self.freq}; the step of an integer clock must be at least 1. Give another.")
            return
        offset_of(self.freq)

    @classmethod
    def made_up(cls, freq: str | int) -> "Clock":
        """The clock for values that came without stamps: from 0 on, or from the year 2000 on."""
        return cls(freq, 0 if isinstance(freq, int) else pd.Timestamp("2000-01-01") + 0 * offset_of(freq))

    @property
    def is_integer(self) -> bool:
        """Whether stamps are integers instead of timestamps."""
        return isinstance(self.freq, int)

    @property
    def seasonality(self) -> int:
        """The number of steps in the shortest season that this frequency is known for; 1 where none is."""
        return self.seasons[0]

    @property
    def seasons(self) -> tuple[int, ...]:
        """The known seasonal periods in steps, shortest first: (24, 168) for hours, (1,) where none is known."""
        if isinstance(self.freq, int):
            return (1,)
        offset = offset_of(self.freq)
        name = offset.rule_code.split("-")[0]
        periods = _SEASONS.get(_UNIT.get(name, name), (1,))
        return tuple(period // offset.n for period in periods if period % offset.n == 0 and period > offset.n) or (1,)

    def stamps(self, positions: np.ndarray) -> np.ndarray:
        """The stamps at ``positions`` (any shape of integers); negative positions lie before the origin."""
        positions = np.asarray(positions, dtype=np.int64)
        if isinstance(self.freq, int):
            return int(self.origin) + positions * self.freq
        length = fixed_length(self.freq)
        if length is not None:
            return np.datetime64(self.origin, "us") + positions * np.timedelta64(length.value // 1000, "us")
        if positions.size == 0:
            return positions.astype("datetime64[us]")
        first = min(int(positions.min()), 0)
        start = self.origin + first * offset_of(self.freq) if first else self.origin
        grid = pd.date_range(start, periods=int(positions.max()) - first + 1, freq=self.freq, unit="us")
        return grid.to_numpy()[positions - first]

    def positions(self, times: Any) -> np.ndarray:
        """The positions of ``times`` (1-d), at or after the origin, on the clock; -1 for a stamp off the grid."""
        if isinstance(self.freq, int):
            quotient, remainder = np.divmod(np.asarray(times, dtype=np.int64) - int(self.origin), self.freq)
            return np.where(remainder == 0, quotient, -1)
        times = pd.DatetimeIndex(times).as_unit("us")
        length = fixed_length(self.freq)
        if length is not None:
            steps = (times - self.origin).to_numpy().astype("timedelta64[us]").astype(np.int64)
            quotient, remainder = np.divmod(steps, length.value // 1000)
            return np.where(remainder == 0, quotient, -1)
        if len(times) == 0:
            return np.empty(0, dtype=np.int64)
        return pd.date_range(self.origin, times.max(), freq=self.freq, unit="us").get_indexer(times)


def offset_of(freq: str) -> pd.offsets.BaseOffset:
    """The pandas offset for an alias; raises InputError when pandas does not know it or it does not move forward."""
    letters = freq.lstrip("0123456789")
    if letters in _OLD:
        raise InputError(
            f"frequency {freq!r} is not known; did you mean {freq.removesuffix(letters) + _OLD[letters]!r}?"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what pandas is about to drop is not known here either
            offset = pd.tseries.frequencies.to_offset(freq)
    except (ValueError, Warning) as error:
        raise InputError(
            f"frequency {freq!r} is not known; expected a pandas offset such as 'h', 'D', 'W-SUN', 'ME', or an integer."
        ) from error
    if offset is None or offset.n < 1 or isinstance(offset, pd.offsets.Nano):
        raise InputError(f"frequency {freq!r} is not usable; its step must be at least a microsecond. Give another.")
    return offset


def fixed_length(freq: str) -> pd.Timedelta | None:
    """The duration of one step in nanoseconds, or None for calendar steps (months, business days) of varying length."""
    offset = offset_of(freq)
    if isinstance(offset, pd.offsets.Day):
        return pd.Timedelta(days=offset.n).as_unit("ns")
    if isinstance(offset, pd.offsets.Tick):
        return pd.Timedelta(offset).as_unit("ns")
    return None


def infer_freq(times: np.ndarray, boundaries: np.ndarray) -> str | int:
    """The frequency on whose grid all stamps lie, gaps tolerated.

    The step is what all steps have in common, provided that it is itself usual among them: hours with holes are hours,
    but steps of two and three hours in turn are a question, not a clock of one hour.

    Args:
        times: stamps or integers of all series end to end, ascending within a series.
        boundaries: (N+1) where each series begins in ``times``.

    Raises:
        InputError: when no regular clock fits.

    Example:
        >>> days = np.array(["2024-01-05", "2024-01-06", "2024-01-09"], dtype="datetime64[us]")
        >>> infer_freq(days, np.array([0, 3]))
        'D'
    """
    within = np.ones(max(len(times) - 1, 0), dtype=bool)
    within[boundaries[1:-1] - 1] = False
    if not within.any():
        raise InputError("no frequency can be inferred from one row a series; say it with freq (--freq h).")
    if times.dtype.kind in "iu":
        return _common_step(np.diff(times)[within], str)
    unique = pd.DatetimeIndex(np.unique(times))
    edge = _month_edge(unique)
    if edge:
        months = times.astype("datetime64[M]").astype(np.int64)
        return _month_alias(_common_step(np.diff(months)[within], "{} months".format), edge, unique[0].month)
    step = _common_step(np.diff(times)[within].astype("timedelta64[us]").astype(np.int64), _duration)
    if step == _DAY and unique.day_of_week.max() < 5 and _crosses_weekend(unique):
        return "B"
    if step % (7 * _DAY) == 0:
        return _times(step // (7 * _DAY), f"W-{_WEEKDAYS[unique[0].day_of_week]}")
    for unit, size in (("D", _DAY), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1000)):
        if step % size == 0:
            return _times(step // size, unit)
    return f"{step}us"


def _common_step(steps: np.ndarray, told: Callable[[int], str]) -> int:
    values, counts = np.unique(steps, return_counts=True)
    shared, commonest = int(np.gcd.reduce(values)), int(values[counts.argmax()])
    usual = values[0] == shared and counts[0] * 5 >= len(steps)
    if shared == commonest or usual:
        return shared
    months = ("28", "29", "30", "31", "90", "91", "92")  # days: steps that hint at months and quarters
    hint = " If these are months, move the stamps to their beginning or end." if told(commonest)[:2] in months else ""
    raise InputError(
        f"no frequency can be inferred: the commonest step is {told(commonest)}, but the steps have only "
        f"{told(shared)} in common; say it with freq (--freq h) or make the steps regular.{hint}"
    )


def _duration(micros: int) -> str:
    text = str(pd.Timedelta(micros, "us")).removesuffix(" 00:00:00").removeprefix("0 days ")
    return "1 day" if text == "1 days" else text


def _times(count: int, unit: str) -> str:
    return unit if count == 1 else f"{count}{unit}"


def _month_edge(stamps: pd.DatetimeIndex) -> str:
    """``S``, ``E``, ``BS`` or ``BE`` when all stamps are the first or last (business) day of a month, else nothing."""
    days = stamps.to_numpy().astype("datetime64[D]")
    if len(np.unique(stamps.to_numpy() - days)) > 1:
        return ""
    month = days.astype("datetime64[M]")
    first, last = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]") - 1
    edges = {
        "S": first,
        "E": last,
        "BS": np.busday_offset(first, 0, roll="forward"),
        "BE": np.busday_offset(last, 0, roll="backward"),
    }
    return next((edge for edge, expected in edges.items() if (days == expected).all()), "")


def _month_alias(months: int, edge: str, month: int) -> str:
    """The alias of a step of so many months: (3, "E", 12) -> ``QE-DEC``; ``month`` is that of any stamp."""
    business, side = ("B" if len(edge) == 2 else ""), edge[-1]
    if months % 12 == 0:
        return _times(months // 12, f"{business}Y{side}-{_MONTHS[month - 1]}")
    if months % 3 == 0:
        named = (month - 1) % 3 + (9 if side == "E" else 0)  # quarters are named after JAN..MAR, or OCT..DEC
        return _times(months // 3, f"{business}Q{side}-{_MONTHS[named]}")
    return _times(months, f"{business}M{side}")


def _crosses_weekend(stamps: pd.DatetimeIndex) -> bool:
    weeks = (stamps - pd.to_timedelta(stamps.day_of_week, unit="D")).normalize()
    return weeks.nunique() > 1
