"""How long and on what a network trains: epochs, windows, draw."""

import pandas as pd
import pytest
import torch

from datamodules.errors import InputError
from datamodules.split import last_cutoffs
from datamodules.window import Dims
from forecast.arms import Arm, Task
from forecast.cost import cost
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.teams import Team


def network(*, model=None, **options):
    module = MLP(Dims(6, 3), hidden_size=4, dropout=0.2, **(model or {}))
    return NeuralForecaster(module, **{"batch_size": 8, "seed": 1, **options})


def same_network(first, second):
    weights = second.module.state_dict()
    return all(torch.equal(value, weights[name]) for name, value in first.module.state_dict().items())


@pytest.mark.parametrize(
    ("model", "batch_size"), [({}, 8), ({}, 500), ({"schedule": "constant", "patience": 0}, 13), ({"patience": 1}, 13)]
)
def test_epochs_are_passes_over_all_windows_and_equal_the_steps_they_take_to_the_bit(make_panel, model, batch_size):
    panel = make_panel()
    by_epochs = network(epochs=4, batch_size=batch_size, model=model).fit(panel)
    a_pass = -(-by_epochs.notes["windows"] // batch_size)
    by_steps = network(max_steps=4 * a_pass, steps_per_epoch=a_pass, batch_size=batch_size, model=model).fit(panel)
    pd.testing.assert_frame_equal(by_epochs.curves, by_steps.curves, check_exact=True)
    assert by_epochs.notes == by_steps.notes
    assert same_network(by_epochs, by_steps)
    assert by_epochs.curves["step"].tolist() == [a_pass * epoch for epoch in by_epochs.curves["epoch"]]
    assert by_epochs.steps(by_epochs.data(panel)) == by_steps.steps(by_steps.data(panel)) == 4 * a_pass


def test_epochs_win_over_steps(make_panel):
    short = network(epochs=2, max_steps=1, steps_per_epoch=1).fit(make_panel())
    assert same_network(short, network(epochs=2).fit(make_panel()))
    assert short.notes["epochs"] == 2


@pytest.mark.parametrize("draw", ["recent", "random"])
def test_it_trains_on_as_many_windows_as_it_is_told(make_panel, draw):
    panel = make_panel([60, 50])
    every = network(epochs=2).fit(panel)
    some = network(epochs=2, windows=20, draw=draw).fit(panel)
    left_out = every.notes["windows"] - 20
    reason = "older than the 20 most recent" if draw == "recent" else "not among the 20 drawn"
    assert (some.notes["windows"], some.notes["steps"]) == (20, 2 * 3)
    assert some.notes["dropped"] == f"{every.notes['dropped']}, {left_out} {reason}"
    assert not same_network(some, every)
    assert same_network(some, network(epochs=2, windows=20, draw=draw).fit(panel))
    assert len(some.predict(panel, last_cutoffs(panel), 3)) == 6


def test_all_windows_by_their_number_are_as_all_of_them(make_panel):
    panel = make_panel()
    every = network(max_steps=9, steps_per_epoch=3).fit(panel)
    count = every.notes["windows"]
    for draw in ("recent", "random"):
        assert same_network(network(max_steps=9, steps_per_epoch=3, windows=count, draw=draw).fit(panel), every)
    with pytest.raises(InputError, match=f"windows is {count + 1}; there are {count} windows to train on"):
        network(max_steps=9, windows=count + 1).fit(panel)


def test_validation_does_not_depend_on_the_windows_drawn(make_panel):
    panel = make_panel([300, 300])
    some, every = (network(windows=windows, epochs=1).data(panel) for windows in (200, 0))
    rows = [data.windows(data.split.validation).rows.tolist() for data in (some, every)]
    assert rows[0] == rows[1]
    assert max(some.train_windows.rows[some.train_windows.rows < 300]) + 3 <= min(rows[0])  # a target, a context


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"epochs": -1}, "epochs is -1"),
        ({"windows": -1}, "windows is -1"),
        ({"draw": "latest"}, "draw 'latest' is not known; known are random, recent"),
    ],
)
def test_options_out_of_range_are_refused(option, message):
    with pytest.raises(InputError, match=message):
        network(**option)


def test_more_epochs_and_more_windows_cost_more(make_panel):
    panel = make_panel()
    task = Task(panel, panel.last_rows[:1], 3, 0, 0, 1, ())
    seconds = [
        cost(Team((Arm(network(**options), 0, 0, 1),)), task)
        for options in ({"epochs": 10, "windows": 20}, {"epochs": 10}, {"epochs": 100})
    ]
    assert seconds == sorted(seconds)
    assert len(set(seconds)) == 3
