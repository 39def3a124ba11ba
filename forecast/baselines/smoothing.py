"""Exponential smoothing: ETS with selection of its form, and Holt-Winters."""

from collections.abc import Sequence
from typing import Any, Unpack

import numpy as np
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from datamodules.errors import one_of
from forecast.baselines.base import innovation_spread, normal_quantiles
from forecast.baselines.ets_forms import LONGEST_ESTIMATED, Smoother, choose, continued, innovation_weights
from forecast.baselines.local import LocalBaseline, LocalOptions

WITHOUT_SEASON = "without season (under two of them)"
_LONGEST_SEASON = 366  # a longer one costs as many states a row


class ETS(LocalBaseline):
    """Exponential smoothing in state space, its form chosen by AICc.

    Among no, additive or damped trend, with and without additive season; multiplicative season where all values are
    positive; no season under two of them, which is noted. Quantiles from the model's analytic variance, or simulated
    for multiplicative forms. Hyndman et al. (2008), *Forecasting with Exponential Smoothing*.
    """

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[Smoother, tuple[str, ...]]:
        """The chosen form, fitted."""
        forms = ["ANN", "AAN", "AAdN"]
        seasonal = 1 < seasonality <= _LONGEST_SEASON
        if enough := seasonal and len(y) >= 2 * seasonality:
            forms += ["ANA", "AAA", "AAdA"] + (["MNM", "MAM"] if y.min() > 0 else [])
        return choose(y, forms, seasonality), (WITHOUT_SEASON,) if seasonal and not enough else ()

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and quantiles of the smoothed series, whose form is chosen anew when it is for positive values alone.

        A series that was positive when it was estimated may have its first zero before a later cutoff.
        """
        if params.form.startswith("M") and y.min() <= 0:
            params, _ = self.estimate(y, seasonality)
        return continued(y, params, horizon, levels)


class HoltWinters(LocalBaseline):
    """Holt-Winters' exponential smoothing with trend and season, parameters by least squares.

    Under two seasons of history it has no season (Holt's method), which is noted. Quantiles are normal: the variance of
    the one-step residuals, grown as in the state space form of the same recursions; with a multiplicative season that
    of the relative residuals. Winters (1960), *Forecasting sales by exponentially weighted moving averages*.

    Args:
        seasonal: ``add`` or ``mul``; a multiplicative season needs positive values.
        damped: whether the trend fades.
        **options: those of every local model.
    """

    def __init__(self, *, seasonal: str = "add", damped: bool = False, **options: Unpack[LocalOptions]) -> None:
        one_of("seasonal", seasonal, ("add", "mul"))
        super().__init__(**options)
        self.seasonal = seasonal
        self.damped = damped

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[dict[str, Any], tuple[str, ...]]:
        """Smoothing parameters and first states, by statsmodels' names."""
        seasonal = 1 < seasonality <= _LONGEST_SEASON
        season = seasonality if seasonal and len(y) >= 2 * seasonality else 1
        if season > 1 and self.seasonal == "mul" and y.min() <= 0:
            raise ValueError("a multiplicative season needs positive values; use seasonal='add'")
        first = "estimated" if season <= LONGEST_ESTIMATED else "heuristic"
        if first == "heuristic" and len(y) < 10 + 2 * (season // 2):
            first = "estimated"
        params = self._model(y, season, initialization_method=first).fit().params
        kept = {name: params[name] for name in ("smoothing_level", "smoothing_trend", "initial_level", "initial_trend")}
        if season > 1:
            kept |= {"smoothing_seasonal": params["smoothing_seasonal"], "initial_seasonal": params["initial_seasons"]}
        if self.damped:
            kept["damping_trend"] = params["damping_trend"]
        return kept | {"season": season}, (WITHOUT_SEASON,) if seasonal and season == 1 else ()

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and normal quantiles of the smoothed series."""
        first = {name: value for name, value in params.items() if name.startswith("initial")}
        fixed = {name: value for name, value in params.items() if name.startswith(("smoothing", "damping"))}
        model = self._model(y, params["season"], initialization_method="known", **first)
        smoothed = model.fit(optimized=False, **fixed)
        mean = np.asarray(smoothed.forecast(horizon))
        weights = innovation_weights(
            horizon,
            fixed["smoothing_level"],
            beta=fixed["smoothing_level"] * fixed["smoothing_trend"],
            phi=fixed.get("damping_trend", 1.0),
            gamma=fixed.get("smoothing_seasonal", 0.0),
            seasonality=params["season"],
        )
        residuals = y - smoothed.fittedvalues
        if params["season"] > 1 and self.seasonal == "mul":
            spread = np.abs(mean) * innovation_spread(float(np.mean((residuals / smoothed.fittedvalues) ** 2)), weights)
        else:
            spread = innovation_spread(float(np.mean(residuals**2)), weights)
        return mean, normal_quantiles(mean, spread, levels)

    def _model(self, y: np.ndarray, season: int, **states: Any) -> ExponentialSmoothing:
        kind = {"seasonal": self.seasonal, "seasonal_periods": season} if season > 1 else {}
        return ExponentialSmoothing(y, trend="add", damped_trend=self.damped, **kind, **states)
