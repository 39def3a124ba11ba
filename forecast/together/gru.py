"""Gated recurrent units (Cho et al., 2014) of many arms, as torch writes them. Shapes: ``forecast.together.layer``.

r = s(seen_r + W_r h + b_r), z = s(seen_z + W_z h + b_z), n = tanh(seen_n + r (W_n h + b_n)), h' = n + z (h - n).
"""

import torch
from torch import Tensor

from forecast.together.steps import Arriving, blank, gradients

_sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
_tanh_backward = torch.ops.aten.tanh_backward.grad_input


def forward(seen: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
    """The states (A, T + 1, B, H), the first zero; r, z, n (A, T, B, 3 H) in the place of ``seen``; W_n h + b_n."""
    hidden = weight.shape[-1]
    states, across = blank(seen, hidden), weight.mT.contiguous()
    inner = torch.empty_like(states[:, 1:])
    seen[..., : 2 * hidden] += bias[:, None, None, : 2 * hidden]
    bias = bias[:, None, 2 * hidden :]
    for step in range(seen.shape[1]):
        state, gates, candidate = states[:, step], seen[:, step, :, : 2 * hidden], seen[:, step, :, 2 * hidden :]
        torch.baddbmm(gates, state, across[..., : 2 * hidden], out=gates).sigmoid_()
        recurrent = torch.baddbmm(bias, state, across[..., 2 * hidden :], out=inner[:, step])
        candidate.addcmul_(gates[..., :hidden], recurrent).tanh_()
        torch.lerp(candidate, state, gates[..., hidden:], out=states[:, step + 1])
    return states, seen, inner


def backward(
    arriving: Arriving, weight: Tensor, states: Tensor, gates: Tensor, inner: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of ``seen``, ``weight`` and ``bias``."""
    arms, steps, batch, hidden = inner.shape
    grads = inner.new_empty(arms, steps, batch, 4 * hidden)  # of W_n h + b_n, r, z, seen_n
    rolled = weight.roll(hidden, 1)
    moving, passed = arriving.last(), torch.empty_like(inner[:, 0])
    for step in reversed(range(steps)):
        arriving.add(step, moving)
        reset, update, candidate = gates[:, step].split(hidden, -1)
        of_inner, of_reset, of_update, of_candidate = grads[:, step].split(hidden, -1)
        torch.sub(states[:, step], candidate, out=of_update).mul_(moving)
        torch.mul(moving, update, out=passed)
        torch.sub(moving, passed, out=of_candidate)
        _tanh_backward(of_candidate, candidate, grad_input=of_candidate)
        torch.mul(of_candidate, reset, out=of_inner)
        torch.mul(of_candidate, inner[:, step], out=of_reset)
        both = grads[:, step, :, hidden : 3 * hidden]
        _sigmoid_backward(both, gates[:, step, :, : 2 * hidden], grad_input=both)
        torch.baddbmm(passed, grads[:, step, :, : 3 * hidden], rolled, out=moving)
    of_weight, of_bias = gradients(grads[..., : 3 * hidden], states[:, :-1])
    return grads[..., hidden:], of_weight.roll(-hidden, 1), of_bias.roll(-hidden, 1)
