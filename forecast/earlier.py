"""Forecasts from earlier cutoffs, as arrays, and how far they were off by what was known at each later cutoff."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from datamodules.history import first_seen, listed
from datamodules.panel import Panel
from forecast.forecaster import Forecaster
from forecast.table import level_column

FAILURES = (
    ValueError,
    RuntimeError,
    ArithmeticError,
    LookupError,
)  # what forecasters raise on series they cannot serve


class Earlier(NamedTuple):
    """Forecasts from G past cutoffs, and what came; NaN where a series was not forecast or a value not observed.

    Attributes:
        positions: (G) clock positions of the cutoffs, ascending.
        errors: (G, N, D, H, 1 + Q) actual minus point forecast, and minus each quantile, in units of ``scales``.
        note: which series could not be forecast there, and why; empty when all could.
    """

    positions: np.ndarray
    errors: np.ndarray
    note: str

    def known_at(self, position: int, limits: np.ndarray, *, stride: int, most: int) -> np.ndarray:
        """(K, N, D, H, 1 + Q) the errors of the last cutoffs a whole number of strides before, by what was known then.

        Args:
            position: clock position of the last value that may be seen.
            limits: (N) the same for each series' own values, where that is earlier.
            stride: steps between the cutoffs.
            most: how many at most, of those from which a step is known.
        """
        steps = np.arange(1, self.errors.shape[3] + 1)
        farthest = (most - 1 - (-steps // stride)) * stride  # (H) the last ``most`` cutoffs whose step is known
        back = position - self.positions
        chosen = (back > 0) & (back % stride == 0) & (back <= farthest.max())
        own, last, back = self.errors[chosen], self.positions[chosen], back[chosen]
        known = (last[:, None, None] + steps) <= np.minimum(position, limits)[:, None]  # (K, N, H)
        known &= (back[:, None] <= farthest)[:, None]
        return np.where(known[:, :, None, :, None], own, np.nan)


def earlier_forecasts(
    sources: Sequence[tuple[Forecaster, np.ndarray]],
    panel: Panel,
    limits: np.ndarray,
    horizon: int,
    levels: Sequence[float],
    memory: float,
) -> Earlier:
    """What each forecaster says from its cutoffs (clock positions), beside what came up to ``limits`` (N)."""
    positions = np.concatenate([np.empty(0, dtype=np.int64), *(cutoffs for _, cutoffs in sources)])
    scale = scales(panel, memory)
    shape = (panel.n_series, panel.target.shape[1], horizon, 1 + len(levels))
    parts, notes = [np.empty((0, *shape))], []
    for forecaster, own in sources:
        rows = _possible(forecaster, panel, own, limits, horizon)
        forecasts, note = _forecasts(forecaster, panel, rows, horizon, levels)
        ahead = rows[..., None] + np.arange(1, horizon + 1)  # (G, N, H)
        inside = (rows >= 0)[..., None] & (ahead < panel.offsets[1:, None])
        actual = np.where(inside[..., None], panel.target[np.where(inside, ahead, 0)], np.nan).swapaxes(2, 3)
        unit = np.where((rows >= 0)[..., None], scale[np.maximum(rows, 0)], np.nan)  # (G, N, D)
        parts.append((actual[..., None] - forecasts) / unit[..., None, None])
        notes.append(note)
    return Earlier(positions, np.concatenate(parts), "; ".join(filter(None, notes)))


def scales(panel: Panel, memory: float) -> np.ndarray:
    """(R, D) what errors are measured in at each row: its series' recent seasonal naive error; NaN where there is none.

    The mean absolute error up to the row, in which an error counts half of one ``memory`` steps later. A series shorter
    than a season is measured by its one-step changes.
    """
    seasonal, last = (_recent_error(panel, steps, memory) for steps in (panel.seasonality, 1))
    chosen = np.where(seasonal > 0, seasonal, last)
    return np.where(chosen > 0, chosen, np.nan)


def _recent_error(panel: Panel, steps: int, memory: float) -> np.ndarray:
    """(R, D) the running mean of absolute changes over ``steps``, the recent ones counting more."""
    keep = 0.5 ** (1 / memory)
    found = np.full(panel.target.shape, np.nan)
    for begin, stop in zip(panel.offsets[:-1] + steps, panel.offsets[1:], strict=True):
        change = np.abs(panel.target[begin:stop] - panel.target[begin - steps : stop - steps])
        if len(change):
            seen = np.isfinite(change)
            total = lfilter([1.0], [1.0, -keep], np.where(seen, change, 0.0), axis=0)
            count = lfilter([1.0], [1.0, -keep], seen.astype(np.float64), axis=0)
            found[begin:stop] = np.divide(total, count, out=np.full(change.shape, np.nan), where=count > 1e-9)
    return found


def _possible(
    forecaster: Forecaster, panel: Panel, positions: np.ndarray, limits: np.ndarray, horizon: int
) -> np.ndarray:
    """(G, N) rows of the cutoffs from which a series has the history to be forecast and a value that came; else -1."""
    rows = panel.offsets[:-1] + positions[:, None] - panel.start
    enough = rows - panel.offsets[:-1] + 1 >= getattr(forecaster, "history", 1)
    enough &= (rows >= first_seen(panel).max(axis=1)) & (rows + 1 < panel.offsets[1:]) & (positions[:, None] < limits)
    if panel.columns.known:
        enough &= rows + max(horizon, getattr(forecaster, "dims", (0, 0))[1]) < panel.offsets[1:]
    return np.where(enough, rows, -1)


def _forecasts(
    forecaster: Forecaster, panel: Panel, rows: np.ndarray, horizon: int, levels: Sequence[float]
) -> tuple[np.ndarray, str]:
    """The forecasts from ``rows`` (G, N), and a note on the series that raise: these are left out, NaN."""
    try:
        return forecast_arrays(forecaster, panel, rows, horizon, levels), ""
    except FAILURES as error:
        reason = f"{type(error).__name__}: {error}"
    shape = (*rows.shape, panel.target.shape[1], horizon, 1 + len(levels))
    found, failed = np.full(shape, np.nan), np.zeros(panel.n_series, dtype=bool)
    for series in np.flatnonzero((rows >= 0).any(axis=0)):
        alone = np.where(np.arange(panel.n_series) == series, rows, -1)
        try:
            found[:, series] = forecast_arrays(forecaster, panel, alone, horizon, levels)[:, series]
        except FAILURES:
            failed[series] = True
    who = listed(panel.ids[failed])
    return found, f"no earlier forecasts to calibrate with for {failed.sum()} of {len(failed)} series, {who} ({reason})"


def forecast_arrays(
    forecaster: Forecaster, panel: Panel, rows: np.ndarray, horizon: int, levels: Sequence[float]
) -> np.ndarray:
    """(G, N, D, H, 1 + Q) point forecasts and quantiles from ``rows`` (G, N), NaN where there are none."""
    found = np.full((*rows.shape, panel.target.shape[1], horizon, 1 + len(levels)), np.nan)
    for table, fold, series in forecast_tables(forecaster, panel, rows, horizon, levels):
        columns = ["mean", *map(level_column, levels)]
        values = table[columns].to_numpy(dtype=np.float64)
        found[fold, series] = values.reshape(len(fold), horizon, -1, 1 + len(levels)).swapaxes(1, 2)
    return found


def forecast_tables(
    forecaster: Forecaster, panel: Panel, rows: np.ndarray, horizon: int, levels: Sequence[float]
) -> list[tuple[pd.DataFrame, np.ndarray, np.ndarray]]:
    """The forecaster's tables with the fold and series (C) of each of their blocks of horizon times targets rows.

    One table for all cutoffs of a causal forecaster; any other is shown the panel up to each cutoff, one at a time.
    """
    if not (rows >= 0).any():
        return []
    together = getattr(forecaster, "causal", False)
    found = []
    for begin in [0] if together else range(len(rows)):
        some = rows if together else rows[begin : begin + 1]
        if (some >= 0).any():
            seen = panel if together else panel.until(some[0])
            table = forecaster.predict(seen, some, horizon, levels)
            fold, series = _blocks(table, panel, some, horizon)
            found.append((table, fold + begin, series))
    return found


def _blocks(table: pd.DataFrame, panel: Panel, rows: np.ndarray, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """The fold and series of each block of a table, from which a forecaster may have left series out."""
    fold, series = np.nonzero(rows >= 0)
    size = horizon * panel.target.shape[1]
    if len(table) == len(fold) * size:
        return fold, series
    asked = pd.MultiIndex.from_arrays([panel.ids[series].astype(str), panel.times(rows[fold, series], series)])
    heads = table.iloc[::size]
    kept = asked.isin(pd.MultiIndex.from_arrays([heads["unique_id"].astype(str), heads["cutoff"]]))
    return fold[kept], series[kept]
