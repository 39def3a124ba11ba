"""Forecasts combined: numbers by hand, and what learning may and may not do."""

import numpy as np
import pytest
from scipy import stats

from forecast.ensemble.combine import LEARNT, METHODS, combine, equal, greedy, inverse_errors, learn


def members(*columns):
    """(n, M, 1) point forecasts."""
    return np.array(columns, dtype=float).T[:, :, None]


ANY = np.ones((1, 5))


def test_mean_median_and_trimmed_mean_by_hand():
    values = members([1.0], [2.0], [4.0], [10.0], [100.0])
    assert combine(values, "mean", ANY).item() == 117 / 5
    assert combine(values, "median", ANY).item() == 4
    assert combine(values, "trimmed", ANY).item() == 16 / 3
    assert combine(values[:, :2], "trimmed", ANY).item() == 1.5


def test_trimmed_mean_cuts_a_tenth_at_each_end_as_scipy_does():
    values = np.random.default_rng(0).normal(size=(7, 24, 3))
    expected = stats.trim_mean(values, 0.1, axis=1)
    np.testing.assert_allclose(combine(values, "trimmed", ANY), expected, rtol=1e-12)


@pytest.mark.parametrize("method", LEARNT)
def test_weights_count(method):
    weights = np.array([[0.25, 0.75], [1.0, 0.0]])
    np.testing.assert_array_equal(combine(members([1, 1], [3, 3]), method, weights)[:, 0], [2.5, 1.0])


@pytest.mark.parametrize("method", METHODS)
def test_quantiles_stay_in_order(method):
    rng = np.random.default_rng(1)
    values = np.sort(rng.normal(size=(200, 6, 5)), axis=2)
    weights = rng.dirichlet(np.ones(6), 200)
    assert (np.diff(combine(values, method, weights), axis=1) >= 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_members_without_quantiles_are_left_out_of_them(method):
    values = np.array([[[1.0, 0.0], [3.0, np.nan], [5.0, 4.0]]])
    combined = combine(values, method, np.array([[0.2, 0.6, 0.2]]))
    assert combined[0, 0] == pytest.approx(3.0)
    assert combined[0, 1] == pytest.approx(2.0)
    assert np.isnan(combine(values[:, 1:2], method, np.ones((1, 1)))[0, 1])


def test_quantiles_of_members_without_weight_count_alike():
    values = np.array([[[1.0, 0.0], [3.0, np.nan], [5.0, 4.0]]])
    np.testing.assert_array_equal(combine(values, "greedy", np.array([[0.0, 1.0, 0.0]])), [[3.0, 2.0]])


@pytest.mark.parametrize("method", METHODS)
def test_rows_do_not_depend_on_other_rows(method):
    rng = np.random.default_rng(2)
    values, weights = rng.normal(size=(50, 7, 3)), rng.dirichlet(np.ones(7), 50)
    for row in (0, 17, 49):
        alone = combine(values[[row]], method, weights[[row]])
        np.testing.assert_array_equal(combine(values, method, weights)[[row]], alone)


def test_inverse_errors_by_hand():
    forecasts = np.array([[1.0, 12.0, 7.0], [3.0, 12.0, 1.0]])
    np.testing.assert_allclose(inverse_errors(forecasts, np.array([2.0, 2.0])), np.array([30, 3, 10]) / 43)
    np.testing.assert_array_equal(inverse_errors(np.array([[2.0, 2.0, 3.0]]), np.array([2.0])), [0.5, 0.5, 0.0])


def test_greedy_by_hand():
    # Alone the first errs by 1, the second by 2: the first is taken. With the second: (-1, 0), 1/2. With the first
    # again: (-1/3, 1/3), 1/3. Again: (0, 1/2), 1/4, which no mix of the two undercuts.
    weights = greedy(np.array([[1.0, -3.0], [1.0, -1.0]]), np.zeros(2))
    np.testing.assert_array_equal(weights, [0.75, 0.25])


@pytest.mark.parametrize("seed", range(5))
def test_greedy_is_never_worse_than_its_best_member_on_its_learning_rows(seed):
    rng = np.random.default_rng(seed)
    actual, scale = rng.normal(size=40), rng.uniform(0.5, 2, 40)
    forecasts = actual[:, None] + rng.normal(size=(40, 6)) * rng.uniform(0.1, 3, 6)
    weights = learn("greedy", forecasts, actual, scale)
    assert weights.sum() == pytest.approx(1)
    error = np.abs((forecasts @ weights - actual) / scale).mean()
    assert error <= np.abs((forecasts - actual[:, None]) / scale[:, None]).mean(axis=0).min() + 1e-12


def test_errors_are_scaled_so_that_large_series_do_not_decide():
    actual, scale = np.array([0.0, 0.0]), np.array([1.0, 1000.0])
    forecasts = np.array([[3.0, 1.0], [1000.0, 2000.0]])  # scaled errors 3, 1 and 1, 2
    np.testing.assert_allclose(learn("inverse", forecasts, actual, scale), [3 / 7, 4 / 7])


@pytest.mark.parametrize("method", LEARNT)
def test_rows_without_actual_or_scale_are_left_out(method):
    rng = np.random.default_rng(3)
    forecasts, actual, scale = rng.normal(size=(9, 3)), rng.normal(size=9), np.ones(9)
    expected = learn(method, forecasts[2:], actual[2:], scale[2:])
    actual[0], scale[1] = np.nan, 0.0
    np.testing.assert_array_equal(learn(method, forecasts, actual, scale), expected)
    np.testing.assert_array_equal(
        learn(method, forecasts, actual, np.zeros(9)), learn(method, forecasts[1:], actual[1:], scale[2:3].repeat(8))
    )
    np.testing.assert_array_equal(learn(method, forecasts, np.full(9, np.nan), scale), equal(3))
