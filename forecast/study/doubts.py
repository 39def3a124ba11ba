"""What to keep in mind of a finding: what went wrong, where seeds decide, what few rows cannot show."""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.study.claims import sound, spread
from forecast.study.config import StudyConfig
from forecast.words import count, label, number, words

_FEW_CUTOFFS = 5
_MOST, _MOST_OF_A_GRID = 6, 3  # names in a list
_ONE = r"^(row|zero actual|actual)\b"  # what metrics count, where it is a single one


def doubts(config: StudyConfig, table: pd.DataFrame, metric: str, forecasts: pd.DataFrame) -> list[str]:
    """One sentence of what to keep in mind, its parts divided by semicolons; none where there is nothing."""
    networks = table[table["kind"] == "network"]
    first = config.metrics[0]
    parts = [
        *([f"{label(first)} is not defined here, {label(metric)} is told instead"] if metric != first else []),
        *_went_wrong(config, table),
        *_seeds(networks, metric),
        *_rows(forecasts),
        *_undefined(table),
        *_chosen_here(networks, metric),
    ]
    return [f"Keep in mind: {'; '.join(parts)}"] if parts else []


def _went_wrong(config: StudyConfig, table: pd.DataFrame) -> list[str]:
    """What diverged, failed or does not apply; those with the same reason, but for the level it names, together."""
    found: dict[str, list[tuple[str, dict[str, str]]]] = {}
    for arm in table[table["status"] != ""].to_dict("records"):
        reason, levels = _without_levels(config, arm)
        found.setdefault(reason, []).append((str(arm["model"]), levels))
    most = _MOST_OF_A_GRID if len(config.factors) > 1 else _MOST
    told = []
    for reason, arms in found.items():
        named = {name: words(list(dict.fromkeys(levels[name] for _, levels in arms)), most) for name in arms[0][1]}
        told.append(f"{words([model for model, _ in arms], most)}: {reason.format(**named)}")
    return told


def _without_levels(config: StudyConfig, arm: Mapping[Hashable, Any]) -> tuple[str, dict[str, str]]:
    """The status of a row as a template, and what stands in it: the levels that it names, as in ``windows is 500``."""
    status, found = re.sub(r"([{}])", r"\1\1", str(arm["status"])), {}
    for place, factor in enumerate(config.factors if arm["kind"] == "network" else ()):
        label = factor.at(arm[factor.name]).label
        named = rf"(?<= is ){re.escape(label)}(?=[;,])"
        if re.search(named, status):
            status, found[f"level{place}"] = re.sub(named, f"{{level{place}}}", status), label
    return status, found


def _seeds(networks: pd.DataFrame, metric: str) -> list[str]:
    """What one seed cannot show, and where the next level is nearer to the best than seeds spread."""
    if not (networks["seeds"] > 1).any():
        scored = networks["seeds"].notna().any()
        return ["with one seed, what a level does cannot be told from what its seed does"] if scored else []
    found = []
    for _, own in networks.groupby("network", sort=False):
        fine = sound(own, metric)
        if len(fine) < 2:
            continue
        best, second = fine.iloc[0], fine.iloc[1]
        gap, wide = abs(float(best[metric]) - float(second[metric])), spread(best, second, metric)
        if wide > gap:
            found.append(
                f"{best['model']} and the next, {second['level']}, are {number(gap)} apart, less than their seeds "
                f"spread ({number(wide)})"
            )
    return found


def _rows(forecasts: pd.DataFrame) -> list[str]:
    """What few cutoffs cannot show, and which rows are not scored."""
    if forecasts.empty:
        return []
    shared, lacking = common_rows(forecasts)
    cutoffs, series = shared["cutoff"].nunique(), shared["unique_id"].nunique()
    found = [f"{count(cutoffs, 'cutoff')} can show only large differences"] if 1 < cutoffs < _FEW_CUTOFFS else []
    if cutoffs == 1 and series > 1:
        found.append("one cutoff says nothing about other times")
    short = lacking[lacking > 0].groupby(level="model", sort=False).max()
    if len(short):
        who = ", ".join(f"{model} {number}" for model, number in short.items())
        found.append(f"only rows that all have are scored (lacking: {who})")
    unobserved = int(shared["actual"].isna().sum()) // max(len(lacking), 1)
    return [*found, *([f"{count(unobserved, 'unobserved row')} left out"] if unobserved else [])]


def _undefined(table: pd.DataFrame) -> list[str]:
    """Metrics that are not defined, for whom, and for how many rows."""
    cases = [
        (str(arm["model"]), name, *_counted(reason))
        for arm in table[table["undefined"] != ""].to_dict("records")
        for name, reason in (part.split(": ", 1) for part in str(arm["undefined"]).split("; "))
    ]
    found = pd.DataFrame(cases, columns=["model", "metric", "fewest", "most", "reason"])
    scored = int((table["rows"] > 0).sum())
    told = []
    for _, own in found.groupby(found["reason"].str.replace(_ONE, r"\1s", regex=True), sort=False):
        metrics, models = (list(own[name].unique()) for name in ("metric", "model"))
        whom = "anyone" if len(models) == scored else f"{len(models)} of {scored} ({words(models, most=3)})"
        fewest, most, reason = own["fewest"].min(), own["most"].max(), own["reason"].iloc[int(own["most"].argmax())]
        rows = f"{most:,}" if fewest == most else f"{fewest:,} to {most:,}"
        verb = "are" if len(metrics) > 1 else "is"
        names = words([label(name) for name in metrics])
        told.append(f"{names} {verb} not defined for {whom}: {rows} {reason}")
    return told


def _counted(reason: str) -> tuple[int, int, str]:
    """The fewest and the most rows that a reason names, and the rest of it."""
    found = re.match(r"(\d+)(?: to (\d+))? (.*)", reason)
    if not found:
        return 0, 0, reason
    fewest, most, rest = found.groups()
    return int(fewest), int(most or fewest), re.sub(r", \d+ of \d+ seeds$", "", rest)


def _chosen_here(networks: pd.DataFrame, metric: str) -> list[str]:
    if len(sound(networks, metric)) < 2:
        return []
    return ["the best of several levels was found on the rows that it is scored on, which flatters it"]
