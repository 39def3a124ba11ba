"""Which columns of somebody's forecasts are keys, which are models, and which are the bounds of their intervals."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import pandas as pd

from datamodules.errors import InputError, did_you_mean, one_of
from forecast.table import level_columns

FIELD: Final = {  # role -> the names that tools of the field give it, ours first
    "id": ("unique_id", "item_id", "series_id", "ts_id"),
    "time": ("ds", "time", "timestamp", "date", "datetime"),
    "cutoff": ("cutoff", "forecast_origin", "origin"),
    "target": ("y", "actual"),
}
LONG: Final = ("model", "step", "mean")  # columns that tell a forecast table of this toolkit
_BOUND = re.compile(r"(?P<model>.+)-(?P<side>lo|hi)-(?P<level>\d+(?:\.\d+)?)")
_PERCENT = re.compile(r"(?P<model>.+)-q-(?P<level>\d+(?:\.\d+)?)")
_QUANTILE = re.compile(r"(?P<model>.+)_ql(?P<level>0?\.\d+)")
_SEED = re.compile(r"(?P<model>.+)/(?P<seed>\d+)")
_MEDIAN = "-median"
_INDEX = re.compile(r"index|level_\d+|Unnamed: \d+")  # what pandas calls an index that became a column


class Answers(NamedTuple):
    """The columns of one model's forecasts."""

    model: str
    seed: int
    mean: str  # column of the point forecasts
    quantiles: dict[float, str]  # level -> column


def is_long(frame: pd.DataFrame) -> bool:
    """Whether the frame is a forecast table of this toolkit: a row a model."""
    return {*LONG, "unique_id", "cutoff"} <= {*map(str, frame.columns)}


def key_columns(frame: pd.DataFrame, told: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The columns of each role in ``FIELD``; none for a cutoff or target that the frame lacks.

    Args:
        frame: somebody's forecasts.
        told: role -> columns that a person named; a role left out is found by the names of the field.

    Raises:
        InputError: when a column that was named is missing, or when none is found for the series or the stamps.
    """
    names = [str(name) for name in frame.columns]
    found: dict[str, tuple[str, ...]] = {}
    for role, usual in FIELD.items():
        given = tuple(told.get(role, ()))
        for name in given:
            if name not in names:
                raise InputError(
                    f"column {name!r} ({role}) is missing in the forecasts; name the right one: "
                    f"{did_you_mean(name, names)}"
                )
        found[role] = given or tuple(name for name in usual if name in names)[:1]
        if not found[role] and role in ("id", "time"):
            raise InputError(
                f"no column of the forecasts is called {usual[0]!r}, of {_listed(names)}; expected a column with the "
                f"{'names of the series' if role == 'id' else 'stamps that are forecast'}. "
                f"Say which with columns (--columns {role}=NAME)."
            )
    return found


def model_columns(
    frame: pd.DataFrame, keys: Iterable[str], models: Sequence[str] = (), covariates: Sequence[str] = ()
) -> list[Answers]:
    """The models of a wide frame: every column of numbers that is no key, bound, covariate or row number.

    Bounds are ``MODEL-lo-90`` and ``MODEL-hi-90`` (levels 0.05 and 0.95); quantiles also ``MODEL-q-10`` and
    ``MODEL_ql0.1``; ``MODEL-median`` is the point forecast of a model without another. Columns ``MODEL/0``,
    ``MODEL/1`` are seeds of one model.

    Args:
        frame: somebody's forecasts.
        keys: columns that are no forecasts.
        models: those wanted; all when empty.
        covariates: columns of the data, which may stand in the forecasts as well.

    Raises:
        InputError: names a model that is not there, a bound without its model, or a column that holds no numbers.
    """
    apart = {*keys, *covariates}
    names = [str(name) for name in frame.columns if str(name) not in apart and not _INDEX.fullmatch(str(name))]
    bounds = {name: found for name in names if (found := _bound(name))}
    owners = {model for model, _ in bounds.values()}
    points = {name: name for name in names if name not in bounds}
    medians: dict[str, str] = {}
    for name in list(points):
        base = name.removesuffix(_MEDIAN)
        if base != name and name not in owners and (base in owners or base in points):
            medians[base] = points.pop(name)
    points = {**{base: name for base, name in medians.items() if base not in points}, **points}
    for model in models:
        one_of("model", model, {*points, *(_seeded(points))})
    wanted = {name for name in points if not models or name in models or _base(name, points) in models}
    lost = sorted(owner for owner in owners - {*points} if not models)
    if lost:
        bound = next(name for name, (model, _) in bounds.items() if model == lost[0])
        raise InputError(
            f"column {bound!r} is a bound, but there is no column {lost[0]!r} with the point forecasts; expected both. "
            "Add it, or name the models that are wanted with models (--models)."
        )
    if not wanted:
        raise InputError(f"no column of the forecasts is a model, of {_listed(frame.columns)}; expected one at least.")
    order = [name for name in names if name in wanted or name.removesuffix(_MEDIAN) in wanted]
    found_models = dict.fromkeys(name if name in points else name.removesuffix(_MEDIAN) for name in order)
    return [_answers(name, points, bounds, medians) for name in found_models if name in wanted]


def long_columns(frame: pd.DataFrame) -> dict[float, str]:
    """The quantile columns of a forecast table by level."""
    return {level: name for name, level in level_columns(frame).items()}


def _answers(
    name: str, points: Mapping[str, str], bounds: Mapping[str, tuple[str, float]], medians: Mapping[str, str]
) -> Answers:
    quantiles = {level: column for column, (model, level) in bounds.items() if model == name}
    if name in medians:
        quantiles[0.5] = medians[name]
    model = _base(name, points)
    seed = int(name.rpartition("/")[2]) if model != name else 0
    return Answers(model, seed, points[name], dict(sorted(quantiles.items())))


def _bound(name: str) -> tuple[str, float] | None:
    """The model and level of a bound's column; None for a column that is none."""
    if found := _BOUND.fullmatch(name):
        size = float(found["level"])
        level = (100 - size) / 200 if found["side"] == "lo" else (100 + size) / 200
    elif found := _PERCENT.fullmatch(name):
        level = float(found["level"]) / 100
    elif found := _QUANTILE.fullmatch(name):
        level = float(found["level"])
    else:
        return None
    if not 0 < level < 1:
        raise InputError(
            f"column {name!r} is a bound of level {level:g}; expected such as {found['model']}-lo-90, the lower bound "
            "of the central 90 % interval. Rename it."
        )
    return found["model"], round(level, 10)


def _seeded(points: Iterable[str]) -> set[str]:
    """The models that have several columns, one a seed."""
    found = [match["model"] for name in points if (match := _SEED.fullmatch(name))]
    return {model for model in found if found.count(model) > 1}


def _base(name: str, points: Iterable[str]) -> str:
    """The model that a column is a seed of; itself where it is none."""
    model, _, seed = name.rpartition("/")
    return model if seed.isdigit() and model in _seeded(points) else name


def _listed(names: Iterable[object]) -> str:
    shown = [repr(str(name)) for name in names]
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "")
