"""Forecasts against actuals as dense 16-bit arrays: hundreds of series load at once and cost two bytes a number."""

from typing import Any

import numpy as np
import pandas as pd

from forecast.report.numbers import compact, stamps
from forecast.table import level_columns

_MOST_NUMBERS = 3_000_000  # in the page; beyond it, evenly spaced cutoffs and then series are shown
_MOST_CUTOFFS = 24
_FINEST = 65534  # steps between the least and the greatest value; -32768 is left for NaN


def fans(table: pd.DataFrame, recent: pd.DataFrame, models: list[str]) -> tuple[dict[str, Any], np.ndarray]:
    """What the page needs to draw any forecast: names, stamps and scales, and the numbers as one int16 array.

    The array holds the history (N, D, A), then the forecasts (N, D, M, F, 1 + 2 P, H): the mean and the lower and
    upper bounds of P intervals, outermost first. A is the number of stamps. Of several seeds, the first is shown.
    """
    first = table["seed"] == table.groupby("model", observed=True)["seed"].transform("min")
    pairs = interval_columns(table)
    columns = ["mean", *(name for pair in pairs for name in pair[:2])]
    shown = _thinned(table[first], len(columns) * table["model"].nunique() * table["target"].nunique())
    recent = recent[recent["unique_id"].astype(str).isin(shown["unique_id"].astype(str).unique())]
    axis = pd.Index(recent["ds"]).union(pd.Index(shown["time"])).union(pd.Index(shown["cutoff"])).unique().sort_values()
    series = pd.Index(sorted(shown["unique_id"].astype(str).unique()))
    targets = pd.Index(list(dict.fromkeys(table["target"].astype(str))))
    cutoffs = pd.Index(shown["cutoff"].unique()).sort_values()
    horizon = int(table["step"].max())

    history = np.full((len(series), len(targets), len(axis)), np.nan)
    for frame, stamp, value in ((recent, "ds", "y"), (shown, "time", "actual")):
        known = frame[np.isfinite(frame[value].to_numpy(dtype=np.float64))]
        history[_codes(known, series, targets, axis.get_indexer(known[stamp]))] = known[value]

    forecast = np.full((len(series), len(targets), len(models), len(cutoffs), horizon, len(columns)), np.nan)
    model = pd.Index(models).get_indexer(pd.Index(shown["model"].astype(str)))
    fold = cutoffs.get_indexer(shown["cutoff"])
    step = shown["step"].to_numpy(dtype=np.int64) - 1
    forecast[_codes(shown, series, targets, model, fold, step)] = shown[columns].to_numpy(dtype=np.float64)

    at = np.full((len(cutoffs), horizon), -1)
    at[fold, step] = axis.get_indexer(shown["time"])
    history_codes, history_scale = _quantised(history, kept=2)
    forecast_codes, forecast_scale = _quantised(np.moveaxis(forecast, -1, -2), kept=3)
    labels = stamps(axis)
    described = {
        "series": list(series),
        "targets": list(targets),
        "axis": [int(stamp) for stamp in axis] if axis.dtype.kind in "iu" else labels,
        "cutoffs": axis.get_indexer(cutoffs).tolist(),
        "cutoff_labels": [labels[position] for position in axis.get_indexer(cutoffs)],
        "at": at.tolist(),
        "intervals": [f"{coverage:g} %" for *_, coverage in pairs],
        "historyScale": history_scale,
        "forecastScale": forecast_scale,
        "allSeries": int(table["unique_id"].nunique()),
        "allCutoffs": int(table["cutoff"].nunique()),
    }
    return described, np.concatenate([history_codes.reshape(-1), forecast_codes.reshape(-1)])


def interval_columns(table: pd.DataFrame) -> list[tuple[str, str, float]]:
    """The lower column, upper column and coverage in per cent of each central interval, outermost first."""
    levels = level_columns(table)
    upper = {round(level, 9): name for name, level in levels.items() if level > 0.5}
    return [
        (name, upper[round(1 - level, 9)], round(100 * (1 - 2 * level), 6))
        for name, level in levels.items()
        if level < 0.5 and round(1 - level, 9) in upper
    ]


def _codes(frame: pd.DataFrame, series: pd.Index, targets: pd.Index, *others: np.ndarray) -> tuple[np.ndarray, ...]:
    unique_id = series.get_indexer(pd.Index(frame["unique_id"].astype(str)))
    return (unique_id, targets.get_indexer(pd.Index(frame["target"].astype(str))), *others)


def _thinned(table: pd.DataFrame, numbers_a_step: int) -> pd.DataFrame:
    """The rows of evenly spaced cutoffs, then series, that fit into the page."""
    cutoffs = np.sort(table["cutoff"].unique())
    if len(cutoffs) > _MOST_CUTOFFS:
        cutoffs = cutoffs[np.linspace(0, len(cutoffs) - 1, _MOST_CUTOFFS).round().astype(int)]
        table = table[table["cutoff"].isin(cutoffs)]
    series = np.sort(table["unique_id"].astype(str).unique())
    most = max(_MOST_NUMBERS // (len(cutoffs) * int(table["step"].max()) * numbers_a_step), 1)
    if len(series) > most:
        series = series[np.linspace(0, len(series) - 1, most).round().astype(int)]
        table = table[table["unique_id"].astype(str).isin(series)]
    return table


def _quantised(values: np.ndarray, kept: int) -> tuple[np.ndarray, list[Any]]:
    """Integers -32767 .. 32767 and (least, span) for each of the first ``kept`` axes; -32768 for NaN."""
    finite = np.isfinite(values)
    rest = tuple(range(kept, values.ndim))
    least = np.where(finite, values, np.inf).min(axis=rest, keepdims=True)
    greatest = np.where(finite, values, -np.inf).max(axis=rest, keepdims=True)
    least, greatest = np.where(least > greatest, 0.0, least), np.where(least > greatest, 0.0, greatest)
    span = greatest - least
    share = (np.where(finite, values, least) - least) / np.where(span > 0, span, 1.0)
    codes = np.where(finite, np.round(share * _FINEST) - _FINEST // 2, -32768).astype(np.int16)
    scale = np.stack([least, span], axis=-1).reshape(*values.shape[:kept], 2)
    return codes, compact(scale, digits=7)
