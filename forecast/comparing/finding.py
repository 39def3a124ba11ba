"""What the comparison of two runs found: the tests of pairs of models, and a sentence."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecast.evaluation.alignment import common_rows
from forecast.evaluation.metrics import direction
from forecast.evaluation.paired import paired
from forecast.evaluation.scores import deciding_metric
from forecast.result import Backtest
from forecast.words import count, label, number, p_told

_LEVEL = 0.05


def pairs_between(
    table: pd.DataFrame, board: pd.DataFrame, same: Sequence[str], names: tuple[str, str]
) -> pd.DataFrame:
    """The tests of the best of each run, and of each model that both runs have against itself.

    Args:
        table: the forecast table of both, where models are called ``A:LSTM``.
        board: its leaderboard.
        same: models that forecast the same in both and stand there once.
        names: of the two runs.
    """
    order = _order(board)
    sides = [[name for name in order if name.startswith(f"{side}:")] for side in names]
    first = {name.partition(":")[2]: name for name in sides[0]}
    chosen = [(name, first[own]) for name in sides[1] if (own := name.partition(":")[2]) in first]
    ours, theirs = (_best(order, side, same) for side in names)
    if ours and theirs and ours != theirs and (theirs, ours) not in chosen:
        chosen.insert(0, (theirs, ours))
    return paired(common_rows(table)[0], chosen)


def finding(pairs: pd.DataFrame, joined: Backtest, same: Sequence[str], names: tuple[str, str]) -> str:
    """Which run is better, how sure that is, and what it rests on, in a few sentences."""
    board, table = joined.leaderboard(), joined.table
    cutoffs, steps = (count(table[name].nunique(), name) for name in ("cutoff", "step"))
    counts = f"{table['unique_id'].nunique():,} series, {cutoffs} and {steps}"
    if {*_order(board)} <= {*same}:
        return f"{names[0]} and {names[1]} forecast the same with {count(len(same), 'model')}, on {counts}."
    ours, theirs = (_best(_order(board), side, same) for side in names)
    if ours == theirs:
        return f"The best of both runs is the same, {ours}. {_namesakes(pairs, names)}This rests on {counts}."
    metric = deciding_metric(board, joined.metrics)
    values = board.set_index("model")[metric]
    row = pairs[(pairs["model"] == theirs) & (pairs["opponent"] == ours)].iloc[0]
    gap = (values[theirs] - values[ours]) * direction(metric)
    word = "better" if gap < 0 else "worse" if gap > 0 else "no better"
    head = f"No difference between {names[0]} and {names[1]} is shown at the 5 % level"
    if row["p_holm"] < _LEVEL and gap:
        head = f"{names[1]} is {word} than {names[0]}"
    return (
        f"{head}: the best of {names[1]}, {theirs.removeprefix(f'{names[1]}:')}, has a {label(metric)} of "
        f"{number(float(values[theirs]))}, {word} than that of {names[0]}'s best, {ours.removeprefix(f'{names[0]}:')} "
        f"({number(float(values[ours]))}; {_evidence(row)}). {_namesakes(pairs, names)}This rests on {counts}."
    )


def _order(board: pd.DataFrame) -> list[str]:
    return [str(name) for name in board.loc[board["rows"] > 0, "model"]]


def _best(order: Sequence[str], side: str, same: Sequence[str]) -> str:
    """The best model of a run: one of its own, or one that both have."""
    return next((name for name in order if name.startswith(f"{side}:") or name in same), "")


def _evidence(row: pd.Series) -> str:
    if np.isnan(row["p_value"]):
        return f"not tested: {row['note']}"
    difference, low, high = (number(float(row[name])) for name in ("difference", "low", "high"))
    return f"difference of loss {difference}, 95 % interval {low} to {high}, {p_told(float(row['p_holm']))}"


def _namesakes(pairs: pd.DataFrame, names: tuple[str, str]) -> str:
    """How many of the models that both runs have became better or worse."""
    own = [model.partition(":")[2] for model in pairs["model"]]
    both = pairs[[name == other.partition(":")[2] for name, other in zip(own, pairs["opponent"], strict=True)]]
    if both.empty:
        return ""
    sure = both["p_holm"] < _LEVEL
    better, worse = (int((sure & (both["difference"] * sign < 0)).sum()) for sign in (1, -1))
    alike = int((both["note"] == "equal losses").sum())
    apart = f" ({alike:,} in their intervals only, which these tests do not look at)" if alike else ""
    return (
        f"Models of one name that differ: {len(both):,}{apart}, of which {better:,} better in {names[1]} and {worse:,} "
        f"worse at that level (Diebold-Mariano, Holm-corrected over {count(len(pairs), 'test')}). "
    )
