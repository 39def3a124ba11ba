"""Whether known covariates reach as far ahead as a forecast needs."""

from collections.abc import Sequence

import numpy as np

from datamodules.door.shapes import told
from datamodules.errors import InputError
from datamodules.panel import Panel, last_observed


def check_ahead(panel: Panel, names: Sequence[str], rows: np.ndarray, horizon: int) -> None:
    """Raise InputError unless each of the known columns ``names`` reaches ``horizon`` steps beyond the cutoff ``rows``.

    A column reaches to its last value in a series. A hole before that is no reason to refuse, in the future as little
    as in the past: ``Encoder`` fills it from the past and counts it. So the answer depends on known covariates alone,
    not on which targets happen to be observed, and is the same in a backtest as in use. Of several cutoffs of a series
    the latest decides.

    Raises:
        InputError: names the first missing (series, stamp, column) and counts the others.
    """
    if len(rows) == 0 or not names:
        return
    places = [panel.columns.known.index(name) for name in names]
    latest = np.full(panel.n_series, -1)
    np.maximum.at(latest, panel.series_of_row[rows], rows)
    reach = np.column_stack([last_observed(~np.isnan(panel.known[:, place]), panel.offsets) for place in places])
    last = np.maximum(reach, latest[:, None])  # (N, K) the last row that needs nothing
    lacking = np.where(latest[:, None] >= 0, np.maximum(latest[:, None] + horizon - last, 0), 0)
    total = int(lacking.sum())
    if total == 0:
        return
    series = int(lacking.any(axis=1).argmax())
    column = int(np.where(lacking[series] > 0, last[series], np.iinfo(np.int64).max).argmin())
    stamp, cutoff = panel.times(np.array([last[series, column] + 1, latest[series]]), np.array(series))
    others = f" and {total - 1:,} more (series, stamp, column)" if total > 1 else ""
    raise InputError(
        f"series {str(panel.ids[series])!r} lacks column {names[column]!r} (known) at {told(stamp)}{others}; a "
        f"forecast of {horizon} steps after {told(cutoff)} needs it. Give its values ahead, or name it with past and "
        "train anew."
    )
