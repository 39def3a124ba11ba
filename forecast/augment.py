"""Augmentation: training windows changed a little at random, so that a network learns what does not depend on it.

Each kind draws its random numbers first, as one tensor, and then changes a window by them: what is drawn can come from
any generator, and the change is plain arithmetic that also works under ``torch.vmap``. A window is changed once it is
scaled by its own context, so a strength means the same for every series.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor

from datamodules.errors import InputError, one_of
from datamodules.window import Window

_KNOTS: Final = 4  # of a warp, over context and horizon

Draw = Callable[[Window, torch.Generator | None], Tensor]
Change = Callable[[Window, float | Tensor, Tensor], Window]


class Augmentation(NamedTuple):
    """How training windows are changed: the random numbers for a batch, and the batch changed by them."""

    draw: Draw
    change: Change


def augmented(kind: str, window: Window, strength: float, generator: torch.Generator | None = None) -> Window:
    """The scaled window (B, ...) changed at random; the same one where ``kind`` is none.

    Args:
        kind: one of ``KINDS``.
        window: target and context in units of each window.
        strength: how much, 0 for not at all.
        generator: on the device of the window; torch's own when None.
    """
    if kind == "none":
        return window
    each = AUGMENTATIONS[kind]
    return each.change(window, strength, each.draw(window, generator))


def check_augment(kind: str, strength: float) -> None:
    """Raise an InputError for a kind that is not known, or a strength that it has no meaning for."""
    one_of("augment", kind, KINDS)
    if not 0 <= strength <= 1:
        raise InputError(f"augment_strength is {strength}; expected a number from 0 to 1. Give another.")


def _normal(window: Window, generator: torch.Generator | None, *shape: int) -> Tensor:
    target = window.context.target
    return torch.randn(shape, generator=generator, device=target.device, dtype=target.dtype)


def _uniform(window: Window, generator: torch.Generator | None, *shape: int) -> Tensor:
    target = window.context.target
    return torch.rand(shape, generator=generator, device=target.device, dtype=target.dtype)


def _changed(window: Window, context: Tensor, target: Tensor) -> Window:
    return window._replace(context=window.context._replace(target=context), target=target)


def _jitter(window: Window, strength: float | Tensor, normal: Tensor) -> Window:
    """Noise of standard deviation ``strength`` on the context (Um et al., 2017); ``normal`` is (B, L, D)."""
    return _changed(window, window.context.target + strength * normal, window.target)


def _scale(window: Window, strength: float | Tensor, normal: Tensor) -> Window:
    """Context and target times one factor a window, e to the ``strength`` times ``normal`` (B, 1, 1).

    Um et al. (2017), whose factor is normal around 1; this one is never below 0.
    """
    factor = (strength * normal).exp()
    return _changed(window, window.context.target * factor, window.target * factor)


def _warp(window: Window, strength: float | Tensor, normal: Tensor) -> Window:
    """Context and target times a smooth curve around 1: magnitude warping (Um et al., 2017).

    The curve is a cubic spline through four knots at 1 + ``strength`` times ``normal`` (B, 4, 1), evenly spread from
    the first step of the context to the last of the horizon.
    """
    context, target = window.context.target, window.target
    length, horizon = context.shape[-2], target.shape[-2]
    curve = 1 + strength * (_spline(length + horizon).to(normal) @ normal)  # (B, L + H, 1)
    return _changed(window, context * curve[..., :length, :], target * curve[..., length:, :])


@lru_cache(maxsize=64)
def _spline(steps: int) -> Tensor:
    """(steps, 4): what each knot adds to each step of the cubic spline through them."""
    knots = np.linspace(0, max(steps - 1, 1), _KNOTS)
    return torch.from_numpy(CubicSpline(knots, np.eye(_KNOTS))(np.arange(steps)))


def _mask(window: Window, strength: float | Tensor, uniform: Tensor) -> Window:
    """A stretch of the context, a share ``strength`` of it, at the context's mean: time masking (Park et al., 2019).

    ``uniform`` (B, 1, 1) says where the stretch begins.
    """
    context = window.context.target
    length = context.shape[-2]
    begin = uniform * ((1 - strength) * length + 1) - 1  # as often at either end as amid
    step = torch.arange(length, device=context.device).unsqueeze(-1)  # (L, 1)
    hidden = (step >= begin) & (step < begin + strength * length)
    return _changed(window, torch.where(hidden, context.mean(-2, keepdim=True), context), window.target)


def _mixup(window: Window, strength: float | Tensor, uniform: Tensor) -> Window:
    """Each window mixed with another of the batch, covariates and target too: mixup (Zhang et al., 2018).

    ``uniform`` is (2, B): its first row orders the partners, its second times ``strength`` is the partner's weight
    (where the paper draws from a beta distribution). A target value counts where both are observed.
    """
    partner, weight = uniform[0].argsort(), strength * uniform[1]

    def mixed(values: Tensor) -> Tensor:
        share = weight.reshape(-1, *(1,) * (values.dim() - 1))
        return values + share * (values[partner] - values)

    context = window.context
    context = context._replace(
        target=mixed(context.target),
        past=mixed(context.past),
        known=mixed(context.known),
        static=mixed(context.static),
    )
    observed = window.observed * window.observed[partner]
    return window._replace(context=context, target=mixed(window.target), observed=observed)


AUGMENTATIONS: Final[dict[str, Augmentation]] = {
    "jitter": Augmentation(lambda window, generator: _normal(window, generator, *window.context.target.shape), _jitter),
    "scale": Augmentation(lambda window, generator: _normal(window, generator, len(window.target), 1, 1), _scale),
    "warp": Augmentation(lambda window, generator: _normal(window, generator, len(window.target), _KNOTS, 1), _warp),
    "mask": Augmentation(lambda window, generator: _uniform(window, generator, len(window.target), 1, 1), _mask),
    "mixup": Augmentation(lambda window, generator: _uniform(window, generator, 2, len(window.target)), _mixup),
}
KINDS: Final = ("none", *AUGMENTATIONS)
