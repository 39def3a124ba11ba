"""The test of a mean with two-way clusters, held against that of statsmodels."""

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from forecast.evaluation.clusters import mean_test
from forecast.evaluation.significance import diebold_mariano


def errors_of(series, cutoffs, each=3, seed=0, mean=0.0):
    """(P, F, each) errors that share a surprise of the cutoff and a bias of the series."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(1, cutoffs, 1)) + rng.normal(size=(series, 1, 1))
    return mean + shared + rng.normal(size=(series, cutoffs, each))


def outcome_of(errors, overlap=1):
    return mean_test(errors.sum(axis=2), np.full(errors.shape[:2], errors.shape[2]), overlap)


def test_statistic_is_that_of_statsmodels():
    errors = errors_of(8, 12, mean=0.5)
    series, cutoff, _ = np.indices(errors.shape).reshape(3, -1)
    fit = OLS(errors.reshape(-1), np.ones(errors.size)).fit(
        cov_type="cluster", cov_kwds={"groups": np.column_stack([series, cutoff])}
    )
    assert outcome_of(errors).statistic == pytest.approx(float(fit.tvalues[0]))
    assert outcome_of(errors).n == 8


def test_null_is_rejected_near_the_level_where_cutoffs_alone_would_be_too_sure():
    outcomes = [outcome_of(errors_of(20, 30, seed=seed)).p_value for seed in range(400)]
    assert np.mean(np.array(outcomes) < 0.05) == pytest.approx(0.05, abs=0.035)
    alone = [diebold_mariano(errors_of(20, 30, seed=seed).mean(axis=(0, 2)), 1).p_value for seed in range(400)]
    assert np.mean(np.array(alone) < 0.05) > 0.1


def test_few_series_or_cutoffs():
    errors = errors_of(4, 12)
    assert outcome_of(errors) == diebold_mariano(errors.mean(axis=(0, 2)), 1)
    one = outcome_of(errors_of(8, 1))
    assert np.isnan(one.p_value)
    assert "one cutoff" in one.note


def test_series_and_cutoffs_without_errors_do_not_count():
    errors = errors_of(8, 12)
    totals, counts = errors.sum(axis=2), np.full((8, 12), 3)
    more = [np.pad(each, ((0, 2), (0, 3))) for each in (totals, counts)]
    assert mean_test(*more, 1) == mean_test(totals, counts, 1)


def test_overlapping_cutoffs_are_less_sure():
    walk = np.repeat(errors_of(6, 10, mean=1.0), 3, axis=1)
    assert outcome_of(walk, 3).p_value > outcome_of(walk, 1).p_value
