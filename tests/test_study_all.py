"""Many studies on one page."""

from pathlib import Path

import pytest

from forecast.cli import main
from forecast.study.all import run_all
from forecast.study.config import StudyConfig
from forecast.study.study import Study

BASE = {"data": "Nile", "horizon": 2, "context_length": 4, "models": ["Linear"], "baselines": ["Naive"], "folds": 3}
TINY = {"seeds": 1, "fit": {"max_steps": 2}}


def study_of(title, **base):
    factors = {"lr": {"key": "models.lr", "levels": [0.001, 0.01]}}
    return StudyConfig.of({"title": title, "question": f"{title}?", "base": BASE | TINY | base, "factors": factors})


def test_a_study_that_fails_is_a_section_that_says_so_and_the_others_go_on(tmp_path):
    configs = {"one": study_of("First"), "two": study_of("Second", context_length=500), "three": study_of("Third")}
    ran = []

    def run(name, config):
        ran.append(name)
        return Study(config).run()

    problems = run_all(configs, run, tmp_path / "report.html", title="Three studies")
    assert ran == ["one", "two", "three"]
    assert list(problems) == ["two"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index("First?") < page.index("Second?") < page.index("Third?")
    assert "This study could not be run: " in page
    assert "context_length 500" in page.split("Second?")[1].split("Third?")[0]
    assert 'href="three/backtest.html"' in page


def test_own_folder_of_all_is_another_one_with_other_options(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("forecast.commands.study.into_folder", lambda *_, **__: (_ for _ in ()).throw(ValueError("no")))
    monkeypatch.setattr("forecast.study.all.write_study", lambda *_, **__: None)
    for seeds in ("1", "1", "2"):
        assert main(["study", "all", "--data", "Nile", "--horizon", "2", "--seeds", seeds]) == 1
    names = sorted(path.name for path in Path("runs").iterdir())
    assert len(names) == 2
    assert all(name.startswith("studies-of-Nile-") for name in names)


@pytest.mark.slow
def test_all_of_the_article_run_on_a_file_of_a_person_and_resume(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = (f"2020-01-{1 + day // 24:02d} {day % 24:02d}:00,{20 + day % 24 + day % 7}" for day in range(600))
    Path("loads.csv").write_text("when,load\n" + "\n".join(lines) + "\n")
    words = ["study", "all", "--data", "loads.csv", "--output", "out", "--seeds", "1", "--folds", "2"]
    quick = ["--max-steps", "2", "--horizon", "3", "--context-length", "6"]
    assert main([*words, *quick]) == 0
    first = capsys.readouterr().out
    assert main([*words, *quick]) == 0
    assert capsys.readouterr().out == first
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "Eight studies of loads.csv" in page
    assert {path.name for path in Path("out").iterdir() if path.is_dir()} == {
        *("learning_rate", "hidden_size", "activation", "epochs"),
        *("features", "architecture", "regularisation", "data_size"),
    }
