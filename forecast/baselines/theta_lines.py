"""The Theta models of Fiorucci et al. (2016) as one recursion, over the lanes of a block at once.

With n values seen, the next one's mean is

    mu = level + (1 - 1 / theta) * (intercept * (1 - alpha)**n + slope * (1 - (1 - alpha)**(n + 1)) / alpha)

with the level of simple exponential smoothing, and intercept and slope of the line through all values (static), or
through the n seen (dynamic). Fiorucci, Pellegrini, Louzada, Petropoulos and Koehler (2016), *Models for optimising the
theta method and their relationship to state space models*.

Given alpha, the errors are linear in the first level and in the weight 1 - 1 / theta. Both are solved for, so that
alpha is all that is searched.
"""

from typing import NamedTuple

import numpy as np

from forecast.baselines.lanes import Lanes
from forecast.baselines.line_search import lowest

ALPHA = (0.1, 0.99)
SKIPPED = 3  # first errors that do not count, as a line through so few is mostly noise
_STANDARD = 0.5  # weight of theta = 2


class Fitted(NamedTuple):
    """Parameters of the lanes, each (S); intercept and slope are of the static line, 0 where it is dynamic."""

    alpha: np.ndarray
    weight: np.ndarray  # 1 - 1 / theta
    level: np.ndarray  # before the first value
    intercept: np.ndarray
    slope: np.ndarray


class State(NamedTuple):
    """What is known after n values, each (..., S)."""

    level: np.ndarray
    mean: np.ndarray
    intercept: np.ndarray
    slope: np.ndarray
    decay: np.ndarray  # (1 - alpha)**n

    def drift(self, alpha: np.ndarray) -> np.ndarray:
        """What a weight of one adds to the next value's mean."""
        return self.intercept * self.decay + self.slope * (1 - self.decay * (1 - alpha)) / alpha


def line(lanes: Lanes) -> tuple[np.ndarray, np.ndarray]:
    """(S) intercept at time 0 and slope of the least squares line through each lane, whose times are 1 .. T."""
    length = lanes.lengths.astype(np.float64)
    mean = lanes.total(lanes.values) / length
    away = (np.arange(1, len(lanes.values) + 1)[:, None] - (length + 1) / 2) * (lanes.values - mean)
    slope = 12 * lanes.total(away) / np.maximum(length * (length**2 - 1), 1.0)
    return mean - slope * (length + 1) / 2, slope


