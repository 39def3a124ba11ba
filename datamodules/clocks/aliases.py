"""The names of frequencies: pandas' offset aliases, one spelling for each clock."""

import warnings
from typing import Final

import pandas as pd

from datamodules.errors import InputError

MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_OLD: Final = {
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
_PLAIN: Final = {"bh": "h", "cbh": "h", "C": "B", "CBMS": "BMS", "CBME": "BME"}  # what to say for what has no alias


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
    if offset is not None and offset.rule_code in _PLAIN:
        raise InputError(
            f"frequency {freq!r} is not usable, since its holidays and hours are not in its name; expected one such as "
            f"{_PLAIN[offset.rule_code]!r}, on which stamps without a row count as not observed. Give that."
        )
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


def in_days(freq: str) -> bool:
    """Whether steps are days or longer, so that stamps are days of a place, not moments."""
    offset = offset_of(freq)
    return isinstance(offset, pd.offsets.Day) or not isinstance(offset, pd.offsets.Tick)


def canonical(freq: str) -> str:
    """The one spelling of a frequency, which ``infer_freq`` uses too.

    Example:
        >>> canonical("60min"), canonical("1.5h"), canonical("24h"), canonical("W"), canonical("QE-JAN")
        ('h', '90min', '24h', 'W-SUN', 'QE-OCT')
    """
    offset, length = offset_of(freq), fixed_length(freq)
    if length is not None and not in_days(freq):
        return tick_alias(length.value // 1000)
    name, _, month = offset.rule_code.partition("-")
    if name in ("QS", "QE", "BQS", "BQE"):
        return month_alias(3 * offset.n, name.replace("Q", ""), MONTHS.index(month) + 1)
    return str(offset.freqstr)


def tick_alias(micros: int) -> str:
    """The alias of a step of so many microseconds, in hours at most."""
    for unit, size in (("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1000)):
        if micros % size == 0:
            return counted_alias(micros // size, unit)
    return counted_alias(micros, "us")


def counted_alias(count: int, unit: str) -> str:
    """The alias of so many units: (2, "h") -> ``2h``, (1, "h") -> ``h``."""
    return unit if count == 1 else f"{count}{unit}"


def month_alias(months: int, edge: str, month: int) -> str:
    """The alias of a step of so many months: (3, "E", 12) -> ``QE-DEC``.

    Args:
        months: the length of the step.
        edge: ``S``, ``E``, ``BS`` or ``BE``: the first or last (business) day of a month.
        month: the number of any month on the clock.
    """
    business, side = edge[:-1], edge[-1]
    if months % 12 == 0:
        return counted_alias(months // 12, f"{business}Y{side}-{MONTHS[month - 1]}")
    if months % 3 == 0:
        named = (month - 1) % 3 + (9 if side == "E" else 0)  # quarters are named after JAN..MAR, or OCT..DEC
        return counted_alias(months // 3, f"{business}Q{side}-{MONTHS[named]}")
    return counted_alias(months, f"{business}M{side}")
