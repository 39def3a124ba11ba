import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.tsa import stattools

from forecast.evaluation.significance import Losses, compare, cutoff_losses, diebold_mariano, holm, loss_differential

SLEEP = np.array([-1.2, -2.4, -1.3, -1.3, 0.0, -1.0, -1.8, -0.8, -4.6, -1.4])  # Student (1908), drug 1 minus drug 2


def _correlated(n, seed, horizon):
    shocks = np.random.default_rng(seed).normal(size=n + horizon - 1)
    return 0.3 + np.convolve(shocks, np.ones(horizon), "valid")


def _table(losses, *, stride=1, horizon=1, naive=1.0, unobserved=()):
    """One series with stamps 0, 1, 2 ...; ``losses`` gives each model's absolute error at each cutoff."""
    frames = []
    for model, errors in losses.items():
        for fold, error in enumerate(errors):
            steps = np.arange(1, horizon + 1)
            actual = np.where(fold in unobserved, np.nan, np.zeros(horizon))
            row = {"model": model, "seed": 0, "unique_id": "a", "target": "y", "cutoff": fold * stride, "step": steps}
            time = fold * stride + steps
            frames.append(pd.DataFrame(row | {"time": time, "mean": error, "actual": actual, "naive_mae": naive}))
    return pd.concat(frames, ignore_index=True)


def test_one_step_ahead_is_the_paired_t_test_of_student():
    """Published many times, for instance in R's help of t.test: t = -4.0621, df = 9, p-value = 0.002833."""
    test = diebold_mariano(SLEEP, horizon=1)
    assert round(test.statistic, 4) == -4.0621
    assert round(test.p_value, 6) == 0.002833


@pytest.mark.skipif(not hasattr(stattools, "diebold_mariano_test"), reason="statsmodels has it since 0.15")
def test_equals_statsmodels_one_step_ahead():
    y, first, second = np.random.default_rng(0).normal(size=(3, 40))
    theirs = stattools.diebold_mariano_test(y, first, second, criterion="mae", lags=0, harvey_adj=True)
    ours = diebold_mariano(np.abs(y - first) - np.abs(y - second), horizon=1)
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-10)


@pytest.mark.parametrize("horizon", [2, 5])
def test_equals_regression_on_a_constant_with_a_uniform_kernel(horizon):
    d = _correlated(60, seed=1, horizon=horizon)
    hac = OLS(d, np.ones(60)).fit(cov_type="HAC", cov_kwds={"maxlags": horizon - 1, "kernel": "uniform"})
    expected = hac.tvalues[0] * np.sqrt((61 - 2 * horizon + horizon * (horizon - 1) / 60) / 60)
    test = diebold_mariano(d, horizon)
    assert test.statistic == pytest.approx(expected, rel=1e-10)
    assert test.p_value == pytest.approx(2 * stats.t.sf(abs(expected), 59 / horizon), rel=1e-10)


def test_negative_autocovariance_does_not_make_a_difference_more_certain():
    d = 0.2 + np.tile([1.0, -1.0], 15)
    test = diebold_mariano(d, horizon=2)
    assert test.note.startswith("negative autocovariance taken as zero")
    assert abs(test.statistic) < abs(diebold_mariano(d, horizon=1).statistic)


def test_losses_that_stay_correlated_beyond_the_overlap_are_allowed_for_and_said():
    shocks = np.random.default_rng(0).normal(size=100)
    walk = [0.0]
    for shock in shocks:
        walk.append(0.8 * walk[-1] + shock)
    test = diebold_mariano(np.array(walk), horizon=1)
    assert test.note == "losses of neighbouring cutoffs are correlated, allowed for"
    assert test.p_value > stats.ttest_1samp(walk, 0).pvalue
    assert test.freedom < 30
    assert diebold_mariano(shocks, horizon=1).note == ""
    assert diebold_mariano(_correlated(100, 2, 4), horizon=4).note == ""


@pytest.mark.parametrize("horizon", [2, 5])
def test_bartlett_kernel_is_that_of_newey_and_west(horizon):
    d = 0.2 + np.tile([1.0, -1.0, 0.5], 10)
    hac = OLS(d, np.ones(30)).fit(cov_type="HAC", cov_kwds={"maxlags": horizon - 1})
    expected = hac.tvalues[0] * np.sqrt((31 - 2 * horizon + horizon * (horizon - 1) / 30) / 30)
    test = diebold_mariano(d, horizon, kernel="bartlett")
    assert test.statistic == pytest.approx(expected, rel=1e-10)
    assert test.note == ""


@pytest.mark.parametrize(
    ("differential", "horizon", "note"),
    [
        ([0.5], 1, "one cutoff is too few"),
        ([0.0, 0.0, 0.0], 1, "equal losses"),
        ([0.1, 0.1, 0.1], 1, "the losses differ by the same"),
        ([0.1, 0.4, 0.2], 3, "3 overlapping cutoffs are too few"),
        ([0.1, np.nan, 0.2], 1, "a loss is not finite"),
    ],
)
def test_undecidable_is_nan_with_a_note(differential, horizon, note):
    test = diebold_mariano(np.array(differential), horizon)
    assert np.isnan(test.p_value)
    assert test.note.startswith(note)


