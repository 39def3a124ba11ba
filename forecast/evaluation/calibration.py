"""Whether intervals cover what they say: coverage, reliability, PIT, and sentences about those that do not."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from datamodules.errors import one_of
from forecast.evaluation.alignment import group, keys
from forecast.evaluation.metrics import central_intervals
from forecast.table import level_columns

_MOST_NAMED = 6  # models in a sentence
_DOUBT = 0.05


def coverage(table: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """A row per model, combination of ``by`` and central interval: how many actuals the interval held.

    Columns: model, those of ``by``, ``level`` (0.8 for q0.1 to q0.9), ``rows`` that were observed, ``coverage`` (share
    of their actuals inside, bounds included) and ``width`` (mean, units of the data). Seeds count as rows of their
    model, unless ``by`` names them. A model without quantiles has no row; a missing bound among others makes NaN.
    """
    for name in by:
        one_of("by", name, table.columns)
    columns = list(dict.fromkeys(["model", *by]))
    rows = _observed(table)
    code, first = group(rows, columns)
    found = level_columns(table)
    names, levels = list(found), tuple(found.values())
    actual, parts = rows["actual"].to_numpy(), []
    for low, high in central_intervals(levels):
        bounds = rows[names[low]].to_numpy(), rows[names[high]].to_numpy()
        width = bounds[1] - bounds[0]
        inside = np.where(np.isnan(width), np.nan, (bounds[0] <= actual) & (actual <= bounds[1]))
        part = keys(rows, first, columns).assign(level=round(levels[high] - levels[low], 10))
        part["rows"] = np.bincount(code, minlength=len(first))
        part["coverage"], part["width"] = _mean(inside, code, len(first)), _mean(width, code, len(first))
        offered = np.bincount(code[~np.isnan(width)], minlength=len(first)) > 0
        parts.append(part.assign(group=np.arange(len(first)))[offered])
    if not parts:
        return pd.DataFrame(columns=[*columns, "level", "rows", "coverage", "width"])
    result = pd.concat(parts).sort_values("group", kind="stable")
    result["group"] = pd.factorize(result["model"])[0]  # models as they first appear, the others in order
    return result.sort_values(["group", *columns[1:], "level"], ignore_index=True).drop(columns="group")


def reliability(table: pd.DataFrame) -> pd.DataFrame:
    """A row per model and quantile level: the share of actuals at or ``below`` the quantile, which should be the level.

    Columns: model, level, rows, below. A model without quantiles has no row.
    """
    rows = _observed(table)
    model, first = group(rows, ["model"])
    actual, parts = rows["actual"].to_numpy(), []
    for name, level in level_columns(table).items():
        quantile = rows[name].to_numpy()
        below = _mean(np.where(np.isnan(quantile), np.nan, actual <= quantile), model, len(first))
        part = keys(rows, first, ["model"]).assign(level=level, rows=np.bincount(model, minlength=len(first)))
        offered = np.bincount(model[~np.isnan(quantile)], minlength=len(first)) > 0
        parts.append(part.assign(below=below, group=np.arange(len(first)))[offered])
    if not parts:
        return pd.DataFrame(columns=["model", "level", "rows", "below"])
    return pd.concat(parts).sort_values(["group", "level"], ignore_index=True).drop(columns="group")


def pit(table: pd.DataFrame, bins: int = 10) -> pd.DataFrame:
    """A row per model and bin: the share of probability integral transforms in it, which should be 1 / ``bins``.

    Quantiles tell of an actual only between which two levels it fell (a tie with quantiles widens that). Its mass is
    spread evenly between them, as Czado, Gneiting and Held (2009, eq. 2) do for counts: calibrated forecasts have a
    flat histogram whatever the levels, and bins finer than the levels show no more than these do.

    Columns: model, low, high (bounds of the bin), share. A model without quantiles has no row.
    """
    names = level_columns(table)
    rows = _observed(table)
    quantiles = rows[list(names)].to_numpy(dtype=np.float64)
    offered = ~np.isnan(quantiles).any(axis=1) & bool(names)
    rows, quantiles = rows[offered], quantiles[offered]
    model, first = group(rows, ["model"])
    actual = rows["actual"].to_numpy()[:, None]
    known = np.concatenate([[0.0], list(names.values()), [1.0]])
    below = (quantiles < actual).sum(axis=1)  # the place in ``known`` of the last level that lies below the actual
    above = len(known) - 1 - (quantiles > actual).sum(axis=1)
    size = len(known)
    counts = np.bincount((model * size + below) * size + above, minlength=len(first) * size**2)
    edges = np.linspace(0, 1, bins + 1)
    low, high = known[:, None, None], known[None, :, None]
    overlap = np.minimum(edges[1:], high) - np.maximum(edges[:-1], low)  # (size, size, bins)
    within = np.divide(overlap.clip(0), high - low, out=np.zeros(overlap.shape), where=high > low)
    mass = counts.reshape(len(first), size**2) @ within.reshape(size**2, bins)
    share = mass / np.maximum(mass.sum(axis=1, keepdims=True), 1)
    found = keys(rows, np.repeat(first, bins), ["model"])
    return found.assign(low=np.tile(edges[:-1], len(first)), high=np.tile(edges[1:], len(first)), share=share.ravel())


def remarks(table: pd.DataFrame, tolerance: float = 0.02) -> tuple[str, ...]:
    """A sentence per central interval that some models' actuals miss more, or less, often than it says.

    A model is named when its coverage is off by more than ``tolerance``, the worst first; ``may be chance`` says that
    the differences between cutoffs do not rule out the interval's level (Student's t over cutoffs, 5 %).
    """
    if not {"cutoff", "actual"} <= set(table.columns) or not len(table):
        return ()
    found = coverage(table)
    by_cutoff = coverage(table, ["cutoff"])
    sentences = []
    for level in sorted(set(found["level"].to_numpy(dtype=np.float64).tolist())):
        own = found[found["level"] == level]
        miss = (own["coverage"] - level).abs().rename("miss")
        off = own.assign(miss=miss)[miss > tolerance + 1e-9].sort_values("miss", ascending=False, kind="stable")
        told = []
        for model, share in zip(off["model"].head(_MOST_NAMED), off["coverage"], strict=False):
            cutoffs = by_cutoff[(by_cutoff["model"] == model) & (by_cutoff["level"] == level)]
            told.append(f"{model} {_percent(share)}{_doubt(cutoffs, level)}")
        more = f" and {len(off) - _MOST_NAMED} more" if len(off) > _MOST_NAMED else ""
        if told:
            sentences.append(
                f"Intervals of {_percent(level)} that do not cover {_percent(level)}: {', '.join(told)}{more}."
            )
    return tuple(sentences)


def _doubt(cutoffs: pd.DataFrame, level: float) -> str:
    """Whether the coverage of each cutoff leaves open that the level is right."""
    count = len(cutoffs)
    if count < 2:
        return " (one cutoff: may be chance)"
    miss = (cutoffs["coverage"] - level).to_numpy() * cutoffs["rows"].to_numpy()
    spread = float(np.std(miss, ddof=1) / np.sqrt(count))
    limit = float(stats.t.ppf(1 - _DOUBT / 2, count - 1)) * spread
    return " (may be chance)" if abs(float(np.mean(miss))) <= limit else ""


def _observed(table: pd.DataFrame) -> pd.DataFrame:
    seen = table["actual"].notna().to_numpy()
    return table if seen.all() else table[seen]


def _mean(values: np.ndarray, code: np.ndarray, size: int) -> np.ndarray:
    """(size) the mean of ``values`` with each code; NaN where one of them is."""
    count = np.bincount(code, minlength=size)
    return np.divide(np.bincount(code, values, size), count, out=np.full(size, np.nan), where=count > 0)


def _percent(share: float) -> str:
    return f"{round(100 * share, 1):g} %"
