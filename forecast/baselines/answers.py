"""Answers of models of one series as one table; where a series has none, the ``fallback`` answers or it raises."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from datamodules.panel import Panel
from forecast.baselines.base import Baseline, failure, tally
from forecast.baselines.one_series import Answer
from forecast.forecaster import find
from forecast.table import build


class Asked(NamedTuple):
    """What a forecaster was asked for."""

    panel: Panel
    cutoffs: np.ndarray  # (F, N)
    horizon: int
    levels: tuple[float, ...]


def known_baselines() -> dict[str, type[Baseline]]:
    """The baselines that may be named as a fallback."""
    return find("forecast.baselines", Baseline)  # type: ignore[type-abstract]


def counted(noted: Iterable[tuple[str, tuple[str, ...]]], n_series: int) -> str:
    """The notes of each series, (name, notes), as one text that counts the series of each."""
    found: dict[str, set[str]] = {}
    for series, notes in noted:
        for note in notes:
            found.setdefault(note, set()).add(series)
    return tally(found, n_series)


def tabled(
    name: str, answers: Mapping[tuple[int, int], Answer], asked: Asked, *, fallback: str, seasonality: int
) -> tuple[pd.DataFrame, str]:
    """The forecast table of all answers, and a note on those that ``fallback`` gave.

    Args:
        name: the forecaster's, for the column ``model``; rows of the fallback are called ``ETS>SeasonalNaive``.
        answers: by place among the cutoffs asked for (those not -1, fold by fold) and index of the target.
        asked: the panel, cutoffs, horizon and levels.
        fallback: name of the baseline that answers where an answer has an ``error``; empty for none.
        seasonality: that the fallback is given, where it has one.

    Raises:
        ForecastError: when an answer has an error and there is no fallback.
    """
    panel, cutoffs, horizon, levels = asked
    fold, series = np.nonzero(cutoffs >= 0)
    shape = (len(series), horizon, len(panel.columns.target))
    mean, quantiles = np.zeros(shape), np.zeros((*shape, len(levels)))
    failed = np.zeros((shape[0], shape[2]), dtype=bool)
    reasons: dict[str, str] = {}
    for (place, index), answer in answers.items():
        if answer.error:
            failed[place, index] = True
            reasons.setdefault(str(panel.ids[series[place]]), answer.error)
        else:
            mean[place, :, index], quantiles[place, :, index] = answer.mean, answer.quantiles
    if not reasons:
        return build(name, panel, cutoffs, mean, quantiles, levels), ""
    error = failure(name, reasons, len(np.unique(series)))
    if not fallback:
        raise error
    asked_again = np.full(cutoffs.shape, -1, dtype=np.int64)
    places = np.flatnonzero(failed.any(axis=1))
    asked_again[fold[places], series[places]] = cutoffs[fold[places], series[places]]
    other = _fallback(fallback, seasonality).predict(panel, asked_again, horizon, levels)
    instead = other.iloc[:, -1 - len(levels) :].to_numpy().reshape(len(places), horizon, shape[2], 1 + len(levels))
    which = failed[:, None, :] & np.ones((1, horizon, 1), dtype=bool)  # (C, H, D)
    mean[which] = instead[which[places]][:, 0]
    quantiles[which] = instead[which[places]][:, 1:]
    table = build(name, panel, cutoffs, mean, quantiles, levels)
    who = np.where(which.reshape(-1), f"{name}>{fallback}", name)
    return table.assign(model=pd.Categorical(who)), f"{error}; answered by {fallback}"


def _fallback(name: str, seasonality: int) -> Baseline:
    baseline = known_baselines()[name]()
    if hasattr(baseline, "seasonality"):
        baseline.seasonality = seasonality
    return baseline
