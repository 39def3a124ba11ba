"""Fewer windows than there are: the most recent ones, or some drawn at random; fewer are always among more."""

from dataclasses import replace
from typing import Final

import numpy as np

from datamodules.errors import InputError, one_of
from datamodules.index import Index, runs_of
from datamodules.order import shuffled
from datamodules.panel import Panel

DRAWS: Final = ("recent", "random")
_STREAM: Final = 1  # of the seed: another one than those of the order of windows


def drawn(index: Index, panel: Panel, *, windows: int, draw: str = "recent", seed: int = 0) -> Index:
    """The index of ``windows`` of its windows; those left out are counted under a reason of their own.

    Of one panel, and one seed where they are drawn at random, a smaller number is a subset of any larger one.

    Args:
        index: windows of ``panel``.
        panel: says on which stamp a window's cutoff lies.
        windows: how many; 0 for all.
        draw: ``recent`` for the latest cutoffs, of equal ones those of the series that stand first; or ``random``.
        seed: of the random ones.

    Raises:
        InputError: when there are fewer; it says how many there are.
    """
    one_of("draw", draw, DRAWS)
    count = len(index)
    if windows in (0, count) or not count:
        return index  # one without any is refused for what it lacks
    if windows > count:
        raise InputError(
            f"windows is {windows}; there are {count} windows to train on. Ask for at most {count}, or 0 for all."
        )
    first, kept = _recent(index, panel, windows) if draw == "recent" else _random(index, windows, seed)
    reason = f"older than the {windows} most recent" if draw == "recent" else f"not among the {windows} drawn"
    return replace(index, first=first, count=kept, dropped={**index.dropped, reason: count - windows})


def _recent(index: Index, panel: Panel, windows: int) -> tuple[np.ndarray, np.ndarray]:
    """First row and length of the runs of the latest windows by the clock."""
    series = np.searchsorted(panel.offsets, index.first, side="right") - 1
    begin = index.first - panel.offsets[series] + panel.start[series]
    last = begin + index.step * (index.count - 1)

    def since(position: int) -> np.ndarray:
        """Windows of each run at or after a clock position."""
        return np.clip((last - position) // index.step + 1, 0, index.count)

    low, high = int(begin.min()), int(last.max()) + 1  # enough windows since low, too few since high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if since(middle).sum() >= windows else (low, middle)
    kept = since(high)
    at_border = since(low) - kept
    kept += at_border * (np.cumsum(at_border) <= windows - kept.sum())
    some = kept > 0
    return (index.first + index.step * (index.count - kept))[some], kept[some]


def _random(index: Index, windows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """First row and length of the runs of the windows at the first places of an order that follows from ``seed``."""
    sequence = np.random.SeedSequence(seed, spawn_key=(_STREAM,))
    places = shuffled(np.arange(windows), len(index), sequence)
    return runs_of(index.at(np.sort(places)), index.step)
