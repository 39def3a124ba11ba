"""Elman's cells (1990) of many arms. Shapes: ``forecast.together.steps``.

h' = f(W [x, 1, h]), where f is tanh or relu.
"""

import torch
from torch import Tensor

from forecast.together.steps import Arriving, Rows, Weights

_tanh_backward = torch.ops.aten.tanh_backward.grad_input
_relu_backward = torch.ops.aten.threshold_backward.grad_input


def forward(rows: Rows, weights: Weights, *, relu: bool) -> tuple[Tensor, ...]:
    """Fill the states; nothing else is kept."""
    across, states = weights.across(slice(None)), rows.states
    bend = torch.relu_ if relu else torch.tanh_
    state = torch.empty_like(states[0], memory_format=torch.contiguous_format)
    for step in range(rows.steps):
        states[step + 1] = bend(torch.bmm(rows.all[step], across, out=state))
    return ()


def backward(arriving: Arriving, rows: Rows, weights: Weights, of_x: Tensor | None, *, relu: bool) -> Weights:
    """The gradients of the weights; those of the input (T, A, B, C) are written to ``of_x``."""
    states, moving, total = rows.states, arriving.begin(arriving.state), weights.zeros()
    grads = torch.empty_like(moving)
    for step in reversed(range(rows.steps)):
        arriving.add(step, moving)
        if relu:
            _relu_backward(moving, states[step + 1], 0, grad_input=grads)
        else:
            _tanh_backward(moving, states[step + 1], grad_input=grads)
        total.baddbmm_(grads.mT, rows.all[step])
        torch.bmm(grads, weights.w_hh, out=moving)
        if of_x is not None:
            torch.bmm(grads, weights.w_ih, out=of_x[step])
    return Weights.parted(total, rows.hidden)
