"""Residual diagnostics: whether a model's errors still hold something that a better forecast would have used.

Errors are forecast minus actual, averaged over seeds. Those of the first step from one cutoff to the next are
uncorrelated when a forecast uses all of the past; later steps' errors need not be, nor those within one forecast.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import group, keys
from forecast.evaluation.cells import overlapping
from forecast.evaluation.clusters import mean_test
from forecast.evaluation.series_tests import LEAST_FOR_LAGS, TESTS, autocorrelation

_SERIES: Final = ("model", "unique_id", "target")
_LEVEL: Final = 0.05


def diagnose(table: pd.DataFrame) -> pd.DataFrame:
    """A row per model, in the order of the table: what its errors have left over.

    * ``rows`` observed, of one seed; ``bias``: mean error in units of the data; ``scaled_bias``: in seasonal naive
      errors of each series, as in MASE (NaN where one has none). ``bias_p``: p-value of it being 0, errors
      clustered by cutoff, whose series share surprises, and from five series on by series (``clusters.mean_test``).
    * ``lag1``: autocorrelation of the first step's errors from cutoff to cutoff, the mean over series. Near 0 is good;
      chance alone gives about -1 / cutoffs.
    * ``ljung_box_p``: p-value of no such autocorrelation in any series (the smallest of the series, times their number:
      Bonferroni, since series depend on each other); ``ljung_box_share``: the share of series whose own test rejects at
      5 %, which is 0.05 by chance. ``arch_p``, ``arch_share``: the same of the squared errors: whether large ones come
      together (McLeod and Li, 1983). ``jarque_bera_p``, ``jarque_bera_share``: the same of their being normal.
    * ``series``: how many series (and targets) there are; ``note``: why something is NaN, and for how many of them.
    """
    of_series, of_model = _tests(table), _biases(table, ("model",))
    records = []
    for model, rows in of_series.groupby("model", sort=False):
        record: dict[str, object] = {"model": model, "lag1": rows["lag1"].mean()}
        for test in TESTS:
            p_values = rows[f"{test}_p"].dropna().to_numpy()
            some = len(p_values) > 0
            record[f"{test}_p"] = min(1.0, float(p_values.min()) * len(p_values)) if some else np.nan
            record[f"{test}_share"] = float((p_values < _LEVEL).mean()) if some else np.nan
        records.append(record | {"series": len(rows), "found": _counted(rows["tests_note"])})
    tested = [f"{test}_{what}" for test in TESTS for what in ("p", "share")]
    found = of_model.merge(pd.DataFrame(records, columns=["model", "lag1", *tested, "series", "found"]), on="model")
    return _with_note(found, found.pop("note"), found.pop("found"))


def by_series(table: pd.DataFrame) -> pd.DataFrame:
    """A row per model, series and target: the columns of ``diagnose`` without shares, p-values of that series alone."""
    tests = _tests(table).drop(columns=list(_SERIES))
    found = pd.concat([_biases(table, _SERIES), tests], axis=1)
    return _with_note(found, found.pop("note"), found.pop("tests_note"))


def bias_by_step(table: pd.DataFrame) -> pd.DataFrame:
    """A row per model and step: ``model, step, rows, bias, scaled_bias, bias_p, note``, as in ``diagnose``.

    Each p-value is of its step alone, not corrected for there being many steps.
    """
    return _biases(table, ("model", "step"))


def _tests(table: pd.DataFrame) -> pd.DataFrame:
    """The tests of the first step's errors, a row per model, series and target in the order of ``_biases``."""
    _, first = group(table, _SERIES)
    errors = _first_steps(table)
    outcomes = {name: test(errors) for name, test in TESTS.items()}
    reasons = zip(*(outcome.notes for outcome in outcomes.values()), strict=True)
    return keys(table, first, _SERIES).assign(
        lag1=autocorrelation(errors, 1) if errors.shape[1] >= LEAST_FOR_LAGS else np.nan,
        **{f"{name}_p": outcome.p_values for name, outcome in outcomes.items()},
        tests_note=[_joined(*each) for each in reasons],
    )


def _biases(table: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The mean error of each combination of ``columns``, model first, and the test that it is 0."""
    code, first = group(table, columns)
    cutoff, stamps = pd.factorize(table["cutoff"], sort=True)
    error, naive = (table["mean"] - table["actual"]).to_numpy(), table["naive_mae"].to_numpy()
    seen = table["actual"].notna().to_numpy()
    series = np.zeros(len(table), np.int64) if "unique_id" in columns else group(table, _SERIES[1:])[0]
    shape = (len(first), int(series.max(initial=0)) + 1, max(len(stamps), 1))  # (G, P, F)
    size = int(np.prod(shape))
    cell = ((code * shape[1] + series) * shape[2] + cutoff)[seen]
    count = np.bincount(cell, minlength=size).reshape(shape)
    scaled = np.divide(error, naive, out=np.full(len(error), np.nan), where=naive > 0)
    totals = [np.bincount(cell, each[seen], size).reshape(shape) for each in (error, scaled)]
    rows = count.sum(axis=(1, 2))
    bias, scaled_bias = (np.where(rows > 0, each.sum(axis=(1, 2)), np.nan) / np.maximum(rows, 1) for each in totals)
    overlap = overlapping(table)
    units = np.isfinite(scaled_bias).astype(np.int64)
    tests = [mean_test(totals[unit][index], count[index], overlap) for index, unit in enumerate(units)]
    found = keys(table, first, columns)
    seeds = table.groupby("model", observed=True)["seed"].nunique()
    return found.assign(
        rows=rows // found["model"].map(seeds).to_numpy(),
        bias=bias,
        scaled_bias=scaled_bias,
        bias_p=[test.p_value for test in tests],
        note=[f"bias: {test.note}" if np.isnan(test.p_value) else "" for test in tests],
    )


def _first_steps(table: pd.DataFrame) -> np.ndarray:
    """(P, F) errors of the first step of each model, series and target, in order of the cutoffs; NaN where unobserved.

    P is in the order of ``_biases(table, _SERIES)``.
    """
    code, first = group(table, _SERIES)
    cutoff, stamps = pd.factorize(table["cutoff"], sort=True)
    steps = table["step"].to_numpy()
    rows = np.flatnonzero(steps == steps.min(initial=1))
    shape = (len(first), len(stamps))
    cell = code[rows] * shape[1] + cutoff[rows]
    error = (table["mean"] - table["actual"]).to_numpy()[rows]
    size = shape[0] * shape[1]
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, error, size)
    return np.divide(total, count, out=np.full(size, np.nan), where=count > 0).reshape(shape)


def _counted(notes: pd.Series) -> str:
    """The notes of the series of a model in one, with how many series each holds for unless for all."""
    counts = Counter(part for text in notes for part in text.split("; ") if part)
    every = len(notes)
    return "; ".join(
        text if count == every else f"{text} on {count} of {every} series" for text, count in counts.items()
    )


def _joined(*notes: str) -> str:
    return "; ".join(dict.fromkeys(note for note in notes if note))


def _with_note(frame: pd.DataFrame, *notes: pd.Series) -> pd.DataFrame:
    return frame.assign(note=[_joined(*each) for each in zip(*notes, strict=True)])
