"""TargetUnits: the units that targets are stored in, learnt from training rows, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.scaling import Affine, BoxCox, Log1p, Units, at_end
from datamodules.split import Part
from datamodules.statistics import box_cox, fit_rows, location_and_scale, training_rows

_BOUNDS: Final = {"log1p": -1.0, "boxcox": 0.0}  # values must be above
_DWARFS: Final = 1e4  # a level so many times the variation leaves float32 too few digits for it
_SMALLEST, _LARGEST = 1e-6, 1e15  # variation that float32 and its squares have room for


class RowUnits(NamedTuple):
    """Units of each series of a panel in double precision."""

    units: Units  # (N, D)

    @property
    def identity(self) -> bool:
        """Whether stored values are the original ones."""
        loc, scale = self.units[:2]
        return isinstance(self.units, Affine) and bool((loc == 0).all() and (scale == 1).all())

    def apply(self, values: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The stored values of ``values`` (R, D), whose rows belong to ``series`` (R); 0 for one that has none."""
        if self.identity:
            return values
        stored = self._of(series).apply(torch.tensor(values))
        return stored.nan_to_num(0.0, 0.0, 0.0).numpy()

    def invert(self, values: np.ndarray, series: np.ndarray) -> np.ndarray:
        """The original values of stored ones (C, H, D, Q), forecast for ``series`` (C)."""
        if self.identity:
            return values
        units = self._of(series)
        units = at_end(type(units)(*(part.unsqueeze(1) for part in units)))
        return units.invert(torch.tensor(values, dtype=torch.float64)).numpy()

    def stored(self) -> Units:
        """The units in single precision, for a Store: (N, D), or (1, D) when all series have the same."""
        return type(self.units)(*(_once(part).float() for part in self.units))

    def _of(self, series: np.ndarray) -> Units:
        return type(self.units)(*(part[torch.tensor(series)] for part in self.units))


