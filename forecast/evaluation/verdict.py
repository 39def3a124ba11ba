"""The verdict: whether the networks are worth it, in plain sentences for a person who forecasts."""

from collections.abc import Sequence
from textwrap import shorten
from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.evaluation.cells import FEW_SERIES, Cells, cells
from forecast.evaluation.metrics import direction
from forecast.evaluation.scores import DEFAULT_METRICS, REFERENCE, deciding_metric
from forecast.evaluation.significance import Losses, compare, holm, losses_of
from forecast.words import count, label, number, p_told, percent

LEVEL = 0.05
_FEW_CUTOFFS = 5
_TRIED = ("network", "external")  # kinds that have to prove themselves against baselines


def verdict(
    board: pd.DataFrame,
    table: pd.DataFrame,
    metrics: Sequence[str] = DEFAULT_METRICS,
    *,
    reference: str = REFERENCE,
) -> str:
    """A few sentences: is a network worth it, is an ensemble, what that rests on, and what to keep in mind.

    A network beats another model when its metric is better, and the Diebold-Mariano test says so at the 5 % level with
    p-values corrected for the number of networks (Holm); with one cutoff and 5 series or more, the paired t-test over
    series. It is worth it when it beats the best baseline. An ensemble that beats the best network and the best
    baseline, corrected for the number of ensembles, is named beside. Forecasts made
    elsewhere have to prove themselves as networks do; the sentences speak of models then.

    Args:
        board: the leaderboard.
        table: the forecast table that it was made from.
        metrics: those of the leaderboard; differences are told in the first one that is defined.
        reference: the seasonal naive forecast.
    """
    scored = board[board["rows"] > 0]
    if scored.empty:
        return _join("Nothing was scored, so nothing can be said", _caveats(board))
    values = scored.set_index("model")[deciding_metric(scored, metrics)]
    tried = scored["kind"].isin(_TRIED) & (scored["model"] != reference)
    networks = list(scored.loc[tried, "model"])
    noun = "model" if (scored.loc[tried, "kind"] == "external").any() else "network"
    baselines = list(scored.loc[(scored["kind"] == "baseline") | (scored["model"] == reference), "model"])
    metric = label(str(values.name))
    told = [f"{label(metrics[0])} is undefined here, {metric} is told instead"] if values.name != metrics[0] else []
    if not networks or not baselines:
        return _join(_one_sided(metric, values, networks, baselines, noun), [*told, *_caveats(board)])
    shared, _ = common_rows(table)
    found = cells(shared)
    losses = losses_of(found)
    best = _Duel(metric, values, baselines[0], _against(losses, networks, baselines[0]))
    naive = _Duel(metric, values, reference, _against(losses, networks, reference)) if reference in baselines else best
    champion = [*best.won, *naive.won, *networks][0]
    basis = _basis(shared, scored, losses, f"{len(networks)} {noun}s" if len(networks) > 1 else "")
    doubts = [*told, *_spread(scored, champion, best), *_few(found, losses, champion, best), *_caveats(board)]
    ensembles = list(scored.loc[scored["kind"] == "ensemble", "model"])
    rivals = [_Duel(metric, values, name, _against(losses, ensembles, name)) for name in (networks[0], baselines[0])]
    conclusion = _conclude(champion, best, naive, noun)
    return _join(". ".join([conclusion, *_together(ensembles, rivals)]), doubts, basis)


class _Duel(NamedTuple):
    """All networks against one opponent."""

    label: str  # the metric as people write it
    values: pd.Series  # the metric of each model
    opponent: str
    tests: pd.DataFrame  # by network: p (Holm-corrected), statistic, note

    @property
    def won(self) -> list[str]:
        """The networks that beat the opponent at the 5 % level, the best first."""
        order = direction(str(self.values.name))
        lower = self.values[self.tests.index] * order < self.values[self.opponent] * order
        return list(self.tests.index[(self.tests["p"] < LEVEL) & (self.tests["statistic"] < 0) & lower])

    def gap(self, network: str) -> str:
        """How far ``network``'s metric is from the opponent's, with both values and the p-value."""
        own, theirs = float(self.values[network]), float(self.values[self.opponent])
        relative = direction(str(self.values.name)) == 1 and theirs > 0
        size = percent(own / theirs - 1) if relative else number(abs(own - theirs))
        side = "lower" if own < theirs else "higher"
        p = self.tests["p"][network]
        shown = "" if np.isnan(p) else f", {p_told(p)}"
        return f"{size} {side} than that of {self.opponent} ({number(theirs)}{shown})"


def _against(losses: Losses, networks: Sequence[str], opponent: str) -> pd.DataFrame:
    tests = [compare(losses, network, opponent) for network in networks]
    return pd.DataFrame(
        {
            "p": holm(np.array([test.p_value for test in tests])),
            "statistic": [test.statistic for test in tests],
            "note": [test.note for test in tests],
        },
        index=pd.Index(networks),
    )


