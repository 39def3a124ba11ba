"""What may be claimed of the levels of one network against its reference: by metric, test and spread of seeds alike."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction

LEVEL = 0.05


class Claims(NamedTuple):
    """The levels other than the reference that nothing went wrong with, by what is shown of them, best first.

    Attributes:
        better: by the metric and the test, and by more than the seeds of either spread.
        worse: likewise.
        within: by the metric and the test, but by less than seeds spread.
        alike: not shown to differ.
    """

    better: list[str]
    worse: list[str]
    within: list[str]
    alike: list[str]


def claims(levels: pd.DataFrame, reference: pd.Series, metric: str) -> Claims:
    """What is shown of each level (``sound``) against the reference."""
    found = Claims([], [], [], [])
    for level in levels[~levels["reference"]].to_dict("records"):
        gap = (level[metric] - reference[metric]) * direction(metric)
        by_test = level["p_holm"] < LEVEL and level["difference"] * gap > 0
        if not by_test:
            found.alike.append(str(level["level"]))
        elif spread(pd.Series(level), reference, metric) > abs(gap):
            found.within.append(str(level["level"]))
        else:
            (found.better if gap < 0 else found.worse).append(str(level["level"]))
    return found


def spread(one: pd.Series, other: pd.Series, metric: str) -> float:
    """The larger one of the spreads over the seeds of two levels; 0 where there is one seed."""
    return max(float(np.nan_to_num(row[f"{metric}_spread"])) for row in (one, other))


def sound(own: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The rows that nothing went wrong with, the best first."""
    fine = own[(own["status"] == "") & own[metric].notna()]
    return fine.sort_values(metric, ascending=direction(metric) > 0, kind="stable")