@dataclass(frozen=True, eq=False)
class TargetUnits:
    """Units of each series by its name, and those of a series that was not there.

    The level of a series is taken off it where it would leave too few digits for the variation, say 10 on 1e12: its
    mean over the training rows, or the first value of a series without any. Variation that single precision has no
    room for is brought near 1 by a power of two.
    """

    transform: str
    ids: np.ndarray  # (N) sorted
    own: np.ndarray  # (4, N, D), or (4, 1, D) when all are the same: loc, scale, power, level; NaN: no training row
    other: np.ndarray  # (5, D) of any other series: loc, scale, power, level, and the usual variation

    @classmethod
    def fit(cls, panel: Panel, part: Part, *, transform: str, scaling: str, per: str) -> Self:
        """The units by the rows of a part, per ``series`` or for the whole ``panel``; InputError where none exist."""
        shown = panel if transform == "none" else panel.until(part.stop - 1, part.begin)
        check_transform(shown, transform)
        own, other = _powers(shown, part, transform, per)
        bent = replace(shown, target=_bent(transform, shown.target, own[:, shown.series_of_row]))
        loc, scale = fit_rows(scaling, bent, part, per=per)
        ends = [location_and_scale("mean_abs", rows) for rows in training_rows(bent, part)]
        mean, spread = (np.stack(each, axis=-1) for each in zip(*ends, strict=True))
        far = np.abs(mean - loc) > _DWARFS * np.where(spread > 0, spread, scale)
        loc = np.where(np.isnan(mean), np.nan, np.where(far, mean, loc))
        size = np.where(spread > 0, spread, np.abs(mean - loc)) / scale
        usual = np.array([np.median(each[each > 0]) if (each > 0).any() else 0.0 for each in spread.T])
        whole = [each[0] for each in fit_rows(scaling, bent, part, per="panel")]
        around = np.stack([whole[0], whole[1] * _room(usual / whole[1]), *other, usual])
        order = np.argsort(panel.ids.astype(str), kind="stable")
        units = np.stack([loc, scale * _room(size), *own])[:, order]
        same = np.array_equal(units, np.broadcast_to(units[:, :1], units.shape))
        return cls(transform, panel.ids[order].astype(str), units[:, :1] if same else units, around)

    @classmethod
    def joined(cls, parts: Sequence["TargetUnits"], other: np.ndarray) -> Self:
        """The units of the series of several, one transform for all, and those of any other series."""
        ids = np.concatenate([each.ids for each in parts])
        own = [np.broadcast_to(each.own, (4, len(each.ids), other.shape[1])) for each in parts]
        order = np.argsort(ids, kind="stable")
        return cls(parts[0].transform, ids[order], np.concatenate(own, axis=1)[:, order], other)

    @classmethod
    def unlearnt(cls, n_targets: int) -> Self:
        """The units where no row has any say."""
        parts = np.stack([np.zeros(n_targets), *np.ones((2, n_targets)), *np.zeros((2, n_targets))])
        return cls("none", np.array([], dtype=str), np.full((4, 1, n_targets), np.nan), parts)

    def of_panel(self, panel: Panel) -> RowUnits:
        """The units of each series of any panel."""
        names = panel.ids.astype(str)
        places = np.minimum(np.searchsorted(self.ids, names), max(len(self.ids) - 1, 0))
        known = self.ids[places] == names if len(self.ids) else np.zeros(len(names), dtype=bool)
        own = self.own[:, places] if self.own.shape[1] > 1 else self.own
        learnt = known[:, None] & ~np.isnan(own[0])
        parts = np.where(learnt, own, self.other[:4, None])
        if not learnt.all():
            first = _bent(self.transform, _first_values(panel), parts[2:])
            loc, scale, usual = self.other[0], self.other[1], self.other[4]
            far = np.abs(first - loc) > _DWARFS * np.where(usual > 0, usual, scale)
            parts[0] = np.where(~learnt & far, first, parts[0])
        return RowUnits(_units(self.transform, *(torch.tensor(part) for part in parts)))

    def others(self, panel: Panel) -> np.ndarray:
        """(N) whether a series has the units of any other, while those that were there have their own."""
        return ~np.isin(panel.ids.astype(str), self.ids) & (self.own.shape[1] > 1)

    def plain(self) -> dict[str, Any]:
        """The units in plain values, for a checkpoint; per series only where they differ."""
        return {"transform": self.transform} | {name: getattr(self, name).tolist() for name in ("ids", "own", "other")}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The units of ``plain()``."""
        other = np.array(plain["other"])
        own = np.array(plain["own"]).reshape(4, -1, other.shape[1])
        return cls(plain["transform"], np.array(plain["ids"], dtype=str), own, other)


def check_transform(panel: Panel, transform: str) -> None:
    """Raise InputError, naming the first, for a value that the transform does not take."""
    if transform == "none":
        return
    bound = _BOUNDS[transform]
    bad = panel.target <= bound
    if not bad.any():
        return
    row, column = np.argwhere(bad)[0]
    series = panel.series_of_row[row]
    other = "transform log1p takes values above -1, none takes all" if transform == "boxcox" else "none takes all"
    raise InputError(
        f"series {str(panel.ids[series])!r} has {panel.columns.target[column]} {panel.target[row, column]:g} at "
        f"{panel.times(np.array([row]), np.array([series]))[0]}; transform {transform} needs values above {bound:g}. "
        f"Choose another ({other})."
    )


def _powers(panel: Panel, part: Part, transform: str, per: str) -> tuple[np.ndarray, np.ndarray]:
    """(2, N, D) power and level of each series, and (2, D) of any other; 1 and 0 unless the transform is boxcox."""
    shape = (panel.n_series, panel.target.shape[1])
    own, other = (np.stack([np.ones(size), np.zeros(size)]) for size in (shape, shape[1:]))
    if transform == "boxcox":
        for target, rows in enumerate(training_rows(panel, part)):
            whole = np.concatenate(box_cox(rows.joined()))
            other[:, target] = np.where(np.isnan(whole), other[:, target], whole)
            own[:, :, target] = other[:, None, target]
            if per == "series":
                each = np.stack(box_cox(rows))
                own[:, :, target] = np.where(np.isnan(each), own[:, :, target], each)
    return own, other


def _bent(transform: str, values: np.ndarray, power_and_level: np.ndarray) -> np.ndarray:
    """The values (..., D) after the transform alone."""
    if transform == "none":
        return values
    power, level = (torch.tensor(each) for each in power_and_level)
    units = _units(transform, torch.zeros_like(power), torch.ones_like(power), power, level)
    return units.apply(torch.tensor(values)).numpy()


def _units(transform: str, loc: Tensor, scale: Tensor, power: Tensor, level: Tensor) -> Units:
    if transform == "none":
        return Affine(loc, scale)
    return Log1p(loc, scale) if transform == "log1p" else BoxCox(loc, scale, power, level)


def _first_values(panel: Panel) -> np.ndarray:
    """(N, D) the first observed value of each series; NaN where there is none."""
    values = np.asarray(panel.target[panel.offsets[:-1]], dtype=np.float64)
    later = np.flatnonzero(np.isnan(values).any(axis=1))
    if len(later):
        values[later] = np.concatenate([_first_seen(chunk.panel) for chunk in panel.select(later).chunks()])
    return values


def _first_seen(panel: Panel) -> np.ndarray:
    """The same of a panel in memory, whatever its first rows hold."""
    rows = np.where(panel.observed, np.arange(len(panel.target))[:, None], len(panel.target) - 1)
    first = np.minimum.reduceat(rows, panel.offsets[:-1], axis=0)
    ours = panel.series_of_row[first] == np.arange(panel.n_series)[:, None]
    return np.where(ours, np.take_along_axis(panel.target, first, axis=0), np.nan)


def _room(size: np.ndarray) -> np.ndarray:
    """The power of two near each size that is too small or too large for float32, else 1."""
    unusual = (size > 0) & ((size < _SMALLEST) | (size > _LARGEST))
    return np.where(unusual, np.exp2(np.floor(np.log2(np.where(unusual, size, 1.0)))), 1.0)


def _once(values: Tensor) -> Tensor:
    return values[:1] if bool((values == values[:1]).all()) else values
