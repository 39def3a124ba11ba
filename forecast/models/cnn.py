"""The convolutional network."""

from typing import ClassVar, Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional

from datamodules.errors import InputError, at_least
from datamodules.window import Context, Dims
from forecast.models.base import ForecastModule, make_activation, make_dropout
from forecast.search import Between, OneOf, Space
from forecast.stack import channels
from forecast.training import Training


class Strided(nn.Conv1d):
    """A convolution with its kernel size as stride, (B, T, C) -> (B, T / kernel_size, C'), as one matrix product."""

    def forward(self, hidden: Tensor) -> Tensor:
        """The product of the weights with each patch."""
        patches = hidden.unflatten(1, (-1, self.weight.shape[-1])).flatten(2)
        return functional.linear(patches, self.weight.transpose(1, 2).flatten(1), self.bias)


class CNN(ForecastModule):
    """Dilated causal convolutions with residual connections, read at the last step of the context.

    Layer i has dilation ``kernel_size ** i`` (van den Oord et al., 2016; Bai et al., 2018). Only the last step is read,
    so each layer computes just the steps that it depends on, every ``kernel_size``-th of the previous layer's: the
    numbers are those of the dilated network, the work is that of one layer.

    Args:
        dims: sizes of the data.
        hidden_size: channels a layer.
        kernel_size: steps that a convolution spans.
        layers: number of convolutions; 0 for as many as it takes to see the whole context.
        activation: of every layer.
        dropout: share of channels' values dropped while training.
        skip: whether the output also sees the context directly, as ``Linear`` does.
        training: the shared training options.
    """

    search: ClassVar[Space] = {
        "hidden_size": OneOf((16, 32, 64, 128)),
        "kernel_size": OneOf((2, 3, 4, 6, 8)),
        "dropout": Between(0.0, 0.4),
        "activation": OneOf(("relu", "gelu", "tanh")),
    }

    def __init__(
        self,
        dims: Dims,
        *,
        hidden_size: int = 64,
        kernel_size: int = 6,
        layers: int = 0,
        activation: str = "relu",
        dropout: float = 0.0,
        skip: bool = True,
        **training: Unpack[Training],
    ) -> None:
        dims = Dims.of(dims)
        at_least("hidden_size", hidden_size, 1)
        at_least("kernel_size", kernel_size, 2)
        at_least("layers", layers, 0)
        most = _depth(dims.context_length, kernel_size)
        if layers > most:
            raise InputError(
                f"layers is {layers}; {most} with kernel_size {kernel_size} already see the whole context of "
                f"{dims.context_length}. Use at most {most}, or 0 for just these."
            )
        super().__init__(dims, hidden_size + dims.context_length * channels(dims) * skip, **training)
        self.skip, self.kernel_size = skip, kernel_size
        depth = layers or most
        widths = [channels(dims)] + [hidden_size] * depth
        self.convolutions = nn.ModuleList(Strided(width, hidden_size, kernel_size) for width in widths[:-1])
        self.activation, self.dropout = make_activation(activation), make_dropout(dropout)
        self.initialise()

    @property
    def receptive_field(self) -> int:
        """Steps of the context that the convolutions see."""
        return self.kernel_size ** len(self.convolutions)

    def encode(self, context: Context) -> Tensor:
        """(B, hidden_size), and the context (B, L * C) beside it with ``skip``."""
        stacked = self.stack(context)
        hidden = stacked[:, -self.receptive_field :]
        hidden = functional.pad(hidden, (0, 0, self.receptive_field - hidden.shape[1], 0))
        for index, convolution in enumerate(self.convolutions):
            new = self.dropout(self.activation(convolution(hidden)))
            hidden = new + hidden[:, self.kernel_size - 1 :: self.kernel_size] if index else new
        last = hidden[:, -1]
        return torch.cat([last, stacked.flatten(1)], -1) if self.skip else last


def _depth(context_length: int, kernel_size: int) -> int:
    depth = 1
    while kernel_size**depth < context_length:
        depth += 1
    return depth
