"""Arms of a backtest: one forecaster with one seed, fitted once, for one or several folds, and the part it leaves."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from datamodules.history import first_seen
from datamodules.panel import Panel
from datamodules.split import cutoffs_at_positions, known_rows
from forecast.footprint import fitted_bytes
from forecast.forecaster import Forecaster, Seeded, innermost
from forecast.inside import inside
from forecast.neural import NeuralForecaster
from forecast.table import join_actuals, stacked
from forecast.threads import own_threads


@dataclass(frozen=True, eq=False)
class Task:
    """What all arms have in common.

    Attributes:
        panel: all that was observed, the test rows included; a forecaster is handed what it may see of it.
        positions: (F) clock positions of the cutoffs.
        horizon: steps ahead.
        gap: steps left out between what ``fit`` sees and the first cutoff.
        window: rows that ``fit`` sees at most; 0 for all.
        seasonality: of the naive errors that scale MASE.
        levels: quantile levels.
        history: rows that a series must have up to a cutoff; with fewer, no forecaster forecasts it there, so that all
            are scored on the same rows.
        threads: that each arm's numbers are computed with (``forecast.threads.own_threads`` says why it is fixed).
        inside: cutoffs of each series in each of the parts that a network is trained and validated on, at which it is
            asked as well (``forecast.inside``).
    """

    panel: Panel
    positions: np.ndarray
    horizon: int
    gap: int
    window: int
    seasonality: int
    levels: tuple[float, ...]
    history: int = 1
    threads: int = 1
    inside: int = 0

    def cutoffs(self, positions: np.ndarray) -> np.ndarray:
        """(F, N) cutoff rows at ``positions`` (F); -1 for a series that has ended or has too little history there.

        So has one of which some target was not observed yet, and, where there are known covariates, one that ends
        before the horizon does: what is known ahead of it ends there too.
        """
        rows = cutoffs_at_positions(self.panel, positions)
        enough = rows - self.panel.offsets[:-1] + 1 >= self.history
        if self.panel.columns.known:
            enough &= rows + self.horizon < self.panel.offsets[1:]
        return np.where(enough & (rows >= first_seen(self.panel).max(axis=1)), rows, -1)


@dataclass(frozen=True, eq=False)
class Arm:
    """One fit: a forecaster, a seed and the folds ``first .. first + count - 1`` that it serves."""

    forecaster: Forecaster
    seed: int
    first: int
    count: int

    @property
    def label(self) -> str:
        """For a progress bar: ``LSTM, seed 1, fold 3``."""
        seed = f", seed {self.seed}" if isinstance(self.forecaster, Seeded) else ""
        return f"{self.forecaster.name}{seed}, fold {self.first + 1}"


@dataclass(frozen=True, eq=False)
class Part:
    """What an arm left: rows of the forecast table (none when it failed), its losses, and a row for ``runs``.

    And of a network, where that was wanted, its forecasts within what it was trained and validated on.
    """

    table: pd.DataFrame
    curves: pd.DataFrame
    run: dict[str, Any]
    inside: pd.DataFrame = field(default_factory=pd.DataFrame)


def plan(forecasters: Sequence[Forecaster], n_folds: int, *, refit: str | int, seeds: Sequence[int]) -> list[Arm]:
    """All arms: a fit a seed for forecasters that have one, and a fit every ``refit`` folds (``never``, ``always``)."""
    every = {"never": n_folds, "always": 1}.get(str(refit)) or int(refit)
    starts = range(0, n_folds, every)
    return [
        Arm(forecaster, seed, first, min(every, n_folds - first))
        for forecaster in forecasters
        for seed in (seeds if isinstance(forecaster, Seeded) else (0,))
        for first in starts
    ]


def run(arm: Arm, task: Task, *, said: str = "") -> Part:
    """Fit and predict one arm; what goes wrong becomes its row's ``error``. ``said`` goes into the row's ``note``."""
    with own_threads(task.threads):
        forecaster = ready(arm)
        begin = time.perf_counter()
        try:
            if not getattr(forecaster, "local", False):
                forecaster.fit(training_panel(arm, task))
        except Exception as error:  # noqa: BLE001 - whatever it is, the arm becomes a row and the others go on
            return lost(arm, task, f"{type(error).__name__}: {error}")
        return answer(forecaster, arm, task, time.perf_counter() - begin, said=said)


def lost(arm: Arm, task: Task, reason: str) -> Part:
    """The part of an arm that could not be run to its end, with the reason in its row."""
    return Part(pd.DataFrame(), pd.DataFrame(), _record(arm, task) | {"error": reason})


def ready(arm: Arm) -> Forecaster:
    """A copy of the arm's forecaster with its seed, to be fitted."""
    forecaster = deepcopy(arm.forecaster)
    return forecaster.with_seed(arm.seed) if isinstance(forecaster, Seeded) else forecaster


