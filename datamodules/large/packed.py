"""Packed: a panel larger than memory, mapped from files and taken into memory some series at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np

from datamodules.large.spool import Spool
from datamodules.panel import Chunk, Panel
from datamodules.split import Part

CHUNK_ROWS = 2**18  # of the series that are in memory together; one that is longer is there alone
SAMPLE_ROWS = 2**20  # of the series that what holds for all is learnt from


@dataclass(frozen=True, eq=False)
class Packed(Panel):
    """A panel whose target, past and known lie in files, as float32, mapped and not read.

    What makes something of every row goes through ``chunks``; nothing here makes an array of R numbers in memory.

    Attributes:
        ends: (N) the row of each series' last observed target.
        whole: whether every target is observed up to there.
        digest: the fingerprint, when it is known.
    """

    ends: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    whole: bool = False
    digest: str = ""

    @cached_property
    def last_rows(self) -> np.ndarray:
        """(N) the row of each series' last observed target."""
        return self.ends

    @cached_property
    def complete(self) -> bool:
        """Whether every target is observed from each series' begin to its last observed row."""
        return self.whole

    def chunks(self) -> Iterator[Chunk]:
        """The panel in pieces of whole series that have room in memory, as doubles."""
        for begin, stop in _pieces(self.lengths):
            yield Chunk(_doubled(self.unpacked, np.arange(begin, stop)), begin, int(self.offsets[begin]))

    def until(self, cutoffs: np.ndarray, since: np.ndarray | None = None) -> "Packed":
        """A copy in the temporary folder, in which target and past are blanked as ``Panel.until`` says."""
        return gathered(
            chunk.panel.until(chunk.rows(cutoffs), None if since is None else chunk.own(since) - chunk.row)
            for chunk in self.chunks()
        )

    def select(self, series: np.ndarray) -> "Packed":
        """A copy of the given series in the temporary folder; the panel itself when they are all of them."""
        if np.array_equal(series, np.arange(self.n_series)):
            return self
        pieces = _pieces(self.lengths[series])
        return gathered(_doubled(self.unpacked, series[begin:stop]) for begin, stop in pieces)

    def extend(self, before: np.ndarray, after: np.ndarray) -> "Packed":
        """A copy in the temporary folder with unobserved rows added as ``Panel.extend`` says."""
        if not (before.any() or after.any()):
            return self
        return gathered(chunk.panel.extend(chunk.own(before), chunk.own(after)) for chunk in self.chunks())

    def fingerprint(self) -> str:
        """A SHA-256 of all values, names and the clock; values in double precision have another than as float32."""
        return self.digest or super().fingerprint()

    @property
    def unpacked(self) -> Panel:
        """The same mapped arrays as a plain panel."""
        return Panel(**{each.name: getattr(self, each.name) for each in fields(Panel)})


def gathered(panels: Iterable[Panel]) -> Packed:
    """The panel of the series of several, one after the other, their rows in the temporary folder."""
    target, past, known = Spool(), Spool(), Spool()
    parts: list[tuple[np.ndarray, ...]] = []
    whole, rows = True, 0
    for panel in panels:
        target.append(panel.target)
        past.append(panel.past)
        known.append(panel.known)
        parts.append((panel.ids, panel.start, panel.lengths, panel.static, panel.last_rows + rows))
        whole, rows = whole and panel.complete, rows + len(panel.target)
        first = panel
    ids, start, lengths, static, ends = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Packed(
        ids=ids,
        clock=first.clock,
        start=start,
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        target=target.mapped(),
        past=past.mapped(),
        known=known.mapped(),
        static=static,
        columns=first.columns,
        categories=first.categories,
        ends=ends,
        whole=whole,
    )


def sampled(panel: Packed, part: Part) -> tuple[Panel, Part]:
    """Series drawn at random, the same each time, with SAMPLE_ROWS rows or all, in memory, and their part."""
    order = np.random.default_rng(0).permutation(panel.n_series)
    count = int(np.searchsorted(np.cumsum(panel.lengths[order]), SAMPLE_ROWS, side="right"))
    series = np.sort(order[: max(count, 1)])
    some = _doubled(panel.unpacked, series)
    moved = some.offsets[:-1] - panel.offsets[series]
    return some, Part(part.begin[series] + moved, part.stop[series] + moved)


def _pieces(lengths: np.ndarray) -> Iterator[tuple[int, int]]:
    """Neighbouring series (first, stop) with at most CHUNK_ROWS rows together, or a single longer one."""
    ends = np.cumsum(lengths)
    begin = 0
    while begin < len(ends):
        room = CHUNK_ROWS + (ends[begin - 1] if begin else 0)
        stop = max(int(np.searchsorted(ends, room, side="right")), begin + 1)
        yield begin, stop
        begin = stop


def _doubled(panel: Panel, series: np.ndarray) -> Panel:
    """The given series in memory, in double precision."""
    taken = panel.select(series)
    values = {name: getattr(taken, name).astype(np.float64) for name in ("target", "past", "known")}
    return Panel(**{each.name: getattr(taken, each.name) for each in fields(Panel)} | values)
