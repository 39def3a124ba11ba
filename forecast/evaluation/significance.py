"""Whether a difference in accuracy is real: the Diebold-Mariano test on the loss of each cutoff, and Holm's correction.

The steps of one forecast share the surprises after its cutoff, so they are no independent evidence: the loss is
averaged over series, targets and steps to one value a cutoff (Quaedvlieg, 2021). Cutoffs closer to each other than the
horizon have steps in common; the test allows for that with the variance of overlapping forecasts.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from forecast.evaluation.alignment import group


class Test(NamedTuple):
    """The outcome of a test of equal accuracy; ``p_value`` is NaN where it cannot be told, and ``note`` says why.

    A negative ``statistic`` says that the first model has the smaller loss; ``n`` is the number of values compared.
    """

    statistic: float
    p_value: float
    n: int
    note: str = ""


class Losses(NamedTuple):
    """The mean loss of each model at each cutoff.

    Attributes:
        values: a row a cutoff in order of time, a column a model; averaged over seeds.
        horizon: how many neighbouring cutoffs' forecasts overlap, itself included: 1 when none do.
        unit: what the loss is, in words.
    """

    values: pd.DataFrame
    horizon: int
    unit: str


def cutoff_losses(table: pd.DataFrame) -> Losses:
    """The losses of all models in a table in which all have the same rows (``common_rows``).

    The loss is the absolute error divided by the series' seasonal naive error, as in MASE. Where a row has no such
    error (a constant or too short series), it is the absolute error in units of the data for all rows; ``unit`` says
    which. Rows that were not observed are left out, for all models alike.
    """
    seen = table["actual"].notna().to_numpy()
    rows = table if seen.all() else table[seen]
    loss = np.abs(rows["mean"].to_numpy() - rows["actual"].to_numpy())
    naive = rows["naive_mae"].to_numpy()
    scaled = bool((naive > 0).all())
    model, first_of_model = group(rows, ["model"])
    cutoff, first_of_cutoff = group(rows, ["cutoff"])
    shape = (len(first_of_cutoff), len(first_of_model))
    cell = cutoff * shape[1] + model
    size = shape[0] * shape[1]
    total = np.bincount(cell, loss / naive if scaled else loss, size)
    count = np.bincount(cell, minlength=size)
    mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0).reshape(shape)
    stamps = rows["cutoff"].iloc[first_of_cutoff].to_numpy()
    names = rows["model"].iloc[first_of_model].astype(str)
    return Losses(
        pd.DataFrame(mean, index=stamps, columns=list(names)).sort_index(),
        _overlap(table),
        "scaled absolute error" if scaled else "absolute error",
    )


def compare(losses: Losses, model: str, reference: str) -> Test:
    """The Diebold-Mariano test of ``model`` against ``reference``; a negative statistic is in favour of ``model``."""
    for name in (model, reference):
        if name not in losses.values:
            return Test(np.nan, np.nan, 0, f"{name} is not in the table")
    if model == reference:
        return Test(np.nan, np.nan, len(losses.values), "the reference itself")
    return diebold_mariano(loss_differential(losses, model, reference), losses.horizon)


def loss_differential(losses: Losses, model: str, reference: str) -> np.ndarray:
    """(n) loss of ``model`` minus loss of ``reference`` at each cutoff, in order of time."""
    return (losses.values[model] - losses.values[reference]).to_numpy()


def diebold_mariano(differential: np.ndarray, horizon: int) -> Test:
    """The two-sided test that a loss differential has mean zero, with the correction for small samples.

    Diebold and Mariano (1995), variance with the autocovariances up to lag ``horizon`` - 1, corrected by Harvey,
    Leybourne and Newbold (1997, eq. 9) and Student's t with n - 1 degrees of freedom. Autocovariances that sum to
    less than zero are taken as zero (said in the note): overlapping forecasts cannot make the mean more certain.

    Args:
        differential: (n) loss of one model minus loss of the other, in order of time.
        horizon: steps ahead; forecasts 1 .. horizon - 1 apart overlap.
    """
    n = len(differential)
    if n < 2:
        return Test(np.nan, np.nan, n, "one cutoff is too few for a test, use more folds (--folds)")
    mean = float(differential.mean())
    centred = differential - mean
    covariance = np.array([centred[lag:] @ centred[: n - lag] / n for lag in range(min(horizon, n))])
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    if not np.isfinite(covariance).all():
        return Test(np.nan, np.nan, n, "a loss is not finite")
    if covariance[0] <= 1e-24 * float(np.mean(differential**2)):
        return Test(np.nan, np.nan, n, "the losses differ by the same at every cutoff" if mean else "equal losses")
    if horizon >= n or correction <= 1e-12:
        return Test(np.nan, np.nan, n, f"{n} overlapping cutoffs are too few for a test, use more folds (--folds)")
    overlap = 2 * float(covariance[1:].sum())
    note = "negative autocovariance taken as zero" if overlap < 0 else ""
    statistic = mean / np.sqrt((covariance[0] + max(overlap, 0.0)) / n) * np.sqrt(correction)
    return Test(float(statistic), float(2 * stats.t.sf(abs(statistic), n - 1)), n, note)


def holm(p_values: np.ndarray) -> np.ndarray:
    """The p-values corrected for there being several (Holm, 1979); NaN stays NaN and does not count.

    Three lines of our own, since statsmodels' function collects garbage first, half a second each time.
    """
    corrected = np.full(len(p_values), np.nan)
    order = np.argsort(p_values)[: np.isfinite(p_values).sum()]  # NaN sorts last
    steps = np.asarray(p_values)[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected


def _overlap(table: pd.DataFrame) -> int:
    """How many cutoffs lie from one cutoff to the last of its steps, itself included; the most that occur."""
    last = table["step"].to_numpy() == table["step"].max()
    spans = table.loc[last, ["cutoff", "time"]].drop_duplicates("cutoff").sort_values("cutoff")
    cutoffs = spans["cutoff"].to_numpy()
    return int((np.searchsorted(cutoffs, spans["time"].to_numpy()) - np.arange(len(cutoffs))).max())
