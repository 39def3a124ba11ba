"""Elman's cells (1990) of many arms. Shapes: ``forecast.together.layer``.

h' = f(seen + W h + b), where f is tanh or relu.
"""

import torch
from torch import Tensor

from forecast.together.steps import Arriving, blank, gradients

_tanh_backward = torch.ops.aten.tanh_backward.grad_input
_relu_backward = torch.ops.aten.threshold_backward.grad_input


def forward(seen: Tensor, weight: Tensor, bias: Tensor, *, relu: bool) -> tuple[Tensor]:
    """The states (A, T + 1, B, H), the first of them zero."""
    states, across = blank(seen, seen.shape[-1]), weight.mT.contiguous()
    seen += bias[:, None, None]
    for step in range(seen.shape[1]):
        state = torch.baddbmm(seen[:, step], states[:, step], across, out=states[:, step + 1])
        (torch.relu_ if relu else torch.tanh_)(state)
    return (states,)


def backward(arriving: Arriving, weight: Tensor, states: Tensor, *, relu: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of ``seen``, ``weight`` and ``bias``."""
    grad = torch.empty_like(states[:, 1:])
    moving = arriving.last()
    for step in reversed(range(grad.shape[1])):
        arriving.add(step, moving)
        if relu:
            _relu_backward(moving, states[:, step + 1], 0, grad_input=grad[:, step])
        else:
            _tanh_backward(moving, states[:, step + 1], grad_input=grad[:, step])
        torch.bmm(grad[:, step], weight, out=moving)
    return grad, *gradients(grad, states[:, :-1])
