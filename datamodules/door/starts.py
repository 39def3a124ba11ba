"""Series that say only when they start -> a stamp for each of their values."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from datamodules.clock import Clock, fixed_length, offset_of
from datamodules.door.cells import place
from datamodules.door.shapes import told
from datamodules.errors import InputError
from datamodules.layout import Layout, said


def stamped(starts: pd.Series, lengths: np.ndarray, freq: str | int) -> tuple[np.ndarray, str | int]:
    """The stamp of each value, and the frequency, of series that start at ``starts`` and last ``lengths`` steps.

    A start is moved to where its period stands on the clock: of days to midnight, of months, quarters and years to the
    beginning (``MS``) or the end (``ME``), of weeks to the day they are named by. ``W``, ``QS`` and ``YS`` are named by
    the starts where these agree: ``W-TUE``.

    Args:
        starts: (N) datetime64 or whole numbers; the index says where they stand in the file.
        lengths: (N) values of each series.
        freq: a pandas offset alias, or an integer step where starts are whole numbers.

    Raises:
        InputError: when the starts do not lie on one clock.

    Example:
        >>> days = pd.Series(pd.to_datetime(["2024-01-15", "2024-02-01"]))
        >>> stamped(days, np.array([2, 1]), "MS")[0].astype("datetime64[D]").tolist()
        [datetime.date(2024, 1, 1), datetime.date(2024, 2, 1), datetime.date(2024, 2, 1)]
    """
    whole = pd.api.types.is_integer_dtype(starts)
    if whole != isinstance(freq, int):
        kind, wanted = ("whole numbers", "an integer") if whole else ("dates", "an offset such as 'h' or 'D'")
        raise InputError(f"series start at {kind}, but freq is {freq!r}; expected {wanted}. Say another freq.")
    times = starts.to_numpy()
    if not isinstance(freq, int):
        freq = _anchored(starts, freq)
        times = _moved(pd.DatetimeIndex(starts), freq)
    first = times.min()
    clock = Clock(freq, int(first) if whole else pd.Timestamp(first))
    positions = clock.positions(times)
    if (positions < 0).any():
        off, begin = int((positions < 0).argmax()), int(times.argmin())
        raise InputError(
            f"the start {told(times[off])} in {place(starts.index, off)} is not whole steps of freq {freq!r} after "
            f"{told(times[begin])} in {place(starts.index, begin)}; expected one clock. Correct it or say another freq."
        )
    ends = np.cumsum(lengths)
    steps = np.arange(ends[-1]) - np.repeat(ends - lengths, lengths)
    return clock.stamps(np.repeat(positions, lengths) + steps), freq


def refuse_zone(layout: Layout, path: Path) -> None:
    """Raise InputError when a zone is said for a file whose series count steps from their start."""
    if said(layout).get("zone"):
        raise InputError(
            f"zone is {layout['zone']!r}, but the series of {path} have only a start, from which they count steps; "
            "expected a stamp for each value. Leave zone out."
        )


def _anchored(starts: pd.Series, freq: str) -> str:
    """The frequency with the weekday or month that the starts share, where it names none itself."""
    unit = re.fullmatch(r"\d*(W|QS|YS)", freq)
    if not unit:
        return freq
    if unit[1] == "W":
        days = starts.dt.day_name()
        other = int((days != days.iloc[0]).to_numpy().argmax())
        if other:
            raise InputError(
                f"weekly series start on {days.iloc[0]} in {place(starts.index, 0)}, but on {days.iloc[other]} in "
                f"{place(starts.index, other)}; expected one weekday. Say the one that ends all weeks (--freq W-SUN)."
            )
        return f"{freq}-{days.iloc[0][:3].upper()}"
    months = (starts.dt.month - 1) % (3 if unit[1] == "QS" else 12) + 1
    shared = int(months.iloc[0]) if (months == months.iloc[0]).all() else 1
    return f"{freq}-{pd.Timestamp(2000, shared, 1).month_name()[:3].upper()}"


def _moved(starts: pd.DatetimeIndex, freq: str) -> np.ndarray:
    """The starts, each where its period stands on the clock."""
    offset = offset_of(freq)
    if fixed_length(freq) is not None:
        return (starts.normalize() if isinstance(offset, pd.offsets.Day) else starts).to_numpy()
    days = starts.normalize()
    rule = offset.rule_code.split("-")[0]
    if rule not in ("W", "MS", "QS", "YS", "ME", "QE", "YE"):
        return days.to_numpy()
    forward = days + 0 * offset
    back = forward - offset.base
    return np.where((forward > days) & rule.endswith("S"), back, forward)
