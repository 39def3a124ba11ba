"""How any network is trained: the shared options, optimisers, schedules, penalties, and the best weights kept."""

import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any, Final, TypedDict

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping
from pytorch_lightning.core.optimizer import LightningOptimizer
from pytorch_lightning.plugins.precision import Precision
from pytorch_lightning.strategies import SingleDeviceStrategy
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau

from datamodules.errors import InputError, at_least, did_you_mean, one_of
from datamodules.scaling import SCALINGS
from forecast.augment import check_augment
from forecast.heads import HEADS, LOSSES
from forecast.table import check_levels


class Training(TypedDict, total=False):
    """The training options that every network has.

    Attributes:
        optimizer: any of torch.optim's by name (default: AdamW)
        lr: highest learning rate (default: 0.003)
        weight_decay: decoupled or not as the optimiser has it (default: 0.0)
        schedule: of the learning rate over the whole training: constant, step, cosine, one_cycle, plateau or warmup
            (default: one_cycle)
        penalty: on the weights, not the biases, added to the loss: none, l1, l2 or elastic_net (default: none)
        penalty_weight: factor of the penalty (default: 0.0001)
        clip: largest norm of the gradient; 0 for any (default: 1.0)
        init: of the weights: default (torch's own), xavier_uniform, xavier_normal, kaiming_uniform, kaiming_normal or
            orthogonal (default: default)
        head: quantile (trained on the pinball loss) or point (default: quantile)
        loss: of a point head: mae, mse, huber or msle (default: mae)
        levels: of a quantile head, beside the median (default: [0.1, 0.9])
        scaling: of each window by its own context: mean_abs, standard, robust, minmax, last, revin (standard, then a
            gain and shift that are learnt) or none (default: mean_abs)
        difference: 1, or a season: the network sees each value less the one so many steps before, and answers with
            what is to be added to the last one in the same phase; 0 for values as they are (default: 0)
        augment: of training windows at random, once scaled: none, jitter (noise on the context), scale (one factor for
            all), warp (a smooth curve of factors), mask (a stretch of the context at its mean) or mixup (with another
            window of the batch) (default: none)
        augment_strength: standard deviation of noise or factor, share of the context, or most of the other window
            (default: 0.1)
        patience: epochs without a better validation loss before training stops; the best weights are restored either
            way; 0 turns both off (default: 5)
    """

    optimizer: str
    lr: float
    weight_decay: float
    schedule: str
    penalty: str
    penalty_weight: float
    clip: float
    init: str
    head: str
    loss: str
    levels: list[float]
    scaling: str
    difference: int
    augment: str
    augment_strength: float
    patience: int


