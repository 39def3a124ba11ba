"""Somebody's forecasts, wide or long -> the rows of a forecast table with what came, after every check at the door."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.door.cells import numbers, place
from datamodules.door.columns import refuse_twice, to_pandas
from datamodules.errors import InputError
from datamodules.panel import Panel
from forecast.evaluation.alignment import group
from forecast.external.columns import is_long, key_columns, long_columns, model_columns
from forecast.external.rows import Keys, keys_of, refuse_repeats
from forecast.table import level_column, naive_errors, stacked

PLACE: Final = ("cutoff", "series", "step", "target")  # in the order of a backtest's rows


class Read(NamedTuple):
    """The forecasts of one frame."""

    table: pd.DataFrame  # the forecast table, with actuals and naive errors
    keys: pd.DataFrame  # cutoff, series, step and target of each row of the table, as numbers
    notes: tuple[str, ...]  # what the reader of a result should know


def read_forecasts(
    frame: Any,
    panel: Panel,
    *,
    columns: Mapping[str, Sequence[str]] | None = None,
    models: Sequence[str] = (),
    horizon: int = 0,
    seasonality: int = 0,
    common: bool = False,
) -> Read:
    """The forecast table of somebody's frame, scored against the panel.

    Args:
        frame: ``unique_id, ds, cutoff``, ``y`` if wanted, and a column a model with its bounds, ``MODEL-lo-90`` and
            ``MODEL-hi-90``; or a forecast table of this toolkit. Left as it is.
        panel: the data; what came is taken from it, and a ``y`` in the frame must say the same.
        columns: role (``id``, ``time``, ``cutoff``, ``target``) -> the frame's columns, where they have other names.
        models: those wanted; all when empty.
        horizon: steps of each forecast, where the frame has no cutoffs.
        seasonality: of the naive errors that scale MASE; 0 for the clock's.
        common: whether a model may lack forecasts (empty cells) that others have.

    Raises:
        InputError: names what is wrong, where, and what to do.
    """
    frame = to_pandas(frame)
    refuse_twice(frame.columns, " in the forecasts")
    if frame.empty:
        raise InputError("the forecasts are empty; expected a row for each series and stamp. Check how they were made.")
    long = is_long(frame)
    told = {role: tuple(names) for role, names in (columns or {}).items()}
    named = key_columns(frame, {"id": ("unique_id",), "time": ("time",), **told} if long else told)
    if long:
        named |= {"target": tuple({"actual"} & {*frame.columns}), "target_name": tuple({"target"} & {*frame.columns})}
    keys = keys_of(frame, panel, named, horizon=horizon)
    actual, mae, mse = _seen(panel, keys, seasonality or panel.seasonality)
    if named["target"]:
        _check_actuals(frame, panel, keys, numbers(frame[named["target"][0]], named["target"][0]), actual)
    if np.isnan(actual).all():
        raise InputError(
            f"none of the {len(frame):,} forecasts is of a value that the data have; expected data that reach beyond "
            "the cutoffs. Give longer data."
        )
    parts = _long_parts(frame, models) if long else _wide_parts(frame, named, models, panel)
    seen = {"actual": actual, "naive_mae": mae, "naive_mse": mse}
    levels = sorted({level for part in parts for level in part.quantiles})
    tables, places = [], []
    for part in parts:
        rows = _checked(part, frame, keys, panel, common)
        rows = rows[np.lexsort([getattr(keys, name)[rows] for name in reversed(PLACE)])]
        own = keys._replace(**{name: getattr(keys, name)[rows] for name in PLACE})
        refuse_repeats(frame, rows, own, panel)
        tables.append(_table(part, rows, own, panel, levels, {name: values[rows] for name, values in seen.items()}))
        places.append(pd.DataFrame({name: getattr(own, name) for name in PLACE}))
    notes = (f"cutoff is {keys.derived}",) if keys.derived else ()
    return Read(stacked(tables), pd.concat(places, ignore_index=True), notes)


class _Part(NamedTuple):
    """The answers of one model and seed in the frame."""

    model: str
    seed: int
    rows: np.ndarray  # of the frame
    mean: np.ndarray  # (r)
    quantiles: dict[float, np.ndarray]  # level -> (r)


def _wide_parts(
    frame: pd.DataFrame, named: Mapping[str, tuple[str, ...]], models: Sequence[str], panel: Panel
) -> list[_Part]:
    held = panel.columns
    found = model_columns(
        frame,
        [name for names in named.values() for name in names],
        models,
        (*held.target, *held.past, *held.known, *held.static),
    )
    rows = np.arange(len(frame))
    parts = []
    for one in found:
        quantiles = {level: numbers(frame[name], name) for level, name in one.quantiles.items()}
        parts.append(
            _Part(one.model, one.seed, rows, numbers(frame[one.mean], one.mean, otherwise=_OTHERWISE), quantiles)
        )
    return parts


_OTHERWISE = " Or name the columns that are models with models (--models)."


def _long_parts(frame: pd.DataFrame, models: Sequence[str]) -> list[_Part]:
    names = frame["model"].astype(str)
    for model in models:
        if model not in set(names):
            raise InputError(f"model {model!r} is not in the forecasts; expected one of {', '.join(names.unique())}.")
    seeds = numbers(frame["seed"], "seed") if "seed" in frame else np.zeros(len(frame))
    mean = numbers(frame["mean"], "mean")
    quantiles = {level: numbers(frame[name], name) for level, name in long_columns(frame).items()}
    parts = []
    code, first = group(pd.DataFrame({"model": names, "seed": seeds}), ("model", "seed"))
    for number, row in enumerate(first):
        name = str(names.iloc[row])
        if not models or name in models:
            own = np.flatnonzero(code == number)
            answers = {level: each[own] for level, each in quantiles.items()}
            parts.append(_Part(name, int(seeds[row]), own, mean[own], answers))
    return parts


def _checked(part: _Part, frame: pd.DataFrame, keys: Keys, panel: Panel, common: bool) -> np.ndarray:
    """The rows of the frame that the model forecasts; InputError for gaps that are not allowed, and crossed bounds."""
    empty = np.isnan(part.mean)
    if empty.all():
        raise InputError(f"model {part.model!r} has no forecast in any of its {len(empty):,} rows. Leave it out.")
    if empty.any() and not common:
        row = int(part.rows[empty.argmax()])
        raise InputError(
            f"model {part.model!r} has no forecast in {int(empty.sum()):,} of {len(empty):,} rows, first "
            f"{_where(row, frame, keys, panel)}; expected a number. Fill them in, leave the model out, or say "
            "common=True (--common) to score the rows that all models have."
        )
    kept = ~empty
    levels = list(part.quantiles)
    bounds = np.column_stack([part.quantiles[level] for level in levels]) if levels else np.empty((len(empty), 0))
    offered = ~np.isnan(bounds[kept])
    if (offered.any() and not offered.all(axis=1).all()) and not _by_level(offered):
        row = int(part.rows[kept][int((~offered.all(axis=1)).argmax())])
        raise InputError(
            f"model {part.model!r} lacks a bound of its intervals in {int((~offered.all(axis=1)).sum()):,} rows, first "
            f"{_where(row, frame, keys, panel)}; expected all of them or none. Fill them in, or leave the columns out."
        )
    crossed = (np.diff(bounds[kept], axis=1) < 0).any(axis=1)
    if crossed.any():
        row = int(part.rows[kept][int(crossed.argmax())])
        raise InputError(
            f"model {part.model!r} has a lower bound above its upper one in {int(crossed.sum()):,} rows, first "
            f"{_where(row, frame, keys, panel)}; expected bounds in order of their levels. Correct them."
        )
    return part.rows[kept]


def _by_level(offered: np.ndarray) -> bool:
    """Whether each level is offered in all rows or in none."""
    return bool((offered.all(axis=0) | ~offered.any(axis=0)).all())


def _where(row: int, frame: pd.DataFrame, keys: Keys, panel: Panel) -> str:
    cutoff = panel.clock.stamps(keys.cutoff[row : row + 1])[0]
    series = str(panel.ids[keys.series[row]])
    return f"in {place(frame.index, row)} (series {series!r}, cutoff {cutoff}, step {keys.step[row]})"


def _seen(panel: Panel, keys: Keys, seasonality: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n) what came, and the mean absolute and squared error of the seasonal naive forecast up to each cutoff."""
    actual, mae, mse = (np.full(len(keys.series), np.nan) for _ in range(3))
    for chunk in panel.chunks():
        own = np.flatnonzero((keys.series >= chunk.series) & (keys.series < chunk.series + chunk.panel.n_series))
        series, target = keys.series[own] - chunk.series, keys.target[own]
        first = chunk.panel.offsets[series] - chunk.panel.start[series]
        ahead, cutoff = first + keys.time[own], first + keys.cutoff[own]
        inside = ahead < chunk.panel.offsets[series + 1]
        actual[own[inside]] = chunk.panel.target[ahead[inside], target[inside]]
        errors = naive_errors(chunk.panel, seasonality)
        mae[own], mse[own] = (each[cutoff, target] for each in errors)
    return actual, mae, mse


