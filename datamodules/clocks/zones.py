"""Time zones: wall-clock stamps of a place to UTC and back, over the hours that summer time skips and doubles."""

from datetime import timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd

from datamodules.errors import InputError, did_you_mean

_ORDERED: Final = 0.9  # share of a series' steps that must go one way for its rows to be in order


@lru_cache
def time_zone(name: str) -> tzinfo:
    """The time zone of a name such as ``Europe/Madrid``, or of a fixed offset from UTC such as ``+01:00``.

    Raises:
        InputError: when there is none of that name.
    """
    try:
        return _fixed(name) if name[:1] in ("+", "-") else ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder of zones, such as Europe
        guess = did_you_mean(name, available_timezones())
        hint = guess if guess.startswith("did") else "expected one such as 'Europe/Madrid', 'UTC' or '+01:00'."
        raise InputError(f"time zone {name!r} is not known; {hint}") from error


def _fixed(offset: str) -> timezone:
    return timezone(pd.Timedelta(f"{offset}:00").to_pytimedelta())


def to_local(utc: np.ndarray, zone: str) -> np.ndarray:
    """The wall-clock stamps (datetime64[us], any shape) of a zone at stamps of UTC.

    Example:
        >>> to_local(np.array(["2024-03-31T00:30", "2024-03-31T01:30"], dtype="datetime64[us]"), "Europe/Madrid")
        array(['2024-03-31T01:30:00.000000', '2024-03-31T03:30:00.000000'],
              dtype='datetime64[us]')
    """
    moments = pd.DatetimeIndex(utc.reshape(-1)).tz_localize("UTC").tz_convert(time_zone(zone))
    return moments.tz_localize(None).to_numpy().astype("datetime64[us]").reshape(utc.shape)


def to_utc(local: np.ndarray, zone: str) -> tuple[np.ndarray, np.ndarray]:
    """The stamps of UTC at wall-clock stamps (datetime64[us], 1-d) of a zone: at their first pass, and at their second.

    Both are the same but for stamps that stand on the clock twice, when summer time ends. NaT is a stamp in an hour
    that the zone skipped.

    Example:
        >>> first, second = to_utc(np.array(["2024-10-27T02:30"], dtype="datetime64[us]"), "Europe/Madrid")
        >>> first[0], second[0]
        (np.datetime64('2024-10-27T00:30:00.000000'), np.datetime64('2024-10-27T01:30:00.000000'))
    """
    first, second = (
        pd.DatetimeIndex(local)
        .tz_localize(time_zone(zone), ambiguous=np.full(len(local), summer), nonexistent="NaT")
        .tz_convert("UTC")
        .tz_localize(None)
        .to_numpy()
        .astype("datetime64[us]")
        for summer in (True, False)
    )
    return first, second


def second_passes(local: np.ndarray, series: np.ndarray, twice: np.ndarray, order: np.ndarray) -> np.ndarray:
    """(R) whether a stamp of a doubled hour is of its second pass, told by the order of rows within each series.

    Of two equal stamps the first is summer time. One that stands alone is of the second pass when the clock has gone
    back before it in that night, and summer time otherwise. A series whose rows descend is read from its end.

    Args:
        local: (R) wall-clock stamps in the order of the table.
        series: (R) code of the series of each.
        twice: (R) whether a stamp stands on the zone's clock twice.
        order: (N) of each series' rows, from ``directions``.
    """
    rows = np.flatnonzero(twice)
    turned = order[series[rows]] < 0
    night = local[rows].astype("datetime64[D]")
    rows = rows[np.lexsort((np.where(turned, -rows, rows), night, series[rows]))]  # forward in time, night by night
    stamps, owner = local[rows], series[rows]
    night = stamps.astype("datetime64[D]")
    same_night = np.append(False, (owner[1:] == owner[:-1]) & (night[1:] == night[:-1]))[: len(rows)]
    back = same_night & np.append(False, stamps[1:] < stamps[:-1])[: len(rows)]

    by_stamp = np.lexsort((stamps, owner))  # stable: equal stamps stay in order
    equal = (owner[by_stamp][1:] == owner[by_stamp][:-1]) & (stamps[by_stamp][1:] == stamps[by_stamp][:-1])
    later, paired = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    later[by_stamp[1:][equal]] = True
    paired[by_stamp[1:][equal]] = paired[by_stamp[:-1][equal]] = True

    turns = np.cumsum(back | later)
    before = np.maximum.accumulate(np.where(same_night, 0, turns - (back | later)))  # turns before the night began
    second = np.zeros(len(local), dtype=bool)
    second[rows] = np.where(paired, later, turns > before)
    return second


def directions(local: np.ndarray, series: np.ndarray, twice: np.ndarray) -> np.ndarray:
    """(N) 1 for a series whose rows ascend in time, -1 where they descend, 0 where they are in no order.

    Steps within doubled hours do not count; a series without others is taken to ascend.
    """
    order = np.argsort(series, kind="stable")
    stamps, owner, inside = local[order], series[order], twice[order]
    steps = np.diff(stamps).astype(np.int64)
    told = (owner[1:] == owner[:-1]) & (steps != 0) & ~(inside[1:] & inside[:-1])
    count = int(series.max(initial=-1)) + 1
    total = np.bincount(owner[1:][told], minlength=count)
    up = np.bincount(owner[1:][told & (steps > 0)], minlength=count)
    return np.where(up >= _ORDERED * total, 1, np.where(up <= (1 - _ORDERED) * total, -1, 0))
