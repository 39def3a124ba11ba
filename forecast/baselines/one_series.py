"""One series: its history up to a cutoff, what is estimated from it, and the answer or the reason why there is none."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
from statsmodels.tools.sm_exceptions import ConvergenceWarning, ModelWarning

from datamodules.panel import Panel

NOT_CONVERGED = "not converged"


class SeriesModel(Protocol):
    """What is needed of a model of one series."""

    @property
    def least(self) -> int:
        """Values that an estimate needs."""
        ...

    @property
    def max_history(self) -> int:
        """Last values used at most to estimate; 0 for all."""
        ...

    def estimate(self, y: np.ndarray, seasonality: int) -> tuple[Any, tuple[str, ...]]:
        """Parameters for ``y`` (T), neither constant nor with NaN, and notes for the reader."""
        ...

    def forecast(
        self, y: np.ndarray, params: Any, horizon: int, levels: Sequence[float], seasonality: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean (H) and quantiles (H, Q) after ``y`` (T) with ``params`` as they were estimated."""
        ...


class Estimate(NamedTuple):
    """What was learnt from one series.

    Attributes:
        begin: clock position of the first value used; forecasts from later cutoffs begin there too.
        params: whatever the model's ``forecast`` wants back, in plain values.
        notes: what the reader should know, such as ``"not converged"``.
    """

    begin: int
    params: Any
    notes: tuple[str, ...]


class Answer(NamedTuple):
    """The forecast of one series from one cutoff; ``error`` says why when there is none."""

    mean: np.ndarray  # (H)
    quantiles: np.ndarray  # (H, Q)
    notes: tuple[str, ...]
    error: str


class History(NamedTuple):
    """One target of one series up to a cutoff."""

    position: int  # clock position of the first value
    values: np.ndarray  # (T), NaN where not observed

    @classmethod
    def of(cls, panel: Panel, series: int, target: int, row: int) -> "History":
        """The history of a series (index) and target (index) up to ``row``, which is seen."""
        begin = int(panel.offsets[series])
        return cls(int(panel.start[series]), panel.target[begin : row + 1, target])

    def complete(self, begin: int) -> tuple[int, np.ndarray, int]:
        """From clock position ``begin`` on: position of the first observed value, values to the last, steps since."""
        values = self.values[max(begin - self.position, 0) :]
        seen = np.flatnonzero(np.isfinite(values))
        if not seen.size:
            return begin, np.empty(0), 0
        rows = np.arange(seen[0], seen[-1] + 1)
        filled = np.interp(rows, seen, values[seen])
        position = self.position + len(self.values) - len(values) + int(seen[0])
        return position, filled, len(values) - 1 - int(seen[-1])

    def latest(self, count: int) -> int:
        """The clock position from which ``count`` values are left; the first where 0 asks for all."""
        return self.position + max(len(self.values) - count, 0) if count else self.position


def estimated(model: SeriesModel, history: History, seasonality: int) -> Estimate | str:
    """The estimate, or why there is none."""
    position, y, _ = history.complete(history.latest(model.max_history))
    if len(y) < model.least:
        return too_short(len(y), model.least)
    if (y == y[0]).all():
        return "constant"
    try:
        with heard() as converged:
            params, notes = model.estimate(y, seasonality)
    except (ValueError, ArithmeticError, RuntimeError, IndexError) as error:
        return f"{type(error).__name__}: {error}"
    return Estimate(position, params, notes if converged() else (*notes, NOT_CONVERGED))


def answered(
    model: SeriesModel,
    history: History,
    lengths: list[int],
    fitted: Estimate | None,
    horizon: int,
    levels: tuple[float, ...],
    seasonality: int,
) -> list[Answer]:
    """One series' forecasts from each of its cutoffs, ``lengths`` values after its begin."""
    known = [History(history.position, history.values[:length]) for length in lengths]
    return [_answer(model, one, fitted, horizon, levels, seasonality) for one in known]


def _answer(
    model: SeriesModel,
    history: History,
    fitted: Estimate | None,
    horizon: int,
    levels: tuple[float, ...],
    seasonality: int,
) -> Answer:
    if fitted is not None:
        position, y, late = history.complete(fitted.begin)
    if fitted is None or position != fitted.begin or len(y) < model.least:
        fitted = None
        position, y, late = history.complete(history.latest(model.max_history))
    if len(y) >= model.least and (y == y[0]).all():
        return unchanging(y[0], horizon, len(levels))
    found = fitted or estimated(model, history, seasonality)
    if isinstance(found, str):
        return no_answer(found)
    try:
        with heard():
            mean, quantiles = model.forecast(y, found.params, horizon + late, levels, seasonality)
    except (ValueError, ArithmeticError, RuntimeError, IndexError) as error:
        return no_answer(f"{type(error).__name__}: {error}")
    mean, quantiles = np.asarray(mean)[late:], np.asarray(quantiles)[late:]
    if not (np.isfinite(mean).all() and np.isfinite(quantiles).all()):
        return no_answer("the forecast is not finite")
    return Answer(mean, quantiles, found.notes, "")


def too_short(count: int, least: int) -> str:
    """Why a history of ``count`` values is not learnt from."""
    return f"{count} values up to the cutoff; at least {least} are needed. Start later, or set a fallback."


def unchanging(value: float, horizon: int, n_levels: int) -> Answer:
    """The answer to a history of one constant value: it stays so, without spread."""
    return Answer(np.full(horizon, value), np.full((horizon, n_levels), value), ("constant history",), "")


def no_answer(error: str) -> Answer:
    """No forecast, and why."""
    return Answer(np.empty(0), np.empty((0, 0)), (), error)


@contextmanager
def heard() -> Iterator[Callable[[], bool]]:
    """Keeps in the warnings that statsmodels gives for one series; the function it yields says whether it converged."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield lambda: not any(issubclass(one.category, ConvergenceWarning) for one in caught)
    for one in caught:
        if not issubclass(one.category, ModelWarning | RuntimeWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
