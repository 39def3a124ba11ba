"""One recurrent layer of many arms, with a backward of its own and a rule for vmap, which torch's kernels lack.

Shape letters: A arms, T steps, B windows, C inputs, H hidden units, G all gates of a cell (H, 3 H or 4 H).
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from forecast.together import elman, gru, lstm
from forecast.together.steps import Arriving, gradients


class Kernel(NamedTuple):
    """The steps of one kind of cell.

    Attributes:
        forward: ``seen`` (A, T, B, G), products with the input, its bias in; may be written on; ``weight`` (A, G, H)
            and ``bias`` (A, G) of the recurrence -> the states (A, T + 1, B, H), and whatever backward needs.
        backward: what arrives, ``weight`` and all that forward gave -> the gradients of ``seen``, ``weight``, ``bias``.
    """

    forward: Callable[[Tensor, Tensor, Tensor], tuple[Tensor, ...]]
    backward: Callable[..., tuple[Tensor, Tensor, Tensor]]


KERNELS: Final = {  # by nn.RNNBase.mode
    "RNN_TANH": Kernel(partial(elman.forward, relu=False), partial(elman.backward, relu=False)),
    "RNN_RELU": Kernel(partial(elman.forward, relu=True), partial(elman.backward, relu=True)),
    "GRU": Kernel(gru.forward, gru.backward),
    "LSTM": Kernel(lstm.forward, lstm.backward),
}


class Layer(torch.autograd.Function):
    """``Layer.apply(mode, x, w_ih, w_hh, b_ih, b_hh)``: (output, last state, last cell, and what backward needs).

    ``x`` (A, B, T, C), weights (A, G, C) and (A, G, H), biases (A, G), the rows of gates in torch's order. The output
    is (A, B, T, H); the last state and cell are (A, B, H), the cell of width 0 where there is none.
    Under vmap, arms of arms are arms. Differentiable once.
    """

    @staticmethod
    def forward(mode: str, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> tuple[Tensor, ...]:
        """Run all steps."""
        inputs = x.transpose(1, 2)
        seen = torch.baddbmm(b_ih[:, None], inputs.flatten(1, 2), w_ih.mT).unflatten(1, inputs.shape[1:3])
        states, *kept = KERNELS[mode].forward(seen, w_hh, b_hh)
        cell = kept[0][:, -1] if mode == "LSTM" else states.new_empty(*states[:, -1].shape[:2], 0)
        return states[:, 1:].transpose(1, 2), states[:, -1], cell, states, *kept

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keep what backward needs."""
        ctx.mode, x, w_ih, w_hh, *_ = inputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[3:])
        ctx.save_for_backward(x, w_ih, w_hh, *output[3:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Run all steps back."""
        x, w_ih, w_hh, states, *kept = ctx.saved_tensors
        output, state, cell, *_ = grads
        arriving = Arriving(None if output is None else output.transpose(1, 2), state, cell, states[:, 0])
        seen, of_hh, of_bias = KERNELS[ctx.mode].backward(arriving, w_hh, states, *kept)
        of_ih, of_other = gradients(seen, x.transpose(1, 2))
        of_x = None
        if ctx.needs_input_grad[1]:
            of_x = torch.bmm(seen.flatten(1, 2), w_ih).unflatten(1, seen.shape[1:3]).transpose(1, 2)
        return None, of_x, of_ih, of_hh, of_other, of_bias

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], mode: str, *given: Tensor
    ) -> tuple[tuple[Tensor, ...], tuple[int, ...]]:
        """Arms of arms, run as so many arms."""
        size: int = info.batch_size
        whole = (
            (tensor.expand(size, *tensor.shape) if place is None else tensor.movedim(place, 0)).flatten(0, 1)
            for tensor, place in zip(given, in_dims[1:], strict=True)
        )
        results = Layer.apply(mode, *whole)
        return tuple(result.unflatten(0, (size, -1)) for result in results), (0,) * len(results)
