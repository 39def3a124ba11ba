"""The mean loss of each model, series and cutoff: what every test of a difference starts from.

The steps of one forecast share the surprises after its cutoff, so they are no independent evidence: the loss is
averaged over steps (and seeds) to one value a cell first (Quaedvlieg, 2021). A series' target counts as a series.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import common_rows, group

SERIES = ("unique_id", "target")
FEW_SERIES = 5  # fewer say nothing about other series


class Cells(NamedTuple):
    """The losses of all models on the rows that all of them have.

    Attributes:
        models: (M) names, the one with the smallest mean loss first; one with a loss that is not finite last.
        loss: (M, N, C) mean over steps and seeds; NaN where nothing was observed.
        observed: (N, C) observed rows of one model and seed.
        series: (N) their ``unique_id`` and ``target``.
        cutoffs: (C) stamps, in order of time.
        overlap: how many neighbouring cutoffs' forecasts share steps, itself included: 1 when none do.
        unit: what the loss is, in words.
    """

    models: tuple[str, ...]
    loss: np.ndarray
    observed: np.ndarray
    series: pd.DataFrame
    cutoffs: np.ndarray
    overlap: int
    unit: str


def cells(table: pd.DataFrame) -> Cells:
    """The cells of a forecast table with actuals.

    The loss is the absolute error divided by the series' seasonal naive error, as in MASE. Where a row has no such
    error (a constant or too short series), it is the absolute error in units of the data for all rows; ``unit`` says
    which. Rows that were not observed, or that a model lacks, are left out for all models alike.
    """
    table = common_rows(table)[0]
    overlap = overlapping(table)
    seen = table["actual"].notna().to_numpy()
    rows = table if seen.all() else table[seen]
    loss = np.abs(rows["mean"].to_numpy() - rows["actual"].to_numpy())
    naive = rows["naive_mae"].to_numpy()
    scaled = bool((naive > 0).all())
    (model, of_model), (series, of_series), (cutoff, of_cutoff) = (
        group(rows, columns) for columns in (("model",), SERIES, ("cutoff",))
    )
    if not len(rows):
        return Cells((), np.empty((0, 0, 0)), np.empty((0, 0), np.int64), rows[list(SERIES)], np.empty(0), 1, "loss")
    stamps = rows["cutoff"].iloc[of_cutoff].to_numpy()
    in_time = np.argsort(stamps)
    cutoff = np.argsort(in_time)[cutoff]
    shape = (len(of_model), len(of_series), len(of_cutoff))
    cell = (model * shape[1] + series) * shape[2] + cutoff
    size = int(np.prod(shape))
    count = np.bincount(cell, minlength=size).reshape(shape)
    total = np.bincount(cell, loss / naive if scaled else loss, size).reshape(shape)
    mean = np.divide(total, count, out=np.full(shape, np.nan), where=count > 0)
    order = np.argsort(total.sum(axis=(1, 2)) / np.maximum(count.sum(axis=(1, 2)), 1), kind="stable")
    names = rows["model"].iloc[of_model].astype(str).to_numpy()
    return Cells(
        tuple(str(name) for name in names[order]),
        mean[order],
        count[0] // rows["seed"][model == 0].nunique(),
        rows[list(SERIES)].iloc[of_series].astype(str).reset_index(drop=True),
        stamps[in_time],
        overlap,
        "scaled absolute error" if scaled else "absolute error",
    )


def overlapping(table: pd.DataFrame) -> int:
    """How many cutoffs lie from one cutoff to the last of its steps, itself included; the most that occur."""
    if not len(table):
        return 1
    last = table["step"].to_numpy() == table["step"].max()
    spans = table.loc[last, ["cutoff", "time"]].drop_duplicates("cutoff").sort_values("cutoff")
    stamps = spans["cutoff"].to_numpy()
    return int((np.searchsorted(stamps, spans["time"].to_numpy()) - np.arange(len(stamps))).max())
