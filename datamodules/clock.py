"""A regular clock: positions 0, 1, 2 ... and the stamps they stand for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from datamodules.clocks.aliases import fixed_length, in_days, offset_of
from datamodules.clocks.zones import time_zone, to_local
from datamodules.errors import InputError

_SEASONS: Final = {  # offset name -> seasonal periods, shortest first
    "s": (3600,),
    "min": (1440, 10080),
    "h": (24, 168),
    "D": (7,),
    "B": (5,),
    "W": (52,),
    "SM": (24,),
    "M": (12,),
    "WOM": (12,),
    "LWOM": (12,),
    "Q": (4,),
    "REQ": (4,),
    "HY": (2,),
    "Y": (1,),
}
_UNIT: Final = {
    f"{prefix}{unit}{edge}": unit for prefix in ("", "B") for unit in ("SM", "M", "Q", "HY", "Y") for edge in "SE"
}


@dataclass(frozen=True)
class Clock:
    """One regular clock that all series of a panel run on.

    Attributes:
        freq: a pandas offset alias (``"h"``, ``"ME"``, ``"W-SAT"``), or the step of an integer clock.
        origin: the stamp at position 0, a timestamp or an integer.
        zone: the time zone that the person's stamps are local to; empty when none was said. Steps of hours and less
            then run on UTC, and so do all stamps that come out; days and longer steps stay days of the zone.
    """

    freq: str | int
    origin: Any
    zone: str = ""

    def __post_init__(self) -> None:
        if self.zone:
            time_zone(self.zone)
        if isinstance(self.freq, int):
            if self.freq < 1:
                raise InputError(f"freq is {self.freq}; the step of an integer clock must be at least 1. Give another.")
            return
        offset_of(self.freq)

    @classmethod
    def made_up(cls, freq: str | int) -> "Clock":
        """The clock for values that came without stamps: from 0 on, or from the year 2000 on."""
        return cls(freq, 0 if isinstance(freq, int) else pd.Timestamp("2000-01-01") + 0 * offset_of(freq))

    @classmethod
    def of(cls, plain: Mapping[str, str | int]) -> "Clock":
        """The clock that ``plain`` told."""
        freq, origin = plain["freq"], plain["origin"]
        return cls(freq, origin if isinstance(freq, int) else pd.Timestamp(origin).as_unit("us"), str(plain["zone"]))

    def plain(self) -> dict[str, str | int]:
        """The clock in plain values, exactly.

        Example:
            >>> clock = Clock("h", pd.Timestamp("2024-01-01 05:00"), "Europe/Madrid")
            >>> clock.plain()
            {'freq': 'h', 'origin': '2024-01-01T05:00:00', 'zone': 'Europe/Madrid'}
            >>> Clock.of(clock.plain()) == clock
            True
        """
        origin = int(self.origin) if isinstance(self.freq, int) else self.origin.isoformat()
        return {"freq": self.freq, "origin": origin, "zone": self.zone}

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
        periods, steps = _SEASONS.get(_UNIT.get(name, name), (1,)), offset.n
        if name == "D" and steps % 7 == 0:
            periods, steps = _SEASONS["W"], steps // 7
        return tuple(period // steps for period in periods if period % steps == 0 and period > steps) or (1,)

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

    def local(self, positions: np.ndarray) -> np.ndarray:
        """The stamps at ``positions`` on the wall clock of the zone; those of ``stamps`` where no zone was said."""
        stamps = self.stamps(positions)
        if not self.zone or isinstance(self.freq, int) or in_days(self.freq):
            return stamps
        return to_local(stamps, self.zone)

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
