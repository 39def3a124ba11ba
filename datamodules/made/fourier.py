"""Fourier pairs: seasons of any length as sines and cosines of the clock's steps."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from datamodules.clock import Clock
from datamodules.clocks.aliases import fixed_length, offset_of
from datamodules.errors import InputError
from datamodules.made.feature_forms import read_pairs

_MONTHS: Final = {"M": 1, "WOM": 1, "LWOM": 1, "Q": 3, "HY": 6, "Y": 12}  # of one step
_DAYS: Final = {"W": 7.0, "SM": 365.25 / 24, "REQ": 365.25 / 4, "RE": 365.25}


def fourier_columns(clock: Clock, positions: np.ndarray, items: Sequence[str]) -> dict[str, np.ndarray]:
    """The sines and cosines (T) of 2 pi k t / period, for each pair k from 1 on, at ``positions`` (T).

    t counts steps from 1970 on, so that a panel which begins on another day has the same values at the same stamp.
    They are steps of the clock as it runs: summer time does not move them. Of the pair whose circle is two steps long
    only the cosine is made, since the sine of whole steps is 0 there.
    """
    steps = absolute_steps(clock, positions)
    columns = {}
    for item in items:
        period, pairs = read_pairs(item)
        for pair in range(1, pairs + 1):
            angle = 2 * np.pi * (steps * pair % period / period)
            if 2 * pair < period:
                columns[f"fourier_{period:g}_sin{pair}"] = np.sin(angle)
            columns[f"fourier_{period:g}_cos{pair}"] = np.cos(angle)
    return columns


def suggested_fourier(clock: Clock, steps: int) -> tuple[str, ...]:
    """Up to three pairs for each season of the clock that series of so many steps go through, or for the shortest."""
    seasons = [season for season in clock.seasons if season > 1]
    return tuple(f"{season}:{min(3, season // 2)}" for season in seasons if season <= steps or season == seasons[0])


def absolute_steps(clock: Clock, positions: np.ndarray) -> np.ndarray:
    """The number of steps (T) from 1970 on, or from 0 on an integer clock, to ``positions`` (T).

    Months count as months and business days as business days, however long they are. Where the clock does not pass the
    begin of 1970 the number has a fraction.
    """
    stamps = clock.stamps(positions)
    if isinstance(clock.freq, int):
        return stamps / clock.freq
    length = fixed_length(clock.freq)
    if length is not None:
        return stamps.astype(np.int64) / (length.value // 1000)
    offset = offset_of(clock.freq)
    name = offset.rule_code.split("-")[0]
    unit = name if name in ("WOM", "LWOM", "REQ", "RE", "W", "B") else name.removeprefix("B").rstrip("SE")
    days = stamps.astype("datetime64[D]")
    if unit == "B":
        return np.busday_count("1970-01-01", days) / offset.n
    if unit in _MONTHS:
        return stamps.astype("datetime64[M]").astype(np.int64) / (_MONTHS[unit] * offset.n)
    if unit in _DAYS:
        return days.astype(np.int64) / (_DAYS[unit] * offset.n)
    raise InputError(f"fourier has no count of steps for freq {clock.freq!r}; expected another. Leave fourier out.")
