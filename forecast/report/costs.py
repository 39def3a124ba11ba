"""The leaderboard -> accuracy against what it costs, by each kind of cost that is known."""

from typing import Any

import pandas as pd

from forecast.evaluation.cost import COSTS, front
from forecast.evaluation.metrics import direction
from forecast.report.columns import column


def costs(board: pd.DataFrame, models: list[str], metric: str) -> dict[str, Any]:
    """By kind of cost: ``model`` (its index), ``cost``, the metric's ``value``, ``front``: unbeaten in both."""
    found = []
    for name in COSTS:
        if name not in board or board[name].notna().sum() < 2:
            continue
        rows = front(board, metric, name)
        found.append(
            {
                "name": name,
                "label": _LABELS[name],
                "model": [models.index(str(model)) for model in rows["model"]],
                "cost": rows[name].astype(float).tolist(),
                "value": rows[metric].astype(float).tolist(),
                "front": rows["on_front"].tolist(),
            }
        )
    return {"metric": column(metric, True).label, "direction": direction(metric), "kinds": found}


_LABELS = {
    "fit_seconds": "seconds to fit",
    "predict_seconds": "seconds to forecast",
    "parameters": "trainable parameters",
    "bytes": "bytes of the fitted model",
}
