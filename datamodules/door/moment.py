"""One stamp that a person says, a border or a cutoff -> its place among the stamps of a clock."""

from typing import Any

import numpy as np
import pandas as pd

from datamodules.clock import Clock
from datamodules.clocks.aliases import in_days
from datamodules.clocks.zones import time_zone, to_utc
from datamodules.errors import InputError


def moment(stamp: Any, clock: Clock) -> np.datetime64 | int:
    """What a person's stamp means among the stamps of a clock.

    On a clock with a time zone, a text or a date is a wall-clock time of that zone; one that stands on it twice is of
    summer time. Timestamps of pandas and numpy without a zone come from results and are taken as they stand.

    Raises:
        InputError: when it is no date, or one that the zone's clock skipped, or no whole number on an integer clock.

    Example:
        >>> moment("2024-07-01 12:00", Clock("h", pd.Timestamp("2024-01-01"), "Europe/Madrid"))
        np.datetime64('2024-07-01T10:00:00.000000')
    """
    if isinstance(clock.freq, int):
        if isinstance(stamp, str) and not stamp.strip().lstrip("-").isdigit():
            raise InputError(f"{stamp!r} is not a whole number, as the stamps of these data are. Give one of those.")
        return int(stamp)
    try:
        parsed = pd.Timestamp(stamp)
        if parsed is pd.NaT or isinstance(stamp, int | float):
            raise ValueError("not a time")
    except (ValueError, TypeError) as error:
        raise InputError(f"{stamp!r} is not a date; expected one such as '2020-01-31'. Write it that way.") from error
    days = in_days(clock.freq)
    if parsed.tzinfo is not None:
        place = (time_zone(clock.zone) if clock.zone else parsed.tzinfo) if days else "UTC"
        return np.datetime64(parsed.tz_convert(place).tz_localize(None), "us")
    found = np.datetime64(parsed, "us")
    if days or not clock.zone or isinstance(stamp, pd.Timestamp | np.datetime64):
        return found
    utc: np.datetime64 = to_utc(np.array([found]), clock.zone)[0][0]
    if np.isnat(utc):
        raise InputError(f"'{stamp}' does not exist in {clock.zone}, where summer time skips it. Give another.")
    return utc
