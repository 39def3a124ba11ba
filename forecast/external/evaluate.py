"""Anyone's forecasts, scored like a backtest, beside baselines made at the same cutoffs and finished runs."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from datamodules.covariate_health import covariate_health
from datamodules.errors import one_of
from datamodules.health import health
from datamodules.panel import Panel
from forecast.arms import Task, plan, run
from forecast.backtest import provenance, recent
from forecast.baselines.base import Baseline
from forecast.evaluation.metrics import named
from forecast.evaluation.scores import DEFAULT_METRICS, REFERENCE
from forecast.evaluation.series_traits import series_traits
from forecast.external.forecasts import Read, read_forecasts
from forecast.external.shares import Share, codes_of, keys_at, matched, refuse_repeats, share_of, together
from forecast.forecaster import Forecaster, find, refuse_same_names
from forecast.result import Backtest
from forecast.table import level_columns

Progress = Callable[[int, int, str], None]
_LEVELS: Final = (0.1, 0.9)  # of baselines beside forecasts without intervals


def evaluate(
    forecasts: Any,
    panel: Panel,
    *,
    beside: Sequence[Backtest] = (),
    baselines: Sequence[str | Forecaster] = (REFERENCE,),
    columns: Mapping[str, Sequence[str]] | None = None,
    models: Sequence[str] = (),
    horizon: int = 0,
    refit: str | int = "never",
    seasonality: int = 0,
    metrics: Sequence[str] = DEFAULT_METRICS,
    common: bool = False,
    progress: Progress = lambda done, total, label: None,
    spec: dict[str, Any] | None = None,
) -> Backtest:
    """Score forecasts that were made elsewhere: leaderboard, tests and report as of a backtest.

    Args:
        forecasts: a table of pandas, polars or pyarrow, or several: ``unique_id, ds, cutoff``, a column a model, and
            its bounds such as ``MODEL-lo-90``, ``MODEL-hi-90``; or a forecast table of this toolkit.
        panel: the data that they are of; what came is taken from here.
        beside: finished backtests on the same data whose models join in.
        baselines: forecasters, or names of baselines, that forecast from the same cutoffs; one whose name is taken
            already is left out.
        columns: role (``id``, ``time``, ``cutoff``, ``target``) -> columns of the forecasts that have other names.
        models: those of the forecasts that are wanted; all when empty.
        horizon: steps of each forecast, where the forecasts have no column ``cutoff``.
        refit: how often baselines are fitted: ``never`` (once, before the first cutoff), ``always``, or every K-th.
        seasonality: of the naive errors in MASE; 0 for that of ``beside``, else the clock's.
        metrics: of the leaderboard; the first orders it.
        common: score the rows that all have, when some lack rows.
        progress: called with parts done, parts in all and the part begun.
        spec: the complete configuration to keep with the result.

    Raises:
        InputError: names what is wrong with the forecasts, where, and what to do.
    """
    started = time.perf_counter()
    named(metrics)
    seasonality = seasonality or _seasonality(beside) or panel.seasonality
    frames = list(forecasts) if isinstance(forecasts, list | tuple) else [forecasts]
    shares = [
        _external(
            read_forecasts(
                frame,
                panel,
                columns=columns,
                models=models,
                horizon=horizon,
                seasonality=seasonality,
                common=common,
            ),
            panel,
        )
        for frame in frames
    ]
    refuse_repeats(shares)
    rows = np.unique(np.concatenate([share.codes for share in shares]))
    for other in beside:
        joining, twice = share_of(other, shares, panel, seasonality)
        rows, left_out = matched(rows, np.unique(joining.codes), panel, common)
        shares = [share.without(twice).noting(left_out) for share in shares] + [joining]
    shares = [share.only(rows) for share in shares]
    task = _task(rows, panel, seasonality, shares)
    taken = {name for share in shares for name in share.models}
    others = [one for one in map(_forecaster, baselines) if one.name not in taken]
    refuse_same_names(others)
    arms = plan(others, len(task.positions), refit=refit, seeds=(0,))
    for index, arm in enumerate(arms):
        progress(index, len(arms), arm.label)
        part = run(arm, task)
        runs = pd.DataFrame([part.run])
        if len(part.table):
            found = read_forecasts(part.table, panel, seasonality=seasonality)
            shares.append(Share(found.table, codes_of(found.keys, panel), runs).only(rows))
        else:
            shares.append(Share(part.table, np.empty(0, np.int64), runs))
    progress(len(arms), len(arms), "")
    complete = {
        "horizon": task.horizon,
        "folds": len(task.positions),
        "levels": list(task.levels),
        "seasonality": seasonality,
        "freq": panel.clock.freq,
        "metrics": list(metrics),
        "common": common,
    }
    return Backtest(
        spec={**(spec or {}), **complete},
        table=together([share.table for share in shares if len(share.table)]),
        runs=pd.concat([share.runs for share in shares], ignore_index=True),
        curves=pd.concat([other.curves for other in beside] or [pd.DataFrame(columns=_CURVES)], ignore_index=True),
        recent=recent(task),
        health=health(panel).assign(folds=_folds(rows, panel)),
        covariates=covariate_health(panel),
        provenance=provenance(panel, [0], time.perf_counter() - started),
        series=series_traits(panel, int(task.positions[0]), seasonality),
    )


_CURVES: Final = ("model", "seed", "fold", "epoch", "step", "train_loss", "val_loss")


@dataclass(frozen=True, eq=False)
class _Asked(Task):
    """A task at cutoffs of somebody's choice, which may differ from series to series."""

    asked: frozenset[tuple[str, int]] = frozenset()  # series and clock position

    def cutoffs(self, positions: np.ndarray) -> np.ndarray:
        """(F, N) those rows of ``Task.cutoffs`` that were asked for."""
        wanted = [[(name, place) in self.asked for name in self.panel.ids.tolist()] for place in positions.tolist()]
        return np.where(np.array(wanted, dtype=bool).reshape(len(positions), -1), super().cutoffs(positions), -1)


