"""The sentence of one network: its best level against the reference, and what is shown of the others."""

import numpy as np
import pandas as pd

from forecast.evaluation.metrics import direction
from forecast.study.claims import LEVEL, claims, sound, spread
from forecast.study.config import StudyConfig
from forecast.study.grid import MODELS
from forecast.words import label, number, p_told, percent, words

_MOST = 3  # levels in a list


def comparison(config: StudyConfig, own: pd.DataFrame, metric: str, *, alone: bool) -> str:
    """What is to be said of the levels of one network, without a full stop.

    Args:
        config: of the study.
        own: the rows of the network in the study's table.
        metric: that orders them.
        alone: whether it is the only network.
    """
    network, ordered = str(own["network"].iloc[0]), sound(own, metric)
    if ordered.empty:
        return _begun(network, alone, f"{_why_none(own, metric)}, so there is nothing to compare")
    best, reference = ordered.iloc[0], sound(own[own["reference"]], metric)
    whose = f" of {network}" if network and alone else ""
    name, value = called(config, str(best["level"])), number(float(best[metric]))
    top = f"{name} has the {'lowest' if direction(metric) > 0 else 'highest'} {label(metric)}{whose}, {value}"
    if reference.empty:
        level = own.loc[own["reference"], "level"].tolist()
        return _begun(network, alone, f"{top}; the reference, {words(level)}, has no result to test against")
    first = reference.iloc[0]
    shown = claims(ordered, first, metric)
    others = {
        "better than it too": shown.better,
        "worse than it at the 5 % level": shown.worse,
        "told apart by the test, but by less than seeds spread": shown.within,
        "not shown to differ from it": shown.alike,
    }
    rest = [f"{what}: {words(left, _MOST)}" for what, levels in others.items() if (left := _without(levels, best))]
    if best["reference"]:
        head = f"none of the levels{whose} has a better {label(metric)} than the reference, {name} ({value})"
        return _begun(network, alone, "; ".join([head, *rest]))
    gap = f"{_gap(best, first, metric)} than the reference, {first['level']} ({number(float(first[metric]))})"
    return _begun(network, alone, "; ".join([f"{top}: {gap}, {_evidence(best, first, metric)}", *rest]))


def called(config: StudyConfig, level: str) -> str:
    """A level as sentences call it: ``learning rate 0.1``; with several factors, or networks as levels, itself."""
    (first, *others) = config.factors
    if others or first.key == MODELS:
        return level
    return f"{first.label or first.name.replace('_', ' ')} {level}"


def _why_none(own: pd.DataFrame, metric: str) -> str:
    """Why there is no level to compare."""
    if (own["status"] == "").any():
        return f"{label(metric)} is not defined for any of the levels"
    if (own["rows"] == 0).all() and own["status"].str.startswith("failed").all():
        return "none of the levels came to its end"
    lost = [what for what in ("diverged", "failed", "does not apply") if own["status"].str.startswith(what).any()]
    return f"every level {' or '.join(lost)}"


def _without(levels: list[str], best: pd.Series) -> list[str]:
    return [level for level in levels if level != best["level"]]


def _evidence(best: pd.Series, reference: pd.Series, metric: str) -> str:
    """Whether the best level is better than the reference, by the test and beyond the spread of seeds."""
    p = float(best["p_holm"])
    if np.isnan(p):
        return f"and whether that is more than chance cannot be told: {best['note']}"
    if p >= LEVEL:
        return f"which is not shown to be more than chance ({p_told(p)})"
    gap = (float(best[metric]) - float(reference[metric])) * direction(metric)
    if float(best["difference"]) * gap <= 0:
        return f"though by the loss that the test is of it is worse ({p_told(p)})"
    wide = spread(best, reference, metric)
    if wide > abs(gap):
        return f"which the test confirms ({p_told(p)}), but seeds spread by {number(wide)}, more than the gap"
    return f"which the test confirms ({p_told(p)})"


def _gap(best: pd.Series, reference: pd.Series, metric: str) -> str:
    own, theirs = float(best[metric]), float(reference[metric])
    size = percent(own / theirs - 1) if direction(metric) > 0 and theirs > 0 else number(abs(own - theirs))
    return f"{size} {'lower' if own < theirs else 'higher'}"


def _begun(network: str, alone: bool, text: str) -> str:
    """The sentence, behind the name of the network where there are several."""
    if not alone and network:
        return f"{network}: {text}"
    first = text.split()[0]
    return text if len(first) < 4 or "=" in first else f"{text[:1].upper()}{text[1:]}"  # lr stays what it is called
