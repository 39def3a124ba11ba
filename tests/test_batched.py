"""A batched model answers as a local one that does the same series by series; and to the bit whatever else is asked."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import last_cutoffs, rolling_cutoffs
from forecast.baselines.base import ForecastError, normal_quantiles
from forecast.baselines.batched import BatchedBaseline
from forecast.baselines.lanes import Estimates
from forecast.baselines.local import LocalBaseline

LEVELS = (0.1, 0.9)
COLUMNS = ["unique_id", "cutoff", "step", "mean", "q0.1", "q0.9"]


class Batched(BatchedBaseline):
    """Smoothed with the weight that one over the first value says, refused below zero."""

    width = 8

    def estimate(self, lanes, seasonality):
        first = lanes.values[0]
        below = ("begins below zero", first < 0)
        return Estimates(1 / (2 + np.abs(first))[:, None], (("small", first < 1),), (below,))

    def forecast(self, lanes, params, horizon, levels, seasonality):
        level, weight = lanes.values[0].copy(), params[:, 0]
        for time, count in enumerate(lanes.active.tolist()):
            level[:count] += weight[:count] * (lanes.values[time, :count] - level[:count])
        mean = np.repeat(level[:, None], horizon, axis=1) + np.arange(horizon)
        return mean, normal_quantiles(mean, np.ones_like(mean), levels)

    def outdated(self, values, params):
        return values.min() < -100


class Local(LocalBaseline):
    """The same, one series at a time."""

    def estimate(self, y, seasonality):
        if y[0] < 0:
            raise ValueError("begins below zero")
        return 1 / (2 + abs(y[0])), ("small",) if y[0] < 1 else ()

    def forecast(self, y, params, horizon, levels, seasonality):
        level = y[0]
        for value in y:
            level += params * (value - level)
        mean = np.full(horizon, level) + np.arange(horizon)
        return mean, normal_quantiles(mean, np.ones_like(mean), levels)


def daily(**series):
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range(end="2000-06-30", periods=len(y)), "y": y})
        for name, y in series.items()
    ]
    return Panel.from_frame(pd.concat(frames), freq="D")


@pytest.fixture
def panel():
    rng = np.random.default_rng(0)
    ragged = {f"s{number:02}": np.abs(rng.normal(3, 2, 20 + number)) for number in range(19)}
    holed = np.where(np.isin(np.arange(30), (3, 4, 11)), np.nan, rng.normal(9, 1, 30))
    late = np.append(np.abs(rng.normal(0, 1, 24)), np.full(3, np.nan))
    return daily(**ragged, holed=holed, late=late, constant=np.full(25, 4.0))


def test_answers_are_those_of_a_local_model(panel):
    cutoffs = rolling_cutoffs(panel, horizon=3, folds=3, stride=2)
    for options in ({}, {"max_history": 9}):
        batched, local = Batched(**options), Local(n_jobs=1, **options)
        for fitted in (lambda one: one, lambda one: one.fit(panel.until(cutoffs[0]))):
            ours, theirs = (fitted(one).predict(panel, cutoffs, 3, LEVELS) for one in (batched, local))
            pd.testing.assert_frame_equal(ours[COLUMNS], theirs[COLUMNS], check_exact=True)
            assert batched.notes == local.notes
            assert "constant history on 1 of 22 series" in batched.notes


def test_answer_does_not_depend_on_other_series(panel):
    cutoffs = last_cutoffs(panel)
    whole = Batched().fit(panel).predict(panel, cutoffs, 3, LEVELS)
    for name in ("s03", "holed", "late"):
        frame = panel.to_frame()
        alone = Panel.from_frame(frame[frame["unique_id"] == name], freq="D")
        table = Batched().fit(alone).predict(alone, last_cutoffs(alone), 3, LEVELS)
        same = whole[whole["unique_id"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(same[COLUMNS[1:]], table[COLUMNS[1:]], check_exact=True)


@pytest.mark.parametrize("cls", [Batched, Local])
def test_reasons_are_counted_or_the_fallback_answers(cls):
    panel = daily(good=np.arange(9.0), short=np.array([1.0, 2.0]), below=np.arange(9.0) - 3)
    with pytest.raises(ForecastError, match=r"failed on 2 of 3 series; first: '(short': 2 values|below': .*begins)"):
        cls().fit(panel).predict(panel, last_cutoffs(panel), 2)
    model = cls(fallback="SeasonalNaive").fit(panel)
    table = model.predict(panel, last_cutoffs(panel), 2, LEVELS)
    answered = table.groupby("unique_id", observed=True)["model"].first()
    assert answered.to_dict() == {
        "good": cls.__name__,
        "short": f"{cls.__name__}>SeasonalNaive",
        "below": f"{cls.__name__}>SeasonalNaive",
    }
    assert model.notes.endswith("answered by SeasonalNaive")


def test_estimate_that_no_longer_applies_is_made_anew(monkeypatch):
    panel = daily(a=np.append(np.arange(1.0, 9.0), [-200.0, 5.0]))
    model = Batched().fit(panel.until(np.array([6])))
    monkeypatch.setattr(Batched, "estimate", lambda *_: pytest.fail("estimated again"))
    model.predict(panel, np.array([[7]]), 2)
    with pytest.raises(pytest.fail.Exception, match="estimated again"):
        model.predict(panel, np.array([[9]]), 2)


def test_options_are_checked():
    with pytest.raises(InputError, match="did you mean 'SeasonalNaive'"):
        Batched(fallback="SeasonalNaiv")
    with pytest.raises(InputError, match="max_history is -1"):
        Batched(max_history=-1)
