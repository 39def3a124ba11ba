"""Arms of a backtest: what each fit and forecast is shown, and parts on disk."""

import json
import os
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
import torch

from datamodules.split import known_rows, rolling_positions
from datamodules.window import Dims
from forecast.arms import Arm, Task, plan, run
from forecast.baselines.arima import ARIMA
from forecast.baselines.naive import Naive, SeasonalNaive
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster
from forecast.parts import Parts, configuration
from forecast.table import build
from forecast.teams import Team


class Watcher:
    """Notes what it is shown, and forecasts 1 for everything."""

    fits: ClassVar[list] = []
    forecasts: ClassVar[list] = []

    def __init__(self, name="Watcher", *, causal=False):
        self.name, self.causal = name, causal

    def fit(self, panel):
        self.fits.append(panel)
        return self

    def predict(self, panel, cutoffs, horizon, levels=()):
        self.forecasts.append((panel, cutoffs.copy()))
        count = int((cutoffs >= 0).sum())
        shape = (count, horizon, panel.target.shape[1])
        return build(self.name, panel, cutoffs, np.ones(shape), np.ones((*shape, 0)), levels)


class Fails(Watcher):
    def __init__(self, where="fit"):
        self.where, self.name = where, f"fails in {where}"

    def fit(self, panel):
        if self.where == "fit":
            raise ZeroDivisionError("no rows")
        return self

    def predict(self, panel, cutoffs, horizon, levels=()):
        table = super().predict(panel, cutoffs, horizon, levels)
        if self.where == "predict":
            raise RuntimeError("no answer")
        return table.iloc[:-1] if self.where == "rows" else table.iloc[::-1]


@pytest.fixture(autouse=True)
def forget():
    Watcher.fits.clear()
    Watcher.forecasts.clear()


@pytest.fixture
def task_of(make_panel):
    def make(panel=None, *, horizon=3, folds=4, stride=3, gap=0, window=0, levels=(0.1, 0.9)):
        panel = panel or make_panel([50, 40])
        positions = rolling_positions(panel, horizon=horizon, folds=folds, stride=stride)
        return Task(panel, positions, horizon, gap, window, 1, levels)

    return make


def seen_rows(panel):
    return [
        np.flatnonzero(panel.observed[begin:stop, 0]).tolist()
        for begin, stop in zip(panel.offsets, panel.offsets[1:], strict=False)
    ]


@pytest.mark.parametrize(
    ("refit", "expected"),
    [
        ("never", [(0, 5)]),
        ("always", [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)]),
        (2, [(0, 2), (2, 2), (4, 1)]),
        (5, [(0, 5)]),
        (9, [(0, 5)]),
    ],
)
def test_plan_serves_each_fold_once(refit, expected):
    arms = plan([Naive()], 5, refit=refit, seeds=(0, 1))
    assert [(arm.first, arm.count) for arm in arms] == expected


def test_only_forecasters_with_a_seed_run_for_each():
    arms = plan([Naive(), NeuralForecaster(MLP(Dims(6, 3)))], 4, refit=2, seeds=(3, 5))
    assert [(arm.forecaster.name, arm.seed, arm.first) for arm in arms] == [
        *(("Naive", 0, 0), ("Naive", 0, 2)),
        *(("MLP", 3, 0), ("MLP", 3, 2), ("MLP", 5, 0), ("MLP", 5, 2)),
    ]
    assert arms[0].label == "Naive, fold 1"
    assert arms[3].label == "MLP, seed 3, fold 3"


@pytest.mark.parametrize("gap", [0, 1, 4])
@pytest.mark.parametrize("first", [0, 2])
def test_fit_sees_nothing_after_the_first_cutoff_nor_the_gap(task_of, gap, first):
    task = task_of(gap=gap)
    run(Arm(Watcher(), 0, first, 2), task)
    last = int(task.positions[first]) - gap
    assert seen_rows(Watcher.fits[0]) == [list(range(last + 1)), list(range(min(last, 39) + 1))]
    assert len(Watcher.fits) == 1


def test_sliding_window_bounds_what_fit_sees(task_of):
    task = task_of(window=10, gap=2)
    run(Arm(Watcher(), 0, 0, 1), task)
    last = int(task.positions[0]) - 2
    assert seen_rows(Watcher.fits[0])[0] == list(range(last - 9, last + 1))


def test_forecaster_not_known_to_be_causal_is_shown_each_fold_up_to_its_cutoff(task_of):
    task = task_of()
    run(Arm(Watcher(), 0, 1, 3), task)
    assert len(Watcher.forecasts) == 3
    for position, (panel, cutoffs) in zip(task.positions[1:], Watcher.forecasts, strict=True):
        assert seen_rows(panel)[0] == list(range(position + 1))
        assert cutoffs.shape == (1, 2)
        assert cutoffs[0, 0] == position


