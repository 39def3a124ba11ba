"""What a training leaves besides weights: its losses by epoch. And how it runs: seeded by itself, and quiet."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch


class Curves(pl.Callback):
    """Keeps the losses of each epoch and leaves them as ``trainer.callback_metrics["curves"]``, (E, 4).

    The trainer's metrics come back from spawned processes; what a callback keeps does not.
    """

    def __init__(self) -> None:
        self.rows: list[list[float]] = []
        self._validation = float("nan")

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the loss; an epoch that is not validated has none."""
        self._validation = float(trainer.callback_metrics.get("val_loss", float("nan")))

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Add a row: epoch, step, train_loss, val_loss."""
        loss = float(trainer.callback_metrics.get("train_loss", float("nan")))
        self.rows.append([trainer.current_epoch + 1, trainer.global_step, loss, self._validation])
        self._validation = float("nan")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Hand the rows to the trainer."""
        trainer.callback_metrics["curves"] = torch.tensor(self.rows, dtype=torch.float64)


def losses(rows: list[list[float]]) -> pd.DataFrame:
    """The rows of ``Curves`` as a table: epoch, step, train_loss, val_loss."""
    frame = pd.DataFrame(rows, columns=["epoch", "step", "train_loss", "val_loss"])
    return frame.astype({"epoch": np.int64, "step": np.int64, "train_loss": np.float64, "val_loss": np.float64})


@contextmanager
def own_randomness(seed: int) -> Iterator[None]:
    """Torch's global generator seeded inside and put back after."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


@contextmanager
def quiet() -> Iterator[None]:
    """Without Lightning's lines about devices and its advertising."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric", "lightning")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning|lightning_fabric")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
