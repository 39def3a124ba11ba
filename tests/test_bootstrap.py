import numpy as np
import pandas as pd
import pytest
from arch.bootstrap import CircularBlockBootstrap
from scipy import stats

from forecast.evaluation.bootstrap import intervals
from forecast.evaluation.metrics import all_metrics
from forecast.evaluation.resampling import block_length, deviations, resample
from forecast.evaluation.scores import score


def _table(n_series, n_cutoffs, *, horizon=3, models=("LSTM", "Naive2", "SeasonalNaive"), seeds=2, quantiles=True):
    """Forecasts of lognormal values with errors of about 1; overlapping nowhere."""
    rng = np.random.default_rng(n_series * 100 + n_cutoffs)
    shape = (n_series, n_cutoffs, horizon)
    series, cutoff, step = np.indices(shape).reshape(3, -1)
    actual = rng.lognormal(2, 0.3, series.size)
    frames = []
    for model in models:
        for seed in range(seeds if model == "LSTM" else 1):
            mean = np.abs(actual + rng.normal(size=series.size))
            row = {"model": model, "seed": seed, "unique_id": series.astype(str), "target": "y"}
            row |= {"cutoff": cutoff * horizon, "step": step + 1, "time": cutoff * horizon + step + 1, "mean": mean}
            lacks = not quantiles or model != "LSTM"
            row |= {f"q{q}": np.nan if lacks else mean + q - 0.5 for q in (0.1, 0.5, 0.9)}
            frames.append(pd.DataFrame(row | {"actual": actual, "naive_mae": 1.0 + series, "naive_mse": 2.0 + series}))
    return pd.concat(frames, ignore_index=True)


def test_values_are_those_of_the_scores_for_every_metric():
    table = _table(3, 8)
    found = intervals(table, all_metrics()).set_index(["model", "metric"])
    expected = score(table, all_metrics()).groupby("model")[list(all_metrics())].mean()
    for model in expected.index:
        for name in all_metrics():
            value = found.loc[(model, name), "value"]
            assert value == pytest.approx(expected.loc[model, name], rel=1e-6, nan_ok=True), (model, name)
    defined = found[found["value"].notna()]
    assert (defined["low"] <= defined["value"]).all()
    assert (defined["value"] <= defined["high"]).all()


def test_variance_is_that_of_the_circular_block_bootstrap_of_arch():
    values = np.convolve(np.random.default_rng(0).normal(size=121), [1, 0.8], "valid")
    sample = resample(values[None, :, None], 2, draws=4000, seed=0)
    theirs = CircularBlockBootstrap(block_length(120, 2), values, seed=0)
    strayed = sample.draws[0].sums[:, 0] / 120
    assert strayed.std() == pytest.approx(theirs.apply(np.mean, 4000).std(), rel=0.05)


@pytest.mark.parametrize("shape", [(1, 5), (60, 1)], ids=["cutoffs", "series"])
def test_few_independent_values_have_the_interval_of_student(shape):
    values = np.random.default_rng(1).normal(size=shape)
    if shape[1] == 5:
        values = np.array([[1.0, 2.0, 3.0, 4.0, 5.0]])
    sample = resample(values[..., None], 1, draws=9999, seed=0)
    value, strayed = deviations(sample, lambda sums: sums / values.size, 0.95)
    expected = stats.t.ppf(0.975, values.size - 1) * stats.sem(values.reshape(-1))
    assert value[0] == pytest.approx(values.mean())
    assert 1.96 * strayed.std() == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize(
    ("n_series", "n_cutoffs", "note"),
    [
        (20, 1, "20 series drawn at one cutoff: other series like these, nothing about other times"),
        (20, 3, "20 series and 3 cutoffs drawn"),
        (20, 12, "12 cutoffs drawn"),
        (2, 3, "3 cutoffs drawn"),
        (2, 1, "2 series at 1 cutoffs are too few to draw from, use more folds (--folds)"),
    ],
)
def test_note_says_what_was_drawn(n_series, n_cutoffs, note):
    found = intervals(_table(n_series, n_cutoffs, quantiles=False), ["mase"])
    assert set(found["note"]) == {note}
    assert found["low"].notna().all() == (found["high"] > found["low"]).all() == ("too few" not in note)


def test_overlapping_cutoffs_are_drawn_in_blocks():
    assert [block_length(n, overlap) for n, overlap in [(3, 1), (30, 1), (30, 4), (9, 6)]] == [1, 3, 7, 3]


def test_overlapping_cutoffs_are_widened_by_what_blocks_lose():
    assert resample(np.ones((1, 20, 1)), 1, draws=2, seed=0).draws[0].inflation == pytest.approx((1 - 3 / 20) ** -0.5)
    rng, means, squares = np.random.default_rng(0), [], []
    for _ in range(400):
        values = np.convolve(rng.normal(size=24), np.ones(4), "valid")  # (21) of which a block is 7, three fit exactly
        draw = resample(values[None, :, None], 4, draws=100, seed=int(rng.integers(2**31))).draws[0]
        means.append(values.sum())
        squares.append(np.mean(((draw.sums - values.sum()) * draw.inflation) ** 2))
    assert np.mean(squares) == pytest.approx(np.var(means), rel=0.15)


def test_equal_seeds_give_equal_intervals_and_undefined_metrics_say_so():
    table = _table(6, 7, quantiles=False)
    found = intervals(table, ["mase", "pinball"], seed=3)
    pd.testing.assert_frame_equal(found, intervals(table, ["mase", "pinball"], seed=3))
    assert set(found.loc[found["metric"] == "pinball", "note"]) == {"undefined on these rows"}
    assert intervals(table.assign(actual=np.nan), ["mase"]).empty
