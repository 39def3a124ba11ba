"""Which windows exist in a part of a panel, and why others do not."""

from typing import NamedTuple

import numpy as np

from datamodules.errors import at_least
from datamodules.panel import Panel
from datamodules.split import Part


class Index(NamedTuple):
    """Which windows exist in a part, and why others do not."""

    rows: np.ndarray  # (W) cutoff rows, ascending
    dropped: dict[str, int]  # reason -> windows


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
    total = int(count.sum())
    rows = np.arange(total) + np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    dropped = {
        "target crosses a border": int(crossing.sum()),
        "history shorter than the context": int((wanted - crossing - count).sum()),
    }
    if stride > 1:
        rows = rows[(np.repeat(stop - horizon - 1, count) - rows) % stride == 0]
    if not panel.complete:
        seen = np.concatenate([np.zeros((1, panel.target.shape[1]), np.int64), np.cumsum(panel.observed, axis=0)])
        blind = (seen[rows + 1] == seen[rows + 1 - context_length]).any(axis=1)
        empty = (seen[rows + 1 + horizon] == seen[rows + 1]).all(axis=1)
        dropped["nothing observed in the context"] = int(blind.sum())
        dropped["nothing observed in the target"] = int((empty & ~blind).sum())
        rows = rows[~blind & ~empty]
    return Index(rows, {reason: number for reason, number in dropped.items() if number})
