import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines.demand import croston_rates, squared_errors, tsb_rates
from forecast.baselines.intermittent import SBA, TSB, CrostonClassic
from forecast.baselines.lanes import Lanes

ALL = [CrostonClassic, SBA, TSB]
LEVELS = (0.1, 0.5, 0.9)


def daily(**series):
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2024-01-01", periods=len(y)), "y": y})
        for name, y in series.items()
    ]
    return Panel.from_frame(pd.concat(frames), freq="D")


def demands(n=200, seed=0, share=0.3):
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < share, rng.integers(1, 9, n), 0).astype(float)


@pytest.mark.parametrize("cls", [CrostonClassic, SBA])
def test_alpha_is_no_worse_than_any_of_a_grid(cls):
    lanes = Lanes.of([demands(seed=seed, n=120 + seed) for seed in (3, 2, 1)])
    alpha = cls().estimate(lanes, 7).params.T
    grid = np.repeat(np.linspace(0.01, 0.5, 99)[:, None], len(lanes.lengths), axis=1)
    found, tried = (
        squared_errors(lanes, croston_rates(lanes, values, corrected=cls.corrected)) for values in (alpha, grid)
    )
    assert (found[0] <= tried.min(axis=0) * (1 + 1e-4)).all()


def test_both_parameters_of_tsb_are_about_as_good_as_any_of_a_grid():
    lanes = Lanes.of([demands(seed=seed, n=120 + seed) for seed in (3, 2, 1)])
    params = TSB().estimate(lanes, 7).params.T
    values = np.linspace(0.01, 0.5, 25)
    alpha, beta = (np.repeat(one.reshape(-1, 1), len(lanes.lengths), axis=1) for one in np.meshgrid(values, values))
    found = squared_errors(lanes, tsb_rates(lanes, params[:1], params[1:]))
    assert (found[0] <= squared_errors(lanes, tsb_rates(lanes, alpha, beta)).min(axis=0) * 1.005).all()


def test_parameters_that_are_given_are_taken():
    lanes = Lanes.of([demands()])
    assert CrostonClassic(alpha=0.1).estimate(lanes, 7).params[0].tolist() == [0.1]
    assert TSB(alpha=0.2, beta=0.3).estimate(lanes, 7).params[0].tolist() == [0.2, 0.3]
    assert TSB(alpha=0.2).estimate(lanes, 7).params[0, 0] == 0.2
    for make in (lambda: SBA(alpha=1.5), lambda: TSB(beta=-0.1)):
        with pytest.raises(InputError, match="must be from 0 to 1"):
            make()


@pytest.mark.parametrize("cls", ALL)
def test_same_rate_and_quantiles_at_every_step_none_below_zero(cls):
    panel = daily(a=demands())
    table = cls().fit(panel).predict(panel, last_cutoffs(panel), 5, LEVELS)
    columns = ["mean", "q0.1", "q0.5", "q0.9"]
    assert (table[columns].nunique() == 1).all()
    assert table["mean"].iloc[0] == pytest.approx(demands().mean(), rel=0.25)
    assert (table[["q0.1", "q0.5", "q0.9"]] >= 0).all(axis=None)
    assert table["q0.9"].iloc[0] > 3


@pytest.mark.parametrize("cls", ALL)
def test_quantiles_cover_what_they_say_on_steady_demand(cls):
    panel = daily(**{f"s{seed}": demands(seed=seed, n=400) for seed in range(40)})
    cutoffs = rolling_cutoffs(panel, horizon=20, folds=1, stride=20)
    table = cls().fit(panel.until(cutoffs[0])).predict(panel, cutoffs, 20, (0.9, 0.95))
    actual = np.concatenate([demands(seed=seed, n=400)[-20:] for seed in range(40)])
    assert np.mean(actual <= table["q0.9"]) == pytest.approx(0.9, abs=0.04)
    assert np.mean(actual <= table["q0.95"]) == pytest.approx(0.95, abs=0.03)


@pytest.mark.parametrize("cls", ALL)
def test_only_demand_at_the_last_step_still_has_an_answer(cls):
    panel = daily(a=np.array([0.0, 0, 0, 0, 6]))
    table = cls().fit(panel).predict(panel, last_cutoffs(panel), 2, LEVELS)
    assert np.isfinite(table[["mean", "q0.1", "q0.9"]]).all(axis=None)


def test_rate_fades_when_demand_has_stopped_with_tsb_alone():
    panel = daily(busy=demands(100), over=np.append(demands(100), np.zeros(60)))
    for cls, fades in ((CrostonClassic, False), (TSB, True)):
        options = {"alpha": 0.1} | ({"beta": 0.1} if cls is TSB else {})
        busy, over = cls(**options).fit(panel).predict(panel, last_cutoffs(panel), 1)["mean"]
        assert (over < busy / 100) == fades


@pytest.mark.parametrize("cls", ALL)
def test_answer_does_not_depend_on_other_series(cls):
    panel = daily(**{f"s{seed}": demands(seed=seed, n=30 + 9 * seed) for seed in range(11)})
    whole = cls().fit(panel).predict(panel, last_cutoffs(panel), 3, LEVELS)
    for name in ("s0", "s7"):
        frame = panel.to_frame()
        alone = Panel.from_frame(frame[frame["unique_id"] == name], freq="D")
        table = cls().fit(alone).predict(alone, last_cutoffs(alone), 3, LEVELS)
        columns = ["step", "mean", "q0.1", "q0.5", "q0.9"]
        same = whole[whole["unique_id"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(same[columns], table[columns], check_exact=True)
