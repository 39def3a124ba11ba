"""Panel: many series on one clock, checked once at the door and read-only after."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from datamodules.clock import Clock
from datamodules.door.columns import to_pandas
from datamodules.door.frames import Tidy, tidy
from datamodules.door.marks import Marks
from datamodules.door.names import several
from datamodules.door.statics import Statics, statics_of
from datamodules.errors import InputError


@dataclass(frozen=True, eq=False)
class Panel:
    """Many series end to end, with their covariates and the clock they run on.

    Rows R are all series' rows, one after the other; series i owns rows ``offsets[i]:offsets[i + 1]``. NaN means not
    observed. Rows after the last observed target exist only to carry known-future covariates. All arrays are read-only.

    Attributes:
        ids: (N) names of the series.
        clock: the clock of all series.
        start: (N) clock position of each series' first row.
        offsets: (N+1) where each series begins.
        target: (R, D) values, original units, float64.
        past: (R, P) covariates known up to the cutoff only.
        known: (R, K) covariates known ahead.
        static: (N, S) one row a series.
        columns: names of the columns in each of the four arrays.
        categories: of covariates that hold names: column -> the names, which the numbers 0, 1, ... in its array count.
    """

    ids: np.ndarray
    clock: Clock
    start: np.ndarray
    offsets: np.ndarray
    target: np.ndarray
    past: np.ndarray
    known: np.ndarray
    static: np.ndarray
    columns: "Columns"
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for array in (self.ids, self.start, self.offsets, self.target, self.past, self.known, self.static):
            array.flags.writeable = False

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        id: str | Sequence[str] = "unique_id",
        time: str = "ds",
        target: str | Sequence[str] = "y",
        past: Sequence[str] = (),
        known: Sequence[str] = (),
        static: Sequence[str] = (),
        categories: Sequence[str] = (),
        shape: str = "long",
        freq: str | int = "infer",
        zone: str = "",
        decimal: str = ".",
        thousands: str = "",
        static_table: Any = None,
    ) -> "Panel":
        """The panel in a table of pandas, polars or pyarrow, after every check of a user's data.

        Args:
            frame: the table; left as it is.
            id: column with the series' name, or several whose texts are joined; in a long table without it, all rows
                are one series.
            time: column with timestamps, or integers; ``none`` when there is none and rows are steps.
            target: column or columns to forecast.
            past: columns known up to the cutoff.
            known: columns known ahead.
            static: columns with one value a series.
            categories: columns of these whose numbers are names of categories; text is one anyway.
            shape: ``long`` (a row per series and stamp), ``wide`` (one column a series) or ``rows`` (one row a series,
                the id first, values after it, empty cells at the end).
            freq: a pandas offset alias or integer step; ``infer`` takes it from the stamps, gaps tolerated.
            zone: time zone that the stamps are local to; the panel's are UTC then.
            decimal: the mark before the decimals of numbers that are text.
            thousands: the mark between thousands of such numbers.
            static_table: a second table, with a row a series: its id columns, and static columns (all others of it,
                where ``static`` names none).

        Raises:
            InputError: names what is wrong with the table, where, and what to do.
        """
        target, past, known, static, categories = map(several, (target, past, known, static, categories))
        others = pd.DataFrame() if static_table is None else to_pandas(static_table)
        columns = Columns(target, past, known, tuple(name for name in static if name not in others))
        apart = {*others} - {*past, *known}
        marks = Marks(tuple(name for name in categories if name not in apart), zone, decimal, thousands)
        found = tidy(frame, id=id, time=time, columns=columns, shape=shape, freq=freq, marks=marks)
        panel = _assemble(found, columns if shape == "long" else replace(columns, target=("y",)))
        if static_table is None:
            return panel
        marks = marks._replace(categories=categories)
        return _with_static(panel, statics_of(others, panel.ids, id=id, static=static, marks=marks))

    @property
    def n_series(self) -> int:
        """N, the number of series."""
        return len(self.ids)

    @property
    def lengths(self) -> np.ndarray:
        """(N) rows of each series, future rows included."""
        return np.diff(self.offsets)

    @cached_property
    def observed(self) -> np.ndarray:
        """(R, D) whether the target was observed."""
        return np.isfinite(self.target)

    @cached_property
    def series_of_row(self) -> np.ndarray:
        """(R) the series that owns each row."""
        return np.repeat(np.arange(self.n_series), self.lengths)

    @cached_property
    def last_rows(self) -> np.ndarray:
        """(N) the row of each series' last observed target; ``offsets[i] - 1`` for a series without any."""
        return last_observed(np.asarray(self.observed.any(axis=1)), self.offsets)

    @cached_property
    def complete(self) -> bool:
        """Whether every target is observed from each series' begin to its last observed row."""
        history = np.arange(len(self.target)) <= self.last_rows[self.series_of_row]
        return bool(self.observed[history].all())

    @property
    def seasonality(self) -> int:
        """The seasonal period that the clock suggests, in steps."""
        return self.clock.seasonality

    def times(self, rows: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The stamps of ``rows`` (any shape) of ``series`` (broadcastable); rows may lie beyond the series' end."""
        return self.clock.stamps(rows - self.offsets[series] + self.start[series])

    def chunks(self) -> Iterator["Chunk"]:
        """The panel in pieces of whole series that have room in memory: here all of it at once."""
        yield Chunk(self, 0, 0)

    def until(self, cutoffs: np.ndarray, since: np.ndarray | None = None) -> "Panel":
        """The panel with target and past covariates blanked after each series' cutoff row; known stays.

        Args:
            cutoffs: (N) last row of each series that may be seen; -1 blanks the series.
            since: (N) first row that may be seen, for a sliding window; from each series' begin when not given.
        """
        rows = np.arange(len(self.target))
        hidden = rows > cutoffs[self.series_of_row]
        if since is not None:
            hidden |= rows < since[self.series_of_row]
        return replace(self, target=_blank(self.target, hidden), past=_blank(self.past, hidden))

    def select(self, series: np.ndarray) -> "Panel":
        """The panel of the given series (indices, in the order wanted)."""
        lengths = self.lengths[series]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.arange(offsets[-1]) - np.repeat(offsets[:-1] - self.offsets[series], lengths)
        return replace(
            self,
            ids=self.ids[series],
            start=self.start[series],
            offsets=offsets,
            target=self.target[rows],
            past=self.past[rows],
            known=self.known[rows],
            static=self.static[series],
        )

    def extend(self, before: np.ndarray, after: np.ndarray) -> "Panel":
        """The panel with unobserved rows added to each series: ``before`` (N) its first row, ``after`` (N) its last.

        Row r of series i becomes row ``r + shift[i]``, where ``shift`` is the new offsets[:-1] + before - the old.
        """
        if not (before.any() or after.any()):
            return self
        lengths = self.lengths + before + after
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.arange(len(self.target)) + np.repeat(offsets[:-1] + before - self.offsets[:-1], self.lengths)

        def wider(values: np.ndarray) -> np.ndarray:
            block = np.full((int(offsets[-1]), values.shape[1]), np.nan)
            block[rows] = values
            return block

        return replace(
            self,
            start=self.start - before,
            offsets=offsets,
            target=wider(self.target),
            past=wider(self.past),
            known=wider(self.known),
        )

    def to_frame(self) -> pd.DataFrame:
        """A long frame: unique_id, ds, targets, past and known columns; a row per row of the panel."""
        rows = np.arange(len(self.target))
        series = self.series_of_row
        frame = pd.DataFrame({"unique_id": self.ids[series], "ds": self.times(rows, series)})
        for names, values in (
            (self.columns.target, self.target),
            (self.columns.past, self.past),
            (self.columns.known, self.known),
            (self.columns.static, self.static[series]),
        ):
            for index, name in enumerate(names):
                frame[name] = self._told(name, values[:, index])
        return frame

    def _told(self, name: str, values: np.ndarray) -> Any:
        """The values of a column as a person reads them: names for the numbers of a categorical one."""
        if name not in self.categories:
            return values
        numbers = np.where(np.isnan(values), -1, values).astype(np.int64)
        return pd.Categorical.from_codes(numbers, categories=pd.Index(self.categories[name]))

    def fingerprint(self) -> str:
        """A SHA-256 of all values, names and the clock: equal panels have equal fingerprints."""
        digest = hashlib.sha256(repr((self.clock, self.columns, self.ids.tolist(), dict(self.categories))).encode())
        for array in (self.start, self.offsets, self.target, self.past, self.known, self.static):
            digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)  # in place, however large
        return digest.hexdigest()


