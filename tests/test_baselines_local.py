"""How local models run over a panel: fitted once, filtered later, and no failure lost."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.forecasting.theta import ThetaModel

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines import DEFAULT, ets_fit, local
from forecast.baselines.arima import ARIMA, AutoReg
from forecast.baselines.base import Baseline, ForecastError
from forecast.baselines.decomposition import STLETS
from forecast.baselines.local import LocalBaseline
from forecast.baselines.smoothing import ETS, SES, HoltWinters
from forecast.baselines.theta import Theta
from forecast.forecaster import find

LOCAL = [AutoReg, ARIMA]
SMOOTHED = [ETS, HoltWinters, STLETS, SES]
LEVELS = (0.1, 0.9)


def quarterly(**series):
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2000-01-01", periods=len(y), freq="QS"), "y": y})
        for name, y in series.items()
    ]
    return Panel.from_frame(pd.concat(frames), freq="QS-JAN")


def wavy(n=40, seed=0):
    rng = np.random.default_rng(seed)
    return 50 + np.arange(n) / 2 + 4 * np.sin(np.pi / 2 * np.arange(n)) + rng.normal(0, 1, n).cumsum()


@pytest.mark.parametrize("cls", LOCAL)
def test_fit_and_predict_at_its_end_is_the_ordinary_fit_and_forecast(cls):
    y = wavy()
    panel = quarterly(a=y)
    model = cls()
    table = model.fit(panel).predict(panel, last_cutoffs(panel), 5, LEVELS)
    params, _ = model.estimate(y, 4)
    mean, quantiles = model.forecast(y, params, 5, LEVELS, 4)
    np.testing.assert_allclose(table["mean"], mean)
    np.testing.assert_allclose(table[["q0.1", "q0.9"]], quantiles)
    unfitted = cls().predict(panel, last_cutoffs(panel), 5, LEVELS)
    pd.testing.assert_frame_equal(table, unfitted)


@pytest.mark.parametrize("cls", LOCAL)
def test_later_cutoffs_keep_the_parameters_of_the_fit(cls, monkeypatch):
    panel = quarterly(a=wavy())
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=3, stride=2)
    model = cls().fit(panel.until(cutoffs[0]))
    kept = model._estimates["a", "y"].params
    monkeypatch.setattr(cls, "estimate", lambda *_: pytest.fail("estimated again"))
    table = model.predict(panel, cutoffs, 3)
    mean, _ = model.forecast(wavy()[: cutoffs[2, 0] + 1], kept, 3, (), 4)
    np.testing.assert_allclose(table["mean"].to_numpy()[-3:], mean)


def test_capped_history_begins_where_the_fit_began():
    panel = quarterly(a=wavy(60))
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=2, stride=6)
    model = AutoReg(max_history=24).fit(panel.until(cutoffs[0]))
    table = model.predict(panel, cutoffs, 3)
    begin = cutoffs[0, 0] + 1 - 24
    mean, _ = model.forecast(wavy(60)[begin : cutoffs[1, 0] + 1], model._estimates["a", "y"].params, 3, (), 4)
    np.testing.assert_allclose(table["mean"].to_numpy()[-3:], mean)


def test_series_not_seen_at_fit_is_estimated_at_predict():
    both = quarterly(a=wavy(), b=wavy(seed=1))
    some = ETS().fit(quarterly(a=wavy())).predict(both, last_cutoffs(both), 2)
    pd.testing.assert_frame_equal(some, ETS().fit(both).predict(both, last_cutoffs(both), 2))


@pytest.mark.parametrize("cls", [ETS, HoltWinters, Theta])
def test_hole_inside_a_series_still_gets_a_finite_forecast(cls):
    y = wavy()
    line = y.copy()
    line[10] = (y[9] + y[11]) / 2
    y[10] = np.nan
    holed, filled = quarterly(a=y), quarterly(a=line)
    table = cls().fit(holed).predict(holed, last_cutoffs(holed), 4, LEVELS)
    pd.testing.assert_frame_equal(table, cls().fit(filled).predict(filled, last_cutoffs(filled), 4, LEVELS))


def test_statsmodels_answers_a_hole_with_nan():
    y = wavy()
    y[10] = np.nan
    assert np.isnan(ETSModel(y).smooth(np.array([0.5, 1.0])).forecast(2)).all()


@pytest.mark.parametrize("cls", [ETS, Theta, ARIMA])
def test_unobserved_end_is_forecast_over(cls):
    panel = quarterly(a=wavy())
    seen = panel.until(np.array([36]))
    late = cls().predict(seen, np.array([[38]]), 2, LEVELS)
    early = cls().predict(seen, np.array([[36]]), 4, LEVELS)
    columns = ["time", "mean", "q0.1", "q0.9"]
    pd.testing.assert_frame_equal(late[columns], early[columns].iloc[2:].reset_index(drop=True))


@pytest.mark.parametrize("cls", [*LOCAL, *SMOOTHED])
def test_constant_series_stays_constant(cls):
    panel = quarterly(a=np.full(24, 5.0))
    model = cls().fit(panel)
    table = model.predict(panel, last_cutoffs(panel), 3, LEVELS)
    np.testing.assert_array_equal(table[["mean", "q0.1", "q0.9"]], 5.0)
    assert model.notes == "constant history on 1 of 1 series"


@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:Maximum Likelihood")
def test_statsmodels_theta_is_wrong_on_constant_series():
    assert abs(ThetaModel(np.full(48, 5.0), deseasonalize=False).fit().forecast(1).iloc[0] - 5) > 0.1


def test_without_convergence_the_forecast_is_kept_and_counted(monkeypatch):
    monkeypatch.setattr(ets_fit, "_LONG", 1)
    panel = quarterly(a=wavy(), b=wavy(seed=1), c=np.full(20, 1.0))
    model = HoltWinters().fit(panel)
    assert model.notes == "not converged on 2 of 3 series"
    model.predict(panel, last_cutoffs(panel), 2)
    assert model.notes == "constant history on 1 of 3 series; not converged on 2 of 3 series"


def test_failing_series_are_counted_and_the_first_is_quoted():
    panel = quarterly(good=wavy(), short=np.array([1.0, 2.0]))
    with pytest.raises(ForecastError, match=r"^ETS failed on 1 of 2 series; first: 'short': 2 values up to the cutoff"):
        ETS().fit(panel).predict(panel, last_cutoffs(panel), 2)


def test_forecast_that_is_not_finite_is_a_failure(monkeypatch):
    monkeypatch.setattr(
        AutoReg, "forecast", lambda self, y, params, horizon, levels, _: (np.full(horizon, np.nan),) * 2
    )
    panel = quarterly(a=wavy())
    with pytest.raises(ForecastError, match="AutoReg failed on 1 of 1 series; first: 'a': the forecast is not finite"):
        AutoReg().predict(panel, last_cutoffs(panel), 2)


def test_fallback_answers_under_its_own_name():
    panel = quarterly(good=wavy(), short=np.array([1.0, 2.0]))
    model = ETS(fallback="SeasonalNaive").fit(panel)
    table = model.predict(panel, last_cutoffs(panel), 2, LEVELS)
    assert table.groupby("unique_id", observed=True)["model"].unique().map(list).to_dict() == {
        "good": ["ETS"],
        "short": ["ETS>SeasonalNaive"],
    }
    assert table.loc[table["unique_id"] == "short", "mean"].tolist() == [2, 2]
    assert "ETS failed on 1 of 2 series" in model.notes
    assert model.notes.endswith("answered by SeasonalNaive")


def test_fallback_that_is_not_known_is_refused():
    with pytest.raises(InputError, match="did you mean 'SeasonalNaive'"):
        ETS(fallback="SeasonalNaiv")


@pytest.mark.slow
def test_processes_answer_as_one_does(monkeypatch):
    panel = quarterly(a=wavy(), b=wavy(seed=1), c=wavy(seed=2))
    alone = AutoReg(n_jobs=1).fit(panel).predict(panel, last_cutoffs(panel), 3, LEVELS)
    monkeypatch.setattr(local, "_ALONE_SECONDS", 0.0)
    together = AutoReg(n_jobs=2).fit(panel).predict(panel, last_cutoffs(panel), 3, LEVELS)
    pd.testing.assert_frame_equal(together, alone)


def test_defaults_are_baselines_that_there_are():
    assert set(DEFAULT) <= set(find("forecast.baselines", Baseline))
    assert LocalBaseline.__name__ not in find("forecast.baselines", Baseline)
