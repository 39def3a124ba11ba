"""What the kernels of recurrent layers share: states to fill, gradients that arrive from above, sums over all steps."""

from typing import NamedTuple

import torch
from torch import Tensor


def blank(seen: Tensor, hidden: int) -> Tensor:
    """States (A, T + 1, B, H) to be filled; the first is zero."""
    arms, steps, batch, _ = seen.shape
    states = seen.new_empty(arms, steps + 1, batch, hidden)
    states[:, 0] = 0
    return states


class Arriving(NamedTuple):
    """Gradients of what a layer gave, each None where nothing of it was used.

    Attributes:
        output: (A, T, B, H), of the states of all steps.
        state: (A, B, H), of the last state.
        memory: (A, B, H), of the last cell.
        like: (A, B, H), a tensor of the shape and kind of a state.
    """

    output: Tensor | None
    state: Tensor | None
    memory: Tensor | None
    like: Tensor

    def last(self) -> Tensor:
        """The gradient of the last state, to be written on."""
        return torch.zeros_like(self.like) if self.state is None else self.state.clone()

    def cell(self) -> Tensor:
        """The gradient of the last cell, to be written on."""
        return torch.zeros_like(self.like) if self.memory is None else self.memory.clone()

    def add(self, step: int, moving: Tensor) -> None:
        """Add to the gradient of a state, in place, what arrives at this step from above."""
        if self.output is not None:
            moving += self.output[:, step]


def gradients(grads: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Of weights (A, G, C) and biases (A, G), where ``grads`` (A, T, B, G) are those of products with ``values``."""
    rows = grads.flatten(1, 2)
    return torch.bmm(rows.mT, values.flatten(1, 2)), rows.sum(1)
