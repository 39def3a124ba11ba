"""One column of covariates as numbers: scaled, or the codes of its categories, as training rows say."""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.errors import InputError, one_of
from datamodules.statistics import Rows, location_and_scale

COVARIATE_SCALINGS: Final = ("none", "standard", "minmax", "robust")


class Number(NamedTuple):
    """What training rows say about a column of numbers: ``scaled = (value - loc) / scale``."""

    name: str
    loc: float
    scale: float
    fill: float  # what stands where nothing was observed before: the mean, in the column's own units

    @classmethod
    def fit(cls, name: str, values: np.ndarray, scaling: str) -> "Number":
        """The column by its training values (T): NaN where missing.

        ``standard`` has their mean and standard deviation, ``minmax`` brings them to 0..1, ``robust`` has median and
        interquartile range (the standard deviation where that is 0). Columns of zeros and ones stay as they are;
        a column without variation becomes 0, unless the scaling is ``none``.
        """
        one_of("covariates", scaling, COVARIATE_SCALINGS)
        values = values[~np.isnan(values)]
        if len(values) == 0:
            return cls(name, 0.0, 1.0, 0.0)
        mean = float(values.mean())
        varies = bool((values != values[0]).any())
        if scaling == "none" or (varies and np.isin(values, (0, 1)).all()):
            return cls(name, 0.0, 1.0, mean)
        rows = Rows(values, np.array([0, len(values)]))
        loc, scale = (float(each[0]) for each in location_and_scale(scaling, rows))
        scale = scale or float(location_and_scale("standard", rows)[1][0])
        return cls(name, loc, scale or max(abs(loc), 1.0), mean)

    def apply(self, values: np.ndarray, begin: np.ndarray) -> np.ndarray:
        """The column (R) scaled, NaN filled by the last value since row ``begin`` (R), or else by ``fill``."""
        return (_filled(values, begin, self.fill) - self.loc) / self.scale


class Levels(NamedTuple):
    """The categories among training rows: level i has code i + 1; what is missing or was not there has code 0."""

    name: str
    levels: tuple[str, ...]

    @classmethod
    def fit(cls, name: str, values: np.ndarray, categories: tuple[str, ...]) -> "Levels":
        """The column by its training values (T), which count ``categories``: NaN where missing.

        Levels are in the order of the numbers that they spell if all do, else of their names.
        """
        present = np.unique(values[~np.isnan(values)]).astype(np.int64)
        return cls(name, _in_order(categories[place] for place in present))

    @property
    def n_codes(self) -> int:
        """How many codes there are, that of what is missing or unseen included."""
        return len(self.levels) + 1

    def apply(self, values: np.ndarray, categories: tuple[str, ...]) -> np.ndarray:
        """The codes (R) of a column whose numbers count other ``categories``, in whatever order."""
        code = np.append(pd.Index(self.levels, dtype=object).get_indexer(pd.Index(categories, dtype=object)) + 1, 0)
        return code[np.where(np.isnan(values), -1, values).astype(np.int64)]


Column = Number | Levels


def column_of(plain: dict[str, object]) -> Column:
    """The column whose ``_asdict`` these plain values are."""
    if "levels" in plain:
        return Levels(str(plain["name"]), tuple(plain["levels"]))  # type: ignore[arg-type]
    return Number(**plain)  # type: ignore[arg-type]


def check_kind(column: Column, values: np.ndarray, categories: tuple[str, ...] | None, role: str) -> None:
    """Raise InputError when a column with values has changed between numbers and categories since training."""
    trained, now = isinstance(column, Levels), categories is not None
    if trained == now or np.isnan(values).all():
        return
    kinds = ("numbers", "categories")
    remedy = "Name it among the categories" if trained else "Correct what is no number in it"
    raise InputError(
        f"column {column.name!r} ({role}) held {kinds[trained]} when the network was trained, and holds {kinds[now]} "
        f"here; expected the same. {remedy}, or train anew."
    )


def _filled(values: np.ndarray, begin: np.ndarray, otherwise: float) -> np.ndarray:
    missing = np.isnan(values)
    if not missing.any():
        return values
    latest = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
    return np.where(latest >= begin, values[latest], otherwise)


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    names = sorted(names)
    try:
        return tuple(sorted(names, key=float))
    except ValueError:
        return tuple(names)
