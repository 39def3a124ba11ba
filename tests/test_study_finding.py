"""What a finding claims, and what it does not: metric, test and spread of seeds must say alike."""

import re

import numpy as np
import pandas as pd
import pytest

from forecast.evaluation.significance import holm
from forecast.study.claims import Claims, claims, sound
from forecast.study.config import StudyConfig
from forecast.study.finding import finding
from forecast.study.rows import of_complete_runs
from forecast.study.status import ABSURD, status
from forecast.study.table import study_table

LEVELS = ("none", "good", "bad")


def study(levels=LEVELS, **given):
    factors = {"init": {"key": "models.init", "levels": list(levels)}}
    return StudyConfig.of({"base": {}, "factors": factors, "metrics": ["mae", "r2"], **given})


def forecasts(errors, cutoffs=12, seeds=2, noise=0.05, rng=0):
    """The forecast table of models whose absolute error is about ``errors[model]``, a number or one a seed."""
    rng = np.random.default_rng(rng)
    stamps = pd.date_range("2020-01-01", periods=cutoffs + 1, freq="D")
    actual = 10 + rng.normal(size=cutoffs)
    rows = []
    for model, size in errors.items():
        for seed in range(seeds):
            own = size[seed] if isinstance(size, tuple) else size
            for place in range(cutoffs):
                error = own + noise * rng.normal()
                rows.append((model, seed, stamps[place], stamps[place + 1], actual[place] + error, actual[place]))
    frame = pd.DataFrame(rows, columns=["model", "seed", "cutoff", "time", "mean", "actual"])
    return frame.assign(unique_id="a", target="y", step=1, naive_mae=1.0, naive_mse=1.0)


def arms(levels=LEVELS, problems=None):
    names = [f"MLP init={level}" for level in levels]
    return pd.DataFrame(
        {
            "model": names,
            "network": "MLP",
            "kind": "network",
            "init": list(levels),
            "level": list(levels),
            "reference": [place == 0 for place in range(len(levels))],
            "problem": problems or [""] * len(levels),
        }
    )


def runs(models, seeds=2, errors=None):
    rows = [(model, seed, 0, (errors or {}).get((model, seed), "")) for model in models for seed in range(seeds)]
    frame = pd.DataFrame(rows, columns=["model", "seed", "fold", "error"])
    return frame.assign(fit_seconds=1.0, predict_seconds=0.1, parameters=5, bytes=20, sparsity=0.0, windows=9, epochs=3)


def found(table, arm_rows=None, run_rows=None, curves=None, config=None):
    arm_rows = arms() if arm_rows is None else arm_rows
    run_rows = runs(arm_rows["model"]) if run_rows is None else run_rows
    empty = pd.DataFrame(columns=["model", "seed", "fold", "train_loss", "val_loss"])
    config = config or study()
    table = of_complete_runs(table, run_rows)
    rows = study_table(arm_rows, table, run_rows, empty if curves is None else curves, pd.DataFrame(), config.shown)
    return rows.set_index("level"), finding(config, rows, table)


def named(none, good, bad):
    return {"MLP init=none": none, "MLP init=good": good, "MLP init=bad": bad}


def test_difference_that_metric_test_and_seeds_show_is_claimed():
    rows, said = found(forecasts(named(1.0, 0.5, 2.0)))
    assert said.startswith("Init good has the lowest MAE of MLP, 0.518: 48 % lower than the reference, none (0.991)")
    assert "which the test confirms (p < 0.001)" in said
    assert "worse than it at the 5 % level: bad" in said
    assert (rows.loc[["good", "bad"], "p_holm"] < 0.05).all()
    assert "Holm-corrected over the 2 levels tested" in said
    assert "This rests on 1 series, 12 cutoffs, 1 step and 2 seeds" in said


def test_numbers_have_three_digits_where_the_last_ones_are_zero_too():
    said = found(forecasts(named(1.0, 0.5, 2.0), noise=0.0))[1]
    assert said.startswith("Init good has the lowest MAE of MLP, 0.500: 50 % lower than the reference, none (1.00)")


def test_difference_within_chance_is_not_claimed():
    said = found(forecasts(named(1.0, 0.99, 1.01), noise=1.0, rng=1))[1]
    assert "which the test confirms" not in said
    assert "worse than it" not in said
    assert "not shown" in said


def test_difference_below_the_spread_of_seeds_is_not_claimed_of_the_level():
    said = found(forecasts(named((1.0, 1.4), (0.9, 1.3), (1.1, 1.5))))[1]
    assert "but seeds spread by 0.28" in said
    assert "told apart by the test, but by less than seeds spread: bad" in said
    assert "worse than it at" not in said


def test_reference_that_is_best_is_said_to_be():
    said = found(forecasts(named(0.5, 1.0, 1.0)))[1]
    assert said.startswith("None of the levels of MLP has a better MAE than the reference, init none")


