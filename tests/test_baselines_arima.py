"""ARIMA and AutoReg against statsmodels' own calls and processes with known parameters."""

import numpy as np
import pytest
from statsmodels.tsa.ar_model import AutoReg as StatsAutoReg
from statsmodels.tsa.arima.model import ARIMA as StatsARIMA

from datamodules.errors import InputError
from forecast.baselines.arima import ARIMA, AutoReg, kpss_statistic

SCORE = 1.2815515655446004  # normal quantile at 0.9


def ar1(n=300, phi=0.5, seed=1):
    errors = np.random.default_rng(seed).normal(0, 1, n)
    y = np.zeros(n)
    for step in range(1, n):
        y[step] = phi * y[step - 1] + errors[step]
    return y


def test_arima_takes_no_difference_of_a_stationary_series_and_one_of_a_random_walk():
    (order, _, _), _ = ARIMA(max_models=4).estimate(5 + ar1(), 1)
    assert order[1] == 0
    (order, _, _), _ = ARIMA(max_models=4).estimate(ar1().cumsum(), 1)
    assert order[1] == 1


@pytest.mark.filterwarnings("ignore::statsmodels.tools.sm_exceptions.ConvergenceWarning")
def test_arima_takes_a_seasonal_difference_of_a_strong_season():
    rng = np.random.default_rng(0)
    y = np.tile([0.0, 5, 9, -4], 20) + rng.normal(0, 1, 80).cumsum()
    (order, season, _), _ = ARIMA(max_models=4).estimate(y, 4)
    assert season == 4
    assert order[4] == 1


def test_arima_equals_statsmodels_forecast_of_the_same_order():
    y = 5 + ar1()
    model = ARIMA(max_models=4)
    params, _ = model.estimate(y, 1)
    (p, d, q, *_, constant), _, _ = params
    mean, quantiles = model.forecast(y, params, 5, (0.9,), 1)
    own = StatsARIMA(y, order=(p, d, q), trend="c" if constant else "n").fit().get_forecast(5)
    np.testing.assert_allclose(mean, own.predicted_mean, rtol=0.02)
    np.testing.assert_allclose((quantiles[:, 0] - mean) / SCORE, own.se_mean, rtol=0.02)


def test_arima_tries_no_more_orders_than_told(monkeypatch):
    tried = []
    monkeypatch.setattr("forecast.baselines.arima._aicc", lambda y, season, order: tried.append(order) or -len(tried))
    ARIMA(max_models=6).estimate(ar1(60), 1)
    assert len(tried) == len(set(tried)) == 6


def test_kpss_statistic_equals_statsmodels():
    assert kpss_statistic(ar1(100, 0.7, 0), 4) == pytest.approx(0.23714266642931237)  # tsa.stattools.kpss, 0.15.0


def test_autoreg_equals_statsmodels():
    y = 5 + ar1()
    mean, quantiles = AutoReg(lags=3).forecast(y, AutoReg(lags=3).estimate(y, 1)[0], 6, (0.9,), 1)
    own = StatsAutoReg(y, 3).fit().get_prediction(start=300, end=305)
    np.testing.assert_allclose(mean, own.predicted_mean)
    np.testing.assert_allclose((quantiles[:, 0] - mean) / SCORE, own.se_mean, rtol=1e-6)


def test_autoreg_chooses_about_the_true_number_of_lags():
    (coefficients, variance), _ = AutoReg().estimate(ar1(600), 1)
    assert len(coefficients) == 2
    assert coefficients[1] == pytest.approx(0.5, abs=0.1)
    assert variance == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("make", [lambda: ARIMA(max_models=0), lambda: AutoReg(lags=-1), lambda: ARIMA(max_history=-1)])
def test_option_out_of_range_is_refused(make):
    with pytest.raises(InputError, match="must be at least"):
        make()
