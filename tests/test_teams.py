"""Teams: who trains with whom, what each arm leaves, and that nothing but the company decides the numbers."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from datamodules.split import rolling_positions
from datamodules.window import Dims
from forecast import teams as module
from forecast.arms import Arm, Task, plan
from forecast.backtest import backtest
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.cost import cost
from forecast.engines.serial import Serial
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.parts import Parts
from forecast.shards import deal
from forecast.teams import Team, run, teams
from forecast.together.fit import fit_together

OPTIONS = {"horizon": 3, "folds": 2, "refit": "always", "seeds": 2, "inside": 3}
TRAINING = {"max_steps": 6, "steps_per_epoch": 3, "batch_size": 16}


def mlp(lr=0.01, name="", **options):
    return NeuralForecaster(MLP(Dims(6, 3), hidden_size=4, lr=lr), name=name or f"MLP {lr}", **TRAINING | options)


def forecasters():
    """Three that train together, one of another shape, and a baseline."""
    return [mlp(0.001), Naive(), mlp(0.01), mlp(0.1), NeuralForecaster(Linear(Dims(6, 3)), **TRAINING)]


def sha(result):
    """Of all that a backtest found but the seconds."""
    runs = result.runs.drop(columns=["fit_seconds", "predict_seconds"])
    frames = (result.table, result.curves, runs, result.inside)
    told = [frame.to_csv(index=False, float_format=float.hex) for frame in frames]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


@pytest.fixture(scope="module")
def panel(make_panel):
    return make_panel([60, 50], late=[0, 10])


@pytest.fixture(scope="module")
def together(panel):
    return backtest(panel, forecasters(), **OPTIONS, together=True)


@pytest.fixture
def task(panel):
    return Task(panel, rolling_positions(panel, horizon=3, folds=4, stride=3), 3, 0, 0, 1, (0.1, 0.9))


def told(working):
    return [[(arm.forecaster.name, arm.seed, arm.first) for arm in team.arms] for team in working]


def test_arms_of_one_shape_and_one_fold_are_a_team_and_all_others_one_each():
    working = teams(plan([Naive(), mlp(0.1), mlp(0.2)], 4, refit=2, seeds=(0, 1)), together=True)
    assert told(working) == [
        [("Naive", 0, 0)],
        [("Naive", 0, 2)],
        *([(f"MLP {lr}", seed, first) for lr in (0.1, 0.2) for seed in (0, 1)] for first in (0, 2)),
    ]
    assert [team.label for team in working] == [
        *("Naive, fold 1", "Naive, fold 3"),
        *("MLP 0.1 and 1 other, 2 seeds, fold 1", "MLP 0.1 and 1 other, 2 seeds, fold 3"),
    ]


def test_trainings_of_several_lengths_are_a_team_for_each_seed():
    def network(steps):
        module = MLP(Dims(6, 3), hidden_size=4, schedule="constant", patience=0)
        return NeuralForecaster(module, name=f"{steps} steps", **TRAINING | {"max_steps": steps})

    working = teams(plan([network(6), network(12)], 1, refit="never", seeds=(0, 1)), together=True)
    assert told(working) == [[("6 steps", seed, 0), ("12 steps", seed, 0)] for seed in (0, 1)]


def test_without_together_each_arm_is_a_team():
    arms = plan(forecasters(), 4, refit=2, seeds=(0, 1))
    assert told(teams(arms)) == [[(arm.forecaster.name, arm.seed, arm.first)] for arm in arms]


@pytest.mark.parametrize(
    ("arms", "label"),
    [
        ([("a", 0)], "a, seed 0, fold 1"),
        ([("a", 0), ("a", 1)], "a, 2 seeds, fold 1"),
        ([("a", 3), ("b", 3), ("c", 3)], "a and 2 others, seed 3, fold 1"),
    ],
)
def test_label_names_the_arms_in_few_words(arms, label):
    assert Team(tuple(Arm(mlp(name=name), seed, 0, 1) for name, seed in arms)).label == label


def test_arms_trained_together_forecast_what_they_do_alone_to_rounding(panel, together):
    alone = backtest(panel, forecasters(), **OPTIONS)
    assert alone.spec == {name: value for name, value in together.spec.items() if name != "together"}
    assert together.spec["together"] is True
    keys = ["model", "seed", "unique_id", "cutoff", "step", "actual"]
    pd.testing.assert_frame_equal(together.table[keys], alone.table[keys])
    np.testing.assert_allclose(together.table["mean"], alone.table["mean"], rtol=1e-3)
    same = ["model", "seed", "fold", "epochs", "steps", "windows", "parameters", "error"]
    pd.testing.assert_frame_equal(together.runs[same], alone.runs[same])


def test_row_of_an_arm_says_with_how_many_it_was_trained_and_has_its_share_of_the_seconds(together):
    runs = together.runs.set_index("model")
    assert set(runs.loc[["MLP 0.001", "MLP 0.01", "MLP 0.1"], "note"]) == {"trained together with 5 others"}
    assert set(runs.loc["Linear", "note"]) == {"trained together with 1 other"}
    assert set(runs.loc["Naive", "note"]) == {""}
    seconds = together.runs.query("model.str.startswith('MLP')").groupby("fold")["fit_seconds"]
    assert (seconds.nunique() == 1).all()
    assert (seconds.first() > 0).all()


def test_arms_whose_joint_fit_fails_are_fitted_alone_and_say_why(task, monkeypatch):
    def fail(forecasters, panel):
        raise RuntimeError("no such layer")

    monkeypatch.setattr(module, "fit_together", fail)
    working = teams(plan([mlp(0.1), mlp(0.2), Naive()], 4, refit="never", seeds=(0,)), together=True)
    left = [part for team in working for part in run(team, task)]
    said = "trained alone, since together failed (RuntimeError: no such layer)"
    assert [part.run["note"] for part in left] == [said, said, ""]
    assert [part.run["error"] for part in left] == [""] * 3
    assert all(len(part.table) for part in left)
    assert [part.run["model"] for part in left] == ["MLP 0.1", "MLP 0.2", "Naive"]


def test_forecast_that_fails_is_the_error_of_its_arm_alone(task, monkeypatch):
    def diverge(forecasters, panel):
        fit_together(forecasters, panel)
        for weights in forecasters[1].module.parameters():
            weights.data.fill_(float("nan"))

    monkeypatch.setattr(module, "fit_together", diverge)
    [team] = teams(plan([mlp(0.1), mlp(0.2), mlp(0.3)], 4, refit="never", seeds=(0,)), together=True)
    left = run(team, task)
    assert [part.run["error"].partition(":")[0] for part in left] == ["", "NotFiniteError", ""]
    assert [len(part.table) > 0 for part in left] == [True, False, True]
    assert left[1].run["note"] == "trained together with 2 others"
    assert len(left[1].curves)
    assert left[1].run["fit_seconds"] > 0


def test_team_costs_more_than_its_dearest_arm_and_less_than_its_arms_one_by_one(task):
    alone = teams(plan([mlp(0.1), mlp(0.2)], 4, refit="never", seeds=(0, 1)))
    [team] = teams([each.arms[0] for each in alone], together=True)
    costs = [cost(each, task) for each in alone]
    assert max(costs) < cost(team, task) < sum(costs)


# the same numbers, whoever runs them


@pytest.mark.parametrize(
    "workers", [pytest.param(1, marks=pytest.mark.slow), 2, pytest.param(3, marks=pytest.mark.slow)]
)
def test_processes_give_the_numbers_of_serial(panel, together, workers, tmp_path):
    said = []
    options = {"engine": "processes", "workers": workers, "folder": tmp_path}
    result = backtest(
        panel, forecasters(), **OPTIONS, together=True, **options, progress=lambda *news: said.append(news)
    )
    assert sha(result) == sha(together)
    assert said[-1] == (18, 18, "")
    assert {done for done, _, _ in said} <= {0, 1, 2, 6, *range(19)}
    resumed = backtest(panel, forecasters(), **OPTIONS, together=True, folder=tmp_path)
    assert sha(resumed) == sha(together)
    assert resumed.runs["fit_seconds"].tolist() == result.runs["fit_seconds"].tolist()  # taken from the folder


@pytest.mark.slow
def test_ray_gives_the_numbers_of_serial(panel, together):
    assert sha(backtest(panel, forecasters(), **OPTIONS, together=True, engine="ray", workers=2)) == sha(together)


@pytest.mark.parametrize("of", [2, 5, 9])
def test_shards_in_one_folder_are_the_whole(panel, together, of, tmp_path):
    options = {**OPTIONS, "together": True, "folder": tmp_path}
    parts = [backtest(panel, forecasters(), **options, shard=f"{number}/{of}") for number in range(1, of + 1)]
    assert [len(part.runs) for part in parts].count(0) == max(of - 6, 0)
    assert sum(len(part.runs) for part in parts) == 18
    assert sha(backtest(panel, forecasters(), **options)) == sha(together)


@pytest.mark.parametrize("finished", [0, 1, 2, 4])
def test_run_that_is_stopped_half_way_goes_on_to_the_same_numbers(panel, together, finished, tmp_path):
    class Stops(Serial):
        def run(self, teams, task, begun):
            for number, answer in enumerate(super().run(teams, task, begun)):
                if number == finished:
                    raise KeyboardInterrupt
                yield answer

    options = {**OPTIONS, "together": True, "folder": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        backtest(panel, forecasters(), **options, engine=Stops())
    assert sha(backtest(panel, forecasters(), **options)) == sha(together)


def test_team_of_which_a_part_is_gone_is_run_again_as_a_whole(panel, together, tmp_path):
    options = {**OPTIONS, "together": True, "folder": tmp_path}
    backtest(panel, forecasters(), **options)
    [gone] = tmp_path.glob("MLP 0.01-1-0-*")
    shutil.rmtree(gone)
    begun = []
    again = backtest(panel, forecasters(), **options, progress=lambda done, total, label: begun.append(label))
    assert sha(again) == sha(together)
    assert begun == ["MLP 0.001 and 2 others, 2 seeds, fold 1", ""]


def test_parts_are_taken_with_the_same_company_alone(task, tmp_path):
    arms = plan([mlp(0.1), mlp(0.2), mlp(0.3)], 4, refit="never", seeds=(0,))
    [team] = teams(arms, together=True)
    parts = Parts(tmp_path, task)
    parts.put(team, run(team, task))
    [same] = teams(plan([mlp(0.1), mlp(0.2), mlp(0.3)], 4, refit="never", seeds=(0,)), together=True)
    assert len(parts.get(same)) == 3
    fewer, alone, turned = Team(team.arms[:2]), Team(team.arms[:1]), Team(team.arms[::-1])
    assert [parts.get(other) for other in (fewer, alone, turned)] == [[], [], []]


@pytest.mark.slow
def test_team_whose_process_dies_is_a_row_for_each_of_its_arms_and_the_others_go_on(panel, tmp_path):
    def deadly():  # made in a function, so that it travels by value
        class Killed(MLP):
            def encode(self, context):
                os.kill(os.getpid(), signal.SIGKILL)

        return Killed

    nets = [NeuralForecaster(deadly()(Dims(6, 3), lr=lr), name=f"Killed {lr}", **TRAINING) for lr in (0.1, 0.2)]
    result = backtest(panel, [*nets, Naive()], horizon=3, folds=2, workers=2, together=True)
    errors = result.runs.set_index("model")["error"].to_dict()
    assert errors.pop("Naive") == ""
    assert set(errors) == {"Killed 0.1", "Killed 0.2"}
    assert {error.partition(",")[0] for error in errors.values()} == {"WorkerDied: its process was ended by SIGKILL"}


def test_shards_deal_out_whole_teams(task):
    working = teams(plan([mlp(0.1), mlp(0.2), SeasonalNaive()], 4, refit="always", seeds=(0, 1)), together=True)
    assert sorted(deal(working, task, 8)) == list(range(1, 9))
    assert [len(team.arms) for team in working] == [4] * 4 + [1] * 4


@pytest.mark.slow
def test_command_that_is_killed_half_way_goes_on_to_the_same_forecasts(tmp_path):
    words = "--data ElNino --horizon 12 --models MLP Linear --baselines Naive --max-steps 100 --seeds 3 --refit always"
    command = [sys.executable, "-m", "forecast", "backtest", *words.split(), "--together", "--workers", "2"]
    quiet = {"cwd": tmp_path, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, "--output", "killed"], **quiet) as run:
        for _ in range(1200):
            if list(tmp_path.glob("killed/parts/*-0-*")):  # the others are at work
                break
            time.sleep(0.1)
        run.kill()
    kept = len(list(tmp_path.glob("killed/parts/*")))
    assert 0 < kept < 35
    for folder in ("killed", "whole"):
        subprocess.run([*command, "--output", folder], **quiet, check=True)
    first, second = (pd.read_parquet(tmp_path / folder / "forecasts.parquet") for folder in ("killed", "whole"))
    pd.testing.assert_frame_equal(first, second, check_exact=True)
