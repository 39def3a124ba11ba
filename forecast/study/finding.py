"""The finding of a study in plain sentences: which level, by how much, how sure that is, and what it rests on."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.evaluation.metrics import direction
from forecast.evaluation.significance import cutoff_losses
from forecast.study.config import StudyConfig
from forecast.study.doubts import doubts
from forecast.study.grid import MODELS
from forecast.study.words import count, label, number, p_told, words

LEVEL = 0.05
_MOST_NAMED = 6


def finding(config: StudyConfig, table: pd.DataFrame, forecasts: pd.DataFrame) -> str:
    """What a study found.

    A level is called better or worse than the reference of its network only where the first metric and the paired test
    say the same, at the 5 % level and Holm-corrected over the levels of the network. Levels that diverged, failed or
    do not apply are named and not compared.

    Args:
        config: of the study.
        table: its table.
        forecasts: the forecast table that it was made of.
    """
    networks = table[table["kind"] == "network"]
    metric = deciding(networks, config.metrics)
    told = [_of_network(config, own, metric, networks["network"].nunique() > 1) for _, own in _by_network(networks)]
    told += _baselines(config, table, metric)
    basis = _basis(forecasts, table)
    return " ".join(f"{sentence}." for sentence in [*told, *basis, *doubts(config, table, metric, forecasts)])


def deciding(networks: pd.DataFrame, metrics: Sequence[str]) -> str:
    """The first metric that has a best value and is defined for some level."""
    ordering = [name for name in metrics if direction(name)]
    return next((name for name in ordering if networks[name].notna().any()), ordering[0])


def named(config: StudyConfig, level: str) -> str:
    """A level as the sentences call it: ``learning rate 0.1``; with several factors, or networks as levels, itself."""
    (first, *others) = config.factors
    if others or first.key == MODELS:
        return level
    return f"{first.label or first.name.replace('_', ' ')} {level}"


def sound(own: pd.DataFrame, metric: str) -> pd.DataFrame:
    """The levels that nothing went wrong with, the best first."""
    fine = own[(own["status"] == "") & own[metric].notna()]
    return fine.sort_values(metric, ascending=direction(metric) > 0, kind="stable")


def _by_network(networks: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), own) for name, own in networks.groupby("network", sort=False)]


def _of_network(config: StudyConfig, own: pd.DataFrame, metric: str, several: bool) -> str:
    ordered = sound(own, metric)
    network = str(own["network"].iloc[0])
    who = f"{network}: " if several and network else ""
    if ordered.empty:
        return (
            f"{who}no level came to its end, so nothing can be compared"
            if several
            else _upper("no level came to its end, so nothing can be compared")
        )
    best = ordered.iloc[0]
    whose = f" of {network}" if network and not several else ""
    most = "lowest" if direction(metric) > 0 else "highest"
    name, value = named(config, str(best["level"])), number(float(best[metric]))
    reference = own[own["reference"]]
    if reference.empty or reference["status"].iloc[0] or np.isnan(reference[metric].iloc[0]):
        lost = f"; the reference, {reference['level'].iloc[0]}, has no result to compare with" if len(reference) else ""
        return _upper(f"{who}{name} has the {most} {label(metric)}{whose}, {value}{lost}", who)
    first = reference.iloc[0]
    others = ordered[~ordered["reference"]]
    better, worse = (_sure(others, first, metric, sign) for sign in (-1, 1))
    rest = [str(level) for level in others["level"] if level not in (*better, *worse)]
    if best["reference"]:
        head = f"no level{whose} has a better {label(metric)} than the reference, {name} ({value})"
        parts = [_worse(worse), f"not shown to differ from it: {words(rest)}" if rest else ""]
        return _upper(who + "; ".join(filter(None, [head, *parts])), who)
    gap = _gap(best, first, metric)
    head = f"{name} has the {most} {label(metric)}{whose}, {value}: {gap} than the reference, {first['level']} "
    head += f"({number(float(first[metric]))})"
    also = [level for level in better if level != best["level"]]
    parts = [_evidence(best, str(best["level"]) in better), f"better than it too: {words(also)}" if also else ""]
    shown = [level for level in rest if level != best["level"]]
    parts += [_worse(worse), f"not shown to differ from it: {words(shown)}" if shown else ""]
    return _upper(who + head + ", " + "; ".join(filter(None, parts)), who)


def _sure(others: pd.DataFrame, reference: pd.Series, metric: str, sign: int) -> list[str]:
    """The levels that are better (``sign`` -1) or worse (1) by test and metric alike."""
    gap = (others[metric] - reference[metric]) * direction(metric)
    by_test = (others["p_holm"].astype(np.float64) < LEVEL) & (others["difference"].astype(np.float64) * sign > 0)
    return [str(level) for level in others.loc[by_test & (gap * sign > 0), "level"]]


def _evidence(best: pd.Series, sure: bool) -> str:
    p = float(best["p_holm"])
    if sure:
        return f"a difference that the test confirms ({p_told(p)})"
    if np.isnan(p):
        return f"whether that is more than chance cannot be told: {best['note']}"
    if p < LEVEL:
        return f"though by the scaled absolute error, which the test is of, it is worse ({p_told(p)})"
    return f"which is not shown to be more than chance ({p_told(p)})"


def _worse(levels: Sequence[str]) -> str:
    return f"worse than it at the 5 % level: {words(levels)}" if levels else ""


def _gap(best: pd.Series, reference: pd.Series, metric: str) -> str:
    own, theirs = float(best[metric]), float(reference[metric])
    size = f"{abs(own / theirs - 1) * 100:.2g} %" if direction(metric) > 0 and theirs > 0 else number(abs(own - theirs))
    return f"{size} {'lower' if own < theirs else 'higher'}"


def _baselines(config: StudyConfig, table: pd.DataFrame, metric: str) -> list[str]:
    """How the best baseline does on the same rows, in numbers: no test was asked for."""
    baselines = sound(table[table["kind"] == "baseline"], metric)
    levels = sound(table[table["kind"] == "network"], metric)
    if baselines.empty or levels.empty:
        return []
    name, theirs = str(baselines["network"].iloc[0]), float(baselines[metric].iloc[0])
    ahead = levels[(levels[metric] - theirs) * direction(metric) < 0]
    which = f"{len(ahead)} of {len(levels)} levels are"
    if len(ahead) in (0, len(levels)):
        which = "every level is" if len(ahead) else "no level is"
    said = f"On the same rows the best baseline, {name}, has a {label(metric)} of {number(theirs)}: {which} better"
    return [said]


def _basis(forecasts: pd.DataFrame, table: pd.DataFrame) -> list[str]:
    if forecasts.empty:
        return ["Nothing was scored"]
    shared = common_rows(forecasts)[0]
    losses = cutoff_losses(shared)
    targets, networks = shared["target"].nunique(), table[table["kind"] == "network"]
    counts = [
        count(shared["unique_id"].nunique(), "series", "series"),
        *([count(targets, "target")] if targets > 1 else []),
        count(shared["cutoff"].nunique(), "cutoff"),
        count(shared["step"].nunique(), "step"),
        count(int(networks["seeds"].max()) if networks["seeds"].notna().any() else 0, "seed"),
    ]
    tested = networks["p_value"].notna().groupby(networks["network"]).sum().max()
    test = "paired t-test over series" if losses.over == "series" else "Diebold-Mariano test"
    of_each = " of each network" if networks["network"].nunique() > 1 else ""
    said = f"; p-values are of the {test} on the {losses.unit}, Holm-corrected over the {tested} levels tested{of_each}"
    return [f"This rests on {', '.join(counts[:-1])} and {counts[-1]}{said if tested else ''}"]


def _upper(text: str, who: str = "") -> str:
    """The sentence with its first letter large, unless it begins with the name of a network."""
    return text if who else text[:1].upper() + text[1:]
