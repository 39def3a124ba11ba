"""What the scripts say and do before anything is installed."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
TOOLS = ("bash", "env", "dirname", "basename", "cat", "rm")  # what the scripts need before Python is found
SET_UP = ("demo", "test", "lowest")

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the scripts are written for bash")


@pytest.fixture
def clone(tmp_path) -> Path:
    """A copy without an environment, in a folder with a space in its name."""
    folder = tmp_path / "a clone"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for name in ("pyproject.toml", "constraints.txt", "constraints-lowest.txt"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def programs(tmp_path) -> Path:
    """A folder of programs to serve as PATH: the few tools, and no Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    return folder


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def run(script: Path, programs: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    settings = {"PATH": str(programs), **environment}
    return subprocess.run([script], cwd=programs, env=settings, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SET_UP)
def test_old_python_ends_with_one_line(clone, programs, name):
    program(programs / "python3", "echo 3.10")
    done = run(clone / "scripts" / name, programs)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr == (
        f"scripts/{name}: error: Python 3.11 or newer is needed, but python3 is 3.10. "
        f"Install one or name it: PYTHON=python3.12 scripts/{name}\n"
    )
    assert not (clone / ".venv").exists()


def test_no_python_ends_with_one_line(clone, programs):
    done = run(clone / "scripts" / "demo", programs)
    assert done.returncode != 0
    assert done.stderr.startswith("scripts/demo: error: Python 3.11 or newer is needed, but none is found.")
    assert done.stderr.count("\n") == 1


def test_named_python_is_taken_at_its_word(clone, programs):
    program(programs / "old", "echo 3.9")
    (programs / "python3").symlink_to(sys.executable)
    done = run(clone / "scripts" / "demo", programs, PYTHON="old")
    assert done.returncode != 0
    assert "old is 3.9" in done.stderr


def test_missing_venv_module_ends_with_one_line(clone, programs):
    program(programs / "python3", 'case "$2" in *venv*) exit 1 ;; *) echo 3.12 ;; esac')
    done = run(clone / "scripts" / "test", programs)
    assert done.returncode != 0
    assert done.stderr.startswith("scripts/test: error: python3 has no venv module. Install it")
    assert done.stderr.count("\n") == 1


def test_newer_python_is_found_behind_an_old_one(clone, programs):
    program(programs / "python3", "echo 3.9")
    program(programs / "python3.12", 'case "$*" in *clear*) exit 7 ;; *) echo 3.12 ;; esac')
    done = run(clone / "scripts" / "demo", programs)
    assert done.returncode != 0
    assert done.stderr.endswith("python3.12 could not make .venv; its reason stands above.\n")
    assert done.stdout == "[scripts/demo] making .venv with Python 3.12\n"


def test_unchanged_environment_is_used_as_it_is(clone, programs):
    stamp = "\n".join((str(clone), (clone / "pyproject.toml").read_text() + (clone / "constraints.txt").read_text()))
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "installed").write_text(stamp)
    program(clone / ".venv" / "bin" / "python", 'case "$1" in -c) echo 3.12 ;; *) echo "$@" ;; esac')
    done = run(clone / "scripts" / "demo", programs)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "[scripts/demo] environment .venv is ready (Python 3.12)"
    assert [line.partition(" --overwrite")[0] for line in lines if line.startswith("-m")] == [
        "-m forecast backtest --config configs/backtests/demo.yaml --output demo-report/demo",
        "-m forecast backtest --config configs/backtests/macrodata.yaml --output demo-report/macrodata",
    ]
    assert lines[-1] == str(clone / "demo-report" / "demo" / "report.html")


@pytest.mark.parametrize("script", [*(f"scripts/{name}" for name in SET_UP), ".ci/run"])
def test_script_is_executable_and_parses(script):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", ROOT / script], check=True)


def pins(name: str) -> dict[str, str]:
    """The version of each package that a constraints file pins."""
    lines = (ROOT / name).read_text().splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(each.name): str(each.specifier).removeprefix("==") for each in wanted}


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(line) for line in project["dependencies"] + project["optional-dependencies"]["dev"]]


def test_constraints_pin_every_dependency_inside_its_range():
    pinned = pins("constraints.txt")
    outside = [each for each in requirements() if not each.specifier.contains(pinned[canonicalize_name(each.name)])]
    assert outside == []


def test_lowest_constraints_are_the_floors_of_pyproject():
    lowest = pins("constraints-lowest.txt")
    floors = {
        canonicalize_name(each.name): bound.version
        for each in requirements()
        for bound in each.specifier
        if bound.operator == ">="
    }
    assert lowest.pop("torch") == pins("constraints.txt")["torch"]
    assert floors.pop("torch") == "2.10"
    assert lowest == floors
