"""Heads: from a network's features to forecasts. A head says how many numbers it needs per step, its loss, its answer.

A raw answer is (B, H, D, M) in scaled units. ``answer`` turns it into (B, H, D, Q), still scaled, on which ``loss`` is
taken; the middle of Q, at ``middle``, is the point forecast.
"""

from collections.abc import Callable, Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from datamodules.errors import one_of

Loss = Callable[[Tensor, Tensor], Tensor]
Inverse = Callable[[Tensor], Tensor]  # from scaled to original units


def _squared_log_error(forecast: Tensor, target: Tensor) -> Tensor:
    """(log(1 + forecast) - log(1 + target))², continued below 0 by the tangent at 0, so that it stays trainable."""
    return (_log1p(forecast) - _log1p(target)).square()


def _log1p(values: Tensor) -> Tensor:
    return torch.where(values > 0, values.clamp(min=0).log1p(), values)


LOSSES: Final[dict[str, Loss]] = {
    "mae": lambda forecast, target: (forecast - target).abs(),
    "mse": lambda forecast, target: (forecast - target).square(),
    "huber": lambda forecast, target: functional.huber_loss(forecast, target, reduction="none"),
    "msle": _squared_log_error,
}


class PointHead(nn.Module):
    """One number a step, trained on ``mae``, ``mse``, ``huber`` (in scaled units) or ``msle`` (in original units)."""

    size: Final = 1
    middle: Final = 0
    levels: tuple[float, ...] = ()

    def __init__(self, loss: str = "mae") -> None:
        super().__init__()
        one_of("loss", loss, LOSSES)
        self.kind = loss

    def loss(self, answer: Tensor, target: Tensor, original: Inverse) -> Tensor:
        """The loss of each value, (B, H, D).

        Args:
            answer: (B, H, D, 1) scaled.
            target: (B, H, D) scaled.
            original: from scaled to original units.
        """
        forecast = answer[..., 0]
        if self.kind == "msle":
            forecast, target = original(forecast), original(target)
        return LOSSES[self.kind](forecast, target)

    def answer(self, raw: Tensor) -> Tensor:
        """(B, H, D, 1): the number itself."""
        return raw


def _positive(values: Tensor) -> Tensor:
    """Squareplus (Barron, 2021): smooth and above 0 like softplus, at a fraction of its cost on a CPU."""
    return (values + (values.square() + 4).sqrt()) / 2


class QuantileHead(nn.Module):
    """One number a quantile level, trained on the pinball loss; levels cannot cross.

    The median is free; each further level adds a positive amount to the one before it, going outwards. 0.5 always
    belongs to the levels: it is the point forecast.
    """

    levels: tuple[float, ...]

    def __init__(self, levels: Sequence[float] = (0.1, 0.9)) -> None:
        super().__init__()
        self.levels = tuple(sorted({*levels, 0.5}))
        self.size = len(self.levels)
        self.middle = self.levels.index(0.5)
        self.register_buffer("level", torch.tensor(self.levels), persistent=False)

    def loss(self, answer: Tensor, target: Tensor, original: Inverse) -> Tensor:
        """Twice the mean pinball loss over levels, (B, H, D); with the median alone it is the absolute error.

        Koenker and Bassett (1978).
        """
        error = target.unsqueeze(-1) - answer
        return 2 * torch.maximum(self.level * error, (self.level - 1) * error).mean(-1)  # type: ignore[operator]

    def answer(self, raw: Tensor) -> Tensor:
        """(B, H, D, Q) ascending in Q."""
        if self.size == 1:
            return raw
        median = raw[..., self.middle : self.middle + 1]
        below = _positive(raw[..., : self.middle]).flip(-1).cumsum(-1).flip(-1)
        above = _positive(raw[..., self.middle + 1 :]).cumsum(-1)
        return torch.cat([median - below, median, median + above], -1)


HEADS: Final = ("quantile", "point")


def make_head(kind: str, *, loss: str, levels: Sequence[float]) -> PointHead | QuantileHead:
    """The head of a name: ``point`` uses ``loss``, ``quantile`` uses ``levels``."""
    one_of("head", kind, HEADS)
    return PointHead(loss) if kind == "point" else QuantileHead(levels)
