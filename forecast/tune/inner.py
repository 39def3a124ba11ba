"""The inner backtest: trials scored on rolling folds inside the training part, which is all that they ever see."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytorch_lightning as pl

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import known_rows
from forecast.assemble import assemble
from forecast.backtest import backtest
from forecast.config import BacktestConfig
from forecast.engines.base import Engine
from forecast.evaluation.metrics import direction
from forecast.evaluation.scores import score
from forecast.forecaster import Forecaster, innermost
from forecast.members import NOBODY, Member
from forecast.neural import NeuralForecaster
from forecast.resolve import fitting_folds, resolve, usual_series
from forecast.result import Backtest
from forecast.tune.space import with_values
from forecast.tune.trial import COMPLETE, FAILED, Outcome, Trial

Told = Callable[[int, int, str], None]  # arms done, arms in all, and what is running


@dataclass(frozen=True, eq=False)
class Means:
    """How trials are carried out; no number depends on it.

    Attributes:
        engine: who runs the fits.
        workers: fits at a time.
        folder: where finished parts and the journal are kept; None for nowhere.
        progress: called with what is done, what there is to do, and what is running.
    """

    engine: str | Engine = ""
    workers: int = 0
    folder: Path | None = None
    progress: Told = lambda done, total, label: None


@dataclass(frozen=True, eq=False)
class Inner:
    """What the trials of one search have in common.

    Attributes:
        panel: the series up to the gap before the first outer cutoff; nothing later is in it.
        config: the complete configuration of the backtest inside.
        member: the network that is tuned.
    """

    panel: Panel
    config: BacktestConfig
    member: Member

    @classmethod
    def before(cls, position: int, panel: Panel, config: BacktestConfig, *, folds: int, longest: int) -> "Inner":
        """All that precedes an outer cutoff.

        Args:
            position: of the cutoff, on the clock.
            panel: all series.
            config: the complete configuration of the outer backtest, whose only model is tuned.
            folds: inside; 0 for as many as outside, fewer where the series are short.
            longest: context that any trial has: all are scored on the rows that have it.

        Raises:
            InputError: when what precedes is too short.
        """
        rows = known_rows(panel, position - config.gap)
        begun = np.flatnonzero(rows >= 0)
        if not len(begun):
            raise InputError("no series begins before the first cutoff; there is nothing to tune on. Use fewer folds.")
        seen = panel.until(rows)
        seen = seen if len(begun) == panel.n_series else seen.select(begun)
        inside = replace(config, baselines=(NOBODY,), ensembles=(), context_length=max(longest, config.context_length))
        try:
            basis = usual_series(seen, inside)
            inside = replace(inside, folds=folds or fitting_folds(basis, inside, config.folds))
            kept = resolve(inside, seen)
        except InputError as error:
            raise InputError(f"in the training part, which a tuning has for itself, {error}") from error
        return cls(kept.panel, replace(kept.config, context_length=config.context_length), config.models[0])

    def outcomes(
        self, trials: Sequence[Trial], metric: str, means: Means, *, callbacks: Sequence[pl.Callback] = ()
    ) -> tuple[list[Outcome], Backtest | None]:
        """What came of each trial, and the backtest that says so; None when no trial could even be built.

        Args:
            trials: run side by side.
            metric: that they are scored by.
            means: how they are run.
            callbacks: of their training.
        """
        failed: dict[int, str] = {}
        forecasters: dict[int, Forecaster] = {}
        for trial in trials:
            try:
                forecasters[trial.number] = self._forecaster(trial, callbacks)
            except InputError as error:  # these values do not go together; others may
                failed[trial.number] = str(error)
        found = self._backtest(list(forecasters.values()), means) if forecasters else None
        outcomes = []
        for trial in trials:
            if trial.number in failed or found is None:
                outcomes.append(Outcome(trial, FAILED, math.nan, 0.0, 0, failed[trial.number]))
            else:
                outcomes.append(_outcome(trial, forecasters[trial.number].name, metric, found))
        return outcomes, found

    def name(self, trial: Trial) -> str:
        """A trial's forecaster in tables and on the bar: ``LSTM 7``."""
        return f"{self.member.label} {trial.number}"

    def _forecaster(self, trial: Trial, callbacks: Sequence[pl.Callback]) -> Forecaster:
        config = with_values(self.config, self.member, trial.values, self.name(trial))
        (forecaster,), _ = assemble(config, self.panel)
        network = innermost(forecaster)
        if callbacks and isinstance(network, NeuralForecaster):
            network.trainer = {**network.trainer, "callbacks": list(callbacks)}
        return forecaster

    def _backtest(self, forecasters: list[Forecaster], means: Means) -> Backtest:
        own = replace(means, folder=means.folder and means.folder / "parts")
        return run(self.config, self.panel, forecasters, own, together=True, inside=0)


def run(
    config: BacktestConfig, panel: Panel, forecasters: Sequence[Forecaster], means: Means, **options: Any
) -> Backtest:
    """The backtest of a complete configuration.

    Args:
        config: says folds, seeds, metrics ...
        panel: the series.
        forecasters: that take part.
        means: how it is carried out; its folder is that of the parts.
        options: further arguments of ``backtest``, which win.
    """
    return backtest(
        panel,
        forecasters,
        **config.asked() | options,
        engine=means.engine,
        workers=means.workers,
        folder=means.folder,
        progress=means.progress,
    )


def deciding(metrics: Sequence[str], found: Backtest | None, name: str) -> str:
    """The first of the metrics that orders models and is defined for the forecaster of that name; else the first."""
    ordering = [metric for metric in metrics if direction(metric)]
    rows = found.table[found.table["model"] == name] if found is not None else pd.DataFrame()
    if not len(rows):
        return ordering[0]
    values = score(rows, ordering)[ordering].mean()
    return next((metric for metric in ordering if not math.isnan(values[metric])), ordering[0])


def _outcome(trial: Trial, name: str, metric: str, found: Backtest) -> Outcome:
    """What the runs and the rows of the forecaster of that name amount to."""
    runs = found.runs[found.runs["model"] == name]
    seconds = float(runs[["fit_seconds", "predict_seconds"]].sum().sum())
    epochs = int(runs["epochs"].max())
    errors = [str(error) for error in runs["error"] if error]
    if errors:
        return Outcome(trial, FAILED, math.nan, seconds, epochs, errors[0])
    scored = score(found.table[found.table["model"] == name], [metric])
    value = float(scored[metric].mean(skipna=False))
    if not math.isfinite(value):
        undefined = "; ".join(dict.fromkeys(text for text in scored["undefined"] if text))
        return Outcome(trial, FAILED, math.nan, seconds, epochs, undefined or f"diverged: its {metric} is {value}")
    return Outcome(trial, COMPLETE, value, seconds, epochs)
