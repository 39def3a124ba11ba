"""Models that learn from the lagged values of all series at once: windows as rows of a table, any regression behind."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Self, TypedDict

import numpy as np
import pandas as pd
import torch

from datamodules.ahead import check_ahead
from datamodules.defaults import default_context_length
from datamodules.errors import InputError, at_least
from datamodules.features import Features
from datamodules.history import lacking_rows, listed, padding, refuse_unseen
from datamodules.index import windows_in
from datamodules.inputs import Inputs
from datamodules.made.calendar_columns import suggested_calendar
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import Part
from datamodules.window import Context, Dims, Window
from forecast.baselines.base import Baseline, ForecastError
from forecast.table import build, check_levels

_HELD_OUT = 0.1  # share of the windows, the last ones, whose errors make the quantiles
_MOST_ERRORS = 20_000
_BLOCK = 4096  # cutoffs forecast at a time
_FLAT = 1e-6  # a context that varies by less than this share of its size is one value to learn nothing from


class Rows(NamedTuple):
    """Contexts as the rows of a table, scaled each by itself.

    Attributes:
        lags: (B, L) the target, oldest first.
        past: (B, P) the last values of past covariates.
        known: (B, H, K) covariates known ahead, at each step.
        static: (B, S) covariates of the series.
        loc: (B) mean of each context.
        scale: (B) its standard deviation; 0 where it is flat.
    """

    lags: np.ndarray
    past: np.ndarray
    known: np.ndarray
    static: np.ndarray
    loc: np.ndarray
    scale: np.ndarray


class Learnt(NamedTuple):
    """What ``fit`` leaves: how panels are laid out, a regression for each target, its errors on held-out windows."""

    inputs: Inputs
    models: tuple[object, ...]  # D
    errors: tuple[np.ndarray, ...]  # D of (E, H), actual minus forecast in units of the window's scale
    windows: int
    note: str


class LaggedOptions(TypedDict, total=False):
    """Options that all models on lags share.

    Attributes:
        lags: values up to the cutoff that are seen; 0 takes what a network would by default.
        horizon: steps to learn when it is fitted; 0, or another one asked for, is learnt when it is first forecast.
        covariates: whether the columns of the data and the calendar are seen beside the lags.
        max_windows: windows that are learnt from at most, evenly spaced.
        name: the name in every table; the class name when not given.
    """

    lags: int
    horizon: int
    covariates: bool
    max_windows: int
    name: str


class LaggedBaseline(Baseline):
    """A global regression on lags: one model for all series, each window scaled by its own context.

    All steps are forecast directly. Covariates and the calendar take part as they do for networks. The quantiles are
    those of the errors on the last tenth of the windows, made by a model that has not seen them, step by step.

    Args:
        lags: values up to the cutoff that are seen; 0 takes what a network would by default.
        horizon: steps to learn when it is fitted; 0, or another one asked for, is learnt when it is first forecast.
        covariates: whether the columns of the data and the calendar are seen beside the lags.
        max_windows: windows that are learnt from at most, evenly spaced.
        name: in every table; the class name if empty.
    """

    local: ClassVar[bool] = False

    def __init__(
        self, *, lags: int = 0, horizon: int = 0, covariates: bool = True, max_windows: int = 50_000, name: str = ""
    ) -> None:
        at_least("lags", lags, 0)
        at_least("horizon", horizon, 0)
        at_least("max_windows", max_windows, 1)
        super().__init__(name=name)
        self.lags, self.horizon, self.covariates, self.max_windows = lags, horizon, covariates, max_windows
        self._panel: Panel | None = None
        self._learnt: Learnt | None = None

    @abstractmethod
    def learn(self, rows: Rows, answer: np.ndarray, seasonality: int) -> object:
        """A fitted model of ``answer`` (B, H), the scaled targets; rows come in order of time."""

    @abstractmethod
    def answer(self, model: object, rows: Rows, seasonality: int) -> np.ndarray:
        """Its forecasts (B, H) in scaled units; those of a row must not depend on the other rows to the bit."""

    def fit(self, panel: Panel) -> Self:
        """Learn from the windows of all series; gives itself back."""
        self._panel, self._learnt, self.notes = panel, None, ""
        if self.horizon:
            self._learnt = self._learn(panel, self.horizon)
        return self

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table for all cutoffs.

        Raises:
            ForecastError: when no series has a window to learn from.
            InputError: when known covariates do not reach as far, or a series has no value up to its cutoff.
        """
        at_least("horizon", horizon, 1)
        levels = check_levels(levels)
        assert self._panel is not None, "fit comes first"
        if self._learnt is None or self._learnt.inputs.dims.horizon < horizon:
            self._learnt = self._learn(self._panel, horizon)
        learnt = self._learnt
        inputs, length = learnt.inputs, learnt.inputs.dims.context_length
        rows, series = cutoffs[cutoffs >= 0], np.nonzero(cutoffs >= 0)[1]
        refuse_unseen(panel, rows, series, name=self.name)
        check_ahead(panel, [each for each in panel.columns.known if each in inputs.encoder.known], rows, horizon)
        before = lacking_rows(panel, rows, series, context_length=length)
        laid = inputs.lay(panel, ahead=inputs.dims.horizon, before=before)
        at = laid.rows(rows, series)
        shape = (len(rows), horizon, inputs.dims.target)
        mean, quantiles = np.empty(shape), np.empty((*shape, len(levels)))
        for begin in range(0, len(rows), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            index = torch.from_numpy(at[part])
            context = laid.store.context(index, context_length=length, horizon=inputs.dims.horizon)
            for target, (model, errors) in enumerate(zip(learnt.models, learnt.errors, strict=True)):
                table = _rows(context, target)
                answer = self.answer(model, table, panel.seasonality)[:, :horizon]
                mean[part, :, target] = table.loc[:, None] + table.scale[:, None] * answer
                spread = np.quantile(errors[:, :horizon], levels, axis=0).T  # (H, Q)
                quantiles[part, :, target] = mean[part, :, target, None] + table.scale[:, None, None] * spread
        stored = np.concatenate([mean[..., None], quantiles], axis=-1)
        original = laid.units.invert(stored, series)
        few = before > 0
        padded = f"{int(few.sum())} of {len(few)} series with under {length} rows, padded: {listed(panel.ids[few])}"
        self.notes = "; ".join(filter(None, [learnt.note, padded if few.any() else ""]))
        return build(self.name, panel, cutoffs, original[..., 0], original[..., 1:], levels)

    def _learn(self, panel: Panel, horizon: int) -> Learnt:
        lengths = panel.last_rows + 1 - panel.offsets[:-1]
        most = max(1, (int(lengths.max()) - horizon) // 2)
        length = self.lags or min(max(1, default_context_length(_longer(panel), horizon)), most)
        everything = Part(panel.offsets[:-1], panel.last_rows + 1)
        sizes = {"context_length": length, "horizon": horizon}
        inputs = Inputs.fit(panel, everything, self._preparation(panel), **sizes)
        laid = inputs.lay(panel, before=padding(panel, everything, **sizes))
        found = windows_in(laid.panel, laid.part(everything), **sizes)
        if not len(found):
            raise self._nothing(panel, inputs.dims)
        index = found.at(np.linspace(0, len(found) - 1, min(len(found), self.max_windows)).round().astype(np.int64))
        window = laid.store.window(torch.from_numpy(index), **sizes)
        position = index - laid.panel.offsets[window.series.numpy()] + laid.panel.start[window.series.numpy()]
        models, errors, notes = [], [], dict[str, None]()
        for target in range(inputs.dims.target):
            model, spread, note = self._one(window, target, position, panel)
            models.append(model)
            errors.append(spread)
            notes |= {note: None} if note else {}
        return Learnt(inputs, tuple(models), tuple(errors), len(index), "; ".join(notes))

    def _one(self, window: Window, target: int, position: np.ndarray, panel: Panel) -> tuple[object, np.ndarray, str]:
        """The regression of one target, its errors on held-out windows (E, H), and what is to be noted."""
        rows = _rows(window.context, target)
        complete = window.observed[..., target].numpy().all(axis=1)
        usable = np.flatnonzero(complete & (rows.scale > 0))
        usable = usable[np.argsort(position[usable], kind="stable")]
        if not len(usable):
            raise self._nothing(panel, Dims(rows.lags.shape[1], window.target.shape[1]))
        rows, at = _take(rows, usable), position[usable]
        wanted = (window.target[..., target].numpy()[usable].astype(np.float64) - rows.loc[:, None]) / rows.scale[
            :, None
        ]
        border = np.quantile(at, 1 - _HELD_OUT)
        held, before = at > border, at + wanted.shape[1] <= border
        model = self.learn(rows, wanted, panel.seasonality)
        note = ""
        if held.sum() * before.sum() == 0:
            held, past, note = np.ones(len(at), dtype=bool), model, "quantiles from errors on the windows learnt from"
        else:
            past = self.learn(_take(rows, np.flatnonzero(before)), wanted[before], panel.seasonality)
        chosen = np.flatnonzero(held)
        chosen = chosen[np.linspace(0, len(chosen) - 1, min(len(chosen), _MOST_ERRORS)).round().astype(np.int64)]
        return model, wanted[chosen] - self.answer(past, _take(rows, chosen), panel.seasonality), note

    def _nothing(self, panel: Panel, dims: Dims) -> ForecastError:
        return ForecastError(
            f"{self.name} has no window of {dims.context_length} + {dims.horizon} observed rows that vary to learn "
            f"from, in series {listed(panel.ids, 1)}"
        )

    def _preparation(self, panel: Panel) -> Preparation:
        """What a network would see by default, and the calendar where the clock has one."""
        if not self.covariates:
            return Preparation(features=Features(use=("y",)))
        steps = int((panel.start + panel.lengths).max() - panel.start.min())
        try:
            return Preparation(features=Features(calendar=suggested_calendar(panel.clock, steps)))
        except InputError:  # integers, or years
            return Preparation()


def _longer(panel: Panel) -> Panel:
    """The panel without its shorter half, by which no default of the others should be set."""
    lengths = panel.last_rows + 1 - panel.offsets[:-1]
    return panel.select(np.flatnonzero(lengths >= np.median(lengths)))


def _rows(context: Context, target: int) -> Rows:
    lags = context.target[..., target].numpy().astype(np.float64)  # (B, L)
    loc, scale = lags.mean(axis=1), lags.std(axis=1)
    scale = np.where(scale > _FLAT * np.abs(lags).max(axis=1), scale, 0.0)
    length = lags.shape[1]
    return Rows(
        lags=(lags - loc[:, None]) / np.where(scale > 0, scale, 1.0)[:, None],
        past=context.past[:, -1].numpy().astype(np.float64),
        known=context.known[:, length:].numpy().astype(np.float64),
        static=context.static.numpy().astype(np.float64),
        loc=loc,
        scale=scale,
    )


def _take(rows: Rows, places: np.ndarray) -> Rows:
    return Rows(*(values[places] for values in rows))
