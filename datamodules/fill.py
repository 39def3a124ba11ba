"""What stands where a value was not observed, from the past only.

On the whole panel, once (``fill_panel``)::

    error, ffill, interpolate, mask   the last observed value before it
    seasonal                          the last observed one a whole number of seasons before it, else as above

and in each context that has holes (``fill_context``)::

    interpolate   on the line between the observed values around it in the context, where there are two
    mask          the mean of the context's observed values, where there are any

Rows before the first observed value take that first value, so a context that ends before it must never be used; any
other sees nothing from beyond its cutoff.
"""

import numpy as np
import torch
from torch import Tensor

from datamodules.door.shapes import told
from datamodules.errors import InputError
from datamodules.panel import Panel


def fill_panel(kind: str, panel: Panel) -> np.ndarray:
    """(R, D) the target without NaN, filled as ``kind`` says; 0 throughout a series that was never observed."""
    if panel.observed.all():
        return panel.target
    rows = np.arange(len(panel.target))
    filled = np.array(panel.target)
    for column, observed in enumerate(panel.observed.T):
        source = last_seen(observed, panel.offsets)
        if kind == "seasonal":
            same = _last_in_season(observed, panel)
            source = np.where(same >= 0, same, source)
        following = np.minimum.accumulate(np.where(observed, rows, len(rows) - 1)[::-1])[::-1]
        filled[:, column] = panel.target[np.where(source >= 0, source, following), column]
    never = np.add.reduceat(panel.observed, panel.offsets[:-1], dtype=np.int64) == 0
    filled[never[panel.series_of_row]] = 0.0
    return filled


def last_seen(observed: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(R) the row of the last one up to each row, of the same series, where ``observed`` (R); -1 where none is."""
    latest = np.maximum.accumulate(np.where(observed, np.arange(len(observed)), -1))
    return np.where(latest >= np.repeat(offsets[:-1], np.diff(offsets)), latest, -1)


def _last_in_season(observed: np.ndarray, panel: Panel) -> np.ndarray:
    """(R) the row of the last observed value a whole number of seasons before each row, or itself; -1 where none is.

    Each series is laid out phase by phase, first all rows at the begin of a season, then all second ones: so the rows
    of one phase lie side by side.
    """
    rows, season = np.arange(len(observed)), panel.seasonality
    begin, length = panel.offsets[:-1][panel.series_of_row], panel.lengths[panel.series_of_row]
    cycle, phase = np.divmod(rows - begin, season)
    first = begin + phase * (length // season) + np.minimum(phase, length % season)
    place = first + cycle
    row_at = np.empty_like(rows)
    row_at[place] = rows
    latest = np.maximum.accumulate(np.where(observed[row_at], rows, -1))[place]
    return np.where(latest >= first, row_at[np.maximum(latest, 0)], -1)


def fill_context(kind: str, target: Tensor, observed: Tensor) -> Tensor:
    """The target (..., L, D) of contexts of a filled panel, with what was not ``observed`` filled as ``kind`` says."""
    if kind == "interpolate":
        return _between(target, observed)
    if kind == "mask":
        count = observed.sum(-2, keepdim=True)
        mean = (target * observed).sum(-2, keepdim=True) / count
        return torch.where((observed > 0) | (count == 0), target, mean)
    return target


def _between(target: Tensor, observed: Tensor) -> Tensor:
    """The target, which holds the last value seen wherever there is a hole, with those between two seen on a line."""
    length = target.shape[-2]
    step = torch.arange(1, length + 1, device=target.device, dtype=target.dtype).unsqueeze(-1)
    before = (step * observed).cummax(-2).values  # 0 where none is
    after = length + 1 - ((length + 1 - step) * observed).flip(-2).cummax(-2).values.flip(-2)  # L + 1 where none is
    share = (step - before) / (after - before).clamp_(min=1) * (before > 0)
    return target.lerp(target.gather(-2, (after - 1).clamp_(max=length - 1).long()), share)


def refuse_holes(panel: Panel, stop: np.ndarray) -> None:
    """Raise InputError, naming the first, for a target not observed after a series' begin and before row ``stop`` (N).

    A series begins with its first row in which any target was observed.
    """
    for chunk in panel.chunks():
        _refuse_holes(chunk.panel, chunk.own(stop) - chunk.row)


def _refuse_holes(panel: Panel, stop: np.ndarray) -> None:
    rows, series = np.arange(len(panel.target)), panel.series_of_row
    begun = last_seen(np.asarray(panel.observed.any(axis=1)), panel.offsets) >= 0
    absent = ~panel.observed & (begun & (rows < stop[series]))[:, None]
    if not absent.any():
        return
    row, column = (int(each[0]) for each in np.nonzero(absent))
    stamp = told(panel.times(np.array(row), series[row])[()])
    others = f" and {int(absent.sum()) - 1:,} more" if absent.sum() > 1 else ""
    raise InputError(
        f"series {str(panel.ids[series[row]])!r} has no value in column {panel.columns.target[column]!r} (target) at "
        f"{stamp}{others}; missing: error wants all of them. Give a value, or say missing: ffill."
    )


def count_holes(panel: Panel, begin: np.ndarray, stop: np.ndarray) -> dict[str, int]:
    """Target -> how many of its cells are not observed, from row ``begin`` (N) to before ``stop`` (N) of each series.

    Targets without such a cell are left out.
    """
    counts = np.zeros(panel.target.shape[1], dtype=np.int64)
    for chunk in panel.chunks():
        rows, series = np.arange(len(chunk.panel.target)) + chunk.row, chunk.panel.series_of_row
        seen = (rows >= chunk.own(begin)[series]) & (rows < chunk.own(stop)[series])
        counts += (~chunk.panel.observed & seen[:, None]).sum(axis=0)
    return {name: int(count) for name, count in zip(panel.columns.target, counts, strict=True) if count}
