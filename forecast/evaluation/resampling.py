"""Which cutoffs and series are drawn again, and how far a mean may stray: the bootstrap under all intervals.

**Cutoffs** are drawn in blocks on a circle (Politis and Romano, 1992), all series together, so that neither what comes
after a cutoff for all of them nor what neighbouring cutoffs share is taken for independent evidence. That speaks about
these series at other times. **Series** are drawn one by one; that speaks about other series like these at these times,
and knows nothing of what all series have in common at a cutoff.

With 6 or more separate cutoffs only cutoffs are drawn. Fewer say little about other times, so that series are drawn as
well where there are 5 or more: both deviations are added, as they are independent, and whichever is larger rules. One
cutoff (or several that all overlap) leaves the series alone; the note says so, since the interval is then too narrow
where series share surprises. Fewer than 5 series at one cutoff give no interval.

A bootstrap of few values is too narrow. Deviations are widened by what the variance of a circular block mean lacks, and
by Student's quantile over the normal one, with degrees of freedom of the Bartlett kernel that the blocks amount to
(fixed-b: Kiefer and Vogelsang, 2005), at most those of overlapping forecasts (``significance.freedom``), combined by
Satterthwaite's rule where both are drawn. How often intervals then miss is simulated in ``scripts/sizes.py``.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import stats

from forecast.evaluation.cells import FEW_SERIES
from forecast.evaluation.significance import freedom

FEW_CUTOFFS = 6
_MOST_GROUPS = 2000  # series beyond are drawn in random groups of equal size


class Draw(NamedTuple):
    """Sums over a whole sample drawn again along cutoffs or series.

    Attributes:
        sums: (B, ...) as the sample's own.
        inflation: what makes the mean square of a deviation unbiased for independent values.
        freedom: degrees of freedom of that mean square.
    """

    sums: np.ndarray
    inflation: float
    freedom: float


class Resample(NamedTuple):
    """All draws of one sample; none where nothing can be drawn. ``note`` says what was drawn, or why nothing was."""

    sums: np.ndarray  # (...) of the sample itself
    draws: tuple[Draw, ...]
    note: str


def resample(cells: np.ndarray, overlap: int, *, draws: int, seed: int) -> Resample:
    """The sums of a sample drawn again.

    Args:
        cells: (N, C, ...) sums of each series and cutoff, 0 where nothing was observed.
        overlap: how many neighbouring cutoffs share steps, itself included.
        draws: how many, B.
        seed: of the draws; equal seeds draw equally.
    """
    n_series, n_cutoffs = cells.shape[:2]
    rng = np.random.default_rng([seed, n_series, n_cutoffs])
    whole = cells.sum(axis=(0, 1))
    separate = n_cutoffs > overlap and n_cutoffs > 1
    few = n_cutoffs < FEW_CUTOFFS * overlap
    by_cutoff = [_cutoffs(cells.sum(axis=0), overlap, draws, rng)] if separate else []
    by_series = [_series(cells.sum(axis=1), draws, rng)] if few and n_series >= FEW_SERIES else []
    counts = f"{n_series} series" if by_series else "", f"{n_cutoffs} cutoffs" if by_cutoff else ""
    if by_series and not by_cutoff:
        at = "one cutoff" if n_cutoffs == 1 else f"{n_cutoffs} overlapping cutoffs"
        note = f"{n_series} series drawn at {at}: other series like these, nothing about other times"
    elif by_cutoff:
        note = f"{' and '.join(filter(None, counts))} drawn"
    else:
        note = f"{n_series} series at {n_cutoffs} cutoffs are too few to draw from, use more folds (--folds)"
    return Resample(whole, (*by_cutoff, *by_series), note)


def deviations(
    sample: Resample, estimate: Callable[[np.ndarray], np.ndarray], level: float
) -> tuple[np.ndarray, np.ndarray]:
    """The estimate (K) and how far resampled ones stray (B, K), wide enough for intervals of this level.

    Args:
        sample: of ``resample``, with at least one draw.
        estimate: (..., sums) -> (..., K).
        level: of the two-sided interval.
    """
    value = estimate(sample.sums)
    strayed = [(estimate(draw.sums) - value) * draw.inflation for draw in sample.draws]
    variances = np.array([np.mean(one**2, axis=0) for one in strayed])  # (1 or 2, K)
    freedoms = np.array([draw.freedom for draw in sample.draws])[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        joint = variances.sum(axis=0) ** 2 / (variances**2 / freedoms.reshape(-1, *[1] * value.ndim)).sum(axis=0)
    joint = np.where(np.isfinite(joint), joint, freedoms.min())
    tail = (1 + level) / 2
    return value, sum(strayed, np.zeros_like(strayed[0])) * (stats.t.ppf(tail, joint) / stats.norm.ppf(tail))


def block_length(n_cutoffs: int, overlap: int) -> int:
    """Cutoffs in a block: as many as overlap twice over, or the cube root of their number; at most a third of them."""
    wanted = max(round(n_cutoffs ** (1 / 3)), 2 * overlap - 1) if n_cutoffs >= FEW_CUTOFFS else 2 * overlap - 1
    return max(1, min(wanted, n_cutoffs // 3))


def _cutoffs(cells: np.ndarray, overlap: int, draws: int, rng: np.random.Generator) -> Draw:
    n = len(cells)
    length = block_length(n, overlap)
    starts = rng.integers(n, size=(draws, -(-n // length)))
    chosen = (starts[..., None] + np.arange(length)).reshape(draws, -1)[:, :n] % n
    times = _times(chosen, n)
    left = freedom(n, overlap) if length == 1 else min(freedom(n, overlap), 1.5 * n / length)
    return Draw(_weighted(times, cells), _lost(n, length, overlap) ** -0.5, max(left, 1.0))


def _lost(n: int, length: int, overlap: int) -> float:
    """The variance of the mean of n values, drawn in blocks, over the true one: what blocks lose, 1 if nothing.

    For values that are each the mean of ``overlap`` independent surprises, of which neighbours share all but one, so
    that autocorrelation falls in a line. The expectation of a circular autocovariance is exact.
    """
    lags = np.arange(n)
    correlation = np.maximum(1 - lags / overlap, 0.0)
    mean = (1 + 2 * float(((1 - lags / n) * correlation)[1:].sum())) / n
    circular = ((n - lags) * correlation + lags * np.append(0.0, correlation[:0:-1])) / n
    weighted = ((1 - lags / length) * circular)[1:length]
    return (1 + 2 * float(weighted.sum()) - length * mean) / (n * mean)


def _series(cells: np.ndarray, draws: int, rng: np.random.Generator) -> Draw:
    if len(cells) > _MOST_GROUPS:
        group = rng.permutation(np.arange(len(cells)) % _MOST_GROUPS)
        flat = cells.reshape(len(cells), -1)
        cells = np.stack([np.bincount(group, column) for column in flat.T], axis=1).reshape(-1, *cells.shape[1:])
    n = len(cells)
    chosen = rng.integers(n, size=(draws, n))
    return Draw(_weighted(_times(chosen, n), cells), (1 - 1 / n) ** -0.5, n - 1)


def _times(chosen: np.ndarray, n: int) -> np.ndarray:
    """(B, n) how often each of n was chosen; counted at once, ten times as fast as multinomial draws."""
    flat = chosen + n * np.arange(len(chosen))[:, None]
    return np.bincount(flat.reshape(-1), minlength=len(chosen) * n).reshape(len(chosen), n)


def _weighted(times: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """(B, ...) the sums of cells, each as often as it was drawn."""
    flat = times.astype(np.float64) @ cells.reshape(len(cells), -1)
    return flat.reshape(len(times), *cells.shape[1:])
