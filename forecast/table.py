"""The forecast table: one row per (model, series, target, cutoff, step), in original units.

Columns, in this order:

========== ==========================================================================================
model      name of the forecaster
seed       of its fit; 0 for a forecaster without randomness
unique_id  name of the series
target     name of the target column
cutoff     stamp of the last value that the forecaster was allowed to see
step       1 .. horizon
time       stamp of the value that is forecast
mean       point forecast (the mean, or the median of a model trained on absolute or quantile loss)
q0.1 ...   quantile forecasts, one column a level; all NaN for a model that offers none
actual     what came; NaN where it was not observed
naive_mae  mean absolute error of the seasonal naive forecast within the series up to the cutoff (for MASE)
naive_mse  its mean squared error (for RMSSE)
========== ==========================================================================================

A forecaster answers with the columns up to the quantiles (``build``), without ``seed``; the backtest adds ``seed`` and,
by ``join_actuals``, the last three, which a forecaster never sees.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from datamodules.errors import InputError
from datamodules.large.running import running_sum
from datamodules.panel import Panel

KEYS = ("model", "seed", "unique_id", "target", "cutoff", "step")
_NAMES = ("model", "unique_id", "target")
ROW = ("unique_id", "target", "cutoff", "step")  # what identical rows means


def level_column(level: float) -> str:
    """The column of a quantile level: 0.1 -> ``q0.1``."""
    return f"q{level:g}"


def level_columns(table: pd.DataFrame) -> dict[str, float]:
    """The quantile columns of a table and their levels, ascending."""
    found = {name: float(name[1:]) for name in table.columns if name[:2] in ("q0", "q1")}
    return dict(sorted(found.items(), key=lambda item: item[1]))


def check_levels(levels: Sequence[float]) -> tuple[float, ...]:
    """The levels sorted, without doubles; InputError unless each lies between 0 and 1."""
    for level in levels:
        if not 0 < level < 1:
            raise InputError(
                f"level {level} is not between 0 and 1; levels are quantile levels: an 80 % interval is 0.1 and 0.9."
            )
    return tuple(sorted({float(level) for level in levels}))


class NotFiniteError(ValueError):
    """A forecaster answered with NaN or infinity; the message says which series, cutoff and step."""


def build(
    name: str,
    panel: Panel,
    cutoffs: np.ndarray,
    mean: np.ndarray,
    quantiles: np.ndarray,
    levels: Sequence[float],
) -> pd.DataFrame:
    """The table of one forecaster's answers.

    Args:
        name: of the forecaster.
        panel: the panel that ``cutoffs`` are rows of.
        cutoffs: (F, N) last visible rows, -1 where a series is not forecast.
        mean: (C, H, D) for the C cutoffs that are not -1, in row-major order.
        quantiles: (C, H, D, Q), or (C, H, D, 0) when the forecaster offers none.
        levels: the Q levels asked for.

    Raises:
        NotFiniteError: when a forecast is NaN or infinite: it never leaves ``predict``.
    """
    fold, series = np.nonzero(cutoffs >= 0)
    row = cutoffs[fold, series]
    count, horizon, n_targets = mean.shape
    if count != len(row):
        raise ValueError(f"{name} answered {count} forecasts for {len(row)} cutoffs")
    _check_finite(name, panel, row, series, mean, quantiles)
    steps = np.arange(1, horizon + 1)
    times = panel.times(row[:, None] + steps, series[:, None])  # (C, H)
    per_series = np.repeat(series, horizon * n_targets)
    columns: dict[str, object] = {
        "model": _category(np.zeros(len(per_series), np.int64), [name]),
        "unique_id": _category(per_series, panel.ids.astype(str)),
        "target": _category(np.tile(np.arange(n_targets), count * horizon), panel.columns.target),
        "cutoff": np.repeat(panel.times(row, series), horizon * n_targets),
        "step": np.tile(np.repeat(steps, n_targets), count),
        "time": np.repeat(times.reshape(-1), n_targets),
        "mean": mean.reshape(-1).astype(np.float64),
    }
    for index, level in enumerate(levels):
        offered = quantiles.shape[-1] > 0
        columns[level_column(level)] = (
            quantiles[..., index].reshape(-1).astype(np.float64) if offered else np.full(mean.size, np.nan)
        )
    return pd.DataFrame(columns, copy=False)


def _category(codes: np.ndarray, names: Iterable[str]) -> "pd.Categorical[str]":
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(names)))


def _check_finite(
    name: str, panel: Panel, row: np.ndarray, series: np.ndarray, mean: np.ndarray, quantiles: np.ndarray
) -> None:
    finite = np.isfinite(mean) & np.isfinite(quantiles).all(axis=-1)
    if finite.all():
        return
    which, step, target = (int(index[0]) for index in np.nonzero(~finite))
    stamp = panel.times(row[which : which + 1], series[which : which + 1])[0]
    raise NotFiniteError(
        f"{name} forecast {mean[which, step, target]} for series {str(panel.ids[series[which]])!r}, "
        f"cutoff {stamp}, step {step + 1}; {int((~finite).sum())} of {finite.size} values are not finite"
    )


def join_actuals(
    table: pd.DataFrame, panel: Panel, cutoffs: np.ndarray, seasonality: int, *, horizon: int
) -> pd.DataFrame:
    """The table of ``build(panel, cutoffs)`` with what came: ``actual``, ``naive_mae`` and ``naive_mse``.

    Raises:
        ValueError: when the rows are not those of ``build``, so that no forecast is ever put beside another's actual.
    """
    fold, series = np.nonzero(cutoffs >= 0)
    row = cutoffs[fold, series]
    _check_rows(table, panel, row, series, horizon)
    ahead = row[:, None] + np.arange(1, horizon + 1)  # (C, H)
    inside = ahead < panel.offsets[series + 1][:, None]
    actual = np.where(inside[..., None], panel.target[np.where(inside, ahead, 0)], np.nan)  # (C, H, D)
    mae, mse = naive_errors(panel, seasonality)
    return table.assign(
        actual=actual.reshape(-1),
        naive_mae=np.repeat(mae[row], horizon, axis=0).reshape(-1),
        naive_mse=np.repeat(mse[row], horizon, axis=0).reshape(-1),
    )


def _check_rows(table: pd.DataFrame, panel: Panel, row: np.ndarray, series: np.ndarray, horizon: int) -> None:
    per_cutoff = horizon * panel.target.shape[1]
    if len(table) != len(row) * per_cutoff:
        name = table["model"].iloc[0] if len(table) else "the forecaster"
        raise ValueError(f"{name} answered {len(table)} rows; expected {len(row) * per_cutoff}, one a step")
    if not len(table):
        return
    steps = np.repeat(np.arange(1, horizon + 1), panel.target.shape[1])
    first = table.iloc[::per_cutoff]
    in_order = (
        (table["step"].to_numpy().reshape(-1, per_cutoff) == steps).all()
        and (first["unique_id"].astype(str).to_numpy() == panel.ids[series].astype(str)).all()
        and (first["cutoff"].to_numpy() == panel.times(row, series)).all()
        and (table["target"].iloc[:per_cutoff].astype(str) == np.tile(panel.columns.target, horizon)).all()
    )
    if not in_order:
        raise ValueError(f"{table['model'].iloc[0]} answered in another order than series, cutoff, step and target")


def naive_errors(panel: Panel, seasonality: int) -> tuple[np.ndarray, np.ndarray]:
    """Running in-sample errors of the seasonal naive forecast, (R, D) each: mean absolute and mean squared.

    At row r they cover the series from its begin to r, where both values of a pair are observed; NaN before the first
    pair (Hyndman and Koehler, 2006, eq. 3.2).
    """
    rows = np.arange(len(panel.target))
    within = rows - panel.offsets[panel.series_of_row]
    error = np.full(panel.target.shape, np.nan)
    has_pair = within >= seasonality
    error[has_pair] = panel.target[has_pair] - panel.target[rows[has_pair] - seasonality]
    return _running_mean(np.abs(error), panel), _running_mean(error**2, panel)


def _running_mean(values: np.ndarray, panel: Panel) -> np.ndarray:
    known = np.isfinite(values)
    total = running_sum(np.where(known, values, 0.0), panel.offsets)
    count = running_sum(known.astype(np.float64), panel.offsets)
    return np.divide(total, count, out=np.full(values.shape, np.nan), where=count > 0)


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables one below the other, at least one; names stay categories."""
    if len(tables) == 1:
        return tables[0]
    names = {name: union_categoricals([table[name].astype("category") for table in tables]) for name in _NAMES}
    numbers = pd.concat([table.drop(columns=list(_NAMES)) for table in tables], ignore_index=True)
    return numbers.assign(**names)[tables[0].columns]


