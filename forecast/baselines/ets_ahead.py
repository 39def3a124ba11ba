"""What comes after lanes that were smoothed with known parameters: means and quantiles."""

from collections.abc import Sequence

import numpy as np

from forecast.baselines.base import innovation_spread, normal_quantiles
from forecast.baselines.ets_forms import Form
from forecast.baselines.lanes import Lanes
from forecast.baselines.recursion import PHI, Recursion, weights_of

_PATHS = 1000  # simulated for the quantiles of a form with multiplicative errors
_TOGETHER = 16  # lanes simulated at a time


def ahead(
    lanes: Lanes, form: Form, params: np.ndarray, horizon: int, levels: Sequence[float], seasonality: int
) -> tuple[np.ndarray, np.ndarray]:
    """Mean (S, H) and quantiles (S, H, Q) after lanes of one form, smoothed with ``params`` (6 + m, S).

    Additive errors: the analytic variance with the mean squared error over the lane, relative to the mean with a
    multiplicative season. Multiplicative errors: 1000 paths simulated with always the same draws.
    """
    kind = form.kind(seasonality)
    recursion = Recursion(lanes, kind)
    recursion.deviance(params)
    errors = recursion.relative
    if form.season == "W":
        errors = errors / np.where(np.arange(len(errors))[:, None] < lanes.lengths, recursion.fitted, 1.0)
    variance = lanes.total(np.square(errors)) / lanes.lengths
    mean = _mean(recursion.states, params[PHI], lanes.lengths, form.season, horizon)
    weights = weights_of(params, kind)
    if form.error == "M":
        if not len(levels):
            return mean, np.empty((*mean.shape, 0))
        simulated = [
            _simulated(
                recursion.states[:, some], params[:, some], variance[some], lanes.lengths[some], form, horizon, levels
            )
            for some in (slice(begin, begin + _TOGETHER) for begin in range(0, len(mean), _TOGETHER))
        ]
        return mean, np.concatenate(simulated)
    spread = np.stack(
        [
            innovation_spread(
                own, innovation_weights(horizon, alpha, beta=beta, phi=phi, gamma=gamma, period=kind.period)
            )
            for own, alpha, beta, gamma, phi in zip(variance, *weights, params[PHI], strict=True)
        ]
    )
    if form.season == "W":
        spread = np.abs(mean) * spread
    return mean, normal_quantiles(mean, spread, levels)


def innovation_weights(
    horizon: int, alpha: float, *, beta: float = 0.0, phi: float = 1.0, gamma: float = 0.0, period: int = 1
) -> np.ndarray:
    """(H-1) what an innovation adds 1 .. H-1 steps later, in an additive form (Hyndman et al., 2008, table 6.1)."""
    fading = np.cumsum(np.cumprod(np.full(horizon - 1, phi)))
    return alpha + beta * fading + gamma * (np.arange(1, horizon) % period == 0)


def _mean(states: np.ndarray, phi: np.ndarray, lengths: np.ndarray, season: str, horizon: int) -> np.ndarray:
    """(S, H) the states (2 + m, S) carried on without errors."""
    level, trend, ring = states[0], states[1], states[2:]
    mean = np.empty((len(lengths), horizon))
    lanes, climb, fading = np.arange(len(lengths)), np.zeros(len(lengths)), np.ones(len(lengths))
    with np.errstate(all="ignore"):
        for step in range(horizon):
            fading = fading * phi
            climb = climb + fading * trend
            term = ring[(lengths + step) % len(ring), lanes]
            mean[:, step] = (level + climb) * term if season in "MW" else level + climb + term
    return mean


def _simulated(
    states: np.ndarray,
    params: np.ndarray,
    variance: np.ndarray,
    lengths: np.ndarray,
    form: Form,
    horizon: int,
    levels: Sequence[float],
) -> np.ndarray:
    """(S, H, Q) quantiles of paths with errors relative to each step's mean."""
    period = len(states) - 2
    alpha, beta, gamma = (one[:, None] for one in weights_of(params, form.kind(period)))
    phi, spread = params[PHI][:, None], np.sqrt(variance)[:, None]
    level, trend = (np.repeat(one[:, None], _PATHS, axis=1) for one in states[:2])
    ring = np.repeat(states[2:, :, None], _PATHS, axis=2)  # (m, S, paths)
    lanes = np.arange(len(lengths))
    draws = np.random.default_rng(0).standard_normal((horizon, _PATHS))
    quantiles = np.empty((len(lengths), horizon, len(levels)))
    with np.errstate(all="ignore"):
        for step in range(horizon):
            slot = (lengths + step) % period
            term = ring[slot, lanes]
            faded = phi * trend
            through = level + faded
            middle = through * term if form.season == "M" else through + term
            error = middle * (spread * draws[step])
            level = through + alpha * (error / term if form.season == "M" else error)
            trend = faded + beta * (error / term if form.season == "M" else error)
            if form.season == "M":
                ring[slot, lanes] = term + gamma * ((middle + error) / level - term)
            elif form.season == "A":
                ring[slot, lanes] = term + gamma * error
            paths = np.where(np.isfinite(middle + error), middle + error, np.nan)
            quantiles[:, step] = np.quantile(paths, levels, axis=1).T
    return quantiles
