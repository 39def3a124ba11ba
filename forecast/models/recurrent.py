"""Recurrent networks: Elman's, GRU and LSTM, read at the last step of the context."""

from collections.abc import Callable
from functools import partial
from typing import ClassVar, Unpack

import torch
from torch import Tensor, nn
from torch.nn import functional

from datamodules.errors import at_least, one_of
from datamodules.window import Context, Dims
from forecast.models.base import ForecastModule, make_activation, make_dropout
from forecast.search import Between, OneOf, Space
from forecast.stack import channels
from forecast.training import Training


class _Recurrent(ForecastModule):
    """What the three share: cells over the context, the last hidden state, the skip connection."""

    search: ClassVar[Space] = {
        "hidden_size": OneOf((32, 64, 128, 256)),
        "layers": Between(1, 2, whole=True),
        "dropout": Between(0.0, 0.4),
        "patch": OneOf((6, 12, 24)),
    }

    def __init__(
        self,
        dims: Dims,
        cell: Callable[..., nn.RNNBase],
        *,
        hidden_size: int,
        layers: int,
        activation: str,
        dropout: float,
        patch: int,
        skip: bool,
        **training: Unpack[Training],
    ) -> None:
        dims = Dims.of(dims)
        at_least("hidden_size", hidden_size, 1)
        at_least("layers", layers, 1)
        at_least("patch", patch, 1)
        super().__init__(dims, hidden_size + dims.context_length * channels(dims) * skip, **training)
        self.patch, self.skip = min(patch, max(dims.context_length // 4, 1)), skip
        between = dropout if layers > 1 else 0.0
        self.features = nn.Sequential(make_activation(activation), make_dropout(dropout))
        self.cells = cell(self.patch * channels(dims), hidden_size, layers, batch_first=True, dropout=between)
        self.initialise()

    def encode(self, context: Context) -> Tensor:
        """(B, hidden_size), and the context (B, L * C) beside it with ``skip``."""
        stacked = self.stack(context)
        missing = -stacked.shape[1] % self.patch
        patches = functional.pad(stacked, (0, 0, missing, 0)).unflatten(1, (-1, self.patch)).flatten(2)
        state = self.cells(patches)[1]  # of an LSTM with its cells
        last = self.features((state[0] if isinstance(state, tuple) else state)[-1])
        return torch.cat([last, stacked.flatten(1)], -1) if self.skip else last


class RNN(_Recurrent):
    """Elman's recurrent network (1990).

    Args:
        dims: sizes of the data.
        hidden_size: units a layer.
        layers: layers of cells.
        nonlinearity: of the cells: tanh or relu.
        activation: of the features before the output.
        dropout: between layers and before the output.
        patch: steps of the context that a cell reads at once, at most a quarter of them; 1 reads step by step.
        skip: whether the output also sees the context directly, as ``Linear`` does.
        training: the shared training options.
    """

    def __init__(
        self,
        dims: Dims,
        *,
        hidden_size: int = 128,
        layers: int = 1,
        nonlinearity: str = "tanh",
        activation: str = "identity",
        dropout: float = 0.0,
        patch: int = 12,
        skip: bool = True,
        **training: Unpack[Training],
    ) -> None:
        one_of("nonlinearity", nonlinearity, ("tanh", "relu"))
        super().__init__(
            dims,
            partial(nn.RNN, nonlinearity=nonlinearity),
            hidden_size=hidden_size,
            layers=layers,
            activation=activation,
            dropout=dropout,
            patch=patch,
            skip=skip,
            **training,
        )


class GRU(_Recurrent):
    """Gated recurrent units (Cho et al., 2014).

    Args:
        dims: sizes of the data.
        hidden_size: units a layer.
        layers: layers of cells.
        activation: of the features before the output.
        dropout: between layers and before the output.
        patch: steps of the context that a cell reads at once, at most a quarter of them; 1 reads step by step.
        skip: whether the output also sees the context directly, as ``Linear`` does.
        training: the shared training options.
    """

    def __init__(
        self,
        dims: Dims,
        *,
        hidden_size: int = 128,
        layers: int = 1,
        activation: str = "identity",
        dropout: float = 0.0,
        patch: int = 12,
        skip: bool = True,
        **training: Unpack[Training],
    ) -> None:
        super().__init__(
            dims,
            nn.GRU,
            hidden_size=hidden_size,
            layers=layers,
            activation=activation,
            dropout=dropout,
            patch=patch,
            skip=skip,
            **training,
        )


class LSTM(_Recurrent):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    Args:
        dims: sizes of the data.
        hidden_size: units a layer.
        layers: layers of cells.
        activation: of the features before the output.
        dropout: between layers and before the output.
        patch: steps of the context that a cell reads at once, at most a quarter of them; 1 reads step by step.
        skip: whether the output also sees the context directly, as ``Linear`` does.
        training: the shared training options.
    """

    def __init__(
        self,
        dims: Dims,
        *,
        hidden_size: int = 128,
        layers: int = 1,
        activation: str = "identity",
        dropout: float = 0.0,
        patch: int = 12,
        skip: bool = True,
        **training: Unpack[Training],
    ) -> None:
        super().__init__(
            dims,
            nn.LSTM,
            hidden_size=hidden_size,
            layers=layers,
            activation=activation,
            dropout=dropout,
            patch=patch,
            skip=skip,
            **training,
        )
