"""Store: a panel as flat tensors, and the gather that makes a batch of windows.

All series lie end to end, so that a window is one row number: its cutoff, the last row of its context.
"""

import warnings
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from datamodules.fill import fill_context
from datamodules.scaling import Units
from datamodules.window import Context, Window


@dataclass(frozen=True, eq=False)
class Store:
    """A panel as flat tensors on one device, from which batches are gathered.

    Attributes:
        target: (R, D) without NaN, in stored units.
        observed: (R, D), or (0, D) when all is observed.
        past: (R, P) without NaN.
        known: (R, K) without NaN.
        static: (N, S) without NaN.
        offsets: (N+1) where each series begins.
        units: (N, D), or (1, D) when all series have the same: from stored values to original units.
        missing: how values that were not observed are filled within a context (``datamodules.fill``).
    """

    target: Tensor
    observed: Tensor
    past: Tensor
    known: Tensor
    static: Tensor
    offsets: Tensor
    units: Units
    missing: str = "ffill"

    def to(self, device: torch.device) -> "Store":
        """The same store on ``device``."""
        if device == self.target.device:
            return self
        moved = {each.name: getattr(self, each.name) for each in fields(self)}
        units = type(self.units)(*(part.to(device) for part in self.units))
        parts = {name: part.to(device) for name, part in moved.items() if isinstance(part, Tensor)}
        return Store(**{**moved, **parts, "units": units})

    def series(self, rows: Tensor) -> Tensor:
        """The series that owns each of ``rows`` (any shape)."""
        return torch.searchsorted(self.offsets, rows, right=True) - 1

    def context(self, rows: Tensor, *, context_length: int, horizon: int) -> Context:
        """The contexts that end at ``rows`` (any shape B), in one gather per kind of column."""
        return self._context(rows, self.series(rows), context_length, horizon)

    def window(self, rows: Tensor, *, context_length: int, horizon: int) -> Window:
        """The windows whose contexts end at ``rows`` (any shape B)."""
        series = self.series(rows)
        target = _gather(self.target, rows + 1, horizon)
        return Window(
            context=self._context(rows, series, context_length, horizon),
            target=target,
            observed=_gather(self.observed, rows + 1, horizon) if len(self.observed) else _ones_like(target),
            series=series,
            cutoff=rows,
        )

    def _context(self, rows: Tensor, series: Tensor, context_length: int, horizon: int) -> Context:
        first = rows - (context_length - 1)
        if rows.numel() and int(first.min()) < 0:
            raise IndexError("a window begins before the first row")
        target = _gather(self.target, first, context_length)
        complete = len(self.observed) == 0
        observed = _ones_like(target) if complete else _gather(self.observed, first, context_length)
        return Context(
            target=target if complete else fill_context(self.missing, target, observed),
            observed=observed,
            past=_gather(self.past, first, context_length),
            known=_gather(self.known, first, context_length + horizon),
            static=_of_series(self.static, series),
            units=type(self.units)(*(_of_series(part, series).unsqueeze(-2) for part in self.units)),
        )


def mapped(values: np.ndarray) -> Tensor:
    """The tensor on an array that may be mapped read-only: nothing is copied, and nothing may write to it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")
        return torch.from_numpy(np.asarray(values))


def _gather(flat: Tensor, first: Tensor, length: int) -> Tensor:
    """The slices ``flat[first : first + length]`` of (R, C), stacked to (*first.shape, length, C).

    Each slice is contiguous in memory, so a view of overlapping slices turns the gather into one copy a window.
    """
    n_rows, width = flat.shape
    if width == 0:
        return flat.new_empty((*first.shape, length, 0))
    slices = flat.as_strided((n_rows - length + 1, length * width), (width, 1))
    taken = torch.index_select(slices, 0, first.reshape(-1), out=_room(first.numel(), length * width, flat))
    return taken.view(*first.shape, length, width)


def _room(rows: int, columns: int, like: Tensor) -> Tensor:
    """Uninitialised (rows, columns). On a CPU numpy's, which come in large pages: faster for whole blocks."""
    if like.device.type == "cpu":
        return torch.from_numpy(np.empty((rows, columns), np.float32))
    return like.new_empty((rows, columns))


def _of_series(values: Tensor, series: Tensor) -> Tensor:
    """The row (C) of each series, (*series.shape, C), from (N, C), or from (1, C) when all have the same."""
    if len(values) == 1 or values.shape[1] == 0:
        return values[:1].expand(*series.shape, -1)
    return values[series]


def _ones_like(values: Tensor) -> Tensor:
    return torch.ones((), dtype=values.dtype, device=values.device).expand(values.shape)
