"""What to keep in mind of a finding: what went wrong, where seeds decide, what few rows cannot show."""

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.evaluation.metrics import direction
from forecast.study.config import StudyConfig
from forecast.study.words import count, label, number, words

_FEW_CUTOFFS = 5


def doubts(config: StudyConfig, table: pd.DataFrame, metric: str, forecasts: pd.DataFrame) -> list[str]:
    """One sentence of what to keep in mind, its parts divided by semicolons; none where there is nothing."""
    networks = table[table["kind"] == "network"]
    told = [f"{config.metrics[0]} is not defined here, {label(metric)} is told instead"]
    parts = [
        *(told if metric != config.metrics[0] else []),
        *_went_wrong(networks),
        *_seeds(networks, metric),
        *_rows(forecasts),
        *_undefined(table),
        *_chosen_here(networks, metric),
    ]
    return [f"Keep in mind: {'; '.join(parts)}"] if parts else []


def _went_wrong(networks: pd.DataFrame) -> list[str]:
    """The levels that diverged, failed or do not apply, those with the same reason together."""
    lost = networks[networks["status"] != ""]
    return [f"{words(list(own['model'].astype(str)))} {status}" for status, own in lost.groupby("status", sort=False)]


def _seeds(networks: pd.DataFrame, metric: str) -> list[str]:
    """Where the spread of seeds exceeds the gap between the best level and the reference, or the next level."""
    if not (networks["seeds"] > 1).any():
        scored = networks["seeds"].notna().any()
        return ["with one seed, what is the level's cannot be told from what is the seed's"] if scored else []
    found = []
    for _, own in networks.groupby("network", sort=False):
        fine = own[(own["status"] == "") & own[metric].notna()]
        fine = fine.sort_values(metric, ascending=direction(metric) > 0, kind="stable")
        if len(fine) < 2:
            continue
        best, second, reference = fine.iloc[0], fine.iloc[1], fine[fine["reference"]]
        rivals = [(second, "the next")]
        if len(reference) and not best["reference"]:
            rivals = [(reference.iloc[0], "the reference"), *([] if second["reference"] else rivals)]
        for rival, role in rivals:
            gap = abs(float(best[metric]) - float(rival[metric]))
            wide = max((best, rival), key=lambda row: np.nan_to_num(row[f"{metric}_spread"]))
            if wide[f"{metric}_spread"] > gap:
                found.append(
                    f"the seeds of {wide['model']} spread by {number(wide[f'{metric}_spread'])}, more than the gap of "
                    f"{number(gap)} between {best['model']} and {role}, {rival['level']}"
                )
    return found


def _rows(forecasts: pd.DataFrame) -> list[str]:
    if forecasts.empty:
        return []
    shared, lacking = common_rows(forecasts)
    cutoffs = shared["cutoff"].nunique()
    found = [f"{count(cutoffs, 'cutoff')} can show only large differences"] if 1 < cutoffs < _FEW_CUTOFFS else []
    short = lacking[lacking > 0].groupby(level="model", sort=False).max()
    if len(short):
        who = ", ".join(f"{model} {number}" for model, number in short.items())
        found.append(f"only rows that all have are scored (lacking: {who})")
    runs = max(len(lacking), 1)
    unobserved = int(shared["actual"].isna().sum()) // runs
    return [*found, *([f"{count(unobserved, 'unobserved row')} left out"] if unobserved else [])]


def _undefined(table: pd.DataFrame) -> list[str]:
    """Metrics that are not defined, for how many rows and for whom."""
    found: dict[tuple[str, str], list[str]] = {}
    for arm in table[table["undefined"] != ""].itertuples():
        for part in str(arm.undefined).split("; "):
            name, _, reason = part.partition(": ")
            found.setdefault((name, reason), []).append(str(arm.model))
    scored = int((table["rows"] > 0).sum())
    same: dict[str, list[tuple[str, list[str]]]] = {}
    for (name, reason), models in found.items():
        same.setdefault(reason, []).append((name, models))
    told = []
    for reason, each in same.items():
        metrics = words([label(name) for name, _ in each])
        who = each[0][1]
        whom = "" if len(who) == scored else f" for {words(who, most=3)}"
        told.append(f"{metrics} {'are' if len(each) > 1 else 'is'} not defined{whom}: {reason}")
    return told


def _chosen_here(networks: pd.DataFrame, metric: str) -> list[str]:
    fine = networks[(networks["status"] == "") & networks[metric].notna()]
    if len(fine) < 2:
        return []
    return ["the best of several levels was found on the rows that it is scored on, which flatters it"]
