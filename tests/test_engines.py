"""Engines: the numbers of one are those of every other, and what goes wrong in an arm is a row."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.baselines.theta import Theta
from forecast.engines.base import engine, engine_names
from forecast.engines.processes import Processes
from forecast.models.cnn import CNN
from forecast.models.recurrent import GRU
from forecast.neural import NeuralForecaster

OPTIONS = {"horizon": 3, "folds": 2, "refit": "always", "seeds": 2}
SIZES = [120] * 60  # wide enough batches for torch to split their sums among threads


def networks():
    training = {"max_steps": 4, "steps_per_epoch": 4, "batch_size": 512, "validation": 0.0}
    return [NeuralForecaster(kind(Dims(24, 3)), **training) for kind in (CNN, GRU)]


def troubled():  # made in a function, so that they travel by value
    """Forecasters that end their process in two ways, and one that no other process can be given."""

    class Killed(Naive):
        def fit(self, panel):
            os.kill(os.getpid(), signal.SIGKILL)

    class Quits(Naive):
        def predict(self, panel, cutoffs, horizon, levels=()):
            os._exit(7)

    class Unsendable(Naive):
        def __reduce__(self):
            raise TypeError("has an open file")

    return [Killed(), Quits(), Unsendable()]


def assert_same(result, expected):
    pd.testing.assert_frame_equal(result.table, expected.table, check_exact=True)
    pd.testing.assert_frame_equal(result.curves, expected.curves, check_exact=True)
    seconds = ["fit_seconds", "predict_seconds"]
    pd.testing.assert_frame_equal(result.runs.drop(columns=seconds), expected.runs.drop(columns=seconds))


@pytest.fixture(scope="module")
def expected(make_panel):
    return backtest(make_panel(SIZES), [*networks(), SeasonalNaive(), Theta()], **OPTIONS)


@pytest.mark.parametrize(
    "workers", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_processes_give_the_numbers_of_one_whatever_their_number(make_panel, expected, workers, tmp_path):
    said = []
    result = backtest(
        make_panel(SIZES),
        [*networks(), SeasonalNaive(), Theta()],
        **OPTIONS,
        workers=workers,
        engine="processes",
        folder=tmp_path,
        progress=lambda *news: said.append(news),
    )
    assert_same(result, expected)
    assert result.provenance["engine"] == "processes"
    assert result.provenance["workers"] == workers
    assert len(list(tmp_path.iterdir())) == len(result.runs) == 12
    assert said[-1] == (12, 12, "")
    assert max(label.count("fold") for _, _, label in said) == workers
    resumed = backtest(make_panel(SIZES), [*networks(), SeasonalNaive(), Theta()], **OPTIONS, folder=tmp_path)
    assert_same(resumed, expected)
    assert resumed.runs["fit_seconds"].tolist() == result.runs["fit_seconds"].tolist()  # taken from the folder


def test_arm_whose_process_dies_is_a_row_and_the_others_go_on(make_panel, tmp_path):
    result = backtest(make_panel([54]), [*troubled(), Naive()], horizon=3, folds=2, workers=2, folder=tmp_path)
    assert result.runs.set_index("model")["error"].to_dict() == {
        "Killed": "WorkerDied: its process was ended by SIGKILL, as happens where memory runs out",
        "Quits": "WorkerDied: its process ended with exit code 7",
        "Unsendable": "TypeError: has an open file",
        "Naive": "",
    }
    assert set(result.table["model"]) == {"Naive"}


def test_engine_without_a_name_is_serial_unless_there_are_several_workers():
    assert [type(engine("", workers=number)).__name__ for number in (0, 1, 2)] == ["Serial", "Serial", "Processes"]
    assert engine_names() == ("processes", "ray", "serial")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "procesess"}, "engine 'procesess' is not known; did you mean 'processes'?"),
        ({"name": "serial", "workers": 2}, "engine serial has 1 worker, not 2"),
        ({"name": "processes", "workers": -1}, "workers is -1; it must be at least 0"),
    ],
)
def test_engine_that_cannot_be_is_refused(options, sentence):
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")):
        engine(**options)


def test_missing_ray_is_one_sentence_that_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(InputError, match=r"Run pip install 'forecast-toolkit\[ray\]', or say --engine processes"):
        engine("ray")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts children where Linux lists them")
def test_stopped_run_leaves_no_process(make_panel):
    def asleep():
        class Sleeps(Naive):
            def fit(self, panel):
                time.sleep(600)
                return self

        return Sleeps()

    class Stop(Exception):
        pass

    def stop(done, total, label):
        raise Stop

    before = set(_children())
    with pytest.raises(Stop):
        backtest(make_panel([54]), [asleep()], horizon=3, folds=2, engine=Processes(workers=2), progress=stop)
    assert set(_children()) <= before


def _children():
    """Of all threads of this process: workers are started from threads."""
    return [child for path in Path("/proc/self/task").glob("*/children") for child in path.read_text().split()]


@pytest.mark.slow
def test_interrupt_ends_the_command_and_its_workers_and_keeps_what_is_finished(tmp_path):
    words = "--data ElNino --horizon 12 --models MLP --baselines Naive --max-steps 200 --seeds 99"
    command = [sys.executable, "-m", "forecast", "backtest", *words.split(), "--workers", "2", "--output", "out"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        for _ in range(600):
            if list(tmp_path.glob("out/parts/MLP-*")):  # the others are at work
                break
            time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=60) == 130
        assert "finished parts of the backtest are kept" in run.stderr.read()


@pytest.mark.slow
def test_ray_gives_the_numbers_of_serial(make_panel, expected):
    forecasters = [*networks(), SeasonalNaive(), Theta()]
    result = backtest(make_panel(SIZES), forecasters, **OPTIONS, engine="ray", workers=2)
    assert_same(result, expected)
    assert result.provenance["engine"] == "ray"
    failed = backtest(make_panel([54]), [*troubled(), Naive()], horizon=3, folds=2, engine="ray", workers=2)
    errors = failed.runs.set_index("model")["error"]
    assert [name for name, error in errors.items() if not error] == ["Naive"]
    assert errors["Quits"].startswith("WorkerDied")
