"""The same parameters give the fitted values and the likelihood of statsmodels; the adjoint is the derivative."""

import numpy as np
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing, Holt, SimpleExpSmoothing

from forecast.baselines.ets_forms import FORMS
from forecast.baselines.lanes import Lanes
from forecast.baselines.recursion import GAMMA, PHI, SEASON, TREND, Kind, Recursion

PERIOD = 4
NAMES = {"N": None, "A": "add", "M": "mul", "W": "mul"}


@pytest.fixture(scope="module")
def histories():
    rng = np.random.default_rng(0)
    return [10 + np.sin(np.arange(n) * np.pi / 2) + rng.normal(0, 0.5, n) + 0.02 * np.arange(n) for n in (60, 50, 41)]


def params(trend, season, lanes=8):
    """(6 + m, S) that differ from lane to lane."""
    near = 1 + np.random.default_rng(1).uniform(-0.05, 0.05, (6 + PERIOD, lanes))
    terms = {"N": [0.0], "A": [0.9, -0.8, 0.3, -0.5], "M": [1.1, 0.92, 1.03, 0.96], "W": [1.1, 0.92, 1.03, 0.96]}[
        season
    ]
    plain = np.array([0.42, 0.2, 0.28, 0.9, 10.2, 0.1, *terms])[:, None] * near[: 6 + len(terms)]
    if trend == "N":
        plain[[1, TREND]] = 0.0
    if trend != "Ad":
        plain[PHI] = 1.0
    if season == "N":
        plain[GAMMA] = 0.0
    return plain


@pytest.mark.parametrize("form", FORMS, ids=[form.name for form in FORMS])
def test_fitted_values_and_likelihood_are_those_of_statsmodels(form, histories):
    lanes = Lanes.of(histories)
    recursion, given = Recursion(lanes, form.kind(PERIOD)), params(form.trend, form.season)
    deviance = recursion.deviance(given)
    for lane, y in enumerate(histories):
        weights, states = given[:4, lane], given[4:, lane]
        alpha = weights[0] * (1 - weights[2])
        theirs = [alpha, alpha * weights[1], weights[2], weights[3], states[0], states[1], *states[2:][::-1]]
        has = [True, form.trend != "N", form.season != "N", form.trend == "Ad", True, form.trend != "N"]
        theirs = [one for one, used in zip(theirs, has + [form.season != "N"] * PERIOD, strict=False) if used]
        model = ETSModel(
            y,
            error=NAMES[form.error],
            trend=None if form.trend == "N" else "add",
            damped_trend=form.trend == "Ad",
            seasonal=NAMES[form.season],
            seasonal_periods=PERIOD if form.season != "N" else None,
        )
        smoothed = model.smooth(np.array(theirs))
        np.testing.assert_allclose(recursion.fitted[: len(y), lane], smoothed.fittedvalues, rtol=1e-10)
        ours = -len(y) * (deviance[lane] + 0.5 * (np.log(2 * np.pi) + 1))
        np.testing.assert_allclose(ours, model.loglike(np.array(theirs)), rtol=1e-10)


def weights_and_states(given):
    """The words of statsmodels' Holt-Winters for one lane (6 + m)."""
    alpha = given[0] * (1 - given[2])
    weights = {"smoothing_level": alpha, "smoothing_trend": given[1], "damping_trend": given[3]}
    return weights, {"initial_level": given[4], "initial_trend": given[5]}


@pytest.mark.parametrize("season", ["A", "W"])
@pytest.mark.parametrize("trend", ["A", "Ad"])
def test_fitted_values_are_those_of_statsmodels_holt_winters(trend, season, histories):
    lanes = Lanes.of(histories)
    recursion, given = Recursion(lanes, Kind("A", season, PERIOD)), params(trend, season)
    recursion.deviance(given)
    for lane, y in enumerate(histories):
        weights, states = weights_and_states(given[:, lane])
        model = ExponentialSmoothing(
            y,
            trend="add",
            damped_trend=trend == "Ad",
            seasonal=NAMES[season],
            seasonal_periods=PERIOD,
            initialization_method="known",
            initial_seasonal=given[SEASON:, lane],
            **states,
        )
        if trend == "A":
            del weights["damping_trend"]
        fitted = model.fit(optimized=False, smoothing_seasonal=given[GAMMA, lane], **weights).fittedvalues
        np.testing.assert_allclose(recursion.fitted[: len(y), lane], fitted, rtol=1e-10)


@pytest.mark.parametrize("trend", ["N", "A", "Ad"])
def test_fitted_values_are_those_of_statsmodels_simple_smoothing_and_holt(trend, histories):
    lanes = Lanes.of(histories)
    recursion, given = Recursion(lanes, Kind("A", "N", 1)), params(trend, "N")
    recursion.deviance(given)
    y, (weights, states) = histories[0], weights_and_states(given[:, 0])
    if trend == "N":
        model = SimpleExpSmoothing(y, initialization_method="known", initial_level=states["initial_level"])
        weights = {"smoothing_level": weights["smoothing_level"]}
    else:
        model = Holt(y, damped_trend=trend == "Ad", initialization_method="known", **states)
        weights = weights if trend == "Ad" else {name: weights[name] for name in ("smoothing_level", "smoothing_trend")}
    fitted = model.fit(optimized=False, **weights).fittedvalues
    np.testing.assert_allclose(recursion.fitted[: len(y), 0], fitted, rtol=1e-10)


@pytest.mark.parametrize("season", "NAMW")
@pytest.mark.parametrize("error", "AM")
def test_gradient_is_the_derivative(error, season, histories):
    recursion, given = (
        Recursion(Lanes.of(histories), Kind(error, season, 1 if season == "N" else PERIOD)),
        params("Ad", season),
    )
    recursion.deviance(given)
    gradient = recursion.gradient(given)
    for which in range(len(given)):
        if season == "N" and which in (GAMMA, SEASON):  # it has none
            continue
        steps = np.zeros_like(given)
        steps[which] = 1e-6
        slope = (recursion.deviance(given + steps) - recursion.deviance(given - steps)) / 2e-6
        np.testing.assert_allclose(gradient[which], slope, atol=1e-7, rtol=1e-6)


def test_states_at_the_end_are_those_of_each_lane(histories):
    given = params("Ad", "A")
    together = Recursion(Lanes.of(histories), Kind("A", "A", PERIOD))
    together.deviance(given)
    for lane, y in enumerate(histories):
        alone = Recursion(Lanes.of([y]), Kind("A", "A", PERIOD))
        alone.deviance(np.repeat(given[:, lane : lane + 1], 8, axis=1))
        np.testing.assert_array_equal(together.states[:, lane], alone.states[:, 0])
