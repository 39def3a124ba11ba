"""ForecastModule: the contract of all networks. A model writes its layers and ``encode``; the rest is here."""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Final, Unpack

import pytorch_lightning as pl
import torch
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from datamodules.base import WindowDataModule
from datamodules.errors import InputError, at_least, check_share, one_of
from datamodules.inputs import Inputs
from datamodules.loader import WindowLoader
from datamodules.scaling import Affine, at_end
from datamodules.window import Context, Dims, Window
from forecast.augment import augmented
from forecast.heads import make_head
from forecast.normalisation import Normalisation
from forecast.search import Between, OneOf, Space
from forecast.stack import ROLES, Embeddings, channels, views
from forecast.training import (
    BestWeights,
    Training,
    complete,
    initialise,
    make_optimizer,
    make_schedule,
    make_step,
    penalty,
)

ACTIVATIONS: Final[dict[str, Callable[[], nn.Module]]] = {
    "relu": nn.ReLU,
    "sigmoid": nn.Sigmoid,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "celu": nn.CELU,
    "selu": nn.SELU,
    "mish": nn.Mish,
    "softplus": nn.Softplus,
    "softsign": nn.Softsign,
    "prelu": nn.PReLU,
    "relu6": nn.ReLU6,
    "hardtanh": nn.Hardtanh,
    "hardsigmoid": nn.Hardsigmoid,
    "hardswish": nn.Hardswish,
    "hardshrink": nn.Hardshrink,
    "softshrink": nn.Softshrink,
    "tanhshrink": nn.Tanhshrink,
    "logsigmoid": nn.LogSigmoid,
    "identity": nn.Identity,
}


def make_activation(name: str) -> nn.Module:
    """The activation of a name."""
    one_of("activation", name, ACTIVATIONS)
    return ACTIVATIONS[name]()


def make_dropout(share: float) -> nn.Dropout:
    """The layer that drops this share of values while training."""
    check_share("dropout", share)
    return nn.Dropout(share)


