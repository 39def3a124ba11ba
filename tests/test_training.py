"""How any network is trained: optimisers, schedules, penalties, blocks of steps, and the best weights."""

import inspect
import math
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from datamodules.base import Borders, PanelData
from datamodules.errors import InputError
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.training import (
    INITS,
    PENALTIES,
    BestWeights,
    penalty,
)


@pytest.fixture
def make_data(make_panel):
    def make(**options):
        defaults = {"context_length": 6, "horizon": 2, "batch_size": 4, "borders": Borders("steps", 12, 0)}
        return PanelData(make_panel([60, 50]), **{**defaults, **options})  # 47 + 37 - 2 windows to train on

    return make


def small(data, *, seed=0, **options):
    torch.manual_seed(seed)
    return MLP(data.dims, **{"hidden_size": 4, "layers": 2, **options})


class Recorder(pl.Callback):
    """Learning rates, gradient norms, losses and weights as they come."""

    def __init__(self):
        self.rates, self.norms, self.validation, self.weights = [], [], [], {}

    def on_before_optimizer_step(self, trainer, pl_module, optimizer):
        self.rates.append(optimizer.param_groups[0]["lr"])
        grads = [one.grad.flatten() for one in pl_module.parameters() if one.grad is not None]
        self.norms.append(float(torch.cat(grads).norm()))

    def on_validation_end(self, trainer, pl_module):
        if trainer.sanity_checking:
            return
        self.validation.append(float(trainer.callback_metrics["val_loss"]))
        self.weights[trainer.current_epoch + 1] = {
            name: value.clone() for name, value in pl_module.state_dict().items()
        }


def same_weights(left, right):
    return all(torch.equal(left[name], right[name]) for name in left)


# optimisers


OPTIMISERS = sorted(
    name
    for name, value in vars(torch.optim).items()
    if isinstance(value, type) and issubclass(value, torch.optim.Optimizer) and name != "Optimizer"
)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_of_torch_trains_or_is_refused_by_name(name, make_data, make_trainer):
    data = make_data()
    if name in ("LBFGS", "SparseAdam", "Muon"):
        with pytest.raises(InputError, match=f"'{name}'"):
            small(data, optimizer=name)
        return
    module = small(data, optimizer=name, lr=0.01)
    before = {key: value.clone() for key, value in module.state_dict().items()}
    make_trainer(max_steps=2).fit(module, datamodule=data)
    assert not same_weights(before, module.state_dict())
    assert all(torch.isfinite(value).all() for value in module.state_dict().values())


# schedules


@pytest.mark.parametrize(
    "limits",
    [
        {"max_epochs": 3},
        {"max_epochs": 3, "limit_train_batches": 1},
        {"max_epochs": -1, "max_steps": 30},
        {"max_epochs": 2, "max_steps": 1000},
        {"max_epochs": 50, "max_steps": 30},
    ],
)
@pytest.mark.parametrize("data_options", [{}, {"batch_size": 1}, {"windows_per_epoch": 11}])
def test_schedule_spans_exactly_the_steps_that_are_done(limits, data_options, make_data, make_trainer):
    data, recorder = make_data(**data_options), Recorder()
    module = small(data, schedule="cosine", lr=1.0, optimizer="SGD", clip=0.001, patience=0)
    trainer = make_trainer(callbacks=[recorder], **limits)
    trainer.fit(module, datamodule=data)
    done = len(recorder.rates)
    assert done == trainer.global_step
    assert recorder.rates == pytest.approx([(1 + math.cos(math.pi * step / done)) / 2 for step in range(done)])


def test_plateau_divides_the_rate_by_ten_after_two_epochs_without_improvement(make_data, make_trainer):
    class NoBetter(MLP):
        def validation_step(self, window, batch_idx):
            self.log("val_loss", 1.0)

    data, recorder = make_data(), Recorder()
    module = NoBetter(data.dims, hidden_size=4, schedule="plateau", lr=0.1, patience=0)
    make_trainer(callbacks=[recorder], max_epochs=8).fit(module, datamodule=data)
    per_epoch = len(recorder.rates) // 8
    assert recorder.rates[::per_epoch] == pytest.approx([0.1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001])


# clipping and penalties


def test_clipping_bounds_the_norm_of_the_gradient(make_data, make_trainer):
    norms = {}
    for clip in (0.0, 0.05):
        data, recorder = make_data(), Recorder()
        make_trainer(callbacks=[recorder]).fit(small(data, clip=clip), datamodule=data)
        norms[clip] = recorder.norms
    assert max(norms[0.05]) == pytest.approx(0.05, rel=1e-3)
    assert min(norms[0.0]) > 0.05


@pytest.mark.parametrize("kind", PENALTIES[1:])
def test_penalty_shrinks_the_weights(kind, make_data, make_trainer):
    sizes = {}
    for name in ("none", kind):
        data = make_data()
        module = small(data, penalty=name, penalty_weight=0.1, patience=0)
        make_trainer(max_epochs=4).fit(module, datamodule=data)
        sizes[name] = float(penalty(kind, module).detach())
    assert sizes[kind] < 0.9 * sizes["none"]


def test_penalty_stays_out_of_the_logged_losses(make_data, make_trainer):
    losses = []
    for weight in (0.0, 100.0):
        data = make_data()
        module = small(data, penalty="l2", penalty_weight=weight, optimizer="SGD", lr=1e-12)
        trainer = make_trainer()
        trainer.fit(module, datamodule=data)
        losses.append([float(trainer.callback_metrics[name]) for name in ("train_loss", "val_loss")])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


# initialisation


@pytest.mark.parametrize("kind", INITS[1:])
def test_init_draws_other_weights_and_zeroes_biases(kind, make_data):
    data = make_data()
    plain, drawn = small(data), small(data, init=kind)
    for (name, before), after in zip(plain.named_parameters(), drawn.parameters(), strict=True):
        assert not torch.equal(before, after), name
        if after.dim() == 1:
            assert (after == 0).all(), name


# blocks of steps


class SingleBatches(PanelData):
    """The same batches one by one."""

    def train_dataloader(self):
        loader = super().train_dataloader()
        loader.sampler.block = 1
        return loader


@pytest.mark.parametrize("limits", [{"max_epochs": 2}, {"max_epochs": -1, "max_steps": 27}])
def test_block_of_batches_gives_the_weights_of_single_batches_to_the_bit(limits, make_panel, make_trainer):
    weights = []
    for cls in (PanelData, SingleBatches):
        data = cls(make_panel([60, 50]), context_length=6, horizon=2, batch_size=4)
        module = small(data, penalty="l1", patience=0)
        trainer = make_trainer(**limits)
        trainer.fit(module, datamodule=data)
        weights.append((module.state_dict(), trainer.global_step))
    assert weights[0][1] == weights[1][1]
    assert same_weights(weights[0][0], weights[1][0])


@pytest.mark.parametrize("max_steps", [1, 5, 19, 20, 21, 33])
def test_max_steps_is_met_exactly(max_steps, make_data, make_trainer):
    data, recorder = make_data(), Recorder()
    trainer = make_trainer(max_epochs=-1, max_steps=max_steps, callbacks=[recorder])
    trainer.fit(small(data, patience=0), datamodule=data)
    assert trainer.global_step == len(recorder.rates) == max_steps


@pytest.mark.parametrize("optimizer", ["AdamW", "SGD", "RMSprop"])
def test_steps_that_nobody_listens_to_are_the_same_steps(optimizer, make_data, make_trainer):
    runs = []
    for callbacks in ([], [Recorder()]):  # the recorder listens to on_before_optimizer_step
        data = make_data()
        module = small(data, optimizer=optimizer, lr=0.01, clip=0.1, penalty="l2", schedule="cosine")
        trainer = make_trainer(max_epochs=3, callbacks=callbacks)
        trainer.fit(module, datamodule=data)
        runs.append((trainer.global_step, module.state_dict()))
    assert runs[0][0] == runs[1][0] > 0
    assert same_weights(runs[0][1], runs[1][1])


@pytest.mark.parametrize("batch", [1, 7, 1024])
def test_validation_loss_is_the_mean_over_observed_values_whatever_the_batches(batch, make_panel, make_trainer):
    class Batched(PanelData):
        def val_dataloader(self):
            loader = super().val_dataloader()
            loader.sampler.batch_size = batch
            return loader

    data = Batched(make_panel([60, 50], holes=0.4), context_length=6, horizon=4)
    module = small(data, head="point")
    trainer = make_trainer()
    logged = trainer.validate(module, datamodule=data, verbose=False)[0]["val_loss"]
    data.trainer = None
    total = observed = 0.0
    with torch.no_grad():
        for window in data.val_dataloader():
            for row in range(len(window.cutoff)):
                one = data.laid.store.window(window.cutoff[row : row + 1], context_length=6, horizon=4)
                total += float(module.loss(one) * one.observed.sum())
                observed += float(one.observed.sum())
    assert logged == pytest.approx(total / observed, rel=1e-5)


# the best weights