def _check_actuals(frame: pd.DataFrame, panel: Panel, keys: Keys, said: np.ndarray, actual: np.ndarray) -> None:
    """Raise InputError where the frame says other values than the data; empty cells of either say nothing."""
    size = np.maximum(np.abs(actual), np.abs(said))
    other = np.abs(said - actual) > 1e-6 * size  # a single precision's rounding is none
    if other.any():
        row = int(other.argmax())
        raise InputError(
            f"the forecasts hold other actuals than the data in {int(other.sum()):,} of {len(said):,} rows, first "
            f"{said[row]:.10g} instead of {actual[row]:.10g} {_where(row, frame, keys, panel)}; expected the same "
            "data. Give those that the forecasts are of, or remove the column."
        )


def _table(
    part: _Part, rows: np.ndarray, keys: Keys, panel: Panel, levels: Sequence[float], seen: Mapping[str, np.ndarray]
) -> pd.DataFrame:
    """The model's rows as those of a backtest."""
    own = np.searchsorted(part.rows, rows)
    nothing = np.full(len(part.rows), np.nan)
    columns: dict[str, Any] = {
        "model": pd.Categorical.from_codes(np.zeros(len(rows), np.int8), categories=pd.Index([part.model])),
        "seed": np.full(len(rows), part.seed, np.int64),
        "unique_id": pd.Categorical.from_codes(keys.series, categories=pd.Index(panel.ids.astype(str))),
        "target": pd.Categorical.from_codes(keys.target, categories=pd.Index(list(panel.columns.target))),
        "cutoff": panel.clock.stamps(keys.cutoff),
        "step": keys.step,
        "time": panel.clock.stamps(keys.time),
        "mean": part.mean[own],
        **{level_column(level): part.quantiles.get(level, nothing)[own] for level in levels},
        **seen,
    }
    return pd.DataFrame(columns)
