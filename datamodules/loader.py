"""Which windows come in which batch on which process (``BatchPlan``), and the loader that gathers them."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from datamodules.index import Index
from datamodules.order import shuffled
from datamodules.store import Store
from datamodules.window import Window

_BLOCK_STEPS = 32  # training batches handed over together at most
_BLOCK_BYTES = 2**26
_MANY = 2**24  # windows, from which on neither their rows nor their order are kept in memory


class BatchPlan:
    """The batches of one process in one epoch, as index tensors into the windows.

    Shuffled, the order follows from (seed, epoch) alone; the processes then take turns within it, so that together
    they see each window exactly once an epoch and all run equally many batches. In order, process r takes windows
    r, r + world ...: none dropped, none repeated.

    Args:
        count: number of windows.
        batch_size: windows a batch and process.
        shuffle: whether to draw a new order each epoch.
        seed: of the order.
        limit: windows an epoch at most, all processes together; 0 for all. Each epoch draws others.
        rank: this process.
        world: number of processes.
        block: batches of equal size that are handed over as one (block, batch_size) tensor.
    """

    def __init__(
        self,
        count: int,
        batch_size: int,
        *,
        shuffle: bool = False,
        seed: int = 0,
        limit: int = 0,
        rank: int = 0,
        world: int = 1,
        block: int = 1,
    ) -> None:
        self.count, self.batch_size, self.shuffle, self.seed = count, batch_size, shuffle, seed
        self.total = min(count, limit) if limit else count
        self.rank, self.world, self.block = rank, world, block
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this at the beginning of each epoch."""
        self.epoch = epoch

    @property
    def batches(self) -> int:
        """Batches an epoch on each process; a last one with fewer windows than processes joins the one before."""
        per_step = self.batch_size * self.world
        full, rest = divmod(self.total, per_step)
        return full + (rest >= self.world or (rest > 0 and full == 0))

    def __len__(self) -> int:
        full = self._full_batches()
        return -(-full // self.block) + self.batches - full

    def steps(self, items: int) -> int:
        """Batches in the first ``items`` that come out, blocks counted as the batches that they hold."""
        full = self._full_batches()
        return min(items * self.block, full) + (items > -(-full // self.block))

    def __iter__(self) -> Iterator[Tensor]:
        order = self._order()
        per_step = self.batch_size * self.world
        full = self._full_batches()
        for begin in range(0, full, self.block):
            count = min(self.block, full - begin)
            places = order(begin * per_step, (begin + count) * per_step)
            mine = places.view(count, self.batch_size, self.world)[:, :, self.rank]
            yield mine if self.block > 1 else mine[0]
        if self.batches > full:
            yield order(full * per_step, self.total)[self.rank :: self.world]

    def _full_batches(self) -> int:
        full, rest = divmod(self.total, self.batch_size * self.world)
        return full - (0 < rest < self.world and full > 0)  # too small a rest makes the last batch larger

    def _order(self) -> Callable[[int, int], Tensor]:
        """Which windows come from one place of this epoch's order to another; of many, only those are made."""
        if not self.shuffle:
            return torch.arange
        sequence = np.random.SeedSequence([self.seed, self.epoch])
        if self.count > _MANY:
            return lambda begin, stop: torch.from_numpy(shuffled(np.arange(begin, stop), self.count, sequence))
        generator = torch.Generator().manual_seed(int(sequence.generate_state(1)[0]))
        order = torch.randperm(self.count, generator=generator)
        return lambda begin, stop: order[begin:stop]


class WindowLoader:
    """Whole batches of windows: iterate it like a DataLoader; nothing is built before it is asked for.

    Lightning finds ``sampler.set_epoch`` here, as on a DataLoader, and leaves the sharding alone.
    """

    batch_sampler: None = None

    def __init__(self, store: Store, index: Index, plan: BatchPlan, *, context_length: int, horizon: int) -> None:
        self.store, self.sampler, self.index = store, plan, index
        self.rows = torch.from_numpy(index.rows) if len(index) <= _MANY else None
        self.context_length, self.horizon = context_length, horizon

    def __len__(self) -> int:
        return len(self.sampler)

    def __iter__(self) -> Iterator[Window]:
        for places in self.sampler:
            yield self.gathered(self.rows_at(places))

    def rows_at(self, places: Tensor) -> Tensor:
        """The rows, on the store's device, of the windows at ``places`` (any shape) among all."""
        rows = torch.from_numpy(self.index.at(places.numpy())) if self.rows is None else self.rows[places]
        return rows.to(self.store.target.device)

    def gathered(self, rows: Tensor) -> Window:
        """The windows of ``rows`` (any shape B) in one gather."""
        return self.store.window(rows, context_length=self.context_length, horizon=self.horizon)


def block_size(batch_size: int, values_per_window: int) -> int:
    """How many training batches to hand over as one block: enough to hide the trainer's bookkeeping, within 64 MiB."""
    return max(1, min(_BLOCK_STEPS, _BLOCK_BYTES // (4 * batch_size * values_per_window)))