def test_causal_forecaster_gets_all_folds_with_the_panel_up_to_the_last_cutoff(task_of):
    task = task_of()
    run(Arm(Watcher(causal=True), 0, 1, 3), task)
    [(panel, cutoffs)] = Watcher.forecasts
    assert cutoffs.shape == (3, 2)
    assert seen_rows(panel)[0] == list(range(task.positions[-1] + 1))


def test_series_not_begun_or_ended_is_not_forecast(make_panel, task_of):
    panel = make_panel([50, 20, 8], late=[0, 5, 42])  # the second ends at 24, the third begins at 42
    part = run(Arm(Watcher(), 0, 0, 4), task_of(panel))
    assert part.run["error"] == ""
    counts = part.table.groupby("unique_id", observed=True)["cutoff"].nunique()
    assert counts.to_dict() == {"series 0": 4, "series 2": 2}


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("fit", "ZeroDivisionError: no rows"),
        ("predict", "RuntimeError: no answer"),
        ("rows", "ValueError: fails in rows answered 5 rows; expected 6, one a step"),
        ("order", "ValueError: fails in order answered in another order"),
    ],
)
def test_what_goes_wrong_becomes_the_rows_error(task_of, where, message):
    part = run(Arm(Fails(where), 0, 0, 1), task_of())
    assert part.run["error"].startswith(message)
    assert len(part.table) == 0
    assert (part.run["model"], part.run["n_folds"]) == (f"fails in {where}", 1)
    assert np.isnan(part.run["fit_seconds"]) == (where == "fit")


def test_run_leaves_the_forecaster_that_was_given_alone(task_of):
    forecaster = NeuralForecaster(MLP(Dims(6, 3), hidden_size=4), max_steps=3)
    module = forecaster.module
    part = run(Arm(forecaster, 7, 0, 1), task_of())
    assert part.run["error"] == ""
    assert forecaster.module is module
    assert (forecaster.seed, forecaster.notes) == (0, {})


def test_network_record_says_how_it_was_trained(task_of):
    forecaster = NeuralForecaster(MLP(Dims(6, 3), hidden_size=4), max_steps=7, batch_size=8, steps_per_epoch=3)
    task = task_of()
    part = run(Arm(forecaster, 2, 1, 2), task)
    record = part.run
    assert (record["model"], record["kind"], record["seed"], record["fold"]) == ("MLP", "network", 2, 1)
    assert (record["epochs"], record["steps"], record["error"]) == (3, 7, "")
    assert record["parameters"] == forecaster.parameters
    assert record["windows"] > 0
    assert record["cutoff"].startswith("2024-01-02T")
    assert part.curves[["model", "seed", "fold"]].drop_duplicates().to_numpy().tolist() == [["MLP", 2, 1]]
    assert part.curves["step"].tolist() == [3, 6, 7]
    assert part.table["seed"].unique().tolist() == [2]
    json.dumps(record)


def test_arm_equals_a_fit_and_forecasts_by_hand(task_of):
    forecaster = NeuralForecaster(MLP(Dims(6, 3), hidden_size=4), max_steps=6, batch_size=8)
    task = task_of(gap=2)
    part = run(Arm(forecaster, 3, 1, 2), task)
    shown = task.panel.until(known_rows(task.panel, int(task.positions[1]) - 2))
    fitted = forecaster.with_seed(3).fit(shown)
    for position in task.positions[1:3]:
        cutoffs = np.array([[position, -1]])
        own = fitted.predict(task.panel.until(known_rows(task.panel, int(position))), cutoffs, 3, (0.1, 0.9))
        rows = part.table[part.table["cutoff"] == own["cutoff"].iloc[0]]
        for column in ("mean", "q0.1", "q0.9"):
            np.testing.assert_allclose(rows[column], own[column], rtol=1e-6)


# parts on disk


def put(parts, arm, task):
    part = run(arm, task)
    parts.put(Team((arm,)), [part])
    return part


def get(parts, arm):
    [part] = parts.get(Team((arm,))) or [None]
    return part


def test_part_goes_round_through_its_folder(task_of, tmp_path):
    task = task_of()
    forecaster = NeuralForecaster(MLP(Dims(6, 3), hidden_size=4), max_steps=3)
    for arm in (Arm(forecaster, 1, 0, 2), Arm(SeasonalNaive(), 0, 0, 2)):
        parts = Parts(tmp_path / "parts", task)
        assert get(parts, arm) is None
        part = put(parts, arm, task)
        again = get(Parts(tmp_path / "parts", task), arm)
        pd.testing.assert_frame_equal(again.table, part.table, check_exact=True)
        pd.testing.assert_frame_equal(again.curves, part.curves, check_exact=True)
        assert json.dumps(again.run) == json.dumps(part.run)
    assert not [path for path in (tmp_path / "parts").iterdir() if path.name.startswith(".")]


def test_part_that_failed_stands_apart_until_one_succeeds(task_of, tmp_path):
    task = task_of()
    parts, arm = Parts(tmp_path, task), Arm(Fails(), 0, 0, 1)
    part = put(parts, arm, task)
    assert get(parts, arm) is None
    [failed] = parts.left(Team((arm,)))
    assert failed.run["error"] == part.run["error"]
    put(parts, arm, task)
    assert len(list(tmp_path.iterdir())) == 1
    parts.put(Team((arm,)), [replace(part, run={**part.run, "error": ""})])
    assert get(parts, arm) is not None
    assert [part.run["error"] for part in parts.left(Team((arm,)))] == [""]
    assert len(list(tmp_path.iterdir())) == 1


