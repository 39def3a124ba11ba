"""Networks trained together give the numbers that each gives alone, to float rounding; lengths read off, to the bit."""

import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from datamodules.features import Features
from datamodules.preparation import Preparation
from datamodules.split import last_cutoffs
from datamodules.window import Dims
from forecast.models.base import ForecastModule
from forecast.models.cnn import CNN
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.models.recurrent import GRU, LSTM, RNN
from forecast.neural import NeuralForecaster
from forecast.together.fit import fit_together
from forecast.together.groups import groups

DIMS = Dims(8, 3)
SLOW = pytest.mark.slow
SMALL = {"max_steps": 25, "batch_size": 8, "steps_per_epoch": 6}
RATES = ({"lr": 0.001}, {"lr": 0.01}, {"lr": 0.03})


def arms(model=MLP, each=RATES, *, dims=DIMS, size=5, seeds=(3, 4, 4), **options):
    sizes = {} if model is Linear else {"hidden_size": size}
    pairs = zip(each, seeds, strict=True)
    return [NeuralForecaster(model(dims, **sizes, **own), seed=seed, **{**SMALL, **options}) for own, seed in pairs]


def compared(panel, make, *, exact=False, rtol=2e-4):
    """Fits alone and together; all that a fit leaves must be the same. Gives those that were fitted together."""
    alone, together = make(), make()
    assert sorted(place for group in groups(together) for place in group) == list(range(len(together)))
    assert max(map(len, groups(together))) > 1
    for forecaster in alone:
        forecaster.fit(panel)
    state = torch.get_rng_state()
    fit_together(together, panel)
    assert torch.equal(torch.get_rng_state(), state)
    for one, other in zip(alone, together, strict=True):
        assert one.notes == other.notes
        pd.testing.assert_frame_equal(one.curves, other.curves, check_exact=exact, rtol=rtol)
        weights = other.module.state_dict()
        for name, value in one.module.state_dict().items():
            torch.testing.assert_close(weights[name], value, rtol=0 if exact else rtol, atol=0 if exact else 2e-5)
        assert not other.module.training
    return together


@pytest.mark.parametrize("model", [Linear, MLP, CNN, RNN, GRU, LSTM])
def test_every_network(make_panel, model):
    panel = make_panel([60, 50])
    fitted = compared(panel, lambda: arms(model))
    assert len({float(each.curves["train_loss"].iloc[-1]) for each in fitted}) == 3
    assert len(pickle.dumps(fitted[0])) < 100_000
    for forecaster in fitted:
        assert np.isfinite(forecaster.predict(panel, last_cutoffs(panel), 3)["mean"]).all()


def test_wide_network_stays_the_same_to_rounding_while_adam_makes_much_of_little(make_panel):
    panel = make_panel([200])
    each = [{"lr": lr} for lr in (0.003, 0.003, 0.01)]
    fitted = compared(panel, lambda: arms(each=each, size=512, dims=Dims(48, 12), batch_size=64), rtol=1e-5)
    assert fitted[0].notes["steps"] == 25


