"""Affine (loc, scale) and its fits: by the context alone, or by training rows per series or for the panel."""

from typing import Final, NamedTuple

import numpy as np
import torch
from torch import Tensor

from datamodules.errors import one_of
from datamodules.panel import Panel
from datamodules.split import Part

SCALINGS: Final = ("mean_abs", "standard", "robust", "last", "none")
_EPS: Final = 1e-6  # a scale below this share of the level is rounding, not variation


class Affine(NamedTuple):
    """``scaled = (original - loc) / scale``; both broadcast against (B, T, D)."""

    loc: Tensor
    scale: Tensor

    def apply(self, values: Tensor) -> Tensor:
        """The values in scaled units."""
        return (values - self.loc) / self.scale

    def invert(self, values: Tensor) -> Tensor:
        """Scaled values (B, T, D) back in original units."""
        return values * self.scale + self.loc

    def then(self, outer: "Affine") -> "Affine":
        """From the units scaled by both, this one on top of ``outer``, to those that ``outer`` starts from."""
        return Affine(self.loc * outer.scale + outer.loc, self.scale * outer.scale)


Units = Affine  # from the stored values to original units


def fit_context(kind: str, target: Tensor, observed: Tensor) -> Affine:
    """The Affine of each window, from observed values of its context alone: loc and scale are (B, 1, D).

    Args:
        kind: ``mean_abs`` (mean; mean absolute deviation from it), ``standard`` (mean; standard deviation), ``robust``
            (median; interquartile range), ``last`` (last value; mean absolute deviation from it) or ``none``.
        target: (B, L, D), filled where not observed.
        observed: (B, L, D), 1 where observed, else 0.

    A context without variation gets its level, or 1, as scale.
    """
    if kind == "none":
        return Affine(torch.zeros_like(target[:, :1]), torch.ones_like(target[:, :1]))
    if kind == "robust":
        known = target.masked_fill(observed == 0, float("nan"))
        low, loc, high = torch.nanquantile(known, target.new_tensor([0.25, 0.5, 0.75]), 1, keepdim=True)
        return Affine(loc, _usable(high - low, loc))
    count = observed.sum(1, keepdim=True)
    loc = target[:, -1:] if kind == "last" else (target * observed).sum(1, keepdim=True) / count
    deviation = (target - loc) * observed
    if kind == "standard":
        scale = (deviation.square().sum(1, keepdim=True) / count).sqrt()
    else:
        scale = deviation.abs().sum(1, keepdim=True) / count
    return Affine(loc, _usable(scale, loc))


def _usable(scale: Tensor, loc: Tensor) -> Tensor:
    level = loc.abs()
    return torch.where(scale > _EPS * level, scale, level.clamp(min=1.0))


def fit_rows(kind: str, panel: Panel, part: Part, *, per: str) -> tuple[np.ndarray, np.ndarray]:
    """(loc, scale), each (N, D), from the observed target rows of a part: per ``series``, or for the ``panel`` at once.

    ``last`` has no meaning here. A series without rows in the part gets the statistics of the whole part.
    """
    one_of("scaling", kind, ("none", "mean_abs", "standard", "robust"))
    one_of("per", per, ("series", "panel"))
    n_targets = panel.target.shape[1]
    loc, scale = np.zeros((panel.n_series, n_targets)), np.ones((panel.n_series, n_targets))
    if kind == "none":
        return loc, scale
    rows = np.arange(len(panel.target))
    series = panel.series_of_row
    used = ((rows >= part.begin[series]) & (rows < part.stop[series]))[:, None] & panel.observed
    for target in range(n_targets):
        values, owner = panel.target[used[:, target], target], series[used[:, target]]
        loc[:, target], scale[:, target] = _statistics(kind, values)
        if per == "series":
            edges = np.searchsorted(owner, np.arange(panel.n_series + 1))
            for one in np.flatnonzero(np.diff(edges)):
                loc[one, target], scale[one, target] = _statistics(kind, values[edges[one] : edges[one + 1]])
    return loc, scale


def _statistics(kind: str, values: np.ndarray) -> tuple[float, float]:
    if len(values) == 0:
        return 0.0, 1.0
    if kind == "robust":
        low, loc, high = np.quantile(values, (0.25, 0.5, 0.75))
        scale = high - low
    else:
        loc = values.mean()
        scale = values.std() if kind == "standard" else np.abs(values - loc).mean()
    return float(loc), float(scale if scale > _EPS * abs(loc) else max(abs(loc), 1.0))
