"""A table with a row a series -> static covariates in the order of a panel."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from datamodules.door.cells import place
from datamodules.door.columns import covariate, refuse_twice
from datamodules.door.marks import Marks
from datamodules.door.names import series_names, several
from datamodules.errors import InputError, did_you_mean


class Statics(NamedTuple):
    """Static covariates of the series of a panel."""

    values: np.ndarray  # (N, S)
    names: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]  # column -> the names that its values count


def statics_of(
    table: pd.DataFrame, ids: np.ndarray, *, id: str | Sequence[str], static: Sequence[str], marks: Marks
) -> Statics:
    """The ``static`` columns that a table has, for the series ``ids`` (N); other series in it are left out.

    Its id columns are those named ``id``, or the first where there is none of that name. Without ``static`` all other
    columns are static.

    Raises:
        InputError: names the series that is missing or stands there twice, or the cell that is wrong.
    """
    if len(table) == 0:
        raise InputError("the static table is empty; expected a row a series. Check how it was made.")
    refuse_twice(table.columns, " in the static table")
    key = several(id) if set(several(id)) <= set(table.columns) else (str(table.columns[0]),)
    names, numbers = series_names(table, key)
    counts = np.bincount(numbers, minlength=len(names))
    row_of = np.empty(len(names), dtype=np.int64)
    row_of[numbers] = np.arange(len(numbers))
    found = np.minimum(np.searchsorted(names, ids), len(names) - 1)
    missing = names[found] != ids
    if missing.any():
        more = f" (and {int(missing.sum()) - 1:,} more series)" if missing.sum() > 1 else ""
        raise InputError(
            f"series {str(ids[missing.argmax()])!r}{more} is missing in the static table, whose names are in "
            f"{', '.join(key)}; expected a row for each series. Add it."
        )
    doubled = counts[found] > 1
    if doubled.any():
        twice = np.flatnonzero(numbers == found[doubled.argmax()])
        raise InputError(
            f"series {str(ids[doubled.argmax()])!r} stands twice in the static table, in "
            f"{place(table.index, int(twice[0]))} and {place(table.index, int(twice[1]))}; expected one row a series. "
            "Remove one."
        )
    others = [str(name) for name in table.columns if name not in key]
    wanted = tuple(name for name in static if name in others) if static else tuple(others)
    if not wanted:
        raise InputError(
            f"the static table has none of the static columns {', '.join(static)}; {did_you_mean(static[0], others)}"
            if static
            else f"the static table has only the column {key[0]!r}; expected static columns beside it. Add them."
        )
    columns = {name: covariate(table[name], name, marks) for name in wanted}
    values = np.column_stack([numbered[row_of[found]] for numbered, _ in columns.values()])
    return Statics(values, wanted, {name: told for name, (_, told) in columns.items() if told})
