"""Scores of a forecast table: per group of rows, per row, and the leaderboard."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from datamodules.errors import InputError, one_of
from forecast.evaluation.alignment import PATH, RUN, common_rows, group, keys
from forecast.evaluation.metrics import Rows, central_interval, direction, evaluate, named
from forecast.evaluation.significance import compare, cutoff_losses
from forecast.table import KEYS, ROW, level_columns

DEFAULT_METRICS = ("mase", "smape", "rmsse", "mae", "rmse")
REFERENCE = "SeasonalNaive"
NAIVE2 = "Naive2"  # what owa is measured against
_OF_AN_INTERVAL = {"coverage", "width", "interval_score", "msis"}


def score(
    table: pd.DataFrame,
    metrics: Iterable[str] = DEFAULT_METRICS,
    by: Sequence[str] = (),
    *,
    reference: str = REFERENCE,
) -> pd.DataFrame:
    """A row per (model, seed) and combination of ``by``, with a column a metric.

    Further columns: ``rows`` scored, ``unobserved`` rows that could not be, ``undefined`` (which metrics are NaN, and
    for how many rows), and ``nominal``, the level of the interval that coverage, width and interval scores are about.

    Args:
        table: the forecast table with actuals.
        metrics: names; ``forecast list metrics`` shows them.
        by: further columns to group by, such as ``step``, ``cutoff`` or ``unique_id``.
        reference: the model that skill is measured against; ``owa`` always is against Naive2.
    """
    functions = named(metrics)
    for name in by:
        one_of("by", name, table.columns)
    columns = [*RUN, *(name for name in by if name not in RUN)]
    code, first = group(table, columns)
    counts = np.bincount(code, minlength=len(first))
    order = np.argsort(code, kind="stable")
    stops = np.cumsum(counts)
    rows = metric_rows(table, reference if "skill" in functions else "", NAIVE2 if "owa" in functions else "")
    interval = central_interval(rows.levels)
    nominal = rows.levels[interval[1]] - rows.levels[interval[0]] if interval else np.nan
    records = []
    for begin, stop in zip(stops - counts, stops, strict=True):
        members = order[begin:stop]
        observed = members[~np.isnan(rows.actual[members])]
        scores = evaluate(_take(rows, observed), functions)
        undefined = "; ".join(f"{name}: {value.undefined}" for name, value in scores.items() if value.undefined)
        values = {name: value.value for name, value in scores.items()}
        unobserved = len(members) - len(observed)
        records.append(values | {"rows": len(observed), "unobserved": unobserved, "undefined": undefined})
    names = [*functions, "rows", "unobserved", "undefined"]
    result = pd.concat([keys(table, first, columns), pd.DataFrame(records, columns=names)], axis=1)
    return result.assign(nominal=nominal) if _OF_AN_INTERVAL & set(functions) else result


def cell_scores(table: pd.DataFrame) -> pd.DataFrame:
    """The errors of each row: ``error`` (forecast minus actual), absolute, squared and scaled by the naive error.

    NaN where the value was not observed; ``scaled_error`` also where the series has no seasonal naive error.
    """
    error = table["mean"].to_numpy() - table["actual"].to_numpy()
    naive = table["naive_mae"].to_numpy()
    scaled = np.divide(np.abs(error), naive, out=np.full(len(table), np.nan), where=naive > 0)
    return table[[*KEYS, "time", "actual", "mean"]].assign(
        error=error, absolute_error=np.abs(error), squared_error=error**2, scaled_error=scaled
    )


def leaderboard(
    table: pd.DataFrame,
    runs: pd.DataFrame,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    reference: str = REFERENCE,
    common: bool = False,
) -> pd.DataFrame:
    """A row per model, the best first by the first metric that is defined; failed models last, with their message.

    Metrics are means over seeds; ``<metric>_sd`` is their standard deviation where there are several. ``skill`` and
    ``p_value`` are against the reference, the p-value from the test that the verdict rests on, two-sided and not
    corrected for the number of models (Diebold-Mariano with a value a cutoff; with one cutoff and 5 series or more, a
    value a series). ``note`` says why a p-value is missing, and where seeds spread more than a model is away from the
    next. Seconds are those of all fits or predictions of one seed, ``bytes`` those of one fitted model in a file.

    Args:
        table: the forecast table of all models and seeds, with actuals.
        runs: what each fit took and how it ended; models without an entry have empty cells.
        metrics: names, the first one orders the table.
        reference: the model to compare with.
        common: score the rows that all models have when some lack rows.

    Raises:
        InputError: when models lack rows and ``common`` is not set.
    """
    names = list(named([*metrics, "skill"]))
    if direction(names[0]) == 0:
        raise InputError(f"the first metric is {names[0]!r}, which has no best; it orders the models. Begin with mase.")
    scored = _scored(table, names, reference, common) if len(table) else pd.DataFrame(columns=["model", *names])
    board = scored.merge(_costs(runs), on="model", how="outer")
    middle = [name for name in scored.columns if name not in {*_FIRST, *_LAST}]
    board = board.reindex(columns=[*_FIRST, *middle, *_LAST])
    texts = board[_TEXTS].astype(object).where(board[_TEXTS].notna(), "").astype(str)
    board = board.assign(**texts, **board[_COUNTS].astype(np.float64).fillna(0).astype(np.int64))
    by = deciding_metric(board, metrics)
    board = board.assign(place=board[by] * direction(by)).sort_values(["place", "model"], ignore_index=True)
    return board.assign(note=_with_close_seeds(board, by)).drop(columns="place")


def _with_close_seeds(board: pd.DataFrame, by: str) -> list[str]:
    """The notes, with a word where the seeds of a model or of the next one spread more than the two are apart."""
    if f"{by}_sd" not in board:
        return list(board["note"])
    spread = board[f"{by}_sd"].fillna(0.0).to_numpy()
    gap = np.abs(np.diff(board[by].to_numpy(), append=np.nan))
    close = np.maximum(spread, np.append(spread[1:], 0.0)) > gap
    word = "seeds spread more than the gap to the next model"
    words = [word if told else "" for told in close]
    return ["; ".join(filter(None, both)) for both in zip(board["note"], words, strict=True)]


def deciding_metric(board: pd.DataFrame, metrics: Sequence[str]) -> str:
    """The first of ``metrics`` that orders models and is defined for at least one of them."""
    ordering = [name for name in metrics if direction(name)]
    return next((name for name in ordering if board[name].notna().any()), ordering[0])


def metric_rows(table: pd.DataFrame, reference: str, naive2: str) -> Rows:
    """All rows of a table as metrics read them, with the forecasts of the two models that they compare with."""
    levels = level_columns(table)
    columns = {name: table[name].to_numpy() for name in ("actual", "mean", "naive_mae", "naive_mse")}
    quantiles = table[list(levels)].to_numpy(dtype=np.float64)
    return Rows(
        **columns,
        quantiles=quantiles,
        levels=tuple(levels.values()),
        path=group(table, PATH)[0],
        reference=_forecast_of(table, reference),
        naive2=_forecast_of(table, naive2),
    )


def _forecast_of(table: pd.DataFrame, model: str) -> np.ndarray:
    """(n) what the first seed of ``model`` forecasts for each row of the table; NaN where it does not."""
    own = (table["model"] == model).to_numpy()
    if not own.any():
        return np.full(len(table), np.nan)
    row, first = group(table, ROW)
    by_row = np.full(len(first), np.nan)
    own = own & (table["seed"] == table["seed"][own].min()).to_numpy()
    by_row[row[own]] = table["mean"].to_numpy()[own]
    return by_row[row]


def _take(rows: Rows, members: np.ndarray) -> Rows:
    """The rows at ``members``, with zero-width quantiles when all of them are NaN: none were offered."""
    quantiles = rows.quantiles[members]
    return Rows(
        actual=rows.actual[members],
        mean=rows.mean[members],
        quantiles=quantiles[:, :0] if np.isnan(quantiles).all() else quantiles,
        levels=rows.levels,
        naive_mae=rows.naive_mae[members],
        naive_mse=rows.naive_mse[members],
        path=rows.path[members],
        reference=rows.reference[members],
        naive2=rows.naive2[members],
    )


_FIRST = ["model", "kind"]
_COSTS = ["fit_seconds", "predict_seconds", "parameters", "bytes"]
_COUNTS = ["seeds", "rows", "unobserved", "lacking"]
_TEXTS = ["kind", "note", "undefined", "error"]
_LAST = ["p_value", "note", *_COUNTS, *_COSTS, "undefined", "error"]


def _scored(table: pd.DataFrame, names: Sequence[str], reference: str, common: bool) -> pd.DataFrame:
    """A row per model that has rows: means over its seeds, their spread, and the test against the reference."""
    shared, lacking = common_rows(table)
    _check_lacking(table, shared, lacking, common)
    scores = score(shared, names, reference=reference)
    losses = cutoff_losses(shared)
    several = shared["seed"].nunique() > 1
    records = []
    for model, own in scores.groupby("model", sort=False):
        record: dict[str, object] = {"model": model}
        for name in names:
            record[name] = own[name].mean(skipna=False)
            if several:
                record[f"{name}_sd"] = own[name].std(skipna=False)
        test = compare(losses, str(model), reference)
        record |= {"p_value": test.p_value, "note": test.note, "seeds": len(own), "lacking": lacking[model].max()}
        records.append(record | own[["rows", "unobserved", "undefined"]].iloc[0].to_dict())
    return pd.DataFrame(records)


def _check_lacking(table: pd.DataFrame, shared: pd.DataFrame, lacking: pd.Series, common: bool) -> None:
    short = lacking[lacking > 0]
    if short.empty or (common and len(shared)):
        return
    total = (len(table) + int(lacking.sum())) // len(lacking)
    who = ", ".join(f"{model} {count}" for model, count in short.groupby(level="model", sort=False).max().items())
    left = len(shared) // len(lacking)
    advice = f"Say common=True (--common) to score the {left} that all have" if left else "None is common to all"
    raise InputError(f"models lack rows of {total}: {who}; all must be scored on identical rows. {advice}.")


def _costs(runs: pd.DataFrame) -> pd.DataFrame:
    """A row per model in ``runs``: its kind, seconds of one seed, size, and what went wrong."""
    runs = runs.reindex(columns=["model", "seed", "kind", *_COSTS, "error"])
    records = []
    for model, own in runs.groupby(runs["model"].astype(str), sort=False):
        seconds = own[["fit_seconds", "predict_seconds"]].sum(min_count=1) / own["seed"].nunique()
        errors = dict.fromkeys(str(text) for text in own["error"].dropna() if text)
        records.append(
            {"model": model, "kind": own["kind"].iloc[0], **seconds}
            | {"parameters": own["parameters"].max(), "bytes": own["bytes"].max(), "error": "; ".join(errors)}
        )
    return pd.DataFrame(records, columns=[*_FIRST, *_COSTS, "error"])
