"""What holds for every data module, whatever it loads."""

import socket
from dataclasses import replace

import numpy as np
import pytest
import torch

from datamodules.base import Borders, PanelData, WindowDataModule
from datamodules.preparation import Preparation
from datamodules.sets.dataset import Dataset, Downloaded
from forecast.forecaster import find
from forecast.models.linear import Linear

DATA = find("datamodules", Dataset)
ALL_BORDERS = [
    Borders(),
    Borders("fraction", 0.2, 0.0, gap=2),
    Borders("steps", 12, 6),
    Borders("steps", 8, 8, gap=5),
    Borders("series", 0.34, 0.34),
]


@pytest.fixture(params=[*sorted(DATA), "PanelData"])
def make(request, make_panel, data_options, monkeypatch):
    """Makes a data module of each class, without a network."""

    def refuse(*args, **kwargs):
        raise AssertionError("a data module may not open a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    if request.param == "PanelData":
        panel = make_panel([70, 60, 50], targets=2, past=1, known=2, static=1, holes=0.1)
        return lambda **options: PanelData(panel, **{"context_length": 8, "horizon": 3, **options})
    kind = DATA[request.param]
    return lambda **options: kind(**{"context_length": 8, "horizon": 3, **data_options(kind), **options})


def flat(value):
    return [value] if isinstance(value, torch.Tensor) else [leaf for part in value for leaf in flat(part)]


def windows_of(loader):
    """Every single batch of a loader; none where there is no loader."""
    return [batch for window in loader for batch in window.unbind()]


def target_rows(loader, horizon):
    cutoffs = [window.cutoff for window in windows_of(loader)]
    rows = torch.cat(cutoffs).numpy() if cutoffs else np.empty(0, np.int64)
    return set((rows[:, None] + np.arange(1, horizon + 1)).ravel().tolist())


def test_loading_twice_gives_the_same_panel(make):
    assert make().load().fingerprint() == make().load().fingerprint()


def test_dims_are_those_of_the_batches(make):
    data = make(batch_size=5)
    dims = data.dims
    window = windows_of(data.train_dataloader())[0]
    assert (dims.context_length, dims.horizon) == (8, 3)
    context = window.context
    assert context.target.shape == context.observed.shape == (5, 8, dims.target)
    assert window.target.shape == window.observed.shape == (5, 3, dims.target)
    assert (context.past.shape, context.known.shape) == ((5, 8, dims.past), (5, 11, dims.known))
    assert context.static.shape == (5, dims.static)
    assert all(part.dtype == torch.float32 and torch.isfinite(part).all() for part in flat(context))


@pytest.mark.parametrize("borders", ALL_BORDERS, ids=str)
def test_targets_of_the_parts_do_not_overlap(make, borders):
    data = make(borders=borders, batch_size=16)
    parts = [
        target_rows(loader, 3) for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader())
    ]
    assert parts[0]
    assert not parts[0] & parts[1]
    assert not parts[1] & parts[2]
    assert not parts[0] & parts[2]
    if borders.by == "series":
        return
    owner = data.panel.series_of_row
    for series in range(data.panel.n_series):
        rows = [[row for row in part if owner[row] == series] for part in parts]
        held_out = rows[1] + rows[2]
        assert not rows[0] or not held_out or max(rows[0]) + borders.gap < min(held_out)


def test_held_out_values_change_nothing_in_training(make):
    data = make(borders=Borders("steps", 12, 6), batch_size=16, prepare=Preparation(scaling="standard"))
    panel = data.load()
    first = data.borders.split(panel, 0).validation.begin
    hidden = np.arange(len(panel.target)) >= first[panel.series_of_row]
    garbage = replace(
        panel,
        target=np.where(hidden[:, None] & panel.observed, -1e3, panel.target),
        past=np.where(hidden[:, None], 77.0, panel.past),
    )
    other = PanelData(garbage, context_length=8, horizon=3, borders=data.borders, batch_size=16, prepare=data.prepare)
    for left, right in zip(windows_of(data.train_dataloader()), windows_of(other.train_dataloader()), strict=True):
        assert all(torch.equal(one, two) for one, two in zip(flat(left), flat(right), strict=True))


@pytest.mark.parametrize("scaling", ["none", "standard", "mean_abs", "robust"])
@pytest.mark.parametrize("per", ["series", "panel"])
def test_scaled_values_lead_back_to_the_panel(make, scaling, per):
    data = make(prepare=Preparation(scaling=scaling, scaling_per=per))
    panel = data.panel
    for window in windows_of(data.test_dataloader()):
        loc, scale = window.context.units
        target = window.context.units.invert(window.target)
        rows = window.cutoff[:, None] + torch.arange(1, 4)
        actual = torch.from_numpy(panel.target[rows.numpy()]).float()
        seen = window.observed == 1
        allowed = 1e-6 * (actual.abs() + loc.abs() + scale)
        assert ((target - actual).abs() <= allowed)[seen].all()


def test_works_in_a_persons_own_trainer(make, make_trainer):
    data = make(batch_size=16, windows_per_epoch=64)
    trainer = make_trainer(limit_val_batches=2)
    module = Linear(data.dims)
    trainer.fit(module, datamodule=data)
    trainer.validate(module, datamodule=data, verbose=False)
    trainer.test(module, datamodule=data, verbose=False)
    answers = trainer.predict(module, datamodule=data)
    count = sum(len(window.cutoff) for window in windows_of(data.predict_dataloader()))
    assert torch.cat(answers).shape == (count, 3, data.dims.target, 3)
    assert torch.isfinite(torch.cat(answers)).all()


def test_loaders_come_without_setup_and_without_a_trainer(make):
    for name in ("train_dataloader", "val_dataloader", "test_dataloader", "predict_dataloader"):
        assert len(windows_of(getattr(make(), name)())) > 0, name


def test_every_evaluation_window_comes_once_in_order(make):
    data = make()
    cutoffs = torch.cat([window.cutoff for window in windows_of(data.test_dataloader())]).tolist()
    assert cutoffs == data.windows(data.split.test).rows.tolist()


def test_context_length_comes_from_the_data_unless_given(make):
    data = make(context_length=0)
    assert data.dims.context_length >= 1
    assert data.context_length == data.dims.context_length


@pytest.mark.parametrize("kind", DATA.values(), ids=DATA)
def test_data_set_says_where_it_is_from_and_how_it_may_be_used(kind):
    assert kind.source
    assert kind.licence
    assert not kind.__doc__.partition("\n")[0].endswith(",")
    assert ("(download, " in kind.__doc__) == issubclass(kind, Downloaded)


def test_clock_has_the_seasonality_that_the_class_says(make):
    data = make()
    assert isinstance(data, WindowDataModule)
    assert isinstance(data, PanelData) or data.panel.seasonality == type(data).seasonality


def test_standard_borders_leave_something_to_each_part_and_give_way_to_others(make):
    data = make()
    assert isinstance(data, PanelData) or data.borders == type(data).standard_borders
    assert all((part.stop > part.begin).any() for part in data.split)
    assert make(borders=Borders("steps", 4, 4)).borders == Borders("steps", 4, 4)
