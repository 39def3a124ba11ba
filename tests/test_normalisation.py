"""Normalisation: each context in units of its own, and the way back."""

import itertools

import pytest
import torch

from datamodules.errors import InputError
from datamodules.scaling import IDENTITY, SCALINGS, Affine, BoxCox, Log1p, at_end, fit_context
from datamodules.window import Context, Dims, Window
from forecast.models.mlp import MLP
from forecast.normalisation import Normalisation

DIMS = Dims(12, 8, target=2)
EVERY = [{"scaling": scaling, "difference": difference} for scaling in SCALINGS for difference in (0, 1, 5)]
UNITS = {
    "affine": lambda part: Affine(part(3.0), part(2.0)),
    "log1p": lambda part: Log1p(part(3.0), part(0.1)),
    "boxcox": lambda part: BoxCox(part(0.5), part(0.2), part(0.3), part(1.0)),
}


def random(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def window_of(dims=DIMS, *, level=20.0, spread=3.0, units=None, holes=False, batch=4):
    target = level + spread * random(batch, dims.context_length + dims.horizon, dims.target)
    seen = torch.ones_like(target)
    if holes:
        seen = (random(*target.shape, seed=1) < 0.8).float()
        seen[:, 0] = 1
    units = units or Affine(*(part.expand(batch, 1, dims.target) for part in IDENTITY))
    length = dims.context_length
    past = random(batch, length, dims.past, seed=2)
    context = Context(
        target[:, :length], seen[:, :length], past, torch.zeros(batch, 20, 0), torch.zeros(batch, 0), units
    )
    answer = target[:, length:]
    return Window(context, answer, seen[:, length:], torch.zeros(batch).long(), torch.arange(batch))


def learnt(dims=DIMS, **options):
    """A Normalisation whose gains and shifts, if any, are not as they begin."""
    module = Normalisation(dims, **options)
    for number, parameter in enumerate(module.parameters()):
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    return module


@pytest.mark.parametrize("options", EVERY, ids=str)
@pytest.mark.parametrize("units", UNITS)
def test_inverse_is_exact_for_every_step_and_kind_of_units(options, units):
    stored = UNITS[units](lambda value: torch.full((4, 1, 2), value, dtype=torch.float64))
    window = window_of(units=stored)
    window = window._replace(
        target=window.target.double(),
        context=window.context._replace(target=window.context.target.double(), observed=torch.ones(4, 12, 2).double()),
    )
    module = learnt(**options).double()
    _, ahead = module.apply_to(window.context)
    scaled = ahead.apply(window.target).unsqueeze(-1)
    if module.reversible:
        scaled = scaled * module.gain.exp().unsqueeze(-1) + module.shift.unsqueeze(-1)
    back = at_end(ahead).invert(module.undo(scaled))[..., 0]
    torch.testing.assert_close(back, window.target, rtol=1e-6, atol=0)
    original = stored.invert(window.target)
    torch.testing.assert_close(stored.apply(original), window.target, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(stored.invert(back), original, rtol=1e-6, atol=0)


@pytest.mark.parametrize("scaling", SCALINGS)
def test_without_difference_the_context_is_scaled_by_itself(scaling):
    context = window_of(holes=True).context
    seen, ahead = Normalisation(DIMS, scaling=scaling).apply_to(context)
    affine = fit_context(scaling, context.target, context.observed)
    assert torch.equal(seen.target, affine.apply(context.target))
    assert all(torch.equal(left, right) for left, right in zip(ahead, affine, strict=True))
    assert seen.past is context.past


@pytest.mark.parametrize("season", [1, 5, 11])
def test_differences_are_those_of_a_slow_loop(season):
    window = window_of()
    target = window.context.target
    seen, ahead = Normalisation(DIMS, scaling="mean_abs", difference=season).apply_to(window.context)
    for batch, column in itertools.product(range(4), range(2)):
        y = target[batch, :, column]
        changes = torch.stack([y[t] - y[t - season] for t in range(season, 12)])
        drift = changes.mean()
        scale = (changes - drift).abs().mean() if len(changes) > 1 else (y[-1] + drift).abs()
        expected = torch.cat([torch.zeros(season), (changes - drift) / scale])
        torch.testing.assert_close(seen.target[batch, :, column], expected, rtol=1e-4, atol=1e-5)
        for h in range(1, 9):
            seasons = -(-h // season)
            base = y[11 + h - season * seasons] + seasons * drift
            torch.testing.assert_close(ahead.loc[batch, h - 1, column], base)
        torch.testing.assert_close(ahead.scale[batch, 0, column], scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scaling", ["mean_abs", "minmax", "last"])
def test_nothing_added_to_differences_goes_on_with_trend_and_season(scaling):
    step = torch.arange(20.0)
    target = (3 * step + 10 * torch.sin(step * 2 * torch.pi / 4)).view(1, 20, 1)
    context = window_of(Dims(12, 8), batch=1).context._replace(target=target[:, :12])
    _, ahead = Normalisation(Dims(12, 8), scaling=scaling, difference=4).apply_to(context)
    torch.testing.assert_close(ahead.loc, target[:, 12:], rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_contexts_without_differences_to_see_stay_finite(options):
    context = window_of().context
    sparse = torch.zeros_like(context.observed)
    sparse[:, 3] = 1
    for target, observed in ((context.target, sparse), (torch.full_like(context.target, 7.0), sparse + 1 - sparse)):
        seen, ahead = Normalisation(DIMS, **options).apply_to(context._replace(target=target, observed=observed))
        assert all(torch.isfinite(part).all() and (part is ahead.loc or (part > 0).all()) for part in ahead)
        assert torch.isfinite(seen.target).all()


@pytest.mark.parametrize("level", [0.0, 5.0, 1e-12, 1e7])
def test_differences_of_a_constant_are_scaled_by_its_level(level):
    context = window_of().context
    _, ahead = Normalisation(DIMS, scaling="mean_abs", difference=1).apply_to(
        context._replace(target=torch.full_like(context.target, level))
    )
    torch.testing.assert_close(ahead.scale, torch.full((4, 1, 2), level or 1.0), rtol=1e-6, atol=0)


@pytest.mark.parametrize("difference", [-1, 12, 30])
def test_differences_that_the_context_is_too_short_for_are_refused(difference):
    with pytest.raises(InputError, match=f"difference is {difference}; it must be"):
        Normalisation(DIMS, scaling="none", difference=difference)
    with pytest.raises(InputError, match=f"difference is {difference}; it must be"):
        MLP(DIMS, hidden_size=4, difference=difference)


@pytest.mark.parametrize("options", EVERY, ids=str)
def test_lagged_columns_are_scaled_like_the_target(options):
    dims = DIMS._replace(past=7, lagged=4)
    context = window_of(dims).context
    lagged = torch.cat([context.target, context.target.flip(1)], -1)  # two lags, both targets in turn
    context = context._replace(past=torch.cat([context.past[..., :3], lagged], -1))
    module = learnt(dims, **options)
    seen, ahead = module.apply_to(context)
    assert torch.equal(seen.past[..., :3], context.past[..., :3])
    if options["difference"]:
        scaled = (context.target - context.target[:, -1:]) / ahead.scale
        scaled = scaled * module.gain.exp() + module.shift if module.reversible else scaled
    else:
        scaled = seen.target
    torch.testing.assert_close(seen.past[..., 3:5], scaled)
    torch.testing.assert_close(seen.past[..., 5:], scaled.flip(1))


def test_reversible_normalisation_begins_as_standard_and_learns():
    window = window_of(holes=True)
    torch.manual_seed(0)
    plain = MLP(DIMS, hidden_size=4, scaling="standard")
    torch.manual_seed(0)
    module = MLP(DIMS, hidden_size=4, scaling="revin")
    assert torch.equal(module(window.context), plain(window.context))
    module.loss(window).backward()
    for parameter in module.normalisation.parameters():
        assert parameter.shape == (2,)
        assert (parameter.grad != 0).all()


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize("head", [{"head": "point", "loss": "msle"}, {"levels": [0.1, 0.9]}], ids=str)
def test_network_answers_in_original_units_and_quantiles_stay_in_order(units, head):
    stored = UNITS[units](lambda value: torch.full((4, 1, 2), value))
    window = window_of(level=1.0, spread=0.5, units=stored)
    module = MLP(DIMS, hidden_size=4, scaling="revin", difference=5, **head)
    learnt_parts = module.normalisation.parameters()
    for number, parameter in enumerate(learnt_parts):
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(number))
    answer = module(window.context)
    torch.testing.assert_close(answer, at_end(stored).invert(module.stored(window.context)))
    assert (answer.diff(dim=-1) >= 0).all()
    module.loss(window).backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in module.parameters())


@pytest.mark.parametrize("units", UNITS)
def test_exported_program_equals_eager(units):
    stored = UNITS[units](lambda value: torch.full((4, 1, 2), value))
    context = window_of(DIMS._replace(past=2, lagged=2), level=1.0, spread=0.5, units=stored).context
    module = MLP(DIMS._replace(past=2, lagged=2), hidden_size=4, scaling="revin", difference=5).eval()
    dynamic = torch.utils._pytree.tree_map(lambda _: {0: torch.export.Dim("batch", min=2)}, context)
    program = torch.export.export(module, (context,), dynamic_shapes=(dynamic,)).module()
    fewer = torch.utils._pytree.tree_map(lambda part: part[:3], context)
    for each in (context, fewer):
        torch.testing.assert_close(program(each), module(each))
