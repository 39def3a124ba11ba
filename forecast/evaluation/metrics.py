"""The metrics: one function each, from scored rows to a number. Adding a function here adds a metric everywhere.

Errors are forecast minus actual. A metric that is not defined for a row is NaN and says for how many rows, it never
leaves them out; a forecast that is NaN makes every metric NaN. The first line of a docstring is its help text.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from inspect import isfunction
from typing import NamedTuple

import numpy as np
import pandas as pd

from datamodules.errors import one_of


class Rows(NamedTuple):
    """The rows that a metric averages over: all observed, of one forecaster, in original units."""

    actual: np.ndarray  # (n)
    mean: np.ndarray  # (n)
    quantiles: np.ndarray  # (n, Q), or (n, 0) when none are offered
    levels: tuple[float, ...]  # Q, ascending
    naive_mae: np.ndarray  # (n) in-sample errors of the seasonal naive forecast
    naive_mse: np.ndarray  # (n)
    path: np.ndarray  # (n) one integer for each (series, target, cutoff)
    reference: np.ndarray  # (n) the reference's forecast, NaN where there is none
    naive2: np.ndarray  # (n) the forecast of Naive2, NaN where there is none


class Score(NamedTuple):
    """A metric's value; NaN where it is undefined, with the reason and its count (``"12 zero actuals"``)."""

    value: float
    undefined: str = ""


Metric = Callable[[Rows], Score]

_DIRECTION = {"r2": -1, "explained_variance": -1, "skill": -1, "bias": 0, "coverage": 0, "width": 0}


def all_metrics() -> dict[str, Metric]:
    """The metrics by name, in the order of this file."""
    functions = {name: value for name, value in vars(sys.modules[__name__]).items() if isfunction(value)}
    return {name: f for name, f in functions.items() if name[0] != "_" and f.__annotations__.get("return") is Score}


def named(names: Iterable[str]) -> dict[str, Metric]:
    """The metrics of these names; InputError with the nearest known name for an unknown one."""
    known = all_metrics()
    names = tuple(names)
    for name in names:
        one_of("metric", name, known)
    return {name: known[name] for name in names}


def direction(name: str) -> int:
    """1 when a lower value is better, -1 when a higher one is, 0 when neither is (bias, coverage, width)."""
    return _DIRECTION.get(name, 1)


def evaluate(rows: Rows, metrics: Mapping[str, Metric]) -> dict[str, Score]:
    """The score of each metric; NaN and the reason where there is nothing to score."""
    if not len(rows.actual):
        return dict.fromkeys(metrics, Score(np.nan, "no observed rows"))
    scores = {name: metric(rows) for name, metric in metrics.items()}
    return {
        name: score if np.isfinite(score.value) or score.undefined else Score(np.nan, "a forecast is not finite")
        for name, score in scores.items()
    }


def central_intervals(levels: tuple[float, ...]) -> list[tuple[int, int]]:
    """Where each pair of levels that mirror each other stands, (low, high), the widest first."""
    found = []
    for low, level in enumerate(levels):
        high = int(np.argmin(np.abs(np.asarray(levels) - (1 - level))))
        if level < 0.5 and np.isclose(levels[high], 1 - level):
            found.append((low, high))
    return found


def central_interval(levels: tuple[float, ...]) -> tuple[int, ...]:
    """Where the widest pair of levels that mirror each other stands, (low, high); empty when there is none."""
    return next(iter(central_intervals(levels)), ())


def mse(rows: Rows) -> Score:
    """Mean squared error: mean of (forecast - actual)², in squared units of the data."""
    return _mean((rows.mean - rows.actual) ** 2)


def rmse(rows: Rows) -> Score:
    """Root mean squared error: root of the MSE over all rows, in units of the data."""
    return Score(float(np.sqrt(mse(rows).value)))


def mae(rows: Rows) -> Score:
    """Mean absolute error: mean of |forecast - actual|, in units of the data."""
    return _mean(np.abs(rows.mean - rows.actual))


def mape(rows: Rows) -> Score:
    """Mean absolute percentage error: 100 · mean of |forecast - actual| / |actual|, in percent; no zeros.

    Hyndman and Koehler (2006), section 2.2.
    """
    return _refuse(rows.actual == 0, "zero actual") or _mean(
        100 * np.abs(rows.mean - rows.actual) / np.abs(rows.actual)
    )


def smape(rows: Rows) -> Score:
    """Symmetric MAPE: 200 · mean of |forecast - actual| / (|actual| + |forecast|), in percent from 0 to 200.

    Makridakis, Spiliotis and Assimakopoulos (2020), the M4 competition. Not defined where both are zero.
    """
    size = np.abs(rows.actual) + np.abs(rows.mean)
    return _refuse(size == 0, "row", " with actual and forecast zero") or _mean(
        200 * np.abs(rows.mean - rows.actual) / size
    )


