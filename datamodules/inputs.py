"""Inputs: from a panel to what a network sees, learnt from training rows alone and kept with the network."""

from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np
import torch

from datamodules.encoder import Encoder
from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.fill import fill_panel
from datamodules.laid import Laid, joined
from datamodules.large.packed import Packed, sampled
from datamodules.made.feature_sets import chosen
from datamodules.made.featured import takes_part, with_features
from datamodules.made.lags import lagged_columns
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.split import Part
from datamodules.store import Store, mapped
from datamodules.units import TargetUnits, check_transform
from datamodules.window import Dims


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the training rows say about how to lay a panel out for a network."""

    prepare: Preparation
    encoder: Encoder
    units: TargetUnits
    dims: Dims  # of the network; context_length and horizon as they were asked for
    columns: dict[str, tuple[str, ...]]  # by role, as the panel had them

    @classmethod
    def fit(cls, panel: Panel, part: Part, prepare: Preparation, *, context_length: int, horizon: int) -> Self:
        """The inputs by the rows of ``part``; no other row of target or past has any say.

        Of a panel larger than memory, what holds for all series is learnt from some of them (``packed.sampled``).
        """
        options: dict[str, Any] = {
            "transform": prepare.transform,
            "scaling": prepare.scaling,
            "per": prepare.scaling_per,
        }
        chunks: list[TargetUnits] = []
        if isinstance(panel, Packed):
            if (prepare.transform, prepare.scaling) != ("none", "none"):
                chunks = [
                    TargetUnits.fit(each.panel, Part(each.rows(part.begin), each.rows(part.stop)), **options)
                    for each in panel.chunks()
                ]
            panel, part = sampled(panel, part)
        prepare = replace(prepare, features=chosen(prepare.features, panel))
        featured = with_features(panel, prepare.features)
        encoder = Encoder.fit(
            featured,
            part,
            encode=prepare.encode,
            scaling=prepare.covariates,
            missing=prepare.missing,
            made=set(featured.columns.known) - set(panel.columns.known),
        )
        units = TargetUnits.fit(panel, part, **options)
        if chunks and prepare.scaling_per == "series":
            units = TargetUnits.joined(chunks, units.other)
        past, known, static = encoder.widths
        targets = panel.target.shape[1]
        indicators, lagged = targets * prepare.indicates, targets * prepare.features.lagged
        past += indicators + lagged
        dims = Dims(context_length, horizon, targets, past, known, static, lagged, encoder.embedded)
        return cls(prepare, encoder, units, dims, asdict(panel.columns))

    @classmethod
    def untouched(cls, panel: Panel, *, context_length: int, horizon: int) -> Self:
        """Inputs that leave the panel's columns as they are."""
        everything = Part(panel.offsets[:-1], panel.offsets[1:])
        prepare = Preparation(covariates="none")
        inputs = cls.fit(panel, everything, prepare, context_length=context_length, horizon=horizon)
        return replace(inputs, units=TargetUnits.unlearnt(panel.target.shape[1]))

    def lay(self, panel: Panel, *, ahead: int = 0, before: np.ndarray | None = None, complete: bool = False) -> Laid:
        """The panel as tensors.

        Args:
            panel: with the columns of the one that ``fit`` saw; other series are welcome.
            ahead: rows after each last observed one that columns made from the clock must reach.
            before: (N) unobserved rows to begin each series with.
            complete: says that every row which will be asked for is observed: then nothing is kept about it.
        """
        self._check(panel)
        features = self.prepare.features
        nothing = np.zeros(panel.n_series, dtype=np.int64)
        before = nothing if before is None else before
        reach = panel.offsets[1:] - 1 - panel.last_rows
        after = np.maximum(ahead - reach, 0) if features.known else nothing
        wider = panel.extend(before, after)
        if isinstance(panel, Packed):
            return self._lay_packed(panel, wider, ahead, before, complete=complete and not before.any())
        check_transform(panel, self.prepare.transform)
        encoded = self.encoder.apply(with_features(wider, features))
        units = self.units.of_panel(wider)
        series = wider.series_of_row
        target = units.apply(fill_panel(self.prepare.missing, wider), series)
        indicators = wider.observed[:, : wider.observed.shape[1] * self.prepare.indicates]
        lagged = lagged_columns(target, wider.offsets, features.lags, features.rolling, before=before)
        complete = complete and not before.any()
        store = Store(
            target=_float(target),
            observed=_float(wider.observed[:0] if complete else wider.observed),
            past=_float(_beside(encoded.past, indicators, lagged)),
            known=_float(encoded.known),
            static=_float(encoded.static),
            offsets=torch.from_numpy(wider.offsets.copy()),
            units=units.stored(),
            missing=self.prepare.missing,
        )
        shift = wider.offsets[:-1] + before - panel.offsets[:-1]
        return Laid(wider, store, units, shift, encoded.unseen, encoded.absent)

    def _lay_packed(self, panel: Packed, wider: Panel, ahead: int, before: np.ndarray, *, complete: bool) -> Laid:
        """A panel larger than memory: as it is mapped where a network sees just that, else a chunk at a time."""
        units = self.units.of_panel(wider)
        shift = wider.offsets[:-1] + before - panel.offsets[:-1]
        if not complete or not units.identity or self.dims.past or self.dims.known or self.dims.static:
            options: dict[str, Any] = {"ahead": ahead, "complete": complete}
            parts = (self.lay(chunk.panel, before=chunk.own(before), **options) for chunk in panel.chunks())
            return joined(wider, units, shift, parts)
        nothing = torch.empty((1, 0))
        store = Store(
            target=mapped(panel.target),
            observed=nothing[:0],
            past=nothing,
            known=nothing,
            static=nothing,
            offsets=torch.from_numpy(panel.offsets.copy()),
            units=units.stored(),
            missing=self.prepare.missing,
        )
        return Laid(panel, store, units, shift, {}, {})

    def _check(self, panel: Panel) -> None:
        """Raise InputError unless the panel has the columns that take part, in the order of the training panel's."""
        for role, names in asdict(panel.columns).items():
            use = self.prepare.features.use if role != "target" else ()
            trained, found = (
                [name for name in each if takes_part(role, name, use)] for each in (self.columns[role], names)
            )
            if trained != found:
                kind = "targets" if role == "target" else f"{role} covariates"
                said = f"{', '.join(trained) or 'none'}; the panel has {', '.join(found) or 'none'}"
                raise InputError(f"the network was trained on {kind} {said}. Name the same columns.")

    def plain(self) -> dict[str, Any]:
        """The inputs in plain values, for a checkpoint."""
        return {
            "prepare": asdict(self.prepare),
            "encoder": self.encoder.plain(),
            "units": self.units.plain(),
            "dims": self.dims.plain(),
            "columns": {role: list(names) for role, names in self.columns.items()},
        }

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Self:
        """The inputs of ``plain()``."""
        features = {name: _tuple(value) for name, value in plain["prepare"]["features"].items()}
        return cls(
            Preparation(**{**plain["prepare"], "features": Features(**features)}),
            Encoder.of(plain["encoder"]),
            TargetUnits.of(plain["units"]),
            Dims.of(plain["dims"]),
            {role: tuple(names) for role, names in plain["columns"].items()},
        )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _beside(first: np.ndarray, *others: np.ndarray) -> np.ndarray:
    return np.hstack([first, *others]) if any(other.shape[1] for other in others) else first


def _float(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
