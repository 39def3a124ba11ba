import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from forecast.baselines.line_search import lowest


def test_lanes_find_what_scipy_finds_alone():
    bends = np.linspace(0.5, 4, 16)

    def loss(x):
        return np.exp(bends * x) - 3 * x + 0.1 * np.cos(x)

    found = lowest(loss, 0.0, 2.0, 16)
    for lane, bend in enumerate(bends.tolist()):
        own = minimize_scalar(
            lambda x, b=bend: np.exp(b * x) - 3 * x + 0.1 * np.cos(x), bounds=(0, 2), method="bounded"
        )
        assert found[lane] == pytest.approx(own.x, abs=1e-5)


@pytest.mark.parametrize(("slope", "expected"), [(1.0, 0.1), (-1.0, 0.99), (0.0, 0.1)])
def test_lowest_at_a_bound_is_that_bound(slope, expected):
    assert lowest(lambda x: slope * x, 0.1, 0.99, 3).tolist() == [expected] * 3


def test_the_deeper_of_two_valleys_is_found():
    found = lowest(lambda x: np.minimum((x - 0.2) ** 2, (x - 0.8) ** 2 - 0.01), 0.0, 1.0, 2)
    np.testing.assert_allclose(found, 0.8, atol=1e-6)


def test_what_is_not_finite_is_never_chosen():
    def loss(x):
        return np.where(x < 0.5, np.nan, np.where(x > 0.9, np.inf, (x - 0.4) ** 2))

    assert lowest(loss, 0.0, 1.0, 1) == pytest.approx(0.5, abs=1e-3)
