"""Weights as a smaller storage gives them back, and what it takes."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.ao.quantization.observer import PerChannelMinMaxObserver
from torch.nn.utils import prune

from datamodules.errors import InputError
from datamodules.split import last_cutoffs
from datamodules.window import Dims
from forecast.baselines.naive import Naive
from forecast.compress import KINDS, compress, quantised, sparsity, stored_bytes
from forecast.conformal import Conformal
from forecast.footprint import fitted_bytes
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster


@pytest.fixture
def module():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(7, 5), nn.Tanh(), nn.Conv1d(5, 4, 3), nn.LSTM(4, 3), nn.Embedding(6, 2))


def compressed(module, kind):
    other = copy.deepcopy(module)
    compress(other, kind)
    return dict(other.named_parameters())


@pytest.mark.parametrize(("kind", "bits"), [("int8", 8), ("int4", 4)])
def test_whole_numbers_are_those_of_torch_s_observer_of_rows(module, kind, bits):
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    after = compressed(module, kind)
    for name, value in module.named_parameters():
        if value.dim() < 2:
            assert torch.equal(after[name], value)
            continue
        observer = PerChannelMinMaxObserver(
            ch_axis=0, dtype=torch.qint8, qscheme=torch.per_channel_symmetric, quant_min=least, quant_max=most
        )
        observer(value.detach())
        units, zeros = observer.calculate_qparams()
        expected = torch.fake_quantize_per_channel_affine(value.detach(), units, zeros.int(), 0, least, most)
        torch.testing.assert_close(after[name].detach(), expected, rtol=1e-6, atol=1e-7)
        assert len(after[name].detach().flatten(1)[0].unique()) <= 2**bits


def test_row_of_zeros_stays_one():
    found = quantised([torch.tensor([[0.0, 0.0], [1.0, -0.5]])], bits=8)[0]
    assert found[0].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(found[1], [1.0, -0.5], atol=0.01)


@pytest.mark.parametrize("share", [50, 75, 90])
def test_pruning_is_torch_s_global_one_by_size(module, share):
    after = compressed(module, f"prune_{share}")
    parts = [
        (layer, name)
        for layer in module.modules()
        for name, value in layer.named_parameters(recurse=False)
        if value.dim() > 1
    ]
    before = {
        id(getattr(layer, name)): key
        for layer, name in parts
        for key, value in module.named_parameters()
        if value is getattr(layer, name)
    }
    keys = [before[id(getattr(layer, name))] for layer, name in parts]
    prune.global_unstructured(parts, prune.L1Unstructured, amount=share / 100)
    for (layer, name), key in zip(parts, keys, strict=True):
        assert torch.equal(after[key], getattr(layer, name))


def test_half_precision_rounds_all_values(module):
    for name, value in compressed(module, "float16").items():
        assert torch.equal(value, dict(module.named_parameters())[name].half().float())


def test_none_changes_nothing(module):
    for name, value in compressed(module, "none").items():
        assert torch.equal(value, dict(module.named_parameters())[name])


def test_bytes_are_those_of_the_storage():
    layer = nn.Linear(7, 5)
    with torch.no_grad():
        layer.weight[:] = torch.arange(1.0, 36).view(5, 7)
    taken = {}
    for kind in KINDS:
        other = copy.deepcopy(layer)
        compress(other, kind)
        taken[kind] = stored_bytes(other, kind)
    assert taken == {
        "none": 40 * 4,
        "float16": 40 * 2,
        "int8": 35 + 5 * 4 + 5 * 4,  # codes, a unit a row, biases
        "int4": 5 * 4 + 5 * 4 + 5 * 4,  # 7 codes of half a byte in 4 bytes
        "prune_50": 5 + 4 * 17 + 5 * 4,  # 35 bits, 17 of 35 weights left (18 is half of 35, rounded), biases
        "prune_75": 5 + 4 * 9 + 5 * 4,
        "prune_90": 5 + 4 * 3 + 5 * 4,  # 31.5 are pruned, rounded to the even 32
    }
    half = layer.weight.numel() * 4 / 2
    assert taken["prune_50"] > half  # which weights are left must be said


def test_buffers_count_as_they_are():
    layer = nn.BatchNorm1d(3)
    module = nn.Sequential(nn.Linear(3, 3), layer)
    whole, halved = stored_bytes(module, "none"), stored_bytes(module, "float16")
    assert whole == sum(each.nbytes for each in module.state_dict().values())
    assert halved == (whole - 8) / 2 + 8  # a counter is no floating point number


def test_sparsity_is_the_share_of_weights_near_nothing():
    layer = nn.Linear(4, 2)
    with torch.no_grad():
        layer.weight[:] = torch.tensor([[0.0, 0.0009, -0.0009, 0.0011], [1.0, -1.0, 0.5, 0.0]])
        layer.bias[:] = 0
    assert sparsity(layer) == 0.5


def network(kind="none", **options):
    module = MLP(Dims(6, 3), hidden_size=16)
    return NeuralForecaster(module, max_steps=40, batch_size=16, steps_per_epoch=10, compression=kind, **options)


def test_forecasts_are_made_with_what_is_left_of_the_weights(make_panel):
    panel = make_panel([90, 80])
    fitted = {kind: network(kind).fit(panel) for kind in KINDS}
    means = {kind: each.predict(panel, last_cutoffs(panel), 3)["mean"] for kind, each in fitted.items()}
    off = {kind: np.abs(mean - means["none"]).mean() for kind, mean in means.items()}
    assert off["none"] == 0
    assert 0 < off["float16"] < off["int8"] < off["int4"]
    assert 0 < off["prune_50"] < off["prune_90"]
    bytes_taken = {kind: fitted_bytes(each, network(kind)) for kind, each in fitted.items()}
    assert bytes_taken["none"] == sum(value.nbytes for value in fitted["none"].module.state_dict().values())
    assert bytes_taken["int4"] < bytes_taken["int8"] < bytes_taken["float16"] < bytes_taken["none"]
    assert bytes_taken["prune_90"] < bytes_taken["prune_75"] < bytes_taken["prune_50"] < bytes_taken["none"]
    for kind, least in (("prune_50", 0.5), ("prune_75", 0.75), ("prune_90", 0.9)):
        assert fitted[kind].notes["sparsity"] == pytest.approx(least, abs=0.02)
    assert fitted["none"].notes["sparsity"] == sparsity(fitted["none"].module)
    curves = [each.curves for each in fitted.values()]
    assert all(each.equals(curves[0]) for each in curves)  # the training is the same


def test_bytes_of_a_wrapped_network_are_those_of_its_compression(make_panel):
    panel = make_panel([90, 80])
    wrapped = Conformal(network("int8")).fit(panel)
    assert fitted_bytes(wrapped, Conformal(network("int8"))) == fitted_bytes(network("int8").fit(panel), network())
    assert np.isnan(fitted_bytes(Naive(), Naive())) or fitted_bytes(Naive(), Naive()) == 0


def test_penalty_on_the_size_of_weights_makes_them_sparse(make_panel):
    shares = []
    for weight in (0.0, 0.05):
        module = Linear(Dims(12, 3), penalty="l1", penalty_weight=weight, lr=0.002, patience=0)
        fitted = NeuralForecaster(module, max_steps=300, batch_size=32).fit(make_panel([90]))
        shares.append(fitted.notes["sparsity"])
    assert shares[1] > shares[0]


def test_unknown_kind_is_refused():
    with pytest.raises(InputError, match="compression 'int88' is not known; did you mean 'int8'"):
        network("int88")
