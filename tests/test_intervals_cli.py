"""``forecast backtest --intervals``: the same names and point forecasts, other quantiles."""

import sys

import numpy as np
import pandas as pd
import pytest

from forecast.cli import main


@pytest.fixture
def backtest(tmp_path, monkeypatch):
    """Runs a small backtest into a folder, and gives the exit code."""
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2024-01-01", periods=160, freq="D").strftime("%Y-%m-%d")
    noise = np.random.default_rng(0).normal(scale=0.3, size=(3, 160))
    waves = 10 + np.sin(np.arange(160) * 2 * np.pi / 7) + noise
    frames = [pd.DataFrame({"unique_id": name, "ds": days, "y": y}) for name, y in zip("abc", waves, strict=True)]
    pd.concat(frames).to_csv("sales.csv", index=False)
    words = ["backtest", "--data", "sales.csv", "--horizon", "4", "--models", "Linear", "--baselines", "SeasonalNaive"]
    return lambda folder, *more: main([*words, "--max-steps", "4", "--folds", "3", "--output", folder, *more])


def test_intervals_are_of_earlier_errors_under_the_same_names(backtest, capsys, monkeypatch):
    assert backtest("own") == 0
    assert backtest("split", "--intervals", "split") == 0
    assert "intervals" in capsys.readouterr().out
    own, split = (pd.read_parquet(f"{folder}/forecasts.parquet") for folder in ("own", "split"))
    keys = ["model", "unique_id", "cutoff", "step", "mean", "actual"]
    pd.testing.assert_frame_equal(own[keys], split[keys])
    assert not np.allclose(own["q0.1"], split["q0.1"])
    assert pd.read_csv("split/runs.csv").set_index("model")["kind"].to_dict() == {
        "Linear": "network",
        "SeasonalNaive": "baseline",
    }
    monkeypatch.setattr(sys.modules["forecast.engines.serial"], "run", None)  # nothing is fitted again
    assert backtest("split", "--intervals", "split") == 0


def test_intervals_that_do_not_exist_are_refused(backtest, capsys):
    assert backtest("out", "--intervals", "cqt") == 2
    assert "intervals 'cqt' is not known; did you mean 'cqr'" in capsys.readouterr().err
