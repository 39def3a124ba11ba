"""One recurrent layer of many arms, with a backward of its own and a rule for vmap, which torch's kernels lack."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from forecast.together import elman, gru, lstm
from forecast.together.steps import Arriving, Rows, Weights


class Kernel(NamedTuple):
    """The steps of one kind of cell.

    Attributes:
        forward: fills the states of rows by weights; gives what backward needs besides, an LSTM's cells first.
        backward: what arrives, rows, weights, where to write the gradients of the input (None for not at all), and what
            forward gave -> the gradients of the weights.
    """

    forward: Callable[[Rows, Weights], tuple[Tensor, ...]]
    backward: Callable[..., Weights]


KERNELS: Final = {  # by nn.RNNBase.mode
    "RNN_TANH": Kernel(partial(elman.forward, relu=False), partial(elman.backward, relu=False)),
    "RNN_RELU": Kernel(partial(elman.forward, relu=True), partial(elman.backward, relu=True)),
    "GRU": Kernel(gru.forward, gru.backward),
    "LSTM": Kernel(lstm.forward, lstm.backward),
}


class Layer(torch.autograd.Function):
    """``Layer.apply(mode, x, w_ih, w_hh, b_ih, b_hh)``: output, last state, last cell, and what backward needs.

    ``x`` (A, B, T, C), weights (A, G, C) and (A, G, H), biases (A, G), the rows of gates in torch's order. The output
    is (A, B, T, H); the last state and cell are (A, B, H), the cell of width 0 where there is none.
    Under vmap, arms of arms are arms. Differentiable once.
    """

    @staticmethod
    def forward(mode: str, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> tuple[Tensor, ...]:
        """Run all steps."""
        rows = Rows.of(x, w_hh.shape[-1])
        kept = KERNELS[mode].forward(rows, Weights(w_ih, w_hh, b_ih, b_hh))
        states = rows.states
        cell = kept[0][-1] if mode == "LSTM" else states.new_empty(*states.shape[1:3], 0)
        return states[1:].permute(1, 2, 0, 3), states[-1], cell, rows.all, *kept

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keep what backward needs."""
        ctx.mode, _, *weights = inputs
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*output[3:])
        ctx.save_for_backward(*weights, *output[3:])

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        """Run all steps back."""
        weights, (seen, *kept) = Weights(*ctx.saved_tensors[:4]), ctx.saved_tensors[4:]
        output, state, cell, *_ = grads
        rows = Rows(seen, weights.w_hh.shape[-1])
        arriving = Arriving(None if output is None else output.permute(2, 0, 1, 3), state, cell, rows.states[0])
        inputs = weights.w_ih.shape[-1]
        of_x = seen.new_empty(rows.steps, *seen.shape[1:3], inputs) if ctx.needs_input_grad[1] else None
        of_weights = KERNELS[ctx.mode].backward(arriving, rows, weights, of_x, *kept)
        return None, None if of_x is None else of_x.permute(1, 2, 0, 3), *of_weights

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
        output, state, cell, *_ = (result.unflatten(0, (size, -1)) for result in Layer.apply(mode, *whole)[:3])
        return (output, state, cell), (0, 0, 0)
