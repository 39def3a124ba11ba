"""What the kernels of recurrent layers share: rows that hold what a step reads, products with them, and their way back.

Shape letters: A arms, T steps, B windows, C inputs, H hidden units, G all gates of a cell (H, 3 H or 4 H).
"""

from typing import NamedTuple

import torch
from torch import Tensor


class Rows(NamedTuple):
    """What each step reads, x, 1 and h side by side, so that one product makes a gate and one sums its gradients.

    Attributes:
        all: (T + 1, A, B, C + 1 + H); time is first, so that a step is one piece of memory and arms follow windows.
        hidden: H.
    """

    all: Tensor
    hidden: int

    @classmethod
    def of(cls, x: Tensor, hidden: int) -> "Rows":
        """Rows with the input (A, B, T, C) and the first state, zero; other states are to be filled."""
        arms, batch, steps, inputs = x.shape
        rows = x.new_empty(steps + 1, arms, batch, inputs + 1 + hidden)
        rows[:-1, ..., :inputs] = x.permute(2, 0, 1, 3)
        rows[:-1, ..., inputs] = 1
        rows[0, ..., inputs + 1 :] = 0
        return cls(rows, hidden)

    @property
    def states(self) -> Tensor:
        """(T + 1, A, B, H), the first before any step."""
        return self.all[..., -self.hidden :]

    @property
    def steps(self) -> int:
        """T."""
        return len(self.all) - 1

    def blank(self, width: int, *, steps: int = 0) -> Tensor:
        """A tensor (T + steps, A, B, width * H) to be filled."""
        _, arms, batch, _ = self.all.shape
        return self.all.new_empty(self.steps + steps, arms, batch, width * self.hidden)


class Weights(NamedTuple):
    """Those of a layer as torch has them, or their gradients.

    Attributes:
        w_ih: (A, G, C)
        w_hh: (A, G, H)
        b_ih: (A, G)
        b_hh: (A, G)
    """

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor
    b_hh: Tensor

    def across(self, *gates: slice) -> Tensor:
        """(A, C + 1 + H, n), which makes these gates of x, 1 and h, in this order, by one product."""
        parts = [[tensor[:, gate] for gate in gates] for tensor in self]
        w_ih, w_hh, b_ih, b_hh = (part[0] if len(part) == 1 else torch.cat(part, 1) for part in parts)
        return torch.cat([w_ih.mT, (b_ih + b_hh).unsqueeze(1), w_hh.mT], 1)

    def zeros(self) -> Tensor:
        """(A, G, C + 1 + H), to sum their gradients in, side by side."""
        arms, gates, inputs = self.w_ih.shape
        return self.w_ih.new_zeros(arms, gates, inputs + 1 + self.w_hh.shape[-1])

    @classmethod
    def parted(cls, summed: Tensor, hidden: int) -> "Weights":
        """The gradients in such a sum."""
        bias = summed[..., -hidden - 1]
        return cls(summed[..., : -hidden - 1], summed[..., -hidden:], bias, bias.clone())


class Arriving(NamedTuple):
    """Gradients of what a layer gave, each None where nothing of it was used.

    Attributes:
        output: (T, A, B, H), of the states of all steps.
        state: (A, B, H), of the last state.
        cell: (A, B, H), of the last cell.
        like: (A, B, H), a tensor of the shape and kind of a state.
    """

    output: Tensor | None
    state: Tensor | None
    cell: Tensor | None
    like: Tensor

    def begin(self, last: Tensor | None) -> Tensor:
        """A tensor to write on that begins with the gradient at the end."""
        begun = torch.empty_like(self.like, memory_format=torch.contiguous_format)
        return begun.zero_() if last is None else begun.copy_(last)

    def add(self, step: int, moving: Tensor) -> None:
        """Add, in place, what arrives at this step from above to the gradient of a state."""
        if self.output is not None:
            moving += self.output[step]
