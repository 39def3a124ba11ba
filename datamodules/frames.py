"""Tables as people have them -> one tidy long table on a regular clock. Every check of a user's data is here."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from datamodules.clock import Clock, infer_freq
from datamodules.errors import InputError

if TYPE_CHECKING:
    from datamodules.panel import Columns


def tidy(
    frame: Any, *, id: str, time: str, columns: "Columns", shape: str, freq: str | int
) -> tuple[pd.DataFrame, Clock]:
    """The table sorted by series and stamp with ``unique_id, ds, position`` and numeric columns, and its clock."""
    table = to_pandas(frame)
    if shape == "wide":
        table = table.melt(id_vars=[time], var_name="unique_id", value_name="y").rename(columns={time: "ds"})
    elif id in table.columns:
        table = table.rename(columns={id: "unique_id", time: "ds"})
    else:
        table = table.rename(columns={time: "ds"}).assign(unique_id="series")
    table = table.assign(unique_id=table["unique_id"].astype(str)).sort_values(["unique_id", "ds"], kind="stable")
    times = table["ds"].to_numpy()
    new = np.flatnonzero(table["unique_id"].to_numpy()[1:] != table["unique_id"].to_numpy()[:-1]) + 1
    boundaries = np.concatenate([[0], new, [len(table)]])
    clock = Clock(infer_freq(times, boundaries) if freq == "infer" else freq, table["ds"].min())
    return table.assign(position=clock.positions(times)).reset_index(drop=True), clock


def to_pandas(frame: Any) -> pd.DataFrame:
    """A pandas copy of a pandas, polars or pyarrow table."""
    if isinstance(frame, pd.DataFrame):
        return frame.copy()
    if hasattr(frame, "to_pandas"):
        return frame.to_pandas()
    raise InputError(
        f"data is a {type(frame).__name__}; expected a pandas, polars or pyarrow table. Convert it to one."
    )
