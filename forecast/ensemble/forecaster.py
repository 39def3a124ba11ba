"""Several forecasters as one: for shipping what a backtest found best together."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from datamodules.errors import InputError, at_least, one_of
from datamodules.panel import Panel
from datamodules.split import cutoffs_at_positions, known_rows, rolling_positions
from forecast.ensemble.combine import LEARNT, METHODS, combine, equal, learn
from forecast.forecaster import Forecaster, Seeded, refuse_same_names
from forecast.table import check_levels, join_actuals, level_column

_FOLDS: Final = 3  # held out to learn weights from, where the panel is long enough


class Ensemble:
    """The combined forecast of several forecasters, behind the protocol ``Forecaster``.

    Weights are learnt in ``fit``: the members are fitted without the last steps of the panel, forecast these, and their
    scaled errors decide, pooled over series; then they are fitted on the whole panel. Where the panel is too short for
    that, or a member cannot do it, weights are equal, and ``notes`` says so.

    Args:
        forecasters: the members, each under its own name; left as they are.
        method: ``mean``, ``median``, ``trimmed``, ``inverse`` or ``greedy`` (``forecast.ensemble.combine``).
        horizon: steps of the forecasts that weights are learnt from; 0 for a season.
        name: in every table.
    """

    kind: Final = "ensemble"

    def __init__(
        self, forecasters: Sequence[Forecaster], *, method: str = "mean", horizon: int = 0, name: str = ""
    ) -> None:
        one_of("method", method, METHODS)
        at_least("horizon", horizon, 0)
        if not forecasters:
            raise InputError("an ensemble has no forecasters; expected at least one. Name some.")
        refuse_same_names(forecasters)
        self.forecasters = tuple(deepcopy(forecaster) for forecaster in forecasters)
        self.method = method
        self.horizon = horizon
        self.name = name or f"Ensemble-{method}"
        self.notes = ""
        self.weights = equal(len(self.forecasters))
        self._fitted: tuple[Forecaster, ...] = ()

    @property
    def causal(self) -> bool:
        """Whether all members look only at rows up to each cutoff."""
        return all(getattr(member, "causal", False) for member in self.forecasters)

    @property
    def local(self) -> bool:
        """Whether each series is forecast by itself: so is it where all members do, and no weights are learnt."""
        return self.method not in LEARNT and all(getattr(member, "local", False) for member in self.forecasters)

    @property
    def history(self) -> int:
        """The rows up to a cutoff that the most demanding member needs."""
        return max(int(getattr(member, "history", 1)) for member in self.forecasters)

    @property
    def parameters(self) -> int:
        """The trainable numbers of all members."""
        return sum(int(getattr(member, "parameters", 0)) for member in self._fitted)

    @property
    def seed(self) -> int:
        """The seed of its members' next fit; 0 where none has one."""
        return next((member.seed for member in self.forecasters if isinstance(member, Seeded)), 0)

    def with_seed(self, seed: int) -> Self:
        """An unfitted copy whose members have another seed."""
        members = [member.with_seed(seed) if isinstance(member, Seeded) else member for member in self.forecasters]
        return type(self)(members, method=self.method, horizon=self.horizon, name=self.name)

    def fit(self, panel: Panel) -> Self:
        """Fit all members on the panel, and learn their weights where the method has any; gives itself back."""
        self.weights, noted = equal(len(self.forecasters)), ""
        if self.method in LEARNT:
            self.weights, noted = self._learnt(panel)
        self._fitted = tuple(deepcopy(member).fit(panel) for member in self.forecasters)
        self.notes = "; ".join([*([noted] if noted else []), *_notes(self._fitted)])
        return self

    def predict(self, panel: Panel, cutoffs: np.ndarray, horizon: int, levels: Sequence[float] = ()) -> pd.DataFrame:
        """The forecast table for ``cutoffs`` (F, N), -1 where a series is not forecast; whatever a member raises."""
        levels = check_levels(levels)
        members = self._fitted or self.forecasters
        tables = [member.predict(panel, cutoffs, horizon, levels) for member in members]
        columns = ["mean", *map(level_column, levels)]
        values = np.stack([table[columns].to_numpy(dtype=np.float64) for table in tables], axis=1)
        combined = combine(values, self.method, np.tile(self.weights, (len(values), 1)))
        model = pd.Categorical.from_codes(np.zeros(len(values), np.int8), categories=pd.Index([self.name]))
        return tables[0].assign(model=model, **dict(zip(columns, combined.T, strict=True)))

    def _learnt(self, panel: Panel) -> tuple[np.ndarray, str]:
        """The weights (M) from the panel's last steps, and what is to be said of them."""
        horizon = self.horizon or max(panel.seasonality, 1)
        try:
            positions = _held_out(panel, horizon)
            known = panel.until(known_rows(panel, int(positions[0])))
            cutoffs = cutoffs_at_positions(panel, positions)
            seen: Any = None
            forecasts = []
            for member in self.forecasters:
                table = deepcopy(member).fit(known).predict(panel, cutoffs, horizon)
                seen = join_actuals(table, panel, cutoffs, panel.seasonality, horizon=horizon)
                forecasts.append(table["mean"].to_numpy())
        except Exception as error:  # noqa: BLE001 - a member may fail on the shorter panel and not on the whole one
            return equal(len(self.forecasters)), f"equal weights, none were learnt: {error}"
        actual, scale = (seen[name].to_numpy() for name in ("actual", "naive_mae"))
        weights = learn(self.method, np.column_stack(forecasts), actual, scale)
        told = ", ".join(f"{one.name} {weight:.2f}" for one, weight in zip(self.forecasters, weights, strict=True))
        return weights, f"weights {told}"


def _held_out(panel: Panel, horizon: int) -> np.ndarray:
    """(F) the cutoffs that weights are learnt from: as many, up to three, as leave twice as much before them."""
    last = int((panel.start + panel.last_rows - panel.offsets[:-1]).max())
    folds = min(_FOLDS, last // (3 * horizon))
    if folds < 1:
        raise InputError(f"the longest series has {last + 1} rows; weights over {horizon} steps need {3 * horizon + 1}")
    return rolling_positions(panel, horizon=horizon, folds=folds, stride=horizon)


def _notes(members: Sequence[Forecaster]) -> list[str]:
    found = []
    for member in members:
        note = getattr(member, "notes", "")
        text = note.get("note", "") if isinstance(note, dict) else str(note)
        if text:
            found.append(f"{member.name}: {text}")
    return found