def to_wide(table: pd.DataFrame) -> pd.DataFrame:
    """The frame that users of the field join and plot on: ``unique_id, ds, cutoff, y``, a column a model, its bounds.

    A pair of levels that mirror each other becomes ``MODEL-lo-80`` and ``MODEL-hi-80``. A panel of several targets has
    ``unique_id`` as ``series/target``, a model of several seeds the columns ``MODEL/seed``.
    """
    index = ["unique_id", "ds", "cutoff"]
    several = table["target"].nunique() > 1
    ids = table["unique_id"].astype(str)
    keyed = table.assign(
        unique_id=ids + "/" + table["target"].astype(str) if several else ids, model=_columns_of(table)
    ).rename(columns={"time": "ds", "actual": "y"})
    wide = keyed.drop_duplicates(index).set_index(index)[["y"] if "y" in keyed else []]
    levels = level_columns(table)
    for name, rows in keyed.groupby("model", sort=False):
        rows = rows.set_index(index)
        wide[name] = rows["mean"]
        for column, level in levels.items():
            if rows[column].notna().any() and level != 0.5:
                side = "lo" if level < 0.5 else "hi"
                wide[f"{name}-{side}-{round(abs(1 - 2 * level) * 100, 6):g}"] = rows[column]
    return wide.reset_index()


def _columns_of(table: pd.DataFrame) -> pd.Series:
    """Each row's model, with its seed where the model has several."""
    models = table["model"].astype(str)
    if "seed" not in table:
        return models
    seeds = table.groupby(models)["seed"].nunique()
    return models.where(models.map(seeds) == 1, models + "/" + table["seed"].astype(str))
