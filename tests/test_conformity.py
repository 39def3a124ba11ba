"""Quantiles of past errors: the ranks of split conformal prediction, and adaptive levels."""

import numpy as np
import pytest
from scipy import stats

from forecast.conformity import adapted, corrections, needed, quantile

ONE = np.ones(1, dtype=int)


def test_errors_needed_reach_the_outermost_level():
    """A rank of at most n exists for level 0.975 from n = 39 on: 40 * 0.975 = 39."""
    assert [needed([level, 1 - level]) for level in (0.025, 0.05, 0.1, 0.25)] == [39, 19, 9, 3]
    assert needed([0.5]) == 1


@pytest.mark.parametrize(
    ("n", "level"),
    [(n, level) for n in (9, 19, 39, 99) for level in (0.025, 0.1, 0.25, 0.75, 0.9, 0.975) if n >= needed([level])],
)
def test_quantile_is_the_order_statistic_of_the_finite_sample_rank(n, level):
    values = np.random.default_rng(n).normal(size=n)
    above = int(np.ceil(round((n + 1) * max(level, 1 - level), 9)))  # rank from the other end
    expected = np.sort(values)[above - 1] if level > 0.5 else np.sort(values)[::-1][above - 1]
    assert quantile(values, np.array(level), upper=level > 0.5) == expected


def test_new_error_lies_below_as_often_as_the_level_says():
    """Exactly k / (n + 1) for exchangeable errors, whatever their distribution (Vovk et al., 2005)."""
    draws = np.random.default_rng(0).standard_exponential((40, 40_000))
    for level in (0.025, 0.1, 0.9, 0.975):
        bound = quantile(draws[:39], np.full(40_000, level), upper=level > 0.5)
        sampling = 4 * np.sqrt(level * (1 - level) / 40_000)
        assert np.mean(draws[39] <= bound) == pytest.approx(level, abs=sampling)


def test_missing_errors_do_not_count():
    values = np.random.default_rng(1).normal(size=(60, 2))
    values[40:, 1] = np.nan
    both = quantile(values, np.array([0.9, 0.9]), upper=True)
    assert both[1] == quantile(values[:40, 1], np.array(0.9), upper=True)
    assert both[0] == quantile(values[:, 0], np.array(0.9), upper=True)


def test_too_few_errors_give_students_interval_and_one_gives_none():
    values = np.array([-1.0, 0.5, 1.0, 0.2])
    expected = values.mean() + values.std(ddof=1) * np.sqrt(1.25) * stats.t.ppf(0.975, 3)
    assert quantile(values, np.array(0.975), upper=True) == pytest.approx(expected)
    assert quantile(-values, np.array(0.025), upper=False) == pytest.approx(-expected)
    assert np.isnan(quantile(values[:1], np.array(0.975), upper=True))


def test_median_is_the_middle_error():
    assert quantile(np.array([3.0, 1.0, 2.0]), np.array(0.5), upper=False) == 2
    assert quantile(np.array([4.0, 1.0, 2.0, 3.0]), np.array(0.5), upper=False) == 2.5


def test_a_series_with_enough_errors_stands_alone_and_another_takes_those_of_all():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(50, 3, 1, 2)) * np.array([1, 1, 5])[:, None, None]
    scores[:30, 2] = np.nan  # 20 left: too few for 0.975
    found = corrections([scores] * 2, (0.025, 0.975), lags=np.array([1, 1]), rate=0)
    own = quantile(scores[:, 0, 0, 0], np.array(0.975), upper=True)
    assert found.values[0, 0, 0, 1] == own
    pooled = quantile(scores[:, :, 0, 0].ravel(), np.array(0.975), upper=True)
    assert found.values[2, 0, 0, 1] == pooled
    assert found.counts[:, 0, 0].tolist() == [50, 50, 120]


def test_few_errors_of_all_series_are_joined_over_steps_in_units_of_each_step():
    rng = np.random.default_rng(3)
    scores = rng.normal(size=(12, 1, 1, 5)) * np.arange(1, 6)
    found = corrections([scores] * 2, (0.025, 0.975), lags=np.arange(1, 6), rate=0)
    assert (found.counts == 60).all()
    width = found.values[0, 0, :, 1] - found.values[0, 0, :, 0]
    size = np.abs(scores).mean(axis=(0, 1, 2))
    assert width / size == pytest.approx(np.full(5, width[0] / size[0]))


def test_adapted_level_follows_the_recursion_step_by_step():
    """Equation 2 of Gibbs and Candès (2021), written out as a loop; a miss counts once its step is known."""
    scores = np.random.default_rng(4).normal(size=60) * np.linspace(1, 4, 60)
    for lag in (1, 3):
        alphas = [0.1]
        for k in range(60):
            alpha = alphas[max(k - lag + 1, 0)]
            known = np.sort(scores[: max(k - lag + 1, 0)])
            missed = alpha
            if len(known) >= 9:
                rank = int(np.ceil(round((len(known) + 1) * (1 - alpha), 9)))
                missed = float(rank <= len(known) and scores[k] > known[rank - 1])
            alphas.append(alphas[-1] + (0.05 * (0.1 - missed) if len(known) >= 9 else 0.0))
        found = adapted(scores[:, None, None], 0.9, lags=np.array([lag]), rate=0.05)
        assert found == pytest.approx([1 - np.clip(alphas[-1], 0, 0.5)])
        assert found[0] > 0.9  # errors grow, so the level had to
        lower = adapted(-scores[:, None, None], 0.1, lags=np.array([lag]), rate=0.05)
        assert lower == pytest.approx(1 - found)


def test_adapted_level_of_several_series_moves_by_the_share_that_missed():
    rng = np.random.default_rng(5)
    scores = rng.normal(size=(30, 50, 1, 2))
    scores[20:] *= 3
    found = adapted(scores, 0.9, lags=np.array([1, 2]), rate=0.05)
    assert found.shape == (1, 2)
    assert (found > 0.9).all()
    again = adapted(scores[:, rng.permutation(50)], 0.9, lags=np.array([1, 2]), rate=0.05)
    assert again == pytest.approx(found)
