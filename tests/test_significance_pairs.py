import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecast.evaluation.clusters import mean_test
from forecast.evaluation.significance import diebold_mariano, holm
from forecast.evaluation.significance_pairs import by_series, pairs

LOSS = {"B": 1.2, "A": 1.0, "C": 2.0}


def _table(n_series, n_cutoffs, *, stride=2, spread=0.3):
    """Absolute errors around ``LOSS``, two steps ahead; returns the table and (M, N, C) mean losses by LOSS' order."""
    rng = np.random.default_rng(n_series + n_cutoffs)
    series, cutoff, step = np.indices((n_series, n_cutoffs, 2)).reshape(3, -1)
    frames, losses = [], []
    for model, size in LOSS.items():
        error = size + rng.uniform(-spread, spread, series.size)
        row = {"model": model, "seed": 0, "unique_id": series.astype(str), "target": "y", "cutoff": cutoff * stride}
        row |= {"step": step + 1, "time": cutoff * stride + step + 1, "mean": error, "actual": 0.0, "naive_mae": 1.0}
        frames.append(pd.DataFrame(row))
        losses.append(error.reshape(n_series, n_cutoffs, 2).mean(axis=2))
    return pd.concat(frames, ignore_index=True), dict(zip(LOSS, losses, strict=True))


def test_every_pair_stands_once_with_the_better_model_first():
    found = pairs(_table(3, 12)[0])
    assert list(zip(found["model"], found["opponent"], strict=True)) == [("A", "B"), ("A", "C"), ("B", "C")]
    assert (found["difference"] < 0).all()
    assert ((found["low"] < found["difference"]) & (found["difference"] < found["high"])).all()


def test_p_values_are_those_of_the_tests():
    table, losses = _table(6, 12)
    row = pairs(table).iloc[0]
    d = losses["A"] - losses["B"]
    own = diebold_mariano(d.mean(axis=0), 1)
    assert row["difference"] == pytest.approx(d.mean())
    assert (row["statistic"], row["p_value"], row["n"]) == pytest.approx((own.statistic, own.p_value, 12))
    assert row["panel_p"] == pytest.approx(mean_test(d * 2, np.full(d.shape, 2), 1).p_value)
    found = pairs(table)
    np.testing.assert_allclose(found["p_holm"], holm(found["p_value"].to_numpy()))
    assert found["gw_p"].notna().all()


def test_one_cutoff_of_many_series_is_the_paired_t_test_over_series_and_says_so():
    table, losses = _table(30, 1)
    row = pairs(table).iloc[0]
    theirs = stats.ttest_rel(losses["A"][:, 0], losses["B"][:, 0])
    assert (row["statistic"], row["p_value"]) == pytest.approx((theirs.statistic, theirs.pvalue))
    assert row["note"].startswith("test over 30 series, which knows nothing of other times")
    assert np.isnan(row["gw_p"])


def test_one_cutoff_of_few_series_cannot_be_told():
    row = pairs(_table(2, 1)[0]).iloc[0]
    assert np.isnan([row["low"], row["high"], row["p_value"], row["panel_p"]]).all()
    assert "one cutoff is too few" in row["note"]


def test_each_series_has_a_test_of_its_own():
    table, losses = _table(4, 10)
    found = by_series(table, "A", "C")
    expected = [diebold_mariano(d, 1) for d in losses["A"] - losses["C"]]
    np.testing.assert_allclose(found["p_value"], [test.p_value for test in expected])
    np.testing.assert_allclose(found["difference"], (losses["A"] - losses["C"]).mean(axis=1))
    assert found["unique_id"].tolist() == ["0", "1", "2", "3"]


def test_one_model_has_no_pairs():
    table = _table(3, 4)[0]
    assert pairs(table[table["model"] == "A"]).empty
