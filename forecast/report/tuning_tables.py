"""The trials of a tuning -> the tables of its page: every trial, and the best one's options beside the untuned ones."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.report.columns import Column, column
from forecast.report.study_view import text_of
from forecast.report.tables import Cell, Grid, Line, grid
from forecast.report.tuning_charts import options_of


def trials_table(trials: pd.DataFrame, metric: str) -> Grid:
    """A line per trial: the best is marked; one that failed or was pruned says why."""
    trials = trials.reset_index(drop=True)
    notes = trials["note"].fillna("").astype(str).tolist()
    states = trials["state"].astype(str).tolist()
    values = trials["value"].where(trials["state"] == "complete").to_numpy(dtype=np.float64, na_value=np.nan)
    signed = values * (direction(metric) or 1)
    best = set(np.flatnonzero(signed == np.nanmin(signed)).tolist()) if np.isfinite(signed).any() else set()
    options = {name: trials[name].map(_text) for name in options_of(trials) if not _is_number(trials[name])}
    shown = grid(trials.assign(**options).drop(columns="note"), {})
    place = [each.name for each in shown.columns].index("value") if "value" in trials and len(trials) else -1
    lines = [
        replace(
            line,
            cells=tuple(replace(cell, best=row in best and i == place) for i, cell in enumerate(line.cells)),
            message=note if state == "failed" else "",
            remark=_upper(note) if state != "failed" else "",
        )
        for row, (line, note, state) in enumerate(zip(shown.lines, notes, states, strict=True))
    ]
    columns = [_labelled(each, metric) for each in shown.columns]
    return Grid(tuple(columns), tuple(lines))


def options_table(trials: pd.DataFrame, best: Mapping[str, Any]) -> Grid:
    """A line per option: its value in the best trial and, where that was tried, in the untuned network (trial 0)."""
    default = trials[trials["number"] == 0]
    columns = [_plain("option", "Option"), _plain("best", "Best trial")]
    if len(default):
        columns.append(_plain("default", "Untuned"))
    lines = []
    for name, value in best.items():
        cells = [Cell(str(name), str(name)), Cell(_text(value), _text(value))]
        if len(default):
            text = _text(default[name].iloc[0]) if name in default else ""
            cells.append(Cell(text, text))
        lines.append(Line(tuple(cells)))
    return Grid(tuple(columns), tuple(lines))


def _labelled(shown: Column, metric: str) -> Column:
    labels = {"number": "Trial", "state": "State", "value": column(metric, True).label, "seconds": "Seconds"}
    return replace(shown, label=labels.get(shown.name, shown.label), numeric=shown.numeric and shown.name != "number")


def _plain(name: str, label: str) -> Column:
    return Column(name, label, "", False, False)


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _text(value: Any) -> str:
    if value is None or value != value:
        return ""
    is_fraction = isinstance(value, float) and not value.is_integer()
    return f"{value:.4g}" if is_fraction else text_of(value)


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
