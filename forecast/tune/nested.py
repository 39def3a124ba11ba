"""Nested tuning: each block of folds forecast by what a search of its own, on all that precedes it, has found.

::

    block 1 |------ searched and fitted ------|-- test 1 --|
    block 2 |------------ searched and fitted -------------|-- test 2 --|
    block 3 |------------------- searched and fitted -------------------|-- test 3 --|

No value that a block is scored on has had a part in choosing its options: over all blocks, the difference between tuned
and untuned is an unbiased estimate of what the procedure gains (Varma and Simon, 2006).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from datamodules.panel import Panel
from datamodules.split import rolling_positions
from forecast.config import BacktestConfig
from forecast.members import NOBODY
from forecast.tune.inner import Means
from forecast.tune.outer import outer, tuned_name, untuned_name
from forecast.tune.searches import Searched
from forecast.tune.verdict import Gain, gain

Search = Callable[[int, Means], Searched]  # from the position of a cutoff: the search on what precedes it


class Block(NamedTuple):
    """Consecutive folds, and what was found before the first of them.

    Attributes:
        folds: their numbers, from 0.
        found: by the search.
        table: the rows of the tuned and of the untuned network at these folds.
    """

    folds: Sequence[int]
    found: Searched
    table: pd.DataFrame


def nested(
    config: BacktestConfig, panel: Panel, count: int, first: Searched, search: Search, means: Means
) -> pd.DataFrame:
    """A row per block: its folds, its winner, tuned and untuned on its rows; and one over all, ``all``.

    Args:
        config: the complete configuration of the outer backtest, whose only model is the untuned one.
        panel: all series.
        count: blocks, at most as many as there are folds.
        first: what the search before the first fold found, which is that of block 1.
        search: finds the winner of another block.
        means: how trials are run.
    """
    positions = rolling_positions(panel, horizon=config.horizon, folds=config.folds, stride=config.stride)
    blocks = []
    for number, folds in enumerate(np.array_split(np.arange(config.folds), count), start=1):
        own = _told(means, f"block {number} of {count}")
        own = replace(own, folder=means.folder and means.folder / "nested" / f"block-{number}")
        found = first if number == 1 else search(int(positions[folds[0]]), own)
        blocks.append(_block(config, panel, folds.tolist(), found, own))
    names = tuned_name(config), untuned_name(config)
    stamps = [_stamp(stamp) for stamp in panel.clock.stamps(positions)]
    gains = [gain(block.table, *names, first.metric) for block in blocks]
    rows = [_row(number, *pair, stamps) for number, pair in enumerate(zip(blocks, gains, strict=True), start=1)]
    whole = pd.concat([block.table for block in blocks], ignore_index=True)
    lost = [each for each in gains if not each.n]  # what is left is no estimate of the whole
    return pd.DataFrame([*rows, _whole(lost[0] if lost else gain(whole, *names, first.metric), stamps)])


def _told(means: Means, label: str) -> Means:
    """The same means, with which block it is on the bar."""

    def tell(done: int, total: int, what: str) -> None:
        means.progress(done, total, f"{label}; {what}" if what else label)

    return replace(means, progress=tell)


def _block(config: BacktestConfig, panel: Panel, folds: list[int], found: Searched, means: Means) -> Block:
    """The winner and the untuned network, fitted before the first fold of the block, and their rows at its folds."""
    best = found.best.trial
    later = replace(config, folds=config.folds - folds[0], baselines=(NOBODY,), ensembles=())
    where = means.folder and means.folder / "test"
    table = outer(later, panel, best.values, best.number, replace(means, folder=where)).table
    positions = rolling_positions(panel, horizon=config.horizon, folds=config.folds, stride=config.stride)
    own = table[table["cutoff"].isin(panel.clock.stamps(positions[folds]))].astype({"model": str})
    if not best.number:
        own = pd.concat([own, own.assign(model=tuned_name(config))], ignore_index=True)
    return Block(folds, found, own)


def _row(number: int, block: Block, found: Gain, stamps: list[str]) -> dict[str, Any]:
    best = block.found.best
    folds = {"first": stamps[block.folds[0]], "last": stamps[block.folds[-1]], "folds": len(block.folds)}
    return (
        {"block": str(number)}
        | folds
        | {"trial": best.trial.number, **best.trial.values, "value": best.value}
        | _scores(found)
    )


def _whole(found: Gain, stamps: list[str]) -> dict[str, Any]:
    return {"block": "all", "first": stamps[0], "last": stamps[-1], "folds": len(stamps)} | _scores(found)


def _stamp(stamp: Any) -> str:
    """A moment as people write it; a number on a clock of numbers."""
    return str(pd.Timestamp(stamp)).removesuffix(" 00:00:00") if isinstance(stamp, np.datetime64) else str(stamp)


def _scores(found: Gain) -> dict[str, Any]:
    numbers = {"tuned": found.tuned, "untuned": found.untuned, "gain": found.share, "p_value": found.p_value}
    return numbers | {"real": found.real}
