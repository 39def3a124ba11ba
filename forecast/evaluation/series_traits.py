"""What is known of each series before anything is forecast: static columns, level, volatility, and their deciles."""

from typing import Final

import numpy as np
import pandas as pd

from datamodules.panel import Panel
from datamodules.split import known_rows
from forecast.evaluation.calendar_groups import CALENDAR

_DECILES: Final = 10
_SERIES_A_BIN: Final = 3  # at least, so that no bin is a single series
_OWN: Final = ("unique_id", "target", "step", "cutoff", "level", "volatility", "level_decile", "volatility_decile")


def series_traits(panel: Panel, position: int, seasonality: int) -> pd.DataFrame:
    """A row per series and target: ``unique_id, target``, static columns, level, volatility and their deciles.

    Level and volatility are of the rows up to the clock ``position`` alone, the first cutoff of a backtest, so that no
    value that is forecast has a say in the group of its series:

    * ``level``: the mean of |y|, in units of the data.
    * ``volatility``: the standard deviation of the seasonal differences y_t - y_(t-m), divided by the level; no unit.
    * ``level_decile``, ``volatility_decile``: ``"1 of 10"`` for the lowest tenth of the series (of each target apart)
      up to ``"10 of 10"``; equals share a bin. Each bin has three series at least, so fewer than 30 series have fewer
      bins, as the text says; it is empty where that leaves less than two, or the number is NaN.

    Static columns are texts: names of categories, numbers as they are, or their range (``"3 to 8"``) in at most ten
    bins of equally many series where there are more than ten; empty where missing. One that is called as something
    else that rows are grouped by gets ``static `` before its name.

    Args:
        panel: all series.
        position: clock position of the last value that may be used.
        seasonality: m, in steps.
    """
    chunks = [(chunk.panel, *_numbers(chunk.panel, position, seasonality)) for chunk in panel.chunks()]
    level, volatility = (np.concatenate(parts) for parts in list(zip(*chunks, strict=True))[1:])  # (N, D)
    statics = {_apart(name): _texts(panel, index) for index, name in enumerate(panel.columns.static)}
    frames = [
        pd.DataFrame(
            {
                "unique_id": panel.ids.astype(str),
                "target": name,
                **statics,
                "level": level[:, index],
                "volatility": volatility[:, index],
                "level_decile": _deciles(level[:, index]),
                "volatility_decile": _deciles(volatility[:, index]),
            }
        )
        for index, name in enumerate(panel.columns.target)
    ]
    return pd.concat(frames, ignore_index=True)


def _numbers(panel: Panel, position: int, seasonality: int) -> tuple[np.ndarray, np.ndarray]:
    """(N, D) level and volatility of the series of a panel in memory."""
    rows = np.arange(len(panel.target))
    history = (rows <= known_rows(panel, position)[panel.series_of_row])[:, None]
    level = _means(np.abs(panel.target), history & panel.observed, panel, least=1)
    pair = rows - panel.offsets[panel.series_of_row] >= seasonality
    difference = np.full(panel.target.shape, np.nan)
    difference[pair] = panel.target[pair] - panel.target[rows[pair] - seasonality]
    known = history & np.isfinite(difference)
    centred = difference - _means(difference, known, panel, least=2)[panel.series_of_row]
    spread = np.sqrt(_means(centred**2, known, panel, least=2))
    return level, np.divide(spread, level, out=np.where(spread == 0, 0.0, np.nan), where=level > 0)


def _means(values: np.ndarray, known: np.ndarray, panel: Panel, *, least: int) -> np.ndarray:
    """(N, D) the mean of the known ``values`` (R, D) of each series; NaN where there are fewer than ``least``."""
    total = np.add.reduceat(np.where(known, values, 0.0), panel.offsets[:-1], axis=0)
    count = np.add.reduceat(known.astype(np.int64), panel.offsets[:-1], axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count >= least)


def _deciles(values: np.ndarray) -> np.ndarray:
    """(N) the bin of each value, as text."""
    codes, count = _bins(values, _SERIES_A_BIN)
    texts = np.array([f"{code + 1} of {count}" for code in codes], dtype=object)
    return np.where((codes >= 0) & (count > 1), texts, "")


def _bins(values: np.ndarray, least: int) -> tuple[np.ndarray, int]:
    """(N) the bin 0 .. K-1 of each value, with equally many in each as far as equals allow, -1 for NaN; and K."""
    known = np.isfinite(values)
    n = int(known.sum())
    count = max(min(_DECILES, n // least), 1)
    ranks = pd.Series(values).rank(method="average").to_numpy()  # 1 .. n
    codes = np.floor(np.where(known, ranks - 0.5, 0.0) / max(n, 1) * count).astype(np.int64)
    return np.where(known, codes, -1), count


def _texts(panel: Panel, index: int) -> np.ndarray:
    """(N) a static column as a person reads it."""
    values = panel.static[:, index]
    names = panel.categories.get(panel.columns.static[index])
    if names is not None:
        return np.array([names[int(value)] if np.isfinite(value) else "" for value in values], dtype=object)
    if len(np.unique(values[np.isfinite(values)])) <= _DECILES:
        return np.array([f"{value:.12g}" if np.isfinite(value) else "" for value in values], dtype=object)
    codes, _ = _bins(values, _SERIES_A_BIN)
    texts = np.full(len(values), "", dtype=object)
    for code in np.unique(codes[codes >= 0]):
        inside = values[codes == code]
        low, high = f"{inside.min():.6g}", f"{inside.max():.6g}"
        texts[codes == code] = low if low == high else f"{low} to {high}"
    return texts


def _apart(name: str) -> str:
    return f"static {name}" if name in (*_OWN, *CALENDAR) else name
