"""Which windows exist in a part of a panel, and why others do not."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from datamodules.errors import at_least
from datamodules.panel import Panel
from datamodules.split import Part


@dataclass(frozen=True, eq=False)
class Index:
    """Which windows exist in a part, and why others do not; a window is its cutoff row.

    Windows are kept as runs of rows a step apart, so that a thousand million of them take no more room than their
    series do.

    Attributes:
        first: (runs) first cutoff row of each run, ascending.
        count: (runs) windows of each run, at least one.
        step: rows between the windows of a run.
        dropped: reason -> windows that do not exist for it.
    """

    first: np.ndarray
    count: np.ndarray
    step: int
    dropped: dict[str, int]

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @cached_property
    def _ends(self) -> np.ndarray:
        return np.cumsum(self.count)

    @cached_property
    def rows(self) -> np.ndarray:
        """(W) all cutoff rows, ascending."""
        return _all(self.first, self.count, self.step)

    def at(self, places: np.ndarray) -> np.ndarray:
        """The cutoff rows at ``places`` (any shape) among all, without making the others."""
        run = np.searchsorted(self._ends, places, side="right")
        within = places - (self._ends[run] - self.count[run])
        rows: np.ndarray = self.first[run] + self.step * within
        return rows


def windows_in(panel: Panel, part: Part, *, context_length: int, horizon: int, stride: int = 1) -> Index:
    """The windows whose target rows all lie in ``part``, every ``stride``-th counted from its end.

    A window whose first target row lies in the part but cannot be used is counted under its reason. With a stride the
    ones between are no loss and not counted.
    """
    at_least("context_length", context_length, 1)
    at_least("horizon", horizon, 1)
    at_least("stride", stride, 1)
    begin, stop = part
    end = panel.last_rows + 1
    wanted = np.maximum(np.minimum(stop, end - horizon + 1) - begin, 0)  # a target fits before the series' end
    first = np.maximum(begin - 1, panel.offsets[:-1] + context_length - 1)
    crossing = np.maximum(np.minimum(stop, end - horizon + 1) - np.maximum(stop - horizon + 1, begin), 0)
    count = np.maximum(stop - horizon - first, 0)
    dropped = Counter(
        {
            "target crosses a border": int(crossing.sum()),
            "history shorter than the context": int((wanted - crossing - count).sum()),
        }
    )
    kept = -(-count // stride)
    first = stop - horizon - 1 - stride * (kept - 1)
    if not panel.complete:
        parts = []
        for chunk in panel.chunks():
            rows = _all(chunk.own(first) - chunk.row, chunk.own(kept), stride)
            blind, empty = _unobserved(chunk.panel, rows, context_length, horizon)
            dropped["nothing observed in the context"] += int(blind.sum())
            dropped["nothing observed in the target"] += int((empty & ~blind).sum())
            parts.append(runs_of(rows[~blind & ~empty] + chunk.row, stride))
        first, kept = (np.concatenate(each) for each in zip(*parts, strict=True))
    some = kept > 0
    return Index(first[some], kept[some], stride, {reason: number for reason, number in dropped.items() if number})


def _all(first: np.ndarray, count: np.ndarray, step: int) -> np.ndarray:
    """All rows of some runs."""
    ends = np.cumsum(count)
    rows: np.ndarray = np.repeat(first - step * (ends - count), count) + step * np.arange(int(count.sum()))
    return rows


def runs_of(rows: np.ndarray, step: int) -> tuple[np.ndarray, np.ndarray]:
    """First row and length of each run of ascending rows a step apart."""
    begins = np.flatnonzero(np.diff(rows, prepend=rows[:1] - 2 * step) != step)
    return rows[begins], np.diff(begins, append=len(rows))


def _unobserved(panel: Panel, rows: np.ndarray, context_length: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Whether nothing is observed in the context that ends at each of ``rows``, and in the target after it."""
    seen = np.concatenate([np.zeros((1, panel.target.shape[1]), np.int64), np.cumsum(panel.observed, axis=0)])
    blind = (seen[rows + 1] == seen[rows + 1 - context_length]).any(axis=1)
    empty = (seen[rows + 1 + horizon] == seen[rows + 1]).all(axis=1)
    return blind, empty
