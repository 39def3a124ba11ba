"""Which features take part on a panel: names and groups -> the columns that are made, checked once at the door."""

from dataclasses import replace
from typing import Any, Final

from datamodules.errors import InputError, did_you_mean
from datamodules.features import Features
from datamodules.made.calendar_columns import check_calendar, suggested_calendar
from datamodules.made.feature_forms import AUTO, CALENDAR
from datamodules.made.fourier import suggested_fourier
from datamodules.panel import Panel

TARGET: Final = "y"  # what the target is called in ``use`` whatever its column is called
_MADE: Final = ("calendar", "fourier", "holidays", "lags", "rolling")
_GIVEN: Final = ("past", "known", "static")
COVARIATES: Final = "covariates"  # all of these


def chosen(features: Features, panel: Panel) -> Features:
    """The features with nothing left open: only what is made is named, and what fits the clock stands for ``auto``.

    A group in ``use`` that has no members gets those that the clock suggests: its calendar, Fourier pairs for its
    seasons, the lag of its shortest season and the mean over it. A name of the calendar in ``use`` need not be in
    ``calendar`` too. What is chosen stays as it is when it is chosen again, on a shorter panel too.

    Raises:
        InputError: for a name that is not known, a group without members, or what makes no sense on the clock.

    Example:
        >>> from datamodules.sets.synthetic import Synthetic
        >>> chosen(Features(lags=(2, 24), use=("y", "month", "lag24")), Synthetic(length=100).load())
        Features(calendar=('month',), fourier=(), holidays='', lags=(24,), rolling=(), use=('y', 'month', 'lag24'))
    """
    clock, steps = panel.clock, int((panel.start + panel.lengths).max() - panel.start.min())
    _check_names(features, panel)
    if features.use:
        features = _selected(features, panel, steps)
    if features.calendar == (AUTO,):
        features = replace(features, calendar=suggested_calendar(clock, steps))
    check_calendar(clock, features.calendar)
    if features.holidays and clock.is_integer:
        raise InputError(
            f"holidays are {features.holidays!r}, but the clock counts integers; expected timestamps. Leave them out."
        )
    return features


def _selected(features: Features, panel: Panel, steps: int) -> Features:
    """The features without what ``use`` leaves out, and with suggestions for groups without members."""
    use, clock, columns = features.use, panel.clock, _columns(panel)
    season = clock.seasonality
    for group in ("fourier", "lags", "rolling"):
        if group in use and not getattr(features, group) and season == 1:
            raise InputError(
                f"use names {group!r}, but {group} is empty, and the clock of freq {str(clock.freq)!r} has no season "
                f"to take it from. Say {group}."
            )
    if "holidays" in use and not features.holidays:
        raise InputError("use names 'holidays', but holidays is empty; expected a place such as AU-VIC. Say holidays.")
    calendar: tuple[str, ...] = ()
    if "calendar" in use:
        given = features.calendar not in ((), (AUTO,))
        calendar = features.calendar if given else suggested_calendar(clock, steps)
    named = [name for name in use if name in CALENDAR and (name in features.calendar or name not in columns)]
    return replace(
        features,
        calendar=(*calendar, *(name for name in named if name not in calendar)),
        fourier=_members(features.fourier, "fourier", use)
        or (suggested_fourier(clock, steps) if "fourier" in use else ()),
        holidays=features.holidays if "holidays" in use else "",
        lags=_members(features.lags, "lags", use) or ((season,) if "lags" in use else ()),
        rolling=_members(features.rolling, "rolling", use) or ((f"mean_{season}",) if "rolling" in use else ()),
    )


def _members(items: tuple[Any, ...], group: str, use: tuple[str, ...]) -> tuple[Any, ...]:
    """The items of a group that take part, by its name or by their own."""
    return items if group in use else tuple(item for item in items if _called(item) in use)


def _called(item: int | str) -> str:
    return f"lag{item}" if isinstance(item, int) else item


def _check_names(features: Features, panel: Panel) -> None:
    columns = _columns(panel)
    items = (*CALENDAR, *features.fourier, *map(_called, features.lags), *features.rolling)
    known = (TARGET, *panel.columns.target, *columns, *_GIVEN, COVARIATES, *_MADE, *items)
    for name in features.use:
        if name not in known:
            raise InputError(f"use names {name!r}, which is not known; {did_you_mean(name, known)}")
        if name in _GIVEN and name not in columns and not getattr(panel.columns, name):
            raise InputError(f"use names {name!r}, but the data has no {name} covariates. Name their columns first.")
        if name == COVARIATES and not columns:
            raise InputError("use names 'covariates', but the data has none. Name their columns first.")


def _columns(panel: Panel) -> tuple[str, ...]:
    return (*panel.columns.past, *panel.columns.known, *panel.columns.static)