OPTIMISERS = (
    *("Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "ASGD", "NAdam", "RAdam", "RMSprop", "Rprop"),
    "SGD",
)


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", OPTIMISERS)
def test_every_optimiser(make_panel, optimizer):
    each = [{"optimizer": optimizer, "lr": lr, "patience": 2} for lr in (0.01, 0.1, 0.01)]
    compared(make_panel([60, 50]), lambda: arms(each=each), rtol=2e-3)


def test_optimisers_beside_one_another(make_panel):
    each = [{"optimizer": name, "lr": 0.01} for name in OPTIMISERS]
    compared(make_panel([60, 50]), lambda: arms(each=each, seeds=range(len(each))), rtol=2e-3)


@pytest.mark.parametrize("schedules", [("constant", "step", "cosine"), ("one_cycle", "warmup", "plateau")])
def test_every_schedule(make_panel, schedules):
    each = [{"schedule": schedule, "lr": 0.02} for schedule in schedules]
    compared(make_panel([60, 50]), lambda: arms(each=each))


def test_plateau_lowers_the_rate_of_its_own_arm_only(make_panel):
    each = [{"schedule": "plateau", "lr": lr, "patience": 20} for lr in (0.5, 0.001, 0.5)]
    compared(make_panel([60, 50]), lambda: arms(each=each, max_steps=60, steps_per_epoch=4), rtol=5e-3)


def test_penalties_decay_clipping_and_initialisation(make_panel):
    each = [
        {"penalty": "l1", "penalty_weight": 0.01, "clip": 0.0},
        {"penalty": "l2", "penalty_weight": 0.1, "clip": 0.05},
        {"penalty": "elastic_net", "penalty_weight": 0.01, "init": "orthogonal"},
        {"weight_decay": 0.1, "init": "kaiming_normal", "clip": 0.5},
        {},
    ]
    compared(make_panel([60, 50]), lambda: arms(each=each, seeds=(0, 1, 2, 3, 4)))


@pytest.mark.parametrize("model", [MLP, CNN, pytest.param(GRU, marks=SLOW), pytest.param(Linear, marks=SLOW)])
def test_dropout_draws_what_each_arm_draws_alone(make_panel, model):
    each = [{"dropout": 0.0}, {"dropout": 0.3}, {"dropout": 0.6}, {"dropout": 0.3}]
    compared(make_panel([60, 50]), lambda: arms(model, each, seeds=(0, 0, 1, 2)))


@pytest.mark.parametrize("model", [pytest.param(RNN, marks=SLOW), GRU, pytest.param(LSTM, marks=SLOW)])
def test_dropout_between_layers_draws_what_each_arm_draws_alone(make_panel, model):
    each = [{"dropout": share, "layers": 3, "patch": 2} for share in (0.0, 0.3, 0.6, 0.3)]
    compared(make_panel([60, 50]), lambda: arms(model, each, seeds=(0, 0, 1, 2)))


class Weighed(nn.Module):
    """Cells, and a weight beside them."""

    def __init__(self, width, dropout):
        super().__init__()
        self.cells = nn.LSTM(1, width, 2, batch_first=True, dropout=dropout)
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return self.cells(x)[0].mean(1) * self.weight


class Inner(ForecastModule):
    """A network of a person, with cells inside a layer that has weights of its own."""

    def __init__(self, dims, *, hidden_size=5, dropout=0.0, **training):
        super().__init__(dims, hidden_size, **training)
        self.inner = Weighed(hidden_size, dropout)
        self.initialise()

    def encode(self, context):
        return self.inner(self.stack(context))


def test_cells_inside_a_layer_with_weights_of_its_own(make_panel):
    compared(make_panel([60, 50]), lambda: arms(Inner))
    assert groups(arms(Inner, [{"dropout": 0.1}, {"dropout": 0.2}], seeds=(0, 1))) == [(0,), (1,)]


@pytest.mark.parametrize("model", [MLP, pytest.param(LSTM, marks=SLOW)])
def test_augmentation_draws_what_each_arm_draws_alone(make_panel, model):
    kinds = ("none", "jitter", "scale", "warp", "mask", "mixup")
    each = [{"augment": kind, "augment_strength": 0.2} for kind in kinds]
    panel = make_panel([60, 50], known=1, holes=0.1)
    compared(panel, lambda: arms(model, each, dims=DIMS._replace(known=1), seeds=(0, 0, 1, 2, 3, 4)))


def test_patience_ends_arms_at_different_epochs(make_panel):
    each = [{"lr": 0.03, "patience": 1}, {"lr": 0.3, "patience": 1}, {"lr": 1.0, "patience": 2}, {"patience": 0}]
    fitted = compared(make_panel([60, 50]), lambda: arms(each=each, seeds=(0, 1, 0, 2), max_steps=60), rtol=5e-3)
    assert len({forecaster.notes["epochs"] for forecaster in fitted}) >= 3


@pytest.mark.parametrize(
    "optimizer", ["Adam", "Adafactor", *(pytest.param(name, marks=SLOW) for name in ("SGD", "RAdam", "ASGD"))]
)
def test_arms_that_go_on_keep_the_state_of_their_optimiser(make_panel, optimizer):
    each = [
        {"optimizer": optimizer, "lr": lr, "patience": patience} for lr, patience in ((1e6, 1), (0.01, 9), (0.01, 9))
    ]
    compared(make_panel([60, 50]), lambda: arms(each=each, seeds=(0, 1, 2), max_steps=40), rtol=2e-3)


def test_arms_that_go_on_keep_their_penalty_clipping_and_dropout(make_panel):
    each = [
        {"optimizer": "Adam", "lr": 1e6, "patience": 1, "clip": 0.0, "dropout": 0.1},  # the first one, and soon ends
        {"lr": 0.01, "penalty": "l2", "penalty_weight": 1.0, "clip": 0.0, "dropout": 0.3},
        {"optimizer": "SGD", "lr": 0.1, "clip": 0.05, "dropout": 0.6},
        {"optimizer": "SGD", "lr": 0.2, "clip": 0.5, "penalty": "l1", "penalty_weight": 0.01},
    ]
    each = [{"patience": 9, **own} for own in each]
    fitted = compared(make_panel([60, 50]), lambda: arms(each=each, seeds=(0, 1, 2, 3), max_steps=40), rtol=2e-3)
    assert fitted[0].notes["epochs"] < min(each.notes["epochs"] for each in fitted[1:])


def test_arms_that_go_on_are_in_the_epoch_and_at_the_window_that_they_were(make_panel):
    first = {"optimizer": "Adam", "lr": 30.0, "patience": 1}

    def make():
        each = zip((first, {"patience": 9}, {"patience": 9}), (9, 30, 50), (0, 1, 2), strict=True)
        return [arms(each=[own], seeds=(seed,), windows=windows)[0] for own, windows, seed in each]

    fitted = compared(make_panel([60, 50]), make, rtol=2e-3)
    assert fitted[0].notes["steps"] < 25


def test_validation_in_several_pieces_weighs_each_observed_value_alike(make_panel, monkeypatch):
    monkeypatch.setattr("forecast.together.losses._VALIDATED", 12)
    compared(make_panel([60, 50], holes=0.2), lambda: arms(prepare=Preparation(missing="mask")))


def test_arm_that_diverges_leaves_the_others_alone(make_panel):
    each = [{"lr": 0.01}, {"lr": 1e6, "optimizer": "SGD", "clip": 0.0, "loss": "mse", "head": "point"}]
    each = [{**each[1], "lr": 0.01}, each[1], {**each[1], "lr": 0.02}]
    panel = make_panel([60, 50])
    alone, together = arms(each=each), arms(each=each)
    for forecaster in alone:
        forecaster.fit(panel)
    fit_together(together, panel)
    for place in (0, 2):
        pd.testing.assert_frame_equal(alone[place].curves, together[place].curves, check_exact=False, rtol=2e-4)
    assert not np.isfinite(together[1].curves["val_loss"].iloc[-1])
    assert together[1].notes == alone[1].notes


@pytest.mark.parametrize(
    "options",
    [
        {"head": "point", "loss": "msle"},
        {"head": "point", "loss": "huber", "scaling": "robust"},
        {"scaling": "revin"},
        {"difference": 2, "scaling": "last"},
        {"levels": [0.05, 0.25, 0.75, 0.95], "scaling": "none"},
    ],
)
def test_heads_and_scalings(make_panel, options):
    each = [{**own, **options} for own in RATES]
    compared(make_panel([60, 50]), lambda: arms(each=each))


@pytest.mark.parametrize("model", [MLP, pytest.param(CNN, marks=SLOW), LSTM])
@pytest.mark.parametrize("scaling", ["mean_abs", pytest.param("revin", marks=SLOW)])
def test_targets_covariates_lags_and_missing_values(make_panel, model, scaling):
    panel = make_panel([60, 50, 40], targets=2, past=1, known=2, static=1, holes=0.2)
    prepare = Preparation(missing="mask", features=Features(lags=(12,)), scaling="standard")
    each = [{**own, "scaling": scaling} for own in RATES]
    compared(panel, lambda: arms(model, each, dims=DIMS._replace(target=2), prepare=prepare))


def test_embeddings_and_short_series(make_panel):
    panel = make_panel([60, 50, 7], known=1)
    prepare = Preparation(encode="embedding", short="pad", features=Features(calendar=("dayofweek", "hour")))
    compared(panel, lambda: arms(prepare=prepare))


def test_windows_that_do_not_fill_the_last_batch(make_panel):
    fitted = compared(make_panel([40]), lambda: arms(max_steps=17, steps_per_epoch=50))
    assert fitted[0].notes["windows"] % SMALL["batch_size"]
    compared(make_panel([60]), lambda: arms(validation=0.0))
    compared(make_panel([60]), lambda: arms(max_steps=3, batch_size=64))


def test_trainings_of_several_lengths_are_read_off_one_to_the_bit(make_panel):
    panel = make_panel([60, 50])

    def make():
        each = {"schedule": "constant", "patience": 0, "optimizer": "SGD", "dropout": 0.2}
        return [arms(each=[each], seeds=(1,), max_steps=steps)[0] for steps in (18, 6, 20, 30)]

    compared(panel, make, exact=True)


def test_trainings_of_several_epochs_are_read_off_one_to_the_bit(make_panel):
    panel = make_panel([60, 50])

    def make():
        each = {"schedule": "constant", "patience": 0, "dropout": 0.2}
        return [arms(each=[each], seeds=(1,), epochs=epochs)[0] for epochs in (2, 1, 4)]

    fitted = compared(panel, make, exact=True)
    assert [each.notes["epochs"] for each in fitted] == [2, 1, 4]


def test_networks_that_differ_in_their_name_alone_are_one_training_even_with_a_loss_of_their_own(make_panel):
    class Mine(MLP):
        def loss(self, window, change=None):
            return super().loss(window, change) * 2

    def make():
        each = {"schedule": "constant", "patience": 0, "penalty": "l1", "penalty_weight": 0.1}
        return [arms(Mine, each=[each], seeds=(1,), name=name)[0] for name in ("one", "another")]

    compared(make_panel([60, 50]), make, exact=True)


def test_arms_of_a_stack_train_as_many_epochs_and_windows_as_they_are_told(make_panel):
    fitted = compared(make_panel([60, 50]), lambda: arms(epochs=3, windows=30, draw="random"))
    assert {(each.notes["epochs"], each.notes["steps"], each.notes["windows"]) for each in fitted} == {(3, 12, 30)}


def test_windows_drawn_in_different_ways_train_side_by_side(make_panel):
    def make():
        drawn = (
            arms(each=[{}], seeds=(seed,), windows=21, draw=draw) for seed in (0, 1) for draw in ("recent", "random")
        )
        return [each for (each,) in drawn]

    compared(make_panel([60, 50]), make)


def test_arms_whose_epochs_end_at_different_steps_fill_up_with_windows_that_do_not_count(make_panel):
    def make():
        counts = zip((13, 30, 16, 50), (0, 1, 1, 2), strict=True)
        each = {"dropout": 0.2, "augment": "mixup", "patience": 2}
        return [arms(each=[each], seeds=(seed,), windows=windows)[0] for windows, seed in counts]

    compared(make_panel([60, 50]), make)


@pytest.mark.gpu
@pytest.mark.parametrize("model", [MLP, CNN, LSTM])
def test_stack_on_a_gpu_gives_what_each_gives_alone_there(make_panel, model):
    compared(make_panel([60, 50]), lambda: arms(model, trainer={"accelerator": "gpu"}), rtol=5e-3)


def test_arms_of_a_stack_are_compressed_each_in_its_own_way(make_panel):
    panel, kinds = make_panel([60, 50]), ("none", "prune_90", "int4")
    together = [arms(each=[{}], seeds=(3,), compression=kind)[0] for kind in kinds]
    assert groups(together) == [(0, 1, 2)]
    fit_together(together, panel)
    shares = [forecaster.notes["sparsity"] for forecaster in together]
    assert shares[1] == pytest.approx(0.9, abs=0.02)
    assert max(shares[0], shares[2]) < 0.5
    alone = arms(each=[{}], seeds=(3,))[0].fit(panel)
    for name, value in alone.module.state_dict().items():
        torch.testing.assert_close(together[0].module.state_dict()[name], value, rtol=2e-4, atol=2e-5)
