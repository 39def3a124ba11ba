"""A study's table -> the tables of its page: the article's form, and everything else that was measured."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import all_metrics
from forecast.report.columns import Column, column
from forecast.report.numbers import NONE, fixed, places
from forecast.report.study_view import StudyView, has_level, text_of
from forecast.report.styles import Style
from forecast.report.tables import Cell, Grid, Line, best_rows, cells_of

_LABELS = {
    "model": "Network",
    "p_holm": "p (Holm)",
    "p_value": "p, uncorrected",
    "train": "Training",
    "validation": "Validation",
    "test": "Test",
    "gap": "Gap",
    "sparsity": "Sparsity",
    "windows": "Windows",
    "rows": "Values",
}
_MEANINGS = {
    "difference": "Difference to the reference level in the deciding metric, and its 95 % interval.",
    "p_holm": "Paired test against the reference level: how easily chance alone would make a difference as large, "
    "corrected for the number of levels (Holm).",
    "p_value": "The same test before the correction for the number of levels.",
    "train": "The deciding metric on cutoffs inside the training part.",
    "validation": "The deciding metric on cutoffs inside the validation part.",
    "test": "The deciding metric on the test rows.",
    "gap": "Test minus training: what is lost on data that the network has not seen.",
    "sparsity": "Share of weights smaller than 0.001.",
    "windows": "Windows that the network was trained on.",
    "rows": "How many forecast values each score is over.",
}
_MORE = ("rows", "train", "validation", "test", "gap", "p_value", "bytes", "sparsity", "windows")


def main_table(view: StudyView, styles: Mapping[str, Style]) -> Grid:
    """Level, metrics with their spread over seeds, the difference to the reference, seconds, parameters, status."""
    metrics = [name for name in view.metrics if name in view.table]
    return _table(view, styles, metrics, ["difference", "p_holm", "fit_seconds", "parameters", "status"], True)


def other_table(view: StudyView, styles: Mapping[str, Style]) -> Grid:
    """The other metrics, then what else is known of each level."""
    return _table(view, styles, [name for name in all_of(view) if name not in view.metrics], list(_MORE), False)


def all_of(view: StudyView) -> list[str]:
    """Every metric that the study has, those that it asks for first."""
    known = [
        name for name in view.table.columns if name in all_metrics() and pd.api.types.is_numeric_dtype(view.table[name])
    ]
    return [*(name for name in view.metrics if name in known), *(name for name in known if name not in view.metrics)]


def _table(view: StudyView, styles: Mapping[str, Style], metrics: list[str], others: list[str], remarks: bool) -> Grid:
    table = view.table.reset_index(drop=True)
    of_level = has_level(table)
    heads = _heads(view, table, of_level)
    well = _texts(table, "status") == ""
    columns, cells = [head for head, _ in heads], [texts for _, texts in heads]
    for name in [*metrics, *(name for name in others if name in table and not _is_empty(table[name]))]:
        shown = _column(name, bool(pd.api.types.is_numeric_dtype(table[name])))
        if name == "status":
            columns.append(shown)
            cells.append([Cell(text.partition(":")[0] or "", text) for text in _texts(table, name)])
            continue
        values = table[name]
        best = best_rows(values.where(well), name) if name in metrics else set()
        columns.append(shown)
        cells.append(
            [
                replace(cell, best=row in best, spread=spread)
                for row, (cell, spread) in enumerate(zip(cells_of(values, shown), _beside(table, name), strict=True))
            ]
        )
    said = [_remark(row) if remarks else ("", "", "Failed") for row in table.to_dict("records")]
    names = table["network"].astype(str)
    lines = [
        Line(tuple(each[row] for each in cells), styles.get(names[row]), message, remark, failed)
        for row, (message, remark, failed) in enumerate(said)
    ]
    return Grid(tuple(columns), tuple(lines))


def _heads(view: StudyView, table: pd.DataFrame, of_level: pd.Series) -> list[tuple[Column, list[Cell]]]:
    """The first columns: the network where there are several, then a column a factor; a baseline says its name."""
    networks = table["network"].astype(str)
    factors = [name for name in view.factors if name in table] or ["level"]
    several = networks[of_level].nunique() > 1
    found = []
    if several:
        found.append((_column("model", False), [Cell(name, name) for name in networks]))
    for place, factor in enumerate(factors):
        values = table[factor].tolist()
        numeric = bool(
            pd.to_numeric(pd.Series(values, dtype=object)[of_level.to_numpy()], errors="coerce").notna().all()
        )
        alone = not several and place == 0
        cells = [
            Cell(text_of(value), f"{float(value):.12g}" if numeric else str(value))
            if level
            else Cell(name if alone else NONE, name if alone and not numeric else "")
            for value, level, name in zip(values, of_level, networks, strict=True)
        ]
        found.append((Column(factor, factor.replace("_", " ").capitalize(), "", numeric and not alone, False), cells))
    return found


def _column(name: str, numeric: bool) -> Column:
    shown = column(name, numeric)
    return replace(shown, label=_LABELS.get(name, shown.label), meaning=_MEANINGS.get(name, shown.meaning))


def _beside(table: pd.DataFrame, name: str) -> list[str]:
    """What stands small beside each value of a column: the spread over seeds, or the interval of the difference."""
    nothing = [""] * len(table)
    if name == "difference" and {"low", "high"} <= {*table.columns}:
        decimals = places(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
        ends = zip(table["low"], table["high"], strict=True)
        return [f"[{fixed(low, decimals)}, {fixed(high, decimals)}]" if low <= high else "" for low, high in ends]
    if f"{name}_spread" not in table:
        return nothing
    decimals = places(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
    return [f"± {fixed(spread, decimals)}" if spread > 0 else "" for spread in table[f"{name}_spread"]]


def _remark(row: Mapping[Hashable, Any]) -> tuple[str, str, str]:
    """A row's message, remark, and the word before the message."""
    word, _, message = str(row.get("status") or "").partition(":")
    undefined = str(row.get("undefined") or "")
    if word:
        return message.strip() or "no reason is known", "", word[:1].upper() + word[1:]
    return "", f"Not defined: {undefined}." if undefined and undefined != "nan" else "", "Failed"


def _texts(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name].fillna("").astype(str) if name in table else pd.Series("", index=table.index)


def _is_empty(values: pd.Series) -> bool:
    return bool((values.isna() | (values.astype(str) == "")).all())
