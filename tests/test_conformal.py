"""Conformal intervals over any forecaster: coverage, what is held out, and what it says where errors are few."""

import copy
import pickle
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import cutoffs_at_positions, last_cutoffs
from datamodules.window import Dims
from forecast.arms import Arm, Task, run
from forecast.backtest import backtest
from forecast.baselines.naive import HistoricMean, Naive, SeasonalNaive
from forecast.conformal import METHODS, Conformal
from forecast.evaluation.calibration import coverage
from forecast.forecaster import Seeded
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster
from forecast.parts import configuration
from forecast.table import build

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)


def panel_of(values, freq="D"):
    """A panel of the columns of ``values`` (T, N), each a series; frequency 1 has no season."""
    stamps = np.arange(len(values)) if freq == 1 else pd.date_range("2020-01-01", periods=len(values), freq=freq)
    frames = [pd.DataFrame({"unique_id": f"s{n:03}", "ds": stamps, "y": column}) for n, column in enumerate(values.T)]
    return Panel.from_frame(pd.concat(frames), freq=freq)


class Zero(Naive):
    """Forecasts 0, with quantiles of 1, 2, ... above the levels' middle, or none."""

    def __init__(self, *, width=0.0, name="Zero"):
        super().__init__(name=name)
        self.width = width

    def predict(self, panel, cutoffs, horizon, levels=()):
        mean = np.zeros((int((cutoffs >= 0).sum()), horizon, 1))
        sides = np.sign(np.array(levels) - 0.5) * self.width
        quantiles = mean[..., None] + sides if self.width else np.empty((*mean.shape, 0))
        return build(self.name, panel, cutoffs, mean, quantiles, levels)


class Follower(Zero):
    """Its interval reaches 0.8 of the last absolute value to both sides."""

    def predict(self, panel, cutoffs, horizon, levels=()):
        size = np.abs(panel.target[cutoffs[cutoffs >= 0], 0])[:, None, None]
        mean = np.zeros((len(size), horizon, 1))
        quantiles = mean[..., None] + 0.8 * size[..., None] * np.sign(np.array(levels) - 0.5)
        return build(self.name, panel, cutoffs, mean, quantiles, levels)


@pytest.mark.parametrize("method", METHODS)
def test_exchangeable_errors_are_covered_as_often_as_said(method):
    values = np.random.default_rng(0).standard_t(4, size=(240, 60))
    result = backtest(panel_of(values), [Conformal(HistoricMean(), method=method)], horizon=3, folds=20, levels=LEVELS)
    assert not result.runs["error"].any()
    found = coverage(result.table).set_index("level")["coverage"]
    assert found[0.8] == pytest.approx(0.8, abs=0.015)  # 3,600 independent values: 2 standard errors are 0.013
    assert found[0.95] == pytest.approx(0.95, abs=0.015)


def test_intervals_recover_after_a_shift_of_variance_that_the_scale_follows():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(700, 1)) * np.where(np.arange(700) < 560, 1.0, 3.0)[:, None]
    forecasters = [Conformal(Zero(), method=method) for method in ("split", "aci")]
    result = backtest(panel_of(values, 1), forecasters, horizon=1, folds=120, stride=1, levels=(0.1, 0.9))
    assert coverage(result.table)["coverage"].to_numpy() == pytest.approx([0.8, 0.8], abs=0.06)


def test_adaptive_intervals_follow_errors_that_drift_away_and_split_ones_lag_behind():
    values = np.random.default_rng(1).normal(size=(700, 1)) + 0.02 * np.arange(-400, 300).clip(0)[:, None]
    panel = panel_of(values, 1)
    forecasters = [Conformal(Zero(), method=method, rate=0.5, cutoffs=300) for method in ("split", "aci")]
    result = backtest(panel, forecasters, horizon=1, folds=120, stride=1, levels=(0.1, 0.9))
    found = coverage(result.table).set_index("model")["coverage"]
    assert abs(found["Zero+aci"] - 0.8) < 0.08
    assert found["Zero+split"] < found["Zero+aci"] - 0.05


