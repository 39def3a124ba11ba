"""Affine and its fits."""

import numpy as np
import pytest
import torch

from datamodules.errors import InputError
from datamodules.scaling import SCALINGS, Affine, fit_context, fit_rows
from datamodules.split import Part, by_steps

ROW_KINDS = ("mean_abs", "standard", "robust")


def contexts(shape=(6, 20, 2), level=100.0, spread=5.0, seed=0):
    return level + spread * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kind", SCALINGS)
@pytest.mark.parametrize("level", [0.0, 1.0, -1e4, 1e6])
@pytest.mark.parametrize("spread", [1e-3, 1.0, 1e4])
def test_inverse_is_exact(kind, level, spread):
    target = contexts(level=level, spread=spread)
    affine = fit_context(kind, target, torch.ones_like(target))
    assert affine.loc.shape == affine.scale.shape == (6, 1, 2)
    again = affine.invert(affine.apply(target))
    assert ((again - target).abs() <= 1e-6 * target.abs().amax(1, keepdim=True)).all()


@pytest.mark.parametrize("kind", [kind for kind in SCALINGS if kind != "last"])
def test_values_not_observed_do_not_matter(kind):
    target = contexts()
    observed = (torch.rand(target.shape, generator=torch.Generator().manual_seed(1)) < 0.6).float()
    garbage = torch.where(observed == 1, target, torch.tensor(1e6))
    for left, right in zip(fit_context(kind, target, observed), fit_context(kind, garbage, observed), strict=True):
        assert torch.equal(left, right)


def test_last_is_the_filled_last_value():
    target = contexts()
    observed = torch.ones_like(target)
    observed[:, 3:6] = 0
    garbage = target.clone()
    garbage[:, 3:6] = 1e6
    for left, right in zip(fit_context("last", target, observed), fit_context("last", garbage, observed), strict=True):
        assert torch.equal(left, right)
    assert torch.equal(fit_context("last", target, observed).loc, target[:, -1:])


@pytest.mark.parametrize(
    ("kind", "loc", "scale"),
    [
        ("mean_abs", np.mean, lambda y: np.abs(y - y.mean()).mean()),
        ("standard", np.mean, np.std),
        ("robust", np.median, lambda y: np.subtract(*np.percentile(y, [75, 25]))),
        ("last", lambda y: y[-1], lambda y: np.abs(y - y[-1]).mean()),
    ],
)
def test_loc_and_scale_are_those_of_numpy(kind, loc, scale):
    target = contexts().double()
    affine = fit_context(kind, target, torch.ones_like(target).double())
    for window in range(6):
        for column in range(2):
            y = target[window, :, column].numpy()
            assert affine.loc[window, 0, column].item() == pytest.approx(loc(y))
            assert affine.scale[window, 0, column].item() == pytest.approx(scale(y))


@pytest.mark.parametrize("kind", SCALINGS)
@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 0.1, 1e7])
def test_constant_contexts_scale_to_finite_small_numbers(kind, value):
    target = torch.full((3, 24, 1), value)
    affine = fit_context(kind, target, torch.ones_like(target))
    assert (affine.scale >= 1 - 1e-6).all()
    scaled = affine.apply(target)
    assert torch.isfinite(scaled).all()
    if kind != "none":
        assert (scaled.abs() < 1e-5).all()


@pytest.mark.parametrize("kind", SCALINGS)
def test_windows_are_scaled_independently(kind):
    target = contexts()
    alone = fit_context(kind, target[2:3], torch.ones_like(target[2:3]))
    together = fit_context(kind, target, torch.ones_like(target))
    for left, right in zip(alone, together, strict=True):
        assert torch.equal(left[0], right[2])


def test_affine_is_scaled_equals_original_less_loc_over_scale():
    affine = Affine(torch.tensor(2.0), torch.tensor(4.0))
    assert affine.apply(torch.tensor([10.0])).tolist() == [2.0]
    assert affine.invert(torch.tensor([2.0])).tolist() == [10.0]


@pytest.mark.parametrize("kind", ROW_KINDS)
@pytest.mark.parametrize("per", ["series", "panel"])
def test_rows_outside_the_part_do_not_matter(make_panel, kind, per):
    panel = make_panel([40, 30], targets=2, holes=0.2)
    part = by_steps(panel, validation=10).train
    blanked = panel.until(part.stop - 1)
    for left, right in zip(fit_rows(kind, panel, part, per=per), fit_rows(kind, blanked, part, per=per), strict=True):
        np.testing.assert_array_equal(left, right)
        assert left.shape == (2, 2)


@pytest.mark.parametrize("per", ["series", "panel"])
def test_rows_are_fitted_per_series_or_for_the_panel(make_panel, per):
    panel = make_panel([40, 30], holes=0.2)
    part = by_steps(panel, validation=10).train
    loc, scale = fit_rows("standard", panel, part, per=per)
    used = [panel.target[begin:stop, 0] for begin, stop in zip(*part, strict=True)]
    used = used if per == "series" else [np.concatenate(used)] * 2
    np.testing.assert_allclose(loc[:, 0], [np.nanmean(y) for y in used])
    np.testing.assert_allclose(scale[:, 0], [np.nanstd(y) for y in used])


def test_series_without_rows_in_the_part_takes_the_statistics_of_the_part(make_panel):
    panel = make_panel([40, 30])
    part = Part(np.array([0, 40]), np.array([40, 40]))
    loc, scale = fit_rows("mean_abs", panel, part, per="series")
    assert loc[0] == loc[1] == panel.target[:40].mean()
    assert scale[0] == scale[1]


def test_constant_series_keep_a_usable_scale(make_panel):
    panel = make_panel([40])
    constant = panel.until(np.array([0]))
    part = Part(np.array([0]), np.array([1]))
    assert all(fit_rows(kind, constant, part, per="series")[1] >= 1 for kind in ROW_KINDS)


@pytest.mark.parametrize(
    ("kind", "per", "named"), [("standart", "series", "standard"), ("standard", "serie", "series")]
)
def test_unknown_names_are_refused_with_the_nearest(make_panel, kind, per, named):
    panel = make_panel([40])
    with pytest.raises(InputError, match=f"did you mean '{named}'"):
        fit_rows(kind, panel, by_steps(panel, validation=5).train, per=per)
