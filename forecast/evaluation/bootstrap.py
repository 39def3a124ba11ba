"""Bootstrap intervals of every score: how much of it is the luck of these cutoffs and series."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import PATH, RUN, common_rows, group
from forecast.evaluation.cells import SERIES, overlapping
from forecast.evaluation.metrics import Metric, Rows, named
from forecast.evaluation.parts import Parts, parts_of
from forecast.evaluation.resampling import Resample, deviations, resample
from forecast.evaluation.scores import NAIVE2, REFERENCE, metric_rows

DRAWS = 999
COLUMNS = ["model", "metric", "value", "low", "high", "note"]


def intervals(
    table: pd.DataFrame,
    metrics: Iterable[str],
    *,
    level: float = 0.95,
    seed: int = 0,
    reference: str = REFERENCE,
) -> pd.DataFrame:
    """A row per model and metric: its ``value``, mean over seeds, and a bootstrap interval ``low`` to ``high``.

    What is drawn again, cutoffs in blocks, series or both, is said in ``note`` and explained in
    ``forecast.evaluation.resampling``; an interval speaks about other cutoffs or series like these. Rows that a model
    lacks are left out for all. ``low`` and ``high`` are NaN where there is too little to draw from, and for a metric of
    which it is not known how it is put together from sums (nor a mean over rows).

    Args:
        table: the forecast table with actuals.
        metrics: names; ``forecast list metrics`` shows them.
        level: of the interval.
        seed: of the draws.
        reference: the model that skill is measured against.
    """
    functions = named(metrics)
    table = common_rows(table)[0]
    seen = table[table["actual"].notna().to_numpy()]
    if seen.empty or not functions:
        return pd.DataFrame(columns=COLUMNS)
    rows = metric_rows(seen, reference, NAIVE2)._replace(path=group(seen, (*RUN, *PATH))[0])
    run, of_run = group(seen, RUN)
    models = seen["model"].iloc[of_run].astype(str).to_numpy()
    index = _Index(run, group(seen, SERIES)[0], _in_time(seen["cutoff"]))
    overlap = overlapping(table)
    frames = []
    for name, metric in functions.items():
        parts = parts_of(name, metric)
        sample = resample(index.sums(parts.columns(rows)), overlap, draws=DRAWS, seed=seed)
        frames.append(_of_metric(name, parts, sample, models, level, _is_sum(parts, metric, sample, rows, run)))
    result = pd.concat(frames, ignore_index=True)
    place = {name: number for number, name in reversed(list(enumerate(models)))}
    order = np.argsort(result["model"].map(place).to_numpy(), kind="stable")
    return result.iloc[order].reset_index(drop=True)[COLUMNS]


class _Index:
    """Where each row's values are added up: (series, cutoff, run)."""

    def __init__(self, run: np.ndarray, series: np.ndarray, cutoff: np.ndarray) -> None:
        self.shape = tuple(int(code.max()) + 1 for code in (series, cutoff, run))
        self.cell = np.ravel_multi_index((series, cutoff, run), self.shape)

    def sums(self, columns: Iterable[np.ndarray]) -> np.ndarray:
        """(N, C, runs, P)."""
        size = int(np.prod(self.shape))
        return np.stack([np.bincount(self.cell, column, size).reshape(self.shape) for column in columns], axis=-1)


def _in_time(cutoffs: pd.Series) -> np.ndarray:
    """(n) the place of each row's cutoff in order of time."""
    codes, distinct = pd.factorize(cutoffs)
    return np.argsort(np.argsort(np.asarray(distinct)))[codes]


def _of_metric(
    name: str, parts: Parts, sample: Resample, models: np.ndarray, level: float, known: bool
) -> pd.DataFrame:
    distinct, inverse = np.unique(models, return_inverse=True)
    mean = np.zeros((len(models), len(distinct)))
    mean[np.arange(len(models)), inverse] = 1 / np.bincount(inverse)[inverse]

    def of_models(sums: np.ndarray) -> np.ndarray:
        """(..., runs, P) -> (..., models): the mean over seeds; a model with an undefined seed is NaN."""
        values = parts.combine(sums)
        lost = ~np.isfinite(values)
        return np.where(lost @ (mean > 0), np.nan, np.where(lost, 0.0, values) @ mean)

    frame = pd.DataFrame({"model": distinct, "metric": name, "value": of_models(sample.sums)})
    if not known:
        return frame.assign(value=np.nan, low=np.nan, high=np.nan, note="no interval: this metric is no sum over rows")
    if not sample.draws:
        return frame.assign(low=np.nan, high=np.nan, note=sample.note)
    value, strayed = deviations(sample, of_models, level)
    low, high = np.quantile(strayed, [(1 - level) / 2, (1 + level) / 2], axis=0) + value
    note = np.where(np.isnan(value), "undefined on these rows", sample.note)
    return frame.assign(low=low, high=high, note=note)


def _is_sum(parts: Parts, metric: Metric, sample: Resample, rows: Rows, run: np.ndarray) -> bool:
    """Whether the parts make the metric, told by the first run."""
    own = run == 0
    fields = {name: getattr(rows, name)[own] for name in Rows._fields if name != "levels"}
    chosen = Rows(**fields, levels=rows.levels)
    chosen = chosen._replace(quantiles=chosen.quantiles[:, :0]) if np.isnan(chosen.quantiles).all() else chosen
    expected, found = metric(chosen).value, float(parts.combine(sample.sums[0]))
    return not np.isfinite(expected) or bool(np.isclose(expected, found, rtol=1e-6))
