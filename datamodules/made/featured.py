"""The panel as features have it: with the columns that are made ahead, without those that take no part."""

from dataclasses import replace

import numpy as np

from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.made.calendar_columns import calendar_columns
from datamodules.made.feature_sets import COVARIATES
from datamodules.made.fourier import fourier_columns
from datamodules.made.holiday_tables import holiday_columns
from datamodules.panel import Panel


def with_features(panel: Panel, features: Features) -> Panel:
    """The panel with the columns that are made and known ahead, and without those that take no part.

    Made columns come after those of the data and are finite in every row, in those after the last target too. Rows
    stay as they are. Columns made of the target itself are not among them: ``datamodules.made.lags``.

    Args:
        panel: its clock says the local time.
        features: as ``feature_sets.chosen`` returned them for this panel or the one that a network learnt from.
    """
    if not features.known and not features.use:
        return panel
    kept = {role: _kept(role, getattr(panel.columns, role), features.use) for role in ("past", "known", "static")}
    made = _made(panel, features) if features.known else {}
    names = {role: tuple(getattr(panel.columns, role)[each] for each in places) for role, places in kept.items()}
    taken = {*panel.columns.target, *names["past"], *names["known"], *names["static"]}
    for name in made:
        if name in taken:
            raise InputError(
                f"column {name!r} of the data has the name of one that is made; expected another. Rename it, or leave "
                "one of the two out."
            )
    return replace(
        panel,
        past=_columns(panel.past, kept["past"]),
        known=np.column_stack([_columns(panel.known, kept["known"]), *made.values()]),
        static=_columns(panel.static, kept["static"]),
        columns=replace(panel.columns, **(names | {"known": (*names["known"], *made)})),
        categories={name: levels for name, levels in panel.categories.items() if name in taken},
    )


def _kept(role: str, names: tuple[str, ...], use: tuple[str, ...]) -> list[int]:
    """The places of the columns of a role that take part."""
    return [place for place, name in enumerate(names) if takes_part(role, name, use)]


def takes_part(role: str, name: str, use: tuple[str, ...]) -> bool:
    """Whether a column of a role is among those in ``use``: by itself, or with its role; all are where it is empty."""
    return not use or role in use or name in use or COVARIATES in use


def _columns(values: np.ndarray, places: list[int]) -> np.ndarray:
    return values if len(places) == values.shape[1] else values[:, places]


def _made(panel: Panel, features: Features) -> dict[str, np.ndarray]:
    """The columns (R) that are known ahead, made once for each stamp that several series share."""
    positions = np.arange(len(panel.target)) + np.repeat(panel.start - panel.offsets[:-1], panel.lengths)
    first, stop = int(positions.min()), int(positions.max()) + 1
    shared = stop - first < len(positions)
    distinct = np.arange(first, stop) if shared else positions
    columns = calendar_columns(panel.clock, distinct, features.calendar)
    columns |= fourier_columns(panel.clock, distinct, features.fourier)
    if features.holidays:
        columns |= holiday_columns(panel.clock, distinct, features.holidays)
    return {name: values[positions - first] for name, values in columns.items()} if shared else columns
