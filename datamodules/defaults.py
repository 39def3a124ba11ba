"""What is chosen from the data when the user says nothing."""

import numpy as np

from datamodules.errors import InputError
from datamodules.panel import Panel


def default_horizon(panel: Panel) -> int:
    """Steps to forecast, where nobody says how many: a season, or six steps without one.

    At most a tenth of the shortest series, so that there is something to learn from and several forecasts to score.
    """
    lengths = panel.last_rows + 1 - panel.offsets[:-1]
    wanted = panel.seasonality if panel.seasonality > 1 else 6
    return int(np.clip(wanted, 1, max(int(lengths.min()) // 10, 1)))


def default_context_length(panel: Panel, horizon: int) -> int:
    """A context length for a panel and horizon, in steps.

    Twice the horizon, or the longest season that the clock knows if that is more; but at most a third of the median
    series and never so long that the shortest series has no window left.
    """
    lengths = panel.last_rows + 1 - panel.offsets[:-1]
    longest_season = max(panel.clock.seasons)
    room = max(int(np.median(lengths)) // 3, 2 * panel.seasonality, 1)
    wanted = min(max(2 * horizon, longest_season), room)
    return max(1, min(wanted, int(lengths.min()) - 3 * horizon, room))


def default_max_steps(panel: Panel, *, context_length: int, horizon: int, batch_size: int, most: int = 0) -> int:
    """Optimiser steps for a panel: forty passes over its windows, but at least 300 and at most 2,000.

    Of the windows, ``most`` are counted at most; 0 for all.

    A budget in steps, because a pass over a large panel is long before a network has learnt all it can, and one over a
    small panel is nothing. Early stopping ends most trainings on small panels before it.
    """
    windows = np.maximum(panel.last_rows + 2 - panel.offsets[:-1] - context_length - horizon, 0).sum()
    return int(np.clip(40 * (min(windows, most) if most else windows) // batch_size, 300, 2000))


def check_lengths(panel: Panel, *, context_length: int, horizon: int, extra: int = 0) -> None:
    """Raise InputError, naming the first series that is too short, unless each has a window and ``extra`` rows more."""
    lengths = panel.last_rows + 1 - panel.offsets[:-1]
    need = context_length + horizon + extra
    short = np.flatnonzero(lengths < need)
    if len(short):
        first = short[0]
        more = f" (and {len(short) - 1} more series)" if len(short) > 1 else ""
        raise InputError(
            f"series {str(panel.ids[first])!r}{more} has {lengths[first]} rows; context_length {context_length} + "
            f"horizon {horizon}{f' + {extra} for the folds' if extra else ''} needs at least {need}. "
            "Shorten them, leave short series out with short=skip (--short skip), or begin them with unobserved rows "
            "by short=pad (--short pad)."
        )
