"""The first of two readings of a file larger than memory: which series there are, from when to when, on what clock."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, Self

import numpy as np
import pandas as pd

from datamodules.clock import Clock
from datamodules.door.frames import clock_of
from datamodules.door.marks import USUAL, Marks
from datamodules.door.shapes import Cells, cells_of
from datamodules.errors import InputError
from datamodules.layout import Layout
from datamodules.panel import Columns

_SAMPLED_SERIES: Final = 256  # of the first piece: their stamps say the frequency
_SAMPLED_STAMPS: Final = 2**20
_NEVER: Final = np.iinfo(np.int64)
_HOW: Final = {"start": "min", "ends": "max", "stop": "max"}


class Reading(NamedTuple):
    """How the pieces of some files are read, each by itself.

    Attributes:
        layout: complete.
        asked: columns of the files.
        marks: how cells are written.
    """

    layout: Layout
    asked: Columns
    marks: Marks

    @classmethod
    def of(cls, layout: Layout) -> Self:
        """The reading that a complete layout says."""
        target = layout.get("target", "y")
        names = (target,) if isinstance(target, str) else tuple(target)
        past, known, static = layout.get("past", ()), layout.get("known", ()), layout.get("static", ())
        marks: dict[str, Any] = {name: layout.get(name, usual) for name, usual in USUAL._asdict().items()}
        return cls(layout, Columns(names, tuple(past), tuple(known), tuple(static)), Marks(**marks))

    @property
    def columns(self) -> Columns:
        """The columns that come of it."""
        return self.asked if self.layout["shape"] == "long" else replace(self.asked, target=("y",))

    def cells(self, table: pd.DataFrame) -> Cells:
        """The cells of a piece, sorted by series and time."""
        layout = self.layout
        where = {"id": layout.get("id", "unique_id"), "time": layout["time"], "shape": layout["shape"]}
        return cells_of(table, **where, columns=self.asked, freq=layout["freq"], marks=self.marks)  # type: ignore[arg-type]

    def later(self, freq: str | int, categories: Iterable[str]) -> Self:
        """The same with what was found out since."""
        marks = self.marks._replace(categories=tuple({*self.marks.categories, *categories}))
        return self._replace(layout={**self.layout, "freq": freq}, marks=marks)


class Survey(NamedTuple):
    """What must be known of all rows before the first can be put in its place."""

    ids: np.ndarray  # (N) names of the series as text, sorted
    clock: Clock
    start: np.ndarray  # (N) clock position of each series' first observed target
    ends: np.ndarray  # (N) that of its last
    stop: np.ndarray  # (N) that of its last row; later than its last target only where columns are known ahead
    categories: dict[str, tuple[str, ...]]  # column -> the names that its values count
    rows: int  # of the files


def survey(tables: Iterable[pd.DataFrame], reading: Reading) -> Survey:
    """What the pieces of a file say together.

    Raises:
        InputError: for a cell that is wrong, a series without any value, or stamps that no clock fits.
    """
    spans = pd.DataFrame({"start": [], "ends": [], "stop": []}, dtype=np.int64)
    sample: list[pd.DataFrame] = []
    names: dict[str, set[str]] = {}
    rows, origin, chosen, first = 0, _NEVER.max, np.empty(0, object), None
    for table in tables:
        cells = reading.cells(table)
        if first is None:
            first, reading = cells, reading.later(reading.layout["freq"], cells.categories)
        _refuse_other_kinds(table, cells, first, reading)
        times = cells.times.astype(np.int64)
        spans = pd.concat([spans, _spans(cells, times, reading.columns.target)]).groupby(level=0).agg(_HOW)
        chosen = chosen if len(chosen) else cells.ids[:: -(-len(cells.ids) // _SAMPLED_SERIES)]
        if sum(map(len, sample)) < _SAMPLED_STAMPS:
            wanted = np.isin(cells.ids, chosen)[cells.codes]
            sample.append(pd.DataFrame({"id": cells.ids[cells.codes[wanted]], "time": cells.times[wanted]}))
        names = {name: names.get(name, set()) | {*found} for name, found in cells.categories.items()}
        rows, origin = rows + len(times), min(origin, int(times.min()))
    if first is None:
        raise InputError("the files hold no rows of data; expected some. Check how they were made.")
    _refuse_unobserved(spans)
    clock = _clock(pd.concat(sample), first, origin, reading.layout)
    places = {name: clock.positions(spans[name].to_numpy().astype(first.times.dtype)) for name in _HOW}
    stop = np.maximum(places["stop"] if reading.columns.known else places["ends"], places["start"])
    ids = spans.index.to_numpy(dtype=object)
    _refuse_spaced(ids)
    categories = {name: tuple(sorted(each)) for name, each in names.items()}
    return Survey(ids, clock, places["start"], places["ends"], stop, categories, rows)


def _refuse_spaced(ids: np.ndarray) -> None:
    """Raise InputError when spaces at their ends are all that tells the names of two series apart."""
    first = pd.Series(ids).str.strip().drop_duplicates().index
    if len(first) < len(ids):
        again = str(ids[np.setdiff1d(np.arange(len(ids)), first)[0]])
        raise InputError(
            f"series {again.strip()!r} and {again!r} differ in spaces at their ends only; expected one spelling. "
            "Correct one."
        )


def _spans(cells: Cells, times: np.ndarray, targets: Sequence[str]) -> pd.DataFrame:
    """For each series of a piece the first and last time that a target is observed, and its last time."""
    seen = np.any([~np.isnan(cells.values[name]) for name in targets], axis=0)
    start, ends, stop = (np.full(len(cells.ids), value) for value in (_NEVER.max, _NEVER.min, _NEVER.min))
    np.minimum.at(start, cells.codes[seen], times[seen])
    np.maximum.at(ends, cells.codes[seen], times[seen])
    np.maximum.at(stop, cells.codes, times)
    return pd.DataFrame({"start": start, "ends": ends, "stop": stop}, index=cells.ids)


def _clock(sample: pd.DataFrame, first: Cells, origin: int, layout: Layout) -> Clock:
    """The clock on which some series run, from the first stamp of all on."""
    sample = sample.drop_duplicates().sort_values(["id", "time"])
    codes, ids = pd.factorize(sample["id"])
    some = first._replace(ids=np.asarray(ids), codes=codes, times=sample["time"].to_numpy().astype(first.times.dtype))
    freq = layout["freq"]
    freq = int(freq) if isinstance(freq, str) and freq.isdigit() else freq
    clock = clock_of(some, layout["time"], freq)
    return replace(clock, origin=origin if clock.is_integer else pd.Timestamp(np.datetime64(origin, "us")))


def _refuse_other_kinds(table: pd.DataFrame, cells: Cells, first: Cells, reading: Reading) -> None:
    """Raise InputError when a piece reads as something else than the first one did."""
    odd = cells.categories.keys() - {*reading.marks.categories}
    if odd:
        name = min(odd)
        raise InputError(
            f"column {name!r} holds numbers in the first rows and text from {table.index.names[-1]} {_line(table)} on; "
            f"expected one kind. Name it with categories (--categories {name}), or correct it."
        )
    if cells.times.dtype != first.times.dtype or cells.zone != first.zone:
        raise InputError(
            f"stamps from {table.index.names[-1]} {_line(table)} on read as {cells.times.dtype} "
            f"{cells.zone or 'without a zone'}, those before as {first.times.dtype} {first.zone or 'without a zone'}; "
            "expected one kind. Write them as 2020-01-31."
        )


def _line(table: pd.DataFrame) -> object:
    label = table.index[0]
    return f"{label[1]} of {label[0]}" if isinstance(label, tuple) else label


def _refuse_unobserved(spans: pd.DataFrame) -> None:
    empty = (spans["ends"] < spans["start"]).to_numpy()
    if empty.any():
        count = f"{int(empty.sum()):,} series have" if empty.sum() > 1 else "a series has"
        raise InputError(
            f"{count} no value at all, first {str(spans.index[int(empty.argmax())])!r}; expected at least one observed "
            "value in each. Remove such series."
        )
