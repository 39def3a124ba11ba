"""The options of training and what they name, without any training: texts, defaults, schedules, penalties, weights."""

import math

import pytest
import torch
from docstring_parser import parse
from torch import nn

from datamodules.errors import InputError
from forecast.augment import KINDS
from forecast.training import (
    DEFAULTS,
    INITS,
    PENALTIES,
    SCHEDULES,
    Training,
    complete,
    initialise,
    make_optimizer,
    make_schedule,
    penalty,
)


def test_docstring_says_every_option_and_its_default():
    told = {each.arg_name: each.description for each in parse(Training.__doc__).params}
    assert list(told) == list(DEFAULTS) == list(Training.__annotations__)
    for name, default in DEFAULTS.items():
        assert told[name].endswith(f"(default: {default})"), name


def test_docstring_names_every_choice():
    told = {each.arg_name: " ".join(each.description.split()) for each in parse(Training.__doc__).params}
    for name, choices in (("schedule", SCHEDULES), ("penalty", PENALTIES), ("init", INITS), ("augment", KINDS)):
        assert all(choice in told[name] for choice in choices), name


def test_missing_options_take_their_defaults_and_what_was_given_stays():
    given: Training = {"lr": 0.1}
    assert complete(given) == {**DEFAULTS, "lr": 0.1}
    assert given == {"lr": 0.1}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"learning_rate": 0.1}, "training option 'learning_rate' is not known"),
        ({"optimiser": "Adam"}, "did you mean 'optimizer'"),
        ({"optimizer": "adamw"}, "did you mean 'AdamW'"),
        ({"schedule": "one-cycle"}, "did you mean 'one_cycle'"),
        ({"penalty": "elastic"}, "did you mean 'elastic_net'"),
        ({"init": "xavier"}, "init 'xavier' is not known"),
        ({"head": "points"}, "did you mean 'point'"),
        ({"loss": "rmse"}, "did you mean 'mse'"),
        ({"scaling": "standart"}, "did you mean 'standard'"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0"),
        ({"penalty_weight": -1.0}, "penalty_weight is -1.0"),
        ({"clip": -1.0}, "clip is -1.0"),
        ({"patience": -1}, "patience is -1"),
        ({"augment": "noise"}, "augment 'noise' is not known"),
        ({"augment_strength": 1.5}, "augment_strength is 1.5; expected a number from 0 to 1"),
        ({"levels": [0.1, 1.5]}, "level 1.5 is not between 0 and 1"),
        ({"levels": [0.0]}, "level 0.0 is not between 0 and 1"),
        ({"optimizer": "Rprop", "weight_decay": 0.1}, "Rprop knows no weight_decay"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(given, message):
    with pytest.raises(InputError, match=message):
        complete(given)


def test_optimiser_gets_its_rate_and_decay():
    optimizer = make_optimizer("SGD", [nn.Parameter(torch.zeros(2))], lr=0.5, weight_decay=0.25)
    assert (optimizer.defaults["lr"], optimizer.defaults["weight_decay"]) == (0.5, 0.25)


def factors(name, total=100):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = make_schedule(name, optimizer, total)
    values = []
    for _ in range(total + 1):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if schedule is not None:
            schedule.step()
    return values


@pytest.mark.parametrize(
    ("name", "begin", "middle", "end"),
    [
        ("constant", 1.0, 1.0, 1.0),
        ("step", 1.0, 0.1, 0.001),
        ("cosine", 1.0, 0.5, 0.0),
        ("one_cycle", 1 / 25, (1 + math.cos(math.pi * 2 / 7)) / 2, 1 / 250_000),
        ("warmup", 0.0, 1.0, 1.0),
    ],
)
def test_schedule_at_begin_middle_and_end(name, begin, middle, end):
    values = factors(name)
    assert values[0] == pytest.approx(begin, abs=1e-9)
    assert values[50] == pytest.approx(middle, abs=1e-4)
    assert values[100] == pytest.approx(end, abs=1e-6)


def test_step_schedule_divides_by_ten_after_each_third():
    values = factors("step", total=90)
    assert [values[step] for step in (0, 29, 30, 59, 60, 89)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_warmup_rises_over_the_first_tenth_and_starts_to_learn_at_once():
    values = factors("warmup")
    assert values[5] == pytest.approx(0.5)
    assert values[10:] == [1.0] * 91


def test_one_cycle_is_that_of_torch():
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=101, cycle_momentum=False)
    rates = []
    for _ in range(101):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < 101:
            theirs.step()
    assert factors("one_cycle") == pytest.approx(rates, abs=0.03)  # its peak is one step earlier


def test_penalties_by_hand_touch_weights_only():
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 0.0]]))
        layer.bias.copy_(torch.tensor([100.0, 100.0]))
    sizes = {kind: float(penalty(kind, layer).detach()) for kind in PENALTIES[1:]}
    assert sizes == {"l1": 6.0, "l2": 7.0, "elastic_net": 6.5}
    for kind in PENALTIES[1:]:
        layer.zero_grad()
        penalty(kind, layer).backward()
        assert layer.bias.grad is None
    assert layer.weight.grad.tolist() == [[1.0, -1.5], [2.0, 0.0]]  # elastic net: (sign(w) + w) / 2


def test_orthogonal_init_is_orthogonal():
    layer = nn.Linear(4, 4)
    initialise(layer, "orthogonal")
    torch.testing.assert_close(layer.weight @ layer.weight.T, torch.eye(4))
