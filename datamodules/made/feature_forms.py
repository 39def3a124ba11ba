"""How features are written: names of the calendar, ``24:2``, ``mean_24``, steps back."""

import re
from collections.abc import Sequence
from typing import Final

from datamodules.errors import InputError, one_of

AUTO: Final = "auto"
CALENDAR: Final = (
    *("minute", "hour", "dayofweek", "dayofmonth", "dayofyear", "weekofyear", "month", "quarter"),
    "is_weekend",
)
STATISTICS: Final = ("mean", "min", "max", "median")
_PAIRS: Final = re.compile(r"(\d+(?:\.\d+)?):(\d+)")
_ROLLING: Final = re.compile(rf"({'|'.join(STATISTICS)})_(\d+)")


def check_names(names: Sequence[str]) -> None:
    """Raise InputError unless ``names`` are of the calendar, or ``auto`` alone."""
    for name in names:
        one_of("calendar", name, (*CALENDAR, AUTO))
    if AUTO in names and len(names) > 1:
        raise InputError(f"calendar is {', '.join(names)}; expected auto alone, or names. Leave auto out.")


def read_pairs(text: str) -> tuple[float, int]:
    """The period in steps and the number of pairs in ``period:pairs``; raises InputError.

    Example:
        >>> read_pairs("365.25:3")
        (365.25, 3)
    """
    found = _PAIRS.fullmatch(text)
    if not found:
        hint = "Write it so, in quotes in YAML, which reads 24:2 as a number." if text.isdigit() else "Write it so."
        raise InputError(f"fourier {text!r} is not of the form period:pairs; expected one such as '24:2'. {hint}")
    period, pairs = float(found[1]), int(found[2])
    if pairs < 1 or 2 * pairs > period:
        raise InputError(
            f"fourier {text!r} has {pairs} pairs for a period of {period:g} steps; expected from 1 to half the period. "
            "Give another number."
        )
    return period, pairs


def read_rolling(text: str) -> tuple[str, int]:
    """The statistic and the number of steps in ``mean_24``; raises InputError.

    Example:
        >>> read_rolling("median_7")
        ('median', 7)
    """
    found = _ROLLING.fullmatch(text)
    if not found or int(found[2]) < 2:
        raise InputError(
            f"rolling {text!r} is not known; expected one of {', '.join(STATISTICS)} and a number of steps from 2 on, "
            "such as 'mean_24'. Write it so."
        )
    return found[1], int(found[2])


def check_lags(lags: Sequence[int]) -> None:
    """Raise InputError unless all lags are whole steps back."""
    for lag in lags:
        if not isinstance(lag, int) or isinstance(lag, bool) or lag < 1:
            hint = f"Give {-lag}." if isinstance(lag, int) and lag < 0 else "Give another."
            raise InputError(f"a lag is {lag!r}; expected a whole number of steps back, at least 1. {hint}")
