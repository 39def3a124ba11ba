"""Rates of intermittent demand against statsforecast 2.1.1 (constants) and by hand."""

import numpy as np
import pytest

from forecast.baselines.demand import croston_rates, squared_errors, tsb_rates
from forecast.baselines.lanes import Lanes

Y = np.array([0, 0, 3, 0, 0, 0, 5, 0, 2, 0, 0, 0, 0, 7, 0, 0, 1, 4, 0, 0, 0, 0, 6, 0, 0, 2, 0, 0, 0, 3, 0, 0.0])


def rates_of(method, lanes, *parameters):
    own = [np.full((1, len(lanes.lengths)), value) for value in parameters]
    if method == "TSB":
        return tsb_rates(lanes, *own)
    return croston_rates(lanes, *own, corrected=method == "SBA")


@pytest.mark.parametrize(
    ("method", "parameters", "last", "squares"),
    [  # of Y, of Y without its last two zeros and of Y + 1
        ("Croston", (0.1,), (1.044722336294066, 1.044722336294066, 1.8666541828528451), 113.69396237679257),
        ("SBA", (0.1,), (0.9924862194793628, 0.9924862194793628, 1.7733214737102028), 113.64144227443931),
        ("TSB", (0.3, 0.2), (0.7797348133688825, 1.2183356458888785, 1.5976028584115753), 133.2919012870858),
    ],
)
def test_last_rate_and_errors_equal_statsforecast(method, parameters, last, squares):
    lanes = Lanes.of([Y, Y + 1, Y[:30]])
    *_, rates = rates_of(method, lanes, *parameters)
    np.testing.assert_allclose(rates[0, [0, 2, 1]], last)
    # statsforecast counts the first demand's error too, from a forecast of zero: 3² less here
    np.testing.assert_allclose(squared_errors(lanes, rates_of(method, lanes, *parameters))[0, 0], squares)


def test_croston_by_hand_with_alpha_one_half():
    lanes = Lanes.of([np.array([0.0, 4, 0, 0, 8, 0])])
    rates = [float(rate[0, 0]) for rate in rates_of("Croston", lanes, 0.5)]
    # size 4, then 6; interval 2, then 2.5
    assert rates[1:] == [2, 2, 2, 2.4, 2.4]


def test_tsb_by_hand_with_one_half():
    lanes = Lanes.of([np.array([4.0, 0, 0, 8])])
    rates = [float(rate[0, 0]) for rate in rates_of("TSB", lanes, 0.5, 0.5)]
    # share 1, 1/2, 1/4, 5/8; size 4, and 6 at last
    assert rates == [4, 2, 1, 3.75]
