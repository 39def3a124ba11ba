"""Exponential smoothing as a person uses it, and what comes after a lane, against statsmodels and by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import last_cutoffs
from forecast.baselines.base import ForecastError, innovation_spread
from forecast.baselines.decomposition import STLETS
from forecast.baselines.ets_ahead import ahead, innovation_weights
from forecast.baselines.ets_forms import Form
from forecast.baselines.lanes import Lanes
from forecast.baselines.smoothed import form_of
from forecast.baselines.smoothing import ETS, SES, DampedHolt, Holt, HoltWinters

SCORE = 1.2815515655446004  # normal quantile at 0.9
WEIGHTS = (0.4, 0.3, 0.2, 0.9)  # alpha / (1 - gamma), beta / alpha, gamma, phi


def quarterly(**series):
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2000-01-01", periods=len(y), freq="QS"), "y": y})
        for name, y in series.items()
    ]
    return Panel.from_frame(pd.concat(frames), freq="QS-JAN")


@pytest.fixture(scope="module")
def y():
    rng = np.random.default_rng(0)
    steps = np.arange(72)
    return 100 + steps + 10 * np.sin(np.pi / 2 * steps) + rng.normal(0, 2, 72) + rng.normal(0, 1, 72).cumsum()


def row(form, y):
    """Parameters (6 + m, 8) of plain weights and states, and statsmodels' result with the same."""
    weights = [
        WEIGHTS[0],
        *(one if has else 0.0 for one, has in zip(WEIGHTS[1:3], (form.trend != "N", form.season != "N"), strict=True)),
    ]
    phi = WEIGHTS[3] if form.trend == "Ad" else 1.0
    season = {"N": [0.0], "A": [1.0, 4.0, -2.0, -3.0], "M": [1.1, 0.9, 1.05, 0.95]}[form.season]
    trend = 0.5 if form.trend != "N" else 0.0
    params = np.array([*weights, phi, 100.0, trend, *season])
    alpha = weights[0] * (1 - weights[2])
    theirs = [alpha, *([alpha * weights[1]] if trend else []), *([weights[2]] if weights[2] else [])]
    theirs += [*([phi] if form.trend == "Ad" else []), 100.0, *([trend] if trend else [])]
    theirs += season[::-1] if form.season != "N" else []
    names = {"N": None, "A": "add", "M": "mul"}
    model = ETSModel(
        pd.Series(y),
        error=names[form.error],
        trend="add" if trend else None,
        damped_trend=form.trend == "Ad",
        seasonal=names[form.season],
        seasonal_periods=4 if form.season != "N" else None,
    )
    return np.repeat(params[:, None], 8, axis=1), model.smooth(np.array(theirs))


@pytest.mark.parametrize("name", ["ANN", "AAN", "AAdN", "ANA", "AAA", "AAdA"])
def test_additive_form_equals_statsmodels_mean_and_variance(name, y):
    params, theirs = row(Form.of(name), y)
    mean, quantiles = ahead(Lanes.of([y]), Form.of(name), params, 9, (0.9,), 4)
    expected = theirs.get_prediction(start=72, end=80)
    np.testing.assert_allclose(mean[0], expected.predicted_mean, rtol=1e-10)
    np.testing.assert_allclose((quantiles[0, :, 0] - mean[0]) / SCORE, np.sqrt(expected.forecast_variance), rtol=1e-6)


@pytest.mark.parametrize("name", ["MNN", "MAdN", "MAA", "MNM", "MAM"])
def test_multiplicative_form_is_simulated_around_statsmodels_mean(name, y):
    params, theirs = row(Form.of(name), y)
    mean, quantiles = ahead(Lanes.of([y]), Form.of(name), params, 6, (0.1, 0.5, 0.9), 4)
    np.testing.assert_allclose(mean[0], theirs.forecast(6), rtol=1e-10)
    draws = np.random.default_rng(1).standard_normal((6, 4000)) * np.sqrt(theirs.scale)
    paths = np.asarray(theirs.simulate(6, anchor="end", repetitions=4000, random_errors=draws))
    np.testing.assert_allclose(quantiles[0], np.quantile(paths, (0.1, 0.5, 0.9), axis=1).T, rtol=0.02)
    assert (np.diff(quantiles[0], axis=1) > 0).all()


@pytest.mark.parametrize("damped", [False, True])
def test_weights_are_what_a_surprise_adds_to_the_forecast(damped, y):
    form = Form("A", "Ad" if damped else "A", "A")
    params, _ = row(form, y)
    surprised = np.append(y[:-1], y[-1] + 1)
    one, other = (ahead(Lanes.of([values]), form, params, 9, (), 4)[0][0] for values in (surprised, y))
    alpha = 0.4 * (1 - 0.2)
    weights = innovation_weights(10, alpha, beta=0.3 * alpha, phi=0.9 if damped else 1.0, gamma=0.2, period=4)
    np.testing.assert_allclose(one - other, weights, atol=1e-8)


def test_innovation_spread_of_a_random_walk_grows_with_the_root_of_the_step():
    np.testing.assert_allclose(innovation_spread(4.0, np.ones(3)), [2, np.sqrt(8), np.sqrt(12), 4])


