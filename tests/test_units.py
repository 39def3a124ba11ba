"""TargetUnits: what targets are stored in, learnt from training rows, and the way back."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from datamodules.errors import InputError
from datamodules.inputs import Inputs
from datamodules.panel import Panel
from datamodules.preparation import CHOICES, Preparation
from datamodules.scaling import Affine, BoxCox, Log1p
from datamodules.split import Part, by_steps
from datamodules.units import RowUnits, TargetUnits

EVERY = [
    {"transform": transform, "scaling": scaling, "per": per}
    for transform in CHOICES["transform"]
    for scaling in CHOICES["scaling"]
    for per in CHOICES["scaling_per"]
]
AS_THEY_ARE = {"transform": "none", "scaling": "none", "per": "series"}


def panel_of(*series):
    """A panel of series named a, b, ..."""
    frames = [
        pd.DataFrame({"unique_id": name, "ds": pd.date_range("2024", periods=len(values), freq="h"), "y": values})
        for name, values in zip("abcdef", series, strict=False)
    ]
    return Panel.from_frame(pd.concat(frames))


def blanked(panel, rows):
    """The panel with the target of some rows not observed."""
    target = np.array(panel.target)
    target[list(rows)] = np.nan
    return replace(panel, target=target)


def train_part(panel, held_out=10):
    return by_steps(panel, validation=held_out).train


def there_and_back(units: RowUnits, panel):
    """What becomes of the target: stored in single precision, and back."""
    series = panel.series_of_row
    stored = units.apply(panel.target, series)
    answers = torch.tensor(stored, dtype=torch.float32).double().numpy()
    return stored, units.invert(stored[:, None, :, None], series)[:, 0, :, 0], answers


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_inverse_is_exact(make_panel, options):
    panel = make_panel([60, 45, 30], targets=2)
    units = TargetUnits.fit(panel, train_part(panel), **options).of_panel(panel)
    _, back, _ = there_and_back(units, panel)
    np.testing.assert_allclose(back, panel.target, rtol=1e-12)


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_held_out_rows_have_no_say(make_panel, options):
    panel = make_panel([60, 45], targets=2, holes=0.1)
    part = train_part(panel)
    held_out = np.arange(len(panel.target)) >= part.stop[panel.series_of_row]
    expected = TargetUnits.fit(panel, part, **options).plain()
    for garbage in (1e9, np.nan, -1e5):
        other = replace(panel, target=np.where(held_out[:, None], garbage, panel.target))
        assert TargetUnits.fit(other, part, **options).plain() == expected


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_plain_values_go_round_and_hold_for_series_of_other_panels(make_panel, options):
    panel = make_panel([60, 45, 30], targets=2)
    units = TargetUnits.fit(panel, train_part(panel), **options)
    again = TargetUnits.of(json.loads(json.dumps(units.plain())))
    for order in ([0, 1, 2], [2, 0]):
        some = panel.select(np.array(order))
        for left, right in zip(again.of_panel(some).units, units.of_panel(some).units, strict=True):
            torch.testing.assert_close(left, right, rtol=0, atol=0)
        for whole, part in zip(units.of_panel(panel).units, units.of_panel(some).units, strict=True):
            torch.testing.assert_close(whole[order], part, rtol=0, atol=0)


def test_ordinary_values_are_stored_as_they_are(make_panel):
    panel = make_panel([60, 45], targets=2)
    units = TargetUnits.fit(panel, train_part(panel), **AS_THEY_ARE).of_panel(panel)
    assert units.identity
    assert units.apply(panel.target, panel.series_of_row) is panel.target
    assert [part.shape for part in units.stored()] == [(1, 2), (1, 2)]


def test_standard_scaling_per_series_and_per_panel(make_panel):
    panel = make_panel([60, 45])
    part = train_part(panel)
    for per in ("series", "panel"):
        units = TargetUnits.fit(panel, part, transform="none", scaling="standard", per=per).of_panel(panel)
        stored = units.apply(panel.target, panel.series_of_row)
        shown = [stored[begin:stop] for begin, stop in zip(*part, strict=True)]
        for one in shown if per == "series" else [np.concatenate(shown)]:
            assert one.mean() == pytest.approx(0, abs=1e-9)
            assert one.std() == pytest.approx(1)


@pytest.mark.parametrize(("transform", "kind"), [("none", Affine), ("log1p", Log1p), ("boxcox", BoxCox)])
def test_units_are_of_the_transform(make_panel, transform, kind):
    panel = make_panel([60])
    units = TargetUnits.fit(panel, train_part(panel), transform=transform, scaling="none", per="series")
    stored = units.of_panel(panel).stored()
    assert isinstance(stored, kind)
    assert all(part.dtype == torch.float32 for part in stored)


def test_log1p_alone_stores_the_logarithm_of_one_more(make_panel):
    panel = make_panel([60])
    units = TargetUnits.fit(panel, train_part(panel), transform="log1p", scaling="none", per="series").of_panel(panel)
    np.testing.assert_allclose(units.apply(panel.target, panel.series_of_row), np.log1p(panel.target))


def test_power_is_one_for_the_panel_or_one_each():
    rng = np.random.default_rng(0)
    panel = panel_of(rng.normal(10, 1, 200) ** 2, np.exp(rng.normal(size=200)))
    part = Part(panel.offsets[:-1], panel.offsets[1:])
    for per, count in (("series", 2), ("panel", 1)):
        units = TargetUnits.fit(panel, part, transform="boxcox", scaling="none", per=per).of_panel(panel).units
        assert len(torch.unique(units.power)) == len(torch.unique(units.level)) == count


@pytest.mark.parametrize("level", [1e12, -1e12, 2.0**53, 1e6])
@pytest.mark.parametrize("trained", [True, False])
def test_small_variation_on_a_high_level_survives_single_precision(level, trained):
    wave = np.round(10 * np.sin(np.arange(60)))
    panel = panel_of(level + wave, wave)
    part = train_part(panel) if trained else Part(panel.offsets[:-1], panel.offsets[:-1])
    units = TargetUnits.fit(panel, part, **AS_THEY_ARE).of_panel(panel)
    stored, back, answers = there_and_back(units, panel)
    np.testing.assert_array_equal(back, panel.target)
    np.testing.assert_allclose(answers, stored, atol=1e-5)
    assert (np.abs(stored) <= 40).all()


def test_level_of_a_series_without_training_rows_is_its_first_value():
    wave = np.sin(np.arange(60))
    panel = blanked(panel_of(wave, 1e12 + wave, wave), [60, *range(120, 180)])
    units = TargetUnits.fit(panel.select(np.array([0])), Part(np.array([0]), np.array([60])), **AS_THEY_ARE)
    loc = units.of_panel(panel).units.loc
    assert loc[:, 0].tolist() == [0.0, 1e12 + wave[1], 0.0]


def test_outlier_leaves_ordinary_values_as_they_are():
    values = np.sin(np.arange(60))
    values[0] = 1e12
    panel = panel_of(values)
    assert TargetUnits.fit(panel, train_part(panel), **AS_THEY_ARE).of_panel(panel).identity


@pytest.mark.parametrize("size", [1e-12, 1e-30, 1e20, 1e99])
def test_sizes_beyond_single_precision_are_brought_near_one_exactly(size):
    panel = panel_of(size * (2 + np.sin(np.arange(60))))
    units = TargetUnits.fit(panel, train_part(panel), **AS_THEY_ARE).of_panel(panel)
    stored, back, _ = there_and_back(units, panel)
    np.testing.assert_array_equal(back, panel.target)
    assert np.abs(stored).max() < 20


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_constant_series_are_stored_as_finite_numbers(options):
    least = 1e-3 if options["transform"] == "boxcox" else 0.0
    panel = panel_of(*(np.full(40, value) for value in (least, 1e-12, 5.0, 1e12)), np.arange(1.0, 41))
    units = TargetUnits.fit(panel, train_part(panel), **options).of_panel(panel)
    _, back, answers = there_and_back(units, panel)
    assert np.isfinite(answers).all()
    largest = 1e12 if options["per"] == "panel" and options["scaling"] != "none" else 1e-6
    np.testing.assert_allclose(back, panel.target, rtol=1e-6, atol=1e-15 * largest)


@pytest.mark.parametrize("options", [{"transform": "log1p"}, {"transform": "boxcox"}, {"scaling": "standard"}])
def test_series_that_was_never_observed_is_stored_as_finite_numbers(options):
    panel = blanked(panel_of(np.arange(1.0, 41), np.ones(40)), range(40, 80))
    part = Part(panel.offsets[:-1], panel.offsets[1:])
    inputs = Inputs.fit(panel, part, Preparation(**options), context_length=4, horizon=2)
    assert torch.isfinite(inputs.lay(panel).store.target).all()


@pytest.mark.parametrize(
    ("transform", "value", "message"),
    [
        (
            "log1p",
            -1.0,
            r"series 'b' has y -1 at 2024-01-01T07.* log1p needs values above -1\. Choose .*none takes all",
        ),
        ("boxcox", 0.0, r"series 'b' has y 0 at 2024-01-01T07.* boxcox needs values above 0\. Choose .*log1p takes"),
    ],
)
def test_values_that_a_transform_does_not_take_are_refused_by_name(transform, value, message):
    values = np.arange(1.0, 41)
    bad = panel_of(values, np.where(np.arange(40) == 7, value, values))
    good = panel_of(values, values)
    part = train_part(good)
    prepare = Preparation(transform=transform)
    with pytest.raises(InputError, match=message):
        Inputs.fit(bad, part, prepare, context_length=4, horizon=2)
    with pytest.raises(InputError, match=message):
        Inputs.fit(good, part, prepare, context_length=4, horizon=2).lay(bad)


def test_many_short_series_are_quick():
    n_series, length = 20_000, 50
    values = np.random.default_rng(0).normal(100, 5, (n_series * length, 1))
    panel = replace(
        panel_of(values[:length, 0]),
        ids=np.arange(n_series).astype(str).astype(object),
        start=np.zeros(n_series, np.int64),
        offsets=np.arange(0, n_series * length + 1, length),
        target=values,
        past=np.empty((len(values), 0)),
        known=np.empty((len(values), 0)),
        static=np.empty((n_series, 0)),
    )
    units = TargetUnits.fit(panel, train_part(panel), transform="none", scaling="robust", per="series")
    assert units.of_panel(panel).units.loc.shape == (n_series, 1)
