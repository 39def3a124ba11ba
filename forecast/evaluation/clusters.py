"""The test that errors have mean zero, when those of a cutoff are alike and those of a series are alike."""

import numpy as np
from scipy import stats

from forecast.evaluation.cells import FEW_SERIES
from forecast.evaluation.significance import Test, diebold_mariano, freedom


def mean_test(totals: np.ndarray, counts: np.ndarray, overlap: int) -> Test:
    """The two-sided test that the mean of all errors is 0, clustered by cutoff and, from five on, by series.

    Cameron, Gelbach and Miller (2011): the variance clustered by cutoff, plus that by series, less that by both; the
    largest of the three where that is less. Student's t with one degree of freedom less than there are series, or
    those of the cutoffs (``significance.freedom``), whichever are fewer. It is conservative where losses are
    independent or cutoffs few (``scripts/sizes.py``). With fewer series, Diebold-Mariano's test of the cutoffs' mean
    errors.

    Args:
        totals: (P, F) sum of the errors of each series at each cutoff, in order of time.
        counts: (P, F) how many there are.
        overlap: how many neighbouring cutoffs' forecasts overlap, itself included; their errors are correlated.
    """
    series, cutoffs = (counts > 0).any(axis=1), (counts > 0).any(axis=0)
    totals, counts = totals[series][:, cutoffs], counts[series][:, cutoffs]
    of_cutoff = diebold_mariano(totals.sum(axis=0) / counts.sum(axis=0), overlap)
    if len(totals) < FEW_SERIES or np.isnan(of_cutoff.p_value):
        return of_cutoff
    n = counts.sum()
    mean = totals.sum() / n
    centred = totals - mean * counts
    by_cutoff, by_series, by_both = centred.sum(axis=0), centred.sum(axis=1), centred[counts > 0]
    products = [float(by_cutoff[lag:] @ by_cutoff[: len(by_cutoff) - lag]) for lag in range(overlap)]
    squares = [products[0] + 2 * max(sum(products[1:]), 0.0), float(by_series @ by_series), float(by_both @ by_both)]
    sizes = [len(by_cutoff), len(by_series), len(by_both)]
    first, second, both = (square * size / (size - 1) for square, size in zip(squares, sizes, strict=True))
    variance = max(first + second - both, first, second) / n**2
    statistic = float(mean / np.sqrt(variance))
    left = min(freedom(len(by_cutoff), overlap), len(by_series) - 1)
    return Test(statistic, float(2 * stats.t.sf(abs(statistic), left)), min(sizes))
