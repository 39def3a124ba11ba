"""Long short-term memory (Hochreiter and Schmidhuber, 1997) of many arms. Shapes: ``forecast.together.steps``.

i, f, o = s(W [x, 1, h]); g = tanh(W_g [x, 1, h]); c' = f c + i g; h' = o tanh(c').
"""

import torch
from torch import Tensor

from forecast.together.steps import Arriving, Rows, Weights

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


def forward(rows: Rows, weights: Weights) -> tuple[Tensor, ...]:
    """Fill the states; cells (T + 1, A, B, H), i, f and o (T, A, B, 3 H) and g (T, A, B, H) are kept."""
    hidden, states = rows.hidden, rows.states
    of_gates = weights.across(slice(2 * hidden), slice(3 * hidden, None))
    of_new = weights.across(slice(2 * hidden, 3 * hidden))
    gates, new, cells = rows.blank(3), rows.blank(1), rows.blank(1, steps=1)
    cells[0] = 0
    bent = torch.empty_like(cells[0])
    enter, keep, leave = gates.split(hidden, -1)
    for step in range(rows.steps):
        torch.bmm(rows.all[step], of_gates, out=gates[step]).sigmoid_()
        torch.bmm(rows.all[step], of_new, out=new[step]).tanh_()
        torch.mul(keep[step], cells[step], out=cells[step + 1]).addcmul_(enter[step], new[step])
        torch.mul(leave[step], torch.tanh(cells[step + 1], out=bent), out=states[step + 1])
    return cells, gates, new


def backward(
    arriving: Arriving, rows: Rows, weights: Weights, of_x: Tensor | None, cells: Tensor, gates: Tensor, new: Tensor
) -> Weights:
    """The gradients of the weights; those of the input (T, A, B, C) are written to ``of_x``."""
    hidden = rows.hidden
    across, inward = _turned(weights.w_hh), None if of_x is None else _turned(weights.w_ih)
    enter, keep, leave = gates.split(hidden, -1)
    moving, of_cell = arriving.begin(arriving.state), arriving.begin(arriving.cell)
    bent, through = torch.empty_like(moving), torch.empty_like(moving)
    grads = moving.new_empty(*moving.shape[:2], 4 * hidden)
    of_enter, of_keep, of_leave, of_new = grads.split(hidden, -1)
    of_gates = grads[..., : 3 * hidden]
    total = weights.zeros()
    for step in reversed(range(rows.steps)):
        arriving.add(step, moving)
        torch.tanh(cells[step + 1], out=bent)
        torch.mul(moving, bent, out=of_leave)
        of_cell += _tanh_backward(torch.mul(moving, leave[step], out=through), bent, grad_input=through)
        torch.mul(of_cell, new[step], out=of_enter)
        torch.mul(of_cell, cells[step], out=of_keep)
        torch.mul(of_cell, enter[step], out=of_new)
        of_cell *= keep[step]
        _sigmoid_backward(of_gates, gates[step], grad_input=of_gates)
        _tanh_backward(of_new, new[step], grad_input=of_new)
        total.baddbmm_(grads.mT, rows.all[step])
        torch.bmm(grads, across, out=moving)
        if of_x is not None and inward is not None:
            torch.bmm(grads, inward, out=of_x[step])
    return Weights.parted(_turned(total), hidden)


def _turned(rows: Tensor) -> Tensor:
    """The gates' rows (A, 4 H, ...) with the last two of i, f, g, o, or of i, f, o, g, in each other's place."""
    return torch.cat([rows[:, : rows.shape[1] // 2], *reversed(rows[:, rows.shape[1] // 2 :].chunk(2, 1))], 1)
