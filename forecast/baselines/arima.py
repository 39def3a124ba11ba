"""ARIMA with a bounded search of its order, and plain autoregression."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Unpack

import numpy as np
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.ar_model import AutoReg as AutoRegression
from statsmodels.tsa.ar_model import ar_select_order
from statsmodels.tsa.arima_process import arma2ma
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.statespace.sarimax import SARIMAX

from datamodules.errors import at_least
from forecast.baselines.base import innovation_spread, normal_quantiles
from forecast.baselines.local import LocalBaseline, LocalOptions

_LONGEST_SEASON = 24  # a longer one makes the state too large
_STRONG = 0.64  # strength of season that asks for a seasonal difference (Wang, Smith and Hyndman, 2006)


class _Order(NamedTuple):
    p: int
    d: int
    q: int
    P: int
    D: int
    Q: int
    constant: bool

    def model(self, y: np.ndarray, seasonality: int, *, differenced: bool = False) -> SARIMAX:
        """The state space model; ``differenced`` loses the first values and is several times faster."""
        season = (self.P, self.D, self.Q, seasonality if self.P + self.D + self.Q else 0)
        trend = "c" if self.constant else "n"
        return SARIMAX(
            y, order=(self.p, self.d, self.q), seasonal_order=season, trend=trend, simple_differencing=differenced
        )


class ARIMA(LocalBaseline):
    """ARIMA with season, its order by a bounded stepwise search.

    Differences first: a seasonal one where the season is strong, then ordinary ones until KPSS finds no unit root. Then
    from four starting orders, steps of one to the neighbour with the lowest AICc, as in Hyndman and Khandakar (2008),
    *Automatic time series forecasting*. No seasonal order for seasons over 24 or under three of them. Quantiles from
    the model's own variance.

    Args:
        max_models: orders tried at most.
        max_order: largest p and q; P and Q go to 1.
        **options: those of every local model; ``max_history`` is 500 unless given.
    """

    least = 8

    def __init__(self, *, max_models: int = 8, max_order: int = 3, **options: Unpack[LocalOptions]) -> None:
        at_least("max_models", max_models, 1)
        at_least("max_order", max_order, 0)
        super().__init__(**({"max_history": 500} | options))
        self.max_models = max_models
        self.max_order = max_order

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[Any, tuple[str, ...]]:
        """The order, the season that it refers to and the parameters."""
        season = seasonality if 1 < seasonality <= _LONGEST_SEASON and len(y) >= 3 * seasonality else 1
        order = self._search(y, season)
        with _started():
            fitted = order.model(y, season, differenced=True).fit(disp=0, maxiter=200, cov_type="none")
        return (tuple(order), season, tuple(fitted.params.tolist())), ()

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and normal quantiles of the filtered series."""
        order, season, numbers = params
        filtered = _Order(*order).model(y, season).filter(np.array(numbers), cov_type="none")
        ahead = filtered.get_forecast(horizon)
        mean = np.asarray(ahead.predicted_mean)
        return mean, normal_quantiles(mean, np.sqrt(np.asarray(ahead.var_pred_mean)), levels)

    def _search(self, y: np.ndarray, season: int) -> _Order:
        d, seasonal_d = _differences(y, season)
        constant = d + seasonal_d < 2
        one = int(season > 1)
        top = min(self.max_order, 2)
        starts = [
            _Order(top, d, top, 0, seasonal_d, one, constant),
            _Order(0, d, 0, 0, seasonal_d, 0, constant),
            _Order(min(top, 1), d, 0, one, seasonal_d, 0, constant),
            _Order(0, d, min(top, 1), 0, seasonal_d, one, constant),
        ]
        scores: dict[_Order, float] = {}
        self._try(y, season, starts, scores)
        while len(scores) < self.max_models:
            best, before = min(scores, key=lambda order: scores[order]), len(scores)
            self._try(y, season, self._neighbours(best, one), scores, until_better=True)
            if min(scores, key=lambda order: scores[order]) == best or len(scores) == before:
                break
        best = min(scores, key=lambda order: scores[order])
        if not np.isfinite(scores[best]):
            raise ValueError("no order could be estimated")
        return best

    def _neighbours(self, best: _Order, one: int) -> list[_Order]:
        changes: list[dict[str, Any]] = [{"p": best.p + 1}, {"p": best.p - 1}, {"q": best.q + 1}, {"q": best.q - 1}]
        changes += [{"P": 1 - best.P}, {"Q": 1 - best.Q}] if one else []
        changes += [{"constant": not best.constant}] if best.d + best.D < 2 else []
        around = [best._replace(**change) for change in changes]
        return [order for order in around if min(order.p, order.q) >= 0 and max(order.p, order.q) <= self.max_order]

    def _try(
        self, y: np.ndarray, season: int, orders: list[_Order], scores: dict[_Order, float], until_better: bool = False
    ) -> None:
        """Adds the AICc of ``orders`` not yet in ``scores``, up to ``max_models``, or to the first that is best."""
        best = min(scores.values(), default=np.inf)
        for order in orders:
            if order not in scores and len(scores) < self.max_models:
                scores[order] = _aicc(y, season, order)
                if until_better and scores[order] < best:
                    return


