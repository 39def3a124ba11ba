"""Intermittent demand: mostly zeros, and a demand now and then."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Unpack

import numpy as np

from datamodules.errors import InputError
from forecast.baselines.batched import BatchedBaseline, BatchedOptions
from forecast.baselines.demand import croston_rates, first_demands, squared_errors, tsb_rates
from forecast.baselines.lanes import Estimates, Lanes
from forecast.baselines.line_search import lowest

_BOUNDS = (0.01, 0.5)
_USUAL = 0.1  # where the search of one of two parameters begins
_SWEEPS = 3


class _Intermittent(BatchedBaseline):
    """A rate of demand that is the same for all steps ahead."""

    least = 2

    def forecast(
        self, lanes: Lanes, params: np.ndarray, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The last rate, and around it the quantiles of the errors that one step had."""
        rates = np.stack([rate[0].copy() for rate in self.rates(lanes, params.T)])  # (T, S)
        rate = rates[-1]
        around = np.empty((len(rate), len(levels)))
        for lane, (first, length) in enumerate(zip(first_demands(lanes), lanes.lengths, strict=True)):
            values = lanes.values[:length, lane]
            errors = values[first + 1 :] - rates[first : length - 1, lane]
            # no step after the first demand has been seen: how far the values are from the rate is all that is known
            offset = np.quantile(errors if errors.size else values - rate[lane], levels)
            around[lane] = np.maximum(rate[lane] + offset, 0.0 if values.min() >= 0 else -np.inf)
        return np.repeat(rate[:, None], horizon, axis=1), np.repeat(around[:, None], horizon, axis=1)

    @abstractmethod
    def rates(self, lanes: Lanes, params: np.ndarray) -> Iterator[np.ndarray]:
        """After each time, (1, S) the rate with ``params`` (p, S)."""


class CrostonClassic(_Intermittent):
    """Croston's method: the smoothed size of demands over the smoothed steps between them.

    Both are smoothed by one alpha, at each demand only; alpha of the least squared error of one step, 0.01 to 0.5.
    Every value other than zero is a demand; say zero where there was none: a hole is filled between its neighbours.
    Croston (1972). No variance formula is accepted for it, as no model has it as its forecast (Shenstone and Hyndman,
    2005, *Stochastic models underlying Croston's method*): the quantiles are those that the errors of one step had in
    the history, alike at every step, and not below zero where no value was.

    Args:
        alpha: smoothing parameter; 0 finds it for each series.
        **options: those of every batched model.
    """

    corrected: ClassVar[bool] = False

    def __init__(self, *, alpha: float = 0.0, **options: Unpack[BatchedOptions]) -> None:
        _share("alpha", alpha)
        super().__init__(**options)
        self.alpha = alpha

    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """Alpha."""
        if self.alpha:
            return Estimates(np.full((len(lanes.lengths), 1), self.alpha))

        def loss(alpha: np.ndarray) -> np.ndarray:
            return squared_errors(lanes, croston_rates(lanes, alpha, corrected=self.corrected))

        return Estimates(lowest(loss, *_BOUNDS, len(lanes.lengths))[:, None])

    def rates(self, lanes: Lanes, params: np.ndarray) -> Iterator[np.ndarray]:
        """Size over interval."""
        return croston_rates(lanes, params[:1], corrected=self.corrected)


class SBA(CrostonClassic):
    """Croston's method less its bias: 1 - alpha / 2 of it, the approximation of Syntetos and Boylan (2005).

    Else as ``CrostonClassic``, its quantiles too.

    Args:
        alpha: smoothing parameter; 0 finds it for each series.
        **options: those of every batched model.
    """

    corrected = True


class TSB(_Intermittent):
    """The smoothed size of demands times the smoothed share of steps with one, which fades when demand stops.

    The share is smoothed at every step, the size at each demand. Parameters of the least squared error of one step,
    0.01 to 0.5, one after the other, three times. Teunter, Syntetos and Babai (2011). What is a demand, and the
    quantiles, are as in ``CrostonClassic``.

    Args:
        alpha: smoothing parameter of the size; 0 finds it for each series.
        beta: smoothing parameter of the share; 0 finds it for each series.
        **options: those of every batched model.
    """

    def __init__(self, *, alpha: float = 0.0, beta: float = 0.0, **options: Unpack[BatchedOptions]) -> None:
        _share("alpha", alpha)
        _share("beta", beta)
        super().__init__(**options)
        self.alpha = alpha
        self.beta = beta

    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """Alpha and beta."""
        n_lanes = len(lanes.lengths)
        alpha, beta = (np.full(n_lanes, given or _USUAL) for given in (self.alpha, self.beta))

        def of_alpha(candidates: np.ndarray) -> np.ndarray:
            return squared_errors(lanes, tsb_rates(lanes, candidates, np.broadcast_to(beta, candidates.shape)))

        def of_beta(candidates: np.ndarray) -> np.ndarray:
            return squared_errors(lanes, tsb_rates(lanes, np.broadcast_to(alpha, candidates.shape), candidates))

        for _ in range(_SWEEPS):
            beta = beta if self.beta else lowest(of_beta, *_BOUNDS, n_lanes)
            alpha = alpha if self.alpha else lowest(of_alpha, *_BOUNDS, n_lanes)
        return Estimates(np.stack([alpha, beta], axis=1))

    def rates(self, lanes: Lanes, params: np.ndarray) -> Iterator[np.ndarray]:
        """Size times share."""
        return tsb_rates(lanes, params[:1], params[1:])


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise InputError(f"{name} is {value}; it must be from 0 to 1. Give 0.1, or 0 to have it found.")
