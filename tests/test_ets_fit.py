"""Likelihoods that are reached, beside those that statsmodels reaches by itself."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from datamodules.sets.synthetic import Synthetic
from forecast.baselines.ets_fit import aicc, fit
from forecast.baselines.ets_forms import FORMS, Form
from forecast.baselines.lanes import Lanes

NAMES = {"N": None, "A": "add", "M": "mul"}


def statsmodels_reaches(y, form, period):
    model = ETSModel(
        y,
        error=NAMES[form.error],
        trend=None if form.trend == "N" else "add",
        damped_trend=form.trend == "Ad",
        seasonal=NAMES[form.season],
        seasonal_periods=period if form.season != "N" else None,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(disp=0)


def waves(n_series, length, period, seed):
    """Positive series with level, trend and season that move."""
    rng = np.random.default_rng(seed)
    steps = np.arange(length)
    for _ in range(n_series):
        season = np.tile(rng.normal(0, 8, period), length // period + 1)[:length]
        level = 120 + rng.normal(0, rng.uniform(0.1, 2), length).cumsum() + rng.normal(0, 0.05) * steps
        yield np.maximum(level + season * (1 + rng.uniform(-0.5, 0.5) * steps / length) + rng.normal(0, 2, length), 1.0)


def shares(histories, forms, period, slack):
    """The share of series on which each form is no less likely than statsmodels' own fit."""
    lanes = Lanes.of(sorted(histories, key=len, reverse=True))
    fits = fit(lanes, forms, period, np.ones((len(forms), len(lanes.lengths)), dtype=bool), prune=False)
    return {
        form.name: np.mean(
            [
                fits.loglike[place, lane] >= statsmodels_reaches(y, form, period).llf - slack
                for lane, y in enumerate(sorted(histories, key=len, reverse=True))
            ]
        )
        for place, form in enumerate(forms)
    }


def test_likelihood_is_not_below_statsmodels_own():
    forms = tuple(Form.of(name) for name in ("AAN", "ANA", "MNM"))
    assert min(shares(list(waves(4, 60, 4, seed=1)), forms, 4, slack=0.01).values()) == 1


@pytest.mark.slow
def test_likelihood_is_not_below_statsmodels_own_on_95_of_100_hourly_series_and_forms():
    panel = Synthetic(n_series=8, length=(250, 300), seed=1).load()
    histories = [panel.target[a:b, 0] for a, b in pairwise(panel.offsets)]
    positive = [y - min(y.min(), 0) + 1 for y in histories]
    assert np.mean(list(shares(positive, FORMS, 24, slack=0.01).values())) >= 0.95


def test_criterion_is_that_of_statsmodels():
    y = next(waves(1, 60, 4, seed=0))
    for name in ("ANN", "AAdN", "AAA"):
        own = statsmodels_reaches(y, Form.of(name), 4)
        ours = aicc(np.array([[own.llf]]), (Form.of(name),), 4, np.array([len(y)]))
        np.testing.assert_allclose(ours, own.aicc)


def test_forms_far_behind_are_given_up_without_changing_the_choice():
    lanes = Lanes.of(list(waves(8, 80, 4, seed=2)))
    allowed = np.ones((len(FORMS), len(lanes.lengths)), dtype=bool)
    whole, pruned = (fit(lanes, FORMS, 4, allowed, prune=prune) for prune in (False, True))
    best = aicc(whole.loglike, FORMS, 4, lanes.lengths).argmin(axis=0)
    np.testing.assert_array_equal(aicc(pruned.loglike, FORMS, 4, lanes.lengths).argmin(axis=0), best)


def test_units_do_not_change_the_choice():
    y = next(waves(1, 60, 4, seed=3))
    lanes = Lanes.of([y, y * 2**20])
    fits = fit(lanes, FORMS[:4], 4, np.ones((4, 8), dtype=bool), prune=False)
    np.testing.assert_array_equal(fits.params[:, :4, 0], fits.params[:, :4, 1])
    np.testing.assert_allclose(fits.params[:, 4:, 0] * 2**20, fits.params[:, 4:, 1])


@pytest.mark.parametrize(("seed", "length", "period", "which"), [(0, 150, 12, 2), (1, 120, 4, 6)])
def test_damping_is_tried_at_both_of_its_ends(seed, length, period, which):
    y = list(waves(8, length, period, seed))[which]  # its first descent ends 1.2 to 2.2 below the maximum
    assert shares([y], (Form.of("MAdA"),), period, slack=0.01) == {"MAdA": 1}
