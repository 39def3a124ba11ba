import numpy as np
import pandas as pd

from forecast.evaluation.scores import leaderboard
from forecast.evaluation.verdict import verdict

KINDS = {"LSTM": "network", "MLP": "network", "ETS": "baseline", "SeasonalNaive": "baseline", "ARIMA": "baseline"}
KINDS |= {"Mean": "ensemble"}


def _say(noise, *, folds=30, series=2, seeds=1, failed=(), unobserved=0, naive=1.0, metrics=("mase", "mae")):
    """The verdict on models whose absolute errors are about ``noise``; a list is the noise of each seed."""
    shape = (folds, series, 3)
    fold, own_series, step = np.indices(shape).reshape(3, -1)
    frames, runs = [], []
    for number, (model, size) in enumerate(noise.items()):
        for seed, own in enumerate(size if isinstance(size, list) else [size]):
            error = own * np.random.default_rng([number, seed]).uniform(0.8, 1.2, fold.size)
            rows = {"model": model, "seed": seed, "unique_id": own_series.astype(str), "target": "y"}
            rows |= {"cutoff": fold * 3, "step": step + 1, "time": fold * 3 + step + 1, "mean": 5 + error}
            actual = np.where(np.arange(fold.size) < unobserved, np.nan, 5.0)
            frames.append(pd.DataFrame(rows | {"actual": actual, "naive_mae": naive, "naive_mse": naive}))
            runs.append({"model": model, "kind": KINDS[model], "seed": seed, "error": ""})
    runs += [{"model": model, "kind": KINDS[model], "seed": 0, "error": "it is singular"} for model in failed]
    table = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    return verdict(leaderboard(table, pd.DataFrame(runs), metrics), table, metrics)


def test_network_that_beats_the_best_baseline_is_worth_it():
    text = _say({"LSTM": 0.8, "MLP": 1.5, "ETS": 1.0, "SeasonalNaive": 2.0})
    assert text.startswith("LSTM is worth it on these data: its MASE of 0.8")
    assert "19 % lower than that of ETS (" in text
    assert "59 % lower than that of SeasonalNaive (" in text
    assert "2 series, 30 cutoffs, 3 steps and 1 seed;" in text
    assert "Holm-corrected over 2 networks" in text
    assert "Keep in mind" not in text


def test_network_that_beats_only_seasonal_naive_is_not_worth_it():
    text = _say({"LSTM": 1.0, "ETS": 1.0, "SeasonalNaive": 2.0})
    assert text.startswith("No network beats the best baseline, ETS, at the 5 % level, though LSTM beats SeasonalNaive")


def test_network_that_beats_nothing():
    text = _say({"LSTM": 2.5, "MLP": 2.6, "ETS": 1.0, "SeasonalNaive": 2.0})
    assert text.startswith("No network beats SeasonalNaive on these data at the 5 % level: the best, LSTM, has a MASE")
    assert "% higher than that of SeasonalNaive" in text


def test_one_fold_cannot_tell_and_says_what_to_do():
    text = _say({"LSTM": 0.8, "SeasonalNaive": 2.0}, folds=1)
    assert text.startswith("Whether a network is worth it cannot be told: one cutoff is too few for a test")
    assert "(--folds)" in text
    assert "p-value" not in text


def test_few_folds_are_said():
    assert "3 cutoffs can show only large differences" in _say({"LSTM": 0.8, "SeasonalNaive": 0.9}, folds=3)


def test_without_networks_or_baselines():
    assert _say({"ETS": 1.0}).startswith("No network was scored; the best baseline is ETS (MASE 1")
    assert "cannot be said without a baseline: the best network is LSTM" in _say({"LSTM": 1.0})


def test_without_seasonal_naive_the_best_baseline_decides():
    assert _say({"LSTM": 0.8, "ETS": 1.0}).startswith("LSTM is worth it")
    assert _say({"LSTM": 1.2, "ETS": 1.0}).startswith("No network beats ETS on these data")


def test_failed_models_and_unobserved_rows_are_named():
    text = _say({"LSTM": 0.8, "SeasonalNaive": 2.0}, failed=["ARIMA"], unobserved=4)
    assert text.endswith("Keep in mind: ARIMA failed (it is singular); 4 unobserved rows left out.")
    assert _say({}, failed=["ARIMA"]).startswith("Nothing was scored")


def test_seeds_that_spread_more_than_the_gap_are_said():
    text = _say({"LSTM": [0.5, 1.6], "SeasonalNaive": 1.1})
    assert "the seeds of LSTM spread by 0.7" in text
    assert "2 seeds" in text


def test_metric_that_is_undefined_gives_way_to_the_next_and_says_so():
    text = _say({"LSTM": 0.8, "SeasonalNaive": 2.0}, naive=0.0)
    assert text.startswith("LSTM is worth it on these data: its MAE of 0.8")
    assert "test on the absolute error" in text
    assert "MASE is undefined here, MAE is told instead" in text


def test_better_in_the_metric_but_not_in_the_test_is_no_win():
    text = _say({"LSTM": 1.0, "SeasonalNaive": 1.005}, folds=6)
    assert text.startswith("No network beats SeasonalNaive")


def test_one_cutoff_of_many_series_is_tested_over_series_and_says_so():
    text = _say({"LSTM": 0.8, "ETS": 1.0, "SeasonalNaive": 2.0}, folds=1, series=40)
    assert text.startswith("LSTM is worth it on these data")
    assert "40 series, 1 cutoff, 3 steps and 1 seed; p-values are of the paired t-test over series" in text
    assert "one cutoff says nothing about other times: the test takes the 40 series for independent" in text


def test_few_cutoffs_of_many_series_say_what_the_series_show():
    text = _say({"LSTM": 0.8, "SeasonalNaive": 0.9}, folds=3, series=40)
    assert "3 cutoffs can show only large differences (over the 40 series at these cutoffs alone, LSTM and" in text
    assert "SeasonalNaive: p < 0.001)" in text


def test_ensemble_that_beats_both_is_named():
    text = _say({"LSTM": 1.0, "ETS": 1.0, "Mean": 0.6, "SeasonalNaive": 2.0})
    assert "The ensemble Mean beats both: its MASE of 0.6" in text
    assert "Mean" not in _say({"LSTM": 1.0, "ETS": 1.0, "Mean": 1.0, "SeasonalNaive": 2.0})


def test_seeds_that_decide_who_is_first_are_said():
    text = _say({"LSTM": [0.5, 0.9], "MLP": [0.55, 0.95], "SeasonalNaive": 3.0})
    assert "the seeds of" in text
    assert text.count("spread by") == 1
