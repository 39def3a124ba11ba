"""Seasonality test and classical decomposition against statsmodels, and numbers of R's own."""

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose
from statsmodels.tsa.stattools import acf

from forecast.baselines.lanes import Lanes
from forecast.baselines.seasons import Season, classical_season, is_seasonal, significant_season


def histories(seasonality, count=11):
    """Ragged histories, the longest first, every other one with a season."""
    rng = np.random.default_rng(seasonality)
    lengths = np.sort(rng.integers(4, 9 * seasonality, count))[::-1]
    waves = [np.sin(2 * np.pi * np.arange(length) / seasonality) for length in lengths]
    return [60 + rng.normal(0, 2, len(wave)) + 4 * (lane % 2) * wave for lane, wave in enumerate(waves)]


@pytest.mark.parametrize("seasonality", [4, 7, 12, 24])
def test_test_is_the_limit_of_the_m4_competition(seasonality):
    some = histories(seasonality)
    expected = []
    for y in some:
        if len(y) < 3 * seasonality:
            expected.append(False)
            continue
        correlation = acf(y, nlags=seasonality, fft=False)[1:]
        limits = 1.645 / np.sqrt(len(y)) * np.sqrt(np.cumsum([1, *(2 * correlation**2)]))
        expected.append(abs(correlation[seasonality - 1]) > limits[seasonality - 1])
    assert 0 < sum(expected) < len(some)
    assert is_seasonal(Lanes.of(some), seasonality, seasons=3)[: len(some)].tolist() == expected


@pytest.mark.parametrize("seasonality", [4, 7, 12, 24])
@pytest.mark.parametrize("multiplicative", [True, False])
def test_terms_equal_statsmodels(seasonality, multiplicative):
    some = histories(seasonality)
    season = classical_season(Lanes.of(some), seasonality, multiplicative=multiplicative)
    terms = season.factor if multiplicative else season.shift
    compared = 0
    for lane, y in enumerate(some):
        if len(y) >= 2 * seasonality:
            model = "multiplicative" if multiplicative else "additive"
            own = seasonal_decompose(y, model=model, period=seasonality).seasonal[:seasonality]
            np.testing.assert_allclose(terms[:, lane], own, rtol=1e-9, atol=1e-9)
            compared += 1
    assert compared > len(some) / 2


def test_season_removed_and_put_back_ahead():
    y = np.array([2.0, 6, 2, 6, 2, 6, 2])
    lanes = Lanes.of([y, y[:6]])
    season = classical_season(lanes, 2, multiplicative=True)
    np.testing.assert_allclose(season.factor[:, :2], [[0.5, 0.5], [1.5, 1.5]])
    np.testing.assert_allclose(season.removed(lanes.values)[:, 0], 4)
    factor, shift = season.ahead(lanes.lengths, 3)
    np.testing.assert_allclose(factor[:2], [[1.5, 0.5, 1.5], [0.5, 1.5, 0.5]])
    assert not shift.any()


def test_no_season_changes_nothing():
    lanes = Lanes.of([np.arange(9.0)])
    none = Season.none(len(lanes.lengths))
    np.testing.assert_array_equal(none.removed(lanes.values), lanes.values)
    assert not is_seasonal(lanes, 1, seasons=3).any()
    assert not is_seasonal(lanes, 12, seasons=3).any()


def test_terms_of_a_lane_do_not_depend_on_the_others():
    some = histories(7)
    whole = Lanes.of(some)
    for lane in (0, 3, 6):
        alone = Lanes.of([some[lane]])
        for multiplicative in (True, False):
            ours, own = (classical_season(lanes, 7, multiplicative=multiplicative) for lanes in (whole, alone))
            np.testing.assert_array_equal(ours.factor[:, lane], own.factor[:, 0])
            np.testing.assert_array_equal(ours.shift[:, lane], own.shift[:, 0])
        assert is_seasonal(whole, 7, seasons=3)[lane] == is_seasonal(alone, 7, seasons=3)[0]


def test_season_is_added_where_values_or_terms_are_too_small_to_divide_by():
    rng = np.random.default_rng(0)
    wave = np.tile([1.0, 5, 9, 5], 12) + rng.normal(0, 0.1, 48)
    silent = np.tile([1e-3, 5, 9, 5], 12) * (1 + rng.normal(0, 0.01, 48))
    season = significant_season(Lanes.of([wave, wave - 3, silent, rng.normal(9, 1, 48), wave[:6]]), 4)
    assert (season.factor != 1).any(axis=0)[:5].tolist() == [True, False, False, False, False]
    assert (season.shift != 0).any(axis=0)[:5].tolist() == [False, True, True, False, False]
    again = Season.unpacked(season.packed())
    np.testing.assert_array_equal(again.factor, season.factor)
    np.testing.assert_array_equal(again.shift, season.shift)
