"""Many small minimisations within bounds at once, each as if it were alone."""

from typing import NamedTuple, Protocol, Self

import numpy as np

_PAIRS = 20  # steps remembered
_ARMIJO = 1e-4
_SHORTEST = 1e-8  # step at which a lane gives up


class Objective(Protocol):
    """A function of (P, S) whose lanes have nothing to do with each other."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """(S) at ``x`` (P, S)."""
        ...

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """(P, S) at the ``x`` of the last ``value``."""
        ...

    def take(self, which: np.ndarray) -> Self:
        """The lanes of these ascending indices."""
        ...


class Minimum(NamedTuple):
    """What was reached."""

    x: np.ndarray  # (P, S)
    value: np.ndarray  # (S)
    converged: np.ndarray  # (S)


def minimise(
    objective: Objective,
    start: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
    scale: np.ndarray,
    tolerance: np.ndarray,
    *,
    reach: np.ndarray,
    evaluations: int = 200,
) -> Minimum:
    """The minimum of each lane by a projected limited-memory quasi-Newton method (L-BFGS).

    A lane that has converged is frozen, and taken out when a quarter of all are, so none changes what another reaches.

    Args:
        objective: what to minimise.
        start: (P, S).
        bounds: lowest and highest (P, S); a parameter whose two are the same is fixed.
        scale: (P, S) what the inverse of the second derivative is about.
        tolerance: (S) a lane has converged when a step promises and brings less.
        reach: (P) no step is tried that changes a parameter by more: a step to a bound may be a trap.
        evaluations: at most so many of the objective; lanes that need more have not converged.
    """
    lanes = np.arange(start.shape[1])
    result = Minimum(start.copy(), np.full(len(lanes), np.inf), np.zeros(len(lanes), dtype=bool))
    low, high = bounds
    x = start
    value = objective.value(x)
    slope = objective.gradient(x)
    memory = _Memory([], [], [], np.ones(len(lanes)))
    way = _direction(x, slope, low, high, scale, memory)
    length = _within(reach, way)
    done = ~np.isfinite(value)
    for _ in range(evaluations):
        trial = np.clip(x + length * way, low, high)
        new = objective.value(trial)
        new_slope = objective.gradient(trial)
        step = trial - x
        promised = -_dot(slope, step)
        with np.errstate(invalid="ignore"):
            better = (new <= value - _ARMIJO * promised) & (promised >= 0) & np.isfinite(new) & ~done
            better &= np.isfinite(new_slope).all(axis=0)
            gained = value - new
            bend = np.where(np.isfinite(gained), 0.5 * promised / (promised - gained), 0.1)
        memory = memory.with_pair(step * better, np.where(better & (step != 0), new_slope - slope, 0.0), scale)
        x = np.where(better, trial, x)
        value = np.where(better, new, value)
        slope = np.where(better, new_slope, slope)
        way = np.where(better, _direction(x, slope, low, high, scale, memory), way)
        length = np.where(better, _within(reach, way), length * np.clip(np.nan_to_num(bend, nan=0.1), 0.1, 0.5))
        still = better & (gained < tolerance) & (-_dot(slope, way) < tolerance)
        settled = still | (~better & (promised < tolerance) & (length < _SHORTEST))
        done |= still | (length < _SHORTEST)
        result.x[:, lanes], result.value[lanes] = x, value
        result.converged[lanes] |= settled
        if done.all():
            break
        if done.mean() > 0.25 and len(lanes) > 8:
            keep = _kept(done)
            lanes, done, length, value, tolerance = (one[keep] for one in (lanes, done, length, value, tolerance))
            x, slope, way, low, high, scale = (one[:, keep] for one in (x, slope, way, low, high, scale))
            memory, objective = memory.take(keep), objective.take(keep)
    return result


class _Memory(NamedTuple):
    """The last steps, and by how much the slope changed with each."""

    steps: list[np.ndarray]  # (P, S) each
    changes: list[np.ndarray]  # (P, S) each
    curvatures: list[np.ndarray]  # (S) one over step times change; 0 for a pair to be passed over
    stretch: np.ndarray  # (S) of the scale, from the last pair

    def with_pair(self, step: np.ndarray, change: np.ndarray, scale: np.ndarray) -> "_Memory":
        product, square = _dot(step, change), _dot(change, scale * change)
        with np.errstate(divide="ignore", invalid="ignore"):
            good = product > 1e-12 * np.sqrt(_dot(step, step / scale) * square)
            inverse = np.where(good, 1 / product, 0.0)
            stretch = np.where(good, product / square, self.stretch)
        steps, changes = [*self.steps, step], [*self.changes, change]
        return _Memory(steps[-_PAIRS:], changes[-_PAIRS:], [*self.curvatures, inverse][-_PAIRS:], stretch)

    def take(self, which: np.ndarray) -> "_Memory":
        return _Memory(
            [one[:, which] for one in self.steps],
            [one[:, which] for one in self.changes],
            [one[which] for one in self.curvatures],
            self.stretch[which],
        )


def _direction(
    x: np.ndarray, slope: np.ndarray, low: np.ndarray, high: np.ndarray, scale: np.ndarray, memory: _Memory
) -> np.ndarray:
    """(P, S) the way down, along no bound that stops it (Nocedal and Wright, 2006, algorithm 7.4)."""
    at_low, at_high = x <= low, x >= high
    free = ~((at_low & (slope > 0)) | (at_high & (slope < 0)))
    steepest = np.where(free, slope, 0.0)
    way = steepest.copy()
    shares = []
    pairs = list(zip(memory.steps, memory.changes, memory.curvatures, strict=True))
    for step, change, curvature in reversed(pairs):
        shares.append(curvature * _dot(step, way))
        way -= shares[-1] * change
    way *= scale * memory.stretch
    for (step, change, curvature), share in zip(pairs, reversed(shares), strict=True):
        way += (share - curvature * _dot(change, way)) * step
    way = -np.where(free, way, 0.0)
    way[(at_low & (way < 0)) | (at_high & (way > 0))] = 0.0
    down = _dot(way, slope) < 0
    return np.where(down, way, -steepest * scale * memory.stretch)


def _within(reach: np.ndarray, way: np.ndarray) -> np.ndarray:
    """(S) the part of ``way`` that changes no parameter by more than ``reach``, at most all of it."""
    limit = np.ones(way.shape[1])
    for most, row in zip(reach.tolist(), np.abs(way), strict=True):
        if np.isfinite(most):
            np.minimum(limit, most / np.maximum(row, most), out=limit)
    return limit


def _dot(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """(S) the sum over the parameters of each lane, in their order."""
    total = np.zeros(left.shape[1])
    for row in left * right:
        total += row
    return total


def _kept(done: np.ndarray) -> np.ndarray:
    """Ascending indices of the lanes that go on, filled up with others to a multiple of eight."""
    going = np.flatnonzero(~done)
    others = np.flatnonzero(done)[: -len(going) % 8]
    return np.sort(np.concatenate([going, others]))
