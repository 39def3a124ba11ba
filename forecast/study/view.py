"""A study as its page reads it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True, eq=False)
class View:
    """Plain frames and texts of one study; ``forecast.report.study_view.StudyView`` says what each is."""

    title: str
    question: str
    finding: str
    table: pd.DataFrame
    factors: dict[str, str]
    metrics: tuple[str, ...]
    curves: pd.DataFrame
    growth: pd.DataFrame
    config: str
    provenance: dict[str, Any]
    backtest: str


def curves_of(curves: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """Losses while training with the network and the level that they are of."""
    keys = arms.loc[arms["kind"] == "network", ["model", "network", "level"]]
    return curves.assign(model=curves["model"].astype(str)).merge(keys, on="model")
