"""Metrics as functions of sums over rows, so that a resample needs sums of cells only and no row a second time."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from forecast.evaluation.metrics import Metric, Rows, central_interval


class Parts(NamedTuple):
    """How a metric is put together.

    Attributes:
        columns: from the rows of all models, P arrays (n) whose sums over rows make the metric.
        combine: (..., P) sums -> (...) the metric; NaN where it is undefined.
    """

    columns: Callable[[Rows], Sequence[np.ndarray]]
    combine: Callable[[np.ndarray], np.ndarray]


def parts_of(name: str, metric: Metric) -> Parts:
    """The parts of a metric; for one that is not known here, those of a mean over rows of its values by path."""
    return _KNOWN.get(name) or _averaged(lambda rows: _by_path(rows, metric))


def _ratio(sums: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1])


def _averaged(values: Callable[[Rows], np.ndarray], combine: Callable[[np.ndarray], np.ndarray] = _ratio) -> Parts:
    def columns(rows: Rows) -> Sequence[np.ndarray]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return values(rows), np.ones(len(rows.actual))

    return Parts(columns, combine)


def _by_path(rows: Rows, metric: Metric) -> np.ndarray:
    """(n) the metric of each row's own path."""
    order = np.argsort(rows.path, kind="stable")
    stops = np.cumsum(np.bincount(rows.path))
    fields = {name: getattr(rows, name)[order] for name in Rows._fields if name != "levels"}
    values = np.empty(len(order))
    for begin, stop in zip(np.append(0, stops[:-1]), stops, strict=True):
        own = Rows(**{name: value[begin:stop] for name, value in fields.items()}, levels=rows.levels)
        own = own._replace(quantiles=own.quantiles[:, :0]) if np.isnan(own.quantiles).all() else own
        values[begin:stop] = metric(own).value
    result = np.empty(len(order))
    result[order] = values
    return result


def _error(rows: Rows) -> np.ndarray:
    return rows.mean - rows.actual


def _absolute(rows: Rows) -> np.ndarray:
    return np.abs(_error(rows))


def _scaled(rows: Rows) -> np.ndarray:
    return np.where(rows.naive_mae > 0, _absolute(rows) / rows.naive_mae, np.nan)


def _percentage(rows: Rows) -> np.ndarray:
    return np.where(rows.actual == 0, np.nan, 100 * _absolute(rows) / np.abs(rows.actual))


def _symmetric(rows: Rows) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(200 * _absolute(rows) / (np.abs(rows.actual) + np.abs(rows.mean)))


def _logarithmic(rows: Rows) -> np.ndarray:
    wrong = (rows.actual < 0) | (rows.mean < 0)
    return np.where(wrong, np.nan, (np.log1p(rows.mean) - np.log1p(rows.actual)) ** 2)


def _pinball(rows: Rows) -> np.ndarray:
    error = rows.actual[:, None] - rows.quantiles
    levels = np.asarray(rows.levels)
    return np.maximum(levels * error, (levels - 1) * error).mean(axis=1) if len(levels) else np.full(len(error), np.nan)


def _interval(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    chosen = central_interval(rows.levels)
    missing = np.full(len(rows.actual), np.nan)
    return (rows.quantiles[:, chosen[0]], rows.quantiles[:, chosen[1]]) if chosen else (missing, missing)


def _width(rows: Rows) -> np.ndarray:
    low, high = _interval(rows)
    return high - low


def _covered(rows: Rows) -> np.ndarray:
    low, high = _interval(rows)
    return np.where(np.isnan(high - low), np.nan, (low <= rows.actual) & (rows.actual <= high))


def _root_by_path(rows: Rows) -> Sequence[np.ndarray]:
    """A path counts once, however many steps of it were observed."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(rows.naive_mse > 0, _error(rows) ** 2 / rows.naive_mse, np.nan)
        count = np.bincount(rows.path)
        root = np.sqrt(np.bincount(rows.path, scaled) / count)
        return (root / count)[rows.path], (1 / count)[rows.path]


def _deviations(rows: Rows) -> Sequence[np.ndarray]:
    """Of the actuals and the errors; around the actuals' mean, so that large values do not lose digits."""
    error, actual = _error(rows), rows.actual - rows.actual.mean()
    return error, error**2, actual, actual**2, np.ones(len(error))


def _explained(sums: np.ndarray, *, biased: bool) -> np.ndarray:
    error, squared, actual, spread, n = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        unexplained = squared - (0 if biased else error**2 / n)
        return np.asarray(1 - unexplained / (spread - actual**2 / n))


def _skill(rows: Rows) -> Sequence[np.ndarray]:
    return _scaled(rows), _scaled(rows._replace(mean=rows.reference))


def _overall(rows: Rows) -> Sequence[np.ndarray]:
    theirs = rows._replace(mean=rows.naive2)
    return _symmetric(rows), _symmetric(theirs), _scaled(rows), _scaled(theirs)


def _half_and_half(sums: np.ndarray) -> np.ndarray:
    return (_ratio(sums[..., :2]) + _ratio(sums[..., 2:])) / 2


_KNOWN = {
    "mse": _averaged(lambda rows: _error(rows) ** 2),
    "rmse": _averaged(lambda rows: _error(rows) ** 2, lambda sums: np.sqrt(_ratio(sums))),
    "mae": _averaged(_absolute),
    "mape": _averaged(_percentage),
    "smape": _averaged(_symmetric),
    "wape": Parts(lambda rows: (100 * _absolute(rows), np.abs(rows.actual)), _ratio),
    "r2": Parts(_deviations, lambda sums: _explained(sums, biased=True)),
    "explained_variance": Parts(_deviations, lambda sums: _explained(sums, biased=False)),
    "msle": _averaged(_logarithmic),
    "rmsle": _averaged(_logarithmic, lambda sums: np.sqrt(_ratio(sums))),
    "mase": _averaged(_scaled),
    "rmsse": Parts(_root_by_path, _ratio),
    "bias": _averaged(_error),
    "pinball": _averaged(_pinball),
    "crps": _averaged(lambda rows: 2 * _pinball(rows)),
    "coverage": _averaged(_covered),
    "width": _averaged(_width),
    "skill": Parts(_skill, lambda sums: 1 - _ratio(sums)),
    "owa": Parts(_overall, _half_and_half),
}