def wape(rows: Rows) -> Score:
    """Weighted absolute percentage error: 100 · sum of |forecast - actual| / sum of |actual|, in percent.

    Kolassa and Schütz (2007). Not defined when all actuals are zero.
    """
    size = float(np.mean(np.abs(rows.actual)))
    return _refuse_all(rows, size == 0, "actual", ", all zero") or Score(100 * mae(rows).value / size)


def r2(rows: Rows) -> Score:
    """Coefficient of determination: 1 - sum of squared errors / sum of squared deviations of the actuals; 1 is best.

    Over all rows at once: in a panel of series of different size it is mostly the size that is explained.
    """
    constant = np.ptp(rows.actual) == 0
    return _refuse_all(rows, constant, "actual", ", all equal") or Score(
        1 - mse(rows).value / float(np.var(rows.actual))
    )


def explained_variance(rows: Rows) -> Score:
    """Explained variance: 1 - variance of the errors / variance of the actuals; 1 is best, blind to a constant bias."""
    constant = np.ptp(rows.actual) == 0
    return _refuse_all(rows, constant, "actual", ", all equal") or Score(
        1 - float(np.var(rows.mean - rows.actual) / np.var(rows.actual))
    )


def msle(rows: Rows) -> Score:
    """Mean squared logarithmic error: mean of (log(1 + forecast) - log(1 + actual))², no unit; no negative values."""
    return _refuse((rows.actual < 0) | (rows.mean < 0), "row", " with a negative actual or forecast") or _mean(
        (np.log1p(rows.mean) - np.log1p(rows.actual)) ** 2
    )


def rmsle(rows: Rows) -> Score:
    """Root mean squared logarithmic error: root of the MSLE, no unit; no negative values."""
    score = msle(rows)
    return score._replace(value=float(np.sqrt(score.value)))


def mase(rows: Rows) -> Score:
    """Mean absolute scaled error: mean of |forecast - actual| / in-sample MAE of seasonal naive; no unit.

    Hyndman and Koehler (2006), equation 3.2. Each row is scaled by its own series up to its own cutoff.
    """
    return _unscaled(rows.naive_mae) or _mean(np.abs(rows.mean - rows.actual) / rows.naive_mae)


def rmsse(rows: Rows) -> Score:
    """Root mean squared scaled error: mean over paths of the root of (MSE / in-sample MSE of seasonal naive); no unit.

    A path is the forecast of one series and target from one cutoff. Makridakis, Spiliotis and Assimakopoulos (2022),
    the M5 competition, without its weights (and with the seasonal instead of the one-step naive forecast).
    """
    return _unscaled(rows.naive_mse) or _mean(
        np.sqrt(_path_means((rows.mean - rows.actual) ** 2 / rows.naive_mse, rows.path))
    )


def bias(rows: Rows) -> Score:
    """Bias: mean of forecast - actual, in units of the data; positive when forecasts are too high, 0 is best."""
    return _mean(rows.mean - rows.actual)


def pinball(rows: Rows) -> Score:
    """Pinball loss: mean over rows and levels q of max(q·e, (q - 1)·e), e = actual - quantile; units of the data.

    Koenker and Bassett (1978). At the median it is half the absolute error.
    """
    error = rows.actual[:, None] - rows.quantiles  # (n, Q)
    levels = np.asarray(rows.levels)[: error.shape[1]]
    return _no_quantiles(rows) or _mean(np.maximum(levels * error, (levels - 1) * error))


def crps(rows: Rows) -> Score:
    """Continuous ranked probability score from quantiles: 2 · mean pinball loss over rows and levels; units of data.

    The score is 2 · the integral of the pinball loss over all levels (Gneiting and Raftery, 2007, section 4.2; Laio and
    Tamea, 2007). The mean over the levels at hand approximates it: well where they are many and evenly spaced.
    """
    score = pinball(rows)
    return score._replace(value=2 * score.value)


def interval_score(rows: Rows) -> Score:
    """Interval score: width of the widest central interval + 2 / (1 - its level) · distance of actuals outside it.

    Winkler (1972); Gneiting and Raftery (2007), equation 43. Units of the data.
    """
    return _no_interval(rows) or _mean(_penalised(rows, central_interval(rows.levels)))


def msis(rows: Rows) -> Score:
    """Mean scaled interval score: mean of the interval score / in-sample MAE of seasonal naive; no unit.

    Makridakis, Spiliotis and Assimakopoulos (2020), the M4 competition, there of 95 % intervals; here of the widest.
    """
    return (
        _no_interval(rows)
        or _unscaled(rows.naive_mae)
        or _mean(_penalised(rows, central_interval(rows.levels)) / rows.naive_mae)
    )