DEFAULTS: Final[Training] = {
    "optimizer": "AdamW",
    "lr": 0.003,
    "weight_decay": 0.0,
    "schedule": "one_cycle",
    "penalty": "none",
    "penalty_weight": 0.0001,
    "clip": 1.0,
    "init": "default",
    "head": "quantile",
    "loss": "mae",
    "levels": [0.1, 0.9],
    "scaling": "mean_abs",
    "difference": 0,
    "augment": "none",
    "augment_strength": 0.1,
    "patience": 5,
}
PENALTIES: Final = ("none", "l1", "l2", "elastic_net")
INITS: Final = ("default", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal", "orthogonal")


def complete(given: Training) -> Training:
    """The options with defaults filled in, each checked; InputError names a wrong one."""
    for name in given:
        if name not in DEFAULTS:
            raise InputError(f"training option {name!r} is not known; {did_you_mean(name, DEFAULTS)}")
    options: Training = {**DEFAULTS, **given}
    one_of("schedule", options["schedule"], SCHEDULES)
    one_of("penalty", options["penalty"], PENALTIES)
    one_of("init", options["init"], INITS)
    one_of("head", options["head"], HEADS)
    one_of("loss", options["loss"], LOSSES)
    one_of("scaling", options["scaling"], SCALINGS)
    check_augment(options["augment"], options["augment_strength"])
    check_levels(options["levels"])
    optimizer = _optimizer_class(options["optimizer"])
    if options["weight_decay"] and not _knows_decay(optimizer):
        raise InputError(
            f"optimizer {options['optimizer']} knows no weight_decay, which is {options['weight_decay']}; set it to 0, "
            "or take another optimizer."
        )
    if not options["lr"] > 0:
        raise InputError(f"lr is {options['lr']}; a learning rate must be above 0. Give a positive one.")
    for name in ("weight_decay", "penalty_weight", "clip", "difference", "patience"):
        at_least(name, options[name], 0)  # type: ignore[literal-required]
    return options


def _optimizer_class(name: str) -> type[torch.optim.Optimizer]:
    known = {
        key: value
        for key, value in vars(torch.optim).items()
        if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and key not in _UNSUITED
    }
    one_of("optimizer", name, known)
    return known[name]


_UNSUITED: Final = ("Optimizer", "LBFGS", "SparseAdam", "Muon")  # closures, sparse gradients, matrices only


def _knows_decay(cls: type[torch.optim.Optimizer]) -> bool:
    return "weight_decay" in inspect.signature(cls).parameters


def make_optimizer(name: str, parameters: Iterable[Any], *, lr: float, weight_decay: float) -> torch.optim.Optimizer:
    """The optimiser of torch by its name, with its fused kernel where torch has one for all devices."""
    cls = _optimizer_class(name)
    extra: dict[str, Any] = {"fused": True} if name in ("Adam", "AdamW", "SGD") else {}
    if _knows_decay(cls):
        extra["weight_decay"] = weight_decay
    return cls(parameters, lr=lr, **extra)  # type: ignore[call-arg]


def _one_cycle(progress: float) -> float:
    """Up from 1/25 in the first 30 % and down to almost nothing, by cosines (Smith and Topin, 2019)."""
    if progress < 0.3:
        return _cosine(progress / 0.3, 1 / 25, 1.0)
    return _cosine((progress - 0.3) / 0.7, 1.0, 1 / 250_000)


def _cosine(progress: float, begin: float, end: float) -> float:
    return end + (begin - end) * (1 + math.cos(math.pi * progress)) / 2


SCHEDULES: Final[dict[str, Callable[[float], float] | None]] = {  # progress 0..1 -> factor of the learning rate
    "constant": None,
    "step": lambda progress: 0.1 ** int(progress * 3),
    "cosine": lambda progress: _cosine(progress, 1.0, 0.0),
    "one_cycle": _one_cycle,
    "warmup": lambda progress: min(1.0, progress * 10),
    "plateau": None,
}


def make_schedule(
    name: str, optimizer: torch.optim.Optimizer, total_steps: int
) -> LRScheduler | ReduceLROnPlateau | None:
    """The schedule over ``total_steps`` optimiser steps; None when the learning rate stays as it is.

    ``step`` divides the rate by 10 after each third, ``warmup`` rises over the first tenth, ``plateau`` divides by 10
    when the validation loss has not fallen for two epochs.
    """
    if name == "plateau":
        return ReduceLROnPlateau(optimizer, patience=2)
    factor = SCHEDULES[name]
    if factor is None:
        return None
    return LambdaLR(optimizer, lambda step: factor(min(step / max(total_steps, 1), 1.0)))


def penalty(kind: str, module: nn.Module) -> Tensor:
    """The size of all weights (parameters of two and more dimensions): l1, half the squared l2, or their mean."""
    weights = [parameter for parameter in module.parameters() if parameter.dim() > 1]
    l1 = sum((weight.abs().sum() for weight in weights), torch.zeros(())) if kind != "l2" else torch.zeros(())
    l2 = sum((weight.square().sum() for weight in weights), torch.zeros(())) / 2 if kind != "l1" else torch.zeros(())
    return (l1 + l2) / 2 if kind == "elastic_net" else l1 + l2


def initialise(module: nn.Module, kind: str) -> None:
    """Draw all weights anew by ``torch.nn.init``; biases become 0, learnt slopes of activations stay as they are."""
    if kind == "default":
        return
    slopes = {id(layer.weight) for layer in module.modules() if isinstance(layer, nn.PReLU)}
    for parameter in module.parameters():
        if parameter.dim() > 1:
            getattr(nn.init, f"{kind}_")(parameter)
        elif id(parameter) not in slopes:
            nn.init.zeros_(parameter)


_STEP_HOOKS: Final = ("on_before_zero_grad", "on_before_backward", "on_after_backward", "on_before_optimizer_step")


def make_step(module: pl.LightningModule, optimizer: LightningOptimizer, clip: float) -> Callable[[Tensor], None]:
    """A function that does one optimiser step on a loss, the gradient clipped to a norm of ``clip`` (0: not).

    Where the trainer adds nothing to backward and step (one process, full precision) and nobody listens to the hooks
    around them, torch's own are called and the step is counted: for small networks the hooks cost a tenth of the time.
    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    trainer = module.trainer
    listeners: list[Any] = [module, *trainer.callbacks]  # type: ignore[attr-defined]
    plain = type(trainer.precision_plugin) is Precision and isinstance(trainer.strategy, SingleDeviceStrategy)
    if not plain or any(is_overridden(hook, one) for hook in _STEP_HOOKS for one in listeners):
        scaler = getattr(trainer.precision_plugin, "scaler", None)  # of half precision

        def step(loss: Tensor) -> None:
            optimizer.zero_grad()
            module.manual_backward(loss)
            if clip and scaler is not None:
                scaler.unscale_(optimizer.optimizer)
            if clip:
                nn.utils.clip_grad_norm_(parameters, clip)
            optimizer.step()

        return step

    bare = optimizer.optimizer
    progress = trainer.fit_loop.epoch_loop.manual_optimization.optim_step_progress

    def direct_step(loss: Tensor) -> None:
        bare.zero_grad()
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(parameters, clip)
        progress.increment_ready()
        bare.step()
        progress.increment_completed()

    return direct_step


class BestWeights(EarlyStopping):
    """Early stopping that keeps the best weights in memory and restores them when training ends.

    Attributes:
        best_epoch: the epoch (from 1) whose weights are restored; 0 before the first validation.
    """

    def __init__(self, patience: int) -> None:
        super().__init__("val_loss", patience=patience, check_on_train_epoch_end=False)
        self.best_epoch = 0
        self._best: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Copy the weights after each best validation."""
        before = self.best_score.clone()
        super().on_validation_end(trainer, pl_module)
        if not trainer.sanity_checking and self.best_score < before:
            self.best_epoch = trainer.current_epoch + 1
            self._best = {name: value.detach().clone() for name, value in pl_module.state_dict().items()}

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the best weights back, and say from which epoch among the trainer's metrics."""
        if self._best:
            pl_module.load_state_dict(self._best)
        trainer.callback_metrics["best_epoch"] = torch.tensor(self.best_epoch)

    def state_dict(self) -> dict[str, Any]:
        """What a resumed training needs, the best weights included."""
        return {**super().state_dict(), "best_epoch": self.best_epoch, "best": self._best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from a checkpoint."""
        super().load_state_dict(state_dict)
        self.best_epoch, self._best = state_dict["best_epoch"], state_dict["best"]
