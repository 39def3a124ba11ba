"""The gradient of a network's forecasts with respect to every row of the panel that it reads.

Where a forecast looks at a row after its cutoff, this gradient is not zero there, however small its influence.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from datamodules.panel import Panel
from datamodules.store import Store
from datamodules.window import Context
from forecast.neural import NeuralForecaster

_MOST_SERIES = 256


class Reach(NamedTuple):
    """What forecasts depend on.

    Attributes:
        later: rows after a forecast's cutoff, times columns, whose gradient was computed.
        moved: those where it is not exactly zero.
        earlier: rows up to the cutoff, times columns, where it is not zero: none would mean that nothing was measured.
    """

    later: int
    moved: int
    earlier: int


def reach(forecaster: NeuralForecaster, panel: Panel, cutoffs: np.ndarray) -> Reach:
    """Where the gradient of the forecasts from ``cutoffs`` (N), -1 for none, is not zero.

    The first 256 series are looked at. Each entry of the contexts is traced back to the row that it was gathered from,
    and the gradient with respect to it belongs to that row. Known covariates count as later from one horizon after the
    cutoff on. What is computed before the gather (filled, lagged and encoded columns) is for the comparison with
    garbage to judge.
    """
    module, dims = forecaster.module, forecaster.dims
    inputs = module.inputs
    assert inputs is not None, "only a fitted network has inputs"
    series = np.flatnonzero(cutoffs >= 0)[:_MOST_SERIES]
    short = cutoffs[series] - panel.offsets[series] + 1 < dims.context_length
    series = series[~short]
    if not len(series):
        return Reach(0, 0, 0)
    own = panel.select(series)
    last = cutoffs[series] - panel.offsets[series] + own.offsets[:-1]
    laid = inputs.lay(own, ahead=dims.horizon)
    rows = torch.from_numpy(laid.rows(last, np.arange(len(series))))
    sizes = {"context_length": dims.context_length, "horizon": dims.horizon}
    source = _tracer(laid.store).context(rows, **sizes)
    context = laid.store.context(rows, **sizes)
    leaves = {name: getattr(context, name).clone().requires_grad_() for name in ("target", "past", "known")}
    seen: Context = context._replace(**leaves)
    module = module.cpu()
    with torch.enable_grad():
        answer = module.stored(seen)
        weights = torch.randn(answer.shape, generator=torch.Generator().manual_seed(0))
        gradients = torch.autograd.grad((answer * weights).sum(), list(leaves.values()), allow_unused=True)
    later = moved = earlier = 0
    for name, gradient in zip(leaves, gradients, strict=True):
        ahead = dims.horizon if name == "known" else 0
        after, touched = _after(getattr(source, name), rows, ahead, gradient)
        foreign = after | ~_same_series(getattr(source, name), rows, laid.store.offsets)
        moved += int((foreign & touched).sum())
        earlier += int((~foreign & touched).sum())
        later += int((own.offsets[1:] - 1 - last - ahead).clip(min=0).sum()) * getattr(source, name).shape[-1]
    return Reach(later, moved, earlier)


def _tracer(store: Store) -> Store:
    """A store of the same layout whose entries are the numbers of their own rows."""

    def numbered(values: Tensor) -> Tensor:
        own = torch.arange(len(values), dtype=torch.float32).unsqueeze(1)
        return own.expand(len(values), values.shape[1]).contiguous()

    target, past, known = map(numbered, (store.target, store.past, store.known))
    return replace(store, target=target, past=past, known=known, observed=store.observed[:0])


def _after(source: Tensor, rows: Tensor, ahead: int, gradient: Tensor | None) -> tuple[Tensor, Tensor]:
    """Whether each entry comes from more than ``ahead`` rows after its cutoff, and whether its gradient is not zero."""
    after = source > (rows + ahead).view(-1, 1, 1)
    return after, torch.zeros_like(after) if gradient is None else gradient != 0


def _same_series(source: Tensor, rows: Tensor, offsets: Tensor) -> Tensor:
    """Whether each entry comes from the series of its cutoff."""
    own = torch.searchsorted(offsets, rows, right=True).view(-1, 1, 1)
    return torch.searchsorted(offsets, source.long().contiguous(), right=True) == own
