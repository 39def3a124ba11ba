"""The Theta method and its optimised forms."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from forecast.baselines.base import normal_quantiles
from forecast.baselines.batched import BatchedBaseline
from forecast.baselines.lanes import Estimates, Lanes
from forecast.baselines.line_search import lowest
from forecast.baselines.seasons import Season, significant_season
from forecast.baselines.theta_lines import Fitted, continued, fitted, followed, line

_ALPHA = (1e-4, 0.9999)


class _SeasonallyAdjusted(BatchedBaseline):
    """A model of the seasonally adjusted values."""

    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """The season, where there is one, and the parameters of what is left."""
        season = significant_season(lanes, seasonality)
        adjusted = Lanes(season.removed(lanes.values), lanes.lengths)
        return Estimates(np.concatenate([season.packed(), np.stack(self.estimate_adjusted(adjusted), axis=1)], axis=1))

    def forecast(
        self, lanes: Lanes, params: np.ndarray, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and normal quantiles."""
        terms = 2 * max(seasonality, 1)
        season = Season.unpacked(params[:, :terms])
        adjusted = Lanes(season.removed(lanes.values), lanes.lengths)
        mean, variance = self.forecast_adjusted(adjusted, np.ascontiguousarray(params[:, terms:].T), horizon)
        factor, shift = season.ahead(lanes.lengths, horizon)
        mean = mean * factor + shift
        return mean, normal_quantiles(mean, np.sqrt(variance) * factor, levels)

    @abstractmethod
    def estimate_adjusted(self, lanes: Lanes) -> Sequence[np.ndarray]:
        """Parameters of the adjusted values, (S) each."""

    @abstractmethod
    def forecast_adjusted(self, lanes: Lanes, params: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance, (S, H) each, of the adjusted values with ``params`` (p, S)."""


class Theta(_SeasonallyAdjusted):
    """The standard Theta method: simple exponential smoothing with half the slope of the linear trend as drift.

    Deseasonalised first, by a classical decomposition, where the autocorrelation at one season is significant at 10 %
    (multiplicative where all values are positive). Assimakopoulos and Nikolopoulos (2000); as in Hyndman and Billah
    (2003), *Unmasking the Theta method*, whose variance the quantiles take: s² (1 + (h - 1) alpha²). Our own code,
    since that of statsmodels is wrong on constant series, and cannot apply what it estimated to later values.
    """

    def estimate_adjusted(self, lanes: Lanes) -> Sequence[np.ndarray]:
        """Alpha of least squared error, and the slope."""
        alpha = lowest(lambda candidates: _smoothed(lanes, candidates)[1], *_ALPHA, len(lanes.lengths))
        return alpha, line(lanes)[1]

    def forecast_adjusted(self, lanes: Lanes, params: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """The last level and the drift; what an error adds to the level stays."""
        alpha, slope = params
        (level,), (squares,), (decay,) = _smoothed(lanes, alpha[None])
        steps = np.arange(horizon)
        reached = ((1 - decay) / alpha)[:, None]
        mean = level[:, None] + slope[:, None] / 2 * (steps + reached)
        return mean, (squares / (lanes.lengths - 1))[:, None] * (1 + steps * alpha[:, None] ** 2)


class _Optimised(_SeasonallyAdjusted):
    """A Theta model whose parameters all come from the least squared error of one step."""

    least = 6
    dynamic: ClassVar[bool]
    optimised: ClassVar[bool] = True

    def estimate_adjusted(self, lanes: Lanes) -> Sequence[np.ndarray]:
        """Alpha, the weight of the line, the first level, and the line where it is static."""
        return fitted(lanes, dynamic=self.dynamic, optimised=self.optimised)

    def forecast_adjusted(self, lanes: Lanes, params: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """The recursion on, with forecasts in place of values; an error's whole way through it is in the variance."""
        found = Fitted(*params)
        state, variance = followed(lanes, found, dynamic=self.dynamic)
        mean, growth = continued(state, found, lanes.lengths, horizon, dynamic=self.dynamic)
        return mean, variance[:, None] * growth


class OptimizedTheta(_Optimised):
    """The optimised Theta model (OTM): how far the line counts is found too, as are alpha and the first level.

    Theta from 1 (no line) on and alpha from 0.1 to 0.99, by least squared one-step errors; deseasonalised as ``Theta``.
    The line is that through all values of the fit. Quantiles are normal, s² (1 + (h - 1) alpha²). Fiorucci, Pellegrini,
    Louzada, Petropoulos and Koehler (2016), *Models for optimising the theta method*.
    """

    dynamic = False


class DynamicTheta(_Optimised):
    """The dynamic standard Theta model (DSTM): theta is 2, and the line is that through the values seen so far.

    Alpha and the first level by least squared one-step errors; deseasonalised as ``Theta``. Quantiles are normal, with
    all that an error adds to later lines and levels. Fiorucci et al. (2016), as for ``OptimizedTheta``.
    """

    dynamic = True
    optimised = False


class DynamicOptimizedTheta(_Optimised):
    """The dynamic optimised Theta model (DOTM): how far the line through the values seen so far counts is found too.

    As ``OptimizedTheta`` otherwise; quantiles as those of ``DynamicTheta``. Fiorucci et al. (2016).
    """

    dynamic = True


def _smoothed(lanes: Lanes, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Last level, sum of squared errors and (1 - alpha)**T of smoothing from the first value on, for (K, S) alphas."""
    level = np.repeat(lanes.values[:1], len(alpha), axis=0)
    squares, decay, kept = np.zeros(alpha.shape), 1 - alpha, 1 - alpha
    for time, count in enumerate(lanes.active.tolist()[1:], 1):
        some = np.s_[:, :count]
        error = lanes.values[time, :count] - level[some]
        squares[some] += error * error
        level[some] += alpha[some] * error
        decay[some] *= kept[some]
    return level, squares, decay
