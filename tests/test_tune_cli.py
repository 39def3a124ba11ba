import re

import pandas as pd
import pytest

from forecast.baselines import DEFAULT as BASELINES
from forecast.cli import main

QUICK = [
    *("--data", "Sunspots", "--horizon", "5", "--context-length", "10", "--folds", "2", "--baselines", "SeasonalNaive"),
    *("--max-steps", "10", "--batch-size", "64"),
]


def tune(*options):
    return main(["tune", "--model", "Linear", *options])


def test_a_tuning_writes_its_folder_and_resumes_and_its_winner_runs_again(tmp_path, capsys):
    folder = tmp_path / "tuned"
    options = [*QUICK, "--search", "random", "--trials", "2", "--output", str(folder)]
    assert tune(*options) == 0
    shown = capsys.readouterr().out
    assert "Search space of Linear" in shown
    assert "Best 3 of 3 trials" in shown
    assert "The price:" in shown
    files = ("tuning.yaml", "trials.csv", "best.yaml", "report.html", "verdict.txt", "backtest/report.html")
    assert all((folder / name).is_file() for name in files)
    before = (folder / "trials.csv").read_text()
    assert tune(*options) == 0
    assert (folder / "trials.csv").read_text().splitlines()[2:] == before.splitlines()[2:]
    assert main(["tune", "--config", str(folder / "tuning.yaml"), "--output", str(folder)]) == 0
    assert main(["backtest", "--config", str(folder / "best.yaml"), "--output", str(tmp_path / "again")]) == 0
    page = (folder / "report.html").read_bytes()
    (folder / "report.html").unlink()
    assert main(["report", str(folder)]) == 0
    assert (folder / "report.html").read_bytes() == page
    assert tune(*options, "--gap", "1") == 2
    assert "holds a tuning with other gap" in capsys.readouterr().err


def test_usual_baselines_take_part_where_none_are_named(tmp_path):
    options = [option for option in QUICK if option not in ("--baselines", "SeasonalNaive")]
    assert tune(*options, "--only", "lr=0.01,0.1", "--search", "grid", "--output", str(tmp_path)) == 0
    assert set(BASELINES) <= set(pd.read_csv(tmp_path / "backtest" / "leaderboard.csv")["model"])


def test_training_part_too_short_for_a_search_leaves_no_folder(tmp_path, capsys):
    assert tune(*QUICK, "--inner-folds", "90", "--output", str(tmp_path / "none")) == 2
    assert "in the training part, which a tuning has for itself" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_space_is_shown_as_it_can_be_typed(capsys):
    assert tune("--show-space", "--space", "lr=0.001..0.1:log", "batch_size=64,256") == 0
    lines = capsys.readouterr().out.splitlines()
    assert next(line for line in lines if line.startswith("lr")).split()[:3] == ["lr", "0.001..0.1:log", "0.003"]
    assert next(line for line in lines if line.startswith("batch_size")).split()[:3] == ["batch_size", "64,256", "256"]


def test_space_is_read_from_a_file(tmp_path, capsys):
    file = tmp_path / "space.yaml"
    file.write_text("lr: [0.01, 0.1]\nbatch_size: 32,64\n")
    assert tune("--show-space", "--space", str(file), "--only", "lr") == 0
    rows = [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:-1]]
    assert rows == ["lr"]


def test_help_tells_of_no_option_that_a_tuning_refuses_or_has_another_for(capsys):
    with pytest.raises(SystemExit):
        main(["tune", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert {"--model", "--workers", "--trials"} <= options
    assert options & {"--shard", "--models"} == set()


@pytest.mark.parametrize("given", [("--space", "hidden_size=4.5,8"), ("--only", "hidden_size=four,8")])
def test_values_of_another_type_are_refused_before_anything_is_written(given, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["tune", "--model", "MLP", *QUICK, *given]) == 2
    assert "expected a whole number" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--shard", "1/2"], "shard is for backtests"),
        (["--search", "grid", "--only", "lr=0.1,0.2,0.3", "--trials", "2"], "the grid has 3 combinations"),
        (["--trials", "many"], "trials is 'many'"),
        (["--trials", "0"], "trials is 0; it must be at least 1"),
        (["--space", "nowhere.yaml"], "file nowhere.yaml cannot be read"),
    ],
)
def test_mistakes_exit_with_2_and_a_sentence(options, message, capsys):
    assert tune(*QUICK, *options) == 2
    assert message in capsys.readouterr().err
