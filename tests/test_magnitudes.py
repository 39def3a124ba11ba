"""Forecasts of a network whatever the size of the values, and however they are transformed and scaled."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import rolling_cutoffs
from datamodules.window import Dims
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster

LENGTH = 150
WAVE = 10 * np.sin(2 * np.pi * np.arange(LENGTH) / 12) + np.random.default_rng(0).normal(0, 0.5, LENGTH)


def panel_of(values):
    return Panel.from_frame(pd.DataFrame({"ds": pd.date_range("2024", periods=LENGTH, freq="h"), "y": values}))


def network(steps=80, prepare=Preparation(), **options):
    module = Linear(Dims(24, 6), **{"lr": 0.01, **options})
    return NeuralForecaster(module, max_steps=steps, batch_size=32, steps_per_epoch=40, validation=0, prepare=prepare)


def forecasts(values, **options):
    """What a network, trained up to the first of five cutoffs, forecasts there, and what came."""
    panel = panel_of(values)
    cutoffs = rolling_cutoffs(panel, horizon=6, folds=5, stride=6)
    mean, quantiles = network(**options).fit(panel.until(cutoffs[0])).predict_arrays(panel, cutoffs, 6, (0.1, 0.9))
    return mean[..., 0], quantiles, panel.target[cutoffs.ravel()[:, None] + 1 + np.arange(6), 0]


def error(values, **options):
    mean, _, actual = forecasts(values, **options)
    return np.abs(mean - actual).mean()


@pytest.fixture(scope="module")
def ordinary_error():
    return error(np.round(10 * WAVE))


@pytest.mark.parametrize("level", [1e9, -1e12, 2.0**53])
def test_sine_is_forecast_as_well_on_a_high_level(level, ordinary_error):
    assert error(level + np.round(10 * WAVE)) == pytest.approx(ordinary_error, rel=0.05)


@pytest.mark.parametrize("size", [1e-12, 1e20])
def test_sine_is_forecast_as_well_in_other_sizes(size, ordinary_error):
    assert error(size * np.round(10 * WAVE)) == pytest.approx(size * ordinary_error, rel=1e-3)


@pytest.mark.parametrize(
    "options", [{"scaling": "revin"}, {"difference": 1}, {"difference": 12}, {"scaling": "minmax"}]
)
def test_sine_is_forecast_with_every_way_to_see_it(options):
    assert error(1e12 + WAVE, **options) < 2.0


@pytest.mark.parametrize("value", [0.0, 5.0, 1e12, 1e-12, 2.0**53 + 2])
def test_constant_series_are_forecast_close_to_their_value(value):
    mean, quantiles, _ = forecasts(np.full(LENGTH, value), steps=20)
    np.testing.assert_allclose(mean, value, rtol=0.5, atol=0.5 if value == 0 else 0)
    assert np.isfinite(quantiles).all()


@pytest.mark.parametrize(("transform", "scaling"), [("log1p", "none"), ("boxcox", "standard"), ("none", "minmax")])
@pytest.mark.parametrize("per", ["series", "panel"])
def test_every_preparation_forecasts_in_original_units(transform, scaling, per):
    prepare = Preparation(transform=transform, scaling=scaling, scaling_per=per)
    mean, quantiles, actual = forecasts(30 + WAVE, steps=30, prepare=prepare)
    assert np.abs(mean - actual).mean() < 6.0
    assert (np.diff(quantiles, axis=-1) >= 0).all()


@pytest.mark.parametrize(
    "prepare",
    [
        Preparation(),
        Preparation(transform="log1p"),
        Preparation(transform="boxcox", scaling="standard"),
        Preparation(scaling="robust", scaling_per="panel"),
    ],
    ids=lambda each: f"{each.transform} {each.scaling} {each.scaling_per}",
)
@pytest.mark.parametrize("trained", [True, False])
def test_values_after_the_cutoff_change_nothing_to_the_bit(prepare, trained):
    panel, cutoff, untrained = panel_of(1e9 + WAVE), np.array([[100]]), network(prepare=prepare)
    tables = []
    for value in (1.0, 1e15):
        after = np.arange(LENGTH) > 100
        shown = replace(panel, target=np.where(after[:, None], value, panel.target))
        forecaster = network(steps=2, prepare=prepare).fit(shown.until(cutoff[0])) if trained else untrained
        tables.append(forecaster.predict(shown, cutoff, 6))
    pd.testing.assert_frame_equal(*tables, check_exact=True)
