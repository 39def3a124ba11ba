"""ETS, Holt-Winters and STL + ETS against statsmodels' own calls and numbers worked out by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.holtwinters import ExponentialSmoothing

from datamodules.errors import InputError
from datamodules.panel import Panel
from forecast.baselines.base import innovation_spread
from forecast.baselines.decomposition import STLETS
from forecast.baselines.ets_forms import FORMS, choose, continued, innovation_weights
from forecast.baselines.smoothing import ETS, HoltWinters

SCORE = 1.2815515655446004  # normal quantile at 0.9


@pytest.fixture(scope="module")
def y():
    rng = np.random.default_rng(0)
    steps = np.arange(72)
    return 100 + steps + 10 * np.sin(np.pi / 2 * steps) + rng.normal(0, 2, 72) + rng.normal(0, 1, 72).cumsum()


def at_once(model, y, horizon, seasonality, levels=()):
    params, _ = model.estimate(y, seasonality)
    return model.forecast(y, params, horizon, levels, seasonality)


@pytest.mark.parametrize("form", ["ANN", "AAN", "AAdN", "ANA", "AAA", "AAdA"])
def test_additive_form_equals_statsmodels_mean_and_variance(y, form):
    smoother = choose(y, (form,), 4)
    mean, quantiles = continued(y, smoother, 9, (0.9,))
    season = {"seasonal_periods": 4} if smoother.seasonal else {}
    model = ETSModel(pd.Series(y), **FORMS[form], **season)
    states = [smoother.level, *([smoother.trend] if "trend" in FORMS[form] else []), *smoother.seasonal[::-1]]
    result = model.smooth(np.array([*smoother.smoothing, *states]))
    expected = result.get_prediction(start=72, end=80)
    np.testing.assert_allclose(mean, expected.predicted_mean, rtol=1e-10)
    np.testing.assert_allclose((quantiles[:, 0] - mean) / SCORE, np.sqrt(expected.forecast_variance), rtol=1e-6)


@pytest.mark.parametrize("form", ["ANN", "AAA", "MAM"])
def test_fitted_form_is_no_less_likely_than_statsmodels_own_fit(y, form):
    smoother = choose(y, (form,), 4)
    season = {"seasonal_periods": 4} if smoother.seasonal else {}
    model = ETSModel(y, **FORMS[form], **season)
    states = [smoother.level, *([smoother.trend] if "trend" in FORMS[form] else []), *smoother.seasonal[::-1]]
    ours = model.loglike(np.array([*smoother.smoothing, *states]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert ours >= model.fit(disp=0).llf - 0.5


def test_ets_finds_the_form_of_clear_cases(y):
    rng = np.random.default_rng(3)
    assert choose(rng.normal(0, 1, 80).cumsum(), ("ANN", "AAN", "AAdN"), 1).form == "ANN"
    assert "A" in ETS().estimate(y, 4)[0].form[2:]
    grows = np.exp(np.arange(96) / 40) * (2 + np.sin(np.pi / 2 * np.arange(96))) * np.exp(rng.normal(0, 0.02, 96))
    assert ETS().estimate(grows, 4)[0].form.startswith("M")


def test_multiplicative_quantiles_are_simulated_alike_each_time(y):
    smoother = choose(y, ("MAM",), 4)
    mean, quantiles = continued(y, smoother, 6, (0.1, 0.5, 0.9))
    np.testing.assert_array_equal(quantiles, continued(y, smoother, 6, (0.1, 0.5, 0.9))[1])
    np.testing.assert_allclose(quantiles[:, 1], mean, rtol=0.02)
    assert (np.diff(quantiles, axis=1) > 0).all()


@pytest.mark.parametrize("model", [ETS(), HoltWinters(), HoltWinters(seasonal="mul"), STLETS()])
def test_under_two_seasons_is_forecast_without_season(model):
    y = np.array([3.0, 5, 4, 6, 5, 7, 6, 9])
    params, notes = model.estimate(y, 12)
    assert notes == ("without season (under two of them)",)
    assert np.isfinite(model.forecast(y, params, 3, (), 12)[0]).all()


def test_statsmodels_refuses_under_two_seasons():
    with pytest.raises(ValueError, match="seasonal"):
        ETSModel(np.arange(8.0), error="add", seasonal="add", seasonal_periods=12)


@pytest.mark.parametrize("seasonal", ["add", "mul"])
@pytest.mark.parametrize("damped", [False, True])
def test_holt_winters_equals_statsmodels(y, seasonal, damped):
    mean, _ = at_once(HoltWinters(seasonal=seasonal, damped=damped), y, 6, 4)
    own = ExponentialSmoothing(y, trend="add", damped_trend=damped, seasonal=seasonal, seasonal_periods=4).fit()
    np.testing.assert_allclose(mean, own.forecast(6), rtol=1e-8)


@pytest.mark.parametrize("damped", [False, True])
def test_holt_winters_weights_are_what_a_surprise_adds_to_the_forecast(y, damped):
    model = HoltWinters(damped=damped)
    params, _ = model.estimate(y, 4)
    surprised = np.append(y[:-1], y[-1] + 1)
    added = model.forecast(surprised, params, 9, (), 4)[0] - model.forecast(y, params, 9, (), 4)[0]
    alpha = params["smoothing_level"]
    beta, phi = alpha * params["smoothing_trend"], params.get("damping_trend", 1.0)
    weights = innovation_weights(10, alpha, beta=beta, phi=phi, gamma=params["smoothing_seasonal"], seasonality=4)
    np.testing.assert_allclose(added, weights, atol=1e-8)


def test_multiplicative_holt_winters_refuses_values_below_zero():
    with pytest.raises(ValueError, match="positive"):
        HoltWinters(seasonal="mul").estimate(np.sin(np.arange(20.0)), 4)
    with pytest.raises(InputError, match="seasonal 'multiply' is not known"):
        HoltWinters(seasonal="multiply")


def test_innovation_spread_of_a_random_walk_grows_with_the_root_of_the_step():
    np.testing.assert_allclose(innovation_spread(4.0, np.ones(3)), [2, np.sqrt(8), np.sqrt(12), 4])


def test_stl_ets_follows_a_pure_season_and_line():
    steps = np.arange(48)
    pure = 10 + 0.5 * steps + np.tile([4.0, -1, -2, -1], 12)
    ahead = np.arange(48, 54)
    mean, _ = at_once(STLETS(), pure + np.random.default_rng(0).normal(0, 1e-3, 48), 6, 4)
    np.testing.assert_allclose(mean, 10 + 0.5 * ahead + np.tile([4.0, -1, -2, -1], 2)[:6], atol=0.05)


def test_first_zero_after_the_fit_makes_ets_choose_another_form():
    rng = np.random.default_rng(3)
    steps = np.arange(44)
    y = (5 + 0.5 * steps) * (1 + 0.8 * np.sin(np.pi * steps / 2)) * (1 + 0.01 * rng.normal(size=44))
    y[41] = 0.0
    panel = Panel.from_frame(pd.DataFrame({"ds": pd.date_range("2000-01-01", periods=44, freq="QS"), "y": y}))
    baseline = ETS(n_jobs=1).fit(panel.until(np.array([39])))
    assert baseline.estimate(y[:40], 4)[0].form.startswith("M")
    table = baseline.predict(panel, np.array([[39], [43]]), 2, (0.1, 0.9))
    assert np.isfinite(table[["mean", "q0.1", "q0.9"]]).all(axis=None)
