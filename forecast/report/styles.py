"""The look of each model, the same everywhere in the report: networks and ensembles in colour, others dashed."""

from dataclasses import dataclass

import pandas as pd

_COLOURS = {"network": 8, "baseline": 8, "ensemble": 4, "external": 4}  # of each kind, in css/page.css


@dataclass(frozen=True)
class Style:
    """How one model is told from the others.

    Attributes:
        name: of the model.
        kind: ``network``, ``baseline``, ``ensemble`` or ``external`` (another tool's forecasts).
        colour: name of the CSS variable with its colour.
        rank: of the model among its kind, in the order of the configuration; chooses the dash pattern.
    """

    name: str
    kind: str
    colour: str
    rank: int


def styles(runs: pd.DataFrame, table: pd.DataFrame) -> tuple[Style, ...]:
    """A style for each model that was run, in the order of the runs: scores never change a model's colour."""
    kinds = dict(zip(runs["model"].astype(str), runs["kind"].astype(str), strict=True))
    for name in table["model"].astype(str).unique() if len(table) else ():
        kinds.setdefault(name, "baseline")
    ranks = dict.fromkeys(_COLOURS, 0)
    found = []
    for name, kind in kinds.items():
        kind = kind if kind in ranks else "baseline"
        found.append(Style(name, kind, f"--{kind}-{ranks[kind] % _COLOURS[kind]}", ranks[kind]))
        ranks[kind] += 1
    return tuple(found)
