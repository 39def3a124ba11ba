"""The columns that tell series apart -> the names of the series."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from datamodules.door.cells import distinct, place, shown
from datamodules.errors import InputError

BETWEEN = "/"  # the parts of a name that comes from several columns


def several(names: str | Sequence[str]) -> tuple[str, ...]:
    """The names, be it one or several that were said."""
    return (names,) if isinstance(names, str) or not isinstance(names, Iterable) else tuple(names)


def series_names(table: pd.DataFrame, id: str | Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The series' names (N) as text, sorted, and the number (R) of each row's name.

    The parts of several columns are joined: ``Adelaide/South Australia/Business``.

    Raises:
        InputError: when a name is empty, or when different values would give one name.
    """
    texts, numbers = column_names(table[several(id)[0]], several(id)[0])
    for column in several(id)[1:]:
        parts, codes = column_names(table[column], column)
        numbers, pairs = pd.factorize(numbers * len(parts) + codes)
        texts = texts[pairs // len(parts)] + BETWEEN + parts[pairs % len(parts)]
    names, order, places = np.unique(texts, return_index=True, return_inverse=True)
    if len(names) < len(texts):
        again = int(np.setdiff1d(np.arange(len(texts)), order)[0])
        first = int(order[places[again]])
        rows = [place(table.index, int((numbers == each).argmax())) for each in (first, again)]
        raise InputError(
            f"columns {', '.join(several(id))} name one series {texts[again]!r} by different parts in {rows[0]} and "
            f"{rows[1]}; expected names that stay apart when joined by {BETWEEN!r}. Rename one of them."
        )
    return names, places[numbers]


def column_names(column: pd.Series, label: str) -> tuple[np.ndarray, np.ndarray]:
    """The distinct values of a column as text, sorted, and the number of each row's."""
    codes, unique = distinct(column)
    texts = np.array([str(value) for value in unique] or [""], dtype=object)
    stripped = np.array([text.strip() for text in texts], dtype=object)
    empty = (codes < 0) | (stripped[codes] == "")
    if empty.any():
        row = place(column.index, int(empty.argmax()))
        raise InputError(
            f"column {str(label)!r} is empty in {row}; every row needs the name of its series. Fill it in."
        )
    names, first, places = np.unique(texts, return_index=True, return_inverse=True)
    if len(names) < len(texts):
        again = int(np.setdiff1d(np.arange(len(texts)), first)[0])
        kinds = [_told(unique[each]) for each in (int(first[places[again]]), again)]
        raise InputError(
            f"column {str(label)!r} names series {texts[again]!r} as {kinds[0]} and, in "
            f"{place(column.index, int((codes == again).argmax()))}, as {kinds[1]}; expected one type. Make all text."
        )
    _refuse_spaced(texts, stripped, codes, column, label)
    return names, places[codes]


def _refuse_spaced(texts: np.ndarray, stripped: np.ndarray, codes: np.ndarray, column: pd.Series, label: str) -> None:
    """Raise InputError when spaces at their ends are all that tells two names apart."""
    first, places = np.unique(stripped, return_index=True, return_inverse=True)[1:]
    if len(first) < len(texts):
        again = int(np.setdiff1d(np.arange(len(texts)), first)[0])
        raise InputError(
            f"column {str(label)!r} names series {texts[first[places[again]]]!r} and, in "
            f"{place(column.index, int((codes == again).argmax()))}, {texts[again]!r}, which differ in spaces at their "
            "ends only; expected one spelling. Correct one."
        )


def _told(value: object) -> str:
    return f"{type(value).__name__} {shown(value)}"
