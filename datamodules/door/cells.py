"""One column of a person's table -> numbers or categories, with a sentence for what is neither."""

from typing import Any, Final

import numpy as np
import pandas as pd

from datamodules.door.marks import ANY_MARKS, EMPTY, USUAL, Marks, read_numbers, remedy, wanted
from datamodules.errors import InputError

LARGEST: Final = 1e100  # the square of a number, and sums of such squares, stay far below the largest double


def place(index: pd.Index, row: int) -> str:
    """Where a row stands, for a message: ``row 4`` counted from 0, or ``line 6 of a.csv`` as read from a file."""
    if index.names == ["line"]:
        return f"line {index[row]}"
    if index.names[0] == "file":
        return f"{index.names[1]} {index[row][1]} of {index[row][0]}"
    return f"row {row}"


def numbers(column: pd.Series, name: Any, marks: Marks = USUAL, *, otherwise: str = "") -> np.ndarray:
    """The column as float64, NaN where a cell is empty; numbers written as text and booleans are numbers too.

    Only text is read with the marks; between thousands they must stand every three digits.

    Args:
        column: the cells.
        name: of the column, for messages.
        marks: how numbers are written.
        otherwise: what else can be done about text, a sentence for the message.

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
        places, unique = distinct(column)
        texts = pd.Series(unique, dtype=object).astype(str).str.strip()
        parsed = read_numbers(texts, marks.decimal, marks.thousands)
        if (marks.decimal, marks.thousands) != (".", ""):
            spelled = pd.Series(unique, dtype=object).map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
            parsed = np.where(spelled, parsed, read_numbers(texts))
        wrong = np.isnan(parsed) & ~texts.str.lower().isin(EMPTY).to_numpy()
        if wrong.any():
            bad = np.append(wrong, False)[places]  # code -1: missing
            row = int(bad.argmax())
            raise InputError(
                f"column {str(name)!r} holds text {shown(column.iloc[row])} in {place(column.index, row)}"
                f"{more(bad)}; expected {wanted(marks)}. {remedy(texts, marks)}{otherwise}"
            )
        values = np.append(parsed, np.nan)[places]
    refuse_infinite(values, column, name)
    return values


def codes(column: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """The category of each cell as a float64 number, NaN where a cell is empty, and the names it counts.

    Example:
        >>> codes(pd.Series(["rain", "", "clear", "rain"]))
        (array([ 1., nan,  0.,  1.]), ('clear', 'rain'))
    """
    found, unique = distinct(column)
    texts = np.array([_category_name(value) for value in unique] or [""], dtype=object)
    names, places = np.unique(texts, return_inverse=True)
    empty = np.isin(names, "")
    numbered = np.append(np.where(empty, np.nan, np.cumsum(~empty) - 1.0)[places], np.nan)
    return numbered[np.where(found < 0, len(texts), found)], tuple(str(name) for name in names[~empty])


def distinct(column: pd.Series) -> tuple[np.ndarray, pd.Index]:
    """For each cell the number of its value, -1 where it is missing, and the values; lists and the like as text."""
    try:
        return pd.factorize(column)
    except TypeError:
        return pd.factorize(column.map(str))


def _category_name(value: Any) -> str:
    """The text of a category; whole numbers without their decimals, so that 1 and 1.0 are one."""
    return str(int(value)) if isinstance(value, float | np.floating) and value.is_integer() else str(value).strip()


def is_category(column: pd.Series) -> bool:
    """Whether a column of a covariate holds names: text that does not read as numbers, or pandas' own categories."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    timed = pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column)
    return not (timed or looks_like_numbers(column))


def refuse_infinite(values: np.ndarray, column: pd.Series, name: Any) -> None:
    """Raise InputError when one of ``values``, those of ``column``, is infinite or too large to compute with."""
    beyond = np.abs(values) > LARGEST
    if beyond.any():
        row = int(beyond.argmax())
        wanted = "finite numbers" if np.isinf(values[row]) else f"numbers up to {LARGEST:g}"
        raise InputError(
            f"column {str(name)!r} holds {values[row]} in {place(column.index, row)}{more(beyond)}; "
            f"expected {wanted}. Correct it or leave the cell empty."
        )


def looks_like_numbers(column: pd.Series) -> bool:
    """Whether a column is meant to hold numbers: most of its first cells read as one, with whatever marks."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return False
    texts = column.dropna().head(1000).astype(object).astype(str).str.strip()
    written = texts[~texts.str.lower().isin(EMPTY)]
    spelled = np.isfinite(read_numbers(written)) | written.str.fullmatch(ANY_MARKS).to_numpy(dtype=bool)
    return written.empty or float(spelled.mean()) > 0.5


def shown(value: Any) -> str:
    """A cell for a message: its text in quotes, cut when long."""
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def more(bad: np.ndarray) -> str:
    """Words for a message that count the bad rows after the first: `` (and in 2 more rows)``."""
    others = int(bad.sum()) - 1
    return f" (and in {others:,} more {'row' if others == 1 else 'rows'})" if others else ""
