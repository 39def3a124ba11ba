"""Frames -> the tables of the page: texts to read, keys to sort by, and which value of a column is the best."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.report.columns import Column, column
from forecast.report.numbers import NONE, fixed, p_value, places, seconds, size, stamps
from forecast.report.styles import Style


@dataclass(frozen=True)
class Cell:
    """One value: the text shown, what it sorts by (empty sorts last), and whether it is the best of its column."""

    text: str
    sort: str = ""
    best: bool = False
    spread: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a table: ``style`` of its model, ``message`` if that ``failed``, ``remark`` for what else is missing."""

    cells: tuple[Cell, ...]
    style: Style | None = None
    message: str = ""
    remark: str = ""
    failed: str = "Failed"  # the word before the message


@dataclass(frozen=True)
class Grid:
    """A table ready for the template."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]


def grid(frame: pd.DataFrame, looks: Mapping[str, Style], *, drop: Sequence[str] = ()) -> Grid:
    """Any frame as a table; rows with a ``model`` carry its style, those with an ``error`` its message.

    Columns that say nothing are left out: no text in any row, or nowhere anything unobserved or lacking.
    """
    frame = frame.drop(columns=[name for name in drop if name in frame]).reset_index(drop=True)
    errors = _texts(frame, "error")
    frame = frame.drop(columns="error", errors="ignore")
    frame = frame[[name for name in frame.columns if not _is_silent(frame[name])]]
    columns = tuple(column(name, _is_numeric(frame[name])) for name in frame.columns)
    texts = [cells_of(frame[name], shown) for name, shown in zip(frame.columns, columns, strict=True)]
    models = _texts(frame, "model")
    lines = (
        Line(tuple(cells), looks.get(model), error) for *cells, model, error in zip(*texts, models, errors, strict=True)
    )
    return Grid(columns, tuple(lines))


def leaderboard(frame: pd.DataFrame, runs: pd.DataFrame, looks: Mapping[str, Style]) -> Grid:
    """The leaderboard: best values marked, seeds' spread beside its metric, failed models as rows at the end."""
    spreads = {name: name.removesuffix("_sd") for name in frame.columns if name.endswith("_sd")}
    shown = grid(frame, looks, drop=[*spreads, "kind", "note", "undefined"])
    remarks = _remarks(frame)
    best = {name: best_rows(frame[name].reset_index(drop=True), name) for name in frame.columns if name not in spreads}
    beside = {metric: frame[name].to_numpy(dtype=np.float64) for name, metric in spreads.items()}
    decimals = {name: places(frame[name].to_numpy(dtype=np.float64)) for name in beside}
    failed = (
        runs[runs["error"].fillna("").astype(str) != ""].groupby("model", sort=False, observed=True)["error"].first()
    )
    messages = {str(name): str(error) for name, error in failed.items()}
    lines = []
    for row, line in enumerate(shown.lines):
        cells = []
        for cell, shown_column in zip(line.cells, shown.columns, strict=True):
            name = shown_column.name
            spread = beside[name][row] if name in beside else np.nan
            text = f"± {fixed(spread, decimals[name])}" if spread > 0 else ""
            cells.append(Cell(cell.text, cell.sort, row in best.get(name, ()), text))
        message = line.message or (messages.get(line.style.name, "") if line.style else "")
        lines.append(Line(tuple(cells), line.style, message, "" if message else remarks[row]))
    listed = {line.style.name for line in lines if line.style}
    nothing = tuple(Cell(NONE) for _ in shown.columns[1:])
    lines += [
        Line((Cell(name, name), *nothing), looks.get(name), error)
        for name, error in messages.items()
        if name not in listed
    ]
    return Grid(shown.columns, tuple(lines))


def _remarks(frame: pd.DataFrame) -> list[str]:
    """What is to be said of a row's p-value, or why it has none or an undefined metric."""
    told = frame["p_value"].notna() if "p_value" in frame else pd.Series(False, index=frame.index)
    said = zip(told, _texts(frame, "note"), strict=True)
    notes = [
        f"{text[0].upper()}{text[1:]}." if known and text else f"No p-value: {text}." if text else ""
        for known, text in said
    ]
    undefined = [f"Not defined: {text}." if text else "" for text in _texts(frame, "undefined")]
    return [" ".join(part for part in parts if part) for parts in zip(notes, undefined, strict=True)]


def _texts(frame: pd.DataFrame, name: str) -> list[str]:
    return frame[name].fillna("").astype(str).tolist() if name in frame else [""] * len(frame)


def best_rows(values: pd.Series, name: str) -> set[int]:
    """The rows with the best value of a metric; none where no direction is better or only one value is there."""
    towards = direction(name) if column(name, numeric=True).is_metric else 0
    signed = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64) * towards
    if not towards or np.isfinite(signed).sum() < 2:
        return set()
    return set(np.flatnonzero(signed == np.nanmin(signed)).tolist())


def _is_silent(values: pd.Series) -> bool:
    if values.name in ("unobserved", "lacking"):
        return bool((values == 0).all())
    if values.name == "bytes" and values.isna().all():
        return True
    return not _is_numeric(values) and bool(values.isna().all() or (values.astype(str) == "").all())


def _is_numeric(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def cells_of(values: pd.Series, shown: Column) -> list[Cell]:
    """A column's values as a person reads them, with as many decimals as a typical one needs."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return [Cell(text, text if text != NONE else "") for text in stamps(values)]
    if not shown.numeric:
        return [Cell(_text(value), _text(value)) for value in values]
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    finite = numbers[np.isfinite(numbers)]
    decimals = 0 if (finite == np.round(finite)).all() and shown.is_count else places(finite)
    own = size if shown.name == "bytes" else p_value if shown.is_p_value else None
    write = seconds if shown.name.endswith("seconds") else own
    return [
        Cell(write(value) if write else fixed(value, decimals), f"{value:.12g}" if np.isfinite(value) else "")
        for value in numbers.tolist()
    ]


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or value != value or value == "":
        return NONE
    return stamps(pd.to_datetime([value]))[0] if _ISO.fullmatch(str(value)) else str(value)


_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?")  # a stamp as numpy writes it
