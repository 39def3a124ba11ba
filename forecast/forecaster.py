"""What every forecaster looks like; ``find`` lists those of a package."""

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

import numpy as np
import pandas as pd

from datamodules.errors import InputError
from datamodules.find import find
from datamodules.panel import Panel

__all__ = ["Forecaster", "Seeded", "find", "innermost", "refuse_same_names"]


@runtime_checkable
class Forecaster(Protocol):
    """A naive forecast, an ARIMA, an LSTM, an ensemble and a conformal wrapper all look like this."""

    @property
    def name(self) -> str:
        """The name in every table."""
        ...

    def fit(self, panel: Panel) -> Self:
        """Learn from all that is observed in ``panel``, from scratch each time; gives itself back."""
        ...

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table (``forecast.table.build``) for each cutoff.

        Args:
            panel: holds at least the history before each cutoff; values after a cutoff must not matter.
            cutoffs: (F, N) rows of the last visible value, -1 where a series is not forecast
                (``datamodules.split`` makes them).
            horizon: steps ahead, 1 .. horizon.
            levels: quantile levels wanted.
        """
        ...


@runtime_checkable
class Seeded(Forecaster, Protocol):
    """A forecaster whose fit depends on a seed."""

    @property
    def seed(self) -> int:
        """The seed of its next fit."""
        ...

    def with_seed(self, seed: int) -> Self:
        """An unfitted copy that differs in its seed only."""
        ...


def innermost(forecaster: Forecaster) -> Forecaster:
    """The forecaster itself, or the one within its wrappers."""
    while isinstance(inner := getattr(forecaster, "forecaster", None), Forecaster):
        forecaster = inner
    return forecaster


def refuse_same_names(forecasters: Sequence[Forecaster]) -> None:
    """Raise InputError when two forecasters have the same name."""
    names = [forecaster.name for forecaster in forecasters]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise InputError(f"two forecasters are called {min(twice)!r}; each needs its own name. Give one another name.")
