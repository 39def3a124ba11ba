"""The rolling-origin backtest: every forecaster at the same cutoffs, scored on the same rows."""

import platform
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from datamodules.covariate_health import covariate_health
from datamodules.errors import InputError, at_least, one_of
from datamodules.health import health
from datamodules.panel import Panel
from datamodules.split import known_rows, rolling_positions
from forecast.arms import Task, plan
from forecast.engines.base import Engine
from forecast.engines.base import engine as engine_of
from forecast.ensemble.recipes import SEEDS, Recipe, recipes
from forecast.ensemble.rows import with_ensembles
from forecast.evaluation.metrics import named
from forecast.evaluation.scores import DEFAULT_METRICS
from forecast.evaluation.series_traits import series_traits
from forecast.forecaster import Forecaster, refuse_same_names
from forecast.fulfil import Progress, fulfil
from forecast.parts import Parts, configuration
from forecast.result import Backtest
from forecast.shards import Shard, deal
from forecast.table import KEYS, check_levels, level_column, stacked
from forecast.teams import teams


def backtest(
    panel: Panel,
    forecasters: Sequence[Forecaster],
    *,
    horizon: int,
    folds: int = 5,
    stride: int = 0,
    gap: int = 0,
    refit: str | int = "never",
    seeds: int | Sequence[int] = 1,
    levels: Sequence[float] = (0.1, 0.9),
    ensembles: Sequence[str | Recipe] = (),
    seasonality: int = 0,
    metrics: Sequence[str] = DEFAULT_METRICS,
    common: bool = False,
    window: int = 0,
    threads: int = 1,
    together: bool = False,
    inside: int = 0,
    engine: str | Engine = "",
    workers: int = 0,
    shard: str = "",
    folder: str | Path | None = None,
    progress: Progress = lambda done, total, label: None,
    spec: dict[str, Any] | None = None,
) -> Backtest:
    """Forecast each fold with each forecaster and gather what came of it.

    Args:
        panel: the series.
        forecasters: fitted anew here, each under its own name.
        horizon: steps ahead.
        folds: number of cutoffs; the last one leaves just ``horizon`` steps.
        stride: steps between cutoffs; 0 for ``horizon``, so that test rows do not overlap.
        gap: steps left out between what ``fit`` sees and the first cutoff it serves.
        refit: ``never`` fits once before the first cutoff, ``always`` before each, K before every K-th; from scratch.
        seeds: how many seeds, or which, for forecasters that have one.
        levels: quantile levels.
        ensembles: made of the forecasts when all arms are done: ``mean``, ``median``, ``trimmed``, ``inverse``,
            ``greedy``, ``seeds``, or recipes that name their members; weights are learnt on earlier folds.
        seasonality: of the naive errors in MASE; 0 for the clock's.
        metrics: of the leaderboard; the first orders it.
        common: score the rows that all have, when some forecaster lacks rows.
        window: rows that ``fit`` sees at most (sliding); 0 for all (expanding).
        threads: that each fit computes with; one that is wide may be faster with more. They decide its last bits.
        together: train networks of one shape that see the same rows as one, and read one training off at several
            lengths; faster, and the same numbers to rounding (``forecast.together``).
        inside: cutoffs of each series within the rows that a network is trained on, and as many within those that it is
            validated on, at which it is asked as well, for ``Backtest.inside``.
        engine: who runs the fits: ``serial``, ``processes``, ``ray``, or an Engine; the numbers do not depend on it.
        workers: fits at a time, 0 for what the engine takes; from 2 on, ``processes`` unless an engine is named.
        shard: such as ``3/20``: only the fits of that share, of as many that together are all (``forecast.shards``).
        folder: where finished parts are kept, so that a second run does not do them again, by whatever engine.
        progress: called with arms done, arms in all and what is running.
        spec: the complete configuration to keep with the result.

    Raises:
        InputError: when the series are too short for the folds, or an option is out of range.
    """
    started = time.perf_counter()
    chosen = tuple(range(seeds)) if isinstance(seeds, int) else tuple(seeds)
    _check(forecasters, refit, chosen)
    combined = _recipes(ensembles, forecasters, chosen)
    named(metrics)
    for name, value in (("stride", stride), ("gap", gap), ("seasonality", seasonality), ("window", window)):
        at_least(name, value, 0)
    at_least("inside", inside, 0)
    at_least("threads", threads, 1)
    by = engine if isinstance(engine, Engine) else engine_of(engine, workers=workers)
    seasonality = seasonality or panel.seasonality
    positions = rolling_positions(panel, horizon=horizon, folds=folds, stride=stride or horizon)
    history = max(getattr(forecaster, "history", 1) for forecaster in forecasters)
    task = Task(panel, positions, horizon, gap, window, seasonality, check_levels(levels), history, threads, inside)
    if (task.cutoffs(positions) < 0).all():
        raise InputError(
            f"no series has {history} rows up to one of the {folds} cutoffs, which the longest context needs, and a "
            "value of each target. Shorten the context, or use fewer folds."
        )
    arms = plan(forecasters, folds, refit=refit, seeds=chosen)
    working = teams(arms, together=together)
    parts = Parts(Path(folder), task) if folder else None
    made_by = by.told(working, task) | {"threads": threads}
    if shard:
        share = Shard.read(shard)
        dealt = deal(working, task, share.of)
        working = [team for team, number in zip(working, dealt, strict=True) if number == share.number]
        made_by |= {"shard": str(share), "deal": dealt}
    by_arm = fulfil(working, task, by, parts=parts, progress=progress)
    done = [by_arm[arm] for arm in arms if arm in by_arm]
    complete = {
        "horizon": horizon,
        "folds": folds,
        "stride": stride or horizon,
        "gap": gap,
        "refit": refit,
        "seeds": seeds if isinstance(seeds, int) else list(chosen),
        "levels": list(task.levels),
        **({"ensembles": [recipe.plain() for recipe in combined]} if combined else {}),
        "seasonality": seasonality,
        "freq": panel.clock.freq,
        "metrics": list(metrics),
        "common": common,
        "window": window,
        "threads": threads,
        **({"together": True} if together else {}),
        **({"inside": inside} if inside else {}),
    }
    table = _table([part.table for part in done if len(part.table)], task.levels)
    runs = pd.DataFrame([part.run for part in done])
    if combined and not shard:
        table, runs = with_ensembles(table, runs, combined)
    return Backtest(
        spec=spec or complete | {"forecasters": [configuration(forecaster) for forecaster in forecasters]},
        table=table,
        runs=runs,
        curves=_curves([part.curves for part in done if len(part.curves)]),
        recent=recent(task),
        health=health(panel).assign(folds=_folds_of_series(task)),
        covariates=covariate_health(panel),
        provenance=provenance(panel, list(chosen), time.perf_counter() - started) | made_by,
        series=series_traits(panel, int(positions[0]), seasonality),
        inside=stacked(within) if (within := [part.inside for part in done if len(part.inside)]) else pd.DataFrame(),
    )


