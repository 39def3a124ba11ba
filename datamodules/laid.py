"""Laid: a panel laid out for a network, at once or a chunk at a time."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from datamodules.large.spool import Spool
from datamodules.panel import Panel
from datamodules.split import Part
from datamodules.store import Store, mapped
from datamodules.units import RowUnits


class Laid(NamedTuple):
    """A panel laid out for a network."""

    panel: Panel  # with the rows that were added; says what was observed
    store: Store
    units: RowUnits  # from stored to original units, in double precision
    shift: np.ndarray  # (N) what a row of the person's panel is to be moved by to be one of these
    unseen: dict[str, int]  # column -> cells whose category was not among the training rows
    absent: dict[str, int]  # column of covariates -> missing cells that were filled

    def rows(self, rows: np.ndarray, series: np.ndarray) -> np.ndarray:
        """Rows of the person's panel, of ``series``, as rows of this one."""
        return rows + self.shift[series]

    def part(self, part: Part) -> Part:
        """A part of the person's panel as one of this one."""
        return Part(part.begin + self.shift, part.stop + self.shift)


def joined(panel: Panel, units: RowUnits, shift: np.ndarray, parts: Iterable[Laid]) -> Laid:
    """The layout of a panel whose chunks were laid out one after the other; its tensors lie in the temporary folder.

    Args:
        panel: with the rows that were added.
        units: of all its series.
        shift: (N) of the rows that were added, as in ``Laid``.
        parts: what became of its chunks, in order.
    """
    spools = {name: Spool() for name in ("target", "observed", "past", "known")}
    static: list[Tensor] = []
    scales: list[list[Tensor]] = []
    unseen: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    for part in parts:
        for name, spool in spools.items():
            spool.append(getattr(part.store, name).numpy())
        static.append(part.store.static)
        n_series = part.panel.n_series
        scales.append([each.expand(n_series, *each.shape[1:]) for each in part.store.units])
        unseen.update(part.unseen)
        absent.update(part.absent)
        last = part.store
    columns: dict[str, Any] = {name: mapped(spool.mapped()) for name, spool in spools.items()}
    store = replace(
        last,
        **columns,
        static=torch.cat(static),
        offsets=torch.from_numpy(panel.offsets.copy()),
        units=type(last.units)(*(torch.cat(each) for each in zip(*scales, strict=True))),
    )
    return Laid(panel, store, units, shift, dict(unseen), dict(absent))