def fitted(lanes: Lanes, *, dynamic: bool, optimised: bool) -> Fitted:
    """The parameters of least squared error; theta is 2 unless ``optimised``, alpha from 0.1 to 0.99, theta from 1."""
    n_lanes = len(lanes.lengths)
    intercept, slope = (np.zeros(n_lanes), np.zeros(n_lanes)) if dynamic else line(lanes)

    def solved(alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        moments = _moments(lanes, alpha, (intercept, slope), dynamic)
        return _solved(*moments, optimised=optimised)

    alpha = lowest(lambda candidates: solved(candidates)[0], *ALPHA, n_lanes)
    _, above, weight = (part[0] for part in solved(alpha[None]))
    return Fitted(alpha, weight, lanes.values[0] + above, intercept, slope)


def followed(lanes: Lanes, found: Fitted, *, dynamic: bool) -> tuple[State, np.ndarray]:
    """The state after each lane's last value, and (S) the variance of its one-step errors."""
    state = _begin(lanes.values[0], found.alpha, found.level, (found.intercept, found.slope), dynamic)
    squares = np.zeros(len(lanes.lengths))
    for time, count in enumerate(lanes.active.tolist()[1:], 1):
        alpha = found.alpha[:count]
        some = State(*(part[:count] for part in state))
        value = lanes.values[time, :count]
        if time >= SKIPPED:
            squares[:count] += (value - some.level - found.weight[:count] * some.drift(alpha)) ** 2
        for part, new in zip(state, _next(some, value, alpha, time, dynamic), strict=True):
            part[:count] = new
    return state, squares / np.maximum(lanes.lengths - SKIPPED, 1)


def continued(
    state: State, found: Fitted, lengths: np.ndarray, horizon: int, *, dynamic: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (S, H), and (S, H) the variance of its error when that of one step is 1.

    A forecast h steps ahead is the recursion with earlier forecasts in place of values. It is linear in them, so that
    what an error at step j adds to the mean of step h is the recursion's answer to a one there: all H answers are
    followed beside the mean.
    """
    n_lanes = len(lengths)
    beside = State(*(np.concatenate([part[None], np.zeros((horizon, n_lanes))]) for part in state))
    beside = beside._replace(decay=np.repeat(state.decay[None], horizon + 1, axis=0))
    mean, variance = np.empty((n_lanes, horizon)), np.empty((n_lanes, horizon))
    for step in range(horizon):
        value = beside.level + found.weight * beside.drift(found.alpha)  # (1 + H, S)
        mean[:, step] = value[0]
        variance[:, step] = 1 + np.add.accumulate(value[1:] ** 2, axis=0)[-1]
        value[1 + step] += 1
        beside = _next(beside, value, found.alpha, lengths + step, dynamic)
    return mean, variance


def _begin(
    first: np.ndarray, alpha: np.ndarray, level: np.ndarray, static: tuple[np.ndarray, np.ndarray], dynamic: bool
) -> State:
    """The state after the first value (S); new arrays."""
    intercept, slope = (first, np.zeros_like(first)) if dynamic else static
    level = alpha * first + (1 - alpha) * level
    return State(level, first.copy(), intercept.copy(), slope.copy(), 1 - alpha)


def _next(state: State, value: np.ndarray, alpha: np.ndarray, seen: int | np.ndarray, dynamic: bool) -> State:
    """The state after one more ``value``, ``seen`` of them having come before."""
    level = state.level + alpha * (value - state.level)
    decay = state.decay * (1 - alpha)
    if not dynamic:
        return state._replace(level=level, decay=decay)
    mean, slope = _next_line(state.mean, state.slope, value, seen)
    return State(level, mean, mean - slope * (seen + 2) / 2, slope, decay)


def _next_line(
    mean: np.ndarray, slope: np.ndarray, value: np.ndarray, seen: int | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and slope of the line through one more value."""
    slope = ((seen - 1) * slope + 6 * (value - mean) / (seen + 1)) / (seen + 2)
    return (seen * mean + value) / (seen + 1), slope


Moments = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _moments(lanes: Lanes, alpha: np.ndarray, static: tuple[np.ndarray, np.ndarray], dynamic: bool) -> Moments:
    """Sums (K, S) over the errors that count, for each candidate ``alpha`` (K, S).

    With the first level at the first value and a weight of zero an error is r; it is r - d x - w z with the level
    higher by d and weight w. The sums are of rr, rx, rz, xx, xz and zz.
    """
    kept = 1 - alpha
    per_alpha = 1 / alpha
    values = lanes.values
    mean, slope = values[0].copy(), np.zeros(len(lanes.lengths))
    intercept = mean
    if not dynamic:
        intercept, slope = static
    level = np.repeat(values[:1], len(alpha), axis=0)
    decay = kept.copy()
    sums = np.zeros((6, *alpha.shape))
    for time, count in enumerate(lanes.active.tolist()[1:], 1):
        some = np.s_[:, :count]
        value = values[time, :count]
        error = value - level[some]
        x = decay[some]
        if time >= SKIPPED:
            z = intercept[:count] * x + slope[:count] * per_alpha[some] * (1 - x * kept[some])
            for total, product in zip(sums, (error * error, error * x, error * z, x * x, x * z, z * z), strict=True):
                total[some] += product
        level[some] += alpha[some] * error
        decay[some] *= kept[some]
        if dynamic:
            mean[:count], slope[:count] = _next_line(mean[:count], slope[:count], value, time)
            intercept = mean - slope * (time + 2) / 2
    return tuple(sums)


def _solved(
    rr: np.ndarray,
    rx: np.ndarray,
    rz: np.ndarray,
    xx: np.ndarray,
    xz: np.ndarray,
    zz: np.ndarray,
    *,
    optimised: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Least sum of squares, the d and the w that give it, for each candidate; w from 0 to 1, 1/2 where it is free."""
    weight = np.full_like(rr, _STANDARD)
    if optimised:
        apart = xx * zz - xz * xz
        told = apart > 1e-10 * xx * zz
        weight = np.where(told, np.clip((xx * rz - xz * rx) / np.where(told, apart, 1.0), 0.0, 1.0), weight)
    above = np.where(xx > 0, (rx - weight * xz) / np.where(xx > 0, xx, 1.0), 0.0)
    least = rr - 2 * above * rx - 2 * weight * rz + above**2 * xx + 2 * above * weight * xz + weight**2 * zz
    return np.maximum(least, 0.0), above, weight
