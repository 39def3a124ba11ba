"""Calibration tables -> the arrays that the report's charts of calibration are drawn from, None without quantiles."""

from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.calibration import coverage, pit, reliability
from forecast.report.numbers import compact


def calibration(table: pd.DataFrame, models: list[str]) -> dict[str, Any]:
    """Coverage by step and series, reliability and PIT of each model, in the order of ``models``.

    ``levels`` are the L central intervals; ``step`` and ``series`` hold ``at`` (P) and ``coverage`` (L, M, P), the
    ``reliability`` of quantile levels (Q) ``below`` (M, Q), and ``pit`` the edges ``low`` (B) and ``share`` (M, B).
    Nothing but ``note`` where no model offers quantiles.
    """
    whole = coverage(table)
    if whole.empty or whole["coverage"].isna().all():
        return {"note": "No model offers quantiles in pairs, so there is nothing to check (--levels 0.1 0.9)."}
    levels = sorted(whole["level"].unique())
    names = table.assign(unique_id=table["unique_id"].astype(str))
    quantiles, bins = reliability(table), pit(table)
    return {
        "note": "",
        "levels": levels,
        "step": _by(coverage(names, ["step"]), "step", models, levels),
        "series": _by(coverage(names, ["unique_id"]), "unique_id", models, levels),
        "reliability": {
            "levels": sorted(quantiles["level"].unique()),
            "below": compact(_wide(quantiles, "level", "below", models).to_numpy()),
        },
        "pit": {
            "low": compact(np.unique(bins["low"])),
            "share": compact(_wide(bins, "low", "share", models).to_numpy()),
        },
    }


def overview(table: pd.DataFrame) -> pd.DataFrame:
    """A row per model and interval as a table of the page: what it says, what it held, how wide it was."""
    found = coverage(table)
    return found.rename(columns={"level": "nominal"})[["model", "nominal", "coverage", "width", "rows"]]


def _by(found: pd.DataFrame, kind: str, models: list[str], levels: list[float]) -> dict[str, Any]:
    positions = sorted(found[kind].unique())
    grids = [_wide(found[found["level"] == level], kind, "coverage", models) for level in levels]
    told = [compact(grid.reindex(columns=positions).to_numpy()) for grid in grids]
    return {"at": np.array(positions).tolist(), "coverage": told}


def _wide(found: pd.DataFrame, kind: str, value: str, models: list[str]) -> pd.DataFrame:
    """A row per model, a column per ``kind``."""
    return (
        found.assign(model=found["model"].astype(str)).pivot(index="model", columns=kind, values=value).reindex(models)
    )
