"""A study's table -> the tables of its page: the article's form, and everything else that was measured."""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import all_metrics
from forecast.report.columns import Column, column
from forecast.report.numbers import NONE, fixed, places
from forecast.report.study_view import StudyView, has_level, is_ordered, label_of, names_of, text_of
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
    "difference": "Difference to the reference level of the same network in scaled absolute error, with its 95 % "
    "interval: below zero is better.",
    "p_holm": "Paired test of that difference: how easily chance alone would make one as large, corrected for the "
    "number of levels (Holm).",
    "p_value": "The same test before the correction for the number of levels.",
    "train": "The first metric on cutoffs inside the training part.",
    "validation": "The first metric on cutoffs inside the validation part.",
    "test": "The first metric on the test rows.",
    "gap": "Test minus training: what is lost on data that the network has not seen.",
    "sparsity": "Share of weights smaller than 0.001.",
    "windows": "Windows that the network was trained on.",
    "rows": "How many forecast values each score is over.",
}
_HUGE = 1e5
_MAIN = ("p_holm", "difference", "fit_seconds", "parameters", "status")
_MORE = ("rows", "train", "validation", "test", "gap", "p_value", "bytes", "sparsity", "windows")


def main_table(view: StudyView, styles: Mapping[str, Style]) -> Grid:
    """Level, metrics with their spread over seeds, the difference to the reference, seconds, parameters, status."""
    metrics = [name for name in view.metrics if name in view.table]
    return _table(view, styles, metrics, _MAIN)


def other_table(view: StudyView, styles: Mapping[str, Style]) -> Grid:
    """The other metrics, then what else is known of each level."""
    return _table(view, styles, [name for name in all_of(view) if name not in view.metrics], _MORE)


def all_of(view: StudyView) -> list[str]:
    """Every metric that the study has, those that it asks for first."""
    known = [
        name for name in view.table.columns if name in all_metrics() and pd.api.types.is_numeric_dtype(view.table[name])
    ]
    return [*(name for name in view.metrics if name in known), *(name for name in known if name not in view.metrics)]


def _table(view: StudyView, styles: Mapping[str, Style], metrics: Sequence[str], others: Sequence[str]) -> Grid:
    table = view.table.reset_index(drop=True)
    heads = _heads(view, table)
    names = names_of(table).tolist()
    columns, cells = [head for head, _ in heads], [texts for _, texts in heads]
    for name in [*metrics, *(name for name in others if name in table and not _is_empty(table[name]))]:
        columns.append(_column(name, bool(pd.api.types.is_numeric_dtype(table[name]))))
        cells.append(_cells(table, name, columns[-1], _best(table, name) if name in metrics else set()))
    said = [_remark(row, metrics, others) for row in table.to_dict("records")]
    lines = [
        Line(tuple(each[row] for each in cells), styles.get(names[row]), message, remark, failed)
        for row, (message, remark, failed) in enumerate(said)
    ]
    return Grid(tuple(columns), tuple(lines))


def _cells(table: pd.DataFrame, name: str, shown: Column, best: set[int]) -> list[Cell]:
    if name == "status":
        return [Cell(_word(text), text) for text in _texts(table, name)]
    rows = zip(cells_of(table[name], shown), _beside(table, name), table[name], strict=True)
    return [
        replace(cell, text=_fitting(cell.text, value), best=row in best, spread=spread)
        for row, (cell, spread, value) in enumerate(rows)
    ]


def _best(table: pd.DataFrame, name: str) -> set[int]:
    """The best level of each network, among those that nothing went wrong with."""
    sound = table[name].where(has_level(table) & (_texts(table, "status") == ""))
    own = table["network"].fillna("").astype(str)
    found = [
        rows.index[list(best_rows(sound[rows.index].reset_index(drop=True), name))] for _, rows in table.groupby(own)
    ]
    return {int(row) for rows in found for row in rows}


def _heads(view: StudyView, table: pd.DataFrame) -> list[tuple[Column, list[Cell]]]:
    """The first columns: the network where there are several, then a column a factor; a baseline says its name."""
    of_level, networks = has_level(table), table["network"].fillna("").astype(str)
    factors = [name for name in view.factors if name in table] or ["level"]
    several = networks[of_level].nunique() > 1
    reference = table["reference"].fillna(False).astype(bool) if "reference" in table else of_level & False
    found = []
    if several:
        found.append((_column("model", False), [Cell(name, name) for name in networks]))
    for place, factor in enumerate(factors):
        values = table[factor].tolist()
        numeric = is_ordered(table.loc[of_level, factor], view.factors.get(factor, "names"))
        name_it, mark_it = not several and place == 0, place == len(factors) - 1
        cells = [
            Cell(f"{text_of(value)}{' (reference)' if mark_it and first else ''}", _key(value, numeric))
            if level
            else Cell(name if name_it else NONE)
            for value, level, name, first in zip(values, of_level, networks, reference, strict=True)
        ]
        found.append((Column(factor, _upper(label_of(factor)), "", numeric and not name_it, False), cells))
    return found


def _key(level: Any, numeric: bool) -> str:
    return f"{float(level):.12g}" if numeric else str(level)


def _column(name: str, numeric: bool) -> Column:
    shown = column(name, numeric)
    return replace(shown, label=_LABELS.get(name, shown.label), meaning=_MEANINGS.get(name, shown.meaning))


def _fitting(text: str, value: Any) -> str:
    """The text, unless the value is so large among the others that its decimals say nothing."""
    return fixed(value, -1) if "." in text and isinstance(value, int | float) and abs(value) >= _HUGE else text


def _beside(table: pd.DataFrame, name: str) -> list[str]:
    """What stands small beside each value of a column: the spread over seeds, or the interval of the difference."""
    nothing = [""] * len(table)
    if name == "difference" and {"low", "high"} <= {*table.columns}:
        decimals = places(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
        ends = zip(table["low"], table["high"], strict=True)
        told = ([_fitting(fixed(end, decimals), end) for end in pair] for pair in ends)
        return [f"[{low}, {high}]" if NONE not in (low, high) else "" for low, high in told]
    if f"{name}_spread" not in table:
        return nothing
    decimals = places(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
    spreads = table[f"{name}_spread"].tolist()
    return [f"± {_fitting(fixed(spread, decimals), spread)}" if spread > 0 else "" for spread in spreads]


def _remark(row: Mapping[Hashable, Any], metrics: Sequence[str], others: Sequence[str]) -> tuple[str, str, str]:
    """A row's message, its remark, and the words before the message, as far as they are of these columns."""
    words, _, message = _said(row, "status").partition(":")
    if words and "status" in others:
        return message.strip() or "no reason is known", "", _upper(words)
    note = _said(row, "note") if "p_holm" in others else ""
    is_tested = not pd.isna(row.get("p_value", np.nan))
    undefined = "; ".join(part for part in _said(row, "undefined").split("; ") if part.partition(":")[0] in metrics)
    told = [
        f"{_upper(note)}." if note and is_tested else f"No p-value: {note}." if note else "",
        f"Not defined: {undefined}." if undefined else "",
    ]
    return "", " ".join(part for part in told if part), ""


def _said(row: Mapping[Hashable, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or value != value else str(value)


def _word(status: str) -> str:
    """What became of a level, without how many seeds and why: diverged, failed, does not apply."""
    return re.split(r":| with | in ", status, maxsplit=1)[0]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _texts(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name].fillna("").astype(str) if name in table else pd.Series("", index=table.index)


def _is_empty(values: pd.Series) -> bool:
    return bool((values.isna() | (values.astype(str) == "")).all())
