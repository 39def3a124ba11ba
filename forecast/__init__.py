"""Forecasting models, baselines, evaluation and backtests on identical rows.

The names below, every model and every baseline can be imported from here; each is loaded when it is first used, so that
``import forecast`` takes no time.
"""

import sys
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datamodules.errors import InputError
    from datamodules.features import Features
    from datamodules.panel import Panel
    from datamodules.preparation import Preparation
    from datamodules.split import last_cutoffs
    from datamodules.window import Dims
    from forecast.auditing.audit import audit
    from forecast.backtest import backtest
    from forecast.checkpoint import load
    from forecast.comparing.compare import compare
    from forecast.conformal import Conformal
    from forecast.ensemble.forecaster import Ensemble
    from forecast.external.evaluate import evaluate
    from forecast.holed import Holed
    from forecast.neural import NeuralForecaster
    from forecast.result import Backtest
    from forecast.study.config import StudyConfig
    from forecast.study.result import StudyResult
    from forecast.study.study import Study
    from forecast.tune.result import TuningResult
    from forecast.tune.tuning import Tuning

__all__ = [
    "Backtest",
    "Conformal",
    "Dims",
    "Ensemble",
    "Features",
    "Holed",
    "InputError",
    "NeuralForecaster",
    "Panel",
    "Preparation",
    "Study",
    "StudyConfig",
    "StudyResult",
    "Tuning",
    "TuningResult",
    "audit",
    "backtest",
    "compare",
    "evaluate",
    "last_cutoffs",
    "load",
]
_HOMES = {
    "Panel": "datamodules.panel",
    "InputError": "datamodules.errors",
    "Dims": "datamodules.window",
    "Features": "datamodules.features",
    "Preparation": "datamodules.preparation",
    "last_cutoffs": "datamodules.split",
    "NeuralForecaster": "forecast.neural",
    "Conformal": "forecast.conformal",
    "Holed": "forecast.holed",
    "Ensemble": "forecast.ensemble.forecaster",
    "Backtest": "forecast.result",
    "Study": "forecast.study.study",
    "StudyConfig": "forecast.study.config",
    "StudyResult": "forecast.study.result",
    "Tuning": "forecast.tune.tuning",
    "TuningResult": "forecast.tune.result",
    "audit": "forecast.auditing.audit",
    "backtest": "forecast.backtest",
    "compare": "forecast.comparing.compare",
    "evaluate": "forecast.external.evaluate",
    "load": "forecast.checkpoint",
}
_CLASSES = {"forecast.models": "ForecastModule", "forecast.baselines": "Baseline"}  # package -> base


def __getattr__(name: str) -> Any:
    """The public name, imported now (PEP 562)."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if not name.startswith("_"):
        homes = _class_homes()
        if name in homes:
            return getattr(import_module(homes[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    """All public names, classes included."""
    return sorted([*globals(), *_HOMES, *_class_homes()])


@cache
def _class_homes() -> dict[str, str]:
    from datamodules.find import catalog

    found = [catalog(package, base) for package, base in _CLASSES.items()]
    return {name: entry.module for part in found for name, entry in part.items()}


class _Package(ModuleType):
    """This package; ``forecast.backtest`` stays the function when the submodule of that name is imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value.backtest if name == "backtest" and isinstance(value, ModuleType) else value)


sys.modules[__name__].__class__ = _Package
