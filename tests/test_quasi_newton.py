"""Many minimisations at once reach what scipy's L-BFGS-B reaches one by one."""

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from forecast.baselines.quasi_newton import minimise

INF = np.inf


class Valleys:
    """Rosenbrock's function in four dimensions, of ever other steepness."""

    def __init__(self, steepness):
        self.steepness = steepness

    def value(self, x):
        self.at = x
        return self.steepness * rosen(x)

    def gradient(self, x):
        return self.steepness * rosen_der(x)

    def take(self, which):
        return Valleys(self.steepness[which])


def solved(steepness, low=-INF, high=INF, evaluations=300):
    shape = (4, len(steepness))
    start = np.clip(np.tile(np.array([[-1.2], [1.0], [-0.5], [0.8]]), (1, shape[1])), low, high)
    limits = np.full(shape, low), np.full(shape, high)
    return minimise(
        Valleys(steepness),
        start,
        limits,
        np.full(shape, 1e-2),
        np.full(shape[1], 1e-10),
        reach=np.array([0.5, INF, INF, INF]),
        evaluations=evaluations,
    )


def test_free_minimum_is_found_in_every_lane():
    found = solved(np.geomspace(0.01, 100, 24))
    assert found.converged.all()
    np.testing.assert_allclose(found.x, 1.0, atol=1e-3)


@pytest.mark.parametrize(("low", "high"), [(-INF, 0.7), (-0.4, 0.5)])
def test_minimum_at_bounds_is_not_above_that_of_scipy(low, high):
    found = solved(np.ones(8), low, high)
    start = np.clip([-1.2, 1.0, -0.5, 0.8], low, high)
    own = minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", bounds=[(low, high)] * 4)
    assert (found.value <= own.fun * (1 + 1e-5)).all()
    assert ((found.x >= low) & (found.x <= high)).all()


def test_lane_reaches_the_same_to_the_bit_whatever_the_others_do():
    steepness = np.geomspace(0.01, 100, 64)
    whole, some = solved(steepness), solved(steepness[24:32])
    np.testing.assert_array_equal(whole.x[:, 24:32], some.x)
    np.testing.assert_array_equal(whole.value[24:32], some.value)


def test_too_few_evaluations_are_said():
    assert not solved(np.ones(8), evaluations=3).converged.any()
