"""Residual diagnostics: bias, and what is left in the first step's errors."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.diagnostic import acorr_ljungbox

from forecast.evaluation.residuals import bias_by_step, by_series, diagnose

HORIZON = 3


def make_table(errors, *, naive=2.0, name="A", seed=0, stride=HORIZON):
    """Forecasts of one model with these ``errors`` (F, N, H)."""
    fold, one, ahead = np.indices(errors.shape).reshape(3, -1)
    actual = np.random.default_rng(0).normal(20, 3, fold.size)
    stamps = pd.date_range("2024-01-01", periods=len(errors) * stride + HORIZON + 1, freq="D")
    columns = {
        "model": pd.Categorical([name] * fold.size),
        "seed": seed,
        "unique_id": pd.Categorical.from_codes(one, pd.Index([f"s{index}" for index in range(errors.shape[1])])),
        "target": "y",
        "cutoff": stamps[fold * stride],
        "step": ahead + 1,
        "time": stamps[fold * stride + ahead + 1],
        "mean": actual + errors.reshape(-1),
        "actual": actual,
    }
    return pd.DataFrame(columns).assign(naive_mae=naive * (1.0 + one), naive_mse=1.0)


@pytest.fixture(scope="module")
def errors():
    return np.random.default_rng(3).normal(0.5, 1, (24, 4, HORIZON)) * (1 + np.arange(4))[:, None]


def test_bias_is_the_mean_error_and_its_test_a_t_test_of_the_cutoffs(errors):
    row = diagnose(make_table(errors)).iloc[0]
    scaled = errors / (2 * (1 + np.arange(4)))[:, None]
    assert row[["rows", "series", "note"]].tolist() == [errors.size, 4, ""]
    assert (row["bias"], row["scaled_bias"]) == pytest.approx((errors.mean(), scaled.mean()))
    assert row["bias_p"] == pytest.approx(stats.ttest_1samp(scaled.mean(axis=(1, 2)), 0).pvalue)
    of_series = by_series(make_table(errors))
    assert of_series["bias"].tolist() == pytest.approx(errors.mean(axis=(0, 2)).tolist())
    of_step = bias_by_step(make_table(errors))
    assert of_step["step"].tolist() == [1, 2, 3]
    plain = [stats.ttest_1samp(scaled[:, :, step].mean(axis=1), 0).pvalue for step in range(HORIZON)]
    assert of_step["bias_p"].tolist()[1:] == pytest.approx(plain[1:])
    assert of_step["bias_p"][0] > plain[0]  # these happen to be correlated from cutoff to cutoff, which is allowed for


def test_first_steps_are_tested_series_by_series_and_summed_up(errors):
    table = make_table(errors)
    of_series = by_series(table)
    expected = [acorr_ljungbox(errors[:, index, 0], lags=[4])["lb_pvalue"].iloc[0] for index in range(4)]
    assert of_series["ljung_box_p"].tolist() == pytest.approx(expected)
    row = diagnose(table).iloc[0]
    assert row["ljung_box_p"] == pytest.approx(min(1, 4 * min(expected)))
    assert row["ljung_box_share"] == np.mean(np.array(expected) < 0.05)
    assert row["lag1"] == pytest.approx(of_series["lag1"].mean())


def test_errors_that_the_past_would_have_told_are_found():
    rng = np.random.default_rng(4)
    walk = np.repeat(np.sin(np.arange(30) / 3)[:, None, None], 2, axis=1) + rng.normal(0, 0.2, (30, 2, HORIZON))
    row = diagnose(make_table(walk)).iloc[0]
    assert row["ljung_box_p"] < 0.001
    assert row["ljung_box_share"] == 1
    assert row["lag1"] > 0.5


def test_seeds_are_averaged_and_models_keep_their_order(errors):
    tables = [make_table(errors + shift, name="Net", seed=seed) for seed, shift in enumerate((-1.0, 1.0))]
    both = pd.concat([*tables, make_table(errors)], ignore_index=True).astype({"model": "category"})
    found = diagnose(both)
    assert found["model"].tolist() == ["Net", "A"]
    pd.testing.assert_frame_equal(
        found.iloc[[0]].drop(columns="model"), found.iloc[[1]].drop(columns="model").set_axis([0])
    )


def test_few_cutoffs_leave_the_tests_undefined_and_say_so(errors):
    row = diagnose(make_table(errors[:5])).iloc[0]
    assert np.isnan(row[["lag1", "ljung_box_p", "arch_p", "jarque_bera_share"]].astype(float)).all()
    assert row["note"] == (
        "5 cutoffs are too few: autocorrelation needs 10 (--folds); 5 cutoffs are too few: normality needs 20 (--folds)"
    )
    one = diagnose(make_table(errors[:1])).iloc[0]
    assert np.isnan(one["bias_p"])
    assert one["note"].startswith("bias: one cutoff is too few for a test, use more folds (--folds); 1 cutoffs are")


def test_unobserved_values_and_undefined_scales(errors):
    table = make_table(errors)
    table.loc[(table["unique_id"] == "s1") & (table["step"] == 1) & (table["cutoff"] < "2024-01-05"), "actual"] = np.nan
    row = diagnose(table).iloc[0]
    assert row["rows"] == errors.size - 2
    assert row["note"] == "the first step is not observed at every cutoff on 1 of 4 series"
    unscaled = diagnose(make_table(errors, naive=0.0)).iloc[0]
    assert np.isnan(unscaled["scaled_bias"])
    assert unscaled["bias_p"] == pytest.approx(stats.ttest_1samp(errors.mean(axis=(1, 2)), 0).pvalue)
    table["actual"] = np.nan
    assert np.isnan(diagnose(table).iloc[0][["bias", "bias_p", "lag1"]].astype(float)).all()


def test_nothing_to_diagnose_gives_empty_tables(errors):
    none = make_table(errors).iloc[:0]
    assert [len(found(none)) for found in (diagnose, by_series, bias_by_step)] == [0, 0, 0]
    assert {"lag1", "ljung_box_p", "bias_p"} <= set(diagnose(none).columns)
