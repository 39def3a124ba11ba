"""The audit of a backtest: each arm run again with everything after a cutoff replaced by garbage.

::

    |------------------ as it is ------------------|------- garbage -------|
    prepared data, what is fitted, what is forecast ^ cutoff: none may move by one bit

A forecaster is run as the backtest runs it, from the person's own preparation of the data on; only what it learnt is
looked at before it is thrown away.
"""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from datamodules.door.shapes import told
from datamodules.errors import InputError, at_least
from datamodules.large.packed import Packed
from datamodules.panel import Panel
from datamodules.split import known_rows, rolling_positions
from forecast.arms import Arm, Task, plan, predictions, training_panel
from forecast.auditing.compare import Outcome, compare_data, compare_outcomes
from forecast.auditing.findings import CONTROL, FAILED, GRADIENT, Audit, Check
from forecast.auditing.garbage import spoilt
from forecast.auditing.gradients import reach
from forecast.auditing.state import learnt
from forecast.conformal import Conformal
from forecast.forecaster import Forecaster, Seeded, refuse_same_names
from forecast.neural import NeuralForecaster
from forecast.table import check_levels
from forecast.threads import own_threads

Progress = Callable[[int, int, str], None]
Pipeline = Callable[[Panel], Panel]

PAST: Final = "past and target"
ALL: Final = "known too"
GAP: Final = "the gap too"
_PROBES = 24  # further cutoffs at which only the prepared data are compared, beside holes where there are any


def audit(
    panel: Panel,
    forecasters: Sequence[Forecaster],
    *,
    horizon: int,
    folds: int = 5,
    stride: int = 0,
    gap: int = 0,
    refit: str | int = "never",
    seed: int = 0,
    levels: Sequence[float] = (0.1, 0.9),
    window: int = 0,
    threads: int = 1,
    checked: int = 2,
    pipeline: Pipeline = lambda panel: panel,
    progress: Progress = lambda done, total, label: None,
) -> Audit:
    """Whether anything that only the past may decide moves when what comes after a cutoff is garbage.

    Compared to the bit, for the data as they are against the same with target and past covariates replaced after a
    cutoff, and again with the covariates known ahead replaced too: the prepared columns up to the cutoff (where they
    move, the audit ends there); what each fit
    before it learnt (scales, categories, windows, the epoch that early stopping chose, weights); the forecasts from
    cutoffs up to it. With known covariates replaced, which forecasts may read, only what was learnt is compared; so it
    is with the rows of a gap. A run on unchanged data shows first that the comparison means something. Of networks, the
    gradient of the forecasts with respect to each input after their cutoffs must be exactly zero as well.

    Only values are replaced: which rows there are stays as it is, so how many come after a cutoff is not audited.

    Args:
        panel: the data before the person's own preparation.
        forecasters: each under its own name.
        horizon: steps ahead.
        folds: number of cutoffs of the backtest.
        stride: steps between cutoffs; 0 for ``horizon``.
        gap: steps left out between what ``fit`` sees and the first cutoff that it serves.
        refit: ``never``, ``always`` or a number of folds.
        seed: of the fits and the garbage.
        levels: quantile levels.
        window: rows that ``fit`` sees at most; 0 for all.
        threads: that each fit computes with, as in the backtest.
        checked: how many of the cutoffs are followed by garbage in turn: the first, the last, and others between.
        pipeline: the person's own preparation, from the panel as it was observed to the one that is forecast.
        progress: called with runs done, runs in all and the run begun.

    Raises:
        InputError: when the series are too short for the folds, or the panel is larger than memory.
    """
    at_least("checked", checked, 1)
    at_least("threads", threads, 1)
    for name, value in (("stride", stride), ("gap", gap), ("window", window)):
        at_least(name, value, 0)
    refuse_same_names(forecasters)
    if isinstance(panel, Packed):
        raise InputError("data is a store, which an audit cannot replace by garbage; expected files. Name the files.")
    prepared = pipeline(panel)
    positions = rolling_positions(prepared, horizon=horizon, folds=folds, stride=stride or horizon)
    history = max((getattr(forecaster, "history", 1) for forecaster in forecasters), default=1)
    task = Task(prepared, positions, horizon, gap, window, prepared.seasonality, check_levels(levels), history, threads)
    chosen = np.unique(np.linspace(0, folds - 1, min(checked, folds)).round().astype(int))
    kinds = (PAST, ALL) if panel.columns.known else (PAST,)
    checks = [] if prepared is panel else list(_data(panel, pipeline, task, kinds, seed))
    if checks and not Audit.of(checks).clean:
        return Audit.of(checks)  # all else would follow from it
    arms = plan(forecasters, folds, refit=refit, seeds=[seed])
    served = [(arm, [int(fold) for fold in chosen if arm.first <= fold < arm.first + arm.count]) for arm in arms]
    served = [(arm, own) for arm, own in served if own]
    for number, (arm, own) in enumerate(served):
        progress(number, len(served), arm.label)
        checks += _arm(arm, own, task, panel, pipeline, kinds, seed)
    progress(len(served), len(served), "")
    return Audit.of(checks)


