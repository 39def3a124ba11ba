"""The finding of a study in plain sentences: which level, by how much, how sure that is, and what it rests on."""

from collections.abc import Sequence

import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.evaluation.metrics import direction
from forecast.evaluation.scores import deciding_metric
from forecast.evaluation.significance import cutoff_losses
from forecast.study.claims import claims, sound
from forecast.study.comparison import called, comparison
from forecast.study.config import StudyConfig
from forecast.study.curve import learning_curves
from forecast.study.doubts import doubts
from forecast.words import count, label, number


def finding(config: StudyConfig, table: pd.DataFrame, forecasts: pd.DataFrame) -> str:
    """What a study found.

    A level is called better or worse than the reference of its network only where the first metric and the paired test
    say the same, at the 5 % level and Holm-corrected over the levels of the network, and by more than seeds spread.
    Levels that diverged, failed or do not apply are named and not compared.

    Args:
        config: of the study.
        table: its table.
        forecasts: the forecast table that it was made of.
    """
    networks = table[table["kind"] == "network"]
    metric = deciding_metric(networks, config.shown)
    parts = [own for _, own in networks.groupby("network", sort=False)]
    told = _headline(config, parts, metric) if len(parts) > 1 else []
    told += [comparison(config, own, metric, alone=len(parts) == 1) for own in parts]
    told += [
        *learning_curves(config, table)[1],
        *_baselines(table, metric),
        *_basis(forecasts, networks, metric),
        *doubts(config, table, metric, forecasts),
    ]
    return " ".join(f"{sentence}." for sentence in told)


def _headline(config: StudyConfig, parts: Sequence[pd.DataFrame], metric: str) -> list[str]:
    """Of several networks, the best level of all, and for how many a level is shown to beat the reference."""
    levels = sound(pd.concat(parts), metric)
    if levels.empty:
        return []
    best, won, tested = levels.iloc[0], 0, 0
    for own in parts:
        reference = sound(own[own["reference"]], metric)
        if len(reference):
            tested += 1
            won += bool(claims(sound(own, metric), reference.iloc[0], metric).better)
    most = "lowest" if direction(metric) > 0 else "highest"
    at = f"{best['network']} at {called(config, str(best['level']))}"
    head = f"The {most} {label(metric)} is that of {at}, {number(float(best[metric]))}"
    which = "none" if not won else "all" if won == tested else f"{won}"
    than = f"a level better than the reference, {config.reference_label}"
    return [f"{head}; {than}, is shown for {which} of {tested} networks"]


def _baselines(table: pd.DataFrame, metric: str) -> list[str]:
    """How the best baseline does on the same rows, in numbers: it is not tested."""
    baselines, levels = (sound(table[table["kind"] == kind], metric) for kind in ("baseline", "network"))
    if baselines.empty or levels.empty:
        return []
    name, theirs = str(baselines["network"].iloc[0]), float(baselines[metric].iloc[0])
    ahead = int(((levels[metric] - theirs) * direction(metric) < 0).sum())
    which = f"{ahead} of {len(levels)} levels {'is' if ahead == 1 else 'are'}"
    if ahead in (0, len(levels)):
        which = "every level is" if ahead else "no level is"
    return [f"On the same rows the best baseline, {name}, has a {label(metric)} of {number(theirs)}: {which} better"]


def _basis(forecasts: pd.DataFrame, networks: pd.DataFrame, metric: str) -> list[str]:
    """What was scored, and which test the p-values are of, where any is told."""
    if forecasts.empty:
        return ["Nothing was scored"]
    shared = common_rows(forecasts)[0]
    losses = cutoff_losses(shared)
    targets, seeds = shared["target"].nunique(), networks["seeds"].max()
    counts = [
        count(shared["unique_id"].nunique(), "series", "series"),
        *([count(targets, "target")] if targets > 1 else []),
        count(shared["cutoff"].nunique(), "cutoff"),
        count(shared["step"].nunique(), "step"),
        *([count(int(seeds), "seed")] if seeds > 0 else []),
    ]
    rests = f"This rests on {', '.join(counts[:-1])} and {counts[-1]}"
    told = sound(networks, metric)
    told = told[told["p_value"].notna() & told["network"].isin(told.loc[told["reference"], "network"])]
    if told.empty:
        return [rests]
    tested = networks["p_value"].notna().groupby(networks["network"]).sum()[told["network"].unique()]
    test = "paired t-test over series" if losses.over == "series" else "Diebold-Mariano test"
    of_each = " of each network" if networks["network"].nunique() > 1 else ""
    fewest, most = int(tested.min()), int(tested.max())
    levels = f"{'' if fewest == most else f'{fewest} to '}{count(most, 'level')} tested{of_each}"
    return [f"{rests}; p-values are of the {test} on the {losses.unit}, Holm-corrected over the {levels}"]
