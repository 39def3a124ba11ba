"""Units of the target (Affine, Log1p, BoxCox), and the fit of an Affine to each window by its context alone."""

from typing import Final, NamedTuple

import torch
from torch import Tensor

SCALINGS: Final = ("mean_abs", "standard", "robust", "minmax", "last", "revin", "none")
_EPS: Final = 1e-6  # a scale below this share of the stored level is rounding of float32, not variation
_LARGEST: Final = 80.0  # of an exponent: what lies beyond e^80 comes back as e^80, so that every answer has an inverse
_FURTHEST: Final = 40.0  # the same for Box-Cox, which counts from the geometric mean


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


class Log1p(NamedTuple):
    """``scaled = (log(1 + original) - loc) / scale``, of values above -1."""

    loc: Tensor
    scale: Tensor

    def apply(self, values: Tensor) -> Tensor:
        """The values in scaled units."""
        return (values.log1p() - self.loc) / self.scale

    def invert(self, values: Tensor) -> Tensor:
        """Scaled values (B, T, D) back in original units; a logarithm above 80 counts as 80."""
        return (values * self.scale + self.loc).clamp(max=_LARGEST).expm1()


class BoxCox(NamedTuple):
    """``scaled = (((original / exp(level)) ** power - 1) / power - loc) / scale``, of values above 0.

    Box and Cox (1964), counted from the geometric mean exp(level), so that no power loses digits.
    """

    loc: Tensor
    scale: Tensor
    power: Tensor  # never 0
    level: Tensor

    def apply(self, values: Tensor) -> Tensor:
        """The values in scaled units."""
        bent = ((values.log() - self.level) * self.power).expm1() / self.power
        return (bent - self.loc) / self.scale

    def invert(self, values: Tensor) -> Tensor:
        """Scaled values (B, T, D) back in original units.

        The argument of the power is kept above 0, and the answer within a factor e^40 of the geometric mean.
        """
        argument = ((values * self.scale + self.loc) * self.power).clamp(min=torch.finfo(values.dtype).eps - 1)
        return ((argument.log1p() / self.power).clamp(-_FURTHEST, _FURTHEST) + self.level).exp()


Units = Affine | Log1p | BoxCox  # from the stored values to original units
IDENTITY: Final = Affine(torch.zeros(()), torch.ones(()))


def at_end(units: Units) -> Units:
    """The units with a last axis of size 1, for values (B, T, D, Q)."""
    return type(units)(*(part.unsqueeze(-1) for part in units))


def fit_context(kind: str, target: Tensor, observed: Tensor, units: Units = IDENTITY) -> Affine:
    """The Affine of each window, from observed values of its context alone: loc and scale are (B, 1, D).

    Args:
        kind: ``mean_abs`` (mean; mean absolute deviation from it), ``standard`` and ``revin`` (mean; standard
            deviation), ``robust`` (median; interquartile range), ``minmax`` (least value; range), ``last`` (last value;
            mean absolute deviation from it) or ``none``.
        target: (B, L, D), filled where not observed.
        observed: (B, L, D), 1 where observed, else 0.
        units: those of the target: they say how far from the original 0 it lies.

    A context without variation gets its level as scale, or 1 when that is 0; one in which nothing is observed is scaled
    by what fills it.
    """
    if kind == "none":
        return Affine(torch.zeros_like(target[:, :1]), torch.ones_like(target[:, :1]))
    if observed.stride(-2):  # where all is observed, it is a single 1, expanded
        observed = observed.masked_fill(observed.sum(1, keepdim=True) == 0, 1.0)
    if kind == "robust":
        known = target.masked_fill(observed == 0, float("nan"))
        low, loc, high = torch.nanquantile(known, target.new_tensor([0.25, 0.5, 0.75]), 1, keepdim=True)
        return Affine(loc, _usable(high - low, loc, units))
    if kind == "minmax":
        loc = target.masked_fill(observed == 0, float("inf")).amin(1, keepdim=True)
        high = target.masked_fill(observed == 0, float("-inf")).amax(1, keepdim=True)
        return Affine(loc, _usable(high - loc, loc, units))
    count = observed.sum(1, keepdim=True)
    loc = target[:, -1:] if kind == "last" else (target * observed).sum(1, keepdim=True) / count
    deviation = (target - loc) * observed
    if kind in ("standard", "revin"):
        scale = (deviation.square().sum(1, keepdim=True) / count).sqrt()
    else:
        scale = deviation.abs().sum(1, keepdim=True) / count
    return Affine(loc, _usable(scale, loc, units))


def _usable(scale: Tensor, loc: Tensor, units: Units) -> Tensor:
    level = (loc + units.loc / units.scale).abs()
    return torch.where(scale > _EPS * loc.abs(), scale, level.masked_fill(level == 0, 1.0))
