import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecast.tune.verdict import Gain, gain, verdict

NAMES = ("LSTM tuned", "LSTM")
TRIALS = pd.DataFrame(
    {"number": [0, 1, 2, 3], "state": ["complete", "complete", "pruned", "failed"], "value": [1.0, 0.9, np.nan, np.nan]}
    | {"seconds": [2.0, 3.0, 1.0, 0.5], "epochs": [5, 5, 1, 0], "note": ["untuned", "", "", "boom"]}
)
NONE = pd.DataFrame()


def table(tuned, untuned, horizon=2):
    """Forecasts of a constant, with these errors at each cutoff, all steps alike."""
    rows = [
        {"model": name, "seed": 0, "unique_id": "a", "target": "y", "cutoff": fold * horizon, "step": step}
        | {"time": fold * horizon + step, "mean": 10.0 + error, "actual": 10.0, "naive_mae": 1.0, "naive_mse": 1.0}
        for name, errors in zip(NAMES, (tuned, untuned), strict=True)
        for fold, error in enumerate(errors)
        for step in range(1, horizon + 1)
    ]
    return pd.DataFrame(rows).astype({"model": "category"})


def told(found, best=1, blocks=NONE):
    return verdict("mase", TRIALS, best, found, names=NAMES, blocks=blocks)


def test_gain_is_the_share_of_the_metric_and_its_test_is_that_of_paired_errors():
    tuned, untuned = np.array([1.0, 1.2, 0.7, 1.1]), np.array([1.5, 1.4, 1.2, 1.3])
    found = gain(table(tuned, untuned), *NAMES, "mase")
    assert (found.tuned, found.untuned) == (pytest.approx(tuned.mean()), pytest.approx(untuned.mean()))
    assert found.share == pytest.approx(1 - tuned.mean() / untuned.mean())
    assert found.p_value == pytest.approx(stats.ttest_rel(tuned, untuned).pvalue)  # cutoffs do not overlap
    assert found.better
    assert found.shown


def test_verdict_says_plainly_whether_tuning_helped():
    better = Gain(0.9, 1.0, 0.1, 0.01, True, "", 30, "mase")
    assert told(better).startswith(
        "Tuning helped: on the test rows LSTM tuned has a MASE of 0.900, 10 % better than the 1.00 of LSTM untuned "
        "(p = 0.01, Diebold-Mariano test on 30 cutoffs)."
    )
    assert told(better._replace(p_value=0.2)).startswith("Tuning was not shown to help")
    assert told(better._replace(p_value=np.nan, note="one cutoff")).startswith("Tuning was not shown to help")
    against = told(better._replace(better=False))
    assert against.startswith("Tuning was not shown to help")
    assert "by the loss that the test is of it is worse" in against
    assert "chance" not in against
    worse = Gain(2.5, 1.0, -1.5, 0.01, False, "", 30, "mase")
    assert told(worse).startswith("Tuning did not help: on the test rows LSTM tuned has a MASE of 2.50, 150 % worse")
    assert told(None).startswith("Whether tuning helped cannot be told: LSTM tuned or LSTM failed")


def test_gain_of_many_series_at_one_cutoff_is_told_by_the_test_over_series():
    rng = np.random.default_rng(0)
    series = [table([1.0 + rng.random()], [2.0 + rng.random()]).assign(unique_id=f"s{number}") for number in range(8)]
    found = gain(pd.concat(series, ignore_index=True).astype({"model": "category"}), *NAMES, "mase")
    assert (found.n, found.over) == (8, "series")
    assert "paired t-test over 8 series)" in told(found)


def test_untuned_network_that_is_the_best_trial_stays():
    assert told(None, best=0).startswith("Tuning did not help: on the inner folds no trial had a better MASE than LSTM")


def test_verdict_says_the_price():
    assert (
        "The price: 4.50 s of computing for 3 trials (1 complete, 1 pruned, 1 failed); the untuned network took 2.00 s."
    ) in told(Gain(0.9, 1.0, 0.1, 0.01, True, "", 30, "mase"))


def test_verdict_says_what_to_expect_of_tuning_again():
    blocks = pd.DataFrame(
        {"block": ["1", "2", "all"], "tuned": 0.9, "untuned": 1.0, "gain": 0.1, "p_value": 0.2, "real": False}
    )
    assert told(None, blocks=blocks).endswith(
        "Tuned anew in each of 2 blocks on what precedes it, the MASE is 0.900, 10 % better than the 1.00 untuned "
        "(p = 0.2, which may be chance): what to expect of tuning again on later data."
    )
    blocks = blocks.assign(p_value=0.01)
    assert "(p = 0.01, though by the loss that the test is of it is the other way round)" in told(None, blocks=blocks)
    assert "(p = 0.01, which is real at the 5 % level)" in told(None, blocks=blocks.assign(real=True))
    lost = told(None, blocks=blocks.assign(gain=np.nan))
    assert "cannot be told: in some block a network failed or has no MASE" in lost


def test_metric_of_which_more_is_better_gains_when_it_rises():
    rng = np.random.default_rng(0)
    moving = table(rng.normal(0, 0.1, 12), rng.normal(0, 1, 12)).assign(actual=lambda own: 10 + own["time"] % 5)
    moving["mean"] += moving["actual"] - 10
    found = gain(moving, *NAMES, "r2")
    assert found.tuned > found.untuned
    assert found.share == pytest.approx((found.tuned - found.untuned) / abs(found.untuned))
    assert found.shown


def test_gain_that_the_test_contradicts_is_not_shown():
    one_far_off = gain(table([1.0] * 12, [0.9] * 11 + [1.95]), *NAMES, "mse")
    assert (one_far_off.share > 0, one_far_off.better) == (True, False)
    contradicted = one_far_off._replace(p_value=0.01)
    assert not contradicted.shown
    assert not contradicted.real
    assert "though by the loss that the test is of it is worse" in told(contradicted)
    assert contradicted._replace(share=-0.1).real


def test_gain_is_of_the_rows_that_both_have():
    both = table([1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 2.0, 20.0])
    lacking = both[(both["model"] == NAMES[1]) | (both["cutoff"] < 6)]
    found = gain(lacking, *NAMES, "mase")
    assert (found.tuned, found.untuned, found.n) == (pytest.approx(1.0), pytest.approx(2.0), 3)


@pytest.mark.parametrize("left", [NAMES[:1], NAMES[1:], ()])
def test_network_without_rows_is_no_gain_and_no_end_of_the_run(left):
    rows = table([1.0, 1.2], [1.5, 1.4])
    found = gain(rows[rows["model"].isin(left)] if left else pd.DataFrame(), *NAMES, "mase")
    assert (np.isnan(found.share), found.n, found.shown) == (True, 0, False)
    assert found.note.endswith("failed")
