from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from datamodules.made.feature_forms import STATISTICS
from datamodules.made.lags import lagged_columns


@pytest.fixture
def series():
    """A target (R, 2) of series with 50, 1, 7 and 200 rows, far apart in size, and their offsets."""
    offsets = np.cumsum([0, 50, 1, 7, 200])
    values = np.random.default_rng(0).normal(size=(offsets[-1], 2))
    values[:50] = values[:50] * 1e9 + 1e12
    return values, offsets


def test_a_lag_is_the_value_so_many_rows_before_or_the_first(series):
    target, offsets = series
    columns = lagged_columns(target, offsets, (1, 12), ())
    for begin, stop in pairwise(offsets):
        for row in range(begin, stop):
            expected = [*target[max(row - 1, begin)], *target[max(row - 12, begin)]]
            np.testing.assert_array_equal(columns[row], expected)


@pytest.mark.parametrize("statistic", STATISTICS)
def test_rolling_equals_pandas_within_each_series(series, statistic):
    target, offsets = series
    columns = lagged_columns(target, offsets, (), (f"{statistic}_5", f"{statistic}_24"))
    owner = np.repeat(np.arange(4), np.diff(offsets))
    for place, steps in enumerate((5, 24)):
        windows = pd.DataFrame(target).groupby(owner).rolling(steps, min_periods=1)
        expected = getattr(windows, statistic)().to_numpy()
        np.testing.assert_allclose(columns[:, 2 * place : 2 * place + 2], expected, rtol=1e-9)


def test_a_mean_is_exact_beside_a_series_of_another_size(series):
    target, offsets = series
    columns = lagged_columns(target, offsets, (), ("mean_24",))
    begin = offsets[3]
    alone = lagged_columns(target[begin:], np.array([0, 200]), (), ("mean_24",))
    np.testing.assert_allclose(columns[begin:], alone, rtol=1e-12)
    np.testing.assert_allclose(columns[begin + 100], target[begin + 77 : begin + 101].mean(axis=0), rtol=1e-12)


def test_no_later_row_and_no_other_series_reaches_a_row(series):
    target, offsets = series
    rolling = tuple(f"{statistic}_9" for statistic in STATISTICS)
    before = lagged_columns(target, offsets, (1, 30), rolling)
    garbage = target.copy()
    garbage[120:] = -1e30
    garbage[:51] = 1e30
    after = lagged_columns(garbage, offsets, (1, 30), rolling)
    np.testing.assert_allclose(after[51:120], before[51:120], rtol=1e-12)
    later = target.copy()
    later[120:] = -1e30
    np.testing.assert_array_equal(lagged_columns(later, offsets, (1, 30), rolling)[:120], before[:120])


def test_there_is_a_column_for_each_item_and_target(series):
    assert lagged_columns(*series, (3,), ("max_7",)).shape == (258, 2 * series[0].shape[1])
    assert lagged_columns(*series, (), ()).shape == (258, 0)


def test_rows_that_were_added_before_a_series_change_none_of_its_own(series):
    target, offsets = series
    before = np.array([3, 0, 40, 9])
    wider = np.concatenate(
        [
            np.r_[np.repeat(own[:1], added, axis=0), own]
            for own, added in zip(np.split(target, offsets[1:-1]), before, strict=True)
        ]
    )
    options = ((1, 12), tuple(f"{statistic}_24" for statistic in STATISTICS))
    found = lagged_columns(wider, offsets + np.concatenate([[0], np.cumsum(before)]), *options, before=before)
    own = np.arange(len(target)) + np.repeat(np.cumsum(before), np.diff(offsets))
    np.testing.assert_array_equal(found[own], lagged_columns(target, offsets, *options))
    np.testing.assert_array_equal(found[:3], np.tile(target[0], (3, 6)))
