"""Cost beside accuracy: the models that no other beats on both."""

from typing import Final

import numpy as np
import pandas as pd

from datamodules.errors import InputError, one_of
from forecast.evaluation.metrics import direction, named

COSTS: Final = ("fit_seconds", "predict_seconds", "parameters", "bytes")


def front(board: pd.DataFrame, metric: str, cost: str = "fit_seconds") -> pd.DataFrame:
    """A row per model that has both numbers, the cheapest first: model, kind, the two by their names, ``on_front``.

    ``on_front`` is true where no other model is as good in both and better in one (the Pareto front). From the cheapest
    on, the front is a staircase: each of its models costs more than the one before and is more accurate.

    Args:
        board: the leaderboard.
        metric: one of its metrics that has a best.
        cost: ``fit_seconds``, ``predict_seconds``, ``parameters`` or ``bytes``; low is good.

    Raises:
        InputError: for a metric without a best, or a column that the leaderboard has not.
    """
    named([metric])
    one_of("cost", cost, COSTS)
    for name in (metric, cost):
        one_of("column", name, map(str, board.columns))
    if direction(metric) == 0:
        raise InputError(f"metric {metric!r} has no best, so that no model is in front. Name another, such as mase.")
    known = board[board[metric].notna() & board[cost].notna()]
    order = np.lexsort((known[metric] * direction(metric), known[cost]))
    found = known[["model", "kind", metric, cost]].iloc[order].reset_index(drop=True)
    loss, price = (found[metric] * direction(metric)).to_numpy(), found[cost].to_numpy()
    cheaper = np.minimum.accumulate(np.append(np.inf, loss))[:-1]  # the least loss of those before
    equal = np.append(False, (loss[1:] == loss[:-1]) & (price[1:] == price[:-1]))[: len(loss)]
    ahead = loss < cheaper
    for index in np.flatnonzero(equal):
        ahead[index] = ahead[index - 1]
    return found.assign(on_front=ahead)