def _check(forecasters: Sequence[Forecaster], refit: str | int, seeds: tuple[int, ...]) -> None:
    if not forecasters:
        raise InputError("no forecaster was given; a backtest needs at least one model or baseline. Name some.")
    refuse_same_names(forecasters)
    if not (refit in ("never", "always") or (isinstance(refit, int) and refit >= 1)):
        raise InputError(f"refit is {refit!r}; expected never, always, or a number of folds from 1. Say one of these.")
    if not seeds or min(seeds) < 0 or len(set(seeds)) < len(seeds):
        raise InputError(f"seeds are {list(seeds)}; expected at least one, from 0, each once. Give a number from 1.")


def _recipes(
    ensembles: Sequence[str | Recipe], forecasters: Sequence[Forecaster], seeds: tuple[int, ...]
) -> tuple[Recipe, ...]:
    """The ensembles that are wanted; InputError for one that cannot be made of these forecasters."""
    found = recipes(ensembles)
    names = [forecaster.name for forecaster in forecasters]
    for recipe in found:
        for member in recipe.members:
            one_of(f"member of ensemble {recipe.label}", member, names)
        if recipe.label in names:
            raise InputError(f"ensemble {recipe.label!r} is called like a forecaster. Give one of them another name.")
        if recipe.method == SEEDS and len(seeds) < 2:
            raise InputError(
                f"ensemble 'seeds' is the mean of several seeds, but there is {len(seeds)}. Ask for more (--seeds 5)."
            )
    return found


def _table(tables: list[pd.DataFrame], levels: tuple[float, ...]) -> pd.DataFrame:
    """All parts as one table; names stay categories. Without any part, its columns."""
    if not tables:
        values = ["mean", *map(level_column, levels), "actual", "naive_mae", "naive_mse"]
        return pd.DataFrame(columns=[*KEYS, "time", *values]).astype(dict.fromkeys(values, np.float64))
    return stacked(tables)


def _curves(curves: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["model", "seed", "fold", "epoch", "step", "train_loss", "val_loss"]
    return pd.concat(curves, ignore_index=True) if curves else pd.DataFrame(columns=columns)


def _folds_of_series(task: Task) -> np.ndarray:
    """(N * D) the folds that each series is forecast in; 0 where it had ended, or just begun, at every cutoff."""
    folds = (task.cutoffs(task.positions) >= 0).sum(axis=0)
    order = np.argsort(task.panel.ids.astype(str), kind="stable")  # as ``health`` has them
    return np.repeat(folds[order], len(task.panel.columns.target))


def recent(task: Task) -> pd.DataFrame:
    """The series from some horizons and seasons before the first cutoff to the end: unique_id, target, ds, y."""
    return pd.concat([_recent_of(chunk.panel, task) for chunk in task.panel.chunks()], ignore_index=True)


def _recent_of(panel: Panel, task: Task) -> pd.DataFrame:
    before = max(3 * task.horizon, 2 * task.seasonality)
    since = known_rows(panel, int(task.positions[0])) - before + 1
    rows = np.flatnonzero(np.arange(len(panel.target)) >= since[panel.series_of_row])
    series = panel.series_of_row[rows]
    frames = [
        pd.DataFrame(
            {
                "unique_id": panel.ids[series].astype(str),
                "target": name,
                "ds": panel.times(rows, series),
                "y": panel.target[rows, index],
            }
        )
        for index, name in enumerate(panel.columns.target)
    ]
    return pd.concat(frames, ignore_index=True)


def provenance(panel: Panel, seeds: list[int], seconds: float) -> dict[str, Any]:
    """What a result came from: fingerprint, date, seeds, machine, versions."""
    return {
        "fingerprint": panel.fingerprint(),
        "clock": panel.clock.plain(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "seeds": seeds,
        "machine": f"{platform.machine()}, {platform.platform(terse=True)}, Python {platform.python_version()}",
        "versions": {name: _version(name) for name in _PACKAGES},
    }


_PACKAGES = ("forecast-toolkit", "torch", "pytorch-lightning", "pandas", "numpy", "scipy", "statsmodels")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
