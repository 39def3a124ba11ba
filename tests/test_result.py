"""What a backtest found, in and out of its folder."""

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest
import yaml

from datamodules.errors import InputError
from datamodules.window import Dims
from forecast import result as module
from forecast.backtest import backtest
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.evaluation.scores import score
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.result import Backtest

FILES = {
    *(
        "leaderboard.csv",
        "scores.csv",
        "calibration.csv",
        "forecasts.parquet",
        "runs.csv",
        "curves.csv",
        "recent.parquet",
        "health.csv",
        "covariates.csv",
    ),
    *("config.yaml", "provenance.json", "report.html"),
    *("significance.csv", "intervals.csv", "ranks.csv", "confidence_set.csv"),
    *("leaderboard.md", "leaderboard.tex", "series.csv", "breakdowns.csv", "residuals.csv", "residuals_by_series.csv"),
}


@pytest.fixture(scope="module")
def result(make_panel):
    network = NeuralForecaster(MLP(Dims(6, 3), hidden_size=4), max_steps=6, batch_size=8, steps_per_epoch=3)
    panel = make_panel([60, 50], targets=1, holes=0.1)
    return backtest(panel, [network, Naive(), SeasonalNaive(seasonality=12)], horizon=3, folds=3, seeds=2)


@pytest.fixture(scope="module")
def kept(result, tmp_path_factory):
    """The folder that the result is kept in; left as it is."""
    return result.save(tmp_path_factory.mktemp("result") / "a" / "b")


@pytest.fixture
def folder(kept, tmp_path):
    """A copy of it, to be spoilt."""
    return shutil.copytree(kept, tmp_path / "copy")


def test_folder_holds_every_file_and_nothing_half_written(kept):
    assert {path.name for path in kept.iterdir()} == FILES


def test_result_goes_round_through_its_folder(result, kept):
    again = Backtest.load(kept)
    for name in ("table", "runs", "curves", "recent", "health", "series"):
        left, right = getattr(result, name), getattr(again, name)
        pd.testing.assert_frame_equal(left, right, check_exact=name not in ("runs", "health"), obj=name)
    assert again.spec == result.spec
    assert again.provenance == result.provenance
    pd.testing.assert_frame_equal(again.leaderboard(), result.leaderboard())
    assert again.verdict() == result.verdict()
    pd.testing.assert_frame_equal(again.to_wide(), result.to_wide())
    pd.testing.assert_frame_equal(again.breakdown("hour"), result.breakdown("hour"))
    pd.testing.assert_frame_equal(again.wins(), result.wins())
    assert again.groups() == result.groups() == ("step", "cutoff", "hour")


def test_saving_what_was_loaded_writes_the_same_tables(kept, tmp_path):
    Backtest.load(str(kept)).save(str(tmp_path))
    for name in FILES - {"report.html"}:
        assert (tmp_path / name).read_bytes() == (kept / name).read_bytes(), name


def test_stored_leaderboard_and_scores_are_the_shown_ones(result, kept):
    board = pd.read_csv(kept / "leaderboard.csv")
    assert board["model"].tolist() == result.leaderboard()["model"].tolist()
    scores = pd.read_csv(kept / "scores.csv")
    assert len(scores) == len(result.table)
    assert yaml.safe_load((kept / "config.yaml").read_text()) == result.spec
    assert json.loads((kept / "provenance.json").read_text())["fingerprint"] == result.provenance["fingerprint"]


@pytest.mark.parametrize(
    "name", ["breakdowns", "diagnose", "pairs", "intervals", "rank_models", "confidence_set", "leaderboard"]
)
def test_what_files_and_page_both_show_is_computed_once(result, tmp_path, monkeypatch, name):
    asked, real = [], getattr(module, name)
    monkeypatch.setattr(module, name, lambda *given, **options: asked.append(name) or real(*given, **options))
    replace(result).save(tmp_path)  # a copy, which has computed nothing yet
    assert asked == [name]