def answer(forecaster: Forecaster, arm: Arm, task: Task, fit_seconds: float, *, said: str = "") -> Part:
    """What an arm leaves once its forecaster is fitted; one that looks at series by themselves is fitted here.

    Args:
        forecaster: that of the arm, fitted.
        arm: which folds it serves.
        task: what is asked of it.
        fit_seconds: that fitting took.
        said: about the fit, for the note of its row.
    """
    record = _record(arm, task)
    local = getattr(forecaster, "local", False)
    tables, notes, sizes, seconds = [], [], [], {"fit_seconds": fit_seconds, "predict_seconds": 0.0}
    try:
        for chunk in task.panel.chunks():
            own = replace(task, panel=chunk.panel)
            if local:
                with _timed(seconds, "fit_seconds"):
                    forecaster.fit(training_panel(arm, own))
            with _timed(seconds, "predict_seconds"):
                tables.append(predictions(forecaster, arm, own))
            sizes.append(fitted_bytes(forecaster, arm.forecaster))
            notes.append(getattr(forecaster, "notes", {}))
        table = _in_order(tables)
    except Exception as error:  # noqa: BLE001 - whatever it is, the arm becomes a row and the others go on
        record |= {name: value for name, value in seconds.items() if value}
        record |= {"note": said, "error": f"{type(error).__name__}: {error}"}
        return Part(pd.DataFrame(), _curves(forecaster, arm), record)
    record |= {"parameters": int(getattr(forecaster, "parameters", 0)), "bytes": sum(sizes) if local else sizes[-1]}
    within, failed = _inside(forecaster, arm, task)
    return Part(table, _curves(forecaster, arm), record | seconds | _merged([*notes, said, failed]), within)


def _inside(forecaster: Forecaster, arm: Arm, task: Task) -> tuple[pd.DataFrame, str]:
    """The rows of ``forecast.inside`` of an arm, where they are wanted; and if that fails, a note about why."""
    if not task.inside:
        return pd.DataFrame(), ""
    try:
        table = inside(
            forecaster,
            training_panel(arm, task),
            most=task.inside,
            history=task.history,
            horizon=task.horizon,
            levels=task.levels,
            seasonality=task.seasonality,
        )
    except Exception as error:  # noqa: BLE001 - the forecasts that are scored stand without these
        return pd.DataFrame(), f"no forecasts within the training rows ({type(error).__name__}: {error})"
    if len(table):
        table.insert(1, "seed", np.int64(arm.seed))
        table.insert(2, "fold", np.int64(arm.first))
    return table, ""


@contextmanager
def _timed(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Adds the seconds that pass inside."""
    begin = time.perf_counter()
    yield
    seconds[name] += time.perf_counter() - begin


def _in_order(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The tables of the chunks of a panel as one, ordered by cutoff and series as that of a panel in memory."""
    return tables[0] if len(tables) == 1 else stacked(tables).sort_values("cutoff", kind="stable", ignore_index=True)


def _merged(notes: list[Any]) -> dict[str, Any]:
    """What a forecaster noted on each chunk of a panel, as entries of its row in ``runs``."""
    plain = [dict(note) if isinstance(note, dict) else {"note": str(note)} for note in notes]
    texts = dict.fromkeys(text for each in plain if (text := each.get("note", "")))
    return {name: value for each in plain for name, value in each.items()} | {"note": "; ".join(texts)}


def training_panel(arm: Arm, task: Task) -> Panel:
    """What the arm's ``fit`` may see."""
    last = known_rows(task.panel, int(task.positions[arm.first]) - task.gap)
    return task.panel.until(last, since=last - task.window + 1 if task.window else None)


def predictions(forecaster: Forecaster, arm: Arm, task: Task) -> pd.DataFrame:
    """The arm's rows with actuals.

    A forecaster that is known to be causal gets all its cutoffs at once, with the panel up to the last of them; any
    other is shown the panel fold by fold, each time only up to the cutoff.
    """
    positions = task.positions[arm.first : arm.first + arm.count]
    together = [positions] if getattr(forecaster, "causal", False) else list(positions[:, None])
    tables = []
    for some in together:
        cutoffs = task.cutoffs(some)
        seen = task.panel.until(known_rows(task.panel, int(some[-1])))
        table = forecaster.predict(seen, cutoffs, task.horizon, task.levels)
        tables.append(join_actuals(table, task.panel, cutoffs, task.seasonality, horizon=task.horizon))
    table = tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True)
    table.insert(1, "seed", np.int64(arm.seed))
    return table


def _kind(forecaster: Forecaster) -> str:
    inner = innermost(forecaster)
    return str(getattr(inner, "kind", "network" if isinstance(inner, NeuralForecaster) else "baseline"))


def _record(arm: Arm, task: Task) -> dict[str, Any]:
    return {
        "model": arm.forecaster.name,
        "kind": _kind(arm.forecaster),
        "seed": arm.seed,
        "fold": arm.first,
        "n_folds": arm.count,
        "cutoff": str(task.panel.clock.stamps(task.positions[arm.first])),
        "fit_seconds": float("nan"),
        "predict_seconds": float("nan"),
        "parameters": 0,
        "bytes": float("nan"),
        "epochs": 0,
        "best_epoch": 0,
        "steps": 0,
        "windows": 0,
        "sparsity": float("nan"),
        "dropped": "",
        "note": "",
        "error": "",
    }


def _curves(forecaster: Forecaster, arm: Arm) -> pd.DataFrame:
    curves = getattr(forecaster, "curves", None)
    if curves is None or len(curves) == 0:
        return pd.DataFrame()
    return pd.DataFrame({"model": arm.forecaster.name, "seed": arm.seed, "fold": arm.first, **curves})
