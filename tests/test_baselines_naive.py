"""The simple methods against numbers worked out by hand and by a slow loop."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines.base import ForecastError
from forecast.baselines.naive import Drift, HistoricMean, Naive, SeasonalNaive, WindowAverage

NAN = np.nan
SCORE = 1.2815515655446004  # normal quantile at 0.9


def quarterly(*series):
    frames = [
        pd.DataFrame({"unique_id": f"s{i}", "ds": pd.date_range("2000-01-01", periods=len(y), freq="QS"), "y": y})
        for i, y in enumerate(series)
    ]
    return Panel.from_frame(pd.concat(frames), freq="QS-JAN")


def answer(forecaster, y, horizon):
    panel = quarterly(np.array(y, dtype=float))
    table = forecaster.fit(panel).predict(panel, last_cutoffs(panel), horizon, (0.9,))
    return table["mean"].to_numpy(), ((table["q0.9"] - table["mean"]) / SCORE).to_numpy()


Y = [3.0, 7.0, 4.0, 8.0, 6.0]


@pytest.mark.parametrize(
    ("forecaster", "mean", "spread"),
    [
        # residuals 4, -3, 4, -2; table 5.2: sigma sqrt(h)
        (Naive(), [6, 6, 6], np.sqrt(45 / 4 * np.array([1, 2, 3]))),
        # residuals at season 2: 1, 1, 2; sigma sqrt(k + 1)
        (SeasonalNaive(seasonality=2), [8, 6, 8], np.sqrt(2 * np.array([1, 1, 2]))),
        # slope 3/4, residuals 3.25, -3.75, 3.25, -2.75 with one parameter; sigma sqrt(h (1 + h / (T - 1)))
        (Drift(), [6.75, 7.5, 8.25], np.sqrt(42.75 / 3 * np.array([1 * 1.25, 2 * 1.5, 3 * 1.75]))),
        # variance of y with one parameter, 17.2 / 4; sigma sqrt(1 + 1 / T)
        (HistoricMean(), [5.6, 5.6, 5.6], np.sqrt(np.full(3, 17.2 / 4 * 1.2))),
        # one-step errors 4, -1, 2.5, 0
        (WindowAverage(window=2), [7, 7, 7], np.sqrt(np.full(3, 23.25 / 4))),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_mean_and_spread_are_those_worked_out_by_hand(forecaster, mean, spread):
    found, width = answer(forecaster, Y, 3)
    np.testing.assert_allclose(found, mean)
    np.testing.assert_allclose(width, spread)


def test_unobserved_values_are_skipped_and_widen_the_spread():
    mean, spread = answer(Naive(), [1.0, 2.0, NAN, 4.0], 1)
    np.testing.assert_allclose([mean[0], spread[0]], [4, np.sqrt((1 + 4 / 2) / 2)])
    panel = quarterly(np.array([1.0, 2.0, 4.0, 9.0]))
    table = Naive().predict(panel.until(np.array([1])), np.array([[2]]), 1, (0.9,))  # a hole at the cutoff itself
    np.testing.assert_allclose(table["mean"], 2)
    np.testing.assert_allclose((table["q0.9"] - 2) / SCORE, np.sqrt(2))


def test_season_takes_its_last_observed_value_and_the_last_value_where_it_has_none():
    mean, _ = answer(SeasonalNaive(seasonality=4), [1, 2, 3, 4, 5, NAN, 7], 4)
    np.testing.assert_allclose(mean, [4, 5, 2, 7])
    mean, _ = answer(SeasonalNaive(seasonality=4), [1, 2], 4)
    np.testing.assert_allclose(mean, [2, 2, 1, 2])


def test_seasonality_comes_from_the_clock_unless_given():
    mean, _ = answer(SeasonalNaive(), range(8), 4)
    np.testing.assert_allclose(mean, [4, 5, 6, 7])


def test_window_average_takes_the_last_observed_values():
    mean, _ = answer(WindowAverage(window=3), [100, 1, NAN, 2, 6], 1)
    np.testing.assert_allclose(mean, [3])


def test_window_average_of_one_season_is_the_default():
    mean, _ = answer(WindowAverage(), [100, 1, 2, 3, 6], 1)
    np.testing.assert_allclose(mean, [3])


def test_large_level_costs_no_digits():
    for forecaster in (HistoricMean(), WindowAverage(window=4)):
        mean, spread = answer(forecaster, 1e9 + np.array(Y), 1)
        small, width = answer(forecaster, Y, 1)
        np.testing.assert_allclose(mean - 1e9, small, rtol=1e-6)
        np.testing.assert_allclose(spread, width, rtol=1e-6)


@pytest.mark.parametrize("cls", [Naive, SeasonalNaive, Drift, HistoricMean, WindowAverage])
def test_all_cutoffs_at_once_equal_each_history_alone(cls):
    rng = np.random.default_rng(0)
    series = [np.where(rng.random(n) < 0.2, NAN, rng.normal(0, 1, n).cumsum()) for n in (30, 25)]
    for y in series:
        y[[0, -1]] = 1.0
    panel = quarterly(*series)
    cutoffs = rolling_cutoffs(panel, horizon=2, folds=12, stride=1)
    together = cls().predict(panel, cutoffs, 6, (0.1, 0.9))
    alone = []
    for one in cutoffs:
        known = panel.until(one)
        alone.append(cls().predict(known, one[None], 6, (0.1, 0.9)))
    pd.testing.assert_frame_equal(together, pd.concat(alone, ignore_index=True), check_exact=True)


def test_series_without_any_value_is_counted_and_named():
    panel = quarterly(np.arange(4.0), np.arange(4.0)).until(np.array([3, 3]))
    with pytest.raises(ForecastError, match=r"Naive failed on 1 of 2 series; first: 's1': no value of 'y' is observed"):
        Naive().predict(panel, last_cutoffs(quarterly(np.arange(4.0), np.arange(4.0))), 2)


def test_spread_without_residuals_is_noted():
    panel = quarterly(np.array([5.0]), np.arange(6.0))
    forecaster = Drift()
    forecaster.predict(panel, last_cutoffs(panel), 2, (0.9,))
    assert forecaster.notes == "no residuals, so no spread, on 1 of 2 series"


def test_each_target_is_forecast_on_its_own():
    frame = pd.DataFrame(
        {"ds": pd.date_range("2000-01-01", periods=3, freq="QS"), "a": [1.0, 2, 3], "b": [6.0, 5, NAN]}
    )
    panel = Panel.from_frame(frame, target=("a", "b"), freq="QS-JAN")
    table = Naive().predict(panel, last_cutoffs(panel), 1)
    assert table["mean"].tolist() == [3, 5]


@pytest.mark.parametrize("make", [lambda: SeasonalNaive(seasonality=-1), lambda: WindowAverage(window=-2)])
def test_option_out_of_range_is_refused(make):
    with pytest.raises(InputError, match="must be at least 0"):
        make()
