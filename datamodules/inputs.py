"""Inputs: from a panel to what a network sees, learnt from training rows alone and kept with the network."""

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import torch

from datamodules.encoder import Encoder
from datamodules.errors import InputError
from datamodules.features import Features, with_features
from datamodules.fill import fill_forward
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.scaling import Affine
from datamodules.split import Part
from datamodules.store import Store
from datamodules.units import RowUnits, TargetUnits
from datamodules.window import Dims


class Laid(NamedTuple):
    """A panel laid out for a network."""

    panel: Panel  # with the rows that were added; says what was observed
    store: Store
    units: RowUnits  # from stored to original units, in double precision
    shift: np.ndarray  # (N) what a row of the person's panel is to be moved by to be one of these
    unseen: dict[str, int]  # column -> cells whose category was not among the training rows
    absent: dict[str, int]  # column of covariates -> missing cells that were filled

    def rows(self, rows: np.ndarray, series: np.ndarray) -> np.ndarray:
        """Rows of the person's panel, of ``series``, as rows of this one."""
        return rows + self.shift[series]

    def part(self, part: Part) -> Part:
        """A part of the person's panel as one of this one."""
        return Part(part.begin + self.shift, part.stop + self.shift)


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
        """The inputs by the rows of ``part``; no other row of target or past has any say."""
        featured = with_features(panel, prepare.features)
        encoder = Encoder.fit(
            featured, part, encode=prepare.encode, scaling=prepare.covariates, missing=prepare.missing
        )
        units = TargetUnits.fit(
            panel, part, transform=prepare.transform, scaling=prepare.scaling, per=prepare.scaling_per
        )
        past, known, static = encoder.widths
        dims = Dims(context_length, horizon, panel.target.shape[1], past, known, static, embedded=encoder.embedded)
        return cls(prepare, encoder, units, dims, asdict(panel.columns))

    @classmethod
    def untouched(cls, panel: Panel, *, context_length: int, horizon: int) -> Self:
        """Inputs that leave the panel's columns as they are."""
        everything = Part(panel.offsets[:-1], panel.offsets[1:])
        prepare = Preparation(covariates="none")
        return cls.fit(panel, everything, prepare, context_length=context_length, horizon=horizon)

    def lay(self, panel: Panel, *, ahead: int = 0, before: np.ndarray | None = None, complete: bool = False) -> Laid:
        """The panel as tensors.

        Args:
            panel: with the columns of the one that ``fit`` saw; other series are welcome.
            ahead: rows after each last observed one that columns made from the clock must reach.
            before: (N) unobserved rows to begin each series with.
            complete: says that every row which will be asked for is observed: then nothing is kept about it.
        """
        self._check(panel)
        nothing = np.zeros(panel.n_series, dtype=np.int64)
        before = nothing if before is None else before
        reach = panel.offsets[1:] - 1 - panel.last_rows
        after = np.maximum(ahead - reach, 0) if self._makes_known else nothing
        wider = panel.extend(before, after)
        encoded = self.encoder.apply(with_features(wider, self.prepare.features))
        units = self.units.of_panel(wider)
        series = wider.series_of_row
        target = units.apply(fill_forward(wider), series)
        complete = complete and not before.any()
        store = Store(
            target=_float(target),
            observed=_float(wider.observed[:0] if complete else wider.observed),
            past=_float(encoded.past),
            known=_float(encoded.known),
            static=_float(encoded.static),
            offsets=torch.from_numpy(wider.offsets.copy()),
            units=Affine(_float(_once(units.loc)), _float(_once(units.scale))),
            missing=self.prepare.missing,
        )
        shift = wider.offsets[:-1] + before - panel.offsets[:-1]
        return Laid(wider, store, units, shift, encoded.unseen, encoded.absent)

    def _check(self, panel: Panel) -> None:
        for role, names in asdict(panel.columns).items():
            if names != self.columns[role]:
                kind = "targets" if role == "target" else f"{role} covariates"
                trained, found = (", ".join(each) or "none" for each in (self.columns[role], names))
                raise InputError(
                    f"the network was trained on {kind} {trained}; the panel has {found}. Name the same columns."
                )

    @property
    def _makes_known(self) -> bool:
        features = self.prepare.features
        return bool(features.calendar or features.fourier or features.holidays)

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


def _once(values: np.ndarray) -> np.ndarray:
    return values[:1] if (values == values[:1]).all() else values


def _float(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))
