import errno
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import forecast.cli
from forecast.cli import COMMANDS, main
from forecast.files import FILES
from forecast.result import Backtest
from forecast.teams import run as real_run

QUICK = ["--models", "Linear", "--baselines", "SeasonalNaive", "--max-steps", "4", "--folds", "3"]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A CSV of two series, in the working folder."""
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2024-01-01", periods=90, freq="D").strftime("%Y-%m-%d")
    noise = np.random.default_rng(0).normal(scale=0.1, size=(2, 90))
    waves = 10 + np.sin(np.arange(90) * 2 * np.pi / 7) + noise
    frames = [pd.DataFrame({"unique_id": name, "ds": days, "y": y}) for name, y in zip("ab", waves, strict=True)]
    pd.concat(frames).to_csv("sales.csv", index=False)
    return "sales.csv"


def backtest(data, *words):
    return main(["backtest", "--data", data, "--horizon", "4", *QUICK, *words])


def forecasts(folder):
    return pd.read_parquet(f"{folder}/forecasts.parquet")


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command_and_shows_two_examples(words, capsys):
    assert main(words) == 0
    shown = capsys.readouterr().out
    assert all(f"\n  {name} " in shown for name in COMMANDS)
    assert shown.count("\n  forecast ") >= 2


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_its_options(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code in (0, None)
    assert "--help" in capsys.readouterr().out


def test_help_of_backtest_is_the_text_of_its_options(capsys):
    with pytest.raises(SystemExit):
        main(["backtest", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "steps that a network sees; twice the horizon or the longest season" in shown
    assert "quantile levels of the intervals (default: 0.1 0.9)" in shown


@pytest.mark.parametrize(
    ("kind", "name"), [("models", "LSTM"), ("baselines", "Theta"), ("data", "CO2"), ("metrics", "mase")]
)
def test_list_shows_a_line_each(kind, name, capsys):
    assert main(["list", kind]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith(f"{name} ") and len(line.split()) > 3 for line in lines)
    assert len(lines) == len({line.split()[0] for line in lines})


def test_doctor_shows_versions_and_the_build(capsys):
    assert main(["doctor"]) in (0, 1)
    shown = capsys.readouterr().out
    assert all(word in shown for word in ("python", "torch build", "threads", "cores", "pytorch-lightning"))


def test_doctor_warns_of_two_lightnings(capsys, monkeypatch):
    monkeypatch.setattr("forecast.commands.doctor._version", lambda name: "2.6.6")
    assert main(["doctor"]) == 1
    assert "both lightning and pytorch_lightning are installed" in capsys.readouterr().out


def test_describe_shows_health_and_windows(data, capsys):
    assert main(["describe", "--data", data, "--horizon", "4", "--context-length", "7"]) == 0
    shown = capsys.readouterr().out
    assert "Windows of context_length 7 and horizon 4" in shown
    assert all(word in shown for word in ("2024-01-01", "missing", "windows_used", "80"))


def test_describe_counts_duplicates_of_data_that_is_refused(data, capsys):
    frame = pd.read_csv(data)
    pd.concat([frame, frame.tail(2)]).to_csv("twice.csv", index=False)
    assert main(["describe", "--data", "twice.csv"]) == 2
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1].split() == ["b", "92", "2"]
    assert "2 rows repeat" in shown.err


def test_backtest_writes_its_folder_and_shows_board_verdict_and_report(data, capsys):
    assert backtest(data, "--output", "out") == 0
    shown = capsys.readouterr()
    assert shown.err == ""
    for text in ("what frequency D suggests", "twice the horizon", "Leaderboard", "SeasonalNaive"):
        assert text in shown.out
    assert shown.out.splitlines()[-1] == "report: out/report.html"
    found = Backtest.load("out")
    assert set(found.table["model"]) == {"Linear", "SeasonalNaive"}
    assert len(found.table) == 2 * 2 * 3 * 4
    assert found.verdict() in shown.out


def test_stored_configuration_is_complete_and_gives_bit_equal_forecasts(data):
    assert backtest(data, "--output", "out", "--seeds", "2", "--refit", "2", "--levels", "0.2,0.8") == 0
    stored = yaml.safe_load(Path("out/config.yaml").read_text())
    assert (stored["shape"], stored["target"], stored["freq"], stored["context_length"]) == ("long", "y", "D", 8)
    assert stored["models"][0]["init_args"]["lr"] > 0
    assert main(["backtest", "--config", "out/config.yaml", "--output", "again"]) == 0
    assert forecasts("again").equals(forecasts("out"))
    assert yaml.safe_load(Path("again/config.yaml").read_text()) == stored


def test_data_set_by_name_runs_again_from_its_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["--horizon", "3", "--models", "none", "--baselines", "Naive"]
    assert main(["backtest", "--data", "Sunspots", *words, "--output", "out"]) == 0
    assert main(["backtest", "--config", "out/config.yaml", "--output", "again"]) == 0
    assert forecasts("again").equals(forecasts("out"))


def test_second_run_into_a_folder_resumes(data, monkeypatch):
    done = []
    monkeypatch.setattr(
        import_module("forecast.engines.serial"), "run", lambda team, task: done.append(team) or real_run(team, task)
    )
    assert backtest(data, "--output", "out") == 0
    first = forecasts("out")
    assert len(done) == 2
    assert backtest(data, "--output", "out") == 0
    assert len(done) == 2
    assert forecasts("out").equals(first)
    assert backtest(data, "--output", "out", "--overwrite") == 0
    assert len(done) == 4


def test_option_that_is_said_no_more_is_another_backtest(data, capsys):
    assert backtest(data, "--output", "out", "--together", "--inside", "2") == 0
    assert set(Backtest.load("out").inside["part"]) == {"train", "validation"}
    assert backtest(data, "--output", "out") == 2
    assert "out holds a backtest with other together, inside" in capsys.readouterr().err
    assert backtest(data, "--output", "out", "--overwrite") == 0
    assert not Path("out/inside.parquet").exists()


def test_equal_commands_share_a_folder_and_others_do_not(data):
    assert [backtest(data), backtest(data), backtest(data, "--gap", "1")] == [0, 0, 0]
    folders = list(Path("runs").iterdir())
    assert len(folders) == 2
    assert all(folder.name.startswith("sales-4-") for folder in folders)


def test_folder_with_another_configuration_or_other_data_is_refused(data, capsys):
    assert backtest(data, "--output", "out") == 0
    before = forecasts("out")
    assert backtest(data, "--output", "out", "--gap", "2") == 2
    assert "holds a backtest with other gap. Say --overwrite" in capsys.readouterr().err
    pd.read_csv(data).assign(y=lambda table: table["y"] + 1).to_csv(data, index=False)
    assert backtest(data, "--output", "out") == 2
    assert "holds a backtest of other data" in capsys.readouterr().err
    assert forecasts("out").equals(before)
    assert backtest(data, "--output", "out", "--gap", "2", "--overwrite") == 0
    assert not forecasts("out").equals(before)


def test_overwrite_leaves_the_files_of_others_alone(data, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    assert backtest(data, "--output", "out", "--overwrite") == 0
    assert (tmp_path / "out" / "thesis.txt").read_text() == "years of work"


def test_metrics_may_change_without_training_again(data, monkeypatch):
    assert backtest(data, "--output", "out") == 0
    monkeypatch.setattr(sys.modules["forecast.engines.serial"], "run", None)
    assert backtest(data, "--output", "out", "--metrics", "mae") == 0
    assert "mae" in pd.read_csv("out/leaderboard.csv").columns


def test_failing_forecaster_is_a_row_and_the_others_go_on(data, capsys, monkeypatch):
    def fail(self, panel):
        raise RuntimeError("no luck today")

    monkeypatch.setattr("forecast.baselines.naive.Drift.fit", fail)
    assert backtest(data, "--output", "out", "--baselines", "Naive", "Drift") == 0
    assert "no luck today" in capsys.readouterr().out
    assert backtest(data, "--output", "none", "--models", "none", "--baselines", "Drift") == 1


def test_short_series_are_skipped_and_named(data, capsys):
    frame = pd.read_csv(data)
    pd.concat([frame, frame.head(10).assign(unique_id="tiny")]).to_csv(data, index=False)
    words = ["--context-length", "7", "--output", "out"]
    assert backtest(data, *words) == 2
    assert "series 'tiny' has 10 rows" in capsys.readouterr().err
    assert backtest(data, *words, "--short", "skip") == 0
    assert "left out 1 of 3 series with under 23 rows: 'tiny'" in capsys.readouterr().out


def test_trainer_options_come_from_files_and_pairs(data, tmp_path):
    (tmp_path / "cpu.yaml").write_text("accelerator: cpu\nmax_steps: 2\n")
    assert backtest(data, "--trainer", "cpu.yaml", "max_steps=3", "--output", "out") == 0
    assert yaml.safe_load(Path("out/config.yaml").read_text())["trainer"] == {"accelerator": "cpu", "max_steps": 3}
    assert pd.read_csv("out/runs.csv").set_index("model")["steps"]["Linear"] == 3


def test_report_is_written_again_from_the_tables(data, capsys):
    assert backtest(data, "--output", "out") == 0
    first = Path("out/report.html").read_text()
    Path("out/report.html").unlink()
    assert main(["report", "out"]) == 0
    assert Path("out/report.html").read_text() == first


def test_fit_then_predict_from_checkpoint_and_file(data, capsys):
    words = ["--data", "FileData", "--data.path", data, "--data.horizon", "4", "--data.context_length", "8"]
    trainer = ["--trainer.max_steps", "3", "--trainer.enable_progress_bar", "false"]
    assert main(["fit", "--model", "LSTM", "--model.hidden_size", "4", *words, *trainer]) == 0
    path = capsys.readouterr().out.splitlines()[-1].removeprefix("checkpoint: ")
    assert path == "runs/fit/version_0/checkpoints/best.ckpt"
    assert main(["test", "--model", "LSTM", "--model.hidden_size", "4", *words, "--ckpt_path", path]) == 0
    assert "test_loss" in capsys.readouterr().out

    given = ["predict", "--checkpoint", path, "--data", data]
    assert main([*given, "--output", "p.parquet"]) == 0
    table = pd.read_parquet("p.parquet")
    assert list(table.columns[-3:]) == ["mean", "q0.1", "q0.9"]
    assert (len(table), set(table["model"]), str(table["time"].min())) == (8, {"LSTM"}, "2024-03-31 00:00:00")
    assert main([*given, "--output", "w.csv", "--wide", "--cutoff", "2024-02-10", "2024-02-20", "--horizon", "2"]) == 0
    wide = pd.read_csv("w.csv")
    assert (len(wide), list(wide.columns)) == (8, ["unique_id", "ds", "cutoff", "LSTM", "LSTM-lo-80", "LSTM-hi-80"])
    assert main([*given, "--output", "n.csv", "--horizon", "5"]) == 2
    assert main([*given, "--output", "n.csv", "--levels", "0.3"]) == 2
    assert main([*given, "--output", "n.csv", "--cutoff", "2023-01-01"]) == 2
    assert main(["predict", "--checkpoint", path, "--data", "CO2", "--output", "n.csv"]) == 2
    errors = capsys.readouterr().err
    for sentence in ("horizon 5 was asked for", "level 0.3 was not trained", "no series", "trained on 'D'"):
        assert sentence in errors
    assert not Path("n.csv").exists()


def stopped_as_lightning_does(argv):
    try:
        raise KeyboardInterrupt
    except KeyboardInterrupt:
        sys.exit(1)


def stopped(argv):
    raise KeyboardInterrupt


@pytest.mark.parametrize("interrupt", [stopped, stopped_as_lightning_does])
def test_interrupt_is_one_line(interrupt, monkeypatch, capsys):
    monkeypatch.setattr(forecast.cli, "_dispatch", interrupt)
    assert main(["doctor"]) == 130
    assert capsys.readouterr().err.startswith("forecast: interrupted")


def test_full_disk_is_one_line(monkeypatch, capsys):
    def full(argv):
        raise OSError(errno.ENOSPC, "No space left on device", "out/table.parquet")

    monkeypatch.setattr(forecast.cli, "_dispatch", full)
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err == "forecast: error: out/table.parquet cannot be written: No space left on device.\n"


@pytest.mark.parametrize("name", ["config.yaml", "provenance.json", "parts"])
def test_damaged_folder_is_refused(name, data, capsys):
    assert backtest(data, "--output", "out") == 0
    found = Path("out") / name
    (next(found.glob("*/run.json")) if found.is_dir() else found).write_text("[")
    assert backtest(data, "--output", "out") == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "damaged" in error
    assert "--overwrite" in error


def test_changed_file_of_holidays_is_noticed_when_a_run_resumes(data):
    words = ["--holidays", "dates.csv", "--baselines", "none", "--output", "out"]
    Path("dates.csv").write_text("date\n2024-01-01\n2024-01-20\n2024-03-10\n")
    assert backtest(data, *words) == 0
    before = forecasts("out")
    assert backtest(data, *words) == 0
    assert forecasts("out").equals(before)
    Path("dates.csv").write_text("date\n2024-01-01\n2024-02-02\n2024-03-25\n")
    assert backtest(data, *words) == 0
    assert not forecasts("out").equals(before)


def test_closed_pipe_is_silent():
    command = f"{sys.executable} -m forecast list metrics | true"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.stderr == ""


def test_all_files_are_there_and_provenance_names_the_data(data):
    assert backtest(data, "--output", "out") == 0
    folder = Path("out")
    boards = {f"leaderboard.{ending}" for ending in ("csv", "md", "tex")}
    derived = {f"{name}.csv" for name in ("breakdowns", "residuals", "residuals_by_series", "scores", "calibration")}
    tests = {f"{name}.csv" for name in ("significance", "intervals", "ranks", "confidence_set")}
    expected = {*FILES, "series.csv", *boards, *derived, *tests, "report.html", "parts"}
    assert {path.name for path in folder.iterdir()} == expected
    assert len(json.loads((folder / "provenance.json").read_text())["fingerprint"]) == 64
