"""The learning curves of a study whose factor is the number of training windows: in sentences, and on its page."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.study.config import StudyConfig
from forecast.study.factor import as_number, told
from forecast.study.growth import Growth, learning_curve
from forecast.study.words import label

_KEY: Final = "fit.windows"
_POINTS: Final = 40  # of a curve between those that were measured, and on to twice the most windows


def growth_told(config: StudyConfig, table: pd.DataFrame) -> list[str]:
    """A sentence for each learning curve of a study; none where it asks something else."""
    several = table.loc[table["kind"] == "network", "network"].nunique() > 1
    found = []
    for network, others, errors, curve in _curves(config, table):
        who = ", ".join(filter(None, [network if several else "", others]))
        said = curve.sentence(label(_loss(config)), int(errors.index.max()))
        found.append(f"{who}: {said}" if who else said)
    return found


def growth_frame(config: StudyConfig, table: pd.DataFrame) -> pd.DataFrame:
    """The points and the curve of each network, other factors at the reference: network, windows, loss, fitted.

    Between the points, and on to twice the most windows, there is a curve without a loss (NaN). Empty where no factor
    is the number of windows.
    """
    found = [pd.DataFrame(columns=["network", "windows", "loss", "fitted"])]
    for network, others, errors, curve in _curves(config, table):
        if others != _others(config, config.reference):
            continue
        between = np.geomspace(errors.index.min(), 2 * errors.index.max(), _POINTS)
        points = errors.reindex(np.union1d(errors.index, between))
        at = points.index.to_numpy()
        found.append(pd.DataFrame({"network": network, "windows": at, "loss": points, "fitted": curve.at(at)}))
    return pd.concat(found[1:] or found, ignore_index=True)


def _curves(config: StudyConfig, table: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series, Growth]]:
    """Network, levels of other factors, errors by number of windows, and the curve through them."""
    name, metric = next((each.name for each in config.factors if each.key == _KEY), ""), _loss(config)
    fine = table[(table["kind"] == "network") & (table["status"] == "") & table[metric].notna()]
    if not name or fine.empty:
        return
    others = [_others(config, row) for row in fine.to_dict("records")]
    for (network, other), own in fine.groupby(["network", pd.Series(others, fine.index)], sort=False):
        errors = own.set_index(own[name].astype(np.float64))[metric].astype(np.float64).sort_index()
        curve = learning_curve(errors.index.to_list(), errors.to_list())
        if curve is not None:
            yield str(network), str(other), errors, curve


def _others(config: StudyConfig, row: Mapping[Any, Any]) -> str:
    """The levels of the other factors, such as ``draw random``."""
    return ", ".join(f"{each.name} {told(as_number(row[each.name]))}" for each in config.factors if each.key != _KEY)


def _loss(config: StudyConfig) -> str:
    """The first metric of which less is better."""
    return next(metric for metric in config.shown if direction(metric) > 0)
