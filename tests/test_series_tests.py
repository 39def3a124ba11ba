"""Tests of many series at once, held against the same tests of statsmodels and scipy on one series."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox
from statsmodels.tsa.stattools import acf

from forecast.evaluation.series_tests import TESTS, arch, autocorrelation, jarque_bera, ljung_box

ERRORS = np.random.default_rng(0).standard_t(5, (4, 60)).cumsum(axis=1) * 0.3 + np.random.default_rng(1).normal(
    size=(4, 60)
)


def test_autocorrelation_is_that_of_statsmodels():
    for lag in (1, 2, 7):
        expected = [acf(row, nlags=lag, fft=False)[lag] for row in ERRORS]
        assert autocorrelation(ERRORS, lag) == pytest.approx(expected)


@pytest.mark.parametrize(("n", "lags"), [(60, 10), (24, 4), (10, 2)])
def test_ljung_box_and_arch_are_those_of_statsmodels(n, lags):
    errors = ERRORS[:, :n]
    expected = [acorr_ljungbox(row, lags=[lags])["lb_pvalue"].iloc[0] for row in errors]
    assert ljung_box(errors).p_values == pytest.approx(expected)
    squares = (errors - errors.mean(axis=1, keepdims=True)) ** 2
    expected = [acorr_ljungbox(row, lags=[lags])["lb_pvalue"].iloc[0] for row in squares]
    assert arch(errors).p_values == pytest.approx(expected)


def test_jarque_bera_is_that_of_scipy():
    assert jarque_bera(ERRORS).p_values == pytest.approx([stats.jarque_bera(row).pvalue for row in ERRORS])


def test_autocorrelated_errors_are_told_from_others_at_the_level():
    rng = np.random.default_rng(2)
    noise = rng.normal(size=(2000, 50))
    assert (ljung_box(noise).p_values < 0.05).mean() == pytest.approx(0.05, abs=0.025)
    assert (arch(noise).p_values < 0.05).mean() == pytest.approx(0.05, abs=0.025)
    moving = noise[:, 1:] + 0.9 * noise[:, :-1]
    assert (ljung_box(moving).p_values < 0.05).mean() > 0.7


@pytest.mark.parametrize("test", TESTS.values(), ids=TESTS)
def test_what_cannot_be_tested_is_nan_with_its_reason(test):
    errors = ERRORS[:3, :30].copy()
    errors[1, 4], errors[2] = np.nan, 0.1
    p_values, notes = test(errors)
    assert np.isnan(p_values).tolist() == [False, True, True]
    assert notes == ["", "the first step is not observed at every cutoff", "first step's errors all equal"]
    few = test(ERRORS[:, :9])
    assert np.isnan(few.p_values).all()
    assert set(few.notes) <= {
        "9 cutoffs are too few: autocorrelation needs 10 (--folds)",
        "9 cutoffs are too few: normality needs 20 (--folds)",
    }
    assert np.isnan(test(np.empty((2, 0))).p_values).all()
