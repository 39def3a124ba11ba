"""forecast evaluate, from files to the folder of a result."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.cli import main
from forecast.result import Backtest


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder with data, a finished backtest of them, and its forecasts as other tools write theirs."""
    folder = tmp_path_factory.mktemp("evaluate")
    days = pd.date_range("2024-01-01", periods=90, freq="D").strftime("%Y-%m-%d")
    waves = 10 + np.sin(np.arange(90) * 2 * np.pi / 7) + np.random.default_rng(0).normal(scale=0.1, size=(2, 90))
    frames = [pd.DataFrame({"shop": name, "day": days, "sold": y}) for name, y in zip(("01", "02"), waves, strict=True)]
    pd.concat(frames).to_csv(folder / "sales.csv", index=False)
    given = ["--data", str(folder / "sales.csv"), "--id", "shop", "--output", str(folder / "run")]
    quick = ["--models", "none", "--baselines", "SeasonalNaive", "Drift", "--folds", "3", "--horizon", "4"]
    assert main(["backtest", *given, *quick]) == 0
    wide = Backtest.load(folder / "run").to_wide()
    wide.to_parquet(folder / "wide.parquet")
    wide[["unique_id", "ds", "cutoff", "y", "Drift", "Drift-lo-80", "Drift-hi-80"]].to_csv(folder / "drift.csv")
    return folder


@pytest.fixture
def folder(finished, monkeypatch, tmp_path):
    monkeypatch.chdir(finished)
    monkeypatch.setenv("OUT", str(tmp_path / "out"))
    return tmp_path / "out"


def evaluate(output, *words):
    return main(["evaluate", "--output", str(output), *words])


def board(path):
    return pd.read_csv(Path(path) / "leaderboard.csv").drop(
        columns=["kind", "fit_seconds", "predict_seconds", "parameters", "bytes"], errors="ignore"
    )


def test_wide_forecasts_of_our_own_give_the_same_leaderboard(folder, capsys):
    assert evaluate(folder, "--forecasts", "wide.parquet", "--data", "sales.csv", "--id", "shop") == 0
    pd.testing.assert_frame_equal(board(folder), board("run"), check_exact=True)
    ours, theirs = ({path.name for path in each.iterdir()} - {"parts"} for each in (folder, Path("run")))
    assert ours == theirs
    shown = capsys.readouterr().out
    assert "Leaderboard" in shown
    assert shown.splitlines()[-1] == f"report: {folder / 'report.html'}"


def test_baselines_are_added_where_the_file_has_none(folder):
    assert evaluate(folder, "--forecasts", "drift.csv", "--data", "sales.csv", "--id", "shop") == 0
    pd.testing.assert_frame_equal(board(folder), board("run"), check_exact=True)
    kinds = pd.read_csv(folder / "leaderboard.csv").set_index("model")["kind"].to_dict()
    assert kinds == {"SeasonalNaive": "baseline", "Drift": "external"}


def test_columns_are_called_as_in_the_data_or_as_told(folder):
    frame = pd.read_csv("drift.csv", dtype={"unique_id": str})[["unique_id", "ds", "cutoff", "Drift"]]
    frame.set_axis(["shop", "day", "cutoff", "Drift"], axis=1).to_csv(folder.parent / "as.csv", index=False)
    frame.set_axis(["item", "when", "seen", "Drift"], axis=1).to_csv(folder.parent / "told.csv", index=False)
    words = ["--data", "sales.csv", "--id", "shop", "--overwrite", "--forecasts"]
    assert evaluate(folder, *words, str(folder.parent / "as.csv")) == 0
    pd.testing.assert_frame_equal(board(folder), board("run"), check_exact=True)
    told = ["--columns", "id=item", "time=when", "--cutoff", "seen"]
    assert evaluate(folder, *words, str(folder.parent / "told.csv"), *told) == 0
    pd.testing.assert_frame_equal(board(folder), board("run"), check_exact=True)


def test_run_names_the_data_and_its_models_join(folder, capsys):
    frame = pd.read_csv("drift.csv", index_col=0, dtype={"unique_id": str}).rename(
        columns=lambda name: name.replace("Drift", "Theirs")
    )
    frame.to_csv(folder.parent / "theirs.csv", index=False)
    given = ["--forecasts", str(folder.parent / "theirs.csv"), "--run", "run"]
    assert evaluate(folder, *given) == 0
    found = pd.read_csv(folder / "leaderboard.csv").set_index("model")
    assert found["kind"].to_dict() == {"SeasonalNaive": "baseline", "Drift": "baseline", "Theirs": "external"}
    assert found.loc["Theirs", "mase"] == found.loc["Drift", "mase"]
    assert evaluate(folder, *given) == 0  # the same again is no other result
    assert evaluate(folder, *given, "--metrics", "rmse") == 0
    assert evaluate(folder, "--forecasts", "drift.csv", "--run", "run") == 2
    assert "holds a backtest with other forecasts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--forecasts", "drift.csv"], "no data is named"),
        (["--forecasts", "none.csv", "--run", "run"], "file none.csv does not exist"),
        (["--forecasts", "drift.csv", "--run", "run", "--models", "Drfit"], "did you mean 'Drift'?"),
        (["--forecasts", "drift.csv", "--run", "run", "--baselines", "Naiv"], "did you mean 'Naive'?"),
        (["--forecasts", "drift.csv", "--run", "run", "--columns", "ds=day"], "role of a column 'ds' is not known"),
        (["--forecasts", "drift.csv", "--run", "run", "--horizon", "0"], "horizon is 0"),
        (["--forecasts", "drift.csv", "--run", "run", "--refit", "often"], "refit is 'often'"),
        (["--forecasts", "drift.csv", "--run", "."], "holds no finished backtest"),
        (["--forecasts", "drift.csv", "--data", "CO2"], "names are of no series of the data"),
    ],
)
def test_mistakes_are_one_sentence(folder, words, sentence, capsys):
    assert evaluate(folder, *words) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert not folder.exists()