def wis(rows: Rows) -> Score:
    """Weighted interval score: (|actual - median| / 2 + sum over K intervals of α/2 · interval score) / (K + 1/2).

    Bracher, Ray, Gneiting and Reich (2021), equation 2, over all central intervals, of level 1 - α; units of the data.
    The point forecast stands for a median that is not among the levels. With it, and all levels mirrored, this is
    ``crps``.
    """
    lost = _no_interval(rows)
    if lost:
        return lost
    middle = [index for index, level in enumerate(rows.levels) if np.isclose(level, 0.5)]
    total = np.abs(rows.actual - (rows.quantiles[:, middle[0]] if middle else rows.mean)) / 2
    intervals = central_intervals(rows.levels)
    for low, high in intervals:
        total = total + (1 - rows.levels[high] + rows.levels[low]) / 2 * _penalised(rows, (low, high))
    return _mean(total / (len(intervals) + 0.5))


def coverage(rows: Rows) -> Score:
    """Coverage: share of actuals, 0 to 1, in the widest central interval; best is the interval's own level.

    With levels 0.1 .. 0.9 the interval is q0.1 to q0.9, bounds included, and its level is 0.8 (the column ``nominal``).
    """
    return _no_interval(rows) or _mean(np.where(np.isnan(_width(rows)), np.nan, _inside(rows)))


def width(rows: Rows) -> Score:
    """Interval width: mean width of the widest central interval, in units of the data; narrow is good if it covers."""
    return _no_interval(rows) or _mean(_width(rows))


def skill(rows: Rows) -> Score:
    """Skill: 1 - MASE / MASE of the reference (seasonal naive) on the same rows; above 0 is better, 1 is perfect."""
    lost = _refuse(np.isnan(rows.reference), "row", " without a forecast of the reference")
    ours, theirs = mase(rows), mase(rows._replace(mean=rows.reference))
    if lost or ours.undefined:
        return lost or ours
    return _refuse_all(rows, theirs.value == 0, "row", ", on all the reference is perfect") or Score(
        1 - ours.value / theirs.value
    )


def owa(rows: Rows) -> Score:
    """Overall weighted average: mean of sMAPE / sMAPE of Naive2 and MASE / MASE of Naive2 on the same rows; no unit.

    Makridakis, Spiliotis and Assimakopoulos (2020), the M4 competition. Naive2 has 1; below is better.
    """
    lost = _refuse(np.isnan(rows.naive2), "row", " without a forecast of Naive2")
    theirs = rows._replace(mean=rows.naive2)
    ours, bases = (smape(rows), mase(rows)), (smape(theirs), mase(theirs))
    undefined = lost or next((score for score in ours if score.undefined), None)
    if undefined:
        return undefined
    if bases[0].undefined:
        return Score(np.nan, f"{bases[0].undefined}, that of Naive2")
    return _refuse_all(rows, min(bases).value == 0, "row", ", on all Naive2 is perfect") or Score(
        (ours[0].value / bases[0].value + ours[1].value / bases[1].value) / 2
    )


def _mean(values: np.ndarray) -> Score:
    return Score(float(np.mean(values)))


def _refuse(wrong: np.ndarray, noun: str, what: str = "") -> Score | None:
    return _undefined(int(wrong.sum()), noun, what) if wrong.any() else None


def _refuse_all(rows: Rows, wrong: bool | np.bool, noun: str, what: str) -> Score | None:
    return _undefined(len(rows.actual), noun, what) if wrong else None


def _undefined(count: int, noun: str, what: str) -> Score:
    return Score(np.nan, f"{count} {noun}{'s' * (count != 1)}{what}")


def _unscaled(naive: np.ndarray) -> Score | None:
    return _refuse(~(naive > 0), "row", " whose series has no seasonal naive error to scale by")


def _path_means(values: np.ndarray, path: np.ndarray) -> np.ndarray:
    codes, paths = pd.factorize(path)
    return np.bincount(codes, values, len(paths)) / np.bincount(codes, minlength=len(paths))


def _no_quantiles(rows: Rows) -> Score | None:
    absent = [f"{level:g}" for level, own in zip(rows.levels, rows.quantiles.T, strict=False) if np.isnan(own).all()]
    return _refuse_all(rows, not rows.quantiles.shape[1], "row", " without quantiles") or _refuse_all(
        rows, bool(absent), "row", f" without quantiles at {' and '.join(absent)}, which others have"
    )


def _no_interval(rows: Rows) -> Score | None:
    return _no_quantiles(rows) or _refuse_all(
        rows, not central_interval(rows.levels), "row", " without a central interval"
    )


def _penalised(rows: Rows, interval: tuple[int, ...]) -> np.ndarray:
    """(n) the interval score of each row for the levels at (low, high)."""
    low, high = (rows.quantiles[:, index] for index in interval)
    outside = 1 - rows.levels[interval[1]] + rows.levels[interval[0]]
    return high - low + 2 / outside * (np.maximum(low - rows.actual, 0) + np.maximum(rows.actual - high, 0))


def _width(rows: Rows) -> np.ndarray:
    low, high = central_interval(rows.levels)
    return rows.quantiles[:, high] - rows.quantiles[:, low]


def _inside(rows: Rows) -> np.ndarray:
    low, high = central_interval(rows.levels)
    return (rows.quantiles[:, low] <= rows.actual) & (rows.actual <= rows.quantiles[:, high])
