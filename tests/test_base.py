"""WindowDataModule: borders, loaders, and what it refuses."""

import numpy as np
import pytest
import torch

from datamodules.base import Borders, PanelData
from datamodules.errors import InputError
from datamodules.preparation import Preparation


@pytest.fixture
def make(make_panel):
    def make(lengths=(60, 40), **options):
        panel = options.pop("panel", None) or make_panel(lengths)
        return PanelData(panel, **{"context_length": 6, "horizon": 2, "batch_size": 8, **options})

    return make


def cutoffs(loader):
    return torch.cat([window.cutoff.flatten() for window in loader]).tolist()


def sizes(part):
    return (part.stop - part.begin).tolist()


@pytest.mark.parametrize(
    ("borders", "expected"),
    [
        (Borders(), [[48, 32], [6, 4], [6, 4]]),
        (Borders("fraction", 0.25, 0.1), [[39, 26], [15, 10], [6, 4]]),
        (Borders("fraction", 0.25, 0.0, gap=3), [[42, 27], [15, 10], [0, 0]]),
        (Borders("steps", 10, 5), [[45, 25], [10, 10], [5, 5]]),
        (Borders("steps", 10.0, 5.0), [[45, 25], [10, 10], [5, 5]]),
        (Borders("date", "2024-01-02 12:00", "2024-01-03"), [[36, 36], [12, 4], [12, 0]]),
        (Borders("date", "2024-01-02", 0), [[24, 24], [36, 16], [0, 0]]),
    ],
)
def test_borders_part_each_series(make, borders, expected):
    assert [sizes(part) for part in make(borders=borders).split] == expected


def test_borders_by_series_follow_from_the_seed(make_panel):
    panel = make_panel([30] * 6)
    drawn = [
        sizes(PanelData(panel, context_length=4, borders=Borders("series", 0.34, 0.17), seed=seed).split.train)
        for seed in (0, 0, 1, 2, 3)
    ]
    assert drawn[0] == drawn[1]
    assert len({tuple(one) for one in drawn}) > 1
    assert [one.count(30) for one in drawn] == [3] * 5


@pytest.mark.parametrize(
    ("borders", "message"),
    [
        (Borders("fraction", "2024-01-02", 0.1), "borders by fraction need numbers. Give one, or say by: date"),
        (Borders("steps", 0.1, 0.1), "validation is 0.1; borders by steps need whole numbers"),
        (Borders("steps", 5, 0.5), "test is 0.5; borders by steps need whole numbers"),
        (Borders("date", 0.1, 0.1), "validation is 0.1; borders by date need the first stamp"),
        (Borders("date", "2024-01-02", 0.5), "test is 0.5; borders by date need the first stamp"),
        (Borders("steps", -1, 0), "validation is -1"),
        (Borders("steps", 1, 1, gap=-1), "gap is -1"),
        (Borders("fraction", 0.9, 0.9), "expected a fraction"),
    ],
)
def test_borders_that_make_no_sense_are_refused(make, borders, message):
    with pytest.raises(InputError, match=message):
        _ = make(borders=borders).split


def test_integer_clock_takes_numbers_as_dates():
    import pandas as pd

    from datamodules.panel import Panel

    panel = Panel.from_frame(pd.DataFrame({"ds": range(40), "y": np.arange(40.0)}))
    split = PanelData(panel, context_length=4, borders=Borders("date", 30, 35)).split
    assert [sizes(part) for part in split] == [[30], [5], [5]]


@pytest.mark.parametrize(
    "option", [{"horizon": 0}, {"batch_size": 0}, {"context_length": -1}, {"windows_per_epoch": -1}, {"seed": -1}]
)
def test_sizes_out_of_range_are_refused(make, option):
    with pytest.raises(InputError, match=f"{next(iter(option))} is"):
        make(**option)


@pytest.mark.parametrize("option", [{"scaling": "standart"}, {"scaling_per": "serie"}])
def test_unknown_scaling_is_refused(make, option):
    with pytest.raises(InputError, match="did you mean"):
        make(prepare=Preparation(**option))


def test_series_too_short_for_any_window_are_named_with_the_numbers(make):
    with pytest.raises(
        InputError, match=r"series 'series 1' has 9 rows .* context_length 6 \+ horizon 4 needs at least 10"
    ):
        make(lengths=[7, 9, 8], horizon=4, borders=Borders("steps", 0, 0)).train_dataloader()


def test_part_without_windows_has_no_loader(make):
    data = make(borders=Borders("steps", 1, 0))
    assert data.val_dataloader() == []
    assert data.test_dataloader() == []


def test_validation_is_thinned_to_about_a_quarter_of_an_epoch(make):
    data = make(lengths=[300, 300], borders=Borders("steps", 100, 0), windows_per_epoch=80)
    seen = cutoffs(data.val_dataloader())
    every = data.windows(data.split.validation).rows
    assert 10 <= len(seen) <= 22
    assert set(seen) <= set(every.tolist())
    assert {299 - 2, 599 - 2} <= set(seen)  # the latest of each series is among them


def test_limited_epochs_draw_other_windows(make):
    data = make(windows_per_epoch=16)
    loader = data.train_dataloader()
    first = cutoffs(loader)
    loader.sampler.set_epoch(1)
    assert len(first) == len(cutoffs(loader)) == 16
    assert set(first) != set(cutoffs(loader))


def test_order_of_training_windows_follows_from_the_seed(make):
    orders = [cutoffs(make(seed=seed).train_dataloader()) for seed in (0, 0, 1)]
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2])


def test_gap_windows_are_in_no_part(make):
    data = make(borders=Borders("steps", 10, 10, gap=7))
    ends = [max(row for row in cutoffs(data.train_dataloader()) if row < 60) + 2]
    assert ends == [60 - 20 - 7 - 1]


def test_trainer_calls_set_epoch(make, make_trainer):
    from forecast.models.linear import Linear

    data = make()
    trainer = make_trainer(max_epochs=3)
    seen = []

    class Watch(Linear):
        def training_step(self, window, batch_idx):
            seen.append((self.trainer.current_epoch, window.cutoff.flatten().tolist()))
            return super().training_step(window, batch_idx)

    trainer.fit(Watch(data.dims), datamodule=data)
    orders = [[row for epoch, rows in seen if epoch == number for row in rows] for number in range(3)]
    assert orders[0] != orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(orders[2])
