"""An order at random that is made a stretch at a time."""

import numpy as np
import pytest

from datamodules.order import shuffled


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 10, 99, 100, 101, 4096, 5000])
def test_every_thing_stands_at_exactly_one_place(count):
    order = shuffled(np.arange(count), count, np.random.SeedSequence(count))
    assert sorted(order.tolist()) == list(range(count))


def test_order_is_another_for_another_seed_and_the_same_for_the_same():
    one, again, other = (shuffled(np.arange(1000), 1000, np.random.SeedSequence([0, seed])) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).mean() > 0.99


def test_a_stretch_by_itself_is_that_of_the_whole_order():
    seed = np.random.SeedSequence(4)
    assert (shuffled(np.arange(1000), 1000, seed)[200:300] == shuffled(np.arange(200, 300), 1000, seed)).all()


def test_a_stretch_of_a_long_order_is_spread_evenly_and_without_a_pattern():
    count = 10**12
    order = shuffled(np.arange(20_000), count, np.random.SeedSequence(0)) / count
    histogram = np.histogram(order, bins=20, range=(0, 1))[0]
    assert ((histogram - 1000) ** 2 / 1000).sum() < 50  # chi-squared of 19 degrees: 1 in 7,000
    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 0.03
    assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.03
