"""The audit of a LightningDataModule: its split, what it learns from training rows, and its contexts."""

import copy
import hashlib
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any, Final

import numpy as np
import torch

from datamodules.base import WindowDataModule
from datamodules.door.shapes import told
from datamodules.loader import WindowLoader
from datamodules.panel import Panel
from datamodules.window import Window
from forecast.auditing.findings import CONTROL, Audit, Check
from forecast.auditing.garbage import spoilt

_MOST_BATCHES: Final = 64  # of an epoch that are compared
_TARGETS: Final = "past and target"


def audit_windows(data: WindowDataModule, *, seed: int = 0) -> Audit:
    """Whether held-out rows have a say in what a data module learns and hands out for training.

    The targets of training windows must end before those of validation and test begin, in each series that has both.
    With everything after the last training target replaced by garbage, the units and categories that it learnt and its
    training batches must not move by one bit; with everything after some test cutoffs replaced, no context that ends
    there or earlier. What ``load`` does before it gives the panel is for ``forecast.audit`` with a ``pipeline``.
    """
    base = _fresh(data, data.load())
    train, held = _windows(base.train_dataloader()), [_windows(each) for each in _held_out(base)]
    checks = list(_overlaps(base, train, held))
    last = _last_targets(base, train)
    checks += _compared(base, _fresh(data, base.panel), "", CONTROL)
    stamp = told(base.panel.times(np.array([last.max()]), np.array([int(np.argmax(last))]))[0])
    for kind in (_TARGETS, "known too") if base.panel.columns.known else (_TARGETS,):
        garbage = spoilt(base.panel, last, known=kind != _TARGETS, seed=seed)
        checks += _compared(base, _fresh(data, garbage), stamp, kind)
    for rows, series in held:
        for place in np.unique(np.linspace(0, len(rows) - 1, 3).round().astype(int)) if len(rows) else ():
            checks.append(_context(data, base, int(rows[place]), int(series[place]), seed))
    return Audit.of(checks)


def _fresh(data: WindowDataModule, panel: Panel) -> WindowDataModule:
    """The data module as it was made, with another panel."""
    other = copy.copy(data)
    for name in [name for name in vars(data) if isinstance(getattr(type(data), name, None), cached_property)]:
        del vars(other)[name]  # what a person's class keeps of the panel that it had
    other._panel, other._split, other._inputs, other._laid = None, None, None, None
    other.load = lambda: panel  # type: ignore[method-assign]
    return other


def _held_out(data: WindowDataModule) -> list[Any]:
    return [data.val_dataloader(), data.test_dataloader()]


def _windows(loader: Any) -> tuple[np.ndarray, np.ndarray]:
    """The cutoff rows of all windows of a loader, in order of rows, and their series."""
    if isinstance(loader, list | tuple) and not loader:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    if isinstance(loader, WindowLoader):
        rows = loader.index.rows
        return rows, loader.store.series(torch.from_numpy(rows)).numpy()
    batches = list(loader)
    cutoffs, owners = (
        torch.cat([getattr(each, name).reshape(-1) for each in batches]) for name in ("cutoff", "series")
    )
    order = cutoffs.argsort()
    return cutoffs[order].numpy(), owners[order].numpy()


def _last_targets(data: WindowDataModule, train: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(N) the last row of each series that a training target holds; the row before its begin where none does."""
    last = data.panel.offsets[:-1] - 1
    rows, series = train
    np.maximum.at(last, series, rows - data.laid.shift[series] + data.horizon)
    return last


def _overlaps(
    data: WindowDataModule, train: tuple[np.ndarray, np.ndarray], held: list[tuple[np.ndarray, np.ndarray]]
) -> Iterator[Check]:
    """Whether training targets end before those of validation and of test begin."""
    rows, series = train
    for name, (others, of_series) in zip(("validation", "test"), held, strict=True):
        first = np.full(data.panel.n_series, np.iinfo(np.int64).max)
        np.minimum.at(first, of_series, others + 1)
        late = rows + data.horizon >= first[series]
        stamp, detail = "", ""
        if late.any():
            row, own = int(rows[late][0]), int(series[late][0])
            stamp = told(data.laid.panel.times(np.array([first[own] - 1]), np.array([own]))[0])
            detail = f"{int(late.sum()):,} training windows; first of series {str(data.panel.ids[own])!r}, row {row}"
        part = f"split: training targets that reach into the {name} part"
        yield Check("", part, stamp, "shared rows", len(rows), int(late.sum()), detail)


def _compared(one: WindowDataModule, other: WindowDataModule, cutoff: str, garbage: str) -> list[Check]:
    """The units, categories and training batches of two data modules."""
    left, right = one.inputs.plain(), other.inputs.plain()
    parts = {"scaling of the targets": "units", "encoding of covariates": "encoder", "sizes": "dims"}
    found = [
        Check("", part, cutoff, garbage, 1, int(repr(left[name]) != repr(right[name]))) for part, name in parts.items()
    ]
    batches = [islice(each.train_dataloader(), _MOST_BATCHES) for each in (one, other)]
    digests = [[_digest(window) for window in each] for each in batches]
    moved = sum(a != b for a, b in zip(*digests, strict=False)) + abs(len(digests[0]) - len(digests[1]))
    return [*found, Check("", "training windows", cutoff, garbage, len(digests[0]), moved)]


def _context(data: WindowDataModule, base: WindowDataModule, row: int, series: int, seed: int) -> Check:
    """The context that ends at ``row`` of the laid panel, with garbage after its cutoff in every series."""
    stamps = base.laid.panel.times(np.array([row]), np.array([series]))
    position = row - base.laid.panel.offsets[series] + base.laid.panel.start[series]
    panel = base.panel
    after = np.clip(panel.offsets[:-1] + position - panel.start, panel.offsets[:-1] - 1, panel.offsets[1:] - 1)
    other = _fresh(data, spoilt(panel, after, known=False, seed=seed))
    other._inputs = base.inputs  # what is learnt is compared by itself
    sizes = {"context_length": base.context_length, "horizon": base.horizon}
    index = torch.tensor([row])
    contexts = [_digest(each.laid.store.context(index, **sizes)) for each in (base, other)]
    return Check("", "context of a test window", told(stamps[0]), _TARGETS, 1, int(contexts[0] != contexts[1]))


def _digest(value: Window | Any) -> str:
    """All tensors of a window, to the bit."""
    digest = hashlib.sha256()
    for leaf in _leaves(value):
        digest.update(leaf.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _leaves(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    else:
        for part in value:
            yield from _leaves(part)