class ForecastModule(pl.LightningModule, ABC):
    """A network that maps a Context to forecasts in original units.

    Scales the context by itself, encodes it, applies the head, and takes the loss in scaled units or inverts the
    scaling. Optimises by hand, so that one Trainer step may hold many optimiser steps: a batch of shape (k, B, ...) is
    k steps. ``trainer.global_step``, ``max_steps``, schedules and clipping count optimiser steps.

    Args:
        dims: sizes of the data (``WindowDataModule.dims``).
        width: W, the features that ``encode`` returns.
        training: see ``forecast.training.Training``.

    Attributes:
        channels: C, the width of ``stack``.
        embeddings: the vectors of categories that the data leaves as codes.
        inputs: how the panels that it sees are laid out; None until it is trained on a WindowDataModule.
        search: the values of options that ``forecast tune`` tries; those of a class come beside those of its base.
    """

    inputs: Inputs | None = None
    search: ClassVar[Space] = {
        "lr": Between(0.0003, 0.03, log=True),
        "weight_decay": OneOf((0.0, 0.0001, 0.001, 0.01, 0.1)),
        "scaling": OneOf(("mean_abs", "standard", "last")),
    }

    def __init__(self, dims: Dims, width: int, **training: Unpack[Training]) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.dims = Dims.of(dims)
        at_least("context_length", self.dims.context_length, 1)
        at_least("horizon", self.dims.horizon, 1)
        at_least("dims.target", self.dims.target, 1)
        self.channels, self.embeddings = channels(self.dims), Embeddings(self.dims)
        self.options = complete(training)
        if self.options["augment"] == "mixup" and self.dims.embedded:
            raise InputError(
                "augment is 'mixup', but codes of categories cannot be mixed; say encode: onehot, or augment otherwise."
            )
        self.save_hyperparameters(ignore=["width", "cell"])
        self.hparams["dims"] = self.dims.plain()  # plain values: a checkpoint loads with weights_only
        self.head = make_head(self.options["head"], loss=self.options["loss"], levels=self.options["levels"])
        self.normalisation = Normalisation(
            self.dims, scaling=self.options["scaling"], difference=self.options["difference"]
        )
        self.projection = nn.Linear(width, self.dims.horizon * self.dims.target * self.head.size)

    def initialise(self) -> None:
        """Draw the weights as the option ``init`` says; a model calls it when its layers are made."""
        initialise(self, self.options["init"])
        self.embeddings.blank()

    @abstractmethod
    def encode(self, context: Context) -> Tensor:
        """Features (B, W) of a context whose target is scaled."""

    def stack(self, context: Context) -> Tensor:
        """All that the context holds as one sequence, (B, L, C).

        Beside each step stand its covariates, the known ones also of the steps one context later, two contexts later
        and so on, at last one horizon later: so the whole horizon is in view, however long.
        """
        length = self.dims.context_length
        if self.channels == self.dims.target:
            return context.target
        past, known, static = (
            self.embeddings(role, values) if self.dims.embedded else values
            for role, values in zip(ROLES, (context.past, context.known, context.static), strict=True)
        )
        stretches = [known[:, first : first + length] for first in views(self.dims)]
        return torch.cat([context.target, past, *stretches, static.unsqueeze(1).expand(-1, length, -1)], -1)

    def _scaled(self, context: Context) -> tuple[Tensor, Affine]:
        """The answer (B, H, D, Q) in units of the window, and these."""
        seen, affine = self.normalisation.apply_to(context)
        return self.answer(seen), affine

    def answer(self, seen: Context) -> Tensor:
        """The answer (B, H, D, Q) to a context in units of the window."""
        return self.normalisation.undo(self.head.answer(self.raw(seen)))

    def raw(self, seen: Context) -> Tensor:
        """What the head makes its answer of, (B, H, D, M)."""
        shape = (self.dims.horizon, self.dims.target, self.head.size)
        return self.projection(self.encode(seen)).unflatten(-1, shape)

    def stored(self, context: Context) -> Tensor:
        """Forecasts (B, H, D, Q) in the stored units of the context, which lose no digits to a high level."""
        answer, affine = self._scaled(context)
        return at_end(affine).invert(answer)

    def forward(self, context: Context) -> Tensor:
        """Forecasts in original units: (B, H, D, Q), ascending in Q; Q is 1 for a point head.

        The middle one is the point forecast: where the target was transformed it is the median, not the mean.
        """
        return at_end(context.units).invert(self.stored(context))

    def loss(self, window: Window, change: Callable[[Window], Window] | None = None) -> Tensor:
        """The mean loss over observed values, without penalty: a scalar in scaled units.

        Args:
            window: a batch (B, ...).
            change: what is done to the batch once it is scaled, as ``forecast.augment`` does.
        """
        seen, affine = self.normalisation.apply_to(window.context)
        scaled = window._replace(context=seen, target=affine.apply(window.target))
        if change is not None:
            scaled = change(scaled)

        def original(values: Tensor) -> Tensor:
            return window.context.units.invert(affine.invert(values))

        each = self.head.loss(self.answer(scaled.context), scaled.target, original)
        return (each * scaled.observed).sum() / scaled.observed.sum().clamp(min=1)

    def augmented(self, window: Window, generator: torch.Generator | None = None) -> Window:
        """The scaled training window as the option ``augment`` changes it."""
        return augmented(self.options["augment"], window, self.options["augment_strength"], generator)

    def on_fit_start(self) -> None:
        """Keep how the data is laid out: forecasts of other panels need it."""
        data = getattr(self.trainer, "datamodule", None)
        self.inputs = data.inputs if isinstance(data, WindowDataModule) else None

    def training_step(self, window: Window, batch_idx: int) -> None:
        """One optimiser step a batch: k of them for a window of shape (k, B, ...), but none beyond ``max_steps``."""
        optimizer, schedule = self.optimizers(), self.lr_schedulers()
        assert isinstance(optimizer, LightningOptimizer)
        step = make_step(self, optimizer, self.options["clip"])
        most = self.trainer.max_steps - self.trainer.global_step if self.trainer.max_steps > 0 else None
        kind, weight = self.options["penalty"], self.options["penalty_weight"]
        losses = []
        for batch in itertools.islice(window.unbind(), most):
            loss = self.loss(batch, self.augmented)
            losses.append(loss.detach())
            step(loss + weight * penalty(kind, self).to(loss.device) if kind != "none" else loss)
            if isinstance(schedule, LRScheduler) and not isinstance(schedule, ReduceLROnPlateau):
                schedule.step()
        if most is not None and len(losses) == most:
            self.trainer.should_stop = True  # so that the last weights are validated, even amid an epoch
        self.log(
            "train_loss",
            torch.stack(losses).mean(),
            on_step=False,
            on_epoch=True,
            prog_bar=True,
            sync_dist=True,
            batch_size=len(losses),
        )

    def validation_step(self, window: Window, batch_idx: int) -> None:
        """Log ``val_loss``."""
        self._log_loss("val_loss", window)

    def test_step(self, window: Window, batch_idx: int) -> None:
        """Log ``test_loss``."""
        self._log_loss("test_loss", window)

    def predict_step(self, window: Window, batch_idx: int) -> Tensor:
        """Forecasts (B, H, D, Q) in original units."""
        return self(window.context)

    def _log_loss(self, name: str, window: Window) -> None:
        weight = int(window.observed.sum())  # so that the mean is over values, however they fall into batches
        self.log(name, self.loss(window), prog_bar=True, sync_dist=True, batch_size=weight)

    def on_validation_epoch_end(self) -> None:
        """Tell a plateau schedule the validation loss."""
        training = self.trainer.state.fn == TrainerFn.FITTING and not self.trainer.sanity_checking
        schedule = self.lr_schedulers() if training else None
        if isinstance(schedule, ReduceLROnPlateau):
            schedule.step(self.trainer.callback_metrics["val_loss"])

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what ``forecast.checkpoint.load`` needs beside weights and options, in plain values."""
        data = getattr(self.trainer, "datamodule", None)
        origin = data.origin() if isinstance(data, WindowDataModule) else {}
        origin["inputs"] = self.inputs.plain() if self.inputs else {}
        checkpoint["forecast"] = {"class": f"{type(self).__module__}.{type(self).__qualname__}", "data": origin}

    def configure_optimizers(self) -> Any:
        """The optimiser and schedule of the training options."""
        options = self.options
        optimizer = make_optimizer(
            options["optimizer"], self.parameters(), lr=options["lr"], weight_decay=options["weight_decay"]
        )
        schedule = make_schedule(options["schedule"], optimizer, self._total_steps())
        return optimizer if schedule is None else ([optimizer], [schedule])

    def configure_callbacks(self) -> list[pl.Callback]:
        """Early stopping that restores the best weights, where there is validation and ``patience``."""
        validated = self.trainer.enable_validation and self.options["patience"] > 0
        return [BestWeights(self.options["patience"])] if validated else []

    def _total_steps(self) -> int:
        """Optimiser steps that the trainer will do at most."""
        trainer = self.trainer
        trainer.fit_loop.setup_data()
        loader: Any = trainer.train_dataloader
        per_epoch = float(trainer.num_training_batches)
        if isinstance(loader, WindowLoader):
            per_epoch = loader.sampler.steps(int(per_epoch))  # several optimiser steps a block
        epochs = trainer.max_epochs if trainer.max_epochs and trainer.max_epochs > 0 else math.inf
        steps = trainer.max_steps if trainer.max_steps > 0 else math.inf
        return math.ceil(min(steps, epochs * per_epoch, 2**62))
