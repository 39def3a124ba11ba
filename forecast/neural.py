"""NeuralForecaster: a network, its windows and its Trainer behind the Forecaster protocol."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
import pytorch_lightning as pl
import torch

from datamodules.ahead import check_ahead
from datamodules.base import Borders, PanelData
from datamodules.drawn import DRAWS
from datamodules.encoder import remarks
from datamodules.errors import InputError, at_least, check_share, one_of
from datamodules.fill import count_holes, refuse_holes
from datamodules.history import lacking_rows, listed, refuse_short, refuse_unseen
from datamodules.inputs import Inputs
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.window import Dims
from forecast.compress import KINDS, compress, sparsity
from forecast.curves import Curves, losses, own_randomness, quiet
from forecast.models.base import ForecastModule
from forecast.table import build, check_levels

_PREDICT_BATCH = 1024


class NeuralForecaster:
    """A network behind the same ``fit`` and ``predict`` as any baseline.

    Every ``fit`` starts from a fresh network of the same class and options, drawn by ``seed``.

    Args:
        module: says the class, sizes and options; it is not itself trained.
        name: in every table; the class name if empty.
        seed: of weights, order of windows and dropout.
        max_steps: optimiser steps at most.
        epochs: passes over all its training windows at most; where it is set, an epoch is all of them, whatever
            ``max_steps`` and ``steps_per_epoch`` say.
        batch_size: windows an optimiser step.
        steps_per_epoch: optimiser steps between two validations.
        windows: training windows at most; 0 for all there are.
        draw: which, of more: ``recent`` ones, or ``random`` ones by ``seed``; fewer are always a subset of more.
        validation: share of each series, at the end of what ``fit`` sees, that early stopping is judged by; 0 for none.
        compression: what is done to the weights when they are trained: none, float16, int8, int4, prune_50, prune_75 or
            prune_90 (``forecast.compress``); forecasts are made with what is left of them.
        prepare: features, missing values, categories, scaling: what the network is to see of a panel.
        trainer: further arguments of ``pytorch_lightning.Trainer`` (accelerator, devices, strategy, precision ...).

    Attributes:
        module: the network: as given before ``fit``, trained after it.
        curves: losses of the last fit, a row an epoch: epoch, step, train_loss, val_loss.
        notes: what the last fit has to say: windows used and dropped, the epoch whose weights were kept, the share of
            weights below 0.001 in size; and as ``note`` what the last forecast has: categories that were not among the
            training rows, values filled.
    """

    causal: ClassVar[bool] = True  # a forecast is one gather of the rows up to its cutoff

    def __init__(
        self,
        module: ForecastModule,
        *,
        name: str = "",
        seed: int = 0,
        max_steps: int = 1000,
        epochs: int = 0,
        batch_size: int = 256,
        steps_per_epoch: int = 50,
        windows: int = 0,
        draw: str = "recent",
        validation: float = 0.1,
        compression: str = "none",
        prepare: Preparation = Preparation(),
        trainer: Mapping[str, Any] = {},
    ) -> None:
        at_least("seed", seed, 0)
        at_least("max_steps", max_steps, 1)
        at_least("epochs", epochs, 0)
        at_least("batch_size", batch_size, 1)
        at_least("steps_per_epoch", steps_per_epoch, 1)
        at_least("windows", windows, 0)
        one_of("draw", draw, DRAWS)
        check_share("validation", validation)
        one_of("compression", compression, KINDS)
        self.module = module
        self.name = name or type(module).__name__
        self.seed, self.max_steps, self.epochs, self.batch_size = seed, max_steps, epochs, batch_size
        self.steps_per_epoch, self.windows, self.draw = steps_per_epoch, windows, draw
        self.validation, self.compression, self.prepare, self.trainer = validation, compression, prepare, dict(trainer)
        self.curves = losses([])
        self.notes: dict[str, Any] = {}
        self._trained_note = ""

    @property
    def dims(self) -> Dims:
        """The sizes that the network is built for."""
        return self.module.dims

    @property
    def context_length(self) -> int:
        """Rows up to a cutoff that a forecast needs."""
        return self.dims.context_length

    @property
    def history(self) -> int:
        """Rows up to a cutoff that a series must have for a forecast: the context, or one where it is padded."""
        return 1 if self._short == "pad" else self.context_length

    @property
    def parameters(self) -> int:
        """Number of trainable values."""
        return sum(parameter.numel() for parameter in self.module.parameters() if parameter.requires_grad)

    def with_seed(self, seed: int) -> Self:
        """An unfitted copy that differs in its seed only."""
        other = copy.copy(self)
        other.seed, other.curves, other.notes, other._trained_note = seed, losses([]), {}, ""
        return other

    def validation_steps(self, panel: Panel) -> int:
        """Steps held out at each series' end: the share asked for, at least a horizon; none when too little is left."""
        length = int(np.median(panel.last_rows + 1 - panel.offsets[:-1]))
        steps = max(round(length * self.validation), self.dims.horizon) if self.validation else 0
        context = 1 if self.prepare.short == "pad" else self.dims.context_length
        return steps if length - steps >= context + self.dims.horizon else 0

    def fit(self, panel: Panel) -> Self:
        """Train a fresh network on the windows of ``panel`` and keep the weights with the best validation loss."""
        data = self.data(panel)
        with own_randomness(self.seed), quiet():
            module = self.fresh(data)
            trainer = pl.Trainer(**self.trainer_options())
            trainer.fit(module, datamodule=data)
        module.to(trainer.strategy.root_device)  # the trainer leaves it on the CPU
        found = trainer.callback_metrics
        return self.trained(module, data, losses(found["curves"].tolist()), int(found.get("best_epoch", 0)))

    def fresh(self, data: PanelData) -> ForecastModule:
        """A network as ``fit`` begins with, drawn from torch's global generator."""
        return type(self.module)(**{**self.module.hparams, "dims": data.dims})

    def trained(self, module: ForecastModule, data: PanelData, curves: pd.DataFrame, best_epoch: int) -> Self:
        """This forecaster with a network that was trained on ``data``, its losses by epoch, and notes."""
        panel, train = data.panel, data.train_windows
        done = "padded" if self.prepare.short == "pad" else "without training windows"
        few = f"under {data.context_length + data.horizon} rows to train on, {done}"
        self._trained_note = _counted(panel, data.short, few)
        self.module, self.curves = module.eval(), curves
        compress(self.module, self.compression)
        self.module.inputs = replace(data.inputs, prepare=replace(data.inputs.prepare, short=self.prepare.short))
        self.notes = {
            "epochs": int(curves["epoch"].iloc[-1]),
            "best_epoch": best_epoch,
            "steps": int(curves["step"].iloc[-1]),
            "sparsity": sparsity(self.module),
            "windows": len(train),
            "dropped": ", ".join(f"{number} {reason}" for reason, number in train.dropped.items()),
            "note": self._trained_note,
        }
        return self

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table; all cutoffs are answered in large batches by one gather each."""
        levels = check_levels(levels)
        kept = self._with_history(panel, cutoffs)
        mean, quantiles = self.predict_arrays(panel, kept, horizon, levels)
        left_out = _counted(panel, (kept != cutoffs).any(axis=0), f"{self._too_few}, left out")
        self._note(self.notes["note"], left_out)
        return build(self.name, panel, kept, mean, quantiles, levels)

    def predict_arrays(
        self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The forecasts before they become a table: (C, H, D) and (C, H, D, Q); Q is 0 for a point head."""
        at_least("horizon", horizon, 1)
        if horizon > self.dims.horizon:
            raise InputError(
                f"{self.name} forecasts {self.dims.horizon} steps; horizon {horizon} was asked for. Fit anew."
            )
        chosen = [self._level_index(level) for level in levels] if self.module.head.levels else []
        rows = cutoffs[cutoffs >= 0]
        series = np.nonzero(cutoffs >= 0)[1]
        inputs = self.module.inputs or self._as_they_are(panel)
        latest = np.full(panel.n_series, -1)
        np.maximum.at(latest, series, rows)
        if inputs.prepare.refuses and (latest < panel.last_rows).any():
            panel = panel.until(latest)  # nothing is refused for what comes after its cutoff
        complete = panel.complete and bool((rows <= panel.last_rows[series]).all())
        before = self._padding(panel, rows, series)
        if inputs.prepare.missing == "error" and not complete:
            refuse_holes(panel, latest + 1)
        from_file = [name for name in panel.columns.known if name in inputs.encoder.known]
        check_ahead(panel, from_file, rows, self.dims.horizon)
        laid = inputs.lay(panel, ahead=self.dims.horizon, before=before, complete=complete)
        padded = _counted(panel, before > 0, f"{self._too_few}, padded")
        behind = self._behind(panel, rows, series, inputs.prepare.features.reach)
        holes = {} if complete else self._holes(panel, rows, series)
        new = _counted(panel, inputs.units.others(panel) & (latest >= 0), "no training rows, in the units of the panel")
        self._note(self._trained_note, padded, behind, new, *remarks(laid.unseen, holes | laid.absent))
        store = laid.store.to(self.module.device)
        rows = laid.rows(rows, series)
        shape = (len(rows), self.dims.horizon, self.dims.target, max(len(self.module.head.levels), 1))
        answers = np.empty(shape, np.float32)
        with torch.inference_mode():
            for begin in range(0, len(rows), _PREDICT_BATCH):
                part = slice(begin, begin + _PREDICT_BATCH)
                index = torch.from_numpy(rows[part]).to(self.module.device)
                context = store.context(index, context_length=self.context_length, horizon=self.dims.horizon)
                answers[part] = self.module.stored(context).cpu().numpy()
        answers = laid.units.invert(answers[:, :horizon], series)
        return answers[..., self.module.head.middle], answers[..., chosen]

    def _as_they_are(self, panel: Panel) -> Inputs:
        """Inputs for a network that was trained elsewhere: the panel's columns as they are."""
        inputs = Inputs.untouched(panel, context_length=self.dims.context_length, horizon=self.dims.horizon)
        if inputs.dims != self.dims:
            raise InputError(
                f"{self.name} is built for target, past, known, static columns {tuple(self.dims[2:6])}; the panel has "
                f"{tuple(inputs.dims[2:6])}. Build it with the panel's dims."
            )
        return inputs

    def _level_index(self, level: float) -> int:
        levels = self.module.head.levels
        if level not in levels:
            raise InputError(
                f"level {level} was not trained; {self.name} has levels {list(levels)}. Name it in levels."
            )
        return levels.index(level)

    @property
    def _short(self) -> str:
        """What becomes of a series with too little history: as the network was trained."""
        return (self.module.inputs.prepare if self.module.inputs else self.prepare).short

    def _with_history(self, panel: Panel, cutoffs: np.ndarray) -> np.ndarray:
        """The cutoffs (F, N); with ``skip``, -1 where a series has fewer rows up to them than the context."""
        if self._short != "skip":
            return cutoffs
        lacking = (cutoffs >= 0) & (cutoffs - panel.offsets[:-1] + 1 < self.context_length)
        if (lacking == (cutoffs >= 0)).all():
            return cutoffs  # nothing would be left: it is refused by name
        return np.where(lacking, -1, cutoffs)

    def _padding(self, panel: Panel, rows: np.ndarray, series: np.ndarray) -> np.ndarray:
        """(N) unobserved rows that begin each series; InputError where there is too little to forecast from."""
        lacking = lacking_rows(panel, rows, series, context_length=self.context_length)
        if self._short != "pad":
            refuse_short(panel, rows, series, context_length=self.context_length, name=self.name)
        refuse_unseen(panel, rows, series, name=self.name)
        return lacking

    def _behind(self, panel: Panel, rows: np.ndarray, series: np.ndarray, reach: int) -> str:
        """The note about series whose context is complete, but not what its lags and rolling columns are made of."""
        if not reach:
            return ""
        need = self.context_length + reach
        lacking = lacking_rows(panel, rows, series, context_length=need) > 0
        return _counted(panel, lacking, f"under {need} rows up to a cutoff, where lags begin with the first value")

    def _holes(self, panel: Panel, rows: np.ndarray, series: np.ndarray) -> dict[str, int]:
        """Target -> its cells that were filled in the rows from the first context to the last one of each series."""
        begin, stop = np.full(panel.n_series, len(panel.target)), np.zeros(panel.n_series, dtype=np.int64)
        np.minimum.at(begin, series, rows + 1 - self.context_length)
        np.maximum.at(stop, series, rows + 1)
        return count_holes(panel, begin, stop)

    @property
    def _too_few(self) -> str:
        return f"under {self.context_length} rows up to a cutoff"

    def _note(self, *said: str) -> None:
        self.notes = {**self.notes, "note": "; ".join(filter(None, said))}

    def data(self, panel: Panel) -> PanelData:
        """The windows that ``fit`` trains and validates on."""
        data = PanelData(
            panel,
            context_length=self.dims.context_length,
            horizon=self.dims.horizon,
            batch_size=self.batch_size,
            borders=Borders(by="steps", validation=self.validation_steps(panel), test=0),
            windows_per_epoch=self.batch_size * self.steps_per_epoch,
            windows=self.windows,
            draw=self.draw,
            seed=self.seed,
            prepare=replace(self.prepare, short="skip" if self.prepare.short == "error" else self.prepare.short),
        )
        if self.epochs:
            data.windows_per_epoch = self.batch_size * self._steps_of_a_pass(data)
        return data

    def steps(self, data: PanelData) -> int:
        """Optimiser steps that ``fit`` does on ``data`` at most, in one process."""
        return self.epochs * self._steps_of_a_pass(data) if self.epochs else self.max_steps

    def _steps_of_a_pass(self, data: PanelData) -> int:
        return -(-len(data.train_windows) // self.batch_size)

    def trainer_options(self) -> dict[str, Any]:
        """The arguments of the Trainer that ``fit`` trains with."""
        own: dict[str, Any] = {
            "max_steps": -1 if self.epochs else self.max_steps,
            "max_epochs": self.epochs or -1,
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
            "accelerator": "auto",
            "devices": 1,
        }
        return {**own, **self.trainer, "callbacks": [Curves(), *self.trainer.get("callbacks", ())]}


def _counted(panel: Panel, chosen: np.ndarray, what: str) -> str:
    """How many series are chosen (N) for what reason, and which; empty when none is."""
    count = int(chosen.sum())
    return f"{count} of {len(chosen)} series with {what}: {listed(panel.ids[chosen])}" if count else ""
