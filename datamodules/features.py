"""Columns made from the clock, from tables of dates and from the target's own past, and which of them take part."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from datamodules.calendar_columns import CALENDAR, calendar_columns
from datamodules.errors import InputError, did_you_mean
from datamodules.fourier import fourier_columns, read_pairs
from datamodules.holiday_tables import check_holidays, holiday_columns
from datamodules.lags import check_lags, read_rolling
from datamodules.panel import Panel

AUTO: Final = "auto"


@dataclass(frozen=True)
class Features:
    """What a network sees beside the target, where it is made, and which of all that it sees.

    Attributes:
        calendar: columns known ahead that the clock makes, each as its sine and cosine: minute, hour, dayofweek,
            dayofmonth, dayofyear, weekofyear, month, quarter; or is_weekend, 0 or 1; or auto, for what fits the clock.
        fourier: pairs of sine and cosine of a period in steps, as period:pairs (24:2 168:3).
        holidays: a country or one of its parts (AU-VIC), or a CSV or Parquet file with a column of dates.
        lags: earlier values of the target, in steps before each row (168 for a week before, hourly).
        rolling: of the target's last values up to each row: mean, min, max or median and a number of steps (mean_24).
        use: columns of the data, made ones (hour, 24:2, lag168, mean_24) and groups (calendar, fourier, holidays,
            lags, rolling; past, known, static for those of the data) that take part; all of them when empty. The
            target always does: y alone is the target alone.
    """

    calendar: tuple[str, ...] = ()
    fourier: tuple[str, ...] = ()
    holidays: str = ""
    lags: tuple[int, ...] = ()
    rolling: tuple[str, ...] = ()
    use: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            values = getattr(self, field.name)
            if field.name != "holidays":
                object.__setattr__(self, field.name, _distinct(field.name, values))
        for name in self.calendar:
            if name not in (*CALENDAR, AUTO):
                raise InputError(f"calendar {name!r} is not known; {did_you_mean(str(name), (*CALENDAR, AUTO))}")
        if AUTO in self.calendar and len(self.calendar) > 1:
            raise InputError(f"calendar is {', '.join(self.calendar)}; expected auto alone, or names. Leave auto out.")
        periods = [read_pairs(item)[0] for item in self.fourier]
        _distinct("fourier", tuple(f"{period:g}" for period in periods))
        if self.holidays:
            check_holidays(self.holidays)
        check_lags(self.lags)
        for item in self.rolling:
            read_rolling(item)

    @property
    def known(self) -> bool:
        """Whether columns are made that are known ahead."""
        return bool(self.calendar or self.fourier or self.holidays)

    @property
    def lagged(self) -> int:
        """How many columns are made of each target."""
        return len(self.lags) + len(self.rolling)


def with_features(panel: Panel, features: Features) -> Panel:
    """The panel with the columns that are made and known ahead, and without those that take no part.

    Made columns come after those of the data and are finite in every row, in those after the last target too. Rows
    stay as they are. Columns made of the target itself are not among them: ``datamodules.lags``.

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


def _distinct(option: str, values: Sequence[object]) -> tuple[object, ...]:
    """The values as a tuple; raises InputError when one is named twice."""
    if isinstance(values, str):
        raise InputError(f"{option} is {values!r}; expected a list of values. Write [{values}].")
    again = [value for place, value in enumerate(values) if value in values[:place]]
    if again:
        raise InputError(f"{option} names {again[0]!r} twice; expected each once. Leave one out.")
    return tuple(values)


def _kept(role: str, names: tuple[str, ...], use: tuple[str, ...]) -> list[int]:
    """The places of the columns of a role that take part."""
    return [place for place, name in enumerate(names) if not use or role in use or name in use]


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
