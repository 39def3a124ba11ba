"""What a tuning was worth, in plain sentences: gain over the untuned network, whether it is real, and the price."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.evaluation.metrics import direction
from forecast.evaluation.paired import paired
from forecast.evaluation.scores import score
from forecast.evaluation.significance import cutoff_losses
from forecast.evaluation.verdict import LEVEL
from forecast.tune.trial import COMPLETE, FAILED, PRUNED
from forecast.words import label, number, p_told, percent


class Gain(NamedTuple):
    """Tuned against untuned on the same rows.

    Attributes:
        tuned: the metric of what the search found.
        untuned: the metric of the network as it is.
        share: by which the metric is better than the untuned one's; NaN where the sign of the metric allows no share.
        p_value: of the test on the scaled absolute errors, two-sided; NaN where there is none.
        better: whether the test's loss is the smaller one.
        note: why there is no p-value.
        n: cutoffs or series compared.
        metric: its name.
        over: which of them: ``cutoffs`` by the Diebold-Mariano test, or ``series`` by the paired t-test.
    """

    tuned: float
    untuned: float
    share: float
    p_value: float
    better: bool
    note: str
    n: int
    metric: str
    over: str = "cutoffs"

    @property
    def shown(self) -> bool:
        """Whether the tuned network is better, by the metric and by the test at the 5 % level."""
        return self.real and self.share > 0

    @property
    def real(self) -> bool:
        """Whether the test says at the 5 % level what the metric says, better or worse."""
        return bool(self.p_value < LEVEL and self.better == (self.share > 0))


def gain(table: pd.DataFrame, tuned: str, untuned: str, metric: str) -> Gain:
    """How much better the tuned network's rows of a forecast table are; NaN of 0 cutoffs where one has none."""
    failed = {tuned, untuned} - ({*table["model"].astype(str)} if len(table) else set())
    if failed:
        note = f"{' and '.join(sorted(failed))} failed"
        return Gain(np.nan, np.nan, np.nan, np.nan, False, note, 0, metric)
    both, _ = common_rows(table[table["model"].isin([tuned, untuned])])
    values = score(both, [metric]).groupby("model", observed=True)[metric].mean()
    own, other = float(values[tuned]), float(values[untuned])
    better = (other - own) * direction(metric)
    share = better / abs(other) if other else np.nan
    test = paired(both, [(tuned, untuned)]).iloc[0]
    p_value, better_loss = float(test["p_value"]), bool(test["difference"] < 0)
    over = cutoff_losses(both).over
    return Gain(own, other, share, p_value, better_loss, str(test["note"]), int(test["n"]), metric, over)


def verdict(
    metric: str,
    trials: pd.DataFrame,
    best: int,
    found: Gain | None,
    *,
    names: tuple[str, str],
    blocks: pd.DataFrame,
) -> str:
    """A few sentences: whether tuning helped, what it cost, and what tuning anew in each block comes to.

    Args:
        metric: that trials were scored by.
        trials: a row per trial.
        best: number of the best trial; 0 for the untuned network.
        found: tuned against untuned on the outer rows; None where one of them has no rows there.
        names: of the tuned and the untuned network.
        blocks: a row per block of ``--nested``; empty without.
    """
    tuned, untuned = names
    helped = _helped(found, tuned, untuned) if best else _kept(label(metric), untuned)
    sentences = [helped, _price(trials)]
    if len(blocks):
        sentences.append(_nested(label(metric), blocks))
    return " ".join(f"{sentence}." for sentence in sentences)


def _kept(metric: str, untuned: str) -> str:
    return (
        f"Tuning did not help: on the inner folds no trial had a better {metric} than {untuned} has untuned, which "
        "therefore stays as it is"
    )


def _helped(found: Gain | None, tuned: str, untuned: str) -> str:
    if found is None:
        return f"Whether tuning helped cannot be told: {tuned} or {untuned} failed on the test rows"
    if not (np.isfinite(found.tuned) and np.isfinite(found.untuned)):
        failed = tuned if not np.isfinite(found.tuned) else untuned
        return f"Whether tuning helped cannot be told: {failed} has no {label(found.metric)} on the test rows"
    size = f"{_share(found.share)} than the {number(found.untuned)} of {untuned} untuned"
    kind = "paired t-test over" if found.over == "series" else "Diebold-Mariano test on"
    test = f"{p_told(found.p_value)}, {kind} {found.n} {found.over}"
    test = test if np.isfinite(found.p_value) else f"no test: {found.note or 'too few cutoffs'}"
    told = f"on the test rows {tuned} has a {label(found.metric)} of {number(found.tuned)}, {size} ({test})"
    if found.shown:
        return f"Tuning helped: {told}"
    if found.share > 0 and found.p_value < LEVEL:
        return f"Tuning was not shown to help: {told}, though by the loss that the test is of it is worse"
    if found.share > 0:
        against = found.p_value < LEVEL and not found.better
        doubt = "by the loss that the test is of it is worse" if against else "the difference may be chance"
        return f"Tuning was not shown to help: {told}; {doubt}"
    return f"Tuning did not help: {told}"


def _price(trials: pd.DataFrame) -> str:
    own = trials[trials["number"] > 0]
    counts = own["state"].value_counts()
    told = [f"{counts[state]} {state}" for state in (COMPLETE, PRUNED, FAILED) if state in counts]
    untuned = trials.loc[trials["number"] == 0, "seconds"].sum()
    alone = f"; the untuned network took {number(untuned)} s" if untuned else ""
    return f"The price: {number(own['seconds'].sum())} s of computing for {len(own)} trials ({', '.join(told)}){alone}"


def _nested(metric: str, blocks: pd.DataFrame) -> str:
    whole = blocks[blocks["block"] == "all"].iloc[0]
    share, p_value = float(whole["gain"]), float(whole["p_value"])
    if not np.isfinite(share):
        return f"What tuning again would gain cannot be told: in some block a network failed or has no {metric}"
    real = "which is real at the 5 % level" if whole["real"] else "which may be chance"
    if p_value < LEVEL and not whole["real"]:
        real = "though by the loss that the test is of it is the other way round"
    test = f"{p_told(p_value)}, {real}" if np.isfinite(p_value) else "no test"
    size = f"{_share(share)} than the {number(whole['untuned'])} untuned ({test})"
    return (
        f"Tuned anew in each of {len(blocks) - 1} blocks on what precedes it, the {metric} is "
        f"{number(whole['tuned'])}, {size}: what to expect of tuning again on later data"
    )


def _share(value: float) -> str:
    """How much better or worse."""
    return f"{percent(value)} {'better' if value > 0 else 'worse'}" if value else "no better"
