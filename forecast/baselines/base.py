"""What every baseline is, and how those that look at one series at a time run over a panel."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from statistics import NormalDist
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from datamodules.errors import InputError
from datamodules.panel import Panel


class ForecastError(RuntimeError):
    """A forecaster could not answer; one sentence counts the series and quotes the first, with its reason."""


class Baseline(ABC):
    """A statistical forecaster behind the protocol ``Forecaster``.

    Attributes:
        causal: whether ``predict`` looks only at rows up to each cutoff, whatever the panel holds after it; then all
            cutoffs may be handed over at once, with the whole panel (a contract test holds every baseline to it).
        local: whether each series is learnt from and forecast by itself, so that series of a panel larger than memory
            may be handed over some at a time, each lot to a forecaster of its own.
        extra: the package that it needs, which an extra of the same name brings; empty for none.
        name: the name in every table; the class name when not given.
        notes: after ``fit`` and ``predict``, what the reader of a result should know: ``"not converged on 3 of 414
            series"``; empty when there is nothing to say.
    """

    causal: ClassVar[bool] = True
    local: ClassVar[bool] = True
    extra: ClassVar[str] = ""

    def __init__(self, *, name: str = "") -> None:
        self.name = name or type(self).__name__
        self.notes = ""

    @abstractmethod
    def fit(self, panel: Panel) -> Self:
        """Learn from all that is observed in ``panel``, from scratch each time; gives itself back."""

    @abstractmethod
    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table for ``cutoffs`` (F, N), -1 where a series is not forecast.

        Raises:
            ForecastError: when a series gets no finite forecast.
        """


def is_available(kind: type[Baseline]) -> bool:
    """Whether the package that a baseline needs, if any, is installed."""
    return not kind.extra or find_spec(kind.extra) is not None


def require(baseline: Baseline, note: str = "") -> None:
    """Raise InputError unless the package that a baseline needs is installed; ``note`` says what it brings along."""
    kind = type(baseline)
    if not is_available(kind):
        raise InputError(
            f"{kind.__name__} needs the package {kind.extra!r}, which is not installed. Install it with pip install "
            f"'forecast-toolkit[{kind.extra}]'{f' ({note})' if note else ''}, or leave {kind.__name__} out."
        )


def normal_quantiles(mean: np.ndarray, spread: np.ndarray, levels: Sequence[float]) -> np.ndarray:
    """Normal quantiles around ``mean`` with standard deviation ``spread``, both (...), at Q ascending levels: (..., Q).

    Example:
        >>> normal_quantiles(np.array([10.0]), np.array([2.0]), (0.5, 0.975)).round(2)
        array([[10.  , 13.92]])
    """
    scores = np.array([NormalDist().inv_cdf(level) for level in levels])
    return mean[..., None] + spread[..., None] * scores


def innovation_spread(variance: float, weights: np.ndarray) -> np.ndarray:
    """(H) standard deviation of the forecast error of 1 .. H steps in a model with additive innovations.

    The error h steps ahead is e_h + w_1 e_(h-1) + ... + w_(h-1) e_1 (Hyndman et al., 2008, *Forecasting with
    Exponential Smoothing*, eq. 6.1; for ARIMA the weights are called psi).

    Args:
        variance: of one innovation e.
        weights: (H-1) what an innovation adds to the value 1 .. H-1 steps later.
    """
    return np.sqrt(variance * np.cumsum(np.concatenate([[1.0], weights**2])))


def tally(notes: dict[str, set[str]], n_series: int) -> str:
    """Notes and the series they hold for, as one text: ``"not converged on 3 of 414 series; ..."``."""
    return "; ".join(f"{note} on {len(series)} of {n_series} series" for note, series in sorted(notes.items()))


def failure(name: str, reasons: dict[str, str], n_series: int) -> ForecastError:
    """The error for series that got no forecast, given the reason for each by its name."""
    first, reason = next(iter(reasons.items()))
    return ForecastError(f"{name} failed on {len(reasons)} of {n_series} series; first: {first!r}: {reason}")