def test_names_stay_as_they_are(result, tmp_path):
    names = ["NA", "nan", "007", "1e5", "", 'ß, "x"\nnew line']
    runs = pd.concat([result.runs] * 2).head(6).assign(note=names)
    health = pd.concat([result.health] * 3).assign(unique_id=names)
    again = Backtest.load(replace(result, runs=runs, health=health).save(tmp_path))
    assert again.runs["note"].tolist() == again.health["unique_id"].tolist() == names


def test_failed_write_leaves_the_old_file_whole(result, folder, monkeypatch):
    before = (folder / "forecasts.parquet").read_bytes()

    def half(self, path, **options):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", half)
    with pytest.raises(OSError, match="disk full"):
        result.save(folder)
    assert (folder / "forecasts.parquet").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == FILES


def test_folder_that_cannot_be_made_is_refused(result, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"output folder .*file cannot be"):
        result.save(tmp_path / "file")
    with pytest.raises(InputError, match=r"output folder .*below cannot be"):
        result.save(tmp_path / "file" / "below")


@pytest.mark.parametrize("missing", ["config.yaml", "forecasts.parquet", "runs.csv"])
def test_folder_without_a_finished_backtest_is_refused(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(InputError, match=f"holds no finished backtest: {missing} is missing"):
        Backtest.load(folder)


@pytest.mark.parametrize("clock", ["ME", 1, "W-SUN"])
def test_stamps_of_any_clock_go_round(clock, tmp_path):
    from datamodules.panel import Panel

    ds = range(40) if clock == 1 else pd.date_range("2000-01-01", periods=40, freq=clock)
    panel = Panel.from_frame(pd.DataFrame({"unique_id": "a", "ds": ds, "y": range(40)}), freq=clock)
    result = backtest(panel, [Naive()], horizon=2, folds=2)
    again = Backtest.load(result.save(tmp_path))
    pd.testing.assert_frame_equal(again.table, result.table)
    pd.testing.assert_frame_equal(again.recent, result.recent)
    pd.testing.assert_frame_equal(again.runs, result.runs)


def test_calibration_is_kept_over_all_steps_and_by_step(result, kept):
    found = pd.read_csv(kept / "calibration.csv")
    assert found.columns.tolist() == ["model", "step", "level", "rows", "coverage", "width"]
    assert found.groupby("model")["step"].agg(list).to_dict() == {
        name: [0, 1, 2, 3] for name in ("MLP", "Naive", "SeasonalNaive")
    }
    whole = found[found["step"] == 0].set_index("model")["coverage"]
    scored = score(result.table, ["coverage"], by=[]).groupby("model")["coverage"].mean()
    pd.testing.assert_series_equal(whole.sort_index(), scored.sort_index())


def test_verdict_says_whose_intervals_do_not_cover(result):
    narrow = result.table.assign(**{"q0.1": result.table["mean"] - 1e-6, "q0.9": result.table["mean"] + 1e-6})
    assert "Intervals of 80 % that do not cover 80 %: " in replace(result, table=narrow).verdict()


def test_tests_of_every_pair_intervals_ranks_and_confidence_set_are_kept(result, kept):
    found = {
        name: pd.read_csv(kept / f"{name}.csv") for name in ("significance", "intervals", "ranks", "confidence_set")
    }
    models = set(result.leaderboard()["model"])
    assert len(found["significance"]) == len(models) * (len(models) - 1) // 2
    assert set(found["intervals"]["metric"]) == set(result.metrics)
    assert set(found["ranks"]["model"]) == set(found["confidence_set"]["model"]) == models
    board = result.leaderboard().set_index("model")
    for row in found["intervals"].itertuples():
        assert row.value == pytest.approx(board.loc[row.model, row.metric])
    assert "too few to rank over" in result.ranks().note
    first = result.significance()
    first["p_value"] = 0.0
    assert result.significance()["p_value"].ne(0).all()


@pytest.mark.parametrize("name", ["forecasts.parquet", "recent.parquet", "provenance.json", "runs.csv"])
def test_damaged_file_is_one_sentence(result, tmp_path, name):
    folder = result.save(tmp_path / "run")
    (folder / name).write_bytes(b"")
    with pytest.raises(InputError, match="holds a backtest with a damaged file"):
        Backtest.load(folder)
