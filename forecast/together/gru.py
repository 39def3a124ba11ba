"""Gated recurrent units (Cho et al., 2014) of many arms, as torch writes them. Shapes: ``forecast.together.steps``.

r, z = s(W [x, 1, h]); m = W_m [1, h]; n = tanh(W_n [x, 1] + r m); h' = n + z (h - n).
"""

import torch
from torch import Tensor

from forecast.together.steps import Arriving, Rows, Weights

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


def forward(rows: Rows, weights: Weights) -> tuple[Tensor, ...]:
    """Fill the states; r and z (T, A, B, 2 H), m and n (T, A, B, H) are kept."""
    hidden, states = rows.hidden, rows.states
    across = weights.across(slice(2 * hidden))
    w_ih, w_hh, b_ih, b_hh = (each[:, 2 * hidden :] for each in weights)
    of_seen = torch.cat([w_ih.mT, b_ih.unsqueeze(1)], 1)  # of x and 1
    of_state = torch.cat([b_hh.unsqueeze(1), w_hh.mT], 1)  # of 1 and h
    seen, state = rows.all[..., :-hidden], rows.all[..., -hidden - 1 :]
    gates, inner, new = rows.blank(2), rows.blank(1), rows.blank(1)
    reset, update = gates.split(hidden, -1)
    for step in range(rows.steps):
        torch.bmm(rows.all[step], across, out=gates[step]).sigmoid_()
        torch.bmm(state[step], of_state, out=inner[step])
        torch.bmm(seen[step], of_seen, out=new[step]).addcmul_(reset[step], inner[step]).tanh_()
        torch.lerp(new[step], states[step], update[step], out=states[step + 1])
    return gates, inner, new


def backward(
    arriving: Arriving, rows: Rows, weights: Weights, of_x: Tensor | None, gates: Tensor, inner: Tensor, new: Tensor
) -> Weights:
    """The gradients of the weights; those of the input (T, A, B, C) are written to ``of_x``."""
    hidden, states = rows.hidden, rows.states
    seen, state = rows.all[..., :-hidden], rows.all[..., -hidden - 1 :]
    reset, update = gates.split(hidden, -1)
    moving = arriving.begin(arriving.state)
    passed = torch.empty_like(moving)
    grads = moving.new_empty(*moving.shape[:2], 4 * hidden)  # of m, r, z and W_n [x, 1]
    of_inner, of_reset, of_update, of_new = grads.split(hidden, -1)
    of_gates, by_state, by_seen = grads[..., hidden:-hidden], grads[..., :-hidden], grads[..., hidden:]
    rolled = weights.w_hh.roll(hidden, 1)  # rows of m, r, z
    of_seen, of_state = (states.new_zeros(*rolled.shape[:2], each.shape[-1]) for each in (seen, state))
    for step in reversed(range(rows.steps)):
        arriving.add(step, moving)
        torch.sub(states[step], new[step], out=of_update).mul_(moving)
        torch.mul(moving, update[step], out=passed)
        torch.sub(moving, passed, out=of_new)
        _tanh_backward(of_new, new[step], grad_input=of_new)
        torch.mul(of_new, reset[step], out=of_inner)
        torch.mul(of_new, inner[step], out=of_reset)
        _sigmoid_backward(of_gates, gates[step], grad_input=of_gates)
        of_state.baddbmm_(by_state.mT, state[step])
        of_seen.baddbmm_(by_seen.mT, seen[step])
        torch.baddbmm(passed, by_state, rolled, out=moving)
        if of_x is not None:
            torch.bmm(by_seen, weights.w_ih, out=of_x[step])
    of_state = of_state.roll(-hidden, 1)
    return Weights(of_seen[..., :-1], of_state[..., 1:], of_seen[..., -1], of_state[..., 0])