def test_level_with_a_lost_seed_is_told_and_not_compared():
    table = forecasts(named(1.0, 0.2, 2.0))
    lost = {("MLP init=good", 1): "NotFiniteError: nan"}
    rows, said = found(table, run_rows=runs(arms()["model"], errors=lost))
    assert rows.loc["good", "status"].startswith("diverged: forecasts that are not finite with 1 of 2 seeds")
    assert rows.loc["good", "seeds"] == 1
    assert said.startswith("None of the levels")
    assert "MLP init=good: diverged" in said


def test_reference_without_a_result_leaves_nothing_to_test():
    lost = {("MLP init=none", seed): "ValueError: no" for seed in range(2)}
    rows, said = found(forecasts(named(1.0, 0.5, 2.0)), run_rows=runs(arms()["model"], errors=lost))
    assert rows["p_value"].isna().all()
    assert "the reference, none, has no result to test against" in said
    assert "p-values" not in said


def test_all_levels_lost_is_said():
    lost = {(f"MLP init={level}", seed): "ValueError: no" for level in LEVELS for seed in range(2)}
    said = found(forecasts(named(1.0, 0.5, 2.0)), run_rows=runs(arms()["model"], errors=lost))[1]
    assert said.startswith("None of the levels came to its end")
    assert "Nothing was scored" in said


def test_all_levels_diverged_is_said_and_no_p_value_is_told():
    curves = pd.DataFrame(
        [(f"MLP init={level}", seed, 0, np.inf, 1.0) for level in LEVELS for seed in range(2)],
        columns=["model", "seed", "fold", "train_loss", "val_loss"],
    )
    rows, said = found(forecasts(named(1.0, 0.5, 2.0)), curves=curves)
    assert rows["p_value"].notna().any()
    assert said.startswith("Every level diverged, so there is nothing to compare. This rests on 1 series")
    assert "came to its end" not in said
    assert "p-values" not in said


def test_reference_that_diverged_leaves_no_p_value_to_tell():
    curves = pd.DataFrame({"model": ["MLP init=none"], "seed": 0, "fold": 0, "train_loss": np.inf, "val_loss": 1.0})
    said = found(forecasts(named(1.0, 0.5, 2.0)), curves=curves)[1]
    assert "the reference, none, has no result to test against" in said
    assert "p-values" not in said


def test_reason_that_differs_in_the_level_it_names_is_said_once():
    levels = (100, 500, 1000)
    config = StudyConfig.of({"base": {}, "factors": {"windows": {"key": "fit.windows", "levels": list(levels)}}})
    names = [f"MLP windows={level}" for level in levels]
    own = arms(levels).rename(columns={"init": "windows"}).assign(model=names, level=list(map(str, levels)))
    lost = {
        (names[place], seed): f"InputError: windows is {levels[place]}; there are 141."
        for place, seed in [(1, 0), (1, 1), (2, 0), (2, 1)]
    }
    said = found(forecasts({names[0]: 1.0}), own, runs(names, errors=lost), config=config)[1]
    expected = "MLP windows=500 and MLP windows=1000: failed with all 2 seeds: windows is 500 and 1000; there are 141"
    assert expected in said
    assert said.count("there are 141") == 1


def test_long_lists_of_levels_name_three():
    levels = ("none", "a", "b", "c", "d", "e")
    errors = {f"MLP init={level}": 1.0 if level == "none" else 2.0 for level in levels}
    said = found(forecasts(errors), arms(levels), config=study(levels))[1]
    assert re.search(r"worse than it at the 5 % level: \w, \w, \w and 2 more", said)


def test_metrics_that_no_level_has_give_way_to_one_that_is_defined():
    negative = forecasts(named(1.0, 0.5, 2.0)).assign(actual=-5.0)
    said = found(negative, config=study(metrics=["msle", "rmsle"]))[1]
    assert "MSLE is not defined here, MSE is told instead" in said
    assert "has the lowest MSE" in said
    assert "came to its end" not in said


def test_one_seed_and_one_cutoff_are_doubted():
    said = found(forecasts(named(1.0, 0.5, 2.0), cutoffs=1, seeds=1), run_rows=runs(arms()["model"], seeds=1))[1]
    assert "whether that is more than chance cannot be told" in said
    assert "with one seed" in said


def test_undefined_metrics_are_counted_in_words():
    rows, said = found(forecasts(named(1.0, 0.5, -12.0)))
    assert rows.loc["bad", "undefined"].startswith("msle: 12 rows with a negative actual or forecast; rmsle: 12 rows")
    assert "MSLE and RMSLE are not defined for 1 of 3 (MLP init=bad): 12 rows with a negative" in said


def test_undefined_metrics_of_one_row_and_of_several_are_one_reason():
    table = forecasts(named(1.0, 0.5, -12.0))
    once = (table["model"] == "MLP init=good") & (table["cutoff"] == table["cutoff"].max()) & (table["seed"] == 0)
    table.loc[once, "mean"] = -1.0
    rows, said = found(table)
    assert rows.loc["good", "undefined"].startswith("msle: 1 row with a negative actual or forecast, 1 of 2 seeds")
    assert "not defined for 2 of 3 (MLP init=good and MLP init=bad): 1 to 12 rows with a negative" in said


