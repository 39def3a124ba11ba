"""Global models on lags: what they learn, and that windows, scales and quantiles are what they say."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines.base import ForecastError, require
from forecast.baselines.gradient_boosting import LightGBM, _table
from forecast.baselines.lag_linear import LagLinear, _apply, _ridge
from forecast.baselines.lagged import LaggedBaseline, Rows
from forecast.baselines.naive import SeasonalNaive

KINDS = (LagLinear, partial(LightGBM, n_estimators=60, learning_rate=0.1, max_windows=1000))
NAMES = ("LagLinear", "LightGBM")
every_kind = pytest.mark.parametrize("kind", KINDS, ids=NAMES)


def panel_of(seed: int = 0, **scales: float) -> Panel:
    rng = np.random.default_rng(seed)
    steps = np.arange(400)
    frames = []
    for name, scale in scales.items():
        y = scale * (10 + 3 * np.sin(2 * np.pi * steps / 7 + len(name)) + rng.normal(0, 0.3, 400))
        frames.append(pd.DataFrame({"unique_id": name, "ds": pd.date_range("2022-01-01", periods=400), "y": y}))
    return Panel.from_frame(pd.concat(frames), freq="D")


def error_of(forecaster, panel: Panel) -> float:
    cutoffs = rolling_cutoffs(panel, horizon=14, folds=3, stride=14)
    table = forecaster.fit(panel.until(cutoffs[0])).predict(panel, cutoffs, 14, (0.1, 0.9))
    rows = cutoffs[cutoffs >= 0][:, None] + np.arange(1, 15)
    return float(np.abs(table["mean"].to_numpy() - panel.target[rows, 0].reshape(-1)).mean())


@every_kind
def test_season_is_learnt_from_all_series_better_than_repeated(kind):
    panel = panel_of(a=1.0, bb=1.0, ccc=1.0)
    assert error_of(kind(), panel) < 0.9 * error_of(SeasonalNaive(), panel)


@every_kind
def test_series_of_any_size_are_forecast_alike(kind):
    small, large = panel_of(a=1.0, bb=1.0), panel_of(a=1.0, bb=1e6)
    tables = [kind().fit(each).predict(each, last_cutoffs(each), 7, (0.9,)) for each in (small, large)]
    for column in ("mean", "q0.9"):
        one, other = (table[table["unique_id"] == "bb"][column].to_numpy() for table in tables)
        np.testing.assert_allclose(other, one * 1e6, rtol=2e-2)


@every_kind
def test_known_covariate_is_used_unless_told_not_to(kind):
    frame = panel_of(a=1.0, bb=1.0).to_frame()
    driver = np.random.default_rng(1).normal(0, 1, len(frame))
    panel = Panel.from_frame(frame.assign(y=frame["y"] + 3 * driver, driver=driver), freq="D", known=["driver"])
    assert error_of(kind(), panel) < 0.8 * error_of(kind(covariates=False), panel)


@every_kind
def test_quantiles_cover_what_they_say(kind):
    panel = panel_of(a=1.0, bb=5.0, ccc=20.0, dddd=3.0)
    cutoffs = rolling_cutoffs(panel, horizon=7, folds=10, stride=7)
    table = kind(horizon=7).fit(panel.until(cutoffs[0])).predict(panel, cutoffs, 7, (0.1, 0.9))
    actual = panel.target[(cutoffs[cutoffs >= 0][:, None] + np.arange(1, 8)), 0].reshape(-1)
    inside = (table["q0.1"] <= actual) & (actual <= table["q0.9"])
    assert inside.mean() == pytest.approx(0.8, abs=0.08)


@every_kind
def test_horizon_may_be_said_before_or_when_it_is_first_forecast(kind):
    panel = panel_of(a=1.0)
    said, asked = kind(horizon=5, lags=21).fit(panel), kind(lags=21).fit(panel)
    tables = [each.predict(panel, last_cutoffs(panel), 5, (0.1,)) for each in (said, asked)]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    shorter = said.predict(panel, last_cutoffs(panel), 3, (0.1,))
    pd.testing.assert_frame_equal(shorter, tables[0].iloc[:3], check_exact=True)
    assert len(said.predict(panel, last_cutoffs(panel), 9)) == 9


def test_short_series_is_padded_and_said_to_be():
    panel = panel_of(a=1.0)
    short = Panel.from_frame(pd.concat([panel.to_frame(), panel.to_frame().tail(3).assign(unique_id="new")]), freq="D")
    fitted = LagLinear(lags=14).fit(short)
    table = fitted.predict(short, last_cutoffs(short), 4)
    assert np.isfinite(table["mean"]).all()
    assert fitted.notes == "1 of 2 series with under 14 rows, padded: 'new'"


def test_nothing_to_learn_from_is_said_in_a_sentence():
    panel = panel_of(a=0.0)
    with pytest.raises(ForecastError, match=r"LagLinear has no window of \d+ \+ 4 observed rows that vary"):
        LagLinear().fit(panel).predict(panel, last_cutoffs(panel), 4)


def test_ridge_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    table, answer = rng.normal(size=(50, 6)), rng.normal(size=(50, 3))
    expected = Ridge(alpha=0.1).fit(table, answer).predict(table)
    np.testing.assert_allclose(_apply(_ridge(table, answer, 0.1), table), expected, rtol=1e-9, atol=1e-12)


def test_table_has_a_row_a_step_with_the_value_of_its_phase():
    lags = np.arange(9.0)[None]  # the last value is 8, the season 4
    nothing = np.empty((1, 0))
    rows = Rows(lags, nothing, np.array([[[10.0], [11.0], [12.0], [13.0], [14.0]]]), nothing, *np.ones((2, 1)))
    table = _table(rows, 5, 4)
    assert table.shape == (5, 8 + 5 + 3 + 1 + 1)
    assert table[:, 0].tolist() == [8.0] * 5
    assert table[:, 8:13].tolist() == [[6.5, np.sqrt(1.25), 5.0, 8.0, 4.0]] * 5
    assert table[:, 13].tolist() == [5.0, 6.0, 7.0, 8.0, 5.0]
    assert table[:, 14].tolist() == [1.0, 2.0, 3.0, 4.0, 1.0]
    np.testing.assert_array_equal(table[:, 15], [np.nan, np.nan, np.nan, 0.0, np.nan])
    assert table[:, 16].tolist() == [10.0, 11.0, 12.0, 13.0, 14.0]
    assert table[:, 17].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_package_that_is_lacking_is_named():
    class Needy(LaggedBaseline):
        extra = "no_such_package"

        def learn(self, rows, answer, seasonality):
            return None

        def answer(self, model, rows, seasonality):
            return rows.lags

    with pytest.raises(
        Exception, match=r"Needy needs the package 'no_such_package'.*forecast-toolkit\[no_such_package\]"
    ):
        require(Needy())
