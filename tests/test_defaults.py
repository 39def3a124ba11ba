"""What is chosen from the data."""

import numpy as np
import pytest

from datamodules.defaults import check_lengths, default_context_length
from datamodules.errors import InputError
from datamodules.index import windows_in
from datamodules.split import by_steps


@pytest.mark.parametrize(
    ("lengths", "horizon", "expected"),
    [
        ([2000], 24, 168),  # the week
        ([2000], 200, 400),  # twice the horizon
        ([300], 24, 100),  # a third of the series
        ([90], 12, 48),  # two seasons, though that is more than a third
        ([900, 60], 10, 30),  # what the shortest leaves
    ],
)
def test_context_length_of_hourly_series(make_panel, lengths, horizon, expected):
    assert default_context_length(make_panel(lengths), horizon) == expected


@pytest.mark.parametrize("seed", range(20))
def test_shortest_series_keeps_a_window_where_it_can(make_panel, seed):
    rng = np.random.default_rng(seed)
    lengths, horizon = rng.integers(10, 300, size=3), int(rng.integers(1, 10))
    panel = make_panel(lengths)
    length = default_context_length(panel, horizon)
    assert length >= 1
    if lengths.min() > 3 * horizon:
        train = by_steps(panel, validation=horizon, test=horizon).train
        rows = windows_in(panel, train, context_length=length, horizon=horizon).rows
        assert set(panel.series_of_row[rows]) == {0, 1, 2}


def test_lengths_that_suffice_pass(make_panel):
    check_lengths(make_panel([20, 15]), context_length=10, horizon=5)


def test_first_short_series_is_named_with_its_numbers(make_panel):
    with pytest.raises(InputError, match=r"series 'series 1' \(and 1 more series\) has 12 rows; .* at least 15"):
        check_lengths(make_panel([20, 12, 14]), context_length=10, horizon=5)
    with pytest.raises(InputError, match=r"series 'series 0' has 20 rows; .*\+ 8 for the folds needs at least 23"):
        check_lengths(make_panel([20]), context_length=10, horizon=5, extra=8)
