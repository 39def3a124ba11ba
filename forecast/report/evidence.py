"""Tests of the differences between models -> what the report's section on significance is drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.evaluation.ranks import Ranks
from forecast.report.columns import column
from forecast.report.numbers import compact, p_value
from forecast.report.result import Result
from forecast.report.styles import Style
from forecast.report.tables import Grid, grid

_LEVEL = 0.95


def evidence(result: Result, models: list[str]) -> dict[str, Any]:
    """What is said about significance: intervals of scores, pairs, and ranks, on the rows that all models have."""
    return {
        "intervals": scores(result.intervals(), result.metrics, models),
        "pairs": matrix(result.significance(), models),
        "ranks": ranks(result.ranks(), models),
    }


def scores(found: pd.DataFrame, metrics: Sequence[str], models: list[str]) -> dict[str, Any]:
    """By metric: the models that have it, best first, their values and the bounds of the intervals.

    ``note`` is what was drawn for the intervals, ``without`` why some scores have none.
    """
    told = []
    for name in metrics:
        rows = found[(found["metric"] == name) & found["value"].notna()]
        rows = rows.sort_values("value", ascending=direction(name) >= 0, kind="stable")
        if len(rows):
            bounds = {side: compact(rows[side].to_numpy()) for side in ("value", "low", "high")}
            own = [models.index(str(one)) for one in rows["model"]]
            told.append({"label": column(name, True).label, "model": own, **bounds})
    drawn = found["low"].notna()
    return {"metrics": told, "level": _LEVEL, "note": _notes(found[drawn]), "without": _notes(found[~drawn])}


def matrix(found: pd.DataFrame, models: list[str]) -> dict[str, Any]:
    """All pairs as square matrices (M, M), a row against a column; ``note``: why some have no p-value."""
    names = list(dict.fromkeys([*found["model"].astype(str), *found["opponent"].astype(str)]))
    place = {name: position for position, name in enumerate(names)}
    square = {name: np.full((len(names), len(names)), np.nan) for name in ("difference", "low", "high", "p", "holm")}
    notes = [[""] * len(names) for _ in names]
    for row in found.to_dict("records"):
        i, j = place[str(row["model"])], place[str(row["opponent"])]
        square["difference"][[i, j], [j, i]] = row["difference"], -row["difference"]
        square["low"][[i, j], [j, i]] = row["low"], -row["high"]
        square["high"][[i, j], [j, i]] = row["high"], -row["low"]
        square["p"][[i, j], [j, i]] = row["p_value"]
        square["holm"][[i, j], [j, i]] = row["p_holm"]
        notes[i][j] = notes[j][i] = str(row["note"] or "")
    undefined = found[found["p_value"].isna()]
    note = f"No p-value of any pair: {_notes(undefined)}" if len(undefined) and len(undefined) == len(found) else ""
    told = {name: compact(values) for name, values in square.items()}
    return {"models": [models.index(name) for name in names], **told, "notes": notes, "note": note}


def ranks(found: Ranks, models: list[str]) -> dict[str, Any]:
    """Mean ranks, best first; ``groups`` hold positions in that order; only ``note`` where ranks are undefined."""
    if found.note:
        return {"note": found.note}
    names = [str(name) for name in found.mean_ranks.index]
    comparison = found.mcb.assign(model=found.mcb["model"].astype(str)).set_index("model").loc[names]
    return {
        "note": "",
        "caution": found.caution,
        "models": [models.index(name) for name in names],
        "mean": compact(found.mean_ranks.to_numpy()),
        "blocks": found.blocks,
        "friedman": p_value(found.friedman_p),
        "critical": compact(np.array([found.critical_difference]))[0],
        "groups": [[names.index(str(name)) for name in group] for group in found.groups],
        "mcb": [
            {"rank": middle, "low": low, "high": high, "beaten": beaten}
            for middle, low, high, beaten in comparison[["mean_rank", "low", "high", "beaten"]].to_numpy().tolist()
        ],
    }


def members(found: pd.DataFrame, looks: Mapping[str, Style]) -> Grid:
    """The model confidence set of 90 % as a table of the page."""
    kept = found.rename(columns={"inside": "may_be_best"})
    return grid(kept[["model", "may_be_best", "p_value"]], looks)


def _notes(found: pd.DataFrame) -> str:
    """What the rows say of themselves, each once."""
    return "; ".join(dict.fromkeys(str(note) for note in found["note"] if note))
