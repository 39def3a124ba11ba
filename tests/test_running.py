"""Running sums within series."""

from itertools import pairwise

import numpy as np
import pytest

from datamodules.large.running import running_sum


@pytest.mark.parametrize("shape", [(), (2,)])
def test_running_sum_is_that_of_each_series_by_itself_to_the_last_bit(shape):
    rng = np.random.default_rng(0)
    lengths = rng.integers(0, 70, size=200)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = rng.normal(size=(offsets[-1], *shape)) * 10.0 ** rng.integers(-9, 9, size=(offsets[-1], *shape))
    found = running_sum(values, offsets)
    for begin, stop in pairwise(offsets):
        np.testing.assert_array_equal(found[begin:stop], np.cumsum(values[begin:stop], axis=0))
