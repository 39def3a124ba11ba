"""What a fitted forecaster takes to keep."""

import io
from copy import deepcopy

import numpy as np
import pytest
import torch

from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.base import Baseline, is_available
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.baselines.smoothing import ETS
from forecast.footprint import fitted_bytes
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster


def test_network_takes_what_its_weights_take():
    network = NeuralForecaster(MLP(Dims(6, 3), hidden_size=64))
    size = fitted_bytes(network, network)
    assert size >= 4 * network.parameters
    file = io.BytesIO()
    torch.save(network.module.state_dict(), file)
    assert size == pytest.approx(file.tell(), rel=0.3)  # a file has names and headers beside the numbers


def test_baseline_takes_what_it_learnt(make_panel):
    one, three = make_panel([60]), make_panel([60, 60, 60])
    assert fitted_bytes(Naive().fit(one), Naive()) == 0
    sizes = [fitted_bytes(ETS().fit(panel), ETS()) for panel in (one, three)]
    assert 0 < sizes[0] < sizes[1]


def test_notes_do_not_count_and_what_cannot_be_pickled_is_nan():
    noted = Naive()
    noted.notes = "a long story"
    assert fitted_bytes(noted, Naive()) == 0
    odd = Naive()
    odd.keep = lambda: None
    assert np.isnan(fitted_bytes(odd, Naive()))

    class Shy:
        def __getstate__(self):
            raise RuntimeError("not to be copied")

    odd.keep = Shy()
    assert np.isnan(fitted_bytes(odd, Naive()))


def test_backtest_tells_the_size_of_each_model_and_of_a_failed_one_none(make_panel):
    class Broken(Naive):
        def fit(self, panel):
            raise RuntimeError("no")

    network = NeuralForecaster(MLP(Dims(6, 3), hidden_size=4), max_steps=2, batch_size=8, steps_per_epoch=2)
    result = backtest(make_panel([60, 50]), [network, SeasonalNaive(), Broken()], horizon=3, folds=2, refit="always")
    board = result.leaderboard().set_index("model")["bytes"]
    assert board["MLP"] == fitted_bytes(network, deepcopy(network))
    assert board["SeasonalNaive"] == 0
    assert np.isnan(board["Broken"])
    assert len(result.runs) == 6


def test_every_baseline_has_a_size(make_panel):
    from forecast.forecaster import find

    panel = make_panel([60])
    for kind in filter(is_available, find("forecast.baselines", Baseline).values()):
        assert np.isfinite(fitted_bytes(kind().fit(panel), kind())), kind
