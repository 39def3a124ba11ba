"""forecast study, from a file to the table, the finding and the folder."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from forecast.cli import main
from forecast.study.result import StudyResult

STUDY = {
    "title": "Rate",
    "question": "Which rate?",
    "base": {"data": "Nile", "horizon": 2, "context_length": 6, "models": ["Linear"], "baselines": ["Naive"]},
    "factors": {"lr": {"key": "models.lr", "levels": [0.01, 0.1]}},
    "metrics": ["mae", "r2"],
    "presets": {"quick": {"seeds": 2, "folds": 4, "fit": {"max_steps": 10, "batch_size": 16}}, "full": {"seeds": 5}},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rate.yaml").write_text(yaml.safe_dump(STUDY, sort_keys=False))
    days = pd.date_range("2024-01-01", periods=90, freq="D").strftime("%Y-%m-%d")
    rng = np.random.default_rng(0)
    values = 10 + np.sin(np.arange(90) * 2 * np.pi / 7) + rng.normal(scale=0.1, size=90)
    pd.DataFrame({"unique_id": "a", "ds": days, "y": values}).to_csv("sales.csv", index=False)
    return tmp_path


def test_shows_the_table_and_the_finding_and_writes_a_folder_that_opens_again(folder, capsys):
    assert main(["study", "rate.yaml", "--output", "out"]) == 0
    shown = capsys.readouterr().out
    for text in ("lr", "0.01 (reference)", "MAE", "Naive", "2 seeds", "Holm", "report: out/report.html"):
        assert text in shown
    written = {path.name for path in Path("out").iterdir()}
    assert {"study.yaml", "study.csv", "study.md", "study.tex", "arms.csv", "report.html", "backtest.html"} <= written
    assert StudyResult.load("out").finding() in shown
    assert not [name for name in written if name.startswith(".")]
    page = Path("out/report.html").read_text()
    Path("out/report.html").unlink()
    assert main(["report", "out"]) == 0
    assert Path("out/report.html").read_text() == page


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_digits_and_a_second_run_resumes(folder, capsys):
    digests = []
    for name, words in (("one", []), ("two", ["--workers", "2"]), ("one", [])):
        assert main(["study", "rate.yaml", "--output", name, *words]) == 0
        digests.append(hashlib.sha256((Path(name) / "forecasts.parquet").read_bytes()).hexdigest())
    assert len(set(digests)) == 1
    first, second = (pd.read_csv(Path(name) / "runs.csv") for name in ("one", "two"))
    assert first["model"].tolist() == second["model"].tolist()


def test_own_data_take_the_place_of_those_of_the_study(folder, capsys):
    words = ["--data", "sales.csv", "--max-steps", "5", "--output", "own"]
    assert main(["study", "rate.yaml", *words]) == 0
    shown = capsys.readouterr().out
    assert "sales.csv" in shown
    assert "a season, at most a tenth of the shortest series" in shown
    found = StudyResult.load("own")
    assert (found.backtest.spec["horizon"], found.backtest.spec["folds"], found.backtest.spec["freq"]) == (7, 5, "D")
    assert found.config.base["data"] == ["sales.csv"]
    assert found.backtest.spec["fit"]["max_steps"] == 5


def test_options_win_over_the_study(folder):
    assert main(["study", "rate.yaml", "--seeds", "1", "--models", "MLP", "--preset", "quick", "--output", "out"]) == 0
    found = StudyResult.load("out")
    assert found.arms["model"].tolist() == ["MLP lr=0.01", "MLP lr=0.1", "Naive"]
    assert found.table()["seeds"].max() == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing.yaml"], "nothing.yaml"),
        (["rate.yaml", "--preset", "fast"], "preset 'fast' is not known"),
        (["rate.yaml", "--data", "none.csv"], "none.csv"),
        (["rate.yaml", "--folds", "many"], "folds is 'many'"),
        (["rate.yaml", "--seds", "2"], "did you mean '--seeds'"),
        (["rate.yaml", "--models", "MPL"], "did you mean 'MLP'"),
        (["rate.yaml", "--models", "none"], "no network takes part"),
        (["rate.yaml", "--shard", "1/2"], "not run in shards"),
        (["rate.yaml", "--ensembles", "mean"], "base has ensembles, which a study does not take"),
        (["rate.yaml", "--feature-sets", "A=y"], "base has feature_sets, which a study does not take"),
        ([], "required"),
    ],
)
def test_mistakes_are_one_sentence_and_leave_nothing(words, sentence, folder, capsys):
    before = sorted(folder.rglob("*"))
    assert main(["study", *words]) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert len(error.splitlines()) == 1
    assert sorted(folder.rglob("*")) == before


def test_help_tells_of_no_option_that_a_study_refuses(capsys):
    with pytest.raises(SystemExit):
        main(["study", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert {"--models", "--workers", "--preset"} <= options
    assert options & {"--shard", "--ensembles", "--feature-sets"} == set()


@pytest.mark.slow
def test_folder_of_another_study_is_left_alone(folder, capsys):
    assert main(["study", "rate.yaml", "--seeds", "1", "--output", "out"]) == 0
    before = (folder / "out" / "study.csv").read_bytes()
    assert main(["study", "rate.yaml", "--seeds", "2", "--output", "out"]) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert (folder / "out" / "study.csv").read_bytes() == before
    assert main(["study", "rate.yaml", "--seeds", "2", "--output", "out", "--overwrite"]) == 0
    assert StudyResult.load("out").table()["seeds"].max() == 2
