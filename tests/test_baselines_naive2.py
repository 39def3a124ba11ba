"""Naive2 against its definition by statsmodels' decomposition; scripts/m4_hourly.py holds it to M4's own figures."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines.naive2 import Naive2

SCORE = 1.2815515655446004  # normal quantile at 0.9


def monthly(**series):
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2000-01-01", periods=len(y), freq="MS"), "y": y})
        for name, y in series.items()
    ]
    return Panel.from_frame(pd.concat(frames), freq="MS")


@pytest.fixture
def y():
    rng = np.random.default_rng(0)
    steps = np.arange(66)
    return (50 + steps) * (1 + 0.4 * np.sin(np.pi * steps / 6)) * np.exp(rng.normal(0, 0.05, 66))


def test_naive_on_the_adjusted_series_with_its_season_put_back(y):
    panel = monthly(a=y, b=y[::-1].copy(), short=y[:35])
    cutoffs = rolling_cutoffs(panel, horizon=14, folds=2, stride=1)
    table = Naive2().fit(panel.until(cutoffs[0])).predict(panel, cutoffs, 14, (0.9,))
    for name, values in (("a", y), ("b", y[::-1])):
        for end in (52, 51):
            seen = values[:end]
            season = seasonal_decompose(seen, model="multiplicative", period=12).seasonal
            adjusted = seen / season
            ahead = np.resize(season[-12:], 14)
            spread = np.sqrt(np.mean(np.diff(adjusted) ** 2) * np.arange(1, 15)) * ahead
            stamp = pd.date_range("2000-01-01", periods=66, freq="MS")[end - 1]
            own = table[(table["unique_id"] == name) & (table["cutoff"] == stamp)]
            np.testing.assert_allclose(own["mean"], adjusted[-1] * ahead)
            np.testing.assert_allclose(own["q0.9"], adjusted[-1] * ahead + SCORE * spread)
    assert (table.loc[table["unique_id"] == "short", "mean"].groupby(table["cutoff"]).nunique() == 1).all()


def test_zero_is_forecast_without_season_and_noted(y):
    y[7] = 0.0
    panel = monthly(a=y)
    model = Naive2().fit(panel)
    table = model.predict(panel, last_cutoffs(panel), 3)
    assert table["mean"].tolist() == [y[-1]] * 3
    assert model.notes == "without season (values not positive) on 1 of 1 series"


def test_one_value_is_enough():
    panel = monthly(a=np.array([3.0]))
    assert Naive2().fit(panel).predict(panel, last_cutoffs(panel), 2)["mean"].tolist() == [3, 3]
