"""Exponential smoothing of many lanes at once: one-step errors, their likelihood, and its gradient by the adjoint.

With level l, trend b, season s, q = l + phi b and the error e = y - yhat of a step (Hyndman et al., 2008, table 2.2):

    N, A    yhat = q + s    l' = q + alpha e      b' = phi b + beta e      s' = s + gamma e
    W       yhat = q s      l' = q + alpha e / s  b' = phi b + beta e / s  s' = s + gamma e / q

M is W but for the season, which statsmodels' ``ETSModel`` moves as s' = s + gamma / (1 - alpha) (y / l' - s). Whether
errors are additive or multiplicative does not change the recursion, only the likelihood. A season is kept as a ring:
the term of time t stands in row t mod m, so that none has to be moved.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from forecast.baselines.lanes import Lanes
from forecast.baselines.recursion_steps import BACKWARD, FORWARD

_EXACT = 1e-26  # mean squared error below which a fit is perfect, of values about 1

ALPHA, BETA, GAMMA, PHI, LEVEL, TREND, SEASON = range(7)  # rows of the parameters; the season takes all from its row on


class Kind(NamedTuple):
    """What decides the arithmetic: ``error`` A or M, ``season`` N, A, M or W, of ``period`` steps (1 without)."""

    error: str
    season: str
    period: int


class Recursion:
    """A block of lanes to be smoothed with ever other parameters; its arrays are made once.

    Parameters are (6 + m, S): alpha / (1 - gamma), beta / alpha, gamma, phi, first level, first trend, first season; a
    form without trend or season has zeros there, one without damping phi = 1.
    """

    def __init__(self, lanes: Lanes, kind: Kind) -> None:
        self.lanes = lanes
        self.kind = kind
        shape = lanes.values.shape
        self._error, self._level = np.zeros(shape), np.zeros(shape)
        self._trend = np.zeros((shape[0] + 1, shape[1]))  # before each step, and after the last
        self._seasons = np.zeros(shape) if kind.season in "MW" else self._level
        self._fitted = self._level if kind.season == "N" else np.zeros(shape)
        self._relative = np.zeros(shape) if kind.error == "M" else self._error
        self._work = np.zeros((6, shape[1]))
        self.states = np.zeros((2 + kind.period, shape[1]))  # level, trend and season after the last value

    @property
    def fitted(self) -> np.ndarray:
        """(T, S) one-step forecasts of the last parameters; what stands after a lane's end means nothing."""
        return self._fitted

    @property
    def relative(self) -> np.ndarray:
        """(T, S) one-step errors as the likelihood takes them: e, or e / yhat; zeros after a lane's end."""
        return self._relative

    def deviance(self, params: np.ndarray) -> np.ndarray:
        """(S) half the log of the mean squared error, plus the mean log of what errors are relative to.

        Times -T that is the log-likelihood, but for the constant -T/2 (log(2 pi) + 1).
        """
        self._smooth(params)
        counts = self.lanes.lengths
        self._squares = np.maximum(self.lanes.total(np.square(self._relative)), counts * _EXACT)
        with np.errstate(divide="ignore", invalid="ignore"):
            value = 0.5 * np.log(self._squares / counts)
            if self.kind.error == "M":
                value += self.lanes.total(np.log(np.abs(self._fitted))) / counts
        return np.where(np.isfinite(self._squares), value, np.inf)

    def _smooth(self, params: np.ndarray) -> None:
        alpha, beta, gamma = weights_of(params, self.kind)
        self.states[:] = params[LEVEL:]
        ring = self.states[2:]
        self._trend[0] = params[TREND]
        step = FORWARD[self.kind.season]
        with np.errstate(all="ignore"):
            for begin, stop, count in stretches(self.lanes.active):
                own = slice(begin, stop), slice(count)
                weights = alpha[:count], beta[:count], gamma[:count], params[PHI, :count]
                rows = zip(
                    self.lanes.values[own],
                    self._error[own],
                    self._level[own],
                    self._trend[own],
                    self._trend[begin + 1 : stop + 1, :count],
                    self._seasons[own],
                    self._fitted[own],
                    strict=True,
                )
                states = [ring[slot, :count] for slot in range(self.kind.period)]
                step(rows, begin, weights, self.states[0, :count], states, self._work[:2, :count])
                if self.kind.error == "M":
                    np.divide(self._error[own], self._fitted[own], out=self._relative[own])
        self.states[1] = self._trend[self.lanes.lengths, np.arange(len(alpha))]

    def gradient(self, params: np.ndarray) -> np.ndarray:
        """The derivative of ``deviance``, which was called last with the same ``params``, by each of them."""
        alpha, beta, gamma = weights_of(params, self.kind)
        result = np.zeros_like(params)
        back = BACKWARD[self.kind.season]
        scale = -1 / self._squares
        counts = 1 / self.lanes.lengths
        with np.errstate(all="ignore"):
            for begin, stop, count in reversed(list(stretches(self.lanes.active))):
                own = slice(begin, stop), slice(count)
                weights = alpha[:count], beta[:count], gamma[:count], params[PHI, :count]
                rows = zip(
                    self._error[own][::-1],
                    self._level[own][::-1],
                    self._trend[own][::-1],
                    self._seasons[own][::-1],
                    self._slopes(own, scale[:count], counts[:count])[::-1],
                    strict=True,
                )
                rings = [result[SEASON + slot, :count] for slot in range(self.kind.period)]
                back(rows, stop - 1, weights, [one[:count] for one in result[:SEASON]], rings, self._work[:, :count])
        by_alpha, by_beta, by_gamma = result[:3].copy()
        by_alpha += params[BETA] * by_beta
        if self.kind.season == "M":
            by_gamma /= 1 - alpha
            by_alpha += gamma * by_gamma
        result[ALPHA] = (1 - params[GAMMA]) * by_alpha
        result[BETA] = alpha * by_beta
        result[GAMMA] = by_gamma - params[ALPHA] * by_alpha
        return result

    def _slopes(self, own: tuple[slice, slice], scale: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The derivative of the deviance by each fitted value, the states held."""
        relative = self._relative[own]
        if self.kind.error == "A":
            return relative * scale
        return (scale * relative * (1 + relative) + counts) / self._fitted[own]


def weights_of(params: np.ndarray, kind: Kind) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(S) each: what the steps weigh an error with."""
    gamma = params[GAMMA]
    alpha = params[ALPHA] * (1 - gamma)
    return alpha, alpha * params[BETA], gamma / (1 - alpha) if kind.season == "M" else gamma


def stretches(active: np.ndarray) -> Iterator[tuple[int, int, int]]:
    """Times in which the same number of lanes goes on: begin, stop and how many.

    Example:
        >>> list(stretches(np.array([8, 8, 3])))
        [(0, 2, 8), (2, 3, 3)]
    """
    edges = [0, *(np.flatnonzero(np.diff(active)) + 1).tolist(), len(active)]
    for begin, stop in pairwise(edges):
        yield begin, stop, int(active[begin])
