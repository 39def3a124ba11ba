"""A small study from its YAML to its folder."""

import numpy as np
import pandas as pd
import pytest

from forecast.study.config import StudyConfig
from forecast.study.result import StudyResult
from forecast.study.study import Study

BASE = {
    "data": "Sunspots",
    "horizon": 4,
    "context_length": 12,
    "models": ["Linear", {"class_path": "MLP", "init_args": {"hidden_size": 8, "layers": 1}}],
    "baselines": ["Naive", "SeasonalNaive"],
    "seeds": 2,
    "folds": 5,
    "fit": {"max_steps": 20, "steps_per_epoch": 10, "batch_size": 64},
}
RATES = {
    "title": "Learning rate",
    "base": BASE,
    "factors": {"lr": {"key": "models.lr", "levels": [0.001, 0.01, 1e30]}},
    "reference": {"lr": 0.01},
    "metrics": ["mae", "r2"],
}


@pytest.fixture(scope="module")
def result():
    return Study(StudyConfig.of(RATES)).run()


def test_every_network_has_a_row_a_level_and_every_baseline_one(result):
    table = result.table()
    assert table["model"].tolist() == [
        *("Linear lr=0.001", "Linear lr=0.01", "Linear lr=1e+30"),
        *("MLP lr=0.001", "MLP lr=0.01", "MLP lr=1e+30"),
        *("Naive", "SeasonalNaive"),
    ]
    assert table.loc[table["reference"], "level"].tolist() == ["0.01", "0.01"]
    assert table["lr"].tolist()[:3] == [0.001, 0.01, 1e30]


def test_scores_are_means_over_seeds_of_the_same_rows(result):
    row = result.table().set_index("model").loc["Linear lr=0.001"]
    own = result.backtest.table[result.backtest.table["model"] == "Linear lr=0.001"]
    errors = [np.abs(each["mean"] - each["actual"]).mean() for _, each in own.groupby("seed")]
    assert row["mae"] == pytest.approx(np.mean(errors))
    assert row["mae_spread"] == pytest.approx(np.std(errors, ddof=1))
    assert row["rows"] == 20
    assert result.table().loc[result.table()["rows"] > 0, "rows"].nunique() == 1


def test_level_that_diverges_is_a_row_that_says_so(result):
    rows = result.table().set_index("model")
    assert rows.loc["MLP lr=1e+30", "status"].startswith("diverged: ")
    assert "MLP lr=1e+30: diverged" in result.finding()
    assert (rows.loc[["MLP lr=0.01", "Naive"], "status"] == "").all()


def test_folder_gives_the_same_study_again(result, tmp_path):
    again = StudyResult.load(result.save(tmp_path / "study"))
    pd.testing.assert_frame_equal(again.table(), result.table())
    assert again.finding() == result.finding()
    assert again.config == result.config
    assert {"study.csv", "study.md", "study.tex", "leaderboard.csv"} <= {path.name for path in tmp_path.rglob("*")}


def test_gap_is_that_of_rows_which_the_network_was_trained_on(result):
    row = result.table().set_index("model").loc["Linear lr=0.01"]
    inside = result.backtest.inside
    own = inside[(inside["model"] == "Linear lr=0.01") & (inside["part"] == "train")]
    errors = [np.abs(each["mean"] - each["actual"]).mean() for _, each in own.groupby("seed")]
    assert row["train"] == pytest.approx(np.mean(errors))
    assert row["gap"] == pytest.approx(row["mae"] - row["train"])
    assert result.table().set_index("model").loc["Naive", ["train", "test", "gap"]].isna().all()


def test_panel_may_be_handed_over_without_a_file(make_panel, tmp_path):
    base = {name: value for name, value in BASE.items() if name not in ("data", "models")} | {"models": ["Linear"]}
    found = Study(StudyConfig.of(RATES | {"base": base | {"seeds": 1, "folds": 2}}), make_panel((80, 80))).run()
    assert found.table()["rows"].max() == 16
    assert StudyResult.load(found.save(tmp_path / "study")).finding() == found.finding()
