"""Breakdowns: equal to a loop over groups; who wins where."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from forecast.evaluation.breakdown import available, breakdown, breakdowns, wins
from forecast.evaluation.metrics import all_metrics

FOLDS, HORIZON, SERIES = 3, 4, ("a", "b", "c")


def make_table(models, folds=FOLDS):
    """``models`` maps (name, seed) to the noise of its forecasts."""
    fold, one, ahead = np.indices((folds, len(SERIES), HORIZON)).reshape(3, -1)
    rng = np.random.default_rng(0)
    actual = rng.normal(20, 3, fold.size)
    stamps = pd.date_range("2024-01-26", periods=folds * HORIZON + 1, freq="D")
    frames = [
        pd.DataFrame(
            {
                "model": pd.Categorical([model] * fold.size),
                "seed": seed,
                "unique_id": pd.Categorical.from_codes(one, categories=pd.Index(SERIES)),
                "target": "y",
                "cutoff": stamps[fold * HORIZON],
                "step": ahead + 1,
                "time": stamps[fold * HORIZON + ahead + 1],
                "mean": actual + np.random.default_rng([*map(ord, model), seed]).normal(0, noise, actual.size),
                "q0.1": actual - 2,
                "q0.9": actual + 2,
                "actual": actual,
                "naive_mae": 2.0 + one,
                "naive_mse": 4.0 + one,
            }
        )
        for (model, seed), noise in models.items()
    ]
    return pd.concat(frames, ignore_index=True)


MODELS = {("LSTM", 0): 1.0, ("LSTM", 1): 1.2, ("SeasonalNaive", 0): 3.0, ("ETS", 0): 2.0}
KNOWN = pd.DataFrame(
    {
        "unique_id": ["a", "b", "c"],
        "target": "y",
        "region": ["north", "", "north"],
        "size": ["9", "10", "9"],
        "level": [1.0, 2.0, 3.0],
        "volatility": [1.0, np.nan, 3.0],
        "level_decile": ["1 of 2", "1 of 2", "2 of 2"],
    }
)


@pytest.fixture
def table():
    return make_table(MODELS)


@pytest.mark.parametrize("metric", [name for name in all_metrics() if name != "skill"])
@pytest.mark.parametrize("by", ["step", "cutoff", "unique_id", "weekday", "region"])
def test_breakdown_equals_a_loop_over_groups_and_seeds(by, metric, table):
    from forecast.evaluation.scores import score

    groups = {
        "weekday": table["time"].dt.day_name(),
        "region": table["unique_id"].map({"a": "north", "b": "(missing)", "c": "north"}).astype(str),
    }
    found = breakdown(table, by, metric, series=KNOWN)
    assert len(found) == 3 * groups.get(by, table.get(by)).nunique()
    for row in found.itertuples():
        own = table[(table["model"] == row.model) & (groups.get(by, table.get(by)) == row.group)]
        each = [score(part, [metric])[metric].iloc[0] for _, part in own.groupby("seed")]
        assert row.value == pytest.approx(np.mean(each), nan_ok=True)
        assert row.value_sd == pytest.approx(np.std(each, ddof=1) if len(each) > 1 else np.nan, nan_ok=True)
        assert row.rows == len(own) / len(each)


def test_models_keep_their_order_and_groups_their_natural_one(table):
    found = breakdown(table, "weekday", "mae")
    heat = found.pivot(index="model", columns="group", values="value")
    assert list(heat.columns) == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert list(dict.fromkeys(found["model"])) == ["LSTM", "SeasonalNaive", "ETS"]
    assert breakdown(table, "step")["group"].tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]
    assert list(breakdown(table, "size", series=KNOWN)["group"].cat.categories) == ["9", "10"]
    assert list(breakdown(table, "region", series=KNOWN)["group"].cat.categories) == ["north", "(missing)"]


def test_ranks_go_with_the_direction_of_the_metric_and_equals_share_them(table):
    for metric, best in (("mae", "idxmin"), ("r2", "idxmax")):
        found = breakdown(table, "step", metric)
        assert found.index[found["rank"] == 1].tolist() == getattr(found.groupby("group")["value"], best)().tolist()
    assert breakdown(table, "step", "bias")["rank"].isna().all()
    twin = table[table["model"] == "ETS"].assign(model="Twin")
    both = breakdown(pd.concat([table.astype({"model": str}), twin], ignore_index=True), "step", "mae")
    assert set(both.query("model in ('ETS', 'Twin')")["rank"]) <= {1.5, 2.5, 3.5}


def test_groups_without_a_value_say_why(table):
    lost = table.assign(actual=table["actual"].where(table["step"] != 2))
    found = breakdown(lost, "step", "mae").set_index(["group", "model"])
    assert found["value"].isna().groupby("group").all().to_dict() == {1: False, 2: True, 3: False, 4: False}
    assert found.loc[(2, "ETS"), "undefined"] == "no observed rows"
    assert (found.loc[2, "rows"] == 0).all()
    assert wins(lost, "step", "mae")["groups"].tolist() == [3, 3, 3]
    constant = table.assign(naive_mae=table["naive_mae"].where(table["unique_id"] != "b", 0.0))
    undefined = breakdown(constant, "unique_id").query("group == 'b'")["undefined"]
    assert set(undefined) == {"12 rows whose series has no seasonal naive error to scale by"}


def test_only_rows_that_all_models_have_are_scored(table):
    short = table.drop(index=table.index[(table["model"] == "ETS") & (table["step"] == 4)])
    assert set(breakdown(short, "step")["group"]) == {1, 2, 3}
    assert set(breakdown(short, "unique_id")["rows"]) == {FOLDS * 3}


def test_wins_are_shared_and_counted_against_the_reference():
    table = make_table({("SeasonalNaive", 0): 1.0, ("A", 0): 1.0, ("B", 0): 1.0}, folds=1)
    errors = {"SeasonalNaive": [2, 2, 2], "A": [1, 3, 2], "B": [1, 1, 9]}  # by series
    error = [errors[model]["abc".index(one)] for model, one in zip(table["model"], table["unique_id"], strict=True)]
    found = wins(table.assign(mean=table["actual"] + error), "unique_id", "mae").set_index("model")
    assert found.index.tolist() == ["B", "A", "SeasonalNaive"]
    assert found["best"].to_dict() == pytest.approx({"B": 1.5 / 3, "A": 1 / 3, "SeasonalNaive": 0.5 / 3})
    assert found["worst"].to_dict() == pytest.approx({"B": 1 / 3, "A": 1 / 3, "SeasonalNaive": 1 / 3})
    assert found["beats"].to_dict() == pytest.approx({"B": 2 / 3, "A": 1.5 / 3, "SeasonalNaive": np.nan}, nan_ok=True)
    assert found["mean_rank"]["B"] == pytest.approx((1.5 + 1 + 3) / 3)
    assert found.loc["B", ["strongest", "weakest"]].tolist() == ["b", "c"]
    assert found["best"].sum() == pytest.approx(1)


def test_wins_without_a_reference_or_a_best():
    table = make_table({("A", 0): 1.0, ("B", 0): 2.0})
    assert wins(table)["beats"].isna().all()
    with pytest.raises(InputError, match="'bias' has no best"):
        wins(table, "step", "bias")
    alone = wins(make_table({("A", 0): 1.0}))
    assert alone[["best", "worst", "mean_rank", "strongest"]].iloc[0].tolist() == [1.0, 1.0, 1.0, ""]


def test_all_breakdowns_in_one_table(table):
    found = breakdowns(table, ("mae", "mase"), series=KNOWN)
    assert tuple(dict.fromkeys(found["by"])) == available(table, KNOWN)
    one = found.query("by == 'step' and metric == 'mase'").reset_index(drop=True)
    assert one["value"].tolist() == breakdown(table, "step", "mase")["value"].tolist()
    assert one["group"].tolist() == [str(step) for step in breakdown(table, "step", "mase")["group"]]


def test_nothing_scored_gives_empty_tables(table):
    none = table.iloc[:0]
    assert available(none) == ()
    assert len(breakdown(none, "step")) == len(wins(none)) == len(breakdowns(none, ("mae",))) == 0
    apart = table[(table["model"] == "LSTM") ^ (table["step"] < 3)]
    assert len(breakdown(apart, "step")) == 0


def test_unknown_names_are_refused(table):
    with pytest.raises(InputError, match="did you mean 'mase'"):
        breakdown(table, "step", "masse")
    with pytest.raises(InputError, match="did you mean 'weekday'"):
        breakdown(table, "weekdays")
    with pytest.raises(InputError, match="by 'regoin' is not known; did you mean 'region'"):
        breakdown(table, "regoin", series=KNOWN)
