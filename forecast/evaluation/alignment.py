"""Which rows of a forecast table belong together: integers instead of names, since tables have millions of rows."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast.table import ROW

RUN = ("model", "seed")
PATH = ("unique_id", "target", "cutoff")


def group(table: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """One integer 0 .. G-1 for each row's combination of ``columns``, and the row (G) where each first appears."""
    code = np.zeros(len(table), dtype=np.int64)
    for name in columns:
        values, size = _codes(table[name])
        code = code * size + values
    code, distinct = pd.factorize(code)
    first = np.empty(len(distinct), dtype=np.int64)
    first[code[::-1]] = np.arange(len(table))[::-1]  # the last one assigned is the first to appear
    return code, first


def keys(table: pd.DataFrame, first: np.ndarray, columns: Sequence[str]) -> pd.DataFrame:
    """The combinations of ``columns`` at the rows ``first``, as plain text instead of categories."""
    found = table[list(columns)].iloc[first].reset_index(drop=True)
    return found.astype({name: str for name in columns if isinstance(found[name].dtype, pd.CategoricalDtype)})


def common_rows(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """The rows (series, target, cutoff, step) that every (model, seed) has, and how many each (model, seed) lacks.

    Where none lacks any, the table itself comes back.
    """
    run, first_of_run = group(table, RUN)
    row, first_of_row = group(table, ROW)
    present = np.zeros((len(first_of_run), len(first_of_row)), dtype=bool)
    present[run, row] = True
    if present.sum() != len(table):
        raise ValueError(f"{len(table) - present.sum()} rows of the forecast table are there twice")
    runs = pd.MultiIndex.from_frame(keys(table, first_of_run, RUN))
    lacking = pd.Series(len(first_of_row) - present.sum(axis=1), index=runs, name="lacking")
    shared = np.logical_and.reduce(present, axis=0)
    return (table if shared.all() else table[shared[row]].reset_index(drop=True)), lacking


def _codes(column: pd.Series) -> tuple[np.ndarray, int]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64), max(len(column.cat.categories), 1)
    codes, distinct = pd.factorize(column)
    return codes, max(len(distinct), 1)
