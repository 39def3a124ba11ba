"""Decomposition first, then a simple model for what is left."""

from collections.abc import Sequence

import numpy as np
from statsmodels.tsa.seasonal import STL

from forecast.baselines.batched import BatchedBaseline
from forecast.baselines.ets_forms import Form
from forecast.baselines.lanes import Estimates, Lanes
from forecast.baselines.smoothed import best_of, continued

_FORMS = tuple(Form.of(name) for name in ("ANN", "AAN", "AAdN"))


class STLETS(BatchedBaseline):
    """A season by loess (STL) that repeats its last cycle, and non-seasonal ETS for the rest.

    Cleveland et al. (1990), *STL*; FPP3, section 5.7. The form of ETS is chosen and estimated once; the decomposition,
    which has no parameters to keep, is made anew from the history up to each cutoff. Quantiles are those of ETS: they
    take the season as known. Under two seasons of history there is no season, which is noted.
    """

    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """The form of ETS for the seasonally adjusted values."""
        rest, _ = _split(lanes, seasonality, 0)
        found = best_of(rest, _FORMS, 1, np.ones((len(_FORMS), len(lanes.lengths)), dtype=bool))
        short = (lanes.lengths <= 2 * seasonality) & (seasonality > 1)
        return found._replace(notes=(*found.notes, ("without season (under two of them)", short)))

    def forecast(
        self, lanes: Lanes, params: np.ndarray, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles of ETS, the last season added to both."""
        rest, ahead = _split(lanes, seasonality, horizon)
        mean, quantiles = continued(rest, params, horizon, levels)
        return mean + ahead, quantiles + ahead[:, :, None]


def _split(lanes: Lanes, seasonality: int, horizon: int) -> tuple[Lanes, np.ndarray]:
    """What is left without the season, and the season (S, H) after; a lane of under two seasons has none."""
    rest, ahead = lanes.values.copy(), np.zeros((len(lanes.lengths), horizon))
    for lane, length in enumerate(lanes.lengths.tolist()):
        if seasonality > 1 and length > 2 * seasonality:
            season = np.asarray(STL(lanes.values[:length, lane].copy(), period=seasonality).fit().seasonal)
            rest[:length, lane] -= season
            ahead[lane] = np.resize(season[-seasonality:], horizon)
    return Lanes(rest, lanes.lengths), ahead
