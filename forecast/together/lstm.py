"""Long short-term memory (Hochreiter and Schmidhuber, 1997) of many arms. Shapes: ``forecast.together.layer``.

i, f, g, o = seen + W h + b; c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c').
"""

import torch
from torch import Tensor

from forecast.together.steps import Arriving, blank, gradients

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


def forward(seen: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
    """States and cells (A, T + 1, B, H), the first zero; the gates in the place of ``seen``; tanh of the cells."""
    hidden = weight.shape[-1]
    states, cells, across = blank(seen, hidden), blank(seen, hidden), weight.mT.contiguous()
    bent = torch.empty_like(cells[:, 1:])
    seen += bias[:, None, None]
    for step in range(seen.shape[1]):
        torch.baddbmm(seen[:, step], states[:, step], across, out=seen[:, step])
        enter, keep, candidate, leave = seen[:, step].split(hidden, -1)
        seen[:, step, :, : 2 * hidden].sigmoid_()
        candidate.tanh_()
        leave.sigmoid_()
        cell = torch.mul(keep, cells[:, step], out=cells[:, step + 1]).addcmul_(enter, candidate)
        torch.mul(leave, torch.tanh(cell, out=bent[:, step]), out=states[:, step + 1])
    return states, cells, seen, bent


def backward(
    arriving: Arriving, weight: Tensor, states: Tensor, cells: Tensor, gates: Tensor, bent: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of ``seen``, ``weight`` and ``bias``."""
    hidden = weight.shape[-1]
    grads = torch.empty_like(gates)
    moving, of_cell, through = arriving.last(), arriving.cell(), torch.empty_like(bent[:, 0])
    for step in reversed(range(bent.shape[1])):
        arriving.add(step, moving)
        enter, keep, candidate, leave = gates[:, step].split(hidden, -1)
        of_enter, of_keep, of_candidate, of_leave = grads[:, step].split(hidden, -1)
        _sigmoid_backward(torch.mul(moving, bent[:, step], out=of_leave), leave, grad_input=of_leave)
        of_cell += _tanh_backward(torch.mul(moving, leave, out=through), bent[:, step], grad_input=through)
        torch.mul(of_cell, candidate, out=of_enter)
        torch.mul(of_cell, cells[:, step], out=of_keep)
        both = grads[:, step, :, : 2 * hidden]
        _sigmoid_backward(both, gates[:, step, :, : 2 * hidden], grad_input=both)
        _tanh_backward(torch.mul(of_cell, enter, out=of_candidate), candidate, grad_input=of_candidate)
        of_cell *= keep
        torch.bmm(grads[:, step], weight, out=moving)
    return grads, *gradients(grads, states[:, :-1])
