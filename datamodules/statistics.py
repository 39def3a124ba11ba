"""Statistics of the target's training rows, of all series at once."""

from typing import Final, NamedTuple

import numpy as np

from datamodules.errors import one_of
from datamodules.panel import Panel
from datamodules.split import Part

_ROUNDING: Final = 2 * np.finfo(np.float64).eps  # a scale below this share of the level is none
_SEARCHED: Final = (-1.0, 2.0)  # powers
_GOLDEN: Final = (5**0.5 - 1) / 2


class Rows(NamedTuple):
    """The observed values of one target in the training rows, one series after the other."""

    values: np.ndarray  # (V)
    edges: np.ndarray  # (N+1) where each series begins

    @property
    def counts(self) -> np.ndarray:
        """(N) values of each series."""
        return np.diff(self.edges)

    def joined(self) -> "Rows":
        """The same as if of one series."""
        return Rows(self.values, np.array([0, len(self.values)]))

    def reduce(self, operation: np.ufunc, values: np.ndarray) -> np.ndarray:
        """(N) ``values`` (V) of each series added up, or what else ``operation`` does; NaN for a series without any."""
        found, some = np.full(len(self.counts), np.nan), self.counts > 0
        if some.any():
            found[some] = operation.reduceat(values, self.edges[:-1][some])
        return found

    def spread(self, each: np.ndarray) -> np.ndarray:
        """(V) what there is for each series (N), at each of its values."""
        return np.repeat(each, self.counts)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """(N) the mean of ``values`` (V), exact where they are all the same."""
        first = np.full(len(self.counts), np.nan)
        first[self.counts > 0] = values[self.edges[:-1][self.counts > 0]]
        return first + self.reduce(np.add, values - self.spread(first)) / np.maximum(self.counts, 1)


def training_rows(panel: Panel, part: Part) -> list[Rows]:
    """What is observed in a part, a Rows for each target."""
    series = panel.series_of_row
    rows = np.arange(len(panel.target))
    used = ((rows >= part.begin[series]) & (rows < part.stop[series]))[:, None] & panel.observed
    edges = [np.concatenate([[0], np.cumsum(np.bincount(series[each], minlength=panel.n_series))]) for each in used.T]
    return [Rows(panel.target[used[:, index], index], each) for index, each in enumerate(edges)]


def fit_rows(kind: str, panel: Panel, part: Part, *, per: str) -> tuple[np.ndarray, np.ndarray]:
    """(loc, scale), each (N, D), from the observed target rows of a part: per ``series``, or for the ``panel`` at once.

    A series without rows in the part gets the statistics of the whole part; one without variation gets its level as
    scale, or 1 when that is 0.
    """
    one_of("scaling", kind, ("none", "mean_abs", "standard", "minmax", "robust"))
    one_of("per", per, ("series", "panel"))
    loc, scale = np.zeros((panel.n_series, panel.target.shape[1])), np.ones((panel.n_series, panel.target.shape[1]))
    if kind == "none":
        return loc, scale
    for target, rows in enumerate(training_rows(panel, part)):
        loc[:, target], scale[:, target] = _usable(*location_and_scale(kind, rows.joined()))
        some = rows.counts > 0
        if per == "series":
            own = _usable(*location_and_scale(kind, rows))
            loc[some, target], scale[some, target] = own[0][some], own[1][some]
    return loc, scale


def _usable(loc: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    level = np.where(loc == 0, 1.0, np.abs(loc))
    usable = np.where(scale > 0, scale, level)
    empty = np.isnan(loc)
    return np.where(empty, 0.0, loc), np.where(empty, 1.0, usable)


def location_and_scale(kind: str, rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """(loc, scale), each (N): NaN for a series without values, scale 0 for one without variation."""
    if kind == "robust":
        low, loc, high = quantiles(rows, (0.25, 0.5, 0.75))
        scale = high - low
    elif kind == "minmax":
        loc = rows.reduce(np.minimum, rows.values)
        scale = rows.reduce(np.maximum, rows.values) - loc
    else:
        loc = rows.mean(rows.values)
        deviation = np.abs(rows.values - rows.spread(loc))
        scale = np.sqrt(rows.mean(deviation**2)) if kind == "standard" else rows.mean(deviation)
    return loc, np.where(scale > _ROUNDING * np.abs(loc), scale, scale * 0)


def quantiles(rows: Rows, shares: tuple[float, ...]) -> np.ndarray:
    """(len(shares), N) the quantiles of each series, between values on a line; NaN for a series without any.

    Series of about the same length are sorted together, as rows of one block: there are some tens of blocks at most.
    """
    found = np.full((len(shares), len(rows.counts)), np.nan)
    some = np.flatnonzero(rows.counts)
    size = np.ceil(np.log2(rows.counts[some]))
    for one in np.unique(size):
        members = some[size == one]
        counts = rows.counts[members]
        step = np.arange(counts.max())
        places = np.minimum(rows.edges[members][:, None] + step, len(rows.values) - 1)
        block = np.where(step < counts[:, None], rows.values[places], np.inf)
        block.sort(axis=1)
        each = np.arange(len(members))
        for index, share in enumerate(shares):
            position = share * (counts - 1)
            below = np.floor(position).astype(np.int64)
            low, high = block[each, below], block[each, np.minimum(below + 1, counts - 1)]
            found[index, members] = low + (high - low) * (position - below)
    return found


def box_cox(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """(power, level), each (N): the power of Box and Cox (1964) by maximum likelihood, and the log geometric mean.

    The power is searched from -1 to 2, for all series at once by golden sections; it is never 0 (that is 1e-6 then).
    NaN for a series of fewer than three values or without variation.
    """
    logs = np.log(rows.values)
    level = rows.mean(logs)
    logs = logs - rows.spread(level)

    def unlikely(power: np.ndarray) -> np.ndarray:
        bent = np.expm1(logs * rows.spread(power))
        counts = np.maximum(rows.counts, 1)
        mean, square = rows.reduce(np.add, bent) / counts, rows.reduce(np.add, bent**2) / counts
        variance = np.maximum(square - mean**2, np.finfo(np.float64).tiny)  # the logs lie around 0: no digits are lost
        return np.log(variance) - 2 * np.log(np.abs(power))

    low, high = (np.full(len(level), end) for end in _SEARCHED)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = unlikely(left), unlikely(right)
    for _ in range(25):
        lower = at_left < at_right
        low, high = np.where(lower, low, left), np.where(lower, right, high)
        new = np.where(lower, high - _GOLDEN * (high - low), low + _GOLDEN * (high - low))
        at_new = unlikely(new)
        left, right = np.where(lower, new, right), np.where(lower, left, new)
        at_left, at_right = np.where(lower, at_new, at_right), np.where(lower, at_left, at_new)
    power = (low + high) / 2
    power = np.where(np.abs(power) < 1e-6, 1e-6, power)
    poor = (rows.counts < 3) | ~(rows.reduce(np.maximum, np.abs(logs)) > _ROUNDING)
    return np.where(poor, np.nan, power), np.where(poor, np.nan, level)
