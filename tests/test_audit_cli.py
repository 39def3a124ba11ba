"""``forecast audit``: what it prints, writes and returns."""

import numpy as np
import pandas as pd
import pytest

from forecast.cli import main


@pytest.fixture
def file(tmp_path):
    rng = np.random.default_rng(0)
    y = 20 + 5 * np.sin(np.arange(90) / 3) + rng.normal(0, 1, 90)
    frame = pd.DataFrame({"unique_id": "a", "ds": pd.date_range("2024-01-01", periods=90), "y": y})
    frame.to_csv(tmp_path / "sales.csv", index=False)
    (tmp_path / "features.py").write_text(
        "def centred(table):\n    return table.assign(level=table['y'].rolling(5, center=True, min_periods=1).mean())\n"
        "def past(table):\n    return table.assign(level=table['y'].rolling(5, min_periods=1).mean())\n"
        "def nothing(table):\n    return None\n"
        "def broken(table):\n    return table['nowhere']\n"
    )
    (tmp_path / "broken.py").write_text("1 / 0\n")
    return tmp_path / "sales.csv"


def audited(file, *options: str) -> int:
    command = ["audit", "--data", str(file), "--horizon", "4", "--context-length", "12"]
    return main([*command, "--models", "Linear", "--max-steps", "5", "--baselines", "SeasonalNaive", *options])


def test_honest_pipeline_ends_with_0_and_a_table(file, capsys, tmp_path):
    assert audited(file, "--past", "level", "--pipeline", f"{file.parent}/features.py:past") == 0
    assert "No leak: with everything after" in capsys.readouterr().out
    assert audited(file, "--output", str(tmp_path / "checks.csv")) == 0
    checks = pd.read_csv(tmp_path / "checks.csv")
    assert set(checks["forecaster"].dropna()) == {"Linear", "SeasonalNaive"}
    assert (checks["moved"] == 0).all()


def test_leaky_pipeline_ends_with_1_and_the_name_of_the_part(file, capsys):
    assert audited(file, "--past", "level", "--pipeline", f"{file.parent}/features.py:centred") == 1
    assert "LEAK: column 'level' (past) moved when garbage was put after cutoff" in capsys.readouterr().out


def test_config_of_a_backtest_and_of_a_data_module(file, tmp_path, capsys):
    config = tmp_path / "run.yaml"
    config.write_text(f"data: {file}\nhorizon: 4\nmodels: none\nbaselines: [Naive]\nfolds: 3\n")
    assert main(["audit", "--config", str(config)]) == 0
    module = tmp_path / "data.yaml"
    module.write_text("class_path: Sunspots\ninit_args: {horizon: 4, context_length: 12}\n")
    assert main(["audit", "--config", str(module)]) == 0
    assert "training targets that reach into the test part" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--checked", "0"], "checked is 0; it must be at least 1"),
        (["--output", "x.txt"], "output x.txt ends in '.txt'; expected .csv"),
        (["--pipeline", "nothing"], "pipeline is 'nothing'; expected FILE.py:NAME"),
        (["--pipeline", "FEATURES:absent"], "has no function 'absent'"),
        (["--pipeline", "FEATURES:broken"], "the pipeline raised KeyError: 'nowhere'. Correct it."),
        (["--pipeline", "BROKEN:past"], "broken.py raised ZeroDivisionError: division by zero. Correct it."),
        (["--pipeline", "FEATURES:nothing"], "the pipeline gave NoneType; expected a pandas DataFrame"),
    ],
)
def test_mistakes_are_told_in_a_sentence(file, capsys, options, sentence):
    options = [each.replace("FEATURES", f"{file.parent}/features.py") for each in options]
    options = [each.replace("BROKEN", f"{file.parent}/broken.py") for each in options]
    assert audited(file, *options) == 2
    assert sentence in capsys.readouterr().err


def test_data_module_of_an_unknown_class_is_told(tmp_path, capsys):
    (tmp_path / "data.yaml").write_text("class_path: Nowhere\n")
    assert main(["audit", "--config", str(tmp_path / "data.yaml")]) == 2
    assert "names no data module" in capsys.readouterr().err


def test_pipeline_of_a_named_data_set_and_of_a_folder(file, tmp_path, capsys):
    pipeline = f"{file.parent / 'features.py'}:past"
    folder = tmp_path / "parts"
    folder.mkdir()
    file.rename(folder / "sales.csv")
    for data in ("Sunspots", str(folder)):
        command = ["audit", "--data", data, "--horizon", "4", "--context-length", "12", "--models", "none"]
        assert main([*command, "--baselines", "Naive", "--past", "level", "--pipeline", pipeline]) == 0
        assert "No leak" in capsys.readouterr().out
