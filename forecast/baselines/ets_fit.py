"""Forms of exponential smoothing fitted to many lanes at once by maximum likelihood, and chosen among by AICc."""

from typing import NamedTuple, Self

import numpy as np

from forecast.baselines.ets_forms import Form, bounds, curvature, first_states, grid
from forecast.baselines.lanes import Lanes
from forecast.baselines.quasi_newton import minimise
from forecast.baselines.recursion import LEVEL, SEASON, TREND, Kind, Recursion

_SHORT, _LONG = 25, 300  # evaluations to compare starts and forms, and to finish
_TOLERANCE = 1e-5  # of the log-likelihood
_WORSE = 30.0  # AICc by which a form must be behind after the short search not to be finished
_REACH = (0.1, 0.1, 0.1, 0.03)  # of the weights in one step


class Fits(NamedTuple):
    """Forms fitted to lanes.

    Attributes:
        params: (F, 6 + m, S) as in ``Recursion``; a form without season has zeros for it.
        loglike: (F, S); -inf where a form was not to be fitted.
        converged: (F, S).
    """

    params: np.ndarray
    loglike: np.ndarray
    converged: np.ndarray


def fit(lanes: Lanes, forms: tuple[Form, ...], seasonality: int, allowed: np.ndarray, *, prune: bool) -> Fits:
    """Each form's parameters and first states of the highest likelihood, found from two starts.

    Args:
        lanes: the histories.
        forms: what to fit.
        seasonality: steps in a season of those that have one.
        allowed: (F, S) which forms are fitted to which lanes.
        prune: whether a form is given up that is far behind the best of its lane by AICc early on.
    """
    size = np.ldexp(1.0, np.frexp(lanes.total(np.abs(lanes.values)) / lanes.lengths)[1])  # exact to divide by
    scaled = Lanes(lanes.values / size, lanes.lengths)
    shape = len(forms), 5 + max(form.period(seasonality) for form in forms) + 1, len(size)
    found = Fits(np.zeros(shape), np.full(allowed.shape, -np.inf), np.zeros(allowed.shape, dtype=bool))
    groups: dict[Kind, list[int]] = {}
    for place, form in enumerate(forms):
        groups.setdefault(form.kind(seasonality), []).append(place)
    for kind, places in groups.items():
        _search(scaled, forms, kind, np.array(places), allowed, found, short=True)
    finish = allowed
    if prune:
        scores = aicc(found.loglike, forms, seasonality, lanes.lengths)
        finish = allowed & (scores <= scores.min(axis=0) + _WORSE)
    for kind, places in groups.items():
        _search(scaled, forms, kind, np.array(places), finish, found, short=False)
    constant = lanes.lengths * (0.5 * (np.log(2 * np.pi) + 1) + np.log(size))
    params = found.params
    params[:, [LEVEL, TREND]] *= size
    for place, form in enumerate(forms):
        if form.season == "A":
            params[place, SEASON:] *= size
    return found._replace(loglike=found.loglike - constant)


def aicc(loglike: np.ndarray, forms: tuple[Form, ...], seasonality: int, lengths: np.ndarray) -> np.ndarray:
    """(F, S) Akaike's criterion corrected for small samples; infinite where it is not defined."""
    counts = np.array([form.count(seasonality) for form in forms])[:, None]
    spare = lengths - counts - 1
    score = -2 * loglike + 2 * counts + 2 * counts * (counts + 1) / np.maximum(spare, 1)
    return np.where((spare > 0) & np.isfinite(loglike), score, np.inf)


def _search(
    lanes: Lanes,
    forms: tuple[Form, ...],
    kind: Kind,
    places: np.ndarray,
    wanted: np.ndarray,
    found: Fits,
    *,
    short: bool,
) -> None:
    """Fits forms of one kind where they are wanted into ``found``: from two starts, or on from what was found."""
    lane, form = np.nonzero(wanted[places].T)  # lane by lane
    if not len(lane):
        return
    more = -len(lane) % 8
    lane, form = np.append(lane, np.repeat(lane[-1:], more)), np.append(form, np.repeat(form[-1:], more))
    low, high = (one[:, form] for one in bounds(tuple(forms[place] for place in places), kind.period))
    own, target = lanes.take(lane), places[form]
    objective = _Deviance(own, kind)
    if short:
        starts = _starts(objective, own, kind, low, high)
    else:
        starts = [found.params[target, : 6 + kind.period, lane].T.copy()]
    best = np.full(len(lane), np.inf)
    for start in starts:
        value = objective.value(start)
        error = _squared(value, start, kind)
        scale = curvature(start, error, own.lengths, kind.season, kind.period)
        reached = minimise(
            objective,
            start,
            (low, high),
            scale,
            _TOLERANCE / own.lengths,
            reach=np.array([*_REACH, *[np.inf] * (2 + kind.period)]),
            evaluations=_SHORT if short else _LONG,
        )
        better = reached.value < best
        best = np.where(better, reached.value, best)
        found.params[target[better], : 6 + kind.period, lane[better]] = reached.x[:, better].T
        found.loglike[target[better], lane[better]] = -own.lengths[better] * reached.value[better]
        found.converged[target[better], lane[better]] = reached.converged[better]


def _starts(objective: "_Deviance", lanes: Lanes, kind: Kind, low: np.ndarray, high: np.ndarray) -> list[np.ndarray]:
    """The best point of each region of the grid, for each lane."""
    states = first_states(lanes, kind.season, kind.period)
    starts = []
    for region in grid(kind.season):
        best, value = np.zeros_like(low), np.full(low.shape[1], np.inf)
        for weights in region:
            point = np.clip(
                np.concatenate([np.repeat(np.array(weights)[:, None], len(value), axis=1), states]), low, high
            )
            here = np.where(np.isfinite(one := objective.value(point)), one, np.finfo(float).max)
            best, value = np.where(here < value, point, best), np.minimum(here, value)
        starts.append(best)
    return starts


def _squared(deviance: np.ndarray, params: np.ndarray, kind: Kind) -> np.ndarray:
    """(S) about the mean squared error, in the units of the values."""
    with np.errstate(all="ignore"):
        return np.where(np.isfinite(deviance), np.exp(2 * np.minimum(deviance, 100.0)), 1.0)


class _Deviance:
    """What is minimised."""

    def __init__(self, lanes: Lanes, kind: Kind) -> None:
        self._recursion = Recursion(lanes, kind)
        self.value = self._recursion.deviance
        self.gradient = self._recursion.gradient

    def take(self, which: np.ndarray) -> Self:
        return type(self)(self._recursion.lanes.take(which), self._recursion.kind)