def _task(rows: np.ndarray, panel: Panel, seasonality: int, shares: Sequence[Share]) -> Task:
    """What baselines are asked: the cutoffs of the rows, as far ahead as these reach."""
    keys = keys_at(rows, panel)
    pairs = keys[["series", "cutoff"]].drop_duplicates()
    asked = frozenset(zip(panel.ids[pairs["series"]].tolist(), pairs["cutoff"].tolist(), strict=True))
    levels = sorted({level for share in shares for level in level_columns(share.table).values()})
    positions = np.unique(keys["cutoff"].to_numpy())
    return _Asked(panel, positions, int(keys["step"].max()), 0, 0, seasonality, tuple(levels) or _LEVELS, asked=asked)


def _external(found: Read, panel: Panel) -> Share:
    """The share of models made elsewhere: what they took is not known."""
    keys = found.keys
    places = np.unique(keys["cutoff"].to_numpy())
    runs = [
        {
            "model": str(model),
            "kind": "external",
            "seed": int(seed),
            "fold": 0,
            "n_folds": len(places),
            "cutoff": str(panel.clock.stamps(places)[0]),
            "fit_seconds": np.nan,
            "predict_seconds": np.nan,
            "parameters": np.nan,
            **dict.fromkeys(("epochs", "best_epoch", "steps", "windows"), 0),
            **{"dropped": "", "note": "; ".join(found.notes), "error": ""},
        }
        for model, seed in found.table[["model", "seed"]].drop_duplicates().itertuples(index=False)
    ]
    return Share(found.table, codes_of(keys, panel), pd.DataFrame(runs))


def _forecaster(one: str | Forecaster) -> Forecaster:
    if not isinstance(one, str):
        return one
    known = find("forecast.baselines", Baseline)  # type: ignore[type-abstract]
    one_of("baseline", one, known)
    return known[one]()


def _seasonality(beside: Sequence[Backtest]) -> int:
    return next((int(other.spec["seasonality"]) for other in beside if other.spec.get("seasonality")), 0)


def _folds(rows: np.ndarray, panel: Panel) -> np.ndarray:
    """(N * D) the cutoffs that each series is forecast from, as ``health`` has them."""
    pairs = keys_at(rows, panel)[["series", "cutoff"]].drop_duplicates()
    folds = np.bincount(pairs["series"], minlength=panel.n_series)
    order = np.argsort(panel.ids.astype(str), kind="stable")
    return np.repeat(folds[order], len(panel.columns.target))
