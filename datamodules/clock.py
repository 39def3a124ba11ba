"""A regular clock: positions 0, 1, 2 ... and the stamps they stand for."""

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
_UNIT = {"MS": "M", "ME": "M", "QS": "Q", "QE": "Q", "YS": "Y", "YE": "Y", "BMS": "M", "BME": "M"}


@dataclass(frozen=True)
class Clock:
    """One regular clock that all series of a panel run on.

    Attributes:
        freq: a pandas offset alias (``"h"``, ``"ME"``, ``"W-SAT"``), or the step of an integer clock.
        origin: the stamp at position 0, a timestamp or an integer.
    """

    freq: str | int
    origin: Any

    def __post_init__(self) -> None:
        if isinstance(self.freq, int):
            if self.freq < 1:
                raise InputError(f"freq is {self.freq}; the step of an integer clock must be at least 1. Give another.")
            return
        offset_of(self.freq)

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
        name = offset.name.split("-")[0]
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
    """The pandas offset for an alias; raises InputError when pandas does not know it."""
    try:
        return pd.tseries.frequencies.to_offset(freq)
    except ValueError as error:
        raise InputError(
            f"frequency {freq!r} is not known; expected a pandas offset such as 'h', 'D', 'W-SUN', 'ME', or an integer."
        ) from error


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

    Args:
        times: stamps or integers of all series end to end, ascending within a series.
        boundaries: (N+1) where each series begins in ``times``.

    Raises:
        InputError: when no regular clock fits.
    """
    steps = np.diff(times)
    within = np.ones(len(steps), dtype=bool)
    within[boundaries[1:-1] - 1] = False
    steps = steps[within]
    if len(steps) == 0:
        raise InputError("no frequency can be inferred from one row per series; say it with freq (--freq h).")
    if steps.dtype.kind in "iu":
        return int(np.gcd.reduce(steps))
    return _infer_offset(pd.DatetimeIndex(times), steps)


def _infer_offset(times: pd.DatetimeIndex, steps: np.ndarray) -> str:
    micros = steps.astype("timedelta64[us]").astype(np.int64)
    day = 86_400_000_000
    typical = float(np.median(micros)) / day
    if 28 <= typical <= 31:
        return _anchored(times, "MS", "ME")
    if 89 <= typical <= 92:
        return _anchored(times, *[f"{kind}-{month}" for month in ("JAN", "FEB", "MAR") for kind in ("QS", "QE")])
    if 365 <= typical <= 366:
        return _anchored(times, *[f"{kind}-{name}" for name in _MONTHS for kind in ("YS", "YE")])
    gcd = int(np.gcd.reduce(micros))
    if gcd == day and not np.isin(times.dayofweek, (5, 6)).any() and len(times) > 10:
        return "B"
    if gcd % (7 * day) == 0:
        weeks = gcd // (7 * day)
        return f"{weeks if weeks > 1 else ''}W-{times[0].strftime('%a').upper()}"
    if gcd * 20 < typical * day:
        raise InputError(
            f"no frequency can be inferred: typical step {pd.Timedelta(typical, 'D')}, but all steps share only "
            f"{pd.Timedelta(gcd, 'us')}; say it with freq (--freq h) or resample the file."
        )
    for unit, size in (("D", day), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1000)):
        if gcd % size == 0:
            return unit if gcd == size else f"{gcd // size}{unit}"
    return f"{gcd}us"


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def _anchored(times: pd.DatetimeIndex, *aliases: str) -> str:
    for alias in aliases:
        if all(offset_of(alias).is_on_offset(stamp) for stamp in times.unique()):
            return alias
    raise InputError(
        f"no frequency can be inferred: steps of about {aliases[0]}, but stamps such as {times[0]} are not at its "
        "beginning or end; say it with freq or move the stamps."
    )
