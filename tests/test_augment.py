"""Augmentation: each kind does to a window what its paper says, by random numbers of a seed."""

import numpy as np
import pytest
import torch
from scipy.interpolate import CubicSpline

from datamodules.errors import InputError
from datamodules.scaling import Affine
from datamodules.window import Context, Dims, Window
from forecast.augment import AUGMENTATIONS, KINDS, augmented
from forecast.forecaster import find
from forecast.models.base import ForecastModule
from forecast.models.linear import Linear
from forecast.models.mlp import MLP
from forecast.neural import NeuralForecaster

MODELS = find("forecast.models", ForecastModule)


def window_of(batch=6, length=12, horizon=4, targets=2):
    generator = torch.Generator().manual_seed(1)
    values = torch.randn((batch, length + horizon, targets), generator=generator)
    context = Context(
        target=values[:, :length],
        observed=torch.ones(batch, length, targets),
        past=torch.randn((batch, length, 1), generator=generator),
        known=torch.randn((batch, length + horizon, 1), generator=generator),
        static=torch.randn((batch, 1), generator=generator),
        units=Affine(torch.zeros(batch, 1, targets), torch.ones(batch, 1, targets)),
    )
    target = values[:, length:]
    return Window(context, target, torch.ones_like(target), torch.arange(batch), torch.arange(batch))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_changes_alike_and_strength_0_not_at_all(kind):
    window = window_of()
    first, again, other = (augmented(kind, window, 0.3, seeded(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.context.target, again.context.target)
    assert torch.equal(first.context.target, other.context.target) == (kind == "none")
    torch.testing.assert_close(augmented(kind, window, 0.0, seeded()).context.target, window.context.target)
    assert torch.equal(window.context.target, window_of().context.target)


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_change_is_the_same_for_stacked_arms(kind):
    each, window = AUGMENTATIONS[kind], window_of()
    strengths = torch.tensor([0.1, 0.4])
    draws = torch.stack([each.draw(window, seeded(seed)) for seed in (0, 1)])
    stacked = torch.vmap(lambda strength, drawn: each.change(window, strength, drawn).context.target)(strengths, draws)
    for arm, seed in enumerate((0, 1)):
        alone = augmented(kind, window, float(strengths[arm]), seeded(seed)).context.target
        torch.testing.assert_close(stacked[arm], alone)


def test_jitter_is_noise_of_the_strength_on_the_context_alone():
    window = window_of(batch=2000)
    changed = augmented("jitter", window, 0.3, seeded())
    assert float((changed.context.target - window.context.target).std()) == pytest.approx(0.3, rel=0.02)
    assert torch.equal(changed.target, window.target)


def test_scale_is_one_positive_factor_for_context_and_target():
    window = window_of(batch=2000)
    changed = augmented("scale", window, 0.3, seeded())
    factors = torch.cat([changed.context.target / window.context.target, changed.target / window.target], 1).flatten(1)
    assert (factors > 0).all()
    torch.testing.assert_close(factors, factors[:, :1].expand_as(factors), rtol=1e-4, atol=1e-5)
    assert float(factors[:, 0].log().std()) == pytest.approx(0.3, rel=0.05)


def test_warp_is_the_cubic_spline_of_scipy_through_knots_around_1():
    window = window_of()
    changed = augmented("warp", window, 0.3, seeded(3))
    normal = torch.randn((6, 4, 1), generator=seeded(3)).numpy()[..., 0]
    curve = CubicSpline(np.linspace(0, 15, 4), 1 + 0.3 * normal, axis=1)(np.arange(16))
    whole = torch.cat([window.context.target, window.target], 1).numpy() * curve[..., None]
    np.testing.assert_allclose(torch.cat([changed.context.target, changed.target], 1).numpy(), whole, rtol=1e-4)


def test_mask_leaves_a_stretch_of_the_share_at_the_mean_of_the_context():
    window = window_of(batch=500)
    changed = augmented("mask", window, 0.25, seeded())
    hidden = changed.context.target[..., 0] != window.context.target[..., 0]
    assert (hidden.sum(1) == 3).all()  # a quarter of 12
    assert (hidden.int().diff(dim=1).abs().sum(1) <= 2).all()  # in one piece
    assert hidden.any(0).all()
    means = window.context.target.mean(1, keepdim=True).expand_as(window.context.target)
    torch.testing.assert_close(changed.context.target[hidden], means[hidden])


def test_mixup_mixes_everything_of_two_windows_by_one_weight():
    window = window_of()
    window.observed[2] = 0
    changed = augmented("mixup", window, 0.5, seeded(4))
    uniform = torch.rand((2, 6), generator=seeded(4))
    partner, weight = uniform[0].argsort().tolist(), (uniform[1] * 0.5).tolist()
    for row, (other, share) in enumerate(zip(partner, weight, strict=True)):
        for part in ("target", "past", "known", "static"):
            values = getattr(window.context, part)
            mixed = (1 - share) * values[row] + share * values[other]
            torch.testing.assert_close(getattr(changed.context, part)[row], mixed)
        torch.testing.assert_close(changed.target[row], (1 - share) * window.target[row] + share * window.target[other])
        assert bool(changed.observed[row].all()) == (2 not in (row, other))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_network_takes_every_kind_in_its_training_loss_only(name, kind):
    window, dims = window_of(), Dims(12, 4, target=2, past=1, known=1, static=1)
    torch.manual_seed(0)
    module = MODELS[name](dims, augment=kind)
    changed = module.loss(window, module.augmented)
    assert torch.isfinite(changed)
    assert torch.equal(changed, module.loss(window)) == (kind == "none")


def test_codes_of_categories_are_not_mixed():
    with pytest.raises(InputError, match="codes of categories cannot be mixed"):
        Linear(Dims(8, 3, past=1, embedded=(("past", 0, 4),)), augment="mixup")


def test_validation_and_forecasts_see_windows_as_they_are(make_panel):
    panel = make_panel([80])
    forecasters = {
        kind: NeuralForecaster(MLP(Dims(8, 2), hidden_size=4, augment=kind, lr=1e-9), max_steps=4, batch_size=8)
        for kind in ("none", "jitter")
    }
    curves = {kind: forecaster.fit(panel).curves for kind, forecaster in forecasters.items()}
    assert curves["none"]["val_loss"].iloc[0] == pytest.approx(curves["jitter"]["val_loss"].iloc[0], abs=1e-6)
    assert curves["none"]["train_loss"].iloc[0] != pytest.approx(curves["jitter"]["train_loss"].iloc[0], abs=1e-6)
