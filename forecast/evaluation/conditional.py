"""Whether it can be told beforehand which of two models will be better: conditional predictive ability."""

import numpy as np
from scipy import stats

from forecast.evaluation.significance import Test, freedom

_LEAST = 8


def giacomini_white(differential: np.ndarray, horizon: int) -> Test:
    """The test that a loss differential has mean zero, and cannot be told from the last one that is known.

    Giacomini and White (2006, section 3): Wald's statistic n · m' Ω⁻¹ m of m = mean of h_t d_t, with the instruments
    h_t = (1, d_(t - horizon)): the forecasts of ``horizon`` cutoffs ago are the latest whose errors are known. Ω is not
    centred, and has Bartlett's weights up to lag ``horizon`` - 1 where forecasts overlap (Newey and West, 1987).
    Chi-square with 2 degrees of freedom; where forecasts overlap, half of it is held against F with 2 and
    ``significance.freedom``, which allows for how little is known of Ω. The sign of the statistic says nothing: it is
    never negative.

    Args:
        differential: (n) loss of one model minus loss of the other, in order of time.
        horizon: how many neighbouring cutoffs' forecasts overlap, itself included.
    """
    now, before = differential[horizon:], differential[:-horizon]
    n = len(now)
    if n < _LEAST * horizon:
        return Test(np.nan, np.nan, max(n, 0), f"{len(differential)} cutoffs are too few for a conditional test")
    scale = np.sqrt(np.mean(differential**2))
    if not np.isfinite(scale):
        return Test(np.nan, np.nan, n, "a loss is not finite")
    moments = np.stack([now, now * before / scale], axis=1) / scale if scale else np.zeros((n, 2))
    omega = moments.T @ moments / n
    for lag in range(1, horizon):
        cross = moments[lag:].T @ moments[:-lag] / n
        omega += (1 - lag / horizon) * (cross + cross.T)
    if np.linalg.matrix_rank(omega, tol=1e-12) < 2:
        return Test(np.nan, np.nan, n, "the loss differential does not vary")
    mean = moments.mean(axis=0)
    statistic = float(n * mean @ np.linalg.solve(omega, mean))
    known = stats.f.sf(statistic / 2, 2, freedom(n, horizon)) if horizon > 1 else stats.chi2.sf(statistic, 2)
    return Test(statistic, float(known), n)
