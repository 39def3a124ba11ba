"""Earlier values of the target beside it: lags, and statistics of its last values."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.indexers import BaseIndexer

from datamodules.made.feature_forms import read_rolling


class _Bounds(BaseIndexer):
    """Windows of rows for pandas, each from ``begin`` to before ``stop``, both (R)."""

    begin: np.ndarray
    stop: np.ndarray

    def get_window_bounds(
        self,
        num_values: int = 0,
        min_periods: int | None = None,
        center: bool | None = None,
        closed: str | None = None,
        step: int | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """The bounds as they were given."""
        return self.begin, self.stop


def lagged_columns(
    target: np.ndarray,
    offsets: np.ndarray,
    lags: Sequence[int],
    rolling: Sequence[str],
    *,
    before: np.ndarray | int = 0,
) -> np.ndarray:
    """The columns made of a target (R, D) without NaN: all D for each lag, then all D for each rolling statistic.

    A row holds nothing from after it and nothing from another series. Where a lag reaches to before its series, it is
    the series' first value; a rolling statistic there is one of the rows that there are. The rows that were added
    ``before`` (N) each series are none of them: what a row holds does not depend on how many they are.
    """
    if not lags and not rolling:
        return target[:, :0]
    rows = np.arange(len(target))
    begin = np.minimum(np.repeat(offsets[:-1] + before, np.diff(offsets)), rows)
    columns = [target[np.maximum(rows - lag, begin)] for lag in lags]
    for item in rolling:
        statistic, steps = read_rolling(item)
        bounds = _Bounds(begin=np.maximum(rows - steps + 1, begin), stop=rows + 1)
        windows = pd.DataFrame(target).rolling(bounds, min_periods=1)
        columns.append(getattr(windows, statistic)().to_numpy())
    return np.hstack(columns)
