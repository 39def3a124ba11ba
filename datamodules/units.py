"""TargetUnits: the units that targets are stored in, learnt from training rows, and the way back."""

from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from datamodules.panel import Panel
from datamodules.scaling import fit_rows
from datamodules.split import Part


class RowUnits(NamedTuple):
    """Units of each series of a panel in double precision: ``stored = (original - loc) / scale``, both (N, D)."""

    loc: np.ndarray
    scale: np.ndarray

    @property
    def identity(self) -> bool:
        """Whether stored values are the original ones."""
        return bool((self.loc == 0).all() and (self.scale == 1).all())

    def apply(self, values: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The stored values of ``values`` (R, D), whose rows belong to ``series`` (R)."""
        return values if self.identity else (values - self.loc[series]) / self.scale[series]

    def invert(self, values: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The original values of stored ones (C, H, D), forecast for ``series`` (C)."""
        if self.identity:
            return values
        return values * self.scale[series][:, None] + self.loc[series][:, None]


@dataclass(frozen=True, eq=False)
class TargetUnits:
    """Units of each series by its name, and those of a series that was not there."""

    ids: np.ndarray  # (N) sorted
    loc: np.ndarray  # (N, D)
    scale: np.ndarray  # (N, D)
    other: np.ndarray  # (2, D) loc and scale of any other series

    @classmethod
    def fit(cls, panel: Panel, part: Part, *, transform: str, scaling: str, per: str) -> Self:
        """The units by the rows of a part, per ``series`` or for the whole ``panel``."""
        loc, scale = fit_rows(scaling, panel, part, per=per)
        other = np.stack([each[0] for each in fit_rows(scaling, panel, part, per="panel")])
        order = np.argsort(panel.ids.astype(str), kind="stable")
        return cls(panel.ids[order].astype(str), loc[order], scale[order], other)

    def of_panel(self, panel: Panel) -> RowUnits:
        """The units of each series of any panel."""
        names = panel.ids.astype(str)
        places = np.minimum(np.searchsorted(self.ids, names), len(self.ids) - 1)
        known = (self.ids[places] == names)[:, None]
        return RowUnits(
            np.where(known, self.loc[places], self.other[0]), np.where(known, self.scale[places], self.other[1])
        )

    def plain(self) -> dict[str, Any]:
        """The units in plain values, for a checkpoint; per series only where they differ."""
        return {name: getattr(self, name).tolist() for name in ("ids", "loc", "scale", "other")}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The units of ``plain()``."""
        return cls(np.array(plain["ids"], dtype=str), *(np.array(plain[name]) for name in ("loc", "scale", "other")))
