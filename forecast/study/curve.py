"""Learning curves of a study of training windows: for each network, the errors and the curve through them."""

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.evaluation.scores import deciding_metric
from forecast.study.claims import sound
from forecast.study.config import StudyConfig
from forecast.study.growth import learning_curve
from forecast.words import label

KEY = "fit.windows"


def learning_curves(config: StudyConfig, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The points of each curve, and a sentence each; nothing where the study is not about training windows.

    Columns: network, level of the other factors (empty where there are none), windows, loss, fitted. The loss is the
    first metric of the study of which less is better.

    Args:
        config: of the study.
        table: its table.
    """
    nothing = pd.DataFrame(columns=["network", "others", "windows", "loss", "fitted"])
    sizes = next((each.name for each in config.factors if each.key == KEY), "")
    falling = [name for name in config.shown if direction(name) > 0]
    networks = table[table["kind"] == "network"]
    if not sizes or networks.empty:
        return nothing, []
    metric = deciding_metric(networks, falling)
    others = [each for each in config.factors if each.name != sizes]
    rows = sound(networks, metric).sort_values(sizes, kind="stable")
    told = [
        ", ".join(f"{each.name}={each.at(row[each.name]).label}" for each in others) for row in rows.to_dict("records")
    ]
    rows = rows.assign(others=told)
    frames, sentences = [], []
    groups = [
        (network, combination, own)
        for network in networks["network"].unique()
        for combination, own in rows[rows["network"] == network].groupby("others")
    ]
    for network, combination, own in groups:
        windows, loss = own[sizes].to_numpy(dtype=np.float64), own[metric].to_numpy(dtype=np.float64)
        curve = learning_curve(windows.tolist(), loss.tolist())
        fitted = curve.at(windows) if curve else np.full(len(own), np.nan)
        parts = {"network": network, "others": combination, "windows": windows, "loss": loss, "fitted": fitted}
        frames.append(pd.DataFrame(parts))
        if curve:
            who = f"{' '.join(filter(None, (str(network), str(combination))))}: " if len(groups) > 1 else ""
            said = curve.sentence(label(metric), int(windows.max())).rstrip(".")
            sentences.append(f"{who}{said[:1].lower()}{said[1:]}" if who else said)
    return pd.concat(frames, ignore_index=True) if frames else nothing, sentences


def of_the_page(curves: pd.DataFrame, config: StudyConfig) -> pd.DataFrame:
    """One curve a network: that of the reference level of the other factors."""
    names = [each.name for each in config.factors if each.key != KEY]
    reference = ", ".join(f"{name}={config.reference[name]}" for name in names)
    return curves[curves["others"] == reference].drop(columns="others")
