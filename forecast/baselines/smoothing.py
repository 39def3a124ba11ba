"""Exponential smoothing over a whole panel: simple, Holt's, Holt-Winters, and ETS with selection of its form."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Unpack

import numpy as np

from datamodules.errors import one_of
from forecast.baselines.batched import BatchedBaseline, BatchedOptions
from forecast.baselines.ets_forms import CHOICE, Form
from forecast.baselines.lanes import Estimates, Lanes
from forecast.baselines.smoothed import best_of, continued, form_of

WITHOUT_SEASON = "without season (under two of them)"
_LONGEST_SEASON = 366  # a longer one costs as many states a row


class _Smoothing(BatchedBaseline):
    """Forms of exponential smoothing, the best of those that a lane may have."""

    width = 256

    @abstractmethod
    def forms(self, lanes: Lanes, seasonality: int) -> dict[Form, np.ndarray]:
        """The forms that there are, each with the lanes (S) that may have it; every lane has one."""

    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """The best form's weights and first states; forms without season where there are not two of them."""
        seasonal = 1 < seasonality <= _LONGEST_SEASON
        forms = self.forms(lanes, seasonality if seasonal else 1)
        found = best_of(lanes, tuple(forms), seasonality, np.array(list(forms.values())))
        short = lanes.lengths < 2 * seasonality
        seasons = any(form.season != "N" for form in forms)
        return found._replace(notes=(*found.notes, (WITHOUT_SEASON, short & seasonal & seasons)))

    def forecast(
        self, lanes: Lanes, params: np.ndarray, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles of each lane's form."""
        return continued(lanes, params, horizon, levels)

    def outdated(self, values: np.ndarray, params: np.ndarray) -> bool:
        """Whether a form for positive values meets others: a series may have its first zero after it was estimated."""
        return form_of(params).positive and float(values.min()) <= 0


class SES(_Smoothing):
    """Simple exponential smoothing: a level that each value moves by its share, by least squares.

    Quantiles from the analytic variance of ETS(A,N,N), whose mean this is: Hyndman et al. (2008), chapter 6.
    """

    def forms(self, lanes: Lanes, seasonality: int) -> dict[Form, np.ndarray]:
        """The one form."""
        return _alone("ANN", lanes)


class Holt(_Smoothing):
    """Holt's linear trend, by least squares: a level and a slope, each smoothed. Quantiles from ETS(A,A,N).

    Holt (2004), *Forecasting seasonals and trends by exponentially weighted moving averages*, a report of 1957.
    """

    def forms(self, lanes: Lanes, seasonality: int) -> dict[Form, np.ndarray]:
        """The one form."""
        return _alone("AAN", lanes)


class DampedHolt(_Smoothing):
    """Holt's trend that fades by a factor of 0.8 to 0.98 a step, by least squares. Quantiles from ETS(A,Ad,N).

    Gardner and McKenzie (1985), *Forecasting trends in time series*.
    """

    def forms(self, lanes: Lanes, seasonality: int) -> dict[Form, np.ndarray]:
        """The one form."""
        return _alone("AAdN", lanes)


class HoltWinters(_Smoothing):
    """Holt-Winters' exponential smoothing with trend and season, by least squares.

    Under two seasons of history it has no season (Holt's method), which is noted. Quantiles are normal: the variance of
    the one-step residuals, grown as in the state space form of the same recursions; with a multiplicative season that
    of the relative residuals. Winters (1960), *Forecasting sales by exponentially weighted moving averages*.

    Args:
        seasonal: ``add`` or ``mul``; a multiplicative season needs positive values.
        damped: whether the trend fades.
        **options: those of every batched model.
    """

    def __init__(self, *, seasonal: str = "add", damped: bool = False, **options: Unpack[BatchedOptions]) -> None:
        one_of("seasonal", seasonal, ("add", "mul"))
        super().__init__(**options)
        self.seasonal = seasonal
        self.damped = damped

    def estimate(self, lanes: Lanes, seasonality: int) -> Estimates:
        """Weights and first states."""
        found = super().estimate(lanes, seasonality)
        refused = ~_positive(lanes) & np.array([form_of(row).positive for row in found.params])
        return found._replace(errors=(("a multiplicative season needs positive values; use seasonal='add'", refused),))

    def forms(self, lanes: Lanes, seasonality: int) -> dict[Form, np.ndarray]:
        """The form asked for, and that without season."""
        trend = "Ad" if self.damped else "A"
        seasons = _seasons(lanes, seasonality)
        return {
            Form("A", trend, "N"): ~seasons,
            Form("A", trend, "A" if self.seasonal == "add" else "W"): seasons,
        }


class ETS(_Smoothing):
    """Exponential smoothing in state space, its form chosen by AICc for each series.

    Among no, additive or damped trend, with and without additive season; and the same and a multiplicative season with
    multiplicative errors, but for the undamped trend. What is multiplicative only where all values are positive, and no
    season under two of them, which is noted. Quantiles from the form's analytic variance, or simulated for
    multiplicative errors. Hyndman et al. (2008), *Forecasting with Exponential Smoothing*.
    """

    def forms(self, lanes: Lanes, seasonality: int) -> dict[Form, np.ndarray]:
        """The forms to choose from, as far as a lane is positive and has seasons."""
        positive, seasons = _positive(lanes), _seasons(lanes, seasonality)
        every = np.ones(len(lanes.lengths), dtype=bool)
        return {
            form: (seasons if form.season != "N" else every) & (positive if form.positive else every) for form in CHOICE
        }


def _alone(name: str, lanes: Lanes) -> dict[Form, np.ndarray]:
    return {Form.of(name): np.ones(len(lanes.lengths), dtype=bool)}


def _positive(lanes: Lanes) -> np.ndarray:
    return lanes.values.min(axis=0) > 0


def _seasons(lanes: Lanes, seasonality: int) -> np.ndarray:
    return (lanes.lengths >= 2 * seasonality) & (seasonality > 1)
