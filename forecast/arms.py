"""Arms of a backtest: one forecaster with one seed, fitted once, for one or several folds; their parts on disk."""

import hashlib
import inspect
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, is_dataclass, replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from datamodules.errors import InputError
from datamodules.history import first_seen
from datamodules.made.holiday_places import is_file
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import cutoffs_at_positions, known_rows
from forecast.footprint import fitted_bytes
from forecast.forecaster import Forecaster, Seeded, innermost
from forecast.neural import NeuralForecaster
from forecast.table import join_actuals, stacked


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
    """

    panel: Panel
    positions: np.ndarray
    horizon: int
    gap: int
    window: int
    seasonality: int
    levels: tuple[float, ...]
    history: int = 1

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
    """What an arm left: rows of the forecast table (none when it failed), its losses, and a row for ``runs``."""

    table: pd.DataFrame
    curves: pd.DataFrame
    run: dict[str, Any]


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


def run(arm: Arm, task: Task) -> Part:
    """Fit and predict one arm; what goes wrong becomes its row's ``error``."""
    record = _record(arm, task)
    forecaster = deepcopy(arm.forecaster)
    if isinstance(forecaster, Seeded):
        forecaster = forecaster.with_seed(arm.seed)
    local = getattr(forecaster, "local", False)
    tables, notes, sizes, seconds = [], [], [], {"fit_seconds": 0.0, "predict_seconds": 0.0}
    try:
        if not local:
            with _timed(seconds, "fit_seconds"):
                forecaster.fit(training_panel(arm, task))
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
        record["error"] = f"{type(error).__name__}: {error}"
        return Part(pd.DataFrame(), _curves(forecaster, arm), record)
    record |= seconds | _merged(notes)
    record |= {"parameters": int(getattr(forecaster, "parameters", 0)), "bytes": sum(sizes) if local else sizes[-1]}
    return Part(table, _curves(forecaster, arm), record)


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
    return {**plain[-1], **({"note": "; ".join(texts)} if texts else {})}


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


def _record(arm: Arm, task: Task) -> dict[str, Any]:
    return {
        "model": arm.forecaster.name,
        "kind": "network" if isinstance(innermost(arm.forecaster), NeuralForecaster) else "baseline",
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
        "dropped": "",
        "note": "",
        "error": "",
    }


def _curves(forecaster: Forecaster, arm: Arm) -> pd.DataFrame:
    curves = getattr(forecaster, "curves", None)
    if curves is None or len(curves) == 0:
        return pd.DataFrame()
    return pd.DataFrame({"model": arm.forecaster.name, "seed": arm.seed, "fold": arm.first, **curves})


def configuration(forecaster: Forecaster) -> dict[str, Any]:
    """How to make the forecaster, in plain values: class and options; a digest where an option cannot be said so.

    An option is an argument of the class, or of those it hands ``**options`` on to. What a class does not keep under
    the argument's name shows as a digest of its whole state.
    """
    options = {
        name: _plain(getattr(forecaster, name)) if hasattr(forecaster, name) else joblib.hash(vars(forecaster))
        for name in _arguments(type(forecaster))
        if name not in ("self", "seed")
    }
    return {"class_path": type(forecaster).__name__, "init_args": options}


def _arguments(cls: type) -> list[str]:
    names: list[str] = []
    for one in cls.__mro__:
        parameters = inspect.signature(one.__init__).parameters.values()  # type: ignore[misc]
        names += [each.name for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            break
    return list(dict.fromkeys(names))


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if hasattr(value, "hparams"):
        return {"class_path": type(value).__name__, "init_args": _plain(dict(value.hparams))}
    if isinstance(value, Forecaster):
        return configuration(value)
    return joblib.hash(value)


def _dates(forecaster: Forecaster) -> list[str]:
    """A digest of the file of holidays that a network reads, which may change under its name; nothing without one."""
    prepare = getattr(innermost(forecaster), "prepare", None)
    source = prepare.features.holidays if isinstance(prepare, Preparation) else ""
    if not (source and is_file(source) and Path(source).exists()):
        return []
    return [hashlib.sha256(Path(source).read_bytes()).hexdigest()]


class Parts:
    """Finished arms in a folder, by a key of all that decides their numbers; a second run takes them from there."""

    def __init__(self, folder: Path, task: Task) -> None:
        self.folder = folder
        numbers = (task.horizon, task.gap, task.window, task.seasonality, task.levels, task.history)
        self._common = json.dumps([task.panel.fingerprint(), task.positions.tolist(), *numbers])

    def _path(self, arm: Arm) -> Path:
        made_of = [configuration(arm.forecaster), arm.seed, arm.first, arm.count, *_dates(arm.forecaster)]
        own = json.dumps(made_of, sort_keys=True)
        digest = hashlib.sha256((self._common + own).encode()).hexdigest()[:16]
        return self.folder / f"{arm.forecaster.name}-{arm.seed}-{arm.first}-{digest}".replace(os.sep, "_")

    def get(self, arm: Arm) -> Part | None:
        """The part of an arm that has finished without an error; None otherwise."""
        path = self._path(arm)
        if not path.exists():
            return None
        try:
            run = json.loads((path / "run.json").read_text(encoding="utf-8"))
            return Part(pd.read_parquet(path / "table.parquet"), pd.read_parquet(path / "curves.parquet"), run)
        except (OSError, ValueError) as error:  # ValueError: what json and pyarrow raise
            raise InputError(
                f"finished part {path} of a backtest is damaged. Remove it, or say --overwrite to start anew."
            ) from error

    def put(self, arm: Arm, part: Part) -> None:
        """Keep a part, whole or not at all; one that failed is not kept, so that a second run tries again."""
        if part.run["error"]:
            return
        path = self._path(arm)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        part.table.to_parquet(temporary / "table.parquet")
        part.curves.to_parquet(temporary / "curves.parquet")
        (temporary / "run.json").write_text(json.dumps(part.run))
        temporary.rename(path)
