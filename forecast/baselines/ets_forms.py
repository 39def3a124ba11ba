"""Forms of exponential smoothing in state space: what each has, what its parameters may be, and where a search begins.

A form is written as in Hyndman et al. (2008), *Forecasting with Exponential Smoothing*: error, trend, season, each
A(dditive), Ad (additive, damped), M(ultiplicative) or N(one). W is the multiplicative season of Winters (1960).
"""

from typing import NamedTuple

import numpy as np

from forecast.baselines.lanes import Lanes
from forecast.baselines.recursion import ALPHA, BETA, GAMMA, LEVEL, PHI, SEASON, TREND, Kind

_NEAR = 1e-4  # weights keep so far from 0 and 1, as statsmodels' do
_DAMPING = (0.8, 0.98)
_CYCLES = 4  # whose mean is the first season
_FIRST = 10  # values whose mean is the first level without season


class Form(NamedTuple):
    """One form."""

    error: str
    trend: str
    season: str

    @classmethod
    def of(cls, name: str) -> "Form":
        """The form of a name such as ``AAdN``."""
        return cls(name[0], name[1:-1], name[-1])

    @property
    def name(self) -> str:
        """Such as ``AAdN``."""
        return "".join(self)

    @property
    def positive(self) -> bool:
        """Whether it is for positive values alone."""
        return self.error == "M" or self.season in "MW"

    def period(self, seasonality: int) -> int:
        """Terms of its season; 1 without."""
        return 1 if self.season == "N" else seasonality

    def kind(self, seasonality: int) -> Kind:
        """The arithmetic it needs."""
        return Kind(self.error, self.season, self.period(seasonality))

    def count(self, seasonality: int) -> int:
        """Numbers that are estimated: weights, first states and the variance."""
        weights = 1 + (self.trend != "N") + (self.trend == "Ad") + (self.season != "N")
        states = 1 + (self.trend != "N") + (seasonality if self.season != "N" else 0)
        return weights + states + 1


_ADDITIVE = tuple(Form("A", trend, season) for season in "NA" for trend in ("N", "A", "Ad"))
_POSITIVE = tuple(Form("M", trend, season) for season in "NAM" for trend in ("N", "A", "Ad"))
FORMS = (*_ADDITIVE, *_POSITIVE)  # without those of additive error and multiplicative season, which are unstable
# With multiplicative errors a trend that does not fade fits their skewness, by a drift of some per cent a step that the
# forecast then takes: of 52 series of M4 Hourly with these forms to choose from the MASE was 2.07, without them 1.59.
CHOICE = tuple(form for form in FORMS if form[:2] != ("M", "A"))
WINTERS = (Form("A", "A", "W"), Form("A", "Ad", "W"))
ALL = (*FORMS, *WINTERS)  # a stored form is its place here


def bounds(forms: tuple[Form, ...], period: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest parameters (6 + m, F) of forms that have the same season; the same for those they lack."""
    low, high = np.full((2, 6 + period, len(forms)), np.array([-np.inf, np.inf])[:, None, None])
    low[[ALPHA, BETA]], high[[ALPHA, BETA]] = _NEAR, 1 - _NEAR
    low[GAMMA], high[GAMMA] = _NEAR**2, 1 - _NEAR
    for place, form in enumerate(forms):
        low[PHI, place], high[PHI, place] = _DAMPING if form.trend == "Ad" else (1.0, 1.0)
        if form.trend == "N":
            low[[BETA, TREND], place] = high[[BETA, TREND], place] = 0.0
        if form.season == "N":
            low[GAMMA, place] = high[GAMMA, place] = 0.0
            low[SEASON:, place] = high[SEASON:, place] = 0.0
    return low, high


def grid(season: str) -> tuple[list[tuple[float, float, float, float]], list[tuple[float, float, float, float]]]:
    """Weights (alpha / (1 - gamma), beta / alpha, gamma, phi) to begin with: two regions, each with its own best."""
    trends = ((0.01, 0.95), (0.1, 0.82), (0.4, 0.82))
    if season == "N":
        slow = [(alpha, 0.01, 0.0, 0.95) for alpha in (0.05, 0.3, 0.8)]
        return slow, [(alpha, beta, 0.0, 0.82) for alpha in (0.3, 0.8) for beta in (0.1, 0.4)]
    still = [(alpha, beta, 0.01, phi) for alpha in (0.05, 0.3, 0.8) for beta, phi in trends]
    moving = [
        (alpha, beta, gamma, phi) for alpha, gamma in ((0.1, 0.85), (0.3, 0.5), (0.7, 0.2)) for beta, phi in trends
    ]
    return still, moving


def first_states(lanes: Lanes, season: str, period: int) -> np.ndarray:
    """(2 + m, S) level, trend and season to begin with, from the first values."""
    y = lanes.values
    states = np.zeros((2 + period, y.shape[1]))
    if season == "N":
        used = np.minimum(lanes.lengths, _FIRST)
        for time in range(min(_FIRST, len(y))):
            states[0] += np.where(time < used, y[time], 0.0)
        states[0] /= used
        return states
    used = np.clip(lanes.lengths // period, 1, _CYCLES)
    for cycle in range(min(_CYCLES, len(y) // period)):
        values = y[cycle * period : (cycle + 1) * period]
        mean = np.zeros(y.shape[1])
        for row in values:
            mean += row / period
        if cycle == 0:
            states[0] = mean
        with np.errstate(all="ignore"):
            terms = values - mean if season == "A" else values / mean
        states[2:] += np.where(cycle < used, terms, 0.0) / used
    return states


def curvature(params: np.ndarray, error: np.ndarray, lengths: np.ndarray, season: str, period: int) -> np.ndarray:
    """(6 + m, S) about the inverse of the second derivative of the deviance, by each parameter.

    A first state counts in as many values as an exponential decay with its weight lets it.

    Args:
        params: (6 + m, S).
        error: (S) mean squared error, in the units of the values.
        lengths: (S).
        season: of the form.
        period: of the season.
    """
    alpha, gamma = params[ALPHA], np.maximum(params[GAMMA], 1e-3)
    scale = np.ones_like(params)
    scale[ALPHA], scale[BETA], scale[GAMMA] = alpha * (2 - alpha), np.maximum(params[BETA], 1e-3), gamma * (2 - gamma)
    scale[PHI] = 0.01
    lasting = np.minimum(lengths, 1 / (alpha * (2 - alpha)))
    scale[LEVEL] = error * lengths / lasting
    scale[TREND] = error * lengths / (lasting * lasting * lasting / 3 + 1)
    scale[SEASON:] = error * lengths / np.minimum(lengths / period, 1 / (gamma * (2 - gamma)))
    if season in "MW":
        scale[SEASON:] /= np.square(params[LEVEL])
    return np.maximum(scale, 1e-12)
