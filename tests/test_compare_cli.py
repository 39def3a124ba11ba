"""forecast compare, from two folders to the finding."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.cli import main
from forecast.result import Backtest


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs that differ in a baseline."""
    folder = tmp_path_factory.mktemp("compare")
    days = pd.date_range("2024-01-01", periods=90, freq="D").strftime("%Y-%m-%d")
    waves = 10 + np.sin(np.arange(90) * 2 * np.pi / 7) + np.random.default_rng(0).normal(scale=0.1, size=(2, 90))
    frames = [pd.DataFrame({"unique_id": name, "ds": days, "y": y}) for name, y in zip("ab", waves, strict=True)]
    pd.concat(frames).to_csv(folder / "sales.csv", index=False)
    quick = ["--data", str(folder / "sales.csv"), "--horizon", "4", "--folds", "4", "--models", "none", "--baselines"]
    assert main(["backtest", *quick, "SeasonalNaive", "Drift", "--output", str(folder / "a")]) == 0
    assert main(["backtest", *quick, "SeasonalNaive", "Naive", "--output", str(folder / "b")]) == 0
    return str(folder / "a"), str(folder / "b")


def test_shows_what_differs_the_leaderboard_and_the_finding(runs, capsys):
    assert main(["compare", *runs]) == 0
    shown = capsys.readouterr().out
    for text in (
        "What differs",
        "baselines.Naive",
        "A:Drift",
        "B:Naive",
        "on 2 series, 4 cutoffs and 4 steps",
    ):
        assert text in shown


def test_writes_a_folder_that_is_a_result(runs, tmp_path, capsys):
    output = tmp_path / "both"
    assert main(["compare", *runs, "--names", "old", "new", "--output", str(output)]) == 0
    assert set(Backtest.load(output).table["model"]) == {"SeasonalNaive", "old:Drift", "new:Naive"}
    assert {"comparison.csv", "differences.csv", "report.html", "leaderboard.csv"} <= {
        each.name for each in output.iterdir()
    }
    assert capsys.readouterr().out.splitlines()[-1] == f"report: {output / 'report.html'}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--names", "A", "A"], "expected two words"),
        (["--output", "{a}"], "holds a backtest with other"),
        (["--commn"], "did you mean '--common'"),
    ],
)
def test_mistakes_are_one_sentence(runs, words, sentence, capsys):
    assert main(["compare", *runs, *(word.format(a=runs[0]) for word in words)]) == 2
    assert sentence in capsys.readouterr().err
    assert Path(runs[0], "config.yaml").exists()


def test_folder_without_a_result_is_refused(runs, tmp_path, capsys):
    assert main(["compare", runs[0], str(tmp_path)]) == 2
    assert "holds no finished backtest" in capsys.readouterr().err
