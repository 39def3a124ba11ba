"""Which forecasters train together depends on the forecasters alone."""

from dataclasses import replace

import pytest

from datamodules.preparation import Preparation
from datamodules.window import Dims
from forecast.baselines.naive import Naive
from forecast.conformal import Conformal
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.together.groups import groups

DIMS = Dims(6, 3)


def network(model=MLP, *, dims=DIMS, seed=0, model_options=(), **options):
    sizes = {"hidden_size": 4} if model is MLP else {}
    return NeuralForecaster(model(dims, **{**sizes, **dict(model_options)}), seed=seed, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"lr": 0.1},
        {"optimizer": "SGD"},
        {"schedule": "plateau"},
        {"penalty": "l1", "penalty_weight": 0.1},
        {"weight_decay": 0.1},
        {"clip": 0.0},
        {"dropout": 0.3},
        {"init": "orthogonal"},
        {"patience": 0},
    ],
)
def test_arms_of_one_shape_train_together(options):
    assert groups([network(), network(seed=1), network(model_options=options, name="other")]) == [(0, 1, 2)]


@pytest.mark.parametrize(
    "other",
    [
        network(Linear),
        network(model_options={"hidden_size": 5}),
        network(model_options={"activation": "tanh"}),
        network(model_options={"head": "point"}),
        network(model_options={"scaling": "standard"}),
        network(dims=Dims(7, 3)),
        network(batch_size=8),
        network(steps_per_epoch=7),
        network(max_steps=7),
        network(model_options={"augment": "mixup"}),
        network(epochs=2),
        network(validation=0.2),
        network(prepare=replace(Preparation(), missing="mask")),
        network(trainer={"precision": "bf16-mixed"}),
        network(trainer={"callbacks": []}),
        Conformal(network()),
        Naive(),
    ],
)
def test_others_stay_alone(other):
    assert groups([network(), other, network(seed=1)]) == [(0, 2), (1,)]


@pytest.mark.parametrize(
    ("arms", "accelerator", "sizes"),
    [
        (11, "cpu", [11]),
        (16, "auto", [8, 8]),
        (33, "cpu", [11, 11, 11]),
        (64, "gpu", [64]),
        (66, "cuda", [33, 33]),
    ],
)
def test_many_arms_are_stacks_of_about_equal_size_in_order(arms, accelerator, sizes):
    found = groups([network(seed=seed, trainer={"accelerator": accelerator}) for seed in range(arms)])
    assert [len(group) for group in found] == sizes
    assert [place for group in found for place in group] == list(range(arms))


def test_trainings_that_differ_in_length_only_are_one_read_off_several_times():
    free = {"schedule": "constant", "patience": 0}
    arms = [network(model_options=free, max_steps=steps, seed=seed) for seed in (0, 1) for steps in (100, 500)]
    assert groups(arms) == [(0, 1), (2, 3)]
    assert groups([network(max_steps=steps) for steps in (100, 500)]) == [(0,), (1,)]
    for bound in ("schedule", "patience"):  # either makes the steps of a training depend on its length
        some = {name: value for name, value in free.items() if name != bound}
        assert groups([network(model_options=some, max_steps=steps) for steps in (100, 500)]) == [(0,), (1,)]
    in_epochs = [network(model_options=free, epochs=epochs) for epochs in (1, 3)]
    assert groups([network(model_options=free), *in_epochs]) == [(0,), (1, 2)]


def test_windows_drawn_otherwise_are_no_reason_to_train_apart():
    assert groups([network(windows=20), network(windows=20, draw="random", seed=1), network(windows=9)]) == [(0, 1, 2)]
    assert groups([network(epochs=2, windows=20), network(epochs=2, windows=9)]) == [(0,), (1,)]


def test_network_with_a_training_of_its_own_stays_alone():
    class Mine(MLP):
        def loss(self, window):
            return super().loss(window) * 2

    assert groups([network(Mine, seed=seed, model_options={"hidden_size": 4}) for seed in (0, 1)]) == [(0,), (1,)]
