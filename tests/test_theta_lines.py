"""The Theta recursions against statsforecast 2.1.1 (constants) and against the slow way."""

import numpy as np
import pytest
from statsmodels.datasets import nile

from forecast.baselines.lanes import Lanes
from forecast.baselines.theta_lines import Fitted, continued, fitted, followed, line

Y = nile.load_pandas().data["volume"].to_numpy(dtype=float)[:60]
FORMS = {"STM": (False, False), "OTM": (False, True), "DSTM": (True, False), "DOTM": (True, True)}

# auto_theta(y, 1, model, initial_smoothed=900, alpha=0.3, theta=2 or 4): squared errors from the 4th on; steps 1 2 12
FIXED = {
    "STM": (1456647.3436693908, (824.6258250211, 821.4067224926, 789.2156972078)),
    "OTM": (1485953.2831285167, (819.2606542887, 814.432000496, 766.1454625688)),
    "DSTM": (1540196.5518929472, (824.6258250211, 821.5751723757, 793.1967244333)),
    "DOTM": (1603891.8445020856, (819.2606542887, 814.6633962193, 771.2489800882)),
}
# auto_theta(y, m=1, model): squared errors from the fourth on; steps 1 and 12
FREE = {
    "STM": (1443016.9822436825, (814.8266195226, 779.4164917093)),
    "OTM": (1415369.139176848, (778.9192604543, 708.8014768569)),
    "DSTM": (1539016.979783943, (825.7574846336, 794.2942764347)),
    "DOTM": (1468008.2158026565, (834.8294629687, 834.8294629687)),
}


def parameters(lanes, alpha, theta, level, dynamic):
    static = [np.zeros(len(lanes.lengths))] * 2 if dynamic else line(lanes)
    return Fitted(*(np.full(len(lanes.lengths), value) for value in (alpha, 1 - 1 / theta, level)), *static)


@pytest.mark.parametrize("form", FORMS)
def test_errors_and_forecasts_equal_statsforecast_for_given_parameters(form):
    dynamic, optimised = FORMS[form]
    lanes = Lanes.of([Y, Y[:50]])
    found = parameters(lanes, 0.3, 4.0 if optimised else 2.0, 900.0, dynamic)
    state, variance = followed(lanes, found, dynamic=dynamic)
    mean, _ = continued(state, found, lanes.lengths, 12, dynamic=dynamic)
    squares, forecasts = FIXED[form]
    np.testing.assert_allclose(variance[0] * (len(Y) - 3), squares)
    np.testing.assert_allclose(mean[0, [0, 1, 11]], forecasts)


@pytest.mark.parametrize("form", FORMS)
def test_parameters_found_are_no_worse_than_those_of_statsforecast(form):
    dynamic, optimised = FORMS[form]
    lanes = Lanes.of([Y])
    found = fitted(lanes, dynamic=dynamic, optimised=optimised)
    state, variance = followed(lanes, found, dynamic=dynamic)
    mean, _ = continued(state, found, lanes.lengths, 12, dynamic=dynamic)
    squares, forecasts = FREE[form]
    assert 0.995 * squares < variance[0] * (len(Y) - 3) <= squares
    np.testing.assert_allclose(mean[0, [0, 11]], forecasts, rtol=5e-3)


@pytest.mark.parametrize("form", FORMS)
def test_parameters_are_the_best_of_those_around(form):
    dynamic, optimised = FORMS[form]
    lanes = Lanes.of([Y])
    found = fitted(lanes, dynamic=dynamic, optimised=optimised)
    least = followed(lanes, found, dynamic=dynamic)[1][0]
    for name, step in (("alpha", 1e-4), ("level", 0.5), ("weight", 1e-3 * optimised)):
        for side in (-step, step):
            moved = found._replace(**{name: getattr(found, name) + side})
            if 0.1 <= moved.alpha[0] <= 0.99 and 0 <= moved.weight[0] <= 1:
                assert followed(lanes, moved, dynamic=dynamic)[1][0] >= least * (1 - 1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_variance_is_what_an_error_at_each_step_adds_to_the_last(form):
    dynamic, _ = FORMS[form]
    horizon = 6

    def ahead(values, steps):
        lanes = Lanes.of([values])
        return continued(followed(lanes, found, dynamic=dynamic)[0], found, lanes.lengths, steps, dynamic=dynamic)

    found = parameters(Lanes.of([Y]), 0.3, 2.0, 900.0, dynamic)
    mean, growth = ahead(Y, horizon)
    expected = 1.0
    for step in range(horizon - 1):  # the forecasts up to here came true, and one more than this one
        surprised = np.concatenate([Y, mean[0, :step], mean[0, step : step + 1] + 1])
        expected += (ahead(surprised, horizon - 1 - step)[0][0, -1] - mean[0, -1]) ** 2
    np.testing.assert_allclose(growth[0, -1], expected)


def test_standard_forms_have_the_published_variance():
    lanes = Lanes.of([Y])
    found = parameters(lanes, 0.3, 2.0, 900.0, dynamic=False)
    state, _ = followed(lanes, found, dynamic=False)
    _, growth = continued(state, found, lanes.lengths, 5, dynamic=False)
    np.testing.assert_allclose(growth[0], 1 + 0.3**2 * np.arange(5))


def test_line_is_least_squares():
    lanes = Lanes.of([Y, Y[:7], Y[:2]])
    intercept, slope = line(lanes)
    for lane, length in enumerate(lanes.lengths[:3].tolist()):
        expected = np.polyfit(np.arange(1, length + 1), Y[:length], 1)
        np.testing.assert_allclose((slope[lane], intercept[lane]), expected)
