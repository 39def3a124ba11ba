"""Holed: a forecaster that is shown its data with values hidden, to see what missing ones cost."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd

from datamodules.errors import InputError, check_share
from datamodules.history import first_seen, listed
from datamodules.holes import with_holes
from datamodules.panel import Panel
from forecast.forecaster import Forecaster, Seeded


class Holed:
    """A forecaster from which a share of the observed target values is hidden, in training and in contexts.

    The same values are hidden from every forecaster, whatever the cutoff (``datamodules.holes.with_holes``), and what
    it forecasts may be scored against all of them. A series without a value left up to a cutoff has no forecast there,
    with a note.

    Args:
        forecaster: the one to wrap; it is fitted in place.
        share: of the observed values that are hidden.
    """

    def __new__(cls, forecaster: Forecaster | None = None, *_: Any, **__: Any) -> Self:
        """One with a seed for a forecaster that has one; a copy is made without arguments."""
        return super().__new__(SeededHoled if isinstance(forecaster, Seeded) else cls)  # type: ignore[return-value]

    def __init__(self, forecaster: Forecaster, share: float) -> None:
        check_share("holes", share)
        self.forecaster, self.share = forecaster, share
        self._said = ""

    @property
    def name(self) -> str:
        """The forecaster's own."""
        return self.forecaster.name

    @property
    def causal(self) -> bool:
        """Whether the forecaster looks at nothing after each cutoff, whatever the panel holds there."""
        return bool(getattr(self.forecaster, "causal", False))

    @property
    def local(self) -> bool:
        """Whether each series is learnt from by itself."""
        return bool(getattr(self.forecaster, "local", False))

    @property
    def history(self) -> int:
        """Rows up to a cutoff that a series must have for a forecast."""
        return int(getattr(self.forecaster, "history", 1))

    @property
    def parameters(self) -> int:
        """Number of trainable values."""
        return int(getattr(self.forecaster, "parameters", 0))

    @property
    def curves(self) -> pd.DataFrame:
        """Losses of the last fit."""
        return getattr(self.forecaster, "curves", pd.DataFrame())

    @property
    def notes(self) -> Any:
        """What the forecaster has to say, and which series had nothing left."""
        notes = getattr(self.forecaster, "notes", "")
        if isinstance(notes, Mapping):
            return {**notes, "note": "; ".join(filter(None, (notes.get("note", ""), self._said)))}
        return "; ".join(filter(None, (str(notes), self._said)))

    def fit(self, panel: Panel) -> Self:
        """Fit the forecaster on what is left."""
        self._said = ""
        self.forecaster.fit(with_holes(panel, self.share))
        return self

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecaster's table.

        Raises:
            InputError: when no series has a value left up to any cutoff.
        """
        seen = with_holes(panel, self.share)
        bare = (cutoffs >= 0) & (first_seen(seen).max(axis=1) > cutoffs)
        kept = np.where(bare, -1, cutoffs)
        if bare.any() and (kept < 0).all():
            raise InputError(
                f"holes of {self.share:g} leave no series a value of each target up to a cutoff; expected at least one "
                "such series. Hide less."
            )
        who = panel.ids[bare.any(axis=0)]
        left_out = f"{len(who)} of {panel.n_series} series with no value left up to a cutoff, left out: {listed(who)}"
        self._said = left_out if len(who) else ""
        return self.forecaster.predict(seen, kept, horizon, levels)


class SeededHoled(Holed):
    """A wrapper of a forecaster that has a seed; ``Holed`` makes it where that is so."""

    forecaster: Seeded

    @property
    def seed(self) -> int:
        """The seed of its next fit."""
        return self.forecaster.seed

    def with_seed(self, seed: int) -> Self:
        """An unfitted copy that differs in its seed only."""
        other = copy(self)
        other.forecaster, other._said = self.forecaster.with_seed(seed), ""
        return other
