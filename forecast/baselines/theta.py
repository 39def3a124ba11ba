"""The Theta method."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.signal import lfilter
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import acf

from forecast.baselines.base import innovation_spread, normal_quantiles
from forecast.baselines.local import LocalBaseline

_ALPHA = (1e-4, 0.9999)
_CRITICAL = 1.645  # two-sided 10 %


class _Theta(NamedTuple):
    alpha: float
    slope: float  # of the line through the deseasonalised values
    season: tuple[float, ...]  # from the first value on; empty without season
    multiplicative: bool


class Theta(LocalBaseline):
    """The standard Theta method: simple exponential smoothing with half the slope of the linear trend as drift.

    Deseasonalised first, by a classical decomposition, where the autocorrelation at one season is significant at 10 %
    (multiplicative where all values are positive). Assimakopoulos and Nikolopoulos (2000); as in Hyndman and Billah
    (2003), *Unmasking the Theta method*, whose variance the quantiles take: s² (1 + (h - 1) alpha²). Our own code,
    since that of statsmodels is wrong on constant series, and cannot apply what it estimated to later values.
    """

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[_Theta, tuple[str, ...]]:
        """The season, the slope and alpha."""
        season, multiplicative = _season(y, seasonality)
        adjusted = _adjusted(y, season, multiplicative)
        slope = np.polyfit(np.arange(len(y)), adjusted, 1)[0]
        found = minimize_scalar(
            lambda alpha: float(np.sum(_errors(adjusted, alpha) ** 2)), bounds=_ALPHA, method="bounded"
        )
        return _Theta(float(found.x), float(slope), tuple(season.tolist()), multiplicative), ()

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and normal quantiles."""
        alpha, slope, season, multiplicative = params
        adjusted = _adjusted(y, np.array(season), multiplicative)
        errors = _errors(adjusted, alpha)
        level = adjusted[-1] - (1 - alpha) * errors[-1]
        steps = np.arange(1, horizon + 1)
        mean = level + slope / 2 * (steps - 1 + (1 - (1 - alpha) ** len(y)) / alpha)
        spread = innovation_spread(float(np.mean(errors**2)), np.full(horizon - 1, alpha))
        if season:
            ahead = np.array(season)[(len(y) + steps - 1) % len(season)]
            mean, spread = (mean * ahead, spread * ahead) if multiplicative else (mean + ahead, spread)
        return mean, normal_quantiles(mean, spread, levels)


def _season(y: np.ndarray, seasonality: int) -> tuple[np.ndarray, bool]:
    """The seasonal terms from the first value on, none unless significant, and whether they multiply."""
    if seasonality < 2 or len(y) < max(2 * seasonality, 4):
        return np.empty(0), False
    correlation = acf(y, nlags=seasonality, fft=True)
    limit = _CRITICAL * np.sqrt((1 + 2 * np.sum(correlation[1:-1] ** 2)) / len(y))
    if abs(correlation[-1]) <= limit:
        return np.empty(0), False
    for model in ("multiplicative", "additive") if y.min() > 0 else ("additive",):
        season = np.asarray(seasonal_decompose(y, model=model, period=seasonality).seasonal)[:seasonality]
        if model == "additive" or season.min() > 0:
            break
    return season, model == "multiplicative"


def _adjusted(y: np.ndarray, season: np.ndarray, multiplicative: bool) -> np.ndarray:
    if not len(season):
        return y
    terms = np.resize(season, len(y))
    return y / terms if multiplicative else y - terms


def _errors(y: np.ndarray, alpha: float) -> np.ndarray:
    """(T-1) one-step errors of simple exponential smoothing that begins at the first value."""
    change = np.diff(y)
    return lfilter([1.0], [1.0, alpha - 1.0], change)
