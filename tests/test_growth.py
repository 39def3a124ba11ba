"""The learning curve through errors at numbers of windows."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from forecast.study.growth import learning_curve

WINDOWS = [500, 1000, 5000, 10_000, 50_000]


def shape(windows, floor, gain, power):
    return floor + gain * windows**-power


@pytest.mark.parametrize(("floor", "gain", "power"), [(0.2, 30.0, 0.5), (0.0, 2.0, 0.1), (5.0, 1e4, 1.2)])
def test_a_curve_of_the_shape_is_found_again(floor, gain, power):
    found = learning_curve(WINDOWS, shape(np.array(WINDOWS, float), floor, gain, power))
    assert found[:3] == pytest.approx((floor, gain, power), rel=1e-3, abs=1e-4)
    assert found.misfit < 1e-6


def test_noisy_errors_give_the_curve_that_scipy_finds():
    at = np.array(WINDOWS, float)
    errors = shape(at, 0.2, 30.0, 0.5) * np.array([1.05, 0.96, 1.02, 0.97, 1.01])
    expected, _ = curve_fit(shape, at, errors, p0=(0.2, 30, 0.5), maxfev=10_000)
    found = learning_curve(WINDOWS, errors)
    np.testing.assert_allclose(found[:3], expected, rtol=1e-3)
    np.testing.assert_allclose(found.at(at), shape(at, *expected), rtol=1e-5)


def test_sentence_says_what_twice_as_many_would_bring():
    found = learning_curve(WINDOWS, shape(np.array(WINDOWS, float), 0.2, 30.0, 0.5))
    said = found.sentence("MSE", 50_000)
    assert "MSE = 0.200 + 30.0 · n^-0.5" in said
    now, twice = found.at(50_000), found.at(100_000)
    assert f"lower it by {100 * (1 - twice / now):.1f} %, never below 0.200" in said


def test_errors_that_rise_give_a_flat_curve():
    found = learning_curve(WINDOWS, [1.0, 1.1, 1.2, 1.3, 1.4])
    assert found.gain == 0
    assert found.floor == pytest.approx(1.2)
    assert "do not lower" in found.sentence("MSE", 50_000)


def test_a_level_that_diverged_is_left_out_and_three_points_are_too_few():
    errors = shape(np.array(WINDOWS, float), 0.2, 30.0, 0.5)
    errors[0] = np.nan
    assert learning_curve(WINDOWS, errors).power == pytest.approx(0.5, rel=1e-3)
    assert learning_curve(WINDOWS[:3], errors[:3]) is None
