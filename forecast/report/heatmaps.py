"""Breakdowns -> the arrays of the report's heatmaps: every grouping, some metrics, a value per model and group."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.evaluation.residuals import bias_by_step
from forecast.report.columns import column
from forecast.report.numbers import compact

_MOST_METRICS = 3  # each is as many numbers again as there are groups


def heatmaps(found: pd.DataFrame, models: list[str], metrics: Sequence[str]) -> dict[str, Any]:
    """What ``Backtest.breakdowns`` are drawn from.

    ``by`` lists the groupings with their ``groups`` (G); ``values`` are (M, G) by grouping, then metric; ``metrics``
    have a label and a direction: 1 when low is good, -1 when high is, 0 when neither.
    """
    shown = list(metrics)[:_MOST_METRICS]
    groupings, values = [], []
    for name, rows in found.groupby("by", sort=False):
        groups = list(dict.fromkeys(rows["group"].astype(str)))
        groupings.append({"name": str(name), "label": column(str(name), numeric=False).label, "groups": groups})
        values.append([_wide(rows[rows["metric"] == metric], groups, models) for metric in shown])
    return {
        "by": groupings,
        "metrics": [{"label": column(name, True).label, "direction": direction(name)} for name in shown],
        "values": values,
    }


def biases(table: pd.DataFrame, models: list[str]) -> dict[str, Any]:
    """The mean error of each model (M) at each step: ``at`` and, scaled where that is defined, ``bias`` (M, steps)."""
    found = bias_by_step(table)
    found = found.assign(model=found["model"].astype(str))
    value = "scaled_bias" if found["scaled_bias"].notna().all() else "bias"
    wide = found.pivot(index="model", columns="step", values=value).reindex(models)
    unit = "seasonal naive errors" if value == "scaled_bias" else "units of the data"
    return {"at": [int(step) for step in wide.columns], "bias": compact(wide.to_numpy()), "unit": unit}


def _wide(rows: pd.DataFrame, groups: list[str], models: list[str]) -> list[Any]:
    """(M, G)."""
    wide = rows.pivot(index="model", columns="group", values="value")
    return compact(wide.reindex(index=models, columns=groups).to_numpy())
