"""The multi-layer perceptron."""

from typing import ClassVar, Unpack

import torch
from torch import Tensor, nn

from datamodules.errors import at_least
from datamodules.window import Context, Dims
from forecast.models.base import ForecastModule, make_activation, make_dropout
from forecast.search import Between, OneOf, Space
from forecast.stack import channels
from forecast.training import Training


class MLP(ForecastModule):
    """Fully connected layers over the flattened context, each after the first with a residual connection.

    Args:
        dims: sizes of the data.
        hidden_size: units a layer.
        layers: number of hidden layers.
        activation: of every hidden layer.
        dropout: share of hidden units dropped while training.
        skip: whether the output also sees the context directly, as ``Linear`` does.
        training: the shared training options.
    """

    search: ClassVar[Space] = {
        "hidden_size": OneOf((64, 128, 256, 512, 1024)),
        "layers": Between(1, 4, whole=True),
        "dropout": Between(0.0, 0.4),
        "activation": OneOf(("relu", "gelu", "tanh")),
    }

    def __init__(
        self,
        dims: Dims,
        *,
        hidden_size: int = 512,
        layers: int = 3,
        activation: str = "relu",
        dropout: float = 0.0,
        skip: bool = True,
        **training: Unpack[Training],
    ) -> None:
        dims = Dims.of(dims)
        at_least("hidden_size", hidden_size, 1)
        at_least("layers", layers, 1)
        flat = dims.context_length * channels(dims)
        super().__init__(dims, hidden_size + flat * skip, **training)
        self.skip = skip
        self.first = _layer(flat, hidden_size, activation, dropout)
        self.rest = nn.ModuleList(_layer(hidden_size, hidden_size, activation, dropout) for _ in range(layers - 1))
        self.initialise()

    def encode(self, context: Context) -> Tensor:
        """(B, hidden_size), and the context (B, L * C) beside it with ``skip``."""
        flat = self.stack(context).flatten(1)
        hidden = self.first(flat)
        for layer in self.rest:
            hidden = hidden + layer(hidden)
        return torch.cat([hidden, flat], -1) if self.skip else hidden


def _layer(width: int, hidden_size: int, kind: str, dropout: float) -> nn.Sequential:
    layers = [nn.Linear(width, hidden_size), make_activation(kind), make_dropout(dropout)]
    return nn.Sequential(*layers) if dropout else nn.Sequential(*layers[:-1])
