"""Forecasts against actuals, series by series, in blocks that the page unpacks when one of their series is chosen."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from forecast.report.blocks import Path, blocks, finest
from forecast.report.numbers import stamps
from forecast.table import level_columns

_MOST_NUMBERS = 4_000_000  # in the page; beyond it, fewer cutoffs and then fewer series are shown
_MOST_CUTOFFS = 24  # of a series


def fans(table: pd.DataFrame, recent: pd.DataFrame, models: list[str]) -> tuple[dict[str, Any], list[bytes]]:
    """What the page needs to draw any forecast: names and stamps, and the numbers in blocks of some series each.

    Of several seeds, the first is shown. Of more numbers than fit into a page, each series keeps evenly spaced cutoffs;
    where one a series is still too many, evenly spaced series are kept.
    """
    first = table["seed"] == table.groupby("model", observed=True)["seed"].transform("min")
    pairs = interval_columns(table)
    columns = ["mean", *(name for pair in pairs for name in pair[:2])]
    targets = pd.Index(list(dict.fromkeys(table["target"].astype(str))))
    horizon = int(table["step"].max())
    shown = _thinned(table[first], len(columns) * len(models) * len(targets) * horizon)
    series = pd.Index(sorted(shown["unique_id"].astype(str).unique()))
    recent = recent[recent["unique_id"].astype(str).isin(series)]
    axis = pd.Index(recent["ds"]).union(pd.Index(shown["time"])).union(pd.Index(shown["cutoff"])).unique().sort_values()
    cutoffs = pd.Index(shown["cutoff"].unique()).sort_values()
    step = shown["step"].to_numpy(dtype=np.int64) - 1
    at = np.full((len(cutoffs), horizon), -1)
    at[cutoffs.get_indexer(shown["cutoff"]), step] = axis.get_indexer(shown["time"])
    precision = finest(len(shown) * len(columns))
    paths = _paths(shown, recent, columns, (series, targets, pd.Index(models), cutoffs, axis))
    packed, per_block = blocks(paths, len(series), precision)
    labels = stamps(axis)
    described = {
        "series": list(series),
        "targets": list(targets),
        "axis": [int(stamp) for stamp in axis] if axis.dtype.kind in "iu" else labels,
        "cutoffs": axis.get_indexer(cutoffs).tolist(),
        "labels": [labels[position] for position in axis.get_indexer(cutoffs)],
        "at": at.tolist(),
        "intervals": [f"{coverage:g} %" for *_, coverage in pairs],
        "finest": precision,
        "perBlock": per_block,
        "allSeries": int(table["unique_id"].nunique()),
        "thinned": len(shown) < int(first.sum()),
    }
    return described, packed


def interval_columns(table: pd.DataFrame) -> list[tuple[str, str, float]]:
    """The lower column, upper column and coverage in per cent of each central interval, outermost first."""
    levels = level_columns(table)
    upper = {round(level, 9): name for name, level in levels.items() if level > 0.5}
    return [
        (name, upper[round(1 - level, 9)], round(100 * (1 - 2 * level), 6))
        for name, level in levels.items()
        if level < 0.5 and round(1 - level, 9) in upper
    ]


class _Axes(NamedTuple):
    series: pd.Index
    targets: pd.Index
    models: pd.Index
    cutoffs: pd.Index
    stamps: pd.Index


def _paths(
    shown: pd.DataFrame, recent: pd.DataFrame, columns: list[str], names: tuple[pd.Index, ...]
) -> Iterator[Path]:
    """Each series' history (D, A) and forecasts (D, M, F, C, H), in the order of the series."""
    axes = _Axes(*names)
    past = pd.concat([_observed(recent, axes, "ds", "y"), _observed(shown, axes, "time", "actual")])
    past = past.sort_values("series", kind="stable")
    ahead = pd.DataFrame(
        {
            "series": axes.series.get_indexer(pd.Index(shown["unique_id"].astype(str))),
            "target": axes.targets.get_indexer(pd.Index(shown["target"].astype(str))),
            "model": axes.models.get_indexer(pd.Index(shown["model"].astype(str))),
            "fold": axes.cutoffs.get_indexer(pd.Index(shown["cutoff"])),
            "step": shown["step"].to_numpy(dtype=np.int64) - 1,
            "row": np.arange(len(shown)),
        }
    ).sort_values("series", kind="stable")
    values = shown[columns].to_numpy(dtype=np.float64)
    horizon = int(ahead["step"].max()) + 1
    every = np.arange(len(axes.series) + 1)
    of_past, of_ahead = (np.searchsorted(frame["series"].to_numpy(), every) for frame in (past, ahead))
    pasts, aheads = past.to_numpy(dtype=np.float64), ahead.to_numpy()
    for number in every[:-1]:
        _, target, at, value = pasts[of_past[number] : of_past[number + 1]].T
        begin = int(at.min()) if len(at) else 0
        history = np.full((len(axes.targets), int(at.max(initial=begin)) - begin + 1), np.nan)
        history[target.astype(int), at.astype(int) - begin] = value
        _, target, model, fold, step, row = aheads[of_ahead[number] : of_ahead[number + 1]].T
        folds, fold = np.unique(fold, return_inverse=True)
        shape = (len(axes.targets), len(axes.models), len(folds), len(columns), horizon)
        forecast = np.full(shape, np.nan)
        forecast[target, model, fold, :, step] = values[row]
        yield Path(begin, history, folds.tolist(), forecast)


def _observed(frame: pd.DataFrame, axes: _Axes, stamp: str, value: str) -> pd.DataFrame:
    known = frame[np.isfinite(frame[value].to_numpy(dtype=np.float64))]
    return pd.DataFrame(
        {
            "series": axes.series.get_indexer(pd.Index(known["unique_id"].astype(str))),
            "target": axes.targets.get_indexer(pd.Index(known["target"].astype(str))),
            "at": axes.stamps.get_indexer(known[stamp]),
            "value": known[value].to_numpy(dtype=np.float64),
        }
    )


def _thinned(table: pd.DataFrame, numbers_a_cutoff: int) -> pd.DataFrame:
    """The rows of evenly spaced cutoffs of each series, and of evenly spaced series, that fit into the page."""
    pairs = table[["unique_id", "cutoff"]].drop_duplicates().astype({"unique_id": str})
    pairs = pairs.sort_values(["unique_id", "cutoff"], ignore_index=True)
    place = pairs.groupby("unique_id").cumcount().to_numpy()
    count = pairs.groupby("unique_id")["cutoff"].transform("size").to_numpy()
    own = count[place == 0]
    most = next(
        (k for k in range(_MOST_CUTOFFS, 1, -1) if np.minimum(own, k).sum() * numbers_a_cutoff <= _MOST_NUMBERS), 1
    )
    gap = np.maximum(count - 1, 1) / max(most - 1, 1)  # from one kept cutoff to the next
    kept = (count <= most) | (place == np.round(np.round(place / gap) * gap) if most > 1 else place == count - 1)
    if len(own) * most * numbers_a_cutoff > _MOST_NUMBERS and most == 1:
        series = pairs["unique_id"].to_numpy()[place == 0]
        left = max(_MOST_NUMBERS // numbers_a_cutoff, 1)
        series = series[np.unique(np.linspace(0, len(series) - 1, min(left, len(series))).round().astype(int))]
        kept &= pairs["unique_id"].isin(series).to_numpy()
    if kept.all():
        return table
    wanted = pd.MultiIndex.from_frame(pairs[kept])
    there = pd.MultiIndex.from_arrays([table["unique_id"].astype(str), table["cutoff"]])
    return table[there.isin(wanted)]
