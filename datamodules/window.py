"""Windows: what a model sees, which windows exist, and the gather that makes a batch of them.

All series lie end to end in flat tensors, so that a window is one row number: its cutoff, the last row of its context.
"""

from typing import NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from datamodules.errors import at_least
from datamodules.panel import Panel
from datamodules.scaling import Affine
from datamodules.split import Part


class Dims(NamedTuple):
    """The sizes that a model is built for."""

    context_length: int
    horizon: int
    target: int = 1
    past: int = 0
    known: int = 0
    static: int = 0


class Context(NamedTuple):
    """All that a model may see. Absent covariates are zero-width."""

    target: Tensor  # (B, L, D) filled from the past where not observed
    observed: Tensor  # (B, L, D) 1 where observed, else 0
    past: Tensor  # (B, L, P)
    known: Tensor  # (B, L+H, K)
    static: Tensor  # (B, S)
    units: Affine  # (B, 1, D) from the stored values to original units; loc 0 and scale 1 unless the data is scaled


class Window(NamedTuple):
    """A batch of training or evaluation samples; training batches may come k at a time, as (k, B, ...)."""

    context: Context
    target: Tensor  # (B, H, D) in the units of the context; what is not observed is filled
    observed: Tensor  # (B, H, D) 1 where observed, else 0
    series: Tensor  # (B) index of the series
    cutoff: Tensor  # (B) panel row of the last context value

    def unbind(self) -> "list[Window]":
        """The k batches of a window of shape (k, B, ...); the window itself when it is (B, ...)."""
        if self.target.dim() == 3:
            return [self]
        context, *rest = self
        parts = [part.unbind(0) for part in context[:-1]]
        units = [Affine(*pair) for pair in zip(*(part.unbind(0) for part in context.units), strict=True)]
        contexts = (Context(*each) for each in zip(*parts, units, strict=True))
        return [Window(*each) for each in zip(contexts, *(part.unbind(0) for part in rest), strict=True)]


class Index(NamedTuple):
    """Which windows exist in a part, and why others do not."""

    rows: np.ndarray  # (W) cutoff rows, ascending
    dropped: dict[str, int]  # reason -> windows


def windows_in(panel: Panel, part: Part, *, context_length: int, horizon: int, stride: int = 1) -> Index:
    """The windows whose target rows all lie in ``part``, every ``stride``-th counted from its end.

    A window whose first target row lies in the part but cannot be used is counted under its reason. With a stride the
    ones between are no loss and not counted.
    """
    at_least("context_length", context_length, 1)
    at_least("horizon", horizon, 1)
    at_least("stride", stride, 1)
    begin, stop = part
    end = panel.last_rows + 1
    wanted = np.maximum(np.minimum(stop, end - horizon + 1) - begin, 0)  # a target fits before the series' end
    first = np.maximum(begin - 1, panel.offsets[:-1] + context_length - 1)
    crossing = np.maximum(np.minimum(stop, end - horizon + 1) - np.maximum(stop - horizon + 1, begin), 0)
    count = np.maximum(stop - horizon - first, 0)
    total = int(count.sum())
    rows = np.arange(total) + np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count)
    dropped = {
        "target crosses a border": int(crossing.sum()),
        "history shorter than the context": int((wanted - crossing - count).sum()),
    }
    if stride > 1:
        rows = rows[(np.repeat(stop - horizon - 1, count) - rows) % stride == 0]
    if not panel.complete:
        seen = np.concatenate([np.zeros((1, panel.target.shape[1]), np.int64), np.cumsum(panel.observed, axis=0)])
        blind = (seen[rows + 1] == seen[rows + 1 - context_length]).any(axis=1)
        empty = (seen[rows + 1 + horizon] == seen[rows + 1]).all(axis=1)
        dropped["nothing observed in the context"] = int(blind.sum())
        dropped["nothing observed in the target"] = int((empty & ~blind).sum())
        rows = rows[~blind & ~empty]
    return Index(rows, {reason: number for reason, number in dropped.items() if number})


