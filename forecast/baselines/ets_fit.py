"""Forms of exponential smoothing fitted to many lanes at once by maximum likelihood, and chosen among by AICc."""

from typing import NamedTuple, Self

import numpy as np

from forecast.baselines.ets_forms import Form, bounds, curvature, first_states, grid
from forecast.baselines.lanes import Lanes
from forecast.baselines.quasi_newton import minimise
from forecast.baselines.recursion import LEVEL, PHI, SEASON, TREND, Kind, Recursion

_SHORT, _LONG = 25, 300  # evaluations to compare starts and forms, and to finish
_TOLERANCE = 1e-5  # of the log-likelihood
_WORSE = 30.0  # AICc by which a form must be behind after the short search not to be finished
_TRENDS = ("N", "A", "Ad")  # each holds those before it, but for the bounds of damping
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

    Each form also starts from what one of a simpler trend has found, where that is likelier than its own; and each
    damped one from its own with the damping at the other end, since their likelihood has a maximum at either.

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
    search = _Search(_Deviance(own, kind), (low, high), found, (target, lane))
    if not short:
        found.loglike[target, lane] = -np.inf
        search.descend(search.params(target), np.arange(len(lane)), _LONG)
        return
    for start in _starts(search.objective, own, kind, low, high):
        search.descend(start, np.arange(len(lane)), _SHORT)
    start = np.clip(search.params(_nested(forms, places, target, lane, found)), low, high)
    likelier = -own.lengths * search.objective.value(start) > found.loglike[target, lane] + _TOLERANCE
    search.descend(start, np.flatnonzero(likelier), _SHORT)
    start = search.params(target)
    start[PHI] = np.where(start[PHI] > (low[PHI] + high[PHI]) / 2, low[PHI], high[PHI])
    search.descend(start, np.flatnonzero(low[PHI] < high[PHI]), _SHORT)


class _Search(NamedTuple):
    """Forms and lanes side by side, and where in ``found`` what is reached for them belongs: (form, lane) each (E)."""

    objective: "_Deviance"
    sides: tuple[np.ndarray, np.ndarray]
    found: Fits
    places: tuple[np.ndarray, np.ndarray]

    def params(self, target: np.ndarray) -> np.ndarray:
        """(P, E) what has been found for the forms ``target`` (E) on the lanes."""
        kind = self.objective.recursion.kind
        return self.found.params[target, : 6 + kind.period, self.places[1]].T.copy()

    def descend(self, start: np.ndarray, which: np.ndarray, evaluations: int) -> None:
        """Goes down from ``start`` (P, E) where ``which`` says, and keeps what is likelier than what was found."""
        if not len(which):
            return
        which = np.append(which, np.repeat(which[-1:], -len(which) % 8))
        objective, start = self.objective.take(which), start[:, which]
        kind, lengths = objective.recursion.kind, objective.recursion.lanes.lengths
        error = _squared(objective.value(start), start, kind)
        reached = minimise(
            objective,
            start,
            (self.sides[0][:, which], self.sides[1][:, which]),
            curvature(start, error, lengths, kind.season, kind.period),
            _TOLERANCE / lengths,
            reach=np.array([*_REACH, *[np.inf] * (2 + kind.period)]),
            evaluations=evaluations,
        )
        target, lane = (one[which] for one in self.places)
        loglike = -lengths * reached.value
        better = loglike > self.found.loglike[target, lane]
        self.found.params[target[better], : 6 + kind.period, lane[better]] = reached.x[:, better].T
        self.found.loglike[target[better], lane[better]] = loglike[better]
        self.found.converged[target[better], lane[better]] = reached.converged[better]


def _nested(
    forms: tuple[Form, ...], places: np.ndarray, target: np.ndarray, lane: np.ndarray, found: Fits
) -> np.ndarray:
    """(E) the likeliest form of a simpler trend, which each form holds; the form itself where none is likelier."""
    best = target.copy()
    for place in places.tolist():
        simpler = np.array([_TRENDS.index(forms[place].trend) < _TRENDS.index(forms[one].trend) for one in target])
        best = np.where(simpler & (found.loglike[place, lane] > found.loglike[best, lane]), place, best)
    return best


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
        self.recursion = Recursion(lanes, kind)
        self.value = self.recursion.deviance
        self.gradient = self.recursion.gradient

    def take(self, which: np.ndarray) -> Self:
        return type(self)(self.recursion.lanes.take(which), self.recursion.kind)
