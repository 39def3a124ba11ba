"""Shards: every arm in exactly one, the same everywhere, with about as much to do in each."""

import re

import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.split import rolling_positions
from datamodules.window import Dims
from forecast.arms import Task, plan
from forecast.backtest import backtest
from forecast.baselines.arima import ARIMA
from forecast.baselines.lag_linear import LagLinear
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.baselines.theta import Theta
from forecast.cost import cost
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.shards import Shard, deal
from forecast.teams import teams


@pytest.fixture
def planned(make_panel):
    panel = make_panel([60, 50])
    task = Task(panel, rolling_positions(panel, horizon=3, folds=4, stride=3), 3, 0, 0, 1, (0.1, 0.9))
    nets = [NeuralForecaster(MLP(Dims(6, 3)), name=f"n{steps}", max_steps=steps) for steps in (10, 500)]
    return teams(plan([*nets, Theta(), Naive()], 4, refit="always", seeds=(0, 1))), task


@pytest.mark.parametrize("of", [1, 2, 3, 7, 24, 40])
def test_shards_are_disjoint_complete_and_always_the_same(planned, of):
    working, task = planned
    dealt = deal(working, task, of)
    assert len(dealt) == len(working)
    assert set(dealt) <= set(range(1, of + 1))
    assert deal(list(working), task, of) == dealt
    if of <= len(working):
        assert set(dealt) == set(range(1, of + 1))


@pytest.mark.parametrize("of", [2, 4, 8])
def test_shards_have_about_as_much_to_do_and_some_of_every_model(planned, of):
    working, task = planned
    dealt = np.array(deal(working, task, of))
    costs = np.array([cost(team, task) for team in working])
    load = [costs[dealt == number].sum() for number in range(1, of + 1)]
    assert max(load) - min(load) <= costs.max()
    dear = [index for index, team in enumerate(working) if team.arms[0].forecaster.name == "n500"]
    assert len(set(dealt[dear])) == of


def test_model_on_lags_costs_its_windows_times_their_steps_and_one_by_one_more_than_all_at_once(make_panel):
    def costs(horizon, *forecasters):
        panel = make_panel([300] * 5)
        task = Task(panel, rolling_positions(panel, horizon=horizon, folds=1, stride=1), horizon, 0, 0, 1, (0.1, 0.9))
        return [cost(team, task) for team in teams(plan(forecasters, 1, refit="never", seeds=(0,)))]

    [near], [far] = (costs(horizon, LagLinear()) for horizon in (2, 20))
    assert far == pytest.approx(10 * near, rel=0.01)
    few, all_windows, naive = costs(20, LagLinear(max_windows=150), LagLinear(), Naive())
    assert all_windows == pytest.approx(10 * few, rel=0.01)
    assert few > 100 * naive
    one_by_one, at_once = costs(20, ARIMA(), Theta())
    assert one_by_one > 10 * at_once > 10 * naive


@pytest.mark.parametrize("text", ["0/3", "4/3", "x", "3", "1/0", "/3", "1/", "-1/3", "1.5/3", "1/3/5"])
def test_shard_that_cannot_be_is_refused(text):
    with pytest.raises(InputError, match=re.escape(f"shard is '{text}'; expected a number of a total, such as 1/20")):
        Shard.read(text)


def test_shards_in_one_folder_together_are_the_whole_backtest(make_panel, tmp_path):
    options = {"horizon": 3, "folds": 3, "refit": "always"}
    whole = backtest(make_panel([60, 50]), [Naive(), SeasonalNaive()], **options)
    parts = [
        backtest(make_panel([60, 50]), [Naive(), SeasonalNaive()], **options, folder=tmp_path, shard=f"{number}/4")
        for number in (1, 2, 3, 4)
    ]
    assert sum(len(part.runs) for part in parts) == len(whole.runs) == 6
    assert parts[1].provenance["shard"] == "2/4"
    joined = backtest(make_panel([60, 50]), [Naive(), SeasonalNaive()], **options, folder=tmp_path)
    assert joined.table.equals(whole.table)
    assert len(list(tmp_path.iterdir())) == 6
