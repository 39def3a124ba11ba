import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from forecast.evaluation.conditional import giacomini_white


def test_one_step_ahead_is_n_times_the_uncentred_r2_of_regressing_one():
    """Giacomini and White (2006), comment 4 on their theorem 1."""
    d = np.random.default_rng(0).normal(0.2, 1.0, 60)
    instruments = np.column_stack([np.ones(59), d[:-1]]) * d[1:, None]
    expected = 59 * OLS(np.ones(59), instruments).fit().rsquared
    test = giacomini_white(d, 1)
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    assert test.p_value == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-9)


def test_a_difference_that_can_be_told_beforehand_is_found_where_its_mean_is_zero():
    d = np.tile([1.0, 1.0, 1.0, -1.0, -1.0, -1.0], 20) + np.random.default_rng(0).normal(0, 0.3, 120)
    assert abs(d.mean()) < 0.05
    assert giacomini_white(d, 1).p_value < 0.01


def test_units_of_the_loss_do_not_matter_and_overlap_is_allowed_for():
    d = np.random.default_rng(1).normal(0.3, 1.0, 50)
    for horizon in (1, 3):
        assert giacomini_white(d * 1e6, horizon).p_value == pytest.approx(giacomini_white(d, horizon).p_value)
    assert giacomini_white(d, 3).n == 47


@pytest.mark.parametrize(
    ("differential", "note"),
    [
        (np.ones(5), "5 cutoffs are too few"),
        (np.append(np.ones(20), np.nan), "a loss is not finite"),
        (np.zeros(20), "the loss differential does not vary"),
    ],
)
def test_undecidable_is_nan_with_a_note(differential, note):
    test = giacomini_white(differential, 1)
    assert np.isnan(test.p_value)
    assert test.note.startswith(note)


def test_equally_good_forecasts_are_rarely_called_different():
    rng = np.random.default_rng(0)
    p_values = np.array([giacomini_white(rng.normal(size=30), 1).p_value for _ in range(500)])
    assert np.mean(p_values < 0.05) < 0.08
