"""The forecasters of one group fitted together."""

from collections.abc import Sequence

from datamodules.panel import Panel
from forecast.neural import NeuralForecaster


def fit_together(forecasters: Sequence[NeuralForecaster], panel: Panel) -> None:
    """Fit the forecasters of one of ``groups`` in place; each is then as after its own ``fit``."""
    for forecaster in forecasters:
        forecaster.fit(panel)
