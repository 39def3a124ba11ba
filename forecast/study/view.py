"""A study as its page reads it."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

ANY = "network"  # what the page calls the networks where the network is the level


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


def with_networks(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with a name in ``network`` where the network is the level."""
    return frame.assign(network=frame["network"].astype(str).replace("", ANY))


def curves_of(curves: pd.DataFrame, arms: pd.DataFrame) -> pd.DataFrame:
    """Losses while training with the network and the level that they are of."""
    keys = arms.loc[arms["kind"] == "network", ["model", "network", "level"]]
    return with_networks(curves.assign(model=curves["model"].astype(str)).merge(keys, on="model"))