def test_quantile_regression_keeps_the_shape_of_the_forecasters_own_interval():
    """Spread follows the last value, as the forecaster's own does, though that is too narrow."""
    rng = np.random.default_rng(2)
    values = np.empty((600, 8))
    values[::2] = rng.uniform(1, 20, size=(300, 8))
    values[1::2] = rng.normal(size=(300, 8)) * values[::2]
    panel = panel_of(values, 1)
    cutoffs = np.arange(panel.n_series) * 600 + 560 + np.arange(0, 20, 2)[:, None]
    fitted = Conformal(Follower(name="F"), method="cqr", cutoffs=60).fit(panel.until(cutoffs[0] - 1))
    table = fitted.predict(panel, cutoffs, 1, (0.1, 0.9))
    own = np.abs(panel.target[cutoffs.ravel(), 0])
    width = (table["q0.9"] - table["q0.1"]).to_numpy()
    assert np.corrcoef(own, width)[0, 1] > 0.3
    plain = (
        Conformal(Follower(name="F"), cutoffs=60)
        .fit(panel.until(cutoffs[0] - 1))
        .predict(panel, cutoffs, 1, (0.1, 0.9))
    )
    flat = (plain["q0.9"] - plain["q0.1"]).to_numpy()
    assert abs(np.corrcoef(own, flat)[0, 1]) < 0.3


@pytest.mark.parametrize("method", ["split", "aci"])
def test_quantile_is_point_forecast_plus_an_order_statistic_of_earlier_errors(method):
    values = np.random.default_rng(3).normal(size=(200, 1)).cumsum(axis=0)
    panel = panel_of(values, 1)  # no season: every cutoff before is used
    fitted = Conformal(Naive(), method=method, held_out=0.5, cutoffs=39, rate=1e-9).fit(panel)
    table = fitted.predict(panel, last_cutoffs(panel), 2, (0.025, 0.975))
    weights = 0.5 ** (np.arange(199) / 10)  # of changes, the last one first: half of one 10 steps later
    changes = np.abs(np.diff(values[:, 0]))
    scale = [weights[:t] @ changes[:t][::-1] / weights[:t].sum() for t in range(1, 200)]  # of the row after each
    scale = np.array(scale)
    for step in (1, 2):
        cutoff = np.arange(199 - 39, 199 - step + 1)
        errors = (values[cutoff + step, 0] - values[cutoff, 0]) / scale[cutoff - 1]
        if step == 1:
            expected = values[-1, 0] + np.array([errors.min(), errors.max()]) * scale[-1]
            assert table.loc[0, ["q0.025", "q0.975"]].to_numpy(float) == pytest.approx(expected)
    assert np.allclose(table["mean"], values[-1, 0])


def test_errors_are_of_values_that_the_forecaster_had_not_seen():
    class Memory(Zero):
        fits: ClassVar[list[int]] = []

        def fit(self, panel):
            Memory.fits.append(int(panel.last_rows[0]))
            return super().fit(panel)

    panel = panel_of(np.random.default_rng(4).normal(size=(200, 1)), 1)
    fitted = Conformal(Memory(), held_out=0.2).fit(panel)
    assert Memory.fits == [159, 199]
    earlier = fitted._earlier(panel, np.array([[199]]), np.array([[199]]), 3, ())
    assert earlier.positions.min() >= 159
    Memory.fits.clear()
    Conformal(Memory(), held_out=0.2, refit=False).fit(panel)
    assert Memory.fits == [159]


def test_few_errors_are_said_and_never_too_narrow():
    rng = np.random.default_rng(5)
    widths = []
    for _ in range(40):
        panel = panel_of(rng.normal(size=(30, 1)), 1)
        fitted = Conformal(Zero()).fit(panel)
        table = fitted.predict(panel, last_cutoffs(panel), 1, (0.025, 0.975))
        assert "under 39 errors to calibrate levels 0.025 to 0.975 with, for 1 of 1 series" in fitted.notes
        widths.append(float(table["q0.975"].iloc[0] - table["q0.025"].iloc[0]))
    assert np.median(widths) > 2 * 1.96


def test_without_errors_the_forecasters_own_quantiles_stand_and_are_noted():
    panel = panel_of(np.random.default_rng(6).normal(size=(3, 1)), 1)
    fitted = Conformal(Zero(width=7.0)).fit(panel)
    table = fitted.predict(panel, np.array([[1]]), 1, (0.1, 0.9))
    assert table[["q0.1", "q0.9"]].to_numpy().tolist() == [[-7.0, 7.0]]
    assert "own intervals: 's000'" in fitted.notes
    with pytest.raises(InputError, match="series 's000' has no earlier errors to make intervals from, and Zero has"):
        Conformal(Zero()).fit(panel).predict(panel, np.array([[1]]), 1, (0.1, 0.9))


def test_levels_that_a_network_was_not_trained_on_are_served():
    panel = panel_of(np.random.default_rng(7).normal(size=(300, 3)))
    network = NeuralForecaster(Linear(Dims(7, 2), levels=[0.5]), max_steps=5)
    table = Conformal(network).fit(panel).predict(panel, last_cutoffs(panel), 2, (0.01, 0.3, 0.99))
    assert np.isfinite(table[["q0.01", "q0.3", "q0.99"]].to_numpy()).all()


