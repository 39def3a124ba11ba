"""Encoder: covariates as numbers that a network can use, learnt from training rows."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np

from datamodules.covariates import Column, Levels, Number, check_kind, column_of
from datamodules.door.shapes import told
from datamodules.errors import InputError, one_of
from datamodules.panel import Panel, last_observed
from datamodules.split import Part

ENCODINGS: Final = ("onehot", "ordinal", "embedding")
ROLES: Final = ("past", "known", "static")
_MOST_ONEHOT: Final = 100  # beyond it, a window is mostly zeros


class Encoded(NamedTuple):
    """Covariates without NaN, ready for a network."""

    past: np.ndarray  # (R, P) float32, as all three
    known: np.ndarray  # (R, K)
    static: np.ndarray  # (N, S)
    embedded: tuple[tuple[str, int, int], ...]  # (role, column, number of codes) of columns that hold codes to embed
    unseen: dict[str, int]  # column -> cells whose category was not among the training rows
    absent: dict[str, int]  # column -> missing cells that were filled, from a series' first observed target on


@dataclass(frozen=True, eq=False)
class Encoder:
    """What the training rows say about the covariates.

    Numbers are scaled over the whole panel. What is missing takes the last value before it in its series, and the mean
    of the training rows where there is none. A category that is missing or was not among the training rows has code 0:
    no column of ``onehot`` is 1 then, and no weight speaks that was never trained; ``ordinal`` codes are 0..1;
    ``embedding`` leaves the codes to the network.
    """

    encode: str
    missing: str
    columns: dict[str, tuple[Column, ...]]  # by role

    @classmethod
    def fit(
        cls, panel: Panel, part: Part, *, encode: str, scaling: str, missing: str, made: Collection[str] = ()
    ) -> Self:
        """The encoder for the covariates of ``panel`` by the rows of a part; static ones by the series with such rows.

        Columns that were ``made`` from the clock are not scaled: their range is known, and training rows that saw
        little of it would say that the rest lies far out.

        Raises:
            InputError: for onehot with a column of very many categories.
        """
        one_of("encode", encode, ENCODINGS)
        series, rows = panel.series_of_row, np.arange(len(panel.target))
        trained = (rows >= part.begin[series]) & (rows < part.stop[series])
        columns: dict[str, list[Column]] = {role: [] for role in ROLES}
        for role, name, values in _columns(panel):
            seen = values[part.stop > part.begin] if role == "static" else values[trained]
            if name in panel.categories:
                levels = Levels.fit(name, seen, panel.categories[name])
                columns[role].append(levels)
                if encode == "onehot" and len(levels.levels) > _MOST_ONEHOT:
                    raise InputError(
                        f"column {name!r} ({role}) has {len(levels.levels):,} categories; encode onehot makes a column "
                        f"of each, for at most {_MOST_ONEHOT}. Say encode: embedding, or leave the column out."
                    )
            else:
                columns[role].append(Number.fit(name, seen, "none" if name in made else scaling))
        return cls(encode, missing, {role: tuple(found) for role, found in columns.items()})

    @property
    def widths(self) -> tuple[int, int, int]:
        """P, K and S."""
        past, known, static = (sum(map(self._width, self.columns[role])) for role in ROLES)
        return past, known, static

    @property
    def known(self) -> tuple[str, ...]:
        """Names of the columns known ahead, those that were made among them."""
        return tuple(column.name for column in self.columns["known"])

    @property
    def embedded(self) -> tuple[tuple[str, int, int], ...]:
        """(role, column, number of codes) of the columns that hold codes to embed."""
        if self.encode != "embedding":
            return ()
        return tuple(
            (role, place, column.n_codes)
            for role in ROLES
            for place, column in enumerate(self.columns[role])
            if isinstance(column, Levels)
        )

    def apply(self, panel: Panel) -> Encoded:
        """The covariates of any panel with the same columns.

        Raises:
            InputError: when a column holds numbers where it held categories, or the reverse; for the first missing
                cell where ``missing`` is error.
        """
        begins = dict.fromkeys(("past", "known"), panel.offsets[:-1][panel.series_of_row])
        begins["static"] = np.arange(panel.n_series)
        blocks = {
            role: np.empty((len(begins[role]), width), np.float32)
            for role, width in zip(ROLES, self.widths, strict=True)
        }
        fitted = (column for role in ROLES for column in self.columns[role])
        places = dict.fromkeys(ROLES, 0)
        unseen: dict[str, int] = {}
        absent: dict[str, int] = {}
        for (role, name, values), column in zip(_columns(panel), fitted, strict=True):
            check_kind(column, values, panel.categories.get(name), role)
            missing = np.isnan(values)
            if missing.any() and role != "static":
                missing &= _between(
                    panel, last_observed(~missing, panel.offsets) if role == "known" else panel.last_rows
                )
            if missing.any():
                absent[name] = int(missing.sum())
                self._refuse(panel, role, name, missing)
            place = slice(places[role], places[role] + self._width(column))
            places[role] = place.stop
            if isinstance(column, Number):
                blocks[role][:, place] = column.apply(values, begins[role])[:, None]
                continue
            codes = column.apply(values, panel.categories.get(name, ()))
            strange = int(((codes == 0) & ~np.isnan(values)).sum())
            if strange:
                unseen[name] = strange
            blocks[role][:, place] = self._coded(codes, column)
        return Encoded(blocks["past"], blocks["known"], blocks["static"], self.embedded, unseen, absent)

    def _width(self, column: Column) -> int:
        return len(column.levels) if isinstance(column, Levels) and self.encode == "onehot" else 1

    def _coded(self, codes: np.ndarray, column: Levels) -> np.ndarray:
        """(R, width) the codes as they are encoded."""
        if self.encode == "onehot":
            return codes[:, None] == np.arange(1, column.n_codes)
        return codes[:, None] / max(len(column.levels), 1) if self.encode == "ordinal" else codes[:, None]

    def _refuse(self, panel: Panel, role: str, name: str, missing: np.ndarray) -> None:
        if self.missing != "error":
            return
        first = int(missing.argmax())
        series = first if role == "static" else int(panel.series_of_row[first])
        stamp = "" if role == "static" else f" at {told(panel.times(np.array(first), np.array(series))[()])}"
        others = f" and {int(missing.sum()) - 1:,} more" if missing.sum() > 1 else ""
        raise InputError(
            f"series {str(panel.ids[series])!r} has no value in column {name!r} ({role}){stamp}{others}; missing: "
            "error wants all of them. Give a value, or say missing: ffill."
        )

    def plain(self) -> dict[str, Any]:
        """The encoder in plain values, for a checkpoint."""
        columns = {role: [_plain(column) for column in found] for role, found in self.columns.items()}
        return {"encode": self.encode, "missing": self.missing, "columns": columns}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The encoder of ``plain()``."""
        columns = {role: tuple(map(column_of, found)) for role, found in plain["columns"].items()}
        return cls(plain["encode"], plain["missing"], columns)


