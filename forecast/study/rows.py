"""Which rows of a study are scored: those of fits that all came to their end."""

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import RUN, group, keys


def of_complete_runs(table: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """The forecasts of models and seeds of which no fit failed.

    What a level lacks would be lost for all others, which are scored on the rows that all have.
    """
    failed = runs[runs["error"].fillna("").astype(str) != ""]
    broken = {*zip(failed["model"].astype(str), failed["seed"].astype(int), strict=True)}
    if not broken or table.empty:
        return table
    run, first = group(table, RUN)
    names = keys(table, first, RUN)
    whole = [key not in broken for key in zip(names["model"], names["seed"].astype(int), strict=True)]
    return table[np.array(whole)[run]].reset_index(drop=True)
