"""Several models' forecasts -> one: means, medians, and weights learnt from errors; pure functions of arrays.

M members, C columns (the point forecast, then the quantile levels), n rows. Quantiles are combined level by level
(Vincent averaging; Ratcliff, 1979), so that they stay in order.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

LEARNT: Final = ("inverse", "greedy")
METHODS: Final = ("mean", "median", "trimmed", *LEARNT)
_ROUNDS: Final = 50  # of the greedy selection
_TRIMMED: Final = 0.1  # share of the members that is cut at each end


def combine(values: np.ndarray, method: str, weights: np.ndarray) -> np.ndarray:
    """The combined forecasts (n, C) of ``values`` (n, M, C).

    A column is combined of the members that offer it in all rows, and NaN where none does.

    Args:
        values: forecasts; NaN where a member does not offer a quantile.
        method: ``mean``, ``median``, ``trimmed`` (the mean without a tenth of the members at each end, one at least),
            or one with weights.
        weights: (n, M) at least 0, of the methods that are learnt; where the members that offer a column have none
            they count alike.
    """
    rows, _, columns = values.shape
    offered = ~np.isnan(values).any(axis=0)  # (M, C)
    combined = np.full((rows, columns), np.nan)
    for column in range(columns):
        members = np.flatnonzero(offered[:, column])
        if len(members):
            own = values[:, members, column]
            learnt = method in LEARNT
            combined[:, column] = _weighted(own, weights[:, members]) if learnt else _PLAIN[method](own)
    return combined


def learn(method: str, forecasts: np.ndarray, actual: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """The weights (M), which sum to 1, that point forecasts (n, M) earn; equal ones where nothing can be learnt.

    Rows without an actual are left out, and so are those without a scale, unless none has one.
    """
    seen = np.isfinite(actual) & np.isfinite(forecasts).all(axis=1)
    scaled = seen & (scale > 0)
    rows, divisor = (scaled, scale[scaled]) if scaled.any() else (seen, np.ones(int(seen.sum())))
    if method not in LEARNT or not rows.any():
        return equal(forecasts.shape[1])
    return _LEARNING[method](forecasts[rows] / divisor[:, None], actual[rows] / divisor)


def equal(members: int) -> np.ndarray:
    """(M) the same weight for each."""
    return np.full(members, 1 / members)


def inverse_errors(forecasts: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """(M) weights proportional to 1 / mean absolute error (after Bates and Granger, 1969); members without error win.

    Example:
        >>> inverse_errors(np.array([[1.0, 3.0], [1.0, 3.0]]), np.array([0.0, 0.0]))
        array([0.75, 0.25])
    """
    errors = np.abs(forecasts - actual[:, None]).mean(axis=0)
    weights = 1 / errors if (errors > 0).all() else (errors == 0).astype(np.float64)
    return weights / weights.sum()


def greedy(forecasts: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """(M) weights by forward selection with replacement (Caruana, Niculescu-Mizil, Crew and Ksikes, 2004, section 2).

    Starting from nothing, the member is added, again if need be, with which the mean of all added so far has the
    smallest mean absolute error; after 50 rounds the best of these means counts. The first round is the best member
    alone, so on these rows no member is better.

    Example:
        >>> greedy(np.array([[1.0, -1.0, 9.0], [2.0, -2.0, 9.0]]), np.array([0.0, 0.0]))
        array([0.5, 0.5, 0. ])
    """
    total, counts = np.zeros(len(actual)), np.zeros(forecasts.shape[1])
    best, weights = np.inf, counts
    for size in range(1, _ROUNDS + 1):
        errors = np.abs((total[:, None] + forecasts) / size - actual[:, None]).mean(axis=0)
        chosen = int(errors.argmin())
        total, counts = total + forecasts[:, chosen], counts + np.eye(len(counts))[chosen]
        if errors[chosen] < best:
            best, weights = float(errors[chosen]), counts / size
    return weights


def _mean(values: np.ndarray) -> np.ndarray:
    return _summed(values) / values.shape[1]


def _median(values: np.ndarray) -> np.ndarray:
    return np.asarray(np.median(values, axis=1))


def _trimmed(values: np.ndarray) -> np.ndarray:
    members = values.shape[1]
    cut = max(1, int(_TRIMMED * members)) if members > 2 else 0
    return _mean(np.sort(values, axis=1)[:, cut : members - cut])


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = _summed(weights)
    lost = total <= 0
    return _summed(values * np.where(lost[:, None], 1.0, weights)) / np.where(lost, values.shape[1], total)


def _summed(values: np.ndarray) -> np.ndarray:
    """(n) sums over members one after the other, so that other rows cannot change the last bit."""
    total = np.zeros(len(values))
    for column in values.T:
        total = total + column
    return total


_PLAIN: Final[dict[str, Callable[[np.ndarray], np.ndarray]]] = {
    "mean": _mean,
    "median": _median,
    "trimmed": _trimmed,
}
_LEARNING: Final[dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]] = {
    "inverse": inverse_errors,
    "greedy": greedy,
}