def _conclude(champion: str, best: _Duel, naive: _Duel, noun: str) -> str:
    own = f"{best.label} of {number(float(best.values[champion]))}"
    same = best.opponent == naive.opponent
    gaps = best.gap(champion) if same else f"{best.gap(champion)} and {naive.gap(champion)}"
    if champion in best.won:
        return f"{champion} is worth it on these data: its {own} is {gaps}"
    if np.isnan(best.tests["p"][champion]):
        return (
            f"Whether a {noun} is worth it cannot be told: {best.tests['note'][champion]}; the best {noun}, "
            f"{champion}, has a {own}, {gaps}"
        )
    if champion in naive.won:
        return (
            f"No {noun} beats the best baseline, {best.opponent}, at the 5 % level, though {champion} beats "
            f"{naive.opponent}: it has a {own}, {gaps}"
        )
    return f"No {noun} beats {naive.opponent} on these data at the 5 % level: the best, {champion}, has a {own}, {gaps}"


def _one_sided(metric: str, values: pd.Series, networks: list[str], baselines: list[str], noun: str) -> str:
    first = [f"{name} ({metric} {number(float(values[name]))})" for name in [*networks, *baselines][:1]]
    if networks:
        return (
            f"Whether a {noun} is worth it cannot be said without a baseline: the best {noun} is {first[0]}; "
            "add SeasonalNaive (--baselines)"
        )
    return f"No network was scored; the best baseline is {first[0]}" if baselines else "No network was scored"


def _basis(table: pd.DataFrame, scored: pd.DataFrame, losses: Losses, tried: str) -> str:
    targets = table["target"].nunique()
    counts = [
        count(table["unique_id"].nunique(), "series", "series"),
        *([count(targets, "target")] if targets > 1 else []),
        count(table["cutoff"].nunique(), "cutoff"),
        count(table["step"].nunique(), "step"),
        count(int(scored["seeds"].max()), "seed"),
    ]
    correction = f", Holm-corrected over {tried}" if tried else ""
    name = "paired t-test over series" if losses.over == "series" else "Diebold-Mariano test"
    test = f"; p-values are of the {name} on the {losses.unit}{correction}"
    return f"This rests on {', '.join(counts[:-1])} and {counts[-1]}{test if len(losses.values) > 1 else ''}"


def _together(ensembles: Sequence[str], rivals: Sequence[_Duel]) -> list[str]:
    """What is to be said of the best ensemble that beats all rivals."""
    won = [name for name in ensembles if all(name in duel.won for duel in rivals)]
    if not won:
        return []
    own = f"{rivals[0].label} of {number(float(rivals[0].values[won[0]]))}"
    return [f"The ensemble {won[0]} beats both: its {own} is {' and '.join(duel.gap(won[0]) for duel in rivals)}"]


def _few(found: Cells, losses: Losses, champion: str, best: _Duel) -> list[str]:
    """What few cutoffs cannot show, and what the series say instead."""
    cutoffs, series = len(found.cutoffs), len(found.series)
    if losses.over == "series":
        which = "one cutoff" if cutoffs == 1 else f"{cutoffs} overlapping cutoffs"
        return [f"{which} says nothing about other times: the test takes the {series} series for independent"]
    if not 1 < cutoffs < _FEW_CUTOFFS:
        return []
    doubt = f"{cutoffs} cutoffs can show only large differences"
    if series < FEW_SERIES:
        return [doubt]
    across = compare(losses_of(found, over="series"), champion, best.opponent).p_value
    return [
        f"{doubt} (over the {series} series at these cutoffs alone, {champion} and {best.opponent}: {p_told(across)})"
    ]


def _spread(scored: pd.DataFrame, champion: str, best: _Duel) -> list[str]:
    """Where the seeds decide: the champion against its opponent, and the first model against the second."""
    column = f"{best.values.name}_sd"
    if column not in scored:
        return []
    spreads = scored.set_index("model")[column]
    first, second = scored["model"].iloc[:2]
    sentences = []
    duels = [(champion, best.opponent), (first, second)]
    for one, other in duels[: 1 if {first, second} == {*duels[0]} else 2]:
        gap = abs(float(best.values[one] - best.values[other]))
        wide = max((one, other), key=lambda name: np.nan_to_num(spreads[name]))
        if spreads[wide] > gap:
            whose = "its gap" if wide == one else f"the gap of {one}"
            rest = "" if wide != one else f" to {other}"
            sentences.append(
                f"the seeds of {wide} spread by {number(spreads[wide])}, more than {whose} of {number(gap)}{rest}"
            )
    return sentences


def _caveats(board: pd.DataFrame) -> list[str]:
    """What is missing: failed models, rows left out because some lack them, unobserved rows."""
    failed = board[board["error"] != ""]
    lacking = board[board["lacking"] > 0]
    unobserved = int(board["unobserved"].max())
    left_out = ", ".join(f"{row.model} {row.lacking}" for row in lacking.itertuples())
    return [
        *(f"{row.model} failed ({shorten(str(row.error), 100)})" for row in failed.itertuples()),
        *([f"only rows that all models have are scored (lacking: {left_out})"] if left_out else []),
        *([f"{count(unobserved, 'unobserved row')} left out"] if unobserved else []),
    ]


def _join(conclusion: str, doubts: list[str], basis: str = "") -> str:
    mind = f"Keep in mind: {'; '.join(doubts)}" if doubts else ""
    return " ".join(f"{sentence}." for sentence in (conclusion, basis, mind) if sentence)
