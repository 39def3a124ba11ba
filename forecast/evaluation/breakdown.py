"""Breakdowns: where each model is good and bad, by step, cutoff, series, calendar, category, level or volatility.

All models are scored on the rows that all of them have, with the metrics of ``metrics.py``: each seed's metric over the
rows of a group, averaged over seeds.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from datamodules.errors import InputError
from forecast.evaluation.alignment import common_rows
from forecast.evaluation.groups import NOTHING, Groups, available, groups_of
from forecast.evaluation.metrics import direction, named
from forecast.evaluation.scores import REFERENCE, score

__all__ = ["available", "breakdown", "breakdowns", "wins"]
_COLUMNS: Final = ["model", "group", "value", "value_sd", "rows", "rank", "undefined"]
_WINS: Final = ["model", "groups", "best", "beats", "worst", "mean_rank", "strongest", "weakest"]


def breakdown(
    table: pd.DataFrame,
    by: str,
    metric: str = "mase",
    *,
    series: pd.DataFrame = NOTHING,
    zone: str = "",
    reference: str = REFERENCE,
) -> pd.DataFrame:
    """A row per group and model: ``model, group, value, value_sd, rows, rank, undefined``.

    Every model has a row in every group. Groups come in their natural order and models in that of the table, so
    ``pivot(index="model", columns="group", values="value")`` is a heatmap. ``value`` is the metric, the mean over
    seeds, and ``value_sd`` their standard deviation (NaN with one seed); ``rows`` are those scored, of one seed;
    ``rank`` is 1 for the best model of the group (equals share the mean of their ranks; NaN for metrics without a
    best); ``undefined`` says why a value is NaN.

    Args:
        table: the forecast table with actuals.
        by: one of ``available(table, series)``: step, cutoff, unique_id, target; minute, hour, weekday, weekend, month,
            quarter or year of the value that is forecast; a static column; level_decile, volatility_decile.
        metric: a name of ``forecast list metrics``.
        series: ``Backtest.series``, for static columns and deciles.
        zone: time zone whose wall clock the calendar follows (``Backtest.zone``); the stamps' own when empty.
        reference: the model that skill is measured against.

    Raises:
        InputError: for an unknown metric or ``by``, or a calendar on an integer clock.
    """
    named([metric])
    shared = _shared(table)
    if not len(shared):
        return pd.DataFrame(columns=_COLUMNS)
    groups = groups_of(shared, by, series, zone=zone)
    return _told(_scores(shared, groups, [metric], reference), groups.labels, metric)


def breakdowns(
    table: pd.DataFrame, metrics: Sequence[str], *, series: pd.DataFrame = NOTHING, zone: str = ""
) -> pd.DataFrame:
    """All breakdowns there are, groups as text: ``by``, ``metric`` and the columns of ``breakdown``."""
    shared = _shared(table)
    parts = []
    for by in available(shared, series, zone=zone):
        groups = groups_of(shared, by, series, zone=zone)
        scores = _scores(shared, groups, metrics, REFERENCE)
        for metric in metrics:
            part = _told(scores, groups.labels, metric)
            parts.append(part.assign(by=by, metric=metric, group=part["group"].astype(str)))
    columns = ["by", "metric", *_COLUMNS]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def wins(
    table: pd.DataFrame,
    by: str = "unique_id",
    metric: str = "mase",
    *,
    series: pd.DataFrame = NOTHING,
    zone: str = "",
    reference: str = REFERENCE,
) -> pd.DataFrame:
    """A row per model, the one that is best most often first: where it wins and where it loses.

    Columns: ``model``; ``groups`` in which it has a value; ``best`` and ``worst``, the share of them, 0 to 1, in which
    its value is the best or worst of all, equals sharing it; ``beats``, the share in which it is better than the
    reference, a tie counting half (NaN for the reference itself, and without one); ``mean_rank``; ``strongest`` and
    ``weakest``, the groups in which its value is best and worst against the mean of all models there (their ratio, or
    the difference where some value is not positive).

    Args:
        table: the forecast table with actuals.
        by: as of ``breakdown``.
        metric: one that has a best.
        series: ``Backtest.series``, for static columns and deciles.
        zone: time zone whose wall clock the calendar follows.
        reference: the model to beat.

    Raises:
        InputError: as ``breakdown``, and for a metric without a best.
    """
    found = breakdown(table, by, metric, series=series, zone=zone, reference=reference)
    if direction(metric) == 0:
        raise InputError(f"metric {metric!r} has no best, so that no model wins in it. Name another, such as mase.")
    if not len(found):
        return pd.DataFrame(columns=_WINS)
    models = list(dict.fromkeys(found["model"]))
    shape = (-1, len(models))
    cost = found["value"].to_numpy().reshape(shape) * direction(metric)  # (G, M), low is good
    count = np.isfinite(cost).sum(axis=0)
    among = np.where(count > 0, count, np.nan)
    labels = found["group"].astype(str).to_numpy()[:: len(models)]
    against = _against_mean(cost)
    columns = [
        models,
        count,
        _lowest(cost) / among,
        _beaten(cost, models, reference) / among,
        _lowest(-cost) / among,
        np.nansum(found["rank"].to_numpy().reshape(shape), axis=0) / among,
        [_name_of_least(labels, column) for column in against.T],
        [_name_of_least(labels, -column) for column in against.T],
    ]
    frame = pd.DataFrame(dict(zip(_WINS, columns, strict=True)))
    return frame.sort_values(["best", "mean_rank", "model"], ascending=[False, True, True], ignore_index=True)


def _shared(table: pd.DataFrame) -> pd.DataFrame:
    return common_rows(table)[0] if len(table) else table


def _scores(table: pd.DataFrame, groups: Groups, metrics: Sequence[str], reference: str) -> pd.DataFrame:
    """A row per model, seed and code of a group, as ``score`` gives it."""
    return score(table.assign(group=groups.code), metrics, by=["group"], reference=reference)


def _told(scores: pd.DataFrame, labels: pd.Index, metric: str) -> pd.DataFrame:
    """The breakdown in one metric: every group and model, means over seeds."""
    names = scores["model"].astype(str)
    models = pd.Index(names.unique())
    shape = (len(labels), len(models))
    place = scores["group"].to_numpy() * len(models) + models.get_indexer(names)  # every place has its seeds
    seeds = np.bincount(place)
    each = scores[metric].to_numpy(np.float64)
    mean = np.bincount(place, each) / seeds
    squares = np.bincount(place, (each - mean[place]) ** 2)
    spread = np.sqrt(np.divide(squares, seeds - 1, out=np.full(len(mean), np.nan), where=seeds > 1))
    towards = direction(metric) or np.nan
    undefined = np.full(len(mean), "", dtype=object)
    lost = np.flatnonzero(np.isnan(each))
    undefined[place[lost]] = [_reason(text, metric) for text in scores["undefined"].iloc[lost]]
    columns = [
        np.tile(models.to_numpy(), shape[0]),
        labels[np.repeat(np.arange(shape[0]), shape[1])],
        mean,
        spread,
        np.bincount(place, scores["rows"].to_numpy()).astype(np.int64) // seeds,
        pd.DataFrame(mean.reshape(shape) * towards).rank(axis=1).to_numpy().reshape(-1),
        undefined,
    ]
    return pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))


def _reason(text: str, metric: str) -> str:
    """What ``undefined`` of a score says about one metric."""
    reasons = dict(part.partition(": ")[::2] for part in text.split("; "))
    return reasons.get(metric, "")


def _lowest(cost: np.ndarray) -> np.ndarray:
    """(M) the groups in which each model's cost (G, M) is the lowest; those who share it share the group."""
    known = np.isfinite(cost)
    lowest = np.where(known, cost, np.inf).min(axis=1, keepdims=True)
    is_lowest = known & (cost == lowest)
    return (is_lowest / np.maximum(is_lowest.sum(axis=1, keepdims=True), 1)).sum(axis=0)


def _beaten(cost: np.ndarray, models: list[str], reference: str) -> np.ndarray:
    """(M) the groups in which each model's cost (G, M) is below the reference's; half of those where it is equal."""
    if reference not in models:
        return np.full(len(models), np.nan)
    theirs = cost[:, [models.index(reference)]]
    wins = ((cost < theirs) + (cost == theirs) / 2).sum(axis=0)
    return np.where(np.array(models) == reference, np.nan, wins)


def _against_mean(cost: np.ndarray) -> np.ndarray:
    """(G, M) each cost divided by the mean cost of its group; minus the mean where some cost is not positive."""
    known = np.isfinite(cost)
    count = known.sum(axis=1, keepdims=True)
    total = np.where(known, cost, 0.0).sum(axis=1, keepdims=True)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return cost / mean if (cost[known] > 0).all() else cost - mean


def _name_of_least(labels: np.ndarray, values: np.ndarray) -> str:
    """The group with the least of ``values`` (G); empty where all are equal, or none is known."""
    known = values[np.isfinite(values)]
    return str(labels[np.nanargmin(values)]) if len(known) and np.ptp(known) > 0 else ""