def remarks(unseen: Mapping[str, int], absent: Mapping[str, int]) -> tuple[str, ...]:
    """What the reader of a forecast should know about its covariates, a note a column.

    Example:
        >>> remarks({"weather": 12}, {"price": 1})
        ('unseen category in weather: 12 cells', 'missing value in price: 1 cell filled')
    """
    return (
        *(f"unseen category in {column}: {_cells(count)}" for column, count in unseen.items()),
        *(f"missing value in {column}: {_cells(count)} filled" for column, count in absent.items()),
    )


def _cells(count: int) -> str:
    return f"{count:,} {'cell' if count == 1 else 'cells'}"


def _plain(column: Column) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in column._asdict().items()}


def _columns(panel: Panel) -> Iterator[tuple[str, str, np.ndarray]]:
    """(role, name, values) of each covariate: values are (R), or (N) of a static one."""
    for role in ROLES:
        for name, values in zip(getattr(panel.columns, role), getattr(panel, role).T, strict=True):
            yield role, name, values


def _between(panel: Panel, last: np.ndarray) -> np.ndarray:
    """(R) whether a row lies from the first observed target of its series to the last one, or to row ``last`` (N)."""
    rows = np.arange(len(panel.target))
    observed = np.append(np.flatnonzero(panel.observed.any(axis=1)), len(rows))
    first = observed[np.searchsorted(observed, panel.offsets[:-1])]
    series = panel.series_of_row
    return (rows >= first[series]) & (rows <= np.maximum(last, panel.last_rows)[series])
