"""The table of a study as the article has it: level, metrics with their spread, p-value, size."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.report.columns import Column, column
from forecast.report.numbers import NONE, fixed, p_value, places, seconds, size
from forecast.report.tables import Cell, Grid, Line

_SPARSE = 0.02  # the share of weights below 1e-3 that is worth telling


def study_grid(table: pd.DataFrame, metrics: Sequence[str], heading: str) -> Grid:
    """A line per level and baseline, those of a network together; the best level of each network is marked.

    Args:
        table: of the study.
        metrics: those to show.
        heading: what the levels are of.
    """
    networks = table.loc[table["kind"] == "network", "network"]
    several = networks.nunique() > 1
    numbers = [*metrics, "p_holm", "fit_seconds", "parameters", *_telling(table)]
    shown = [name for name in numbers if table[name].notna().any()]
    if any(table["train"].notna()):
        shown[len(metrics) : len(metrics)] = ["train", "gap"]
    columns = (_text("level", heading), *(_number(name) for name in shown))
    texts = {name: _texts(table[name], name) for name in shown}
    spreads = {name: _spreads(table, name) for name in metrics}
    marked = {name: _best_rows(table, name) for name in metrics}
    lines = []
    for row, arm in enumerate(table.to_dict("records")):
        name = _name(arm, several)
        cells = [Cell(f"{name} (reference)" if arm["reference"] else name)]
        cells += [
            Cell(texts[each][row], best=row in marked.get(each, ()), spread=spreads.get(each, {}).get(row, ""))
            for each in shown
        ]
        undefined = f"not defined: {arm['undefined']}" if arm["undefined"] else ""
        lines.append(Line(tuple(cells), None, str(arm["status"]), undefined))
    return Grid(columns, tuple(lines))


def _telling(table: pd.DataFrame) -> list[str]:
    """Further columns that levels differ in: bytes that are not those of the parameters, and sparsity."""
    networks = table[table["kind"] == "network"]
    stored = networks["bytes"].notna() & (networks["bytes"] != 4 * networks["parameters"])
    sparse = networks["sparsity"] > _SPARSE
    return [*(["sparsity"] if sparse.any() else []), *(["bytes"] if stored.any() else [])]


def _name(arm: Mapping[Hashable, Any], several: bool) -> str:
    """The first cell of a row: the level, behind its network where there are several; a baseline's name."""
    if arm["kind"] == "baseline":
        return str(arm["network"])
    return f"{arm['network']} {arm['level']}" if several else str(arm["level"])


def _text(name: str, label: str) -> Column:
    return Column(name, label, "", False, False)


def _number(name: str) -> Column:
    labels = {"p_holm": "p", "fit_seconds": "Fit, s", "train": "Train", "gap": "Test − train"}
    shown = column(name, True)
    return Column(name, labels.get(name, shown.label), shown.meaning, True, shown.is_metric)


def _texts(values: pd.Series, name: str) -> list[str]:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    decimals = 0 if name == "parameters" else places(numbers)
    write = {"p_holm": p_value, "fit_seconds": seconds, "bytes": size}.get(name)
    return [NONE if np.isnan(value) else write(value) if write else _fitting(value, decimals) for value in numbers]


def _fitting(value: float, decimals: int) -> str:
    """Fixed decimals, unless the value is so large among the others that its digits say nothing."""
    return fixed(value, decimals) if abs(value) < 1e6 or decimals <= 0 else fixed(value, -1)


def _spreads(table: pd.DataFrame, name: str) -> dict[int, str]:
    decimals = places(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
    values = enumerate(table[f"{name}_spread"].to_numpy(dtype=np.float64, na_value=np.nan))
    return {row: f"± {_fitting(value, decimals)}" for row, value in values if value > 0}


def _best_rows(table: pd.DataFrame, name: str) -> set[int]:
    """The row with the best value of each network, among levels that nothing went wrong with."""
    values = (table[name] * direction(name)).to_numpy(dtype=np.float64, na_value=np.nan)
    sound = ((table["kind"] == "network") & (table["status"] == "")).to_numpy() & np.isfinite(values)
    found = set()
    for network in table["network"].unique():
        own = np.flatnonzero(sound & (table["network"] == network).to_numpy())
        if len(own) > 1:
            found.add(int(own[np.argmin(values[own])]))
    return found
