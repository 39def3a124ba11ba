"""WindowDataModule: load -> split -> scale -> windows -> loaders."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pytorch_lightning as pl
import torch

from datamodules.defaults import check_lengths, default_context_length
from datamodules.drawn import DRAWS, drawn
from datamodules.errors import InputError, at_least, one_of
from datamodules.fill import refuse_holes
from datamodules.history import padding, short_series
from datamodules.index import Index, windows_in
from datamodules.inputs import Inputs, Laid
from datamodules.large.packed import Packed
from datamodules.loader import BatchPlan, WindowLoader, block_size
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import Part, Split, by_date, by_fraction, by_series, by_steps
from datamodules.window import Dims


@dataclass(frozen=True)
class Borders:
    """Where training ends and validation and test begin.

    Attributes:
        by: ``fraction`` of each series' length, ``steps`` from its end, ``date``, or ``series`` (whole series each).
        validation: share, number of steps, or first stamp of the validation targets.
        test: the same for the test targets; 0 for none.
        gap: steps left out between training targets and validation.
    """

    by: Literal["fraction", "steps", "date", "series"] = "fraction"
    validation: float | str = 0.1
    test: float | str = 0.1
    gap: int = 0

    def split(self, panel: Panel, seed: int) -> Split:
        """The parts of a panel; ``seed`` draws the series when whole series are held out."""
        if self.by == "date":
            for name, border in (("validation", self.validation), ("test", self.test)):
                if isinstance(border, float) and border % 1:
                    raise InputError(f"{name} is {border}; borders by date need the first stamp. Give one.")
            return by_date(panel, validation=self.validation, test=self.test or None, gap=self.gap)
        validation, test = self._number("validation"), self._number("test")
        if self.by == "steps":
            return by_steps(panel, validation=int(validation), test=int(test), gap=self.gap)
        if self.by == "series":
            return by_series(panel, validation=validation, test=test, seed=seed)
        return by_fraction(panel, validation=validation, test=test, gap=self.gap)

    def _number(self, name: str) -> float:
        border = getattr(self, name)
        if isinstance(border, str) or (self.by == "steps" and border % 1):
            kind = "whole numbers" if self.by == "steps" else "numbers"
            raise InputError(f"{name} is {border!r}; borders by {self.by} need {kind}. Give one, or say by: date.")
        return float(border)


class WindowDataModule(pl.LightningDataModule, ABC):
    """Windows of a panel, in whole batches, for any Trainer.

    Args:
        context_length: steps that a model sees; 0 takes a default from the data.
        horizon: steps that it forecasts.
        batch_size: windows an optimiser step and process.
        borders: where training, validation and test part.
        prepare: features, missing values, categories, scaling: what a network is to see of the panel.
        windows_per_epoch: training windows drawn an epoch; 0 for all.
        windows: training windows at most in all; 0 for all there are. What is learnt about columns and units is learnt
            from all training rows still.
        draw: which, of more: ``recent`` ones, or ``random`` ones; fewer are always a subset of more.
        seed: of the order of windows, and of those drawn.
    """

    def __init__(
        self,
        *,
        context_length: int = 0,
        horizon: int = 1,
        batch_size: int = 256,
        borders: Borders = Borders(),
        prepare: Preparation = Preparation(),
        windows_per_epoch: int = 0,
        windows: int = 0,
        draw: str = "recent",
        seed: int = 0,
    ) -> None:
        super().__init__()
        at_least("context_length", context_length, 0)
        at_least("horizon", horizon, 1)
        at_least("batch_size", batch_size, 1)
        at_least("windows_per_epoch", windows_per_epoch, 0)
        at_least("windows", windows, 0)
        one_of("draw", draw, DRAWS)
        at_least("seed", seed, 0)
        self.context_length, self.horizon, self.batch_size = context_length, horizon, batch_size
        self.borders, self.prepare = borders, prepare
        self.windows_per_epoch, self.seed = windows_per_epoch, seed
        self._at_most: dict[str, Any] = {"windows": windows, "draw": draw}
        self._panel: Panel | None = None
        self._split: Split | None = None
        self._inputs: Inputs | None = None
        self._laid: Laid | None = None

    @abstractmethod
    def load(self) -> Panel:
        """The panel, checked."""

    @property
    def panel(self) -> Panel:
        """The panel, loaded once."""
        if self._panel is None:
            self._panel = self.load()
            self.context_length = self.context_length or default_context_length(self._panel, self.horizon)
        return self._panel

    @property
    def split(self) -> Split:
        """The three parts."""
        if self._split is None:
            self._split = self.borders.split(self.panel, self.seed)
        return self._split

    @property
    def inputs(self) -> Inputs:
        """What the training rows say about how to lay the panel out, learnt once."""
        if self._inputs is None:
            panel = self.panel
            sizes = {"context_length": self.context_length, "horizon": self.horizon}
            self._inputs = Inputs.fit(panel, self.split.train, self.prepare, **sizes)
        return self._inputs

    @property
    def laid(self) -> Laid:
        """The panel laid out as tensors, once."""
        if self._laid is None:
            if self.prepare.missing == "error":
                refuse_holes(self.panel, self.panel.last_rows + 1)
            sizes = {"context_length": self.context_length, "horizon": self.horizon}
            before = padding(self.panel, self.split.train, **sizes) if self.prepare.short == "pad" else None
            self._laid = self.inputs.lay(self.panel, before=before, complete=self.panel.complete)
        return self._laid

    @property
    def short(self) -> np.ndarray:
        """(N) whether a series has too few rows to train on for a context and a target: it is padded, or has none."""
        sizes = {"context_length": self.context_length, "horizon": self.horizon}
        return short_series(self.panel, self.split.train, **sizes)

    @property
    def dims(self) -> Dims:
        """The sizes for a model; the command line links them to ``model.dims``."""
        return self.inputs.dims

    def origin(self) -> dict[str, Any]:
        """What a checkpoint keeps about the data, in plain values: its frequency, and the layout of its file if any."""
        return {"freq": self.panel.clock.freq, "layout": {}}

    def windows(self, part: Part, stride: int = 1) -> Index:
        """The windows of a part, as rows of ``laid.panel``, and what was dropped."""
        laid, length = self.laid, self.context_length
        return windows_in(laid.panel, laid.part(part), context_length=length, horizon=self.horizon, stride=stride)

    @cached_property
    def train_windows(self) -> Index:
        """The windows that training draws from: all, or as many as were asked for."""
        every = self.windows(self.split.train)
        return drawn(every, self.laid.panel, **self._at_most, seed=self.seed)

    def setup(self, stage: str) -> None:
        """Lay the panel out on the trainer's device; one that is mapped from files stays there, and batches go."""
        if self.trainer:
            self.place(self.trainer.strategy.root_device)

    def place(self, device: torch.device) -> None:
        """Lay the panel out on a device, unless it is mapped from files."""
        if not isinstance(self.panel, Packed):
            self._laid = self.laid._replace(store=self.laid.store.to(device))

    def laid_as(self, other: Self) -> Self:
        """This data with what the other, of the same panel and preparation, has learnt and laid out."""
        self._panel, self.context_length = other.panel, other.context_length
        self._split, self._inputs, self._laid = other.split, other.inputs, other.laid
        return self

    def train_dataloader(self) -> WindowLoader:
        """Shuffled batches, several at a time on a single process (see ``ForecastModule.training_step``)."""
        index = self.train_windows
        if len(index) == 0:
            raise self._no_windows(index)
        if self.prepare.short == "error":
            check_lengths(self.panel, context_length=self.context_length, horizon=self.horizon)
        dims = self.dims
        values = (dims.context_length + dims.horizon) * (2 * dims.target + dims.past + dims.known) + dims.static
        plan = BatchPlan(
            len(index),
            self.batch_size,
            shuffle=True,
            seed=self.seed,
            limit=self.windows_per_epoch,
            block=block_size(self.batch_size, values) if self._world == 1 else 1,
            rank=self._rank,
            world=self._world,
        )
        return self._loader(index, plan)

    def _no_windows(self, index: Index) -> InputError:
        """The sentence about a training part without any window."""
        rows = self.split.train.stop - self.split.train.begin
        longest, need = int(np.argmax(rows)), self.context_length + self.horizon
        has = f"series {str(self.panel.ids[longest])!r} has {rows[longest]} rows to train on"
        sizes = f"context_length {self.context_length} + horizon {self.horizon}"
        if rows[longest] < need:
            return InputError(
                f"{has}, and none has more with values observed; {sizes} needs at least {need}. Shorten them or hold "
                "out less."
            )
        reasons = ", ".join(f"{number} {reason}" for reason, number in index.dropped.items())
        return InputError(f"{has}, but no window of {sizes} can be used: {reasons}. Observe more, or shorten them.")

    def val_dataloader(self) -> WindowLoader | list[WindowLoader]:
        """Validation windows in order, at most about a quarter of ``windows_per_epoch``; no loader without any."""
        part = self.split.validation
        count = len(self.windows(part))
        limit = self.windows_per_epoch // 4 or count
        return self._in_order(part, stride=-(-count // max(limit, 1)))

    def test_dataloader(self) -> WindowLoader | list[WindowLoader]:
        """Test windows in order."""
        return self._in_order(self.split.test)

    def predict_dataloader(self) -> WindowLoader | list[WindowLoader]:
        """The test windows, as batches whose targets are not looked at."""
        return self._in_order(self.split.test)

    def _in_order(self, part: Part, stride: int = 1) -> WindowLoader | list[WindowLoader]:
        index = self.windows(part, max(stride, 1))
        if len(index) == 0:
            return []
        plan = BatchPlan(len(index), max(self.batch_size, 1024), rank=self._rank, world=self._world)
        return self._loader(index, plan)

    def _loader(self, index: Index, plan: BatchPlan) -> WindowLoader:
        return WindowLoader(self.laid.store, index, plan, context_length=self.context_length, horizon=self.horizon)

    @property
    def _world(self) -> int:
        return self.trainer.world_size if self.trainer else 1

    @property
    def _rank(self) -> int:
        return self.trainer.global_rank if self.trainer else 0


class PanelData(WindowDataModule):
    """Windows of a panel that is already in memory; the other options are those of ``WindowDataModule``."""

    def __init__(self, panel: Panel, **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._loaded = panel

    def load(self) -> Panel:
        """The panel that was given."""
        return self._loaded
