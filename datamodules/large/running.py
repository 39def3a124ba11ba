"""Running sums within series."""

import math

import numpy as np


def running_sum(values: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(R, ...) the sum of ``values`` (R, ...) from each series' begin to each row; ``offsets`` (N+1) as in a Panel.

    Each series is added up by itself, so that none changes another's last bit: a series longer than the square root of
    R at once, of which there are not more than that root, and all others together, a row of each at a time.

    Example:
        >>> running_sum(np.array([1.0, 2.0, 10.0, 20.0]), np.array([0, 2, 4]))
        array([ 1.,  3., 10., 30.])
    """
    lengths = np.diff(offsets)
    running = np.array(values)
    limit = math.isqrt(len(values))
    for series in np.flatnonzero(lengths > limit).tolist():
        own = slice(offsets[series], offsets[series + 1])
        np.cumsum(values[own], axis=0, out=running[own])
    short = np.flatnonzero(lengths <= limit)
    short = short[np.argsort(-lengths[short], kind="stable")]
    alive = len(short) - np.searchsorted(lengths[short][::-1], np.arange(limit), side="right")  # longer than 0, 1 ...
    rows = offsets[:-1][short]
    for count in alive[1:][alive[1:] > 0].tolist():
        rows = rows[:count] + 1
        running[rows] += running[rows - 1]
    return running
