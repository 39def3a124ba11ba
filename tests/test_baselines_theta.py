"""Theta and its optimised forms over a panel, against statsmodels, statsforecast 2.1.1 and numbers by hand."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.forecasting.theta import ThetaModel
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines.lanes import Lanes
from forecast.baselines.theta import DynamicOptimizedTheta, DynamicTheta, OptimizedTheta, Theta

ALL = [Theta, OptimizedTheta, DynamicTheta, DynamicOptimizedTheta]
LEVELS = (0.1, 0.9)
SCORE = 1.2815515655446004  # normal quantile at 0.9

# Quarterly beer production (megalitres), Australian Bureau of Statistics: 1992 Q1 to 2010 Q2.
BEER = """443 410 420 532 433 421 410 512 449 381 423 531 426 408 416 520 409 398 398 507 432 398 406 526 428 397 403
517 435 383 424 521 421 402 414 500 451 380 416 492 428 408 406 506 435 380 421 490 435 390 412 454 416 403 408 482 438
386 405 491 427 383 394 473 420 390 410 488 415 398 419 488 414 374"""
BEER_AHEAD = {  # auto_theta(y, m=4, model): the next six quarters
    OptimizedTheta: (399.8562177273, 487.4878683749, 416.7454767195, 382.9304076608, 398.6613976342, 486.0301050198),
    DynamicTheta: (401.3020527265, 489.4395814367, 418.5768737874, 384.7641025577, 400.728767131, 488.7451053309),
    DynamicOptimizedTheta: (402.4985739, 491.0397753447, 420.0652667568, 386.2419092421, 402.3815199304, 490.898771206),
}


@pytest.fixture(scope="module")
def y():
    rng = np.random.default_rng(0)
    steps = np.arange(72)
    return 100 + steps + 10 * np.sin(np.pi / 2 * steps) + rng.normal(0, 2, 72) + rng.normal(0, 1, 72).cumsum()


def quarterly(**series):
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2000-01-01", periods=len(y), freq="QS"), "y": y})
        for name, y in series.items()
    ]
    return Panel.from_frame(pd.concat(frames), freq="QS-JAN")


def at_once(model, y, horizon, seasonality, levels=(), **changes):
    lanes = Lanes.of([y])
    params = model.estimate(lanes, seasonality).params
    params[:, -2] = changes.get("alpha", params[0, -2])
    mean, quantiles = model.forecast(lanes, params, horizon, levels, seasonality)
    return mean[0], quantiles[0], params[0]


def test_theta_equals_statsmodels_where_that_is_right(y):
    for values, season in ((y, 4), (y - 150, 4), (np.log(y), 1)):
        mean, _, _ = at_once(Theta(), values, 8, season)
        own = ThetaModel(values, period=season, deseasonalize=season > 1, use_test=False).fit().forecast(8)
        np.testing.assert_allclose(mean, own, rtol=2e-3, atol=0.02)


def test_theta_by_hand_with_alpha_one_half():
    mean, quantiles, params = at_once(Theta(), np.array([1.0, 3.0, 2.0, 4.0]), 2, 1, (0.9,), alpha=0.5)
    # levels 1, 2, 2, 3; slope 0.8; drift 0.4 (h - 1 + (1 - 0.5**4) / 0.5); errors 2, 0, 2
    np.testing.assert_allclose(params[-1], 0.8)
    np.testing.assert_allclose(mean, [3.75, 4.15])
    np.testing.assert_allclose((quantiles[:, 0] - mean) / SCORE, np.sqrt(8 / 3 * np.array([1, 1.25])))


def test_theta_smooths_as_simple_exponential_smoothing(y):
    mean, _, params = at_once(Theta(), y, 1, 1)
    alpha, slope = params[-2:]
    own = SimpleExpSmoothing(y, initialization_method="known", initial_level=y[0]).fit(optimized=True)
    assert alpha == pytest.approx(own.params["smoothing_level"], abs=1e-4)
    drift = slope / 2 * (1 - (1 - alpha) ** len(y)) / alpha
    np.testing.assert_allclose(mean - drift, own.forecast(1), rtol=1e-5)


@pytest.mark.parametrize("cls", BEER_AHEAD)
def test_optimised_forms_equal_statsforecast_on_a_season(cls):
    panel = quarterly(beer=np.array(BEER.split(), dtype=float))
    table = cls().fit(panel).predict(panel, last_cutoffs(panel), 6)
    np.testing.assert_allclose(table["mean"], BEER_AHEAD[cls], rtol=2e-3)


@pytest.mark.parametrize("cls", ALL)
def test_answer_does_not_depend_on_other_series(cls, y):
    rng = np.random.default_rng(1)
    panel = quarterly(**{f"s{number}": rng.normal(9, 1, 12 + 5 * number).cumsum() for number in range(9)}, y=y)
    whole = cls().fit(panel).predict(panel, last_cutoffs(panel), 5, LEVELS)
    for name in ("s0", "s6", "y"):
        frame = panel.to_frame()
        alone = Panel.from_frame(frame[frame["unique_id"] == name], freq="QS-JAN")
        table = cls().fit(alone).predict(alone, last_cutoffs(alone), 5, LEVELS)
        columns = ["step", "mean", "q0.1", "q0.9"]
        same = whole[whole["unique_id"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(same[columns], table[columns], check_exact=True)


@pytest.mark.parametrize("cls", ALL)
def test_later_cutoffs_keep_the_parameters_of_the_fit(cls, y, monkeypatch):
    panel = quarterly(a=y)
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=2, stride=2)
    model = cls().fit(panel.until(cutoffs[0]))
    params = model.estimate(Lanes.of([y[: cutoffs[0, 0] + 1]]), 4).params
    monkeypatch.setattr(cls, "estimate", lambda *_: pytest.fail("estimated again"))
    table = model.predict(panel, cutoffs, 3)
    later = Lanes.of([y[: cutoffs[1, 0] + 1]])
    np.testing.assert_array_equal(table["mean"].to_numpy()[3:], model.forecast(later, params, 3, (), 4)[0][0])


@pytest.mark.parametrize("cls", ALL)
def test_line_is_followed_on(cls):
    line = 10 + 3 * np.arange(40.0)
    mean, _, _ = at_once(cls(), line + np.random.default_rng(0).normal(0, 1e-3, 40), 4, 1)
    # half the slope is the drift where theta is 2; the level's lag makes up for what is missing of the rest
    expected = line[-1] + 3 * np.arange(1, 5)
    np.testing.assert_allclose(mean, expected, rtol=0.05)
    assert (np.diff(mean) > 1.4).all()
