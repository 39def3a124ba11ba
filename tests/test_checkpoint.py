import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from datamodules.base import PanelData
from datamodules.errors import InputError
from datamodules.split import last_cutoffs
from forecast.checkpoint import load, read
from forecast.curves import quiet
from forecast.models.linear import Linear
from forecast.models.recurrent import LSTM
from forecast.neural import NeuralForecaster


class Mine(Linear):
    """A person's own network."""


def saved(trainer, module, panel, path):
    data = PanelData(panel, context_length=8, horizon=3, batch_size=16)
    with quiet():
        trainer.fit(module, datamodule=data)
    trainer.save_checkpoint(path)
    return path


@pytest.fixture
def panel(make_panel):
    return make_panel()


@pytest.fixture
def checkpoint(panel, make_trainer, tmp_path):
    return saved(make_trainer(max_steps=3), LSTM((8, 3), hidden_size=4, patience=2), panel, tmp_path / "some.ckpt")


def test_loaded_network_forecasts_as_the_trained_one(panel, make_trainer, tmp_path):
    module = LSTM((8, 3), hidden_size=4)
    path = saved(make_trainer(max_steps=3), module, panel, tmp_path / "some.ckpt")
    answers = [
        NeuralForecaster(each).predict(panel, last_cutoffs(panel), 3, (0.1, 0.9))
        for each in (module.eval(), load(path))
    ]
    assert answers[0].equals(answers[1])
    assert np.isfinite(answers[0]["mean"]).all()


def test_checkpoint_says_what_it_was_trained_on(checkpoint):
    trained = read(checkpoint)
    assert (type(trained.module), trained.freq, trained.layout) == (LSTM, "h", {})
    assert not trained.module.training


def test_class_of_ones_own_that_is_imported_is_found(panel, make_trainer, tmp_path):
    path = saved(make_trainer(max_steps=1), Mine((8, 3)), panel, tmp_path / "mine.ckpt")
    assert type(load(path)) is Mine


def altered(checkpoint, change):
    found = torch.load(checkpoint, weights_only=True)
    change(found)
    torch.save(found, checkpoint)
    return checkpoint


def test_class_that_is_not_known_is_not_imported(checkpoint):
    path = altered(checkpoint, lambda found: found["forecast"].update({"class": "this.LSTN"}))
    with pytest.raises(InputError, match=r"class 'this.LSTN', which is not known; did you mean 'LSTM'"):
        load(path)
    assert "this" not in sys.modules


def test_weights_that_do_not_fit_are_one_sentence(checkpoint):
    path = altered(checkpoint, lambda found: found["hyper_parameters"].update(hidden_size=5))
    with pytest.raises(InputError, match="does not fit the class LSTM"):
        load(path)


def test_address_is_refused():
    with pytest.raises(InputError, match="is an address"):
        load("https://example.org/some.ckpt")


def test_missing_and_truncated_files_are_sentences(checkpoint, tmp_path):
    with pytest.raises(InputError, match="cannot be read: No such file"):
        load(tmp_path / "nothing.ckpt")
    for kept in (0, 10, 1000, checkpoint.stat().st_size - 100):
        part = tmp_path / f"{kept}.ckpt"
        part.write_bytes(checkpoint.read_bytes()[:kept])
        with pytest.raises(InputError, match=r"truncated|damaged"):
            load(part)


def test_other_kinds_of_files_are_sentences(tmp_path, make_trainer):
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "weights.ckpt")
    torch.save(torch.zeros(3), tmp_path / "tensor.ckpt")
    other = pl.LightningModule()
    trainer = make_trainer()
    trainer.strategy.connect(other)
    trainer.save_checkpoint(tmp_path / "other.ckpt", weights_only=True)
    for name in ("weights", "tensor", "other"):
        with pytest.raises(InputError, match="holds no network of this toolkit"):
            load(tmp_path / f"{name}.ckpt")
    (tmp_path / "text.ckpt").write_text("not a checkpoint")
    with pytest.raises(InputError, match=r"truncated|refused"):
        load(tmp_path / "text.ckpt")


class Runs:
    """Makes a file when it is unpickled."""

    def __init__(self, made: Path):
        self.made = str(made)

    def __reduce__(self):
        return (open, (self.made, "w"))


@pytest.mark.parametrize("save", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))])
def test_code_in_a_checkpoint_does_not_run(checkpoint, tmp_path, save):
    found = torch.load(checkpoint, weights_only=True)
    found["hyper_parameters"]["lr"] = Runs(tmp_path / "made")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(found, tmp_path / "evil.ckpt")
        with pytest.raises(InputError, match="is refused"):
            load(tmp_path / "evil.ckpt")
    assert not (tmp_path / "made").exists()


def test_options_in_a_checkpoint_name_no_function_to_call(checkpoint, tmp_path):
    def change(found):
        found["hyper_parameters"] |= {"_instantiator": "os.system", "_class_path": "os.system"}

    assert type(load(altered(checkpoint, change))) is LSTM
