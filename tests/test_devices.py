"""Devices: each worker sees one of its own, in turn."""

import pytest

from datamodules.window import Dims
from forecast.arms import Arm
from forecast.baselines.naive import Naive
from forecast.engines.devices import devices, one_each, visible
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster
from forecast.teams import Team


def team(**trainer):
    return Team((Arm(NeuralForecaster(Linear(Dims(6, 3)), trainer=trainer), 0, 0, 1),))


@pytest.fixture
def two(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2, GPU-5f")


@pytest.mark.parametrize(("told", "found"), [("0,1", ["0", "1"]), ("", []), ("-1", []), ("GPU-1 , 3", ["GPU-1", "3"])])
def test_devices_are_those_that_this_process_may_use(told, found, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", told)
    assert devices() == found


def test_workers_take_turns(two):
    shown = [visible(place, one_each([team()])) for place in range(3)]
    assert [each["CUDA_VISIBLE_DEVICES"] for each in shown] == ["2", "GPU-5f", "2"]


def test_without_devices_nothing_is_said():
    assert visible(1, []) == {}


@pytest.mark.parametrize(
    "teams",
    [
        [Team((Arm(Naive(), 0, 0, 1),))],
        [team(accelerator="cpu")],
        [team(), team(devices=2)],
        [team(devices="auto")],
    ],
)
def test_no_device_is_dealt_out_where_none_is_wanted_or_one_arm_wants_several(teams, two):
    assert one_each(teams) == []