class Chunk(NamedTuple):
    """Some neighbouring series of a panel as a panel in memory."""

    panel: Panel
    series: int  # the first of them, in the whole panel
    row: int  # its first row there

    def own(self, values: np.ndarray) -> np.ndarray:
        """What belongs to these series of ``values`` (..., N), one for each series of the whole panel."""
        return values[..., self.series : self.series + self.panel.n_series]

    def rows(self, values: np.ndarray) -> np.ndarray:
        """Their own rows of ``values`` (..., N), rows of the whole panel or -1 for none, as rows of this one."""
        own = self.own(values)
        return np.where(own < 0, -1, own - self.row)


@dataclass(frozen=True)
class Columns:
    """Names of the columns by role."""

    target: tuple[str, ...] = ("y",)
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()


def last_observed(observed: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(N) the last row of each series where ``observed`` (R) is true; ``offsets[i] - 1`` where none is."""
    rows = np.where(observed, np.arange(len(observed)), -1)
    latest = np.maximum.accumulate(rows) if len(rows) else rows
    return np.maximum(np.append(latest, -1)[offsets[1:] - 1], offsets[:-1] - 1)


def _with_static(panel: Panel, statics: Statics) -> Panel:
    """The panel with the columns of a static table; InputError where one has another role already."""
    for role in ("target", "past", "known"):
        for name in statics.names:
            if name in getattr(panel.columns, role):
                raise InputError(
                    f"column {name!r} of the static table is named with {role} as well; expected one role each. Rename "
                    "it, or name the static columns that are wanted with static (--static NAME)."
                )
    return replace(
        panel,
        static=np.column_stack([panel.static, statics.values]),
        columns=replace(panel.columns, static=(*panel.columns.static, *statics.names)),
        categories={**panel.categories, **statics.categories},
    )


def _blank(values: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    return np.where(hidden[:, None], np.nan, values)


def _assemble(found: Tidy, columns: Columns) -> Panel:
    """The panel from a tidy table."""
    ids, codes, positions = found.ids.astype(object), found.codes, found.positions
    observed = np.any([~np.isnan(found.values[name]) for name in columns.target], axis=0)
    first = np.full(len(ids), np.iinfo(np.int64).max)
    np.minimum.at(first, codes[observed], positions[observed])
    last = np.full(len(ids), -1, dtype=np.int64)
    carries = np.ones(len(codes), dtype=bool) if columns.known else observed
    np.maximum.at(last, codes[carries], positions[carries])
    first = np.where(first > last, last, first)
    lengths = last - first + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    kept = (positions >= first[codes]) & (positions <= last[codes])
    rows = (offsets[codes] + positions - first[codes])[kept]

    def column_block(names: Sequence[str]) -> np.ndarray:
        block = np.full((offsets[-1], len(names)), np.nan)
        for index, name in enumerate(names):
            block[rows, index] = found.values[name][kept]
        return block

    static = np.full((len(ids), len(columns.static)), np.nan)
    for index, name in enumerate(columns.static):
        told = ~np.isnan(found.values[name])
        static[codes[told], index] = found.values[name][told]
    return Panel(
        ids=ids,
        clock=found.clock,
        start=first.astype(np.int64),
        offsets=offsets,
        target=column_block(columns.target),
        past=column_block(columns.past),
        known=column_block(columns.known),
        static=static,
        columns=columns,
        categories=found.categories,
    )
