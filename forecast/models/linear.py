"""The single-layer perceptron."""

from typing import Unpack

from torch import Tensor

from datamodules.window import Context, Dims
from forecast.models.base import ForecastModule, make_dropout
from forecast.stack import channels
from forecast.training import Training


class Linear(ForecastModule):
    """One linear layer from the context to the horizon: the single-layer perceptron.

    Args:
        dims: sizes of the data.
        dropout: share of the context dropped while training.
        training: the shared training options.
    """

    def __init__(self, dims: Dims, *, dropout: float = 0.0, **training: Unpack[Training]) -> None:
        dims = Dims.of(dims)
        super().__init__(dims, dims.context_length * channels(dims), **training)
        self.dropout = make_dropout(dropout)
        self.initialise()

    def encode(self, context: Context) -> Tensor:
        """The context itself, flattened: (B, L * C)."""
        return self.dropout(self.stack(context).flatten(1))
