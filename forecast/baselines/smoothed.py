"""Exponential smoothing between a baseline and its arithmetic: the best form of each lane, kept as a row of numbers."""

from collections.abc import Sequence

import numpy as np

from forecast.baselines.ets_ahead import ahead
from forecast.baselines.ets_fit import aicc, fit
from forecast.baselines.ets_forms import ALL, Form
from forecast.baselines.lanes import Estimates, Lanes
from forecast.baselines.one_series import NOT_CONVERGED

_FORM, _PERIOD, _REST = range(3)  # columns of a row: place among all forms, terms of the season, what recursions take


def best_of(lanes: Lanes, forms: tuple[Form, ...], seasonality: int, allowed: np.ndarray) -> Estimates:
    """The form with the lowest AICc of each lane among those ``allowed`` (F, S), at least one."""
    fits = fit(lanes, forms, seasonality, allowed, prune=len(forms) > 1)
    scores = np.where(allowed, aicc(fits.loglike, forms, seasonality, lanes.lengths), np.nan)
    best = np.nanargmin(scores, axis=0)
    every = np.arange(len(best))
    places = np.array([ALL.index(form) for form in forms])[best]
    periods = np.array([form.period(seasonality) for form in forms])[best]
    params = np.column_stack([places, periods, fits.params[best, :, every]])
    return Estimates(params, ((NOT_CONVERGED, ~fits.converged[best, every]),))


def form_of(params: np.ndarray) -> Form:
    """The form that a row of parameters (p) belongs to."""
    return ALL[int(params[_FORM])]


def continued(lanes: Lanes, params: np.ndarray, horizon: int, levels: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Mean (S, H) and quantiles (S, H, Q) after each lane, smoothed with its row of ``params`` (S, p)."""
    mean, quantiles = np.empty((len(params), horizon)), np.empty((len(params), horizon, len(levels)))
    kinds = params[:, [_FORM, _PERIOD]]
    for place, period in np.unique(kinds, axis=0).astype(int).tolist():
        which = np.flatnonzero((kinds == (place, period)).all(axis=1))
        some = np.append(which, np.repeat(which[-1:], -len(which) % 8))
        width = _REST + 6 + period
        found = ahead(lanes.take(some), ALL[place], params[some, _REST:width].T.copy(), horizon, levels, period)
        mean[which], quantiles[which] = (one[: len(which)] for one in found)
    return mean, quantiles
