"""One training read off at several lengths, each to the bit what a training of that length gives."""

import copy
from collections.abc import Sequence

import pytorch_lightning as pl
from torch import Tensor

from datamodules.panel import Panel
from forecast.curves import own_randomness
from forecast.neural import NeuralForecaster


class Marks(pl.Callback):
    """Keeps the weights at the ends of those epochs that end at a mark.

    Attributes:
        weights: optimiser steps -> the weights after them.
    """

    def __init__(self, marks: Sequence[int]) -> None:
        self.marks = marks
        self.weights: dict[int, dict[str, Tensor]] = {}

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep the weights, if this is a mark."""
        if trainer.global_step in self.marks:
            self.weights[trainer.global_step] = {
                name: value.detach().clone() for name, value in pl_module.state_dict().items()
            }


def read_off(forecasters: Sequence[NeuralForecaster], panel: Panel) -> None:
    """Fit forecasters that differ in the length of their training only, by the longest training of all.

    One whose length is not the end of an epoch of the longest is trained by itself: its last epoch is a part of one.
    """
    data = forecasters[0].data(panel)
    lengths = [forecaster.steps(data) for forecaster in forecasters]
    longest = copy.copy(forecasters[lengths.index(max(lengths))])
    marks = Marks(lengths)
    longest.trainer = {**longest.trainer, "callbacks": [marks]}
    longest.fit(panel)
    for forecaster, length in zip(forecasters, lengths, strict=True):
        weights = marks.weights.get(length)
        if weights is None:
            forecaster.fit(panel)
            continue
        with own_randomness(forecaster.seed):
            module = forecaster.fresh(data).to(longest.module.device)
        module.load_state_dict(weights)
        forecaster.trained(module, data, longest.curves[longest.curves["step"] <= length], 0)
