import time

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from forecast.evaluation.alignment import common_rows
from forecast.evaluation.scores import cell_scores, leaderboard, score

FOLDS, SERIES, HORIZON = 6, 3, 4


def _table(models, *, naive=2.0, quantiles=True):
    """``models`` maps (name, seed) to the noise of its forecasts."""
    shape = (FOLDS, SERIES, HORIZON)
    fold, series, step = np.indices(shape).reshape(3, -1)
    actual = np.random.default_rng(0).normal(20, 3, shape).reshape(-1)
    stamps = pd.date_range("2024-01-01", periods=FOLDS * HORIZON + 1, freq="D")
    frames = []
    for (model, seed), noise in models.items():
        mean = actual + np.random.default_rng([*map(ord, model), seed]).normal(0, noise, actual.size)
        columns = {
            "model": pd.Categorical.from_codes(np.zeros(actual.size, dtype=int), categories=pd.Index([model])),
            "seed": seed,
            "unique_id": pd.Categorical.from_codes(series, categories=pd.Index(["a", "b", "c"])),
            "target": "y",
            "cutoff": stamps[fold * HORIZON],
            "step": step + 1,
            "time": stamps[fold * HORIZON + step + 1],
            "mean": mean,
            "q0.1": mean - 2 if quantiles else np.nan,
            "q0.9": mean + 2 if quantiles else np.nan,
            "actual": actual,
            "naive_mae": naive,
            "naive_mse": naive**2,
        }
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


MODELS = {("LSTM", 0): 1.0, ("LSTM", 1): 1.2, ("SeasonalNaive", 0): 3.0, ("ETS", 0): 2.0}


def _runs(**errors):
    rows = [
        {"model": model, "kind": "network" if model == "LSTM" else "baseline", "seed": seed, "fold": fold}
        | {"fit_seconds": 2.0, "predict_seconds": 0.5, "parameters": 10 * (model == "LSTM"), "error": ""}
        for model, seed in MODELS
        for fold in (0, 3)
    ]
    failed = [
        {"model": model, "kind": "baseline", "seed": 0, "fold": 0, "error": text} for model, text in errors.items()
    ]
    return pd.DataFrame(rows + failed)


def test_score_equals_a_loop_over_groups():
    table = _table(MODELS)
    result = score(table, ["mae", "rmse"], by=["step"])
    assert len(result) == len(MODELS) * HORIZON
    for row in result.itertuples():
        own = table[(table["model"] == row.model) & (table["seed"] == row.seed) & (table["step"] == row.step)]
        error = own["mean"] - own["actual"]
        assert (row.mae, row.rmse) == pytest.approx((error.abs().mean(), (error**2).mean() ** 0.5))
        assert row.rows == FOLDS * SERIES


def test_scores_do_not_depend_on_the_order_of_rows():
    table = _table(MODELS)
    mixed = table.sample(frac=1, random_state=1)
    keys = ["model", "seed"]
    names = ["mase", "rmsse", "skill"]
    first, second = (score(t, names).set_index(keys)[names].sort_index() for t in (table, mixed))
    pd.testing.assert_frame_equal(first, second, rtol=1e-12)


def test_text_columns_score_like_categories():
    table = _table(MODELS)
    text = table.astype({"model": str, "unique_id": str})
    pd.testing.assert_frame_equal(score(table, ["mase", "skill"]), score(text, ["mase", "skill"]))


def test_unobserved_rows_are_counted_and_not_scored():
    table = _table({("A", 0): 1.0})
    table.loc[:4, "actual"] = np.nan
    result = score(table, ["mae"]).iloc[0]
    assert (result["rows"], result["unobserved"]) == (len(table) - 5, 5)
    assert result["mae"] == pytest.approx((table["mean"] - table["actual"]).abs()[5:].mean())


def test_forecast_that_is_nan_is_never_skipped():
    table = _table({("A", 0): 1.0})
    table.loc[3, "mean"] = np.nan
    result = score(table, ["mae", "mase"]).iloc[0]
    assert np.isnan([result["mae"], result["mase"]]).all()
    assert result["undefined"] == "mae: a forecast is not finite; mase: a forecast is not finite"


def test_undefined_metrics_are_nan_with_count():
    table = _table({("A", 0): 1.0}, naive=0.0)
    table.loc[[1, 2], "actual"] = 0.0
    result = score(table, ["mase", "mape", "mae"]).iloc[0]
    assert np.isnan([result["mase"], result["mape"]]).all()
    assert "mape: 2 zero actuals" in result["undefined"]


def test_coverage_names_its_level_and_models_without_quantiles_have_none():
    table = pd.concat([_table({("A", 0): 1.0}), _table({("B", 0): 1.0}, quantiles=False)], ignore_index=True)
    result = score(table, ["coverage", "width"]).set_index("model")
    assert result["nominal"].tolist() == pytest.approx([0.8, 0.8])
    assert result.loc["A", "width"] == pytest.approx(4)
    assert np.isnan(result.loc["B", "coverage"])


def test_unknown_group_column_is_an_input_error():
    with pytest.raises(InputError, match="did you mean 'step'"):
        score(_table({("A", 0): 1.0}), ["mae"], by=["steps"])


