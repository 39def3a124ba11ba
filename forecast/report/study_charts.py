"""A study's frames -> the arrays that its charts are drawn from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.report.columns import column
from forecast.report.numbers import compact
from forecast.report.study_table import all_of
from forecast.report.study_view import StudyView, has_level, is_ordered, label_of, levels_of, names_of, text_of

_PARTS = ("train", "validation", "test")
_SPENT = ("fit_seconds", "parameters", "bytes", "sparsity")
_MOST_EPOCHS = 80  # points of one learning curve, evenly spread; no eye sees more on half a page


def charts(view: StudyView, models: Sequence[str]) -> dict[str, Any]:
    """All that the page's scripts draw of one study; rows are those of its table, R of them.

    ``factors`` have a ``name``, a ``scale``, the ``texts`` of their levels and where these lie on the axis (``at``,
    None for names); ``rows`` hold the ``model`` (its index), the level of each factor (its index, -1 for a baseline),
    the ``label`` and ``status`` of each row; ``values`` and ``spreads`` are (R) by metric or other column.
    """
    table = view.table.reset_index(drop=True)
    of_level = has_level(table)
    factors, places = _factors(view, table, of_level)
    metrics = all_of(view)
    kept = [name for name in (*metrics, *_PARTS, *_SPENT) if name in table]
    return {
        "title": view.title,
        "factors": factors,
        "metrics": [
            {"name": name, "label": column(name, True).label, "direction": direction(name)} for name in metrics
        ],
        "rows": {
            "model": [models.index(name) for name in names_of(table)],
            "levels": places,
            "label": table["level"].fillna("").map(text_of).tolist(),
            "status": table["status"].fillna("").astype(str).tolist() if "status" in table else [""] * len(table),
        },
        "values": {name: compact(_numbers(table[name]), 7) for name in kept},
        "spreads": {name: compact(_numbers(table[f"{name}_spread"]), 4) for name in kept if f"{name}_spread" in table},
        "decides": column(view.metrics[0], True).label if view.metrics else "",
        "curves": _curves(view, table, models),
        "growth": _growth(view.growth, models),
    }


def shown(drawn: dict[str, Any]) -> dict[str, Any]:
    """Which figures there is something to draw for: a figure without numbers is left out of the page."""
    values, networks = drawn["values"], _networks(drawn)
    known = {name for name, column in values.items() if _distinct(column, drawn) > 0}
    return {
        "level": bool(drawn["metrics"]) and bool(networks),
        "heat": bool(networks) and (len(drawn["factors"]) > 1 or len(networks) > 2) and len(drawn["rows"]["model"]) > 3,
        "gap": "train" in known or "validation" in known,
        "spent": [name for name in _SPENT if _distinct(values.get(name, []), drawn) > 1],
        "curves": bool(drawn["curves"]),
        "growth": bool(drawn["growth"]),
        "networks": networks,
    }


def _networks(drawn: dict[str, Any]) -> list[int]:
    rows = drawn["rows"]
    return list(dict.fromkeys(m for m, levels in zip(rows["model"], rows["levels"], strict=True) if levels[0] >= 0))


def _distinct(values: list[Any], drawn: dict[str, Any]) -> int:
    """How many values the networks have in a column."""
    of_level = [levels[0] >= 0 for levels in drawn["rows"]["levels"]]
    return len({v for v, level in zip(values, of_level, strict=False) if level and v is not None})


def _factors(view: StudyView, table: pd.DataFrame, of_level: pd.Series) -> tuple[list[dict[str, Any]], list[list[int]]]:
    names = [name for name in view.factors if name in table] or ["level"]
    found, columns = [], []
    for name in names:
        values = table.loc[of_level, name]
        scale = view.factors.get(name, "names")
        scale = scale if is_ordered(values, scale) else "names"
        levels, texts = levels_of(values, scale)
        at = None if scale == "names" else [float(level) for level in levels]
        found.append({"name": name, "label": label_of(name), "scale": scale, "texts": texts, "at": at})
        columns.append(
            [levels.index(value) if level else -1 for value, level in zip(table[name], of_level, strict=True)]
        )
    return found, [list(row) for row in zip(*columns, strict=True)]


def _curves(view: StudyView, table: pd.DataFrame, models: Sequence[str]) -> list[dict[str, Any]]:
    """The losses of each row of the table, the mean over its fits; a fit that has stopped stays at its last loss."""
    curves = view.curves
    if curves.empty:
        return []
    rows = {key: row for row, key in enumerate(zip(names_of(table), table["level"].map(str), strict=True))}
    found = []
    for key, fits in curves.groupby([names_of(curves), curves["level"].map(str)], sort=False):
        if key not in rows:
            continue
        by_fit = fits.set_index(["epoch", "seed", "fold"])
        train, valid = (_mean_path(by_fit[name]) for name in ("train_loss", "val_loss"))
        epochs = train.index.to_numpy()
        kept = np.unique(np.linspace(0, len(epochs) - 1, min(len(epochs), _MOST_EPOCHS)).round().astype(int))
        found.append(
            {
                "row": rows[key],
                "model": models.index(str(key[0])),
                "fits": int(fits.groupby(["seed", "fold"]).ngroups),
                "epoch": epochs[kept].astype(int).tolist(),
                "train": compact(train.to_numpy()[kept]),
                "val": compact(valid.to_numpy()[kept]),
            }
        )
    return sorted(found, key=lambda curve: int(curve["row"]))


def _mean_path(losses: pd.Series) -> pd.Series:
    return pd.DataFrame(losses.unstack(["seed", "fold"])).ffill().mean(axis=1)


def _growth(growth: pd.DataFrame, models: Sequence[str]) -> list[dict[str, Any]]:
    if growth.empty:
        return []
    found = []
    for network, rows in growth.groupby(names_of(growth), sort=False):
        rows = rows.sort_values("windows")
        found.append(
            {
                "model": models.index(str(network)),
                "windows": compact(_numbers(rows["windows"]), 7),
                "loss": compact(_numbers(rows["loss"]), 6),
                "fitted": compact(_numbers(rows["fitted"]), 6),
            }
        )
    return found


def _numbers(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
