"""``forecast breakdown`` and ``forecast leaderboard`` on small backtests, as a person types them."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecast.cli import main
from forecast.result import Backtest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A backtest of eight shops in two regions, with a model that fails; left as it is."""
    folder = tmp_path_factory.mktemp("shops")
    days = pd.date_range("2024-01-01", periods=70, freq="D")
    rng = np.random.default_rng(0)
    shops = [
        pd.DataFrame({"unique_id": f"shop {index}", "ds": days, "region": "north" if index % 2 else "NA"}).assign(
            y=10 + index + np.sin(np.arange(70) * 2 * np.pi / 7) + rng.normal(0, 0.1 + index / 10, 70)
        )
        for index in range(8)
    ]
    pd.concat(shops).to_csv(folder / "shops.csv", index=False)
    words = ["--data", str(folder / "shops.csv"), "--horizon", "7", "--folds", "3", "--static", "region"]
    models = ["--models", "none", "--baselines", "Naive", "SeasonalNaive", "Drift", "ARIMA"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("forecast.baselines.arima.ARIMA.fit", lambda self, panel: 1 / 0)
        assert main(["backtest", *words, *models, "--output", str(folder / "out")]) == 0
    return folder / "out"


def test_breakdown_lists_what_there_is_to_group_by(folder, capsys):
    assert main(["breakdown", str(folder)]) == 0
    shown = capsys.readouterr().out
    calendar = ["weekday", "weekend", "month"]
    known = ["region", "level_decile", "volatility_decile"]
    assert [line.split()[0] for line in shown.splitlines()[2:]] == ["step", "cutoff", "unique_id", *calendar, *known]
    assert "SeasonalNaive, in" in shown


def test_breakdown_shows_groups_down_and_models_across(folder, capsys):
    assert main(["breakdown", str(folder), "--by", "weekday", "--metric", "mae"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["mae by weekday".ljust(len(lines[0])), lines[1]]
    assert lines[1].split() == ["Weekday", "Naive", "SeasonalNaive", "Drift", "Values"]
    assert [line.split()[0] for line in lines[2:9]] == [
        *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    ]
    result = Backtest.load(folder)
    found = result.breakdown("weekday", "mae")
    assert float(lines[2].split()[1]) == pytest.approx(found["value"].iloc[0], rel=1e-3)
    assert found["rows"].sum() == len(result.table)
    assert main(["breakdown", str(folder), "--by", "region"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} >= {"NA", "north"}
    assert main(["breakdown", str(folder), "--by", "step", "--metric", "bias"]) == 0
    assert "Share" not in capsys.readouterr().out


@pytest.mark.parametrize("ending", ["csv", "md", "tex"])
def test_breakdown_is_written_as_its_name_ends(ending, folder, tmp_path, capsys):
    path = tmp_path / "new" / f"regions.{ending}"
    assert main(["breakdown", str(folder), "--by", "region", "--output", str(path)]) == 0
    assert capsys.readouterr().out == f"breakdown: {path}\n"
    text = path.read_text()
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    if ending == "csv":
        frame = pd.read_csv(path, keep_default_na=False)
        assert len(frame) == 6
        assert set(frame["group"]) == {"NA", "north"}
    else:
        assert {"md": "| Region | Naive |", "tex": r"\begin{tabular}{lrrrr}"}[ending] in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--by", "weekdays"], "by 'weekdays' is not known; did you mean 'weekday'?"),
        (["--by", "hour"], "by 'hour' is not known; "),
        (["--metric", "masse"], "metric 'masse' is not known; did you mean 'mase'?"),
        (["--by", "step", "--output", "x.txt"], "output x.txt ends in '.txt'; expected one of .csv, .md, .tex."),
        (["--output", "x.csv"], "output was given without by"),
    ],
)
def test_mistakes_are_one_sentence(words, said, folder, capsys):
    assert main(["breakdown", str(folder), *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert main(["breakdown", str(folder / "nowhere")]) == 2


def test_leaderboard_in_each_form(folder, capsys):
    assert main(["leaderboard", str(folder)]) == 0
    shown = capsys.readouterr().out
    assert "ARIMA failed: ZeroDivisionError" in shown
    assert Backtest.load(folder).verdict() in shown
    texts = {}
    for kind in ("csv", "markdown", "latex"):
        assert main(["leaderboard", str(folder), "--format", kind]) == 0
        texts[kind] = capsys.readouterr().out
    for kind, name in (("csv", "leaderboard.csv"), ("markdown", "leaderboard.md"), ("latex", "leaderboard.tex")):
        assert texts[kind] == (folder / name).read_text()
    assert "**" in texts["markdown"]
    assert "ARIMA: ZeroDivisionError: division by zero" in texts["markdown"]
    assert r"\caption{shops: 8 series, 7 steps ahead (frequency D), 3 folds" in texts["latex"]
    assert main(["leaderboard", str(folder), "--format", "html"]) == 2
    assert "format 'html' is not known; known are csv, latex, markdown, table" in capsys.readouterr().err


def test_folder_holds_all_breakdowns_and_diagnostics(folder):
    found = pd.read_csv(folder / "breakdowns.csv", keep_default_na=False)
    assert set(found["by"]) >= {"step", "cutoff", "unique_id", "weekday", "region", "level_decile"}
    assert set(found["metric"]) == {"mase", "smape", "rmsse", "mae", "rmse"}
    residuals = pd.read_csv(folder / "residuals.csv")
    assert residuals["model"].tolist() == ["Naive", "SeasonalNaive", "Drift"]
    assert residuals["note"].str.contains("3 cutoffs are too few").all()
    assert len(pd.read_csv(folder / "residuals_by_series.csv")) == 3 * 8
    assert pd.read_csv(folder / "leaderboard.csv").set_index("model")["bytes"]["Naive"] == 0


def test_folder_of_an_earlier_version_has_fewer_groups(folder, tmp_path, capsys):
    old = shutil.copytree(folder, tmp_path / "old")
    (old / "series.csv").unlink()
    assert len(Backtest.load(old).series) == 0
    assert main(["breakdown", str(old), "--by", "step"]) == 0
    assert main(["breakdown", str(old), "--by", "region"]) == 2
    assert main(["report", str(old)]) == 0
    assert Path(old / "report.html").exists()


def test_models_that_are_best_equally_often_are_all_named(tmp_path, capsys):
    frame = pd.DataFrame({"unique_id": "a", "ds": np.arange(40), "y": np.random.default_rng(0).normal(size=40)})
    frame.to_csv(tmp_path / "numbers.csv", index=False)
    words = ["--data", str(tmp_path / "numbers.csv"), "--horizon", "3", "--models", "none"]
    assert main(["backtest", *words, "--baselines", "Naive", "SeasonalNaive", "--output", str(tmp_path / "out")]) == 0
    assert main(["breakdown", str(tmp_path / "out")]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[-2:]] == ["step", "cutoff"]  # an integer clock has no calendar
    assert lines[-1].split("  ")[-2].strip() == "Naive and SeasonalNaive, in 50% of them each"
    assert main(["breakdown", str(tmp_path / "out"), "--by", "hour"]) == 2


def test_folder_without_forecasts_or_with_a_single_one_has_nothing_to_break_down(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("forecast.baselines.naive.Drift.fit", lambda self, panel: 1 / 0)
    words = ["--data", str(folder.parent / "shops.csv"), "--horizon", "7", "--models", "none", "--baselines", "Drift"]
    assert main(["backtest", *words, "--output", str(tmp_path / "failed")]) == 1
    assert main(["breakdown", str(tmp_path / "failed")]) == 2
    assert "has nothing to break down: no model forecast anything." in capsys.readouterr().err
    assert main(["leaderboard", str(tmp_path / "failed"), "--format", "latex"]) == 0
    assert "Drift: ZeroDivisionError" in capsys.readouterr().out


def test_hours_are_those_of_the_clock_that_the_stamps_came_from(tmp_path):
    utc = pd.date_range("2024-03-20", periods=24 * 25, freq="h", tz="UTC")
    local = utc.tz_convert("Europe/Madrid").tz_localize(None)
    noise = np.random.default_rng(0).normal(0, np.where(local.hour == 20, 9, 0.1))
    pd.DataFrame({"unique_id": "a", "ds": local, "y": noise}).to_csv(tmp_path / "hours.csv", index=False)
    words = ["--data", str(tmp_path / "hours.csv"), "--zone", "Europe/Madrid", "--horizon", "24", "--folds", "14"]
    models = ["--models", "none", "--baselines", "HistoricMean", "--output", str(tmp_path / "out")]
    assert main(["backtest", *words, *models]) == 0
    result = Backtest.load(tmp_path / "out")
    assert result.zone == "Europe/Madrid"
    worst = result.breakdown("hour", "mae").set_index("group")["value"]
    assert worst.idxmax() == 20  # summer time began between the cutoffs
    assert worst[20] > 10 * worst.drop(20).max()


def test_forecasts_of_others_are_broken_down_as_well(folder, tmp_path, capsys):
    wide = (
        Backtest.load(folder).to_wide()[["unique_id", "ds", "cutoff", "y", "Naive"]].rename(columns={"Naive": "Mine"})
    )
    wide.to_csv(tmp_path / "mine.csv", index=False)
    words = ["--data", str(folder.parent / "shops.csv"), "--static", "region", "--output", str(tmp_path / "out")]
    assert main(["evaluate", "--forecasts", str(tmp_path / "mine.csv"), *words]) == 0
    assert main(["breakdown", str(tmp_path / "out"), "--by", "region"]) == 0
    ours = Backtest.load(folder).breakdown("region", "mase").query("model == 'Naive'")["value"].tolist()
    theirs = Backtest.load(tmp_path / "out").breakdown("region", "mase").query("model == 'Mine'")["value"].tolist()
    assert theirs == pytest.approx(ours)
