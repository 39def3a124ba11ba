"""Units of the target, and the fit of an Affine to each window."""

import numpy as np
import pytest
import torch

from datamodules.scaling import SCALINGS, Affine, BoxCox, Log1p, at_end, fit_context


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


@pytest.mark.parametrize("kind", SCALINGS)
def test_context_in_which_nothing_is_observed_is_scaled_by_what_fills_it(kind):
    target = torch.randn(4, 10, 2, dtype=torch.float64) * 3 + 20
    observed = torch.ones_like(target)
    observed[1, :, 0] = 0
    for found, expected in zip(
        fit_context(kind, target, observed), fit_context(kind, target, torch.ones_like(target)), strict=True
    ):
        assert torch.equal(found, expected)


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
        ("revin", np.mean, np.std),
        ("minmax", np.min, np.ptp),
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


@pytest.mark.parametrize("kind", [kind for kind in SCALINGS if kind != "none"])
@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 0.1, 1e7, 1e-12])
def test_constant_contexts_are_scaled_by_their_level(kind, value):
    target = torch.full((3, 24, 1), value)
    affine = fit_context(kind, target, torch.ones_like(target))
    torch.testing.assert_close(affine.scale, torch.full((3, 1, 1), abs(value) or 1.0), rtol=1e-6, atol=0)
    assert (affine.apply(target).abs() < 1e-5).all()


@pytest.mark.parametrize("kind", [kind for kind in SCALINGS if kind != "none"])
def test_level_of_a_constant_context_is_that_of_original_units(kind):
    units = Affine(torch.full((3, 1, 1), 1e12), torch.full((3, 1, 1), 10.0))
    target = torch.zeros(3, 24, 1)
    assert (fit_context(kind, target, torch.ones_like(target), units).scale == 1e11).all()


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


def bent(kind, count=400, dtype=torch.float64):
    """Units of a kind, and original values from 1e-3 to 1e6 that they take."""
    values = torch.logspace(-3, 6, count, dtype=torch.float64).to(dtype)
    parts = {"loc": 2.0, "scale": 3.0}
    if kind == "log1p":
        return Log1p(**{name: torch.tensor(part, dtype=dtype) for name, part in parts.items()}), values
    parts |= {"power": kind, "level": 3.0}
    return BoxCox(**{name: torch.tensor(part, dtype=dtype) for name, part in parts.items()}), values


@pytest.mark.parametrize("kind", ["log1p", -0.3, 1e-6, 0.4, 1.0])
def test_inverse_of_transforms_is_exact(kind):
    units, values = bent(kind)
    torch.testing.assert_close(units.invert(units.apply(values)), values, rtol=1e-6, atol=0)


@pytest.mark.parametrize("kind", ["log1p", -1.0, -0.3, 1e-6, 0.4, 2.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_any_answer_has_a_finite_inverse_that_keeps_the_order(kind, dtype):
    units, _ = bent(kind, dtype=dtype)
    answers = torch.cat([-torch.logspace(30, -3, 300), torch.logspace(-3, 30, 300)]).to(dtype).requires_grad_()
    values = units.invert(answers)
    assert torch.isfinite(values).all()
    assert (values.diff() >= 0).all()
    values.sum().backward()
    assert torch.isfinite(answers.grad).all()


def test_box_cox_is_that_of_scipy_over_the_geometric_mean():
    from scipy.special import boxcox

    units, values = bent(0.4)
    expected = (boxcox(values.numpy() / np.exp(3.0), 0.4) - 2.0) / 3.0
    np.testing.assert_allclose(units.apply(values).numpy(), expected)


def test_units_at_the_end_take_quantiles():
    units = Affine(torch.ones(4, 1, 2), torch.full((4, 1, 2), 2.0))
    assert torch.equal(at_end(units).invert(torch.ones(4, 3, 2, 5)), torch.full((4, 3, 2, 5), 3.0))