def _data(panel: Panel, pipeline: Pipeline, task: Task, kinds: tuple[str, ...], seed: int) -> Iterator[Check]:
    """The prepared columns: once unchanged, then with garbage after each cutoff and after holes and other rows."""
    prepared, ahead = task.panel, task.horizon
    stop = prepared.offsets[1:]
    yield from compare_data(prepared, pipeline(panel), stop=stop, ahead=ahead, cutoff="", garbage=CONTROL)
    for position in np.unique([*task.positions, *_probes(panel, seed)]):
        stamp = told(panel.clock.stamps(np.array(position))[()])
        for kind in kinds:
            garbage = spoilt(panel, known_rows(panel, int(position)), known=kind == ALL, seed=seed)
            stop = known_rows(prepared, int(position)) + 1
            yield from compare_data(prepared, pipeline(garbage), stop=stop, ahead=ahead, cutoff=stamp, garbage=kind)


def _probes(panel: Panel, seed: int) -> np.ndarray:
    """Clock positions at which a preparation is tried beside the cutoffs: inside holes, and some drawn at random."""
    rng = np.random.default_rng(seed)
    rows = np.arange(len(panel.target))
    at = rows - panel.offsets[panel.series_of_row] + panel.start[panel.series_of_row]
    holes = np.unique(at[~panel.observed.all(axis=1) & (rows < panel.last_rows[panel.series_of_row])])
    inside = holes[np.linspace(0, len(holes) - 1, min(_PROBES // 2, len(holes))).round().astype(int)]
    least, most = int(panel.start.min()), int(at.max())
    drawn = rng.integers(least, most, _PROBES // 2) if most > least else np.empty(0, np.int64)
    return np.concatenate([inside, drawn]).astype(np.int64)


def _arm(
    arm: Arm, folds: list[int], task: Task, panel: Panel, pipeline: Pipeline, kinds: tuple[str, ...], seed: int
) -> Iterator[Check]:
    """All checks of one arm, with garbage after the cutoff of each of ``folds``.

    The data are prepared anew before every run: what a pipeline keeps aside for its model, such as a scaler of its own,
    is then that of the run.
    """
    name = arm.forecaster.name

    def outcome(shown: Panel) -> tuple[Outcome, Forecaster]:
        return _outcome(arm, replace(task, panel=pipeline(shown)))

    first, fitted = outcome(panel)
    if first.error:
        begin = told(task.panel.clock.stamps(np.array(task.positions[arm.first]))[()])
        yield Check(name, "forecast", begin, FAILED, 1, 1, first.error)
    stamps = {fold: task.panel.clock.stamps(np.array(task.positions[fold]))[()] for fold in folds}
    again, _ = outcome(panel)
    last = task.panel.clock.stamps(np.array(task.positions[-1]))[()]
    options: dict[str, Any] = {"last": last, "cutoff": told(last), "garbage": CONTROL, "forecasts": True}
    yield from compare_outcomes(name, first, again, **options)
    for fold, stamp in stamps.items():
        position = int(task.positions[fold])
        for kind in (*kinds, GAP) if task.gap and fold == arm.first else kinds:
            last = known_rows(panel, position - task.gap if kind == GAP else position)
            other, _ = outcome(spoilt(panel, last, known=kind == ALL, seed=seed))
            options = {"last": stamp, "cutoff": told(stamp), "garbage": kind, "forecasts": kind == PAST}
            yield from compare_outcomes(name, first, other, **options)
    network = fitted.forecaster if isinstance(fitted, Conformal) else fitted  # whose point forecasts are the network's
    if isinstance(network, NeuralForecaster) and not first.error:
        yield from _gradients(name, network, task, stamps)


def _gradients(name: str, fitted: NeuralForecaster, task: Task, stamps: dict[int, Any]) -> Iterator[Check]:
    """The gradient of a network's forecasts from each checked cutoff."""
    for fold, stamp in stamps.items():
        found = reach(fitted, task.panel, task.cutoffs(task.positions[[fold]])[0])
        if found.earlier:
            detail = f"{found.earlier:,} inputs up to it are not zero"
            names = (name, "gradient of the forecast", told(stamp), GRADIENT)
            yield Check(*names, found.later, found.moved, detail)


def _outcome(arm: Arm, task: Task) -> tuple[Outcome, Forecaster]:
    """Fit and forecast as the backtest does, with what was learnt between the two."""
    forecaster = deepcopy(arm.forecaster)
    if isinstance(forecaster, Seeded):
        forecaster = forecaster.with_seed(arm.seed)
    untaught, parts = learnt(forecaster), dict[str, str]()
    try:
        with own_threads(task.threads):
            forecaster.fit(training_panel(arm, task))
            parts = {name: digest for name, digest in learnt(forecaster).items() if untaught.get(name) != digest}
            table = predictions(forecaster, arm, task)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is compared with what the other run gave
        return Outcome(parts, pd.DataFrame(), f"{type(error).__name__}: {error}"), forecaster
    return Outcome(parts, table, ""), forecaster
