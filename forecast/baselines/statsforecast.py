"""The automatic and intermittent models of statsforecast (extra ``statsforecast``), series by series at its own speed.

statsforecast caps pandas below 3, so its extra does too. What was estimated in ``fit`` is applied to later histories by
its ``forward``; models that have none are estimated anew at each cutoff, which is quick.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar, Unpack

import numpy as np

from forecast.baselines.base import normal_quantiles, require
from forecast.baselines.local import LocalBaseline, LocalOptions

_MAX_HISTORY = 2000


class _StatsForecast(LocalBaseline):
    """A model of statsforecast behind the protocol; its options are those of every local model.

    Attributes:
        model: its name in ``statsforecast.models``.
    """

    extra: ClassVar[str] = "statsforecast"
    model: ClassVar[str] = ""
    least = 8

    def __init__(self, **options: Unpack[LocalOptions]) -> None:
        require(self, "it caps pandas below 3, which pip then brings")
        super().__init__(**({"max_history": _MAX_HISTORY} | options))

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[Any, tuple[str, ...]]:
        """The fitted model, or nothing where it is estimated at each cutoff."""
        made = self._make(_season(y, seasonality))
        return (made.fit(y) if hasattr(made, "forward") else None), ()

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and the model's own quantiles."""
        coverages = sorted({round(abs(1 - 2 * level) * 100, 6) for level in levels if level != 0.5})
        if params is not None:
            found = params.forward(y=y, h=horizon, level=coverages or None)
            mean = np.asarray(found["mean"], dtype=np.float64)
            return mean, _quantiles(found, mean, levels)
        found = self._make(_season(y, seasonality)).forecast(y=y, h=horizon, fitted=True)
        mean = np.asarray(found["mean"], dtype=np.float64)
        errors = y - np.asarray(found["fitted"], dtype=np.float64)[: len(y)]
        spread = np.full(horizon, np.sqrt(np.nanmean(errors**2)))
        return mean, np.maximum(normal_quantiles(mean, spread, levels), min(0.0, y.min()))

    def _make(self, seasonality: int) -> Any:
        return getattr(import_module("statsforecast.models"), self.model)(season_length=seasonality)


class _Intermittent(_StatsForecast):
    """A model without season, whose quantiles are normal with the spread of its one-step errors, not below zero.

    statsforecast offers no intervals for these models, and the literature none that is accepted.
    """

    def _make(self, seasonality: int) -> Any:
        return getattr(import_module("statsforecast.models"), self.model)()


class AutoARIMA(_StatsForecast):
    """ARIMA with season by stepwise search, as in R's forecast (Hyndman and Khandakar, 2008), by statsforecast."""

    model = "AutoARIMA"


class AutoETS(_StatsForecast):
    """Exponential smoothing among all admissible forms by AICc (Hyndman et al., 2008), by statsforecast."""

    model = "AutoETS"


class AutoTheta(_StatsForecast):
    """The best of four Theta models in sample (Fiorucci et al., 2016), by statsforecast."""

    model = "AutoTheta"


class AutoCES(_StatsForecast):
    """Complex exponential smoothing (Svetunkov, Kourentzes and Ord, 2022), by statsforecast."""

    model = "AutoCES"


class MSTL(_StatsForecast):
    """Several seasons by loess, ETS for the rest (Bandara, Hyndman and Bergmeir, 2021), by statsforecast."""

    model = "MSTL"


class ADIDA(_Intermittent):
    """Intermittent demand, aggregated and disaggregated (Nikolopoulos et al., 2011), by statsforecast."""

    model = "ADIDA"


class IMAPA(_Intermittent):
    """Intermittent demand over several aggregations (Petropoulos and Kourentzes, 2015), by statsforecast."""

    model = "IMAPA"


def _season(y: np.ndarray, seasonality: int) -> int:
    """The season, or none where the series has under two of them."""
    return seasonality if len(y) >= 2 * seasonality else 1


def _quantiles(found: dict[str, Any], mean: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """(H, Q) the bounds of central intervals as quantiles; the mean at the median."""
    columns = [mean if level == 0.5 else found[f"{'lo' if level < 0.5 else 'hi'}-{_told(level)}"] for level in levels]
    return np.column_stack(columns) if columns else np.empty((len(mean), 0))


def _told(level: float) -> str:
    return str(round(abs(1 - 2 * level) * 100, 6))
