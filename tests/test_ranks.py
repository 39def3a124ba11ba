"""Ranks over series: the numbers of published tables and of scipy and scikit-posthocs."""

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
from scipy import stats

from forecast.evaluation.ranks import LEAST_BLOCKS, design_effect, friedman, rank, rank_models, studentised_range

DEMSAR = pd.DataFrame(  # Demsar (2006), table 6: AUC of C4.5 and three variants; its ranks part 0.975 from 0.975
    {
        "C4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
        "m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
        "cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.975, 0.946],
        "m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.9749, 0.970],
    }
)


def losses(n: int = 30, *, gap: float = 0.0, models: int = 4, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.gamma(2.0, 1.0, (n, 1)) + rng.normal(0, 1, (n, models)) + gap * np.arange(models)).rename(
        columns=lambda number: f"m{number}"
    )


def test_mean_ranks_and_test_are_those_that_demsar_published():
    found = rank(-DEMSAR)
    assert found.mean_ranks.round(3).to_dict() == {"m+cf": 1.964, "m": 2.0, "cf": 2.893, "C4.5": 3.143}
    assert found.critical_difference == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), abs=1e-3)  # q of table 5a
    assert 0.01 < found.friedman_p < stats.f.sf(3.69, 3, 39)  # his F = 3.69 is not corrected for ties


def test_friedman_is_that_of_scipy_in_its_f_form():
    frame = losses(20, gap=0.2)
    n, k = frame.shape
    expected = stats.friedmanchisquare(*frame.to_numpy().T).statistic
    as_f = (n - 1) * expected / (n * (k - 1) - expected)
    ranks = stats.rankdata(frame.to_numpy(), axis=1)
    assert friedman(ranks) == pytest.approx(stats.f.sf(as_f, k - 1, (k - 1) * (n - 1)))
    tied = frame.round(0)
    expected = stats.friedmanchisquare(*tied.to_numpy().T).statistic
    as_f = (n - 1) * expected / (n * (k - 1) - expected)
    assert friedman(stats.rankdata(tied.to_numpy(), axis=1)) == pytest.approx(stats.f.sf(as_f, 3, 57))


def test_friedman_at_its_ends():
    assert friedman(np.full((6, 3), 2.0)) == 1.0
    assert friedman(np.tile([1.0, 2.0, 3.0], (6, 1))) == 0.0


def test_models_told_apart_are_those_of_scikit_posthocs():
    frame = losses(25, gap=0.35)
    found = rank(frame)
    nemenyi = scikit_posthocs.posthoc_nemenyi_friedman(frame)
    for one in frame:
        for other in frame:
            apart = abs(found.mean_ranks[one] - found.mean_ranks[other]) > found.critical_difference
            assert apart == (nemenyi.loc[one, other] < 0.05)


def test_groups_are_the_largest_runs_within_the_critical_difference():
    found = rank(losses(60, gap=0.3, models=6))
    for group in found.groups:
        assert found.mean_ranks[group[-1]] - found.mean_ranks[group[0]] <= found.critical_difference
        assert list(group) == [name for name in found.mean_ranks.index if name in group]
    assert all(not set(one) < set(other) for one in found.groups for other in found.groups)
    assert rank(losses(60, gap=9.0)).groups == ()


def test_best_is_never_beaten_and_intervals_that_touch_its_own_are_not():
    found = rank(losses(40, gap=0.5))
    mcb = found.mcb.set_index("model")
    best = found.mean_ranks.index[0]
    assert not mcb.loc[best, "beaten"]
    assert (mcb["beaten"] == (mcb["mean_rank"] - mcb.loc[best, "mean_rank"] > found.critical_difference)).all()
    np.testing.assert_allclose(mcb["high"] - mcb["low"], found.critical_difference)
    assert mcb["beaten"].any()


def test_equal_models_are_told_apart_in_about_5_percent_of_samples():
    samples = (losses(20, seed=seed).to_numpy() for seed in range(600))
    rejected = [friedman(stats.rankdata(sample, axis=1)) < 0.05 for sample in samples]
    assert np.mean(rejected) == pytest.approx(0.05, abs=0.025)


def test_design_effect_is_that_of_kish():
    rng = np.random.default_rng(0)
    shape = (6, 40, 200)
    shared = 0.5**0.5 * (rng.normal(size=shape) + rng.normal(size=(6, 1, 200)))
    pairs = [
        np.mean([stats.spearmanr(shared[:, one, t], shared[:, other, t]).statistic for t in range(200)])
        for one, other in ((0, 1), (5, 9), (20, 39))
    ]
    assert design_effect(shared, 1) == pytest.approx(1 + 39 * np.mean(pairs), rel=0.1)
    assert design_effect(rng.normal(size=shape), 1) == 1.0
    assert np.isnan(design_effect(shared[..., :2], 1))
    assert np.isnan(design_effect(shared[..., :8], 4))


def test_fewer_blocks_tell_less_apart():
    frame = losses(40, gap=0.4)
    ranks = stats.rankdata(frame.to_numpy(), axis=1)
    assert friedman(ranks) < friedman(ranks, effect=10.0)
    assert rank(frame, effect=4.0).critical_difference == pytest.approx(2 * rank(frame).critical_difference)
    agreed = np.tile([1.0, 2.0, 3.0], (6, 1))
    assert friedman(agreed, effect=6.0) == pytest.approx(stats.chi2.sf(2.0, 2))


@pytest.mark.parametrize(
    ("frame", "note"),
    [
        (losses(LEAST_BLOCKS - 1), "4 series are too few to rank over, at least 5 are needed"),
        (losses(30, models=1), "one model alone"),
    ],
)
def test_too_little_to_rank_says_why(frame, note):
    found = rank(frame)
    assert found.note == note
    assert np.isnan(found.friedman_p)
    assert np.isnan(found.critical_difference)
    assert found.groups == ()
    assert found.mcb["model"].tolist() == list(frame)
    assert found.mean_ranks.isna().all()


def test_blocks_of_a_table_are_series_with_errors_over_their_naive_error():
    rows = []
    for series in range(6):
        for cutoff in (1, 2):
            for step in (1, 2):
                for model, error in (("A", 1.0), ("B", 2.0 if series else 0.5)):
                    actual = np.nan if (series, cutoff, step) == (1, 2, 2) else 10.0
                    row = {"model": model, "seed": 0, "unique_id": f"s{series}", "target": "y", "cutoff": cutoff}
                    rows.append(row | {"step": step, "time": cutoff + step, "mean": 10.0 + error, "actual": actual})
    found = rank_models(pd.DataFrame(rows).assign(naive_mae=2.0, naive_mse=4.0))
    assert found.blocks == 6
    assert found.caution == "series are taken for independent: 2 cutoffs cannot show whether they share surprises"
    assert found.mean_ranks.to_dict() == pytest.approx({"A": 7 / 6, "B": 11 / 6})


@pytest.mark.parametrize(("groups", "published"), [(2, 1.960), (3, 2.343), (5, 2.728), (10, 3.164)])
def test_range_of_normal_values_is_that_of_demsars_table_and_of_scipy(groups, published):
    ours = studentised_range(groups, 0.05)
    assert ours / np.sqrt(2) == pytest.approx(published, abs=1e-3)
    assert ours == pytest.approx(stats.studentized_range.ppf(0.95, groups, np.inf), rel=1e-6)
