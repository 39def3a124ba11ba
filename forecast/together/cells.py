"""Recurrent networks that can be stacked: the sums of torch's RNN, GRU and LSTM, also under ``torch.func.vmap``."""

import torch
from torch import Tensor, nn

from datamodules.errors import InputError
from forecast.together.layer import Layer


class Cells(nn.Module):
    """What a recurrent module of torch computes, from the very same parameters, and under vmap as well.

    Under ``torch.func.vmap`` over parameters, and over the input or not, all arms take each step in one batched
    product. Differentiable once.

    Args:
        module: of torch: RNN, GRU or LSTM, ``batch_first``, with biases and one direction, without projection and
            without dropout between layers.

    Raises:
        InputError: a module of another kind.
    """

    def __init__(self, module: nn.RNNBase) -> None:
        super().__init__()
        plain = module.batch_first and module.bias and not module.bidirectional and not module.proj_size
        if not plain or module.dropout:
            raise InputError(
                f"{module} cannot be stacked; expected batch_first, biases, one direction, no projection and no "
                "dropout between layers. Train it by itself."
            )
        self.mode, self.layers = module.mode, module.num_layers
        for name, parameter in module.named_parameters():
            self.register_parameter(name, parameter)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | tuple[Tensor, Tensor]]:
        """The output (B, T, H) of the last layer, and the last state (layers, B, H); of an LSTM also the last cell."""
        output, states, cells = x, [], []
        for layer in range(self.layers):
            names = (f"{kind}_l{layer}" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
            one = (tensor.unsqueeze(0) for tensor in (output, *(getattr(self, name) for name in names)))
            output, state, cell = (tensor.squeeze(0) for tensor in Layer.apply(self.mode, *one)[:3])
            states.append(state)
            cells.append(cell)
        state = torch.stack(states)
        return output, ((state, torch.stack(cells)) if self.mode == "LSTM" else state)
