"""One column of a person's table -> numbers or categories, with a sentence for what is neither."""

from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.errors import InputError

_EMPTY = ("", "na", "nan", "nat", "none", "null", "<na>")  # text that stands for a missing cell, in any case


class Marks(NamedTuple):
    """How cells are written, where it differs from the usual."""

    categories: tuple[str, ...] = ()  # columns whose numbers are names of categories
    zone: str = ""  # that stamps are local to
    decimal: str = "."
    thousands: str = ""


USUAL: Final = Marks()


def place(index: pd.Index, row: int) -> str:
    """Where a row stands, for a message: ``row 4`` counted from 0, or ``line 6 of a.csv`` as read from a file."""
    if index.names == ["line"]:
        return f"line {index[row]}"
    if index.names == ["file", "line"]:
        return f"line {index[row][1]} of {index[row][0]}"
    return f"row {row}"


def numbers(column: pd.Series, name: Any) -> np.ndarray:
    """The column as float64, NaN where a cell is empty; numbers written as text and booleans are numbers too.

    Raises:
        InputError: names the first cell that is no finite number, and where it stands.

    Example:
        >>> numbers(pd.Series(["1.5", "", "2"]), "y")
        array([1.5, nan, 2. ])
    """
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    elif pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column):
        raise InputError(f"column {str(name)!r} holds {column.dtype}; expected numbers. Leave it out or convert it.")
    else:
        codes, texts = pd.factorize(column.astype(str).str.strip())
        unique = pd.Series(texts, dtype=object)
        parsed = _read_numbers(unique)
        bad = np.append(np.isnan(parsed) & ~unique.str.lower().isin(_EMPTY).to_numpy(), False)[
            codes
        ]  # code -1: missing
        if bad.any():
            row = int(bad.argmax())
            raise InputError(
                f"column {str(name)!r} holds text {shown(column.iloc[row])} in {place(column.index, row)}"
                f"{more(bad)}; expected a number. Correct it or leave the cell empty."
            )
        values = np.append(parsed, np.nan)[codes]
    refuse_infinite(values, column, name)
    return values


def codes(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """The category of each cell as a float64 number, NaN where a cell is empty, and the names it counts.

    Example:
        >>> codes(pd.Series(["rain", "", "clear", "rain"]))
        (array([ 1., nan,  0.,  1.]), ('clear', 'rain'))
    """
    found, unique = pd.factorize(column)
    texts = np.array([_category_name(value) for value in unique] or [""], dtype=object)
    names, places = np.unique(texts, return_inverse=True)
    empty = np.isin(names, "")
    numbered = np.append(np.where(empty, np.nan, np.cumsum(~empty) - 1.0)[places], np.nan)
    return numbered[np.where(found < 0, len(texts), found)], tuple(str(name) for name in names[~empty])


def _category_name(value: Any) -> str:
    """The text of a category; whole numbers without their decimals, so that 1 and 1.0 are one."""
    return str(int(value)) if isinstance(value, float | np.floating) and value == int(value) else str(value).strip()


def is_category(column: pd.Series) -> bool:
    """Whether a column of a covariate holds names: text that does not read as numbers, or pandas' own categories."""
    return isinstance(column.dtype, pd.CategoricalDtype) or not (
        pd.api.types.is_bool_dtype(column) or looks_like_numbers(column)
    )


def refuse_infinite(values: np.ndarray, column: pd.Series, name: Any) -> None:
    """Raise InputError when one of ``values``, those of ``column``, is infinite."""
    infinite = np.isinf(values)
    if infinite.any():
        row = int(infinite.argmax())
        raise InputError(
            f"column {str(name)!r} holds {values[row]} in {place(column.index, row)}{more(infinite)}; "
            "expected finite numbers. Correct it or leave the cell empty."
        )


def looks_like_numbers(column: pd.Series) -> bool:
    """Whether a column is meant to hold numbers: most of its first cells read as one."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return False
    texts = column.dropna().head(1000).astype(object).astype(str).str.strip()
    written = texts[~texts.str.lower().isin(_EMPTY)]
    return written.empty or float(np.isfinite(_read_numbers(written)).mean()) > 0.5


def _read_numbers(texts: pd.Series) -> np.ndarray:
    """The numbers that texts spell, true and false among them; NaN where they spell none."""
    digits = (
        texts.astype(object).str.replace(r"(?i)^true$", "1", regex=True).str.replace(r"(?i)^false$", "0", regex=True)
    )
    return pd.to_numeric(digits, errors="coerce").to_numpy(dtype=np.float64)


def shown(value: Any) -> str:
    """A cell for a message: its text in quotes, cut when long."""
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def more(bad: np.ndarray) -> str:
    """Words for a message that count the bad rows after the first: `` (and in 2 more rows)``."""
    others = int(bad.sum()) - 1
    return f" (and in {others:,} more {'row' if others == 1 else 'rows'})" if others else ""