def test_loss_is_one_value_a_cutoff_in_order_of_time():
    table = _table({"A": [1.0, 2.0, 4.0], "B": [2.0, 2.0, 2.0]}, stride=3, horizon=3, naive=2.0).iloc[::-1]
    losses = cutoff_losses(table)
    assert losses.unit == "scaled absolute error"
    np.testing.assert_allclose(loss_differential(losses, "A", "B"), [-0.5, 0.0, 1.0])


@pytest.mark.parametrize(("stride", "horizon", "overlap"), [(3, 3, 1), (5, 3, 1), (2, 3, 2), (1, 3, 3), (1, 1, 1)])
def test_overlap_counts_cutoffs_that_share_steps(stride, horizon, overlap):
    table = _table({"A": np.ones(8)}, stride=stride, horizon=horizon)
    assert cutoff_losses(table).horizon == overlap


def test_without_a_naive_error_the_loss_is_in_units_of_the_data():
    losses = cutoff_losses(_table({"A": [1.0, 2.0], "B": [3.0, 3.0]}, naive=0.0))
    assert losses.unit == "absolute error"
    assert list(loss_differential(losses, "A", "B")) == [-2.0, -1.0]


def test_unobserved_cutoffs_are_left_out_for_both():
    losses = cutoff_losses(_table({"A": [1.0, 9.0, 2.0], "B": [1.0, 1.0, 1.0]}, unobserved=(1,)))
    assert list(loss_differential(losses, "A", "B")) == [0.0, 1.0]


def test_seeds_are_averaged_first():
    table = _table({"A": [1.0, 2.0], "B": [1.0, 1.0]})
    second = table[table["model"] == "A"].assign(seed=1, mean=lambda rows: rows["mean"] + 2)
    losses = cutoff_losses(pd.concat([table, second], ignore_index=True))
    np.testing.assert_allclose(loss_differential(losses, "A", "B"), [1.0, 2.0])


def test_comparison_with_an_absent_model_says_so():
    test = compare(cutoff_losses(_table({"A": [1.0, 2.0]})), "A", "SeasonalNaive")
    assert np.isnan(test.p_value)
    assert "SeasonalNaive" in test.note


def test_holm_by_hand_and_nan_does_not_count():
    corrected = holm(np.array([0.01, np.nan, 0.04, 0.03]))
    np.testing.assert_allclose(corrected, [0.03, np.nan, 0.06, 0.06])


def _rejections(folds, stride, horizon, n_series, repeats):
    """Share of rejections when two forecasts are equally good: the same surprises, levels off by equal noise."""
    rng = np.random.default_rng(0)
    length, overlap = (folds - 1) * stride + horizon, -(-horizon // stride)
    rejected = 0
    for _ in range(repeats):
        shocks = rng.normal(size=(n_series, length)) + rng.normal(size=length)
        differential = np.empty(folds)
        for fold in range(folds):
            path = np.cumsum(shocks[:, fold * stride : fold * stride + horizon], axis=1)
            first, second = rng.normal(size=(2, n_series, 1)) + rng.normal(size=(2, 1, 1))
            differential[fold] = (np.abs(path - first) - np.abs(path - second)).mean()
        rejected += diebold_mariano(differential, overlap).p_value < 0.05
    return rejected / repeats


def test_equal_forecasts_are_rarely_called_different():
    assert _rejections(folds=6, stride=4, horizon=4, n_series=3, repeats=300) < 0.09


@pytest.mark.slow
@pytest.mark.parametrize(("folds", "stride"), [(2, 12), (3, 12), (5, 12), (30, 12), (10, 6), (30, 6), (50, 1)])
def test_size_is_at_most_the_level(folds, stride):
    assert _rejections(folds, stride, horizon=12, n_series=5, repeats=2000) < 0.065


@pytest.mark.slow
def test_a_real_difference_is_found():
    rng = np.random.default_rng(0)
    p_values = [diebold_mariano(rng.normal(0.5, 1.0, 40), 1).p_value for _ in range(500)]
    assert np.mean(np.array(p_values) < 0.05) > 0.8


@pytest.mark.parametrize("seed", range(3))
def test_holm_equals_statsmodels(seed):
    from statsmodels.stats.multitest import multipletests

    p_values = np.random.default_rng(seed).uniform(0, 0.2, 7)
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1])


def test_order_of_series_has_no_say_where_one_cutoff_makes_the_series_the_sample():
    """Series that stand beside each other may be alike (H1, H2 ...); that is no correlation in time."""
    drift = np.linspace(-1, 1, 60) + 0.3
    losses = Losses(pd.DataFrame({"A": drift, "B": 0.0}), 1, "absolute error", "series")
    shuffled = Losses(losses.values.sample(frac=1.0, random_state=0), 1, "absolute error", "series")
    one, other = compare(losses, "A", "B"), compare(shuffled, "A", "B")
    assert one.note == other.note == ""
    assert one.p_value == pytest.approx(other.p_value)
    assert one.p_value == pytest.approx(stats.ttest_1samp(drift, 0).pvalue)
    assert "correlated" in compare(losses._replace(over="cutoffs"), "A", "B").note
