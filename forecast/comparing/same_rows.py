"""Which rows of two forecast tables are the same, and whether what came and what was forecast is."""

import numpy as np
import pandas as pd

from datamodules.errors import InputError
from forecast.evaluation.alignment import group
from forecast.result import Backtest
from forecast.table import ROW, level_columns

Tables = tuple[pd.DataFrame, pd.DataFrame]


def same_rows(a: pd.DataFrame, b: pd.DataFrame, names: tuple[str, str], common: bool) -> tuple[Tables, tuple[str, ...]]:
    """The rows that both tables have, numbered in ``place``, and in words what is left out.

    Raises:
        InputError: when some are in one only and ``common`` is not set, or none is in both.
    """
    if a["cutoff"].dtype.kind != b["cutoff"].dtype.kind:
        raise InputError(
            "the stamps of one run are dates and those of the other whole numbers; expected runs on the same data. "
            "Compare others."
        )
    both = pd.concat([each[list(ROW)].astype({"unique_id": str, "target": str}) for each in (a, b)], ignore_index=True)
    row, first = group(both, ROW)
    codes = row[: len(a)], row[len(a) :]
    shared = np.intersect1d(*codes)
    lone = [np.setdiff1d(own, shared) for own in codes]
    told = "; ".join(
        f"{len(rows):,} rows are in {name} only, first {_where(both.iloc[first[rows[0]]])}"
        for name, rows in zip(names, lone, strict=True)
        if len(rows)
    )
    if told and not (common and len(shared)):
        advice = f"Say common=True (--common) to compare the {len(shared):,} in both"
        raise InputError(
            f"{told}; runs are compared on identical rows. {advice if len(shared) else 'None is in both'}."
        )
    parts = [
        table.assign(place=own)[np.isin(own, shared)].sort_values(["model", "seed", "place"], ignore_index=True)
        for table, own in zip((a, b), codes, strict=True)
    ]
    return (parts[0], parts[1]), (f"left out: {told}",) if told else ()


def check_actuals(
    tables: Tables, results: tuple[Backtest, Backtest], names: tuple[str, str]
) -> tuple[Tables, tuple[str, ...]]:
    """The tables, where the second has the naive errors of the first, and what is to be said of data that differ.

    Raises:
        InputError: when actuals of the rows differ.
    """
    ours, theirs = (table.drop_duplicates("place").set_index("place").sort_index() for table in tables)
    same = (ours["actual"] == theirs["actual"]) | (ours["actual"].isna() & theirs["actual"].isna())
    prints = [str(result.provenance.get("fingerprint", ""))[:8] for result in results]
    if not same.all():
        place = ours.index[~same][0]
        raise InputError(
            f"the two runs are of other data (fingerprints {prints[0]} and {prints[1]}): actuals differ in "
            f"{int((~same).sum()):,} of {len(ours):,} rows, first {_where(ours.loc[place])}: "
            f"{ours['actual'][place]:.10g} and {theirs['actual'][place]:.10g}. Compare runs on the same data."
        )
    remarks = []
    if prints[0] != prints[1]:
        remarks.append(
            f"the data of the runs differ outside of the rows compared (fingerprints {prints[0]} and {prints[1]})"
        )
    scales = ["naive_mae", "naive_mse"]
    if not np.allclose(ours[scales], theirs[scales], rtol=1e-9, atol=0, equal_nan=True):
        remarks.append(f"errors are scaled as in {names[0]}: the seasonality or the history of {names[1]} is another")
    scaled = {name: ours[name].reindex(tables[1]["place"]).to_numpy() for name in scales}
    return (tables[0], tables[1].assign(**scaled)), tuple(remarks)


def same_forecasts(tables: Tables) -> list[str]:
    """The models that forecast the same in both, to the bit, with the same seeds."""
    ours, theirs = ({str(name): rows for name, rows in table.groupby("model", observed=True)} for table in tables)
    return [name for name, rows in ours.items() if name in theirs and _equal(rows, theirs[name])]


def _equal(a: pd.DataFrame, b: pd.DataFrame) -> bool:
    names = ["seed", "place", "mean", *(level_columns(a) | level_columns(b))]
    if len(a) != len(b) or not {*names} <= {*a.columns} & {*b.columns}:
        return False
    left, right = (each[names].to_numpy(dtype=np.float64) for each in (a, b))
    return bool(((left == right) | (np.isnan(left) & np.isnan(right))).all())


def _where(row: pd.Series) -> str:
    return f"series {row['unique_id']!r}, cutoff {row['cutoff']}, step {row['step']}"
