"""Decomposition first, then a simple model for what is left."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from statsmodels.tsa.seasonal import STL

from forecast.baselines.ets_forms import Smoother, choose, continued
from forecast.baselines.local import LocalBaseline


class STLETS(LocalBaseline):
    """A season by loess (STL) that repeats its last cycle, and non-seasonal ETS for the rest.

    Cleveland et al. (1990), *STL*; FPP3, section 5.7. The form of ETS is chosen and estimated once; the decomposition,
    which has no parameters to keep, is made anew from the history up to each cutoff. Quantiles are those of ETS: they
    take the season as known. Under two seasons of history there is no season, which is noted.
    """

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[Smoother, tuple[str, ...]]:
        """The form of ETS for the seasonally adjusted values."""
        short = seasonality > 1 and len(y) <= 2 * seasonality
        notes = ("without season (under two of them)",) if short else ()
        return choose(y - _season(y, seasonality), ("ANN", "AAN", "AAdN"), 1), notes

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles of ETS, the last season added to both."""
        season = _season(y, seasonality)
        mean, quantiles = continued(y - season, params, horizon, levels)
        ahead = np.resize(season[-seasonality:], horizon)
        return mean + ahead, quantiles + ahead[:, None]


def _season(y: np.ndarray, seasonality: int) -> np.ndarray:
    """(T) the seasonal component; zeros where there is no season or under two of them."""
    if seasonality < 2 or len(y) <= 2 * seasonality:
        return np.zeros(len(y))
    return np.asarray(STL(y, period=seasonality).fit().seasonal)
