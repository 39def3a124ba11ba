"""Whether a difference in accuracy is real: the Diebold-Mariano test on the loss of each cutoff, and Holm's correction.

The steps of one forecast share the surprises after its cutoff, so they are no independent evidence: the loss is
averaged over series, targets and steps to one value a cutoff (Quaedvlieg, 2021). Cutoffs closer to each other than the
horizon have steps in common; the test allows for that with the variance of overlapping forecasts.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from forecast.evaluation.cells import FEW_SERIES, Cells, cells

_CHANCE = 0.05  # in which correlation beyond the overlap is found where there is none
_MOST_CORRELATION = 0.9


class Test(NamedTuple):
    """The outcome of a test of equal accuracy; ``p_value`` is NaN where it cannot be told, and ``note`` says why.

    A negative ``statistic`` says that the first model has the smaller loss; ``n`` is the number of values compared.
    ``freedom`` is that of Student's t, where the p-value is of it.
    """

    statistic: float
    p_value: float
    n: int
    note: str = ""
    freedom: float = np.nan


class Losses(NamedTuple):
    """The mean loss of each model at each cutoff, or of each series where there are too few cutoffs.

    Attributes:
        values: a row a cutoff in order of time (or a row a series), a column a model; averaged over seeds.
        horizon: how many neighbouring cutoffs' forecasts overlap, itself included: 1 when none do.
        unit: what the loss is, in words.
        over: what the rows are, ``cutoffs`` or ``series``.
    """

    values: pd.DataFrame
    horizon: int
    unit: str
    over: str = "cutoffs"


def cutoff_losses(table: pd.DataFrame) -> Losses:
    """The losses of all models in a table in which all have the same rows (``common_rows``), as ``cells`` has them."""
    return losses_of(cells(table))


def losses_of(found: Cells, *, over: str = "") -> Losses:
    """A value a cutoff; where one cutoff (or several that all overlap) allows no test, a value a series if 5 or more.

    ``over`` says ``cutoffs`` or ``series`` in spite of that. A test over series takes them for independent: it speaks
    about other series like these at this cutoff, and knows nothing of other times.
    """
    few = len(found.cutoffs) <= found.overlap and len(found.series) >= FEW_SERIES
    by_series = over == "series" if over else few
    axis = 2 if by_series else 1
    loss = np.where(found.observed > 0, found.loss, 0.0) * found.observed
    mean = (loss.sum(axis=axis) / found.observed.sum(axis=axis - 1)).T
    index = pd.MultiIndex.from_frame(found.series) if by_series else pd.Index(found.cutoffs)
    values = pd.DataFrame(mean, index=index, columns=list(found.models))
    return Losses(values, 1 if by_series else found.overlap, found.unit, "series" if by_series else "cutoffs")


def compare(losses: Losses, model: str, reference: str) -> Test:
    """The Diebold-Mariano test of ``model`` against ``reference``; a negative statistic is in favour of ``model``.

    Over series, it is the paired t-test of their mean losses.
    """
    for name in (model, reference):
        if name not in losses.values:
            return Test(np.nan, np.nan, 0, f"{name} is not in the table")
    if model == reference:
        return Test(np.nan, np.nan, len(losses.values), "the reference itself")
    ordered = losses.over == "cutoffs"
    return diebold_mariano(loss_differential(losses, model, reference), losses.horizon, ordered=ordered)


def loss_differential(losses: Losses, model: str, reference: str) -> np.ndarray:
    """(n) loss of ``model`` minus loss of ``reference`` at each cutoff, in order of time (or of each series)."""
    return (losses.values[model] - losses.values[reference]).to_numpy()


def diebold_mariano(differential: np.ndarray, horizon: int, *, kernel: str = "uniform", ordered: bool = True) -> Test:
    """The two-sided test that a loss differential has mean zero, with the correction for small samples.

    Diebold and Mariano (1995), variance with the autocovariances up to lag ``horizon`` - 1, corrected by Harvey,
    Leybourne and Newbold (1997, eq. 9), and Student's t with the degrees of freedom of ``freedom``. Autocovariances
    that sum to less than zero are taken as zero (said in the note): overlapping forecasts cannot make the mean more
    certain. Losses of cutoffs that do not overlap are taken for uncorrelated, unless their autocorrelation r (lag
    ``horizon``) is larger than chance leaves it, one-sided at 5 %: then they are an autoregression with r freed of its
    bias (Kendall, 1954), the variance is (1 + r) / (1 - r) times larger, its degrees of freedom as many times fewer,
    and the note says so. Few cutoffs seldom show it (``scripts/sizes.py``).

    Args:
        differential: (n) loss of one model minus loss of the other, in order of time.
        horizon: steps ahead; forecasts 1 .. horizon - 1 apart overlap.
        kernel: weights of the autocovariances, ``uniform`` as published, or ``bartlett`` (Newey and West, 1987), which
            cannot sum to less than zero but counts only a part of each.
        ordered: whether neighbours in the differential are neighbours in time, as cutoffs are and series are not.
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
    weights = 1 - np.arange(len(covariance)) / horizon if kernel == "bartlett" else np.ones(len(covariance))
    overlap = 2 * float((weights * covariance)[1:].sum())
    note = "negative autocovariance taken as zero" if overlap < 0 and kernel == "uniform" else ""
    longrun = covariance[0] + (max(overlap, 0.0) if kernel == "uniform" else overlap)
    persistent = _persistence(covariance, centred, horizon) if ordered else 1.0
    left = max(freedom(n, horizon) / persistent, 1.0)
    statistic = mean / np.sqrt(persistent * longrun / n) * np.sqrt(correction)
    notes = filter(None, (note, "losses of neighbouring cutoffs are correlated, allowed for" if persistent > 1 else ""))
    return Test(float(statistic), float(2 * stats.t.sf(abs(statistic), left)), n, " · ".join(notes), left)


def freedom(n: int, horizon: int) -> float:
    """The degrees of freedom of the variance of n losses, of which ``horizon`` neighbours overlap: (n - 1) / horizon.

    Harvey, Leybourne and Newbold have n - 1 for every horizon, which is exact for 1; at horizon 4 the test at 5 % then
    rejects 13 % with 10 cutoffs and 10 % with 30, by simulation, and with these 4 % and 6 % (``scripts/sizes.py``).
    """
    return max((n - 1) / horizon, 1.0)


def _persistence(covariance: np.ndarray, centred: np.ndarray, horizon: int) -> float:
    """By how much the variance is larger as losses of cutoffs that do not overlap are correlated; 1 if by chance."""
    n = len(centred)
    correlation = float(centred[horizon:] @ centred[:-horizon]) / n / covariance[0]
    error = np.sqrt((1 + 2 * float(((covariance[1:] / covariance[0]) ** 2).sum())) / n)  # Bartlett's
    if correlation <= stats.norm.isf(_CHANCE) * error:
        return 1.0
    unbiased = min(correlation + (1 + 3 * correlation) * horizon / n, _MOST_CORRELATION)
    return (1 + unbiased) / (1 - unbiased)


def holm(p_values: np.ndarray) -> np.ndarray:
    """The p-values corrected for there being several (Holm, 1979); NaN stays NaN and does not count.

    Three lines of our own, since statsmodels' function collects garbage first, half a second each time.
    """
    corrected = np.full(len(p_values), np.nan)
    order = np.argsort(p_values)[: np.isfinite(p_values).sum()]  # NaN sorts last
    steps = np.asarray(p_values)[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected
