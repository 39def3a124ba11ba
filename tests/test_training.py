"""How any network is trained: options, optimisers, schedules, penalties, blocks of steps, and the best weights."""

import inspect
import math
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from docstring_parser import parse
from torch import nn

from datamodules.base import Borders, PanelData
from datamodules.errors import InputError
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.training import (
    DEFAULTS,
    INITS,
    PENALTIES,
    SCHEDULES,
    BestWeights,
    Training,
    complete,
    initialise,
    make_optimizer,
    make_schedule,
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


# options


def test_docstring_says_every_option_and_its_default():
    told = {each.arg_name: each.description for each in parse(Training.__doc__).params}
    assert list(told) == list(DEFAULTS) == list(Training.__annotations__)
    for name, default in DEFAULTS.items():
        assert told[name].endswith(f"(default: {default})"), name


def test_docstring_names_every_choice():
    told = {each.arg_name: " ".join(each.description.split()) for each in parse(Training.__doc__).params}
    for name, choices in (("schedule", SCHEDULES), ("penalty", PENALTIES), ("init", INITS)):
        assert all(choice in told[name] for choice in choices), name


def test_missing_options_take_their_defaults_and_what_was_given_stays():
    given: Training = {"lr": 0.1}
    assert complete(given) == {**DEFAULTS, "lr": 0.1}
    assert given == {"lr": 0.1}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"learning_rate": 0.1}, "training option 'learning_rate' is not known"),
        ({"optimiser": "Adam"}, "did you mean 'optimizer'"),
        ({"optimizer": "adamw"}, "did you mean 'AdamW'"),
        ({"schedule": "one-cycle"}, "did you mean 'one_cycle'"),
        ({"penalty": "elastic"}, "did you mean 'elastic_net'"),
        ({"init": "xavier"}, "init 'xavier' is not known"),
        ({"head": "points"}, "did you mean 'point'"),
        ({"loss": "rmse"}, "did you mean 'mse'"),
        ({"scaling": "standart"}, "did you mean 'standard'"),
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"weight_decay": -1.0}, "weight_decay is -1.0"),
        ({"penalty_weight": -1.0}, "penalty_weight is -1.0"),
        ({"clip": -1.0}, "clip is -1.0"),
        ({"patience": -1}, "patience is -1"),
        ({"levels": [0.1, 1.5]}, "level 1.5 is not between 0 and 1"),
        ({"levels": [0.0]}, "level 0.0 is not between 0 and 1"),
        ({"optimizer": "Rprop", "weight_decay": 0.1}, "Rprop knows no weight_decay"),
    ],
)
def test_wrong_options_are_refused_in_a_sentence(given, message):
    with pytest.raises(InputError, match=message):
        complete(given)


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


def test_optimiser_gets_its_rate_and_decay():
    optimizer = make_optimizer("SGD", [nn.Parameter(torch.zeros(2))], lr=0.5, weight_decay=0.25)
    assert (optimizer.defaults["lr"], optimizer.defaults["weight_decay"]) == (0.5, 0.25)


# schedules


def factors(name, total=100):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = make_schedule(name, optimizer, total)
    values = []
    for _ in range(total + 1):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if schedule is not None:
            schedule.step()
    return values


@pytest.mark.parametrize(
    ("name", "begin", "middle", "end"),
    [
        ("constant", 1.0, 1.0, 1.0),
        ("step", 1.0, 0.1, 0.001),
        ("cosine", 1.0, 0.5, 0.0),
        ("one_cycle", 1 / 25, (1 + math.cos(math.pi * 2 / 7)) / 2, 1 / 250_000),
        ("warmup", 0.0, 1.0, 1.0),
    ],
)
def test_schedule_at_begin_middle_and_end(name, begin, middle, end):
    values = factors(name)
    assert values[0] == pytest.approx(begin, abs=1e-9)
    assert values[50] == pytest.approx(middle, abs=1e-4)
    assert values[100] == pytest.approx(end, abs=1e-6)


def test_step_schedule_divides_by_ten_after_each_third():
    values = factors("step", total=90)
    assert [values[step] for step in (0, 29, 30, 59, 60, 89)] == pytest.approx([1, 1, 0.1, 0.1, 0.01, 0.01])


def test_warmup_rises_over_the_first_tenth_and_starts_to_learn_at_once():
    values = factors("warmup")
    assert values[5] == pytest.approx(0.5)
    assert values[10:] == [1.0] * 91


def test_one_cycle_is_that_of_torch():
    parameter = nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=101, cycle_momentum=False)
    rates = []
    for _ in range(101):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < 101:
            theirs.step()
    assert factors("one_cycle") == pytest.approx(rates, abs=0.03)  # its peak is one step earlier


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


def test_penalties_by_hand_touch_weights_only():
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0], [3.0, 0.0]]))
        layer.bias.copy_(torch.tensor([100.0, 100.0]))
    sizes = {kind: float(penalty(kind, layer).detach()) for kind in PENALTIES[1:]}
    assert sizes == {"l1": 6.0, "l2": 7.0, "elastic_net": 6.5}
    for kind in PENALTIES[1:]:
        layer.zero_grad()
        penalty(kind, layer).backward()
        assert layer.bias.grad is None
    assert layer.weight.grad.tolist() == [[1.0, -1.5], [2.0, 0.0]]  # elastic net: (sign(w) + w) / 2


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


def test_orthogonal_init_is_orthogonal():
    layer = nn.Linear(4, 4)
    initialise(layer, "orthogonal")
    torch.testing.assert_close(layer.weight @ layer.weight.T, torch.eye(4))


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
                one = data._store.window(window.cutoff[row : row + 1], context_length=6, horizon=4)
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
        "dims": list(data.dims),
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
