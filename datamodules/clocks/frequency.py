"""The frequency that stamps suggest, gaps tolerated; a question where they suggest several or none."""

from collections.abc import Callable
from typing import Final, NoReturn

import numpy as np
import pandas as pd

from datamodules.clocks.aliases import counted_alias, month_alias, tick_alias
from datamodules.errors import InputError

_DAY: Final = 86_400_000_000  # microseconds
_WEEKDAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


def infer_freq(times: np.ndarray, boundaries: np.ndarray) -> str | int:
    """The frequency on whose grid all stamps lie, gaps tolerated.

    The step is what all steps have in common, provided that it is itself usual among them: hours with holes are hours,
    but steps of two and three hours in turn are a question, not a clock of one hour. Stamps that are the first or last
    day of their months are months, and stamps that leave out every weekend are business days.

    Args:
        times: stamps or integers of all series end to end, ascending within a series.
        boundaries: (N+1) where each series begins in ``times``.

    Raises:
        InputError: when no regular clock fits, or two fit that differ in the next stamp.

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
        step = _common_step(np.diff(times)[within], str)
        _refuse_alone(int(within.sum()), [str(step)], "1")
        return step
    days = times.astype("datetime64[D]")
    if len(np.unique(times - days)) > 1:
        micros = _common_step(_micros(times)[within], _duration)
        alias = f"{micros // _DAY}D" if micros % _DAY == 0 else tick_alias(micros)
        _refuse_alone(int(within.sum()), [alias], alias.lstrip("0123456789"))
        return alias
    return _infer_days(days, within)


def _infer_days(days: np.ndarray, within: np.ndarray) -> str:
    """The frequency of stamps that have one time of day."""
    unique = np.unique(days)
    alone = int(within.sum())
    edge = _month_edge(unique)
    if edge:
        step = _common_step(np.diff(_month_number(days))[within], "{} months".format)
        alias = month_alias(step, edge, int(_month_number(unique[:1])[0] % 12 + 1))
        _refuse_alone(alone, [alias], alias.lstrip("0123456789"))
        return alias
    half = _half_month(unique)
    if half:
        return half
    day = pd.DatetimeIndex(unique).day
    if len(unique) > 1 and day.nunique() == 1:
        raise InputError(
            f"no frequency can be inferred: every stamp is day {day[0]} of its month. If these are months, move the "
            "stamps to their beginning or end; if not, say freq (--freq 30D)."
        )
    return _infer_weekdays(days, unique, within)


def _infer_weekdays(days: np.ndarray, unique: np.ndarray, within: np.ndarray) -> str:
    """The frequency of stamps that are a number of days, weeks or business days apart."""
    business = _business_step(days, unique, within)
    try:
        step = _common_step(_micros(days)[within], _duration) // _DAY
    except InputError:
        if business:
            return counted_alias(business, "B")
        raise
    if step % 7 == 0:
        alias = counted_alias(step // 7, f"W-{_WEEKDAYS[pd.Timestamp(unique[0]).day_of_week]}")
        _refuse_alone(int(within.sum()), [alias], alias.lstrip("0123456789"))
        return alias
    alias = counted_alias(step, "D")
    if business:
        if not np.is_busday(np.arange(unique[0], unique[-1] + 1, step)).all():
            return counted_alias(business, "B")  # days would have fallen on weekends, and none has
        if business != step or not np.is_busday(unique[-1] + step):  # the next stamp is another on each
            both = f"{alias!r} and {counted_alias(business, 'B')!r}"
            _refuse(f"the stamps fit both {both}, since they are too few to tell whether weekends are left out")
    _refuse_alone(int(within.sum()), [alias], "D")
    return alias


def _business_step(days: np.ndarray, unique: np.ndarray, within: np.ndarray) -> int:
    """The number of business days in the usual step, where all stamps are business days; otherwise 0."""
    if not np.is_busday(unique).all():
        return 0
    steps = np.busday_count(days[:-1][within], days[1:][within])
    values, counts = np.unique(steps, return_counts=True)
    shared = int(np.gcd.reduce(values))
    return shared if shared == values[counts.argmax()] else 0


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


def _refuse_alone(steps: int, found: list[str], unit: str) -> None:
    """Raise InputError when all that is known is one step, of several units: it may as well be a gap."""
    if steps == 1 and found[0] != unit:
        _refuse(f"the one step that there is fits {found[0]!r}, and {unit!r} with a gap")


def _refuse(reason: str) -> NoReturn:
    raise InputError(f"no frequency can be inferred: {reason}; say which it is with freq (--freq D).")


def _micros(times: np.ndarray) -> np.ndarray:
    return np.diff(times).astype("timedelta64[us]").astype(np.int64)


def _duration(micros: int) -> str:
    text = str(pd.Timedelta(micros, "us")).removesuffix(" 00:00:00").removeprefix("0 days ")
    return "1 day" if text == "1 days" else text


def _month_number(days: np.ndarray) -> np.ndarray:
    return days.astype("datetime64[M]").astype(np.int64)


def _month_edge(days: np.ndarray) -> str:
    """``S``, ``E``, ``BS`` or ``BE`` when all are the first or last (business) day of a month, else nothing."""
    month = days.astype("datetime64[M]")
    first, last = month.astype("datetime64[D]"), (month + 1).astype("datetime64[D]") - 1
    edges = {
        "S": first,
        "E": last,
        "BS": np.busday_offset(first, 0, roll="forward"),
        "BE": np.busday_offset(last, 0, roll="backward"),
    }
    return next((edge for edge, expected in edges.items() if (days == expected).all()), "")


def _half_month(days: np.ndarray) -> str:
    """``SMS-15`` or ``SME-15`` when days are the 15th and the first or last of a month, both in use; else nothing."""
    month = days.astype("datetime64[M]")
    first = month.astype("datetime64[D]")
    middle, last = days == first + 14, days == (month + 1).astype("datetime64[D]") - 1
    if len(days) < 3 or not middle.any():
        return ""
    edges = {"SMS-15": days == first, "SME-15": last}
    return next((alias for alias, edge in edges.items() if edge.any() and (middle | edge).all()), "")
