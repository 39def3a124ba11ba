"""Ranks over many series: which models can be told apart by how often they come out ahead.

Ranks give each series one vote, whatever its size, and ask nothing of the distribution of errors. They take the series
for independent. Where all of them share the surprises of cutoffs they are not: of 50 series whose losses have
correlation 0.5 at a cutoff, equal models would be told apart in nearly all samples. From three separate cutoffs on that
can be seen in the ranks at each cutoff, and series then count as fewer (``design_effect``); with less nothing can be
seen, and ``caution`` says so. Tests over cutoffs hold either way (``significance_pairs``).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import integrate, optimize, stats

from forecast.evaluation.cells import cells

LEAST_BLOCKS = 5
LEVEL = 0.05


class Ranks(NamedTuple):
    """What ranks say.

    Attributes:
        mean_ranks: by model, best first; 1 is first in every block.
        blocks: series, times targets, that were ranked over.
        friedman_p: of the test that all models rank alike.
        critical_difference: of two mean ranks, beyond which two models are told apart at 5 %, all pairs considered.
        groups: the largest sets of neighbouring models that are not told apart, each of two or more.
        mcb: a row a model: ``mean_rank``, ``low``, ``high``, and whether it is ``beaten`` by the best one.
        note: why all of it is undefined; empty where it is not.
        caution: what to keep in mind about series that share surprises; empty where they do not.
    """

    mean_ranks: pd.Series
    blocks: int
    friedman_p: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]
    mcb: pd.DataFrame
    note: str
    caution: str = ""


def rank_models(table: pd.DataFrame) -> Ranks:
    """The mean ranks of the models of a forecast table, with the tests of Friedman and Nemenyi, and MCB.

    A block is a series and target, with the loss of each model averaged over cutoffs, steps and seeds (the scaled
    absolute error, as in MASE). At least 5 blocks and 2 models are needed. Friedman's statistic (1937), corrected for
    ties, in the F form of Iman and Davenport (1980); Nemenyi's critical difference as in Demsar (2006), *Statistical
    comparisons of classifiers*, section 3.2.2; multiple comparison with the best (MCB) as in Koning et al. (2005),
    *The M3 competition: statistical tests of the results*: mean rank ± half the critical difference, so that a model
    whose interval lies above that of the best is beaten.
    """
    found = cells(table)
    weights = found.observed.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        loss = (np.where(weights > 0, found.loss, 0.0) * weights).sum(axis=2) / weights.sum(axis=1)  # (M, N)
    usable = np.isfinite(loss).all(axis=0) if len(loss) else np.zeros(0, dtype=bool)
    complete = usable & (weights > 0).all(axis=1)
    effect = design_effect(found.loss[:, complete], found.overlap)
    counted = 1.0 if np.isnan(effect) else effect
    ranks = rank(pd.DataFrame(loss[:, usable].T, columns=list(found.models)), effect=counted)
    return ranks if ranks.note else ranks._replace(caution=_caution(effect, ranks.blocks, len(found.cutoffs)))


def rank(losses: pd.DataFrame, *, effect: float = 1.0) -> Ranks:
    """The same from losses: a row a block, a column a model; blocks count as ``effect`` times fewer."""
    n, k = losses.shape
    if n < LEAST_BLOCKS or k < 2:
        why = f"{n} series are too few to rank over, at least {LEAST_BLOCKS} are needed" if k > 1 else "one model alone"
        empty = pd.DataFrame({"model": list(losses), "mean_rank": np.nan, "low": np.nan, "high": np.nan})
        nothing = pd.Series(np.nan, index=list(losses), dtype=np.float64)
        return Ranks(nothing, n, np.nan, np.nan, (), empty.assign(beaten=False), why)
    ranks = stats.rankdata(losses.to_numpy(), axis=1)
    means = pd.Series(ranks.mean(axis=0), index=list(losses)).sort_values(kind="stable")
    difference = critical_difference(n / effect, k)
    mcb = pd.DataFrame({"model": means.index, "mean_rank": means.to_numpy()})
    mcb = mcb.assign(low=mcb["mean_rank"] - difference / 2, high=mcb["mean_rank"] + difference / 2)
    mcb = mcb.assign(beaten=mcb["low"] > mcb["high"].iloc[0])
    return Ranks(means, n, friedman(ranks, effect=effect), difference, _groups(means, difference), mcb, "")


def critical_difference(blocks: float, models: int) -> float:
    """How far two mean ranks lie apart in 5 % of samples at most, the farthest two of equally good models (Nemenyi)."""
    return studentised_range(models, LEVEL) * float(np.sqrt(models * (models + 1) / (12 * blocks)))


def design_effect(losses: np.ndarray, overlap: int) -> float:
    """How many times too often series count, as they share the surprises of cutoffs; 1 where that may be chance.

    The variance of the ranks' sum over series at a cutoff over that of independent series (Kish, 1965, section 5.4:
    1 + (n - 1) times the correlation of two series), around the mean ranks of each series. It counts where chance would
    bring it in 5 % of samples (chi-square). NaN where there are too few cutoffs or series.

    Args:
        losses: (M, N, C) of models, series and cutoffs, all observed.
        overlap: how many neighbouring cutoffs share steps, itself included.
    """
    k, n, cutoffs = losses.shape
    separate = (cutoffs - 1) / overlap
    if separate < 2 or n < LEAST_BLOCKS or k < 2:
        return np.nan
    ranks = stats.rankdata(losses, axis=0)
    strayed = ranks - ranks.mean(axis=2, keepdims=True)
    apart = float((strayed**2).sum())
    effect = float((strayed.sum(axis=1) ** 2).sum()) / apart if apart else 1.0
    chance = float(stats.chi2.isf(LEVEL, (k - 1) * separate)) / ((k - 1) * separate)
    return effect if effect > chance else 1.0


def _caution(effect: float, blocks: int, cutoffs: int) -> str:
    if np.isnan(effect):
        at = "one cutoff" if cutoffs == 1 else f"{cutoffs} cutoffs"
        return f"series are taken for independent: {at} cannot show whether they share surprises"
    return f"series share the surprises of cutoffs: {blocks} count as {blocks / effect:.1f}" if effect > 1 else ""


def friedman(ranks: np.ndarray, *, effect: float = 1.0) -> float:
    """The p-value of Friedman's test on ranks (n, k), corrected for ties, in the F form of Iman and Davenport.

    Where blocks count as ``effect`` times fewer, it is Friedman's own chi-square over ``effect``: the F form knows how
    much n independent blocks can agree.
    """
    n, k = ranks.shape
    spread = float(((ranks - (k + 1) / 2) ** 2).sum())
    if spread == 0:
        return 1.0
    between = float(((ranks.sum(axis=0) - n * (k + 1) / 2) ** 2).sum()) / n
    chi_squared = n * (k - 1) * between / spread
    if effect > 1:
        return float(stats.chi2.sf(chi_squared / effect, k - 1))
    left = n * (k - 1) - chi_squared
    if left <= 1e-12 * n * k:
        return 0.0
    return float(stats.f.sf((n - 1) * chi_squared / left, k - 1, (k - 1) * (n - 1)))


def studentised_range(groups: int, level: float) -> float:
    """The value that the range of ``groups`` standard normal values exceeds with probability ``level``.

    P(range <= q) = k ∫ φ(z) (Φ(z + q) - Φ(z))^(k - 1) dz. scipy's ``studentized_range`` takes seconds for it, this
    milliseconds.
    """
    grid = np.linspace(-9, 9, 2001)
    density, below = stats.norm.pdf(grid), stats.norm.cdf(grid)

    def excess(q: float) -> float:
        inside = integrate.simpson(density * (stats.norm.cdf(grid + q) - below) ** (groups - 1), x=grid)
        return float(groups * inside) - (1 - level)

    return float(optimize.brentq(excess, 1e-6, 20.0))


def _groups(means: pd.Series, difference: float) -> tuple[tuple[str, ...], ...]:
    """Runs of models whose mean ranks lie within the critical difference, none inside another."""
    values, found, reached = means.to_numpy(), [], 0
    for begin in range(len(values)):
        stop = int(np.searchsorted(values, values[begin] + difference, side="right"))
        if stop > max(reached, begin + 1):
            found.append(tuple(str(name) for name in means.index[begin:stop]))
            reached = stop
    return tuple(found)
