"""Heads: quantiles, losses, answers."""

import math

import numpy as np
import pytest
import torch

from datamodules.errors import InputError
from datamodules.scaling import Affine
from forecast.heads import LOSSES, PointHead, QuantileHead, make_head

IDENTITY = Affine(torch.tensor(0.0), torch.tensor(1.0))


def random(*shape, seed=0, scale=1.0):
    return scale * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("scale", [0.01, 1.0, 100.0, 1e4])
@pytest.mark.parametrize("levels", [(0.1, 0.9), (0.5,), (0.01, 0.05, 0.2, 0.8), (0.6, 0.7), (0.25,)])
def test_quantiles_never_cross_and_the_middle_is_the_median(levels, scale):
    head = QuantileHead(levels)
    raw = random(50, 3, 2, head.size, scale=scale)
    answer = head.answer(raw)
    assert head.levels == tuple(sorted({*levels, 0.5}))
    assert answer.shape == raw.shape
    assert (answer.diff(dim=-1) >= 0).all()
    assert torch.equal(answer[..., head.middle], raw[..., head.middle])
    assert head.levels[head.middle] == 0.5


def test_every_number_of_the_raw_answer_moves_a_quantile():
    head = QuantileHead((0.1, 0.2, 0.8, 0.9))
    raw = random(4, 2, 1, head.size).requires_grad_()
    head.answer(raw).square().sum().backward()
    assert (raw.grad != 0).all()


def test_pinball_is_that_of_a_slow_loop():
    head = QuantileHead((0.1, 0.3, 0.9))
    raw, target = random(4, 3, 2, 4), random(4, 3, 2, seed=1)
    answer, loss = head.answer(raw), head.loss(head.answer(raw), target, IDENTITY.invert)
    assert loss.shape == (4, 3, 2)
    for place in np.ndindex(4, 3, 2):
        expected = 0.0
        for index, level in enumerate(head.levels):
            error = float(target[place] - answer[(*place, index)])
            expected += level * error if error >= 0 else (level - 1) * error
        assert float(loss[place]) == pytest.approx(2 * expected / 4, rel=1e-5)


def test_pinball_of_the_median_alone_is_the_absolute_error():
    raw, target = random(5, 4, 1, 1), random(5, 4, 1, seed=1)
    assert torch.equal(
        QuantileHead((0.5,)).loss(raw, target, IDENTITY.invert), PointHead("mae").loss(raw, target, IDENTITY.invert)
    )


def test_pinball_is_least_at_the_quantile():
    sample = np.random.default_rng(0).gumbel(size=4001)
    head = QuantileHead((0.9,))
    median, gaps = float(np.median(sample)), np.linspace(-2.0, 3.0, 201)
    raw = torch.tensor([[[[median, gap]]] for gap in gaps], dtype=torch.float64)  # (201, 1, 1, 2)
    target = torch.from_numpy(sample)
    losses = [float(head.loss(head.answer(one), target[:, None], IDENTITY.invert).mean()) for one in raw]
    best = head.answer(raw)[int(np.argmin(losses)), 0, 0]
    assert best.tolist() == pytest.approx([median, np.quantile(sample, 0.9)], abs=0.03)


@pytest.mark.parametrize(("loss", "expected"), [("mae", [1.0, 3.0]), ("mse", [1.0, 9.0]), ("huber", [0.5, 2.5])])
def test_point_losses_by_hand(loss, expected):
    raw, target = torch.tensor([2.0, -1.0]).view(1, 2, 1, 1), torch.tensor([1.0, 2.0]).view(1, 2, 1)
    assert PointHead(loss).loss(raw, target, IDENTITY.invert).flatten().tolist() == pytest.approx(expected)


def test_msle_is_taken_in_original_units():
    original = Affine(torch.tensor(10.0), torch.tensor(4.0))
    raw, target = torch.tensor([1.0]).view(1, 1, 1, 1), torch.tensor([2.0]).view(1, 1, 1)
    expected = (math.log1p(14.0) - math.log1p(18.0)) ** 2
    assert float(PointHead("msle").loss(raw, target, original.invert)) == pytest.approx(expected, rel=1e-5)


def test_msle_is_that_of_scikit_learn():
    from sklearn.metrics import mean_squared_log_error

    raw, target = random(50).abs(), random(50, seed=1).abs()
    own = PointHead("msle").loss(raw.view(50, 1, 1, 1), target.view(50, 1, 1), IDENTITY.invert).mean()
    assert float(own) == pytest.approx(mean_squared_log_error(target, raw), rel=1e-5)


def test_msle_of_negative_forecasts_still_has_a_gradient():
    raw = torch.full((1, 1, 1, 1), -5.0, requires_grad=True)
    PointHead("msle").loss(raw, torch.ones(1, 1, 1), IDENTITY.invert).sum().backward()
    assert torch.isfinite(raw.grad).all()
    assert (raw.grad < 0).all()


@pytest.mark.parametrize("loss", LOSSES)
def test_point_head_answers_with_its_number_and_a_perfect_forecast_costs_nothing(loss):
    head = make_head("point", loss=loss, levels=())
    raw = random(3, 2, 1, 1).abs()
    assert (head.size, head.middle, head.levels) == (1, 0, ())
    assert torch.equal(head.answer(raw), raw)
    assert (head.loss(head.answer(raw), raw[..., 0], IDENTITY.invert) == 0).all()


def test_head_keeps_nothing_in_the_weights():
    assert not QuantileHead((0.1, 0.9)).state_dict()


@pytest.mark.parametrize(("kind", "loss", "named"), [("quantil", "mae", "quantile"), ("point", "hubert", "huber")])
def test_unknown_names_are_refused_with_the_nearest(kind, loss, named):
    with pytest.raises(InputError, match=f"did you mean '{named}'"):
        make_head(kind, loss=loss, levels=())
