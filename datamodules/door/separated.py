"""A CSV file -> its table, with every cell as it is written."""

import csv
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from datamodules.door.names import several
from datamodules.errors import InputError
from datamodules.layout import Layout, said

# for read_csv: numbers to the last bit as written; from pandas 3.1 on it does so by itself
_DOES_SO = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
EXACT: Final[dict[str, Any]] = {} if _DOES_SO else {"float_precision": "round_trip"}


def read_csv(path: Path, layout: Layout) -> tuple[pd.DataFrame, Layout]:
    """The table with line numbers as its index, and no layout; cells are empty only where nothing is written.

    Where the layout has other marks than the usual, all cells stay text: 1.234 may be a thousand.
    """
    with one_width(path):
        table = pd.read_csv(path, **csv_options(path, layout))
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    if (
        str(table.columns[0]) == "Unnamed: 0"
        and (table.iloc[:, 0].astype(str) == np.arange(len(table)).astype(str)).all()
    ):
        table = table.iloc[:, 1:]  # the row numbers that pandas writes
    return table.dropna(how="all"), {}


def csv_options(path: Path, layout: Layout) -> dict[str, Any]:
    """How ``pandas.read_csv`` is to read the file, by its first line and by what was said of it."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
    if not first.strip():
        raise InputError(f"file {path} is empty: its first line has no column names. Check how it was made.")
    separator = max(",;\t|", key=first.count)
    header = next(csv.reader([first], delimiter=separator))
    twice = [name for name in header if header.count(name) > 1] if len(set(header)) < len(header) else []
    if twice:
        raise InputError(f"file {path} has column {twice[0]!r} twice; expected one of each name. Rename one of them.")
    told = said(layout)
    ids = (*several(told.get("id", ())), header[0] if told.get("shape") == "rows" else "unique_id")
    return {
        "sep": separator,
        "encoding": "utf-8-sig",
        "index_col": False,  # never the first column by itself
        "dtype": str if {"decimal", "thousands"} & told.keys() else dict.fromkeys(ids, str),  # 007 stays 007
        "keep_default_na": False,  # so that the id NA stays NA
        "na_values": [""],
        "skip_blank_lines": False,  # so that lines count as in the file
        "low_memory": False,
        **EXACT,
    }


@contextmanager
def one_width(path: Path) -> Iterator[None]:
    """Inside, pandas' warning that lines have more cells than the first has names is an InputError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            yield
    except pd.errors.ParserWarning as error:
        raise InputError(
            f"file {path} has more cells in its lines than names in its first line. Name all columns."
        ) from error
