"""Tests of the errors of many series at once: autocorrelation (Ljung-Box), clustered variance, normality."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from scipy import stats

LEAST_FOR_LAGS: Final = 10  # values
_LEAST_FOR_SHAPE: Final = 20
_MOST_LAGS: Final = 10


class Outcomes(NamedTuple):
    """The p-values (P) of a test of each series; NaN where ``notes`` say why (empty otherwise)."""

    p_values: np.ndarray
    notes: list[str]


def autocorrelation(errors: np.ndarray, lag: int) -> np.ndarray:
    """(P) autocorrelation of each row of ``errors`` (P, n) about its mean; NaN where it has a gap or no variance."""
    n = errors.shape[1]
    if n <= lag + 1:
        return np.full(len(errors), np.nan)
    centred = errors - errors.mean(axis=1, keepdims=True)
    variance = (centred**2).sum(axis=1)
    varies = variance > 1e-24 * (errors**2).sum(axis=1)  # false for NaN
    product = (centred[:, lag:] * centred[:, : n - lag]).sum(axis=1)
    return np.divide(product, variance, out=np.full(len(errors), np.nan), where=varies)


def ljung_box(errors: np.ndarray) -> Outcomes:
    """No autocorrelation at the first n / 5 lags, at most ten, of each row of ``errors`` (P, n).

    Ljung and Box (1978): n (n + 2) · sum over lags k of r_k² / (n - k), chi-squared with as many degrees of freedom.
    """
    n = errors.shape[1]
    if n < LEAST_FOR_LAGS:
        return _too_few(errors, f"autocorrelation needs {LEAST_FOR_LAGS}")
    lags = min(_MOST_LAGS, n // 5)
    parts = [autocorrelation(errors, lag) ** 2 / (n - lag) for lag in range(1, lags + 1)]
    return _outcomes(errors, stats.chi2.sf(n * (n + 2) * np.sum(parts, axis=0), lags))


def arch(errors: np.ndarray) -> Outcomes:
    """Errors of one size do not come together: Ljung-Box on the squares of each row of ``errors`` about its mean.

    McLeod and Li (1983).
    """
    n = errors.shape[1]
    return ljung_box((errors - errors.mean(axis=1, keepdims=True)) ** 2 if n else errors)


def jarque_bera(errors: np.ndarray) -> Outcomes:
    """Each row of ``errors`` (P, n) has the skewness S = 0 and excess kurtosis K = 0 of a normal distribution.

    Jarque and Bera (1980): n / 6 · (S² + K² / 4), chi-squared with 2 degrees of freedom.
    """
    n = errors.shape[1]
    if n < _LEAST_FOR_SHAPE:
        return _too_few(errors, f"normality needs {_LEAST_FOR_SHAPE}")
    centred = errors - errors.mean(axis=1, keepdims=True)
    second, third, fourth = ((centred**power).mean(axis=1) for power in (2, 3, 4))
    second = np.where(second > 1e-24 * (errors**2).mean(axis=1), second, np.nan)
    statistic = n / 6 * (third**2 / second**3 + (fourth / second**2 - 3) ** 2 / 4)
    return _outcomes(errors, stats.chi2.sf(statistic, 2))


TESTS: Final[dict[str, Callable[[np.ndarray], Outcomes]]] = {
    "ljung_box": ljung_box,
    "arch": arch,
    "jarque_bera": jarque_bera,
}


def _too_few(errors: np.ndarray, need: str) -> Outcomes:
    note = f"{errors.shape[1]} cutoffs are too few: {need} (--folds)"
    return Outcomes(np.full(len(errors), np.nan), [note] * len(errors))


def _outcomes(errors: np.ndarray, p_values: np.ndarray) -> Outcomes:
    gaps = np.isnan(errors).any(axis=1)
    notes = np.where(gaps, "the first step is not observed at every cutoff", "first step's errors all equal")
    return Outcomes(p_values, np.where(np.isnan(p_values), notes, "").tolist())
