"""The loss of a quantile head in one piece: what ``QuantileHead`` computes, with a backward of its own.

Its many small steps take more time than the products of a small network, most of all backwards.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from forecast.heads import QuantileHead


def pinball(head: QuantileHead, raw: Tensor, target: Tensor) -> Tensor:
    """``head.loss(head.answer(raw), target)``: (B, H, D), from raw (B, H, D, M) and the scaled target (B, H, D)."""
    each: Tensor = _Pinball.apply(raw, target, head.level, head.middle)
    return each


class _Pinball(torch.autograd.Function):
    """Level by level, (M, B, H, D), so that each step runs over memory in order.

    With a = answer, s = raw turned positive and w = level where target > a, else level - 1, the loss is the mean over
    levels of 2 w (target - a), where a is the median, less the s of the levels from there down, or plus those up.
    The weights are rounded as autograd rounds them, so that what cancels out alone cancels out here.
    """

    @staticmethod
    def forward(ctx: Any, raw: Tensor, target: Tensor, levels: Tensor, middle: int) -> Tensor:
        """The loss of each value."""
        planes = raw.movedim(-1, 0).clone(memory_format=torch.contiguous_format)
        root = planes.square().add_(4).sqrt_()
        step = torch.add(planes, root).mul_(0.5)
        error = torch.empty_like(planes)
        torch.sub(target, planes[middle], out=error[middle])
        for level in reversed(range(middle)):
            torch.add(error[level + 1], step[level], out=error[level])
        for level in range(middle + 1, len(planes)):
            torch.sub(error[level - 1], step[level], out=error[level])
        weight = error.sign().sub_(1).mul_(0.5).add_(levels.view(-1, *(1,) * target.dim()))
        each = error.mul_(weight).sum(0).div_(len(planes)).mul_(2)
        ctx.middle = middle
        slope = planes.div_(root).add_(1).mul_(0.5)  # of turning positive
        ctx.save_for_backward(weight, slope)
        return each

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        """Of raw, (B, H, D, M)."""
        weight, slope = ctx.saved_tensors
        middle, count = ctx.middle, len(weight)
        given = weight * (grad * -2).div_(count)  # of the answer
        for level in range(1, middle):
            given[level] += given[level - 1]
        for level in reversed(range(middle + 1, count - 1)):
            given[level] += given[level + 1]
        if middle + 1 < count:
            given[middle] += given[middle + 1]
        if middle:
            given[middle] += given[middle - 1]
        whole = grad.new_empty(*grad.shape, count)
        planes = whole.movedim(-1, 0)
        torch.mul(given[:middle].neg_(), slope[:middle], out=planes[:middle])
        planes[middle] = given[middle]
        torch.mul(given[middle + 1 :], slope[middle + 1 :], out=planes[middle + 1 :])
        return whole, None, None, None