def test_ets_finds_the_form_of_clear_cases(y):
    rng = np.random.default_rng(3)
    grows = np.exp(np.arange(96) / 40) * (2 + np.sin(np.pi / 2 * np.arange(96))) * np.exp(rng.normal(0, 0.02, 96))
    found = ETS().estimate(Lanes.of([grows, rng.normal(0, 1, 80).cumsum(), y]), 4).params
    assert form_of(found[0]).season == "M"
    assert form_of(found[1]) == Form.of("ANN")
    assert form_of(found[2]).season == "A"


@pytest.mark.parametrize("model", [ETS(), HoltWinters(), HoltWinters(seasonal="mul"), STLETS()])
def test_under_two_seasons_is_forecast_without_season(model):
    frame = {"ds": pd.date_range("2000-01-01", periods=8, freq="MS"), "y": [3.0, 5, 4, 6, 5, 7, 6, 9]}
    panel = Panel.from_frame(pd.DataFrame(frame))
    table = model.fit(panel).predict(panel, last_cutoffs(panel), 3)
    assert "without season (under two of them) on 1 of 1 series" in model.notes
    assert np.isfinite(table["mean"]).all()


def test_multiplicative_holt_winters_refuses_values_below_zero():
    panel = quarterly(a=np.sin(np.arange(20.0)))
    with pytest.raises(ForecastError, match="needs positive values; use seasonal='add'"):
        HoltWinters(seasonal="mul").fit(panel).predict(panel, last_cutoffs(panel), 2)
    with pytest.raises(InputError, match="seasonal 'multiply' is not known"):
        HoltWinters(seasonal="multiply")


@pytest.mark.parametrize(("cls", "at_the_end"), [(SES, 0.0), (Holt, 1.0), (DampedHolt, 0.98**12)])
def test_trend_goes_on_fades_or_is_not_there(cls, at_the_end):
    steps = np.arange(60)
    panel = quarterly(a=10 + steps + np.random.default_rng(0).normal(0, 0.01, 60))
    mean = cls().fit(panel).predict(panel, last_cutoffs(panel), 12)["mean"].to_numpy()
    np.testing.assert_allclose(mean[-1] - mean[-2], at_the_end, atol=0.05)


def test_multiplicative_season_of_holt_winters_follows_a_growing_wave():
    steps = np.arange(60)
    wave = (50 + steps) * np.tile([1.2, 0.9, 0.8, 1.1], 15)
    panel = quarterly(a=wave * (1 + np.random.default_rng(0).normal(0, 1e-3, 60)))
    for damped, near in ((False, 0.005), (True, 0.05)):
        table = HoltWinters(seasonal="mul", damped=damped).fit(panel).predict(panel, last_cutoffs(panel), 4, (0.1, 0.9))
        np.testing.assert_allclose(table["mean"], (50 + np.arange(60, 64)) * [1.2, 0.9, 0.8, 1.1], rtol=near)
        assert (table["q0.1"] < table["mean"]).all()


def test_stl_ets_follows_a_pure_season_and_line():
    steps, coming = np.arange(48), np.arange(48, 54)
    pure = 10 + 0.5 * steps + np.tile([4.0, -1, -2, -1], 12)
    panel = quarterly(a=pure + np.random.default_rng(0).normal(0, 1e-3, 48))
    table = STLETS().fit(panel).predict(panel, last_cutoffs(panel), 6)
    np.testing.assert_allclose(table["mean"], 10 + 0.5 * coming + np.tile([4.0, -1, -2, -1], 2)[:6], atol=0.05)


def test_first_zero_after_the_fit_makes_ets_choose_another_form():
    rng = np.random.default_rng(3)
    steps = np.arange(44)
    y = (5 + 0.5 * steps) * (1 + 0.8 * np.sin(np.pi * steps / 2)) * (1 + 0.01 * rng.normal(size=44))
    y[41] = 0.0
    panel = quarterly(a=y)
    baseline = ETS().fit(panel.until(np.array([39])))
    assert form_of(baseline._estimates["a", "y"].params).positive
    table = baseline.predict(panel, np.array([[39], [43]]), 2, (0.1, 0.9))
    assert np.isfinite(table[["mean", "q0.1", "q0.9"]]).all(axis=None)


def test_answer_does_not_depend_on_other_series(y):
    rng = np.random.default_rng(1)
    others = {f"s{number}": 50 + rng.normal(0, 5, 30 + number).cumsum() for number in range(11)}
    panel, alone = quarterly(y=y, **others), quarterly(y=y)
    for cls in (ETS, STLETS):
        whole = cls().fit(panel).predict(panel, last_cutoffs(panel), 4, (0.1, 0.9))
        table = cls().fit(alone).predict(alone, last_cutoffs(alone), 4, (0.1, 0.9))
        same = whole[whole["unique_id"] == "y"].reset_index(drop=True)
        columns = ["step", "mean", "q0.1", "q0.9"]
        pd.testing.assert_frame_equal(same[columns], table[columns], check_exact=True)
