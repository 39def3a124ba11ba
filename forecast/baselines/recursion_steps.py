"""The steps of exponential smoothing and their adjoints, each a few vector operations over lanes, written in place.

Forward: ``rows`` gives y, and the rows that receive the error, q, the trend before and after, the season used and the
fitted value; ``level`` and the ``ring`` of seasonal terms are moved on. A term of the ring that stands for time t is in
row t mod m. Backward: ``rows`` gives, from the last to the first, the error, q, the trend before, the season used and
the slope of the deviance by the fitted value; ``result`` adds up the derivatives by alpha, beta, gamma and phi, and
carries those by level and trend, as ``ring`` does those by the season.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

Rows = Iterator[tuple[Any, ...]]
Weights = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # alpha, beta, gamma, phi, each (S)
Ring = list[np.ndarray]  # (S) each


def plain(rows: Rows, begin: int, weights: Weights, level: np.ndarray, ring: Ring, work: np.ndarray) -> None:
    """Steps without season."""
    alpha, beta, _, phi = weights
    faded, add = work
    for y, error, q, trend, after, _, _ in rows:
        np.multiply(phi, trend, out=faded)
        np.add(level, faded, out=q)
        np.subtract(y, q, out=error)
        np.multiply(alpha, error, out=add)
        np.add(q, add, out=level)
        np.multiply(beta, error, out=add)
        np.add(faded, add, out=after)


def added(rows: Rows, begin: int, weights: Weights, level: np.ndarray, ring: Ring, work: np.ndarray) -> None:
    """Steps with an additive season."""
    alpha, beta, gamma, phi = weights
    faded, add = work
    slot, period = begin % len(ring), len(ring)
    for y, error, q, trend, after, _, fitted in rows:
        season = ring[slot]
        np.multiply(phi, trend, out=faded)
        np.add(level, faded, out=q)
        np.add(q, season, out=fitted)
        np.subtract(y, fitted, out=error)
        np.multiply(alpha, error, out=add)
        np.add(q, add, out=level)
        np.multiply(beta, error, out=add)
        np.add(faded, add, out=after)
        np.multiply(gamma, error, out=add)
        np.add(season, add, out=season)
        slot = slot + 1 if slot + 1 < period else 0


def winters(rows: Rows, begin: int, weights: Weights, level: np.ndarray, ring: Ring, work: np.ndarray) -> None:
    """Steps with a multiplicative season, moved towards y over the level that was expected."""
    alpha, beta, gamma, phi = weights
    faded, add = work
    slot, period = begin % len(ring), len(ring)
    for y, error, q, trend, after, used, fitted in rows:
        season = ring[slot]
        used[:] = season
        np.multiply(phi, trend, out=faded)
        np.add(level, faded, out=q)
        np.multiply(q, season, out=fitted)
        np.subtract(y, fitted, out=error)
        np.divide(error, season, out=after)
        np.multiply(alpha, after, out=add)
        np.add(q, add, out=level)
        np.multiply(beta, after, out=add)
        np.add(faded, add, out=after)
        np.divide(error, q, out=add)
        np.multiply(gamma, add, out=add)
        np.add(season, add, out=season)
        slot = slot + 1 if slot + 1 < period else 0


def plain_back(rows: Rows, last: int, weights: Weights, result: list[np.ndarray], ring: Ring, work: np.ndarray) -> None:
    """The adjoint of ``plain``."""
    alpha, beta, _, phi = weights
    by_alpha, by_beta, _, by_phi, level, trend = result
    through, add = work[:2]
    for error, _, before, _, slope in rows:
        np.multiply(error, level, out=add)
        np.add(by_alpha, add, out=by_alpha)
        np.multiply(error, trend, out=add)
        np.add(by_beta, add, out=by_beta)
        np.multiply(alpha, level, out=through)
        np.multiply(beta, trend, out=add)
        np.add(through, add, out=through)
        np.subtract(slope, through, out=through)
        np.add(level, through, out=level)
        np.add(trend, level, out=trend)
        np.multiply(before, trend, out=add)
        np.add(by_phi, add, out=by_phi)
        np.multiply(phi, trend, out=trend)


def added_back(rows: Rows, last: int, weights: Weights, result: list[np.ndarray], ring: Ring, work: np.ndarray) -> None:
    """The adjoint of ``added``."""
    alpha, beta, gamma, phi = weights
    by_alpha, by_beta, by_gamma, by_phi, level, trend = result
    through, add = work[:2]
    slot, top = last % len(ring), len(ring) - 1
    for error, _, before, _, slope in rows:
        season = ring[slot]
        np.multiply(error, level, out=add)
        np.add(by_alpha, add, out=by_alpha)
        np.multiply(error, trend, out=add)
        np.add(by_beta, add, out=by_beta)
        np.multiply(error, season, out=add)
        np.add(by_gamma, add, out=by_gamma)
        np.multiply(alpha, level, out=through)
        np.multiply(beta, trend, out=add)
        np.add(through, add, out=through)
        np.multiply(gamma, season, out=add)
        np.add(through, add, out=through)
        np.subtract(slope, through, out=through)
        np.add(level, through, out=level)
        np.add(season, through, out=season)
        np.add(trend, level, out=trend)
        np.multiply(before, trend, out=add)
        np.add(by_phi, add, out=by_phi)
        np.multiply(phi, trend, out=trend)
        slot = slot - 1 if slot else top


def winters_back(
    rows: Rows, last: int, weights: Weights, result: list[np.ndarray], ring: Ring, work: np.ndarray
) -> None:
    """The adjoint of ``winters``."""
    alpha, beta, gamma, phi = weights
    by_alpha, by_beta, by_gamma, by_phi, level, trend = result
    by_level, by_season, of_level, of_season, through, add = work
    slot, top = last % len(ring), len(ring) - 1
    for error, q, before, used, slope in rows:
        season = ring[slot]
        np.divide(error, used, out=of_level)
        np.divide(error, q, out=of_season)
        np.multiply(of_level, level, out=add)
        np.add(by_alpha, add, out=by_alpha)
        np.multiply(of_level, trend, out=add)
        np.add(by_beta, add, out=by_beta)
        np.multiply(of_season, season, out=add)
        np.add(by_gamma, add, out=by_gamma)
        np.multiply(alpha, level, out=by_level)
        np.multiply(beta, trend, out=add)
        np.add(by_level, add, out=by_level)
        np.divide(by_level, used, out=by_level)
        np.multiply(gamma, season, out=by_season)
        np.divide(by_season, q, out=by_season)
        np.subtract(slope, by_level, out=through)
        np.subtract(through, by_season, out=through)
        np.multiply(through, used, out=add)
        np.add(level, add, out=level)
        np.multiply(by_season, of_season, out=add)
        np.subtract(level, add, out=level)
        np.multiply(through, q, out=add)
        np.add(season, add, out=season)
        np.multiply(by_level, of_level, out=add)
        np.subtract(season, add, out=season)
        np.add(trend, level, out=trend)
        np.multiply(before, trend, out=add)
        np.add(by_phi, add, out=by_phi)
        np.multiply(phi, trend, out=trend)
        slot = slot - 1 if slot else top


def multiplied(rows: Rows, begin: int, weights: Weights, level: np.ndarray, ring: Ring, work: np.ndarray) -> None:
    """Steps with a multiplicative season, moved towards y over the new level."""
    alpha, beta, gamma, phi = weights
    faded, add = work
    slot, period = begin % len(ring), len(ring)
    for y, error, q, trend, after, used, fitted in rows:
        season = ring[slot]
        used[:] = season
        np.multiply(phi, trend, out=faded)
        np.add(level, faded, out=q)
        np.multiply(q, season, out=fitted)
        np.subtract(y, fitted, out=error)
        np.divide(error, season, out=after)
        np.multiply(alpha, after, out=add)
        np.add(q, add, out=level)
        np.multiply(beta, after, out=add)
        np.add(faded, add, out=after)
        np.divide(y, level, out=add)
        np.subtract(add, season, out=add)
        np.multiply(gamma, add, out=add)
        np.add(season, add, out=season)
        slot = slot + 1 if slot + 1 < period else 0


def multiplied_back(
    rows: Rows, last: int, weights: Weights, result: list[np.ndarray], ring: Ring, work: np.ndarray
) -> None:
    """The adjoint of ``multiplied``."""
    alpha, beta, gamma, phi = weights
    by_alpha, by_beta, by_gamma, by_phi, level, trend = result
    of_level, through, of_season, after, share, add = work
    slot, top = last % len(ring), len(ring) - 1
    for error, q, before, used, slope in rows:
        season = ring[slot]
        np.divide(error, used, out=of_level)
        np.multiply(alpha, of_level, out=after)
        np.add(q, after, out=after)  # the level after the step
        np.add(q, of_level, out=of_season)
        np.multiply(of_season, used, out=of_season)
        np.divide(of_season, after, out=of_season)  # y over that level
        np.subtract(of_season, used, out=add)
        np.multiply(add, season, out=add)
        np.add(by_gamma, add, out=by_gamma)
        np.multiply(gamma, season, out=share)
        np.subtract(season, share, out=season)
        np.multiply(share, of_season, out=share)
        np.divide(share, after, out=share)
        np.subtract(level, share, out=level)
        np.multiply(of_level, level, out=add)
        np.add(by_alpha, add, out=by_alpha)
        np.multiply(of_level, trend, out=add)
        np.add(by_beta, add, out=by_beta)
        np.multiply(alpha, level, out=share)
        np.multiply(beta, trend, out=add)
        np.add(share, add, out=share)
        np.divide(share, used, out=share)
        np.subtract(slope, share, out=through)
        np.multiply(through, used, out=add)
        np.add(level, add, out=level)
        np.multiply(through, q, out=add)
        np.add(season, add, out=season)
        np.multiply(share, of_level, out=add)
        np.subtract(season, add, out=season)
        np.add(trend, level, out=trend)
        np.multiply(before, trend, out=add)
        np.add(by_phi, add, out=by_phi)
        np.multiply(phi, trend, out=trend)
        slot = slot - 1 if slot else top


FORWARD = {"N": plain, "A": added, "M": multiplied, "W": winters}
BACKWARD = {"N": plain_back, "A": added_back, "M": multiplied_back, "W": winters_back}
