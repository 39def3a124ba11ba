"""A search: its trials, batch by batch, and the best of them."""

import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import pandas as pd

from datamodules.errors import InputError
from forecast.evaluation.metrics import direction
from forecast.search import Space
from forecast.tune.config import TuningConfig
from forecast.tune.halving import epochs_of, halve
from forecast.tune.inner import Inner, Means, Told, deciding
from forecast.tune.journal import Journal
from forecast.tune.space import untuned
from forecast.tune.trial import COMPLETE, Outcome, Trial, table

_AT_A_TIME: Final = 16  # trials that do not depend on each other, between two looks at the best one


class Searched(NamedTuple):
    """What a search found.

    Attributes:
        outcomes: of all trials, the untuned network first.
        importance: of each option (``Journal.importance``).
        metric: that trials were scored by.
        space: what they were drawn from.
    """

    outcomes: list[Outcome]
    importance: pd.DataFrame
    metric: str
    space: Space

    @property
    def best(self) -> Outcome:
        """The complete trial with the best value; of equal options or values the first, and the untuned one is that."""
        complete = [outcome for outcome in self.outcomes if outcome.state == COMPLETE]
        found = min(complete, key=lambda outcome: outcome.value * direction(self.metric))
        return next(outcome for outcome in complete if outcome.trial.values == found.trial.values)

    def table(self) -> pd.DataFrame:
        """A row per trial (``forecast.tune.trial.table``)."""
        return table(self.outcomes, self.space)


def search(inner: Inner, config: TuningConfig, space: Space, means: Means) -> Searched:
    """Run all trials that the journal in the folder does not know yet.

    Args:
        inner: what they are scored on.
        config: says how to search.
        space: what may be tried; for a grid, its levels.
        means: how trials are run.

    Raises:
        InputError: when none of the trials can be scored, with what the first of them said.
    """
    cells = _cells(space) if config.search == "grid" else []
    count = len(cells) if config.search == "grid" else config.trials
    default = Trial(0, untuned(inner.config, inner.member, space))
    bar = _Bar(count, means.progress)
    (first,), found = inner.outcomes([default], inner.config.metrics[0], replace(means, progress=bar.tell))
    metric = deciding(inner.config.metrics, found, inner.name(default))
    if metric != inner.config.metrics[0]:
        (first,), _ = inner.outcomes([default], metric, replace(means, progress=bar.tell))
    first = first._replace(note="; ".join(filter(None, ("untuned", first.note))))
    lower = direction(metric) == 1
    path = means.folder / "journals" / f"{_digest(inner, config, space, metric)}.log" if means.folder else None
    journal = Journal(space, search=config.search, seed=config.search_seed, lower=lower, path=path)
    known = {outcome.trial.number for outcome in journal.outcomes()}
    for batch in _batches(journal, config, cells, count):
        missing = [trial for trial in batch if trial.number not in known]
        bar.begin(len(missing), Searched([first, *journal.outcomes()], pd.DataFrame(), metric, space))
        own = replace(means, progress=bar.tell)
        if missing and config.search == "halving":
            curves = found.curves if found is not None else pd.DataFrame()
            epochs = epochs_of(inner.config.fit, space, curves)
            outcomes, losses = halve(inner, batch, space, metric, own, lower=lower, epochs=epochs)
            journal.keep([outcome for outcome in outcomes if outcome.trial.number not in known], losses)
        elif missing:
            journal.keep(inner.outcomes(missing, metric, own)[0])
        bar.end(len(batch))
    told = [outcome for outcome in journal.outcomes() if outcome.trial.number <= count]
    if not any(outcome.state == COMPLETE for outcome in [first, *told]):
        raise InputError(
            f"none of {len(told) + 1} trials could be scored; the untuned one said: {first.note}. Correct it."
        )
    return Searched([first, *told], journal.importance(), metric, space)


def _digest(inner: Inner, config: TuningConfig, space: Space, metric: str) -> str:
    """Of all that decides what is drawn and how it is scored: a folder keeps a journal of each such search."""
    drawn = {"tpe": config.batch, "halving": config.trials}.get(config.search, 0)
    about = [config.search, config.search_seed, drawn, metric, {name: str(values) for name, values in space.items()}]
    text = json.dumps([inner.panel.fingerprint(), inner.config.plain(), about], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _batches(
    journal: Journal, config: TuningConfig, cells: Sequence[dict[str, Any]], count: int
) -> Iterator[list[Trial]]:
    """The trials that are drawn at once: each batch knows those before it, and none of its own."""
    size = {"tpe": config.batch, "halving": count}.get(config.search, _AT_A_TIME)
    for first in range(1, count + 1, size):
        last = min(first + size - 1, count)
        if config.search == "grid":
            yield [Trial(number, cells[number - 1]) for number in range(first, last + 1)]
        else:
            yield journal.draw(first, last)


def _cells(space: Space) -> list[dict[str, Any]]:
    """All combinations of a grid."""
    levels = [values.levels(1) for values in space.values()]
    return [dict(zip(space, values, strict=True)) for values in itertools.product(*levels)]


@dataclass
class _Bar:
    """Progress over trials, from that over the arms of the batch that runs, with the best value so far."""

    total: int
    progress: Told
    done: int = 0
    running: int = 0
    best: str = ""

    def begin(self, running: int, so_far: Searched) -> None:
        """A batch begins."""
        self.running = running
        if any(outcome.state == COMPLETE for outcome in so_far.outcomes):
            best = so_far.best
            which = f"trial {best.trial.number}" if best.trial.number else "untuned"
            self.best = f"best {so_far.metric} {best.value:.4g}: {which}"

    def tell(self, done: int, total: int, label: str) -> None:
        """Arms of it are done."""
        share = math.floor(self.running * done / total) if total else 0
        self.progress(min(self.done + share, self.total), self.total, "; ".join(filter(None, (self.best, label))))

    def end(self, batch: int) -> None:
        """The batch is done."""
        self.done, self.running = self.done + batch, 0
