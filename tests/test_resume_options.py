"""A backtest with options of training, compression and holes resumes, and takes no part of another for its own."""

import json

import pandas as pd
import pytest

from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import Naive
from forecast.cli import main
from forecast.holed import Holed
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster

SHORT = {"max_steps": 6, "batch_size": 8, "steps_per_epoch": 3}
OPTIONS = (
    {},
    {"epochs": 1},
    {"epochs": 2},
    {"windows": 10},
    {"windows": 12},
    {"windows": 10, "draw": "random"},
    {"compression": "int4"},
    {"compression": "prune_90"},
)


def network(**options):
    return NeuralForecaster(MLP(Dims(4, 2), hidden_size=3), **{**SHORT, **options})


def test_each_option_has_parts_of_its_own_and_finds_them_again(make_panel, tmp_path):
    panel = make_panel([40])
    members = [(network(**options), 0.0) for options in OPTIONS] + [(network(), 0.2), (network(), 0.3), (Naive(), 0.3)]
    made = [Holed(member, share) if share else member for member, share in members]
    runs = [backtest(panel, [one], horizon=2, folds=2, folder=tmp_path) for one in made]
    assert len(list(tmp_path.iterdir())) == len(made)
    assert len({tuple(run.table["mean"]) for run in runs}) == len(made)
    for one, run in zip(made, runs, strict=True):
        again = backtest(panel, [one], horizon=2, folds=2, folder=tmp_path)
        assert again.runs["fit_seconds"].tolist() == run.runs["fit_seconds"].tolist()  # taken from the folder
        pd.testing.assert_frame_equal(again.table, run.table, check_exact=True)
        pd.testing.assert_frame_equal(again.runs, run.runs, check_exact=True)
    assert len(list(tmp_path.iterdir())) == len(made)


@pytest.mark.parametrize("words", ["--epochs 2 --windows 20 --draw random --compression int8 --holes 0.2"])
def test_command_resumes_its_folder_and_its_own_configuration(make_panel, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    make_panel([50, 45]).to_frame().to_csv("d.csv", index=False)
    common = "backtest --data d.csv --target y0 --horizon 2 --folds 2 --context-length 4 --models MLP --baselines Naive"
    assert main([*common.split(), *words.split(), "--output", "out"]) == 0
    runs = pd.read_csv("out/runs.csv")
    network = runs[runs["model"] == "MLP"].iloc[0]
    assert (network["windows"], network["epochs"], network["steps"]) == (20, 2, 2)
    assert "not among the 20 drawn" in network["dropped"]
    assert network["bytes"] < 4 * network["parameters"]
    parts = sorted(path.name for path in (tmp_path / "out" / "parts").iterdir())
    assert main([*common.split(), *words.split(), "--output", "out"]) == 0
    assert main(["backtest", "--config", "out/config.yaml", "--output", "out"]) == 0
    assert pd.read_csv("out/runs.csv")["fit_seconds"].tolist() == runs["fit_seconds"].tolist()
    assert sorted(path.name for path in (tmp_path / "out" / "parts").iterdir()) == parts
    other = [*common.split(), *words.replace("0.2", "0.3").split(), "--output", "out"]
    assert main(other) == 2  # another backtest: refused, unless --overwrite says so
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["fingerprint"]