def test_part_that_another_process_has_finished_stays(task_of, tmp_path):
    task, arm = task_of(), Arm(SeasonalNaive(), 0, 0, 2)
    first, second = (Parts(tmp_path, task) for _ in range(2))
    part = put(first, arm, task)
    put(second, arm, task)
    pd.testing.assert_frame_equal(get(second, arm).table, part.table, check_exact=True)
    assert len(list(tmp_path.iterdir())) == 1


def test_default_said_or_unsaid_is_the_same_configuration():
    said = NeuralForecaster(MLP(Dims(6, 3), **NeuralForecaster(MLP(Dims(6, 3))).module.options))
    assert configuration(said) == configuration(NeuralForecaster(MLP(Dims(6, 3))))


@pytest.mark.parametrize("threads", [1, 2])
def test_arm_computes_with_the_threads_of_its_task_and_leaves_those_of_others(task_of, threads):
    class Counts(Watcher):
        def fit(self, panel):
            seen.append((torch.get_num_threads(), os.environ["OMP_NUM_THREADS"]))
            return self

    seen, before = [], (torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS"))
    run(Arm(Counts(), 0, 0, 1), replace(task_of(), threads=threads))
    assert seen == [(threads, str(threads))]
    assert (torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda task, arm: (replace(task, horizon=2), arm),
        lambda task, arm: (replace(task, gap=1), arm),
        lambda task, arm: (replace(task, threads=2), arm),
        lambda task, arm: (replace(task, window=20), arm),
        lambda task, arm: (replace(task, seasonality=2), arm),
        lambda task, arm: (replace(task, levels=(0.2, 0.8)), arm),
        lambda task, arm: (replace(task, positions=task.positions - 1), arm),
        lambda task, arm: (replace(task, panel=replace(task.panel, target=task.panel.target + 1)), arm),
        lambda task, arm: (task, replace(arm, seed=1)),
        lambda task, arm: (task, replace(arm, first=1)),
        lambda task, arm: (task, replace(arm, count=1)),
        lambda task, arm: (task, replace(arm, forecaster=SeasonalNaive(seasonality=3))),
        lambda task, arm: (task, replace(arm, forecaster=Naive(name="SeasonalNaive"))),
    ],
)
def test_part_of_other_data_or_options_is_not_taken(task_of, tmp_path, change):
    task, arm = task_of(), Arm(SeasonalNaive(), 0, 0, 2)
    put(Parts(tmp_path, task), arm, task)
    assert get(Parts(tmp_path, task), arm) is not None
    other_task, other_arm = change(task, arm)
    assert get(Parts(tmp_path, other_task), other_arm) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ARIMA(), ARIMA(max_order=2)),
        (ARIMA(), ARIMA(seasonality=4)),  # an option of the base, handed on
        (ARIMA(), ARIMA(fallback="Naive")),
        (NeuralForecaster(MLP(Dims(6, 3))), NeuralForecaster(MLP(Dims(6, 3), lr=0.1))),
        (NeuralForecaster(MLP(Dims(6, 3))), NeuralForecaster(MLP(Dims(6, 3), hidden_size=3))),
        (NeuralForecaster(MLP(Dims(6, 3))), NeuralForecaster(MLP(Dims(7, 3)))),
        (NeuralForecaster(MLP(Dims(6, 3))), NeuralForecaster(MLP(Dims(6, 3)), max_steps=3)),
        (NeuralForecaster(MLP(Dims(6, 3))), NeuralForecaster(MLP(Dims(6, 3)), trainer={"precision": "64-true"})),
    ],
)
def test_every_option_is_part_of_the_configuration(first, second):
    assert configuration(first) != configuration(second)
    assert configuration(first)["class_path"] == type(first).__name__
    json.dumps(configuration(first))


def test_options_kept_under_another_name_still_count():
    class Secretive(Naive):
        def __init__(self, *, strength=1.0):
            super().__init__()
            self._hidden = strength

    assert configuration(Secretive()) == configuration(Secretive())
    assert configuration(Secretive()) != configuration(Secretive(strength=2.0))


def test_configuration_does_not_depend_on_drawn_weights_or_the_seed():
    first, second = (NeuralForecaster(MLP(Dims(6, 3)), seed=seed) for seed in (0, 1))
    assert configuration(first) == configuration(second)


def test_part_with_a_slash_in_its_name_stays_in_the_folder(task_of, tmp_path):
    task, arm = task_of(), Arm(Naive(name="a/b"), 0, 0, 1)
    put(Parts(tmp_path, task), arm, task)
    assert get(Parts(tmp_path, task), arm) is not None
    assert len(list(tmp_path.iterdir())) == 1
