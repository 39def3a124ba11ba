"""NeuralForecaster on series with holes and on short ones."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.preparation import CHOICES, Preparation
from datamodules.split import last_cutoffs, rolling_cutoffs
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import Naive
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster

KINDS = [kind for kind in CHOICES["missing"] if kind != "error"]
DIMS = Dims(6, 2)


def network(dims=DIMS, **prepare):
    module = MLP(dims, hidden_size=4, dropout=0.0)
    return NeuralForecaster(module, max_steps=6, batch_size=16, steps_per_epoch=6, prepare=Preparation(**prepare))


@pytest.fixture
def holed(make_panel):
    """A panel with 40 % holes, runs longer than a context, and series that begin or end with holes."""
    panel = make_panel([60, 50, 40], targets=2, past=1, holes=0.4)
    target, past = np.array(panel.target), np.array(panel.past)
    target[20:38] = np.nan
    target[[60, 61, 62], 1] = np.nan
    target[63] = 25.0
    target[104:110, 0] = np.nan
    past[::3] = np.nan
    return replace(panel, target=target, past=past)


@pytest.mark.parametrize("scaling", ["mean_abs", "robust"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_trains_and_forecasts_finite_and_causal(holed, kind, scaling):
    cutoffs = np.array([[25, 75, 120], [30, 100, 130], [36, 109, 140]])
    forecaster = network(missing=kind, scaling=scaling if scaling == "robust" else "none")
    forecaster.module = MLP(DIMS, hidden_size=4, scaling=scaling)
    forecaster.fit(holed)
    table = forecaster.predict(holed, cutoffs, 2, (0.1,))
    assert np.isfinite(table[["mean", "q0.1"]]).all(axis=None)
    assert table["mean"].between(0, 50).all()
    for fold, garbage in zip(cutoffs, (np.nan, 1e6, -5.0), strict=True):
        after = (np.arange(len(holed.target)) > fold[holed.series_of_row])[:, None]
        other = replace(holed, target=np.where(after, garbage, holed.target), past=np.where(after, garbage, holed.past))
        own, again = (forecaster.predict(shown, fold[None], 2, (0.1,)) for shown in (holed, other))
        pd.testing.assert_frame_equal(own, again, check_exact=True)


def test_error_refuses_a_hole_up_to_the_cutoff_and_none_after_it(make_panel):
    panel = make_panel([60])
    forecaster = network(missing="error").fit(panel)
    target = panel.target.copy()
    target[40] = np.nan
    holed = replace(panel, target=target)
    assert len(forecaster.predict(holed, np.array([[39]]), 2)) == 2
    for cutoff in (40, 50):
        with pytest.raises(
            InputError, match=r"no value in column 'y0' \(target\) at 2024-01-02 16:00:00; missing: error"
        ):
            forecaster.predict(holed.until(np.array([cutoff])), np.array([[cutoff]]), 2)
    with pytest.raises(InputError, match="missing: error wants all"):
        network(missing="error").fit(holed)


def test_a_context_long_hole_is_forecast_from_the_value_before_it(make_panel):
    panel = make_panel([60])
    target = panel.target.copy()
    target[30:50] = np.nan
    shown = replace(panel, target=target)
    for kind in KINDS:
        forecaster = network(missing=kind).fit(shown)
        early = forecaster.predict(shown, np.array([[40]]), 2)["mean"]
        assert (np.abs(early - target[29, 0]) < 30).all()


def test_history_of_the_context_length_is_enough_to_forecast(make_panel):
    forecaster = network().fit(make_panel([60, 50]))
    only = make_panel([6], seed=3)
    assert np.isfinite(forecaster.predict(only, last_cutoffs(only), 2)["mean"]).all()
    with pytest.raises(InputError, match="has 5 rows up to its cutoff; MLP needs a context of 6"):
        forecaster.predict(make_panel([5]), np.array([[4]]), 2)


@pytest.mark.parametrize("kind", KINDS)
def test_padded_a_single_row_is_enough_to_train_on_and_to_forecast_from(make_panel, kind):
    panel = make_panel([60, 7, 3, 1], past=1)
    forecaster = network(short="pad", missing=kind).fit(panel)
    assert (forecaster.history, forecaster.context_length) == (1, 6)
    sentence = "3 of 4 series with under 8 rows to train on, padded: 'series 1', 'series 2', 'series 3'"
    assert forecaster.notes["note"] == sentence
    table = forecaster.predict(panel, last_cutoffs(panel), 2)
    assert np.isfinite(table["mean"]).all()
    assert table["unique_id"].nunique() == 4
    assert forecaster.notes["note"] == (
        f"{sentence}; 2 of 4 series with under 6 rows up to a cutoff, padded: 'series 2', 'series 3'"
    )
    late = np.array([[59, 66, -1, -1]])
    pd.testing.assert_frame_equal(
        forecaster.predict(panel, late, 2),
        table[table["unique_id"].isin(["series 0", "series 1"])].reset_index(drop=True),
    )


def test_padding_sees_nothing_of_what_comes_after_the_cutoff(make_panel):
    panel = make_panel([60, 20], past=1)
    forecaster = network(short="pad").fit(panel)
    cutoff = np.array([[2, 61]])
    after = (np.arange(80) > cutoff[0][panel.series_of_row])[:, None]
    garbage = replace(panel, target=np.where(after, 1e6, panel.target), past=np.where(after, 1e6, panel.past))
    own, again = (forecaster.predict(shown, cutoff, 2) for shown in (panel, garbage))
    pd.testing.assert_frame_equal(own, again, check_exact=True)


def test_panel_of_short_series_alone_trains_when_padded(make_panel):
    panel = make_panel([7, 6, 5])
    forecaster = network(short="pad").fit(panel)
    assert forecaster.notes["windows"] > 0
    assert np.isfinite(forecaster.curves["val_loss"]).all()
    with pytest.raises(InputError, match="none has more with values observed"):
        network(short="skip").fit(panel)


def test_skipped_series_are_counted_and_left_out_of_forecasts(make_panel):
    panel = make_panel([60, 5])
    forecaster = network(short="skip").fit(panel)
    trained = "1 of 2 series with under 8 rows to train on, without training windows: 'series 1'"
    assert forecaster.notes["note"] == trained
    table = forecaster.predict(panel, last_cutoffs(panel), 2)
    assert table["unique_id"].unique().tolist() == ["series 0"]
    assert forecaster.notes["note"] == (
        f"{trained}; 1 of 2 series with under 6 rows up to a cutoff, left out: 'series 1'"
    )
    with pytest.raises(InputError, match="has 5 rows up to its cutoff"):
        forecaster.predict(panel, np.array([[-1, 64]]), 2)


def test_backtest_forecasts_padded_series_from_their_first_row_on(make_panel):
    panel = make_panel([60, 60], late=[0, 55])
    panel = panel.until(np.array([59, 64])).select(np.array([0, 1]))
    found = {}
    for short in ("skip", "pad"):
        result = backtest(panel, [network(short=short), Naive()], horizon=2, folds=3, stride=1)
        found[short] = result.table[result.table["unique_id"] == "series 1"].groupby("model", observed=True).size()
        assert (result.runs["error"] == "").all()
    assert found["skip"].empty
    assert found["pad"].to_dict() == {"MLP": 6, "Naive": 6}


def test_rows_before_a_target_is_observed_are_left_out_for_all(make_panel):
    panel = make_panel([40, 40], targets=2)
    target = panel.target.copy()
    target[40:78, 1] = np.nan
    result = backtest(replace(panel, target=target), [network(Dims(6, 2, 2)), Naive()], horizon=1, folds=3, stride=1)
    assert (result.runs["error"] == "").all()
    assert result.health.groupby("unique_id")["folds"].first().to_dict() == {"series 0": 3, "series 1": 1}
    assert rolling_cutoffs(panel, horizon=1, folds=3, stride=1).shape == (3, 2)


def test_what_is_filled_in_a_target_is_counted(make_panel):
    panel = make_panel([30, 20])
    forecaster = network().fit(panel)
    target = np.array(panel.target)
    target[[5, 27]] = np.nan
    holed = replace(panel, target=target)
    forecaster.predict(holed, last_cutoffs(holed), 2)
    assert forecaster.notes["note"] == "missing value in y0: 1 cell filled"
    forecaster.predict(holed, np.array([[26, 49]]), 2)
    assert forecaster.notes["note"] == ""


def test_lags_that_reach_behind_a_series_are_told(make_panel):
    panel = make_panel([30, 12])
    forecaster = network(features=Features(lags=(7,), rolling=("mean_4",))).fit(panel)
    forecaster.predict(panel, last_cutoffs(panel), 2)
    sentence = "1 of 2 series with under 13 rows up to a cutoff, where lags begin with the first value: 'series 1'"
    assert forecaster.notes["note"] == sentence
    forecaster.predict(panel, np.array([[12, -1]]), 2)
    assert forecaster.notes["note"] == ""