def test_common_rows_are_those_that_every_model_and_seed_has():
    table = _table(MODELS)
    assert common_rows(table)[0] is table
    short = table.drop(index=table.index[(table["model"] == "LSTM") & (table["seed"] == 1)][:5])
    shared, lacking = common_rows(short)
    assert lacking.to_dict() == {("LSTM", 0): 0, ("LSTM", 1): 5, ("SeasonalNaive", 0): 0, ("ETS", 0): 0}
    assert len(shared) == len(table) - 5 * len(MODELS)
    with pytest.raises(ValueError, match="twice"):
        common_rows(pd.concat([table, table.iloc[:2]]))


def test_cell_scores_are_forecast_minus_actual():
    table = _table({("A", 0): 1.0}, naive=2.0).assign(actual=10.0, mean=7.0)
    table.loc[0, "actual"] = np.nan
    table.loc[1, "naive_mae"] = 0.0
    cells = cell_scores(table)
    names = ["error", "absolute_error", "squared_error", "scaled_error"]
    assert cells.loc[2, names].tolist() == [-3.0, 3.0, 9.0, 1.5]
    assert np.isnan(cells.loc[0, names].astype(float)).all()
    assert np.isnan(cells.loc[1, "scaled_error"])


def test_leaderboard_is_ordered_by_the_first_metric_with_spread_over_seeds():
    table = _table(MODELS)
    board = leaderboard(table, _runs(), ["mae", "r2"])
    assert board["model"].tolist() == ["LSTM", "ETS", "SeasonalNaive"]
    seeds = score(table, ["mae"]).query("model == 'LSTM'")["mae"]
    first = board.iloc[0]
    assert (first["mae"], first["mae_sd"]) == pytest.approx((seeds.mean(), seeds.std()))
    assert (first["seeds"], first["rows"], first["parameters"]) == (2, FOLDS * SERIES * HORIZON, 10)
    assert (first["fit_seconds"], first["predict_seconds"]) == (4.0, 1.0)
    assert first["p_value"] < 0.01 < first["skill"]
    assert board.set_index("model")["skill"]["SeasonalNaive"] == 0
    assert leaderboard(table, _runs(), ["r2"])["model"].tolist() == ["LSTM", "ETS", "SeasonalNaive"]
    assert [board[name].dtype.kind for name in ("mae", "p_value", "fit_seconds", "rows")] == list("fffi")


def test_failed_models_are_rows_with_their_message():
    board = leaderboard(_table(MODELS), _runs(ARIMA="it did not converge"), ["mae"])
    last = board.iloc[-1]
    assert (last["model"], last["error"], last["rows"], last["lacking"]) == ("ARIMA", "it did not converge", 0, 0)
    assert np.isnan(last["mae"])


def test_leaderboard_of_failures_alone():
    board = leaderboard(pd.DataFrame(), _runs(ARIMA="no").query("model == 'ARIMA'"))
    assert board["model"].tolist() == ["ARIMA"]
    assert np.isnan(board["mase"].iloc[0])


def test_models_on_different_rows_are_compared_only_when_told_to():
    table = _table(MODELS)
    short = table.drop(index=table.index[table["model"] == "ETS"][:10])
    with pytest.raises(InputError, match=r"models lack rows of 72: ETS 10;.* to score the 62 that all have"):
        leaderboard(short, _runs())
    board = leaderboard(short, _runs(), common=True).set_index("model")
    assert board["lacking"].to_dict() == {"LSTM": 0, "ETS": 10, "SeasonalNaive": 0}
    assert set(board["rows"]) == {62}


def test_leaderboard_without_reference_or_runs_says_why_there_is_no_p_value():
    table = _table({("LSTM", 0): 1.0, ("ETS", 0): 2.0})
    board = leaderboard(table, pd.DataFrame(), ["mae"])
    assert board["p_value"].isna().all()
    assert board["note"].str.contains("SeasonalNaive is not in the table").all()
    assert board["skill"].isna().all()


def test_owa_is_against_naive2_and_says_where_it_is_missing():
    table = _table({("A", 0): 1.0, ("Naive2", 0): 3.0, ("Naive2", 1): 9.0})
    scores = score(table, ["smape", "mase", "owa"]).set_index(["model", "seed"])
    ours, theirs = scores.loc[("A", 0)], scores.loc[("Naive2", 0)]
    assert theirs["owa"] == 1
    assert ours["owa"] == pytest.approx((ours["smape"] / theirs["smape"] + ours["mase"] / theirs["mase"]) / 2)
    alone = score(_table({("A", 0): 1.0}), ["owa"]).iloc[0]
    assert np.isnan(alone["owa"])
    assert alone["undefined"] == "owa: 72 rows without a forecast of Naive2"


def test_first_metric_must_have_a_best():
    with pytest.raises(InputError, match="bias"):
        leaderboard(_table(MODELS), _runs(), ["bias", "mae"])


@pytest.mark.slow
def test_millions_of_rows_take_seconds():
    folds, series, horizon = 2785, 7, 96
    fold, which, step = np.indices((folds, series, horizon)).reshape(3, -1)
    one = pd.DataFrame({"seed": 0, "unique_id": which.astype(str), "target": "y", "cutoff": fold, "step": step + 1})
    one = one.assign(time=fold + step + 1, mean=np.sin(fold), actual=0.0, naive_mae=1.0, naive_mse=1.0)
    table = pd.concat([one.assign(model=model) for model in ("A", "B", "SeasonalNaive")], ignore_index=True)
    begin = time.perf_counter()
    leaderboard(table, pd.DataFrame())
    assert time.perf_counter() - begin < 15
