"""Successive halving: many trials for a few epochs, the best third of them for three times as many, and so on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd
import pytorch_lightning as pl

from forecast.result import Backtest
from forecast.search import Space
from forecast.tune.inner import Inner, Means
from forecast.tune.space import CHANGES_LOSS
from forecast.tune.trial import COMPLETE, PRUNED, Outcome, Trial

_SHARE: Final = 3  # one in three goes on
_RUNGS: Final = 2  # before the last, which trains to the end

Losses = dict[int, dict[int, float]]  # number of a trial -> epoch -> what it had come to


@dataclass(eq=False)
class Until(pl.Callback):
    """Ends a training after an epoch, with the schedule of the whole training, so that it is the begin of that one."""

    epoch: int

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop where there is validation."""
        self._stop(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop where there is none."""
        self._stop(trainer)

    def _stop(self, trainer: pl.Trainer) -> None:
        if trainer.current_epoch + 1 >= self.epoch:
            trainer.should_stop = True


def rungs(epochs: int, trials: int) -> list[int]:
    """The epochs after which trials are stopped: a ninth and a third of all, fewer where there are too few to choose.

    Example:
        >>> rungs(45, 27), rungs(45, 5), rungs(2, 27)
        ([5, 15], [15], [1])
    """
    most = min(_RUNGS, int(math.log(max(trials, 1), _SHARE) + 1e-9))
    stops = [math.ceil(epochs / _SHARE**power) for power in range(most, 0, -1)]
    return [epoch for epoch in dict.fromkeys(stops) if epoch < epochs]


def halve(
    inner: Inner, trials: Sequence[Trial], space: Space, metric: str, means: Means, *, lower: bool, epochs: int
) -> tuple[list[Outcome], Losses]:
    """What came of each trial, and what it had come to at each rung that it reached.

    Every rung waits for all its trials, so that who goes on depends on nothing but their numbers. A trial that goes on
    is trained from its start again, which costs at most half as much again and leaves exactly the network that an
    uninterrupted training leaves.

    Trials are compared by their lowest validation loss so far; where the space holds options that change what that
    loss measures, by the metric on the inner folds.

    Args:
        inner: the backtest inside the training part.
        trials: all of them.
        space: what they were drawn from.
        metric: that complete trials are scored by.
        means: how they are run.
        lower: whether a lower value of the metric is better.
        epochs: of a whole training, at most.
    """
    stops = rungs(epochs, len(trials))
    sizes = [math.ceil(len(trials) / _SHARE**rung) for rung in range(len(stops) + 1)]
    by_loss = not set(space) & set(CHANGES_LOSS)
    ended: dict[int, Outcome] = {}
    losses: Losses = {trial.number: {} for trial in trials}
    spent = dict.fromkeys(losses, 0.0)
    going = list(trials)
    for rung, epoch in enumerate(stops):
        outcomes, found = inner.outcomes(going, metric, _share(means, sizes, rung), callbacks=[Until(epoch)])
        names = {outcome.trial.number: inner.name(outcome.trial) for outcome in outcomes}
        reached = {outcome.trial.number: outcome for outcome in outcomes}
        for number, outcome in reached.items():
            spent[number] += outcome.seconds
            if outcome.state == COMPLETE:
                value = outcome.value if lower else -outcome.value
                losses[number][epoch] = _loss(found, names[number], value) if by_loss else value
            else:
                ended[number] = outcome._replace(seconds=spent[number])
        ranked = sorted((number for number in reached if number not in ended), key=lambda n: (losses[n][epoch], n))
        kept = set(ranked[: math.ceil(len(reached) / _SHARE)])
        for number in ranked:
            if number not in kept:
                what = "validation loss" if by_loss else metric
                shown = losses[number][epoch] if by_loss else reached[number].value
                place = f"not among the best {len(kept)} of {len(reached)}"
                note = f"stopped after epoch {epoch} with {what} {shown:.4g}: {place}"
                ended[number] = reached[number]._replace(state=PRUNED, value=math.nan, seconds=spent[number], note=note)
        going = [trial for trial in going if trial.number in kept]
    last, _ = inner.outcomes(going, metric, _share(means, sizes, len(stops))) if going else ([], None)
    for outcome in last:
        ended[outcome.trial.number] = outcome._replace(seconds=spent[outcome.trial.number] + outcome.seconds)
    return [ended[trial.number] for trial in trials], losses


def epochs_of(fit: Mapping[str, Any], space: Space, curves: pd.DataFrame) -> int:
    """The epochs of the longest training that there can be.

    Args:
        fit: options of the training.
        space: what may differ between trials.
        curves: of the untuned network, which say how many steps an epoch has: fewer than asked for where there are
            fewer windows.
    """
    if fit.get("epochs"):
        return int(fit["epochs"])
    steps = max([fit["max_steps"], *(space["max_steps"].levels(2) if "max_steps" in space else ())])
    each = float((curves["step"] / curves["epoch"]).min()) if len(curves) else fit["steps_per_epoch"]
    return math.ceil(steps / each)


def _share(means: Means, sizes: Sequence[int], rung: int) -> Means:
    """The same means, whose progress is that over all rungs."""

    def tell(done: int, total: int, label: str) -> None:
        part = sizes[rung] * done / total if total else 0.0
        means.progress(math.floor(1000 * (sum(sizes[:rung]) + part) / sum(sizes)), 1000, label)

    return replace(means, progress=tell)


def _loss(found: Backtest | None, name: str, otherwise: float) -> float:
    """The lowest validation loss of a trial's fits, mean over them; ``otherwise`` where nothing was held out."""
    assert found is not None
    curves = found.curves[found.curves["model"] == name]
    value = float(curves.groupby(["seed", "fold"])["val_loss"].min().mean()) if len(curves) else math.nan
    return otherwise if np.isnan(value) else value
