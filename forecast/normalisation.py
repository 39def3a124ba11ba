"""Normalisation: each context in units of its own, and the way back from a network's answer."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from datamodules.errors import InputError, at_least
from datamodules.scaling import Affine, fit_context
from datamodules.window import Context, Dims


class Normalisation(nn.Module):
    """Scales each window by its own context, as it is or as differences.

    With ``difference`` m the network sees y(t) - y(t-m), less their mean over the context; the first m steps are 0.
    Its answer for step h is what is to be added to the last value of the context in the same phase, and to as many
    mean differences as there are seasons between: each step has an exact inverse of its own, and quantiles stay
    quantiles. Lagged columns then count from the last value of the context.

    With ``scaling`` revin the scaled values get a gain and a shift for each target, learnt, and taken back from the
    answer (Kim et al., 2022); the gain is the exponential of its parameter, so that quantiles keep their order.

    Args:
        dims: sizes of the data.
        scaling: one of ``datamodules.scaling.SCALINGS``.
        difference: m, 0 for none; less than the context is long.
    """

    phase: Tensor  # (H) the step of the context that each step of the horizon is counted from
    seasons: Tensor  # (H, 1) how many differences lie between

    def __init__(self, dims: Dims, *, scaling: str, difference: int = 0) -> None:
        super().__init__()
        at_least("difference", difference, 0)
        if difference >= dims.context_length:
            raise InputError(
                f"difference is {difference}; it must be less than context_length, which is {dims.context_length}. "
                "Lengthen the context, or take a smaller one."
            )
        self.dims, self.kind, self.difference = dims, scaling, difference
        self.reversible = scaling == "revin"
        if self.reversible:
            self.gain = nn.Parameter(torch.zeros(dims.target))
            self.shift = nn.Parameter(torch.zeros(dims.target))
        if difference:
            step = torch.arange(dims.horizon)
            self.register_buffer("phase", dims.context_length - difference + step % difference, persistent=False)
            self.register_buffer("seasons", (step // difference + 1.0).unsqueeze(-1), persistent=False)

    def apply_to(self, context: Context) -> tuple[Context, Affine]:
        """The context as the network sees it, and the Affine that scales the target: loc is (B, 1, D) or (B, H, D)."""
        if self.difference:
            target, lagged, ahead = self._differences(context)
        else:
            lagged = ahead = fit_context(self.kind, context.target, context.observed, context.units)
            target = lagged.apply(context.target)
        if self.dims.lagged:
            context = context._replace(past=self._with_lagged(context.past, lagged))
        return context._replace(target=self._learnt(target)), ahead

    def undo(self, answer: Tensor) -> Tensor:
        """The answer (B, H, D, Q) without what was learnt for each target: in the units of the Affine."""
        if not self.reversible:
            return answer
        return (answer - self.shift.unsqueeze(-1)) * (-self.gain).exp().unsqueeze(-1)

    def _learnt(self, values: Tensor) -> Tensor:
        return values * self.gain.exp() + self.shift if self.reversible else values

    def _with_lagged(self, past: Tensor, affine: Affine) -> Tensor:
        other, lagged = past.tensor_split([self.dims.past - self.dims.lagged], -1)
        by_target = lagged.unflatten(-1, (-1, self.dims.target))  # (B, L, lags, D)
        scaled = Affine(affine.loc.unsqueeze(-2), affine.scale.unsqueeze(-2)).apply(by_target)
        return torch.cat([other, self._learnt(scaled).flatten(-2)], -1)

    def _differences(self, context: Context) -> tuple[Tensor, Affine, Affine]:
        """The differences (B, L, D), and the Affine of lagged columns and of the horizon."""
        season, target = self.difference, context.target
        change = target[:, season:] - target[:, :-season]
        seen = context.observed[:, season:] * context.observed[:, :-season]
        seen = torch.where((seen > 0).any(1, keepdim=True), seen, 1.0)
        last, units = target[:, -1:], context.units
        level = Affine(units.loc + last * units.scale, units.scale)  # a change of 0 means the last value
        drift, scale = fit_context(self.kind, change, seen, level)
        if self.kind != "none":
            drift = (change * seen).sum(1, keepdim=True) / seen.sum(1, keepdim=True)
        scaled = functional.pad((change - drift) / scale, (0, 0, season, 0))
        return scaled, Affine(last, scale), Affine(target[:, self.phase] + self.seasons * drift, scale)
