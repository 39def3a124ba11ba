"""The learning curve through errors at numbers of windows."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from forecast.study.config import StudyConfig
from forecast.study.grown import growth_frame, growth_told
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
    assert "MSE = 0.2 + 30 · n^-0.5" in said
    now, twice = found.at(50_000), found.at(100_000)
    assert f"lower it by {100 * (1 - twice / now):.1f} %, never below 0.2" in said


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


def study_of(windows, draws=("recent", "random")):
    config = StudyConfig.of(
        {
            "base": {"data": "Shops", "horizon": 7, "models": ["MLP"]},
            "factors": {
                "windows": {"key": "fit.windows", "levels": windows},
                "draw": {"key": "fit.draw", "levels": list(draws)},
            },
        }
    )
    rows = [
        {"network": "MLP", "kind": "network", "status": "", "windows": float(n), "draw": draw}
        | {"mse": shape(float(n), 0.2, 30.0 * (1 + (draw == "random")), 0.5)}
        for n in windows
        for draw in draws
    ]
    return config, pd.DataFrame(rows)


def test_a_study_of_windows_tells_one_curve_for_each_level_of_another_factor():
    told = growth_told(*study_of(WINDOWS))
    assert [each.split(":")[0] for each in told] == ["draw recent", "draw random"]
    assert "MSE = 0.2 + 60 · n^-0.5" in told[1]


def test_page_has_the_points_of_the_reference_and_the_curve_on_to_twice_as_many():
    frame = growth_frame(*study_of(WINDOWS))
    assert list(frame.columns) == ["network", "windows", "loss", "fitted"]
    points = frame.dropna()
    assert points["windows"].tolist() == WINDOWS
    np.testing.assert_allclose(points["loss"], points["fitted"], rtol=1e-3)
    assert frame["windows"].is_monotonic_increasing
    assert frame["windows"].iloc[-1] == pytest.approx(100_000)


def test_a_study_of_something_else_has_no_curve():
    config, table = study_of(WINDOWS)
    other = StudyConfig.of(
        config.plain() | {"reference": {}, "factors": {"draw": {"key": "fit.draw", "levels": ["recent", "random"]}}}
    )
    assert growth_told(other, table) == []
    assert growth_frame(other, table).empty
