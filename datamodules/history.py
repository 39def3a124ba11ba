"""How much history a series has, and the unobserved rows that begin one with too little."""

import numpy as np

from datamodules.door.shapes import told
from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import Part


def first_seen(panel: Panel) -> np.ndarray:
    """(N, D) the row of each series' first observed value of each target; R, beyond all rows, where none is."""
    if panel.complete:
        begins = np.where(panel.last_rows >= panel.offsets[:-1], panel.offsets[:-1], len(panel.target))
        return np.broadcast_to(begins[:, None], (panel.n_series, panel.target.shape[1]))
    return np.concatenate(
        [_first_seen(chunk.panel, len(panel.target) - chunk.row) + chunk.row for chunk in panel.chunks()]
    )


def _first_seen(panel: Panel, never: int) -> np.ndarray:
    rows = np.where(panel.observed, np.arange(len(panel.target))[:, None], never)
    return np.minimum.reduceat(rows, panel.offsets[:-1], axis=0)


def short_series(panel: Panel, part: Part, *, context_length: int, horizon: int) -> np.ndarray:
    """(N) whether a series has rows in a part, but too few for a context and a target.

    Of a series that lies in another part as a whole, all rows count; one that has not begun is not short.
    """
    own, whole = part.stop - part.begin, panel.last_rows + 1 - panel.offsets[:-1]
    rows = np.where(own > 0, own, whole)
    return (rows > 0) & (rows < context_length + horizon)


def padding(panel: Panel, part: Part, *, context_length: int, horizon: int) -> np.ndarray:
    """(N) unobserved rows to begin each short series of a part with, so that each row of it can end a context.

    ::

        |-- unobserved --|= own rows =|-- horizon --|
        |---- context ----|                            its first row ends a context
    """
    short = short_series(panel, part, context_length=context_length, horizon=horizon)
    return np.where(short, context_length - 1, 0)


def lacking_rows(panel: Panel, rows: np.ndarray, series: np.ndarray, *, context_length: int) -> np.ndarray:
    """(N) rows that each series lacks before its first one, for contexts that end at ``rows`` (C) of ``series`` (C)."""
    lacking = np.zeros(panel.n_series, dtype=np.int64)
    np.maximum.at(lacking, series, context_length - 1 - (rows - panel.offsets[series]))
    return lacking


def refuse_short(panel: Panel, rows: np.ndarray, series: np.ndarray, *, context_length: int, name: str) -> None:
    """Raise InputError, naming the first, unless each of ``series`` (C) has a context of rows up to ``rows`` (C)."""
    known = rows + 1 - panel.offsets[series]
    if (known < context_length).any():
        first = int(np.argmax(known < context_length))
        raise InputError(
            f"series {str(panel.ids[series[first]])!r} has {known[first]} rows up to its cutoff; {name} needs a "
            f"context of {context_length}. Shorten context_length, leave the series out, or train with short: pad."
        )


def refuse_unseen(panel: Panel, rows: np.ndarray, series: np.ndarray, *, name: str) -> None:
    """Raise InputError, naming the first, unless each of ``series`` (C) has been observed up to ``rows`` (C)."""
    unseen = first_seen(panel)[series] > rows[:, None]
    if unseen.any():
        first, column = (int(each[0]) for each in np.nonzero(unseen))
        stamp = told(panel.times(rows[first : first + 1], series[first : first + 1])[0])
        raise InputError(
            f"series {str(panel.ids[series[first]])!r} has no observed value of {panel.columns.target[column]!r} up to "
            f"its cutoff {stamp}; {name} needs one. Leave the series out, or take a later cutoff."
        )


def listed(ids: np.ndarray, most: int = 5) -> str:
    """The names of some series for a message.

    Example:
        >>> listed(np.array(["a", "b", "c"]), most=2)
        "'a', 'b' and 1 more"
    """
    names = ", ".join(repr(str(name)) for name in ids[:most])
    return f"{names} and {len(ids) - most} more" if len(ids) > most else names
