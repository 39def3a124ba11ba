"""Texts -> dates, with the offsets from UTC that are written beside them."""

import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from datamodules.door.cells import place
from datamodules.errors import InputError

_ZONE = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)$"
_QUARTER = r"\d{4}[- ]?Q[1-4]"
_WEEK = r"\d{4}-?W\d\d"
_DECIMAL = r"\d+\.\d"  # 2000.5 is half a year, not May


class Read(NamedTuple):
    """Dates as they are written, and as moments where the time zone is written beside them."""

    written: np.ndarray  # (R) datetime64[us], the wall clock's
    utc: np.ndarray | None  # (R) datetime64[us]
    zone: str = ""  # that the column's type names


def parse_dates(texts: pd.Series, column: pd.Series, codes: np.ndarray, name: Any, zone: str) -> Read:
    """The (unique) texts as dates, NaT where one does not parse in the format that fits most."""
    offsets = texts.str.extract(_ZONE, expand=False).str.replace(r"^(?:Z|UTC)$", "+00:00", regex=True)
    zoned = offsets.notna().to_numpy()
    if offsets.nunique(dropna=False) > 1 and not (zone and zoned.all()):
        other = int((offsets.fillna("") != offsets.fillna("").iloc[0]).to_numpy().argmax())
        hint = "Name the zone that they are of with zone (--zone Europe/Madrid), or write" if zoned.all() else "Write"
        raise InputError(
            f"time zones are mixed in column {str(name)!r}: {texts[0]!r} and {texts[other]!r} in "
            f"{place(column.index, int((codes == other).argmax()))}. {hint} all stamps in one zone, such as UTC."
        )
    bare = texts.str.replace(r"\s*(?:Z|UTC|[+-]\d\d(?::?\d\d)?)$", "", regex=True) if zoned.all() else texts
    if are_quarters_or_weeks(bare):
        return Read(_begins(bare), None)
    formats = ["ISO8601", *guessed(bare[0])]
    tried = [pd.to_datetime(bare, format=each, errors="coerce").to_numpy().astype("datetime64[us]") for each in formats]
    whole = [times for times in tried if not np.isnat(times).any()]
    if len(whole) > 1 and (whole[0] != whole[-1]).any():
        row = int((whole[0] != whole[-1]).argmax())
        raise InputError(
            f"column {str(name)!r} may name the day or the month first: {texts[row]!r} reads as {_day(whole[0][row])} "
            f"or {_day(whole[-1][row])}. Write dates as 2020-01-31."
        )
    tried = [np.where(bare.str.fullmatch(_DECIMAL), np.datetime64("NaT"), times) for times in tried]
    best = min(tried, key=lambda times: int(np.isnat(times).sum()))
    return Read(best, best - _durations(offsets) if zoned.all() else None)


def are_quarters_or_weeks(texts: pd.Series) -> bool:
    """Whether all texts are quarters such as ``2024-Q3``, or all are ISO weeks such as ``2024-W31``."""
    return bool(texts.str.fullmatch(_QUARTER).all() or texts.str.fullmatch(_WEEK).all())


def _durations(offsets: pd.Series) -> np.ndarray:
    """Offsets from UTC such as ``+0130``, ``-05:00`` or ``+01`` as timedelta64[us]."""
    digits = offsets.str[1:].str.replace(":", "").str.ljust(4, "0")
    minutes = digits.str[:2].astype(int) * 60 + digits.str[2:].astype(int)
    return np.where(offsets.str[0] == "-", -minutes, minutes).astype("timedelta64[m]").astype("timedelta64[us]")


def _begins(texts: pd.Series) -> np.ndarray:
    """The first days of quarters or of ISO weeks; NaT for a week that the year has not."""
    if texts[0][-2] == "Q":
        years = texts.str[:4].to_numpy().astype("datetime64[Y]").astype("datetime64[M]")
        return (years + 3 * (texts.str[-1].astype(int).to_numpy() - 1)).astype("datetime64[us]")
    weeks = texts.str[:4] + "-" + texts.str[-2:] + "-1"
    return pd.to_datetime(weeks, format="%G-%V-%u", errors="coerce").to_numpy().astype("datetime64[us]")


def guessed(text: str) -> list[str]:
    """The formats that a date may have: the guess of pandas, and, unless the year is first, day and month swapped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 31/12/2020 has the day first, which is what we ask
        guess = pd.tseries.api.guess_datetime_format(text)
    if not guess or "%y" not in guess.lower():
        return []  # a time of day, or a day of no year
    if guess.startswith("%Y"):
        return [guess]
    return [guess, guess.replace("%m", "%_").replace("%d", "%m").replace("%_", "%d")]


def _day(stamp: np.datetime64) -> str:
    return str(stamp.astype("datetime64[D]"))
