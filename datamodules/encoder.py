"""Encoder: covariates as numbers that a network can use, learnt from training rows."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from datamodules.panel import Panel
from datamodules.split import Part


class Encoded(NamedTuple):
    """Covariates without NaN, ready for a network."""

    past: np.ndarray  # (R, P)
    known: np.ndarray  # (R, K)
    static: np.ndarray  # (N, S)
    embedded: tuple[tuple[str, int, int], ...]  # (role, column, number of codes) of columns that hold codes to embed
    unseen: dict[str, int]  # column -> cells whose category was not among the training rows


@dataclass(frozen=True, eq=False)
class Encoder:
    """What the training rows say about the covariates."""

    widths: tuple[int, int, int] = (0, 0, 0)

    @classmethod
    def fit(cls, panel: Panel, part: Part, *, encode: str, scaling: str, missing: str) -> Self:
        """The encoder for the covariates of ``panel`` by the rows of a part."""
        return cls((panel.past.shape[1], panel.known.shape[1], panel.static.shape[1]))

    def apply(self, panel: Panel) -> Encoded:
        """The covariates of any panel with the same columns."""
        return Encoded(np.nan_to_num(panel.past), np.nan_to_num(panel.known), np.nan_to_num(panel.static), (), {})

    def plain(self) -> dict[str, Any]:
        """The encoder in plain values, for a checkpoint."""
        return {"widths": list(self.widths)}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The encoder of ``plain()``."""
        return cls(tuple(plain["widths"]))
