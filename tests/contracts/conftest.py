"""What the contract tests of forecasters run over."""

import inspect
from collections.abc import Callable
from functools import partial

import pytest

from datamodules.window import Dims
from forecast.baselines.base import Baseline, is_available
from forecast.baselines.naive import Drift, Naive, SeasonalNaive
from forecast.baselines.theta import Theta
from forecast.conformal import METHODS, Conformal
from forecast.ensemble.forecaster import Ensemble
from forecast.forecaster import Forecaster, find
from forecast.holed import Holed
from forecast.models.base import ForecastModule
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster

LEVELS = [0.1, 0.9]
HORIZON = 5


def forecasters() -> dict[str, Callable[[], Forecaster]]:
    """A maker of an unfitted forecaster by name: every baseline and every network; add other kinds here."""
    networks = find("forecast.models", ForecastModule)
    return {
        **{name: cls for name, cls in find("forecast.baselines", Baseline).items() if is_available(cls)},
        **{name: partial(small_network, cls) for name, cls in networks.items()},
        **{f"Theta+{method}": partial(wrapped, Theta, method) for method in METHODS},
        **{f"MLP+{method}": partial(wrapped, partial(small_network, MLP), method) for method in METHODS},
        **{f"{name} holed": partial(holed, make) for name, make in kinds_to_hole().items()},
        **{f"Ensemble-{method}": partial(small_ensemble, method) for method in ("mean", "median", "greedy", "inverse")},
    }


def wrapped(make: Callable[[], Forecaster], method: str) -> Conformal:
    """A forecaster in a conformal wrapper."""
    return Conformal(make(), method=method)


def kinds_to_hole() -> dict[str, Callable[[], Forecaster]]:
    """One of each kind of forecaster."""
    network = partial(small_network, MLP)
    return {"Theta": Theta, "Drift": Drift, "MLP": network, "MLP+cqr": partial(wrapped, network, "cqr")}


def holed(make: Callable[[], Forecaster]) -> Holed:
    """A forecaster from which values are hidden."""
    return Holed(make(), 0.3)


def small_ensemble(method: str) -> Ensemble:
    """An ensemble of simple baselines, whose weights, if any, are learnt from few steps."""
    return Ensemble([Naive(), Drift(), SeasonalNaive()], method=method, horizon=2)


def small_network(cls: type[ForecastModule]) -> NeuralForecaster:
    """A network of few units that is trained for a few steps."""
    small = {"hidden_size": 4} if "hidden_size" in inspect.signature(cls).parameters else {}
    module = cls(Dims(4, HORIZON), levels=LEVELS, **small)
    return NeuralForecaster(module, max_steps=12, batch_size=8, steps_per_epoch=6)


@pytest.fixture(params=sorted(forecasters()))
def make(request):
    """Makes an unfitted forecaster."""
    return forecasters()[request.param]