def test_absurd_error_is_a_divergence():
    rows, said = found(forecasts(named(1.0, 0.5, 1e7)))
    assert rows.loc["bad", "status"].startswith("diverged: its squared error is")
    assert "worse than it" not in said


@pytest.mark.parametrize(
    ("problem", "errors", "losses", "expected"),
    [
        ("no option x.", ["", ""], [1.0, 1.0], "does not apply: no option x"),
        ("", ["", ""], [1.0, 1.0], ""),
        (
            "",
            ["InputError: windows is 9.", "InputError: windows is 9."],
            [1.0, 1.0],
            "failed with all 2 seeds: windows is 9",
        ),
        ("", ["", ""], [1.0, np.inf], "diverged: the loss was not finite in 1 of 2 fits"),
    ],
)
def test_status_says_what_became_of_a_level(problem, errors, losses, expected):
    own = pd.DataFrame({"seed": [0, 1], "error": errors})
    curves = pd.DataFrame({"seed": [0, 1], "fold": 0, "train_loss": losses, "val_loss": np.nan})
    told = status(problem, own, curves, 1.0)
    assert told.startswith(expected)
    assert bool(told) == bool(expected)


def test_metric_of_which_more_is_better_is_told_the_right_way_round():
    table = forecasts(named(1.0, 0.5, 2.0) | {"Naive": 0.75})
    baseline = pd.DataFrame({"model": ["Naive"], "network": "Naive", "kind": "baseline", "level": ""})
    arm_rows = pd.concat([arms(), baseline.assign(reference=False, problem="")], ignore_index=True)
    said = found(table, arm_rows=arm_rows, config=study(metrics=["r2"]))[1]
    assert said.startswith("Init good has the highest R² of MLP")
    assert "higher than the reference, none" in said
    assert "which the test confirms" in said
    assert "worse than it at the 5 % level: bad" in said
    assert "the best baseline, Naive, has a R² of" in said
    assert "1 of 3 levels is better" in said


def test_p_values_are_corrected_for_the_levels_of_their_network():
    rows = found(forecasts(named(1.0, 0.9, 1.1), noise=0.3))[0].loc[["good", "bad"]]
    assert rows["p_holm"].tolist() == pytest.approx(holm(rows["p_value"].to_numpy()).tolist())
    assert (rows["p_holm"] > rows["p_value"]).any()


def test_claims_go_by_the_corrected_p_value_and_the_direction_of_the_metric():
    def level(name, value, p_value, p_holm, difference, spread=0.0):
        tests = {"p_value": p_value, "p_holm": p_holm, "difference": difference, "status": ""}
        return {"level": name, "reference": name == "first", "r2": value, "r2_spread": spread, **tests}

    rows = pd.DataFrame(
        [
            level("first", 0.5, np.nan, np.nan, np.nan),
            level("more", 0.9, 0.001, 0.002, -1.0),
            level("less", 0.1, 0.001, 0.002, 1.0),
            level("uncorrected", 0.8, 0.03, 0.09, -1.0),
            level("contradicted", 0.7, 0.001, 0.002, 1.0),
            level("unsteady", 0.6, 0.001, 0.002, -1.0, spread=0.2),
        ]
    )
    ordered = sound(rows, "r2")
    assert ordered["level"].iloc[0] == "more"
    said = claims(ordered, rows.iloc[0], "r2")
    assert said == Claims(["more"], ["less"], ["unsteady"], ["uncorrected", "contradicted"])


def test_next_level_that_is_nearer_than_seeds_spread_is_doubted_and_no_other():
    near = found(forecasts(named(1.0, (0.5, 0.7), (0.55, 0.75))))[1]
    assert "MLP init=good and the next, bad, are 0.0" in near
    assert "apart, less than their seeds spread (0.140)" in near
    assert "less than their seeds spread" not in found(forecasts(named(1.0, 0.5, 2.0)))[1]


def test_levels_are_scored_on_the_rows_that_all_have():
    table = forecasts(named(1.0, 1.0, 1.0), noise=0.0)
    late = table["cutoff"] >= table["cutoff"].max()
    table.loc[late & (table["model"] != "MLP init=good"), "mean"] += 100
    rows, said = found(table[~(late & (table["model"] == "MLP init=good"))])
    assert rows["rows"].tolist() == [11, 11, 11]
    assert rows["mae"].tolist() == pytest.approx([1.0, 1.0, 1.0])
    assert "only rows that all have are scored (lacking: MLP init=good 1)" in said


@pytest.mark.parametrize(("size", "diverged"), [(0.99 * ABSURD, False), (1.01 * ABSURD, True), (np.nan, False)])
def test_squared_error_far_above_the_smallest_one_is_a_divergence(size, diverged):
    own = pd.DataFrame({"seed": [0], "error": [""]})
    assert status("", own, pd.DataFrame(), size).startswith("diverged") is diverged


def test_validation_loss_that_is_infinite_is_a_divergence():
    own = pd.DataFrame({"seed": [0], "error": [""]})
    curves = pd.DataFrame({"seed": [0], "fold": 0, "train_loss": 1.0, "val_loss": [np.inf]})
    assert status("", own, curves, 1.0).startswith("diverged: the loss was not finite, ")
