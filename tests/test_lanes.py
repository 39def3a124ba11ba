"""Histories side by side: the longest first, filled up, added up in the order of time."""

import numpy as np

from forecast.baselines.lanes import Estimates, Lanes, blocks


def test_block_is_filled_with_its_last_history_and_repeats_last_values():
    lanes = Lanes.of([np.arange(5.0), np.arange(3.0)])
    assert lanes.values.shape == (5, 8)
    assert lanes.lengths.tolist() == [5, *[3] * 7]
    assert lanes.values[:, 1].tolist() == [0, 1, 2, 2, 2]
    assert lanes.active.tolist() == [8, 8, 8, 1, 1]


def test_taking_lanes_keeps_what_they_hold():
    lanes = Lanes.of([np.arange(5.0), np.arange(3.0)]).take(np.array([1, 1, 2]))
    assert lanes.values.T.tolist() == [[0, 1, 2]] * 3
    assert lanes.active.tolist() == [3, 3, 3]


def test_total_is_over_each_lanes_own_time():
    lanes = Lanes.of([np.ones(5), np.ones(3)])
    assert lanes.total(lanes.values[:, None])[0].tolist() == [5, *[3] * 7]


def test_blocks_are_the_longest_first():
    assert list(blocks([3, 9, 5, 9], width=3)) == [[1, 3, 2], [0]]
    assert list(blocks([], width=3)) == []


def test_estimates_say_what_holds_for_a_lane():
    found = Estimates(np.zeros((2, 1)), (("odd", np.array([True, False])),), (("wrong", np.array([False, True])),))
    assert [found.notes_of(lane) for lane in (0, 1)] == [("odd",), ()]
    assert [found.error_of(lane) for lane in (0, 1)] == ["", "wrong"]
