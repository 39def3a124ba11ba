"""Every shipped YAML parses against its class, and what it says is used."""

import warnings
from pathlib import Path

import pytest
import pytorch_lightning as pl
import yaml
from jsonargparse import ArgumentParser

from datamodules.base import WindowDataModule
from datamodules.window import Dims
from forecast.assemble import assemble
from forecast.cli import main
from forecast.config import read_config
from forecast.data import read
from forecast.forecaster import find
from forecast.models.base import ForecastModule
from forecast.resolve import resolve

CONFIGS = Path(__file__).parents[1] / "configs"


def files(kind):
    found = sorted((CONFIGS / kind).glob("*.yaml"))
    return [pytest.param(path, id=path.stem) for path in found]


@pytest.fixture
def parser():
    return ArgumentParser(exit_on_error=False)


@pytest.mark.parametrize("path", files("model"))
def test_model_parses_and_is_made(path, parser):
    find("forecast.models", ForecastModule)
    parser.add_subclass_arguments(ForecastModule, "model", skip={"dims"})
    found = parser.parse_object({"model": yaml.safe_load(path.read_text())})
    kind = find("forecast.models", ForecastModule)[found.model.class_path.rpartition(".")[2]]
    assert kind(dims=Dims(24, 3), **found.model.init_args.as_dict()).hparams["dims"][:2] == [24, 3]


@pytest.mark.parametrize("path", files("data"))
def test_data_parses_and_is_loaded(path, parser, data_options):
    text = yaml.safe_load(path.read_text())
    offline = data_options(find("datamodules", WindowDataModule)[text["class_path"]])
    parser.add_subclass_arguments(WindowDataModule, "data")
    found = parser.parse_object({"data": text | {"init_args": text["init_args"] | offline}})
    data = parser.instantiate(found).data
    assert data.dims.horizon == text["init_args"]["horizon"]
    assert len(data.windows(data.split.train).rows)


@pytest.mark.parametrize("path", files("trainer"))
def test_trainer_parses(path, parser):
    parser.add_class_arguments(pl.Trainer, "trainer")
    found = parser.parse_object({"trainer": yaml.safe_load(path.read_text())}).trainer
    assert all(found[name] == value for name, value in yaml.safe_load(path.read_text()).items())


@pytest.mark.parametrize("path", files("backtests"))
def test_backtest_parses_and_its_forecasters_are_made(path):
    config = read_config(path, {})
    source = read(config.data, config.layout)
    found = resolve(config, source.panel())
    forecasters, complete = assemble(found.config, found.panel)
    assert len(forecasters) == len(complete.models) + len(complete.baselines)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["model", "data", "trainer"])
def test_fit_takes_the_file(kind, tmp_path, monkeypatch, capsys, data_options):
    monkeypatch.chdir(tmp_path)
    datasets = find("datamodules", WindowDataModule)
    chosen = {"model": "Linear", "data": "ElNino", "trainer": str(CONFIGS / "trainer" / "cpu.yaml")}
    for path in sorted((CONFIGS / kind).glob("*.yaml")):
        if path.stem in ("gpu", "ddp", "ddp_cpu", "synthetic"):
            continue
        words = [word for name, value in (chosen | {kind: str(path)}).items() for word in (f"--{name}", value)]
        if kind == "data":
            offline = data_options(datasets[yaml.safe_load(path.read_text())["class_path"]])
            words += [word for name, value in offline.items() for word in (f"--data.{name}", value)]
        with warnings.catch_warnings():
            assert main(["fit", *words, "--trainer.max_steps", "2", "--trainer.enable_progress_bar", "false"]) == 0
        assert "checkpoint: " in capsys.readouterr().out
