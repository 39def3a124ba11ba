"""Columns of a person's table, found by name and read by their role."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from datamodules.door.cells import LARGEST, codes, is_category, numbers, refuse_infinite
from datamodules.door.marks import Marks
from datamodules.door.stamps import looks_like_stamps
from datamodules.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from datamodules.panel import Columns


def to_pandas(frame: Any) -> pd.DataFrame:
    """The table as a pandas one, from pandas (the same object), polars or pyarrow."""
    if isinstance(frame, pd.DataFrame):
        return frame
    if hasattr(frame, "to_pandas"):
        return pd.DataFrame(frame.to_pandas())
    raise InputError(
        f"data is a {type(frame).__name__}; expected a pandas, polars or pyarrow table. Convert it to one."
    )


def refuse_twice(names: Sequence[Any] | pd.Index, where: str) -> None:
    """Raise InputError for the first name that stands twice."""
    again = pd.Index(names).duplicated()
    if again.any():
        raise InputError(
            f"column {str(names[int(again.argmax())])!r} stands twice{where}. Rename or remove one of them."
        )


def check_roles(columns: "Columns", id: Sequence[str], time: str) -> None:
    """Raise InputError unless each column has one role; those that name the series may be static too."""
    refuse_twice(id, " in id")
    roles = {"time": (time,), "target": columns.target, "past": columns.past, "known": columns.known}
    named = [(name, role) for role, names in (*roles.items(), ("static", columns.static)) for name in names]
    taken: dict[str, str] = dict.fromkeys(id, "id")
    for name, role in named:
        if name in taken and (taken[name], role) != ("id", "static"):
            raise InputError(
                f"column {name!r} is named with {taken[name]} and with {role}; expected one role each. Leave one out."
            )
        taken[name] = role


def require(table: pd.DataFrame, names: Sequence[str], role: str) -> None:
    """Raise InputError for the first of ``names`` that is no column of the table."""
    for name in names:
        if name not in table.columns:
            raise InputError(
                f"column {name!r} is missing; name the right one with {role} (--{role} NAME): "
                f"{did_you_mean(str(name), map(str, table.columns))}"
            )


def check_categories(table: pd.DataFrame, categories: Sequence[str], covariates: Sequence[str]) -> None:
    """Raise InputError for the first of ``categories`` that is no covariate."""
    require(table, categories, "categories")
    for name in categories:
        if name not in covariates:
            known = ", ".join(covariates) or "past, known and static, which name none"
            raise InputError(
                f"column {name!r} is named with categories, but is no covariate; expected one of {known}. Name it with "
                "one of these as well."
            )


def covariate(column: pd.Series, name: str, marks: Marks) -> tuple[np.ndarray, tuple[str, ...]]:
    """The numbers of a covariate, and the names that they count where it holds categories."""
    if name in marks.categories:
        return codes(column)
    if not is_category(column):
        return numbers(column, name, marks, otherwise=f" Or name it with categories (--categories {name})."), ()
    if looks_like_stamps(column):
        raise InputError(
            f"column {name!r} holds dates, first {str(column.dropna().iloc[0])!r}; expected numbers or categories. "
            f"Leave it out, or name it with categories (--categories {name})."
        )
    return codes(column)


def matrix_of(block: pd.DataFrame, marks: Marks) -> np.ndarray:
    """All columns as float64; those that are not numeric are checked cell by cell."""
    kinds = block.dtypes
    numeric = np.array([pd.api.types.is_any_real_numeric_dtype(kind) or kind == "bool" for kind in kinds.unique()])
    good = kinds.isin(kinds.unique()[numeric]).to_numpy()
    values = np.empty(block.shape)
    values[:, good] = block.loc[:, good].to_numpy(dtype=np.float64, na_value=np.nan)
    for column in np.flatnonzero(~good).tolist():
        values[:, column] = numbers(block.iloc[:, column], block.columns[column], marks)
    for column in np.flatnonzero((np.abs(values) > LARGEST).any(axis=0)).tolist()[:1]:
        refuse_infinite(values[:, column], block.iloc[:, column], block.columns[column])
    return values