def test_cqr_without_quantiles_is_split_and_says_so():
    panel = panel_of(np.random.default_rng(8).normal(size=(200, 1)))
    fitted = Conformal(Zero(), method="cqr").fit(panel)
    table = fitted.predict(panel, last_cutoffs(panel), 2, (0.1, 0.9))
    assert "Zero offers no quantiles: split conformal" in fitted.notes
    same = Conformal(Zero()).fit(panel).predict(panel, last_cutoffs(panel), 2, (0.1, 0.9))
    pd.testing.assert_frame_equal(table.drop(columns="model"), same.drop(columns="model"))


def test_only_a_wrapper_of_a_network_has_a_seed():
    network = NeuralForecaster(Linear(Dims(4, 2)), max_steps=3)
    seeded, plain = Conformal(network), Conformal(Naive())
    assert isinstance(seeded, Seeded)
    assert not isinstance(plain, Seeded)
    other = seeded.with_seed(7)
    assert (other.seed, seeded.seed, other.name) == (7, 0, "Linear+split")
    for twin in (copy.deepcopy(other), pickle.loads(pickle.dumps(other))):
        assert isinstance(twin, Seeded)
        assert twin.seed == 7


def test_configuration_tells_method_and_forecaster_but_not_drawn_weights():
    first, second = (Conformal(NeuralForecaster(Linear(Dims(4, 2)), seed=seed), name="x") for seed in (0, 1))
    assert configuration(first) == configuration(second)
    assert configuration(Conformal(Naive())) != configuration(Conformal(Naive(), method="aci"))
    assert configuration(Conformal(SeasonalNaive(seasonality=2))) != configuration(Conformal(SeasonalNaive()))


def test_arm_of_a_wrapped_network_is_one_of_a_network(make_panel):
    panel = make_panel([120, 100])
    network = NeuralForecaster(Linear(Dims(4, 2), levels=[0.1, 0.9]), max_steps=3)
    task = Task(panel, np.array([100, 110]), 2, 0, 0, 1, (0.1, 0.9))
    part = run(Arm(Conformal(network, name="Linear"), 1, 0, 2), task)
    assert part.run["error"] == ""
    assert (part.run["kind"], part.run["model"], part.run["steps"]) == ("network", "Linear", 3)
    assert part.run["parameters"] > 0
    assert part.table["seed"].unique().tolist() == [1]
    assert len(part.curves)


def test_series_that_end_at_different_times_use_only_what_each_cutoff_knew(make_panel):
    """Changing a long series after a short one's end changes nothing for the short one."""
    panel = make_panel([300, 200], late=[0, 0])
    cutoffs = last_cutoffs(panel)
    forecaster = Conformal(SeasonalNaive(seasonality=12)).fit(panel)
    expected = forecaster.predict(panel, cutoffs, 3, LEVELS)
    frame = panel.to_frame().rename(columns={"y0": "y"})
    late = (frame["unique_id"] == "series 0") & (frame.groupby("unique_id").cumcount() > 199)
    frame.loc[late, "y"] += np.random.default_rng(0).normal(0, 50, int(late.sum()))
    other = forecaster.predict(Panel.from_frame(frame, freq="h"), cutoffs, 3, LEVELS)
    own = (expected["unique_id"] == "series 1").to_numpy()
    quantiles = [f"q{level:g}" for level in LEVELS]
    pd.testing.assert_frame_equal(other.loc[own, quantiles], expected.loc[own, quantiles], check_exact=True)
    assert not np.allclose(other.loc[~own, quantiles], expected.loc[~own, quantiles])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "splt"}, "did you mean 'split'"),
        ({"held_out": 1.0}, "held_out is 1.0"),
        ({"cutoffs": 1}, "cutoffs is 1"),
        ({"rate": 0.0}, "rate is 0.0"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Conformal(Naive(), **options)


def test_position_of_a_cutoff_is_not_its_row(make_panel):
    """A series that begins late is calibrated at the same moments as the others."""
    panel = make_panel([200, 150], late=[0, 50])
    cutoffs = cutoffs_at_positions(panel, np.array([199]))
    table = Conformal(SeasonalNaive(seasonality=12)).fit(panel).predict(panel, cutoffs, 2, (0.1, 0.9))
    alone = panel.select(np.array([1]))
    same = Conformal(SeasonalNaive(seasonality=12)).fit(alone).predict(alone, last_cutoffs(alone), 2, (0.1, 0.9))
    assert len(table) == 4
    assert np.isfinite(same[["q0.1", "q0.9"]].to_numpy()).all()