class Store(NamedTuple):
    """A panel as flat tensors on one device, from which batches are gathered."""

    target: Tensor  # (R, D) filled from the past
    observed: Tensor  # (R, D), or (0, D) when all is observed
    past: Tensor  # (R, P)
    known: Tensor  # (R, K)
    static: Tensor  # (N, S)
    series: Tensor  # (R)
    loc: Tensor  # (N, D), or (1, D) when all series have the same
    scale: Tensor  # (N, D), or (1, D)

    @classmethod
    def of(cls, panel: Panel, loc: np.ndarray, scale: np.ndarray, *, complete: bool) -> Self:
        """The store of a panel whose target is kept as ``(target - loc) / scale``, loc and scale (N, D).

        ``complete`` says that every row which will be asked for is observed: then nothing is kept about it.
        """
        series = panel.series_of_row
        filled = (fill_forward(panel) - loc[series]) / scale[series]
        return cls(
            target=_float(filled),
            observed=_float(panel.observed[:0] if complete else panel.observed),
            past=_float(np.nan_to_num(panel.past)),
            known=_float(np.nan_to_num(panel.known)),
            static=_float(np.nan_to_num(panel.static)),
            series=torch.from_numpy(series),
            loc=_float(_once(loc)),
            scale=_float(_once(scale)),
        )

    def to(self, device: torch.device) -> "Store":
        """The same store on ``device``."""
        return Store(*(part.to(device) for part in self))

    def context(self, rows: Tensor, *, context_length: int, horizon: int) -> Context:
        """The contexts that end at ``rows`` (any shape B), in one gather per kind of column."""
        first = rows - (context_length - 1)
        if rows.numel() and int(first.min()) < 0:
            raise IndexError("a window begins before the first row")
        series = self.series[rows]
        target = _gather(self.target, first, context_length)
        return Context(
            target=target,
            observed=_gather(self.observed, first, context_length) if len(self.observed) else _ones_like(target),
            past=_gather(self.past, first, context_length),
            known=_gather(self.known, first, context_length + horizon),
            static=_of_series(self.static, series),
            units=Affine(_of_series(self.loc, series).unsqueeze(-2), _of_series(self.scale, series).unsqueeze(-2)),
        )

    def window(self, rows: Tensor, *, context_length: int, horizon: int) -> Window:
        """The windows whose contexts end at ``rows`` (any shape B)."""
        context = self.context(rows, context_length=context_length, horizon=horizon)
        target = _gather(self.target, rows + 1, horizon)
        return Window(
            context=context,
            target=target,
            observed=_gather(self.observed, rows + 1, horizon) if len(self.observed) else _ones_like(target),
            series=self.series[rows],
            cutoff=rows,
        )


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


def _once(values: np.ndarray) -> np.ndarray:
    return values[:1] if (values == values[:1]).all() else values


def _ones_like(values: Tensor) -> Tensor:
    return torch.ones((), dtype=values.dtype, device=values.device).expand(values.shape)


def _float(values: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def fill_forward(panel: Panel) -> np.ndarray:
    """(R, D) the target with each unobserved value replaced by the last observed one before it in its series.

    Rows before the first observed value take that first value: a window that ends before it has nothing observed in
    its context and is never used, so no window sees a value from beyond its cutoff.
    """
    rows = np.arange(len(panel.target))
    begin = panel.offsets[:-1][panel.series_of_row]
    filled = np.array(panel.target)
    for column, observed in enumerate(panel.observed.T):
        latest = np.maximum.accumulate(np.where(observed, rows, -1))
        reversed_next = np.minimum.accumulate(np.where(observed, rows, len(rows))[::-1])[::-1]
        source = np.where(latest >= begin, latest, np.minimum(reversed_next, len(rows) - 1))
        filled[:, column] = panel.target[source, column]
    return np.nan_to_num(filled)
