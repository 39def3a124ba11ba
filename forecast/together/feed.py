"""What the arms of a stack are trained on: their batches side by side, each arm's in the order that it has alone."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor

from datamodules.loader import WindowLoader
from datamodules.scaling import Affine
from datamodules.window import Context, Window
from forecast.normalisation import Normalisation

_BLOCK_BYTES: Final = 2**21, 2**26  # gathered and scaled together at most, on a CPU (what a cache holds) and elsewhere


class Batch(NamedTuple):
    """One step of all arms.

    Attributes:
        window: (A * B, ...) the windows of all arms end to end; scaled, unless that takes weights of a network.
        affine: what they were scaled by.
        sizes: (A) windows of each arm that count; those after them fill up.
    """

    window: Window
    affine: Affine
    sizes: tuple[int, ...]


class Feed:
    """The batches of all arms. All are at the same step, but an epoch of one may end before that of another.

    Args:
        loaders: (A) of training windows; arms that see the same ones in the same order share one.
        normalisation: that scales the windows.
    """

    def __init__(self, loaders: Sequence[WindowLoader], normalisation: Normalisation) -> None:
        self.loaders, self.normalisation = list(loaders), normalisation
        self.epochs = [0] * len(loaders)
        self._seen = [0] * len(loaders)  # windows of this epoch
        self._orders: dict[tuple[int, int], Tensor] = {}

    def ended(self, arm: int) -> bool:
        """Whether an arm has seen all windows of its epoch."""
        return self._seen[arm] == self.loaders[arm].sampler.total

    def begin(self, arm: int) -> None:
        """Begin the next epoch of an arm."""
        self.epochs[arm] += 1
        self._seen[arm] = 0

    def keep(self, arms: Sequence[int]) -> None:
        """Go on with some of the arms."""
        self.loaders = [self.loaders[arm] for arm in arms]
        self.epochs = [self.epochs[arm] for arm in arms]
        self._seen = [self._seen[arm] for arm in arms]

    def block(self, most: int) -> Iterator[Batch]:
        """The next steps, at most so many, and none beyond the end of an arm's epoch."""
        size = self.loaders[0].sampler.batch_size
        left = [loader.sampler.total - seen for loader, seen in zip(self.loaders, self._seen, strict=True)]
        steps = max(min(most, *(windows // size for windows in left)), 1)
        sizes = tuple(min(windows, size) for windows in left)
        keys = [id(loader) for loader in self.loaders]
        first = {key: arm for arm, key in reversed(list(enumerate(keys)))}  # of the arms that share a loader
        rows = [self._rows(arm, steps, sizes[arm], max(sizes)) for arm in first.values()]
        which = [list(first).index(key) for key in keys]
        for arm, own in enumerate(sizes):
            self._seen[arm] += own * steps
        values = _values(self.loaders[0]) * max(sizes) * len(keys)
        room = _BLOCK_BYTES[rows[0].device.type != "cpu"]
        for some in torch.stack(rows, 1).split(max(room // (4 * values), 1)):
            yield from batches(self.loaders[0], some, which, self.normalisation, sizes)

    def _rows(self, arm: int, steps: int, size: int, width: int) -> Tensor:
        """(steps, width) rows of an arm's next windows; where it has fewer, its first ones fill up."""
        places = self._order(arm)[self._seen[arm] : self._seen[arm] + steps * size].view(steps, size)
        if size < width:
            places = torch.cat([places, places[:, :1].expand(-1, width - size)], 1)
        return self.loaders[arm].rows_at(places)

    def _order(self, arm: int) -> Tensor:
        """All windows of an arm's epoch in their order."""
        loader, epoch = self.loaders[arm], self.epochs[arm]
        key = id(loader), epoch
        if key not in self._orders:
            self._orders = {old: order for old, order in self._orders.items() if old[0] != id(loader)}
            loader.sampler.set_epoch(epoch)
            self._orders[key] = torch.cat([places.flatten() for places in loader.sampler])
        return self._orders[key]


def batches(
    loader: WindowLoader, rows: Tensor, which: Sequence[int], normalisation: Normalisation, sizes: tuple[int, ...]
) -> Iterator[Batch]:
    """The batches of ``rows`` (k, U, B), by one gather; ``which`` (A) says whose of the U each arm takes."""
    window = loader.gathered(rows.flatten())
    affine = Affine(window.context.units.loc, window.context.units.scale)
    if not normalisation.reversible:
        window, affine = scaled(normalisation, window)
    chosen = torch.tensor(which, device=rows.device)

    def steps(values: Tensor) -> tuple[Tensor, ...]:
        """(k * U * B, ...) -> k times (A * B, ...)."""
        apart = values.unflatten(0, rows.shape)
        if rows.shape[1] == 1 or not any(values.stride()):
            apart = apart[:, :1].expand(-1, len(which), *apart.shape[2:])
        elif list(which) != list(range(rows.shape[1])):
            apart = apart.index_select(1, chosen)
        return apart.flatten(1, 2).unbind()

    context, *rest = window
    contexts = [steps(part) for part in (context.target, context.observed, context.past, context.known, context.static)]
    units = [steps(part) for part in context.units]
    others, affines = [steps(part) for part in rest], [steps(part) for part in affine]
    for step in range(len(rows)):
        own = type(context.units)(*(part[step] for part in units))
        target, observed, past, known, static = (part[step] for part in contexts)
        seen = Context(target, observed, past, known, static, own)
        yield Batch(Window(seen, *(part[step] for part in others)), Affine(*(part[step] for part in affines)), sizes)


def scaled(normalisation: Normalisation, window: Window) -> tuple[Window, Affine]:
    """The window in units of its own context, and these."""
    seen, affine = normalisation.apply_to(window.context)
    return window._replace(context=seen, target=affine.apply(window.target)), affine


def _values(loader: WindowLoader) -> int:
    """Numbers in a window, about."""
    store, length = loader.store, loader.context_length + loader.horizon
    return length * (2 * store.target.shape[1] + store.past.shape[1] + store.known.shape[1]) + store.static.shape[1]