def test_best_epochs_weights_are_restored_and_named(make_data, make_trainer):
    data, recorder = make_data(), Recorder()
    module = small(data, lr=0.5, schedule="constant", clip=0.0)
    trainer = make_trainer(max_epochs=6, callbacks=[recorder])
    trainer.fit(module, datamodule=data)
    keeper = trainer.early_stopping_callback
    assert isinstance(keeper, BestWeights)
    best = recorder.validation.index(min(recorder.validation)) + 1
    assert keeper.best_epoch == best
    assert best < len(recorder.validation)  # or the test shows nothing
    assert same_weights(recorder.weights[best], module.state_dict())
    again = trainer.validate(module, datamodule=data, verbose=False)[0]["val_loss"]
    assert again == pytest.approx(min(recorder.validation))


def test_training_stops_after_patience_epochs_without_improvement(make_data, make_trainer):
    data, recorder = make_data(), Recorder()
    module = small(data, lr=0.5, schedule="constant", clip=0.0, patience=2)
    trainer = make_trainer(max_epochs=40, callbacks=[recorder])
    trainer.fit(module, datamodule=data)
    best = trainer.early_stopping_callback.best_epoch
    assert len(recorder.validation) == best + 2 < 40


@pytest.mark.filterwarnings("ignore:Total length of `list` across ranks is zero")  # Lightning, without validation
@pytest.mark.parametrize("options", [{"patience": 0}, {}])
def test_without_patience_or_validation_the_last_weights_stay(options, make_data, make_trainer):
    data = make_data(borders=Borders("steps", 12 if options else 0, 0))
    module = small(data, **options)
    trainer = make_trainer(max_epochs=2)
    trainer.fit(module, datamodule=data)
    assert getattr(trainer.early_stopping_callback, "best_epoch", 0) == 0


def test_weights_of_a_last_epoch_cut_short_are_validated_too(make_data, make_trainer):
    data, recorder = make_data(), Recorder()
    steps = data.train_dataloader().sampler.batches
    trainer = make_trainer(max_epochs=-1, max_steps=steps + 3, callbacks=[recorder])
    trainer.fit(small(data), datamodule=data)
    assert trainer.global_step == steps + 3
    assert len(recorder.validation) == 2


@pytest.mark.parametrize("max_steps", [40, 60])
def test_validation_comes_once_an_epoch_when_steps_end_with_the_epoch(max_steps, make_data, make_trainer):
    data, recorder = make_data(windows_per_epoch=40), Recorder()
    trainer = make_trainer(max_epochs=-1, max_steps=max_steps, callbacks=[recorder])
    trainer.fit(small(data, patience=0), datamodule=data)
    assert len(recorder.validation) == max_steps // 10


class SaveAfter(pl.Callback):
    def __init__(self, epoch, path):
        self.epoch, self.path = epoch, path

    def on_train_epoch_end(self, trainer, pl_module):
        if trainer.current_epoch + 1 == self.epoch:
            trainer.save_checkpoint(self.path)


@pytest.mark.parametrize("lr", [0.003, 0.5])
@pytest.mark.parametrize("schedule", ["one_cycle", "plateau"])
def test_resumed_training_ends_with_the_weights_of_the_uninterrupted_one(
    lr, schedule, make_data, make_trainer, tmp_path
):
    def train(epochs_kept: int, **fit: Any):
        data = make_data()
        module = small(data, lr=lr, schedule=schedule, clip=0.0 if lr > 0.1 else 1.0, patience=10)
        saver = SaveAfter(epochs_kept, tmp_path / "half.ckpt")
        trainer = make_trainer(max_epochs=4, callbacks=[saver])
        trainer.fit(module, datamodule=data, **fit)
        return module.state_dict(), trainer.early_stopping_callback.best_epoch, trainer.global_step

    whole = train(2)
    resumed = train(99, ckpt_path=tmp_path / "half.ckpt", weights_only=True)
    assert resumed[1:] == whole[1:]
    assert same_weights(whole[0], resumed[0])


def test_checkpoint_names_only_plain_options(make_data, make_trainer, tmp_path):
    data = make_data()
    module = small(data, levels=[0.2, 0.8])
    trainer = make_trainer()
    trainer.fit(module, datamodule=data)
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert stored["hyper_parameters"] == {
        **{
            name: each.default
            for name, each in inspect.signature(MLP).parameters.items()
            if name not in ("dims", "training")
        },
        "dims": data.dims.plain(),
        "hidden_size": 4,
        "layers": 2,
        "levels": [0.2, 0.8],
    }


def test_a_persons_own_optimiser_loop_needs_no_trainer(make_data):
    data = make_data()
    torch.manual_seed(0)
    module = Linear(data.dims)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.01)
    losses = []
    for _ in range(5):
        for window in data.train_dataloader():
            for batch in window.unbind():
                optimizer.zero_grad()
                loss = module.loss(batch)
                loss.backward()
                optimizer.step()
                losses.append(float(loss.detach()))
    assert sum(losses[-10:]) < sum(losses[:10])
