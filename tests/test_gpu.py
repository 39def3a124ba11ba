"""On a CUDA device: the panel lives there, training works, and forecasts are those of a CPU."""

import os

import numpy as np
import pytest
import torch

from datamodules.base import PanelData
from datamodules.inputs import Inputs
from datamodules.scaling import SCALINGS
from datamodules.split import last_cutoffs
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.engines.devices import devices, visible
from forecast.forecaster import find
from forecast.models.base import ForecastModule
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
    pytest.mark.filterwarnings("ignore:.*number of training batches.*"),
]
MODELS = find("forecast.models", ForecastModule)
GPU = {"accelerator": "gpu", "devices": 1}


def flat(value):
    return [value] if isinstance(value, torch.Tensor) else [leaf for part in value for leaf in flat(part)]


def test_store_and_batches_live_on_the_device(make_panel, make_trainer):
    data = PanelData(make_panel([60, 50], known=1), context_length=6, horizon=3, batch_size=8)
    seen = []

    class Watch(MLP):
        def training_step(self, window, batch_idx):
            seen.append({leaf.device.type for leaf in flat(window)})
            return super().training_step(window, batch_idx)

    make_trainer(**GPU).fit(Watch(data.dims, hidden_size=4), datamodule=data)
    assert all(devices == {"cuda"} for devices in seen)
    assert {data.laid.store.target.device.type, data.laid.store.offsets.device.type} == {"cuda"}


@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_windows_gathered_on_the_device_are_those_of_a_cpu(make_panel, holes):
    panel = make_panel([60, 50], targets=2, past=1, known=1, static=1, holes=holes)
    store = Inputs.untouched(panel, context_length=6, horizon=3).lay(panel, complete=panel.complete).store
    rows = torch.tensor([[10, 20], [30, 80]])
    own = store.window(rows, context_length=6, horizon=3)
    other = store.to(torch.device("cuda")).window(rows.cuda(), context_length=6, horizon=3)
    for left, right in zip(flat(own), flat(other), strict=True):
        assert torch.equal(left, right.cpu())


@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("name", sorted(MODELS))
def test_forecasts_on_the_device_are_close_to_those_of_a_cpu(name, scaling, make_panel):
    panel = make_panel([60, 50])
    forecaster = NeuralForecaster(MODELS[name](Dims(12, 3), scaling=scaling))
    own = forecaster.predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    forecaster.module.cuda()
    other = forecaster.predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
    for column in ("mean", "q0.1", "q0.9"):
        np.testing.assert_allclose(other[column], own[column], rtol=5e-3)


@pytest.mark.parametrize("name", sorted(MODELS))
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_training_on_the_device_lowers_the_loss(name, precision, make_panel):
    panel = make_panel([200, 200])
    forecaster = NeuralForecaster(
        MODELS[name](Dims(12, 3), lr=0.01), max_steps=60, steps_per_epoch=20, trainer={**GPU, "precision": precision}
    ).fit(panel)
    assert forecaster.curves["val_loss"].min() < 0.8 * forecaster.curves["val_loss"].iloc[0]
    assert np.isfinite(forecaster.predict(panel, last_cutoffs(panel), 3)["mean"]).all()


def test_workers_train_on_devices_in_turn(make_panel):
    class Place(Linear):
        def on_train_end(self):
            raise RuntimeError(
                f"{self.device.type} of {torch.cuda.device_count()}: {os.environ['CUDA_VISIBLE_DEVICES']}"
            )

    networks = [NeuralForecaster(Place(Dims(6, 3)), name=name, max_steps=3, trainer=GPU) for name in "ab"]
    runs = backtest(make_panel(), networks, horizon=3, folds=2, engine="processes", workers=2).runs
    shown = {text.partition(": ")[2] for text in runs["error"]}
    expected = {visible(place, devices())["CUDA_VISIBLE_DEVICES"] for place in range(2)}
    assert shown == {f"cuda of 1: {each}" for each in expected}


def test_fit_leaves_the_devices_random_state_alone(make_panel):
    state = torch.cuda.get_rng_state()
    NeuralForecaster(MLP(Dims(6, 3), hidden_size=4, dropout=0.5), max_steps=3, trainer=GPU).fit(make_panel())
    assert torch.equal(torch.cuda.get_rng_state(), state)