class AutoReg(LocalBaseline):
    """Autoregression on a constant and the last values, by least squares, quantiles from its own variance.

    Args:
        lags: how many; 0 takes the number with the lowest BIC, up to one season and one, at least 12.
        **options: those of every local model.
    """

    least = 8

    def __init__(self, *, lags: int = 0, **options: Unpack[LocalOptions]) -> None:
        at_least("lags", lags, 0)
        super().__init__(**options)
        self.lags = lags

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[Any, tuple[str, ...]]:
        """Coefficients, constant first, and the residual variance."""
        lags = self.lags
        if not lags:
            most = min(max(seasonality + 1, 12) if seasonality <= 366 else 12, len(y) // 3)
            lags = len(ar_select_order(y, most, ic="bic").ar_lags or ())
        fitted = AutoRegression(y, lags).fit()
        return (tuple(fitted.params.tolist()), float(fitted.sigma2)), ()

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and normal quantiles."""
        (constant, *slopes), variance = params
        past = y[-len(slopes) :].tolist() if slopes else []
        mean = []
        for _ in range(horizon):
            mean.append(constant + float(np.dot(slopes, past[::-1])) if slopes else constant)
            past = [*past[1:], mean[-1]]
        weights = arma2ma(np.array([1.0, *(-slope for slope in slopes)]), np.array([1.0]), lags=horizon)[1:]
        spread = innovation_spread(variance, weights)
        return np.array(mean), normal_quantiles(np.array(mean), spread, levels)


def _differences(y: np.ndarray, season: int) -> tuple[int, int]:
    """How many ordinary (0 to 2) and seasonal (0 or 1) differences to take."""
    seasonal = 0
    if season > 1:
        parts = STL(y, period=season).fit()
        rest = np.var(parts.resid) / max(np.var(parts.resid + parts.seasonal), np.finfo(float).tiny)
        seasonal = int(1 - rest > _STRONG)
        y = y[season:] - y[:-season] if seasonal else y
    for ordinary in range(2 - seasonal):
        if np.ptp(y) <= 1e-10 * np.abs(y).max() or _stationary(y):
            return ordinary, seasonal
        y = np.diff(y)
    return 2 - seasonal, seasonal


def _stationary(y: np.ndarray) -> bool:
    """Whether KPSS finds no unit root at 5 % (Kwiatkowski et al., 1992, table 1); lags as in R's ``ndiffs``."""
    return kpss_statistic(y, int(3 * np.sqrt(len(y)) / 13)) < 0.463


def kpss_statistic(y: np.ndarray, lags: int) -> float:
    """The statistic of the KPSS test of level stationarity, with ``lags`` autocovariances in the long-run variance."""
    errors = y - y.mean()
    variance = errors @ errors
    for lag in range(1, lags + 1):
        variance += 2 * (1 - lag / (lags + 1)) * (errors[lag:] @ errors[:-lag])
    return float(np.sum(np.cumsum(errors) ** 2) / (len(y) * variance))


def _aicc(y: np.ndarray, season: int, order: _Order) -> float:
    """AICc of an order, infinite where it cannot be estimated."""
    try:
        with _started(), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # only the chosen order's counts
            score = order.model(y, season, differenced=True).fit(disp=0, maxiter=30, cov_type="none").aicc
    except (ValueError, ArithmeticError, IndexError):
        return np.inf
    return float(score) if np.isfinite(score) else np.inf


@contextmanager
def _started() -> Iterator[None]:
    """Keeps in what statsmodels says when its starting values had to be replaced."""
    with warnings.catch_warnings():
        for what in ("Non-stationary", "Non-invertible", "Too few observations"):
            warnings.filterwarnings("ignore", message=what, category=UserWarning)
        yield
