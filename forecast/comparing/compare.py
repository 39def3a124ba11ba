"""Two finished backtests on the same rows: whether what differs between them makes a difference."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from datamodules.errors import InputError
from forecast.comparing.differences import differences, origins
from forecast.comparing.finding import finding, pairs_between
from forecast.comparing.same_rows import check_actuals, same_forecasts, same_rows
from forecast.evaluation.scores import REFERENCE
from forecast.external.shares import together
from forecast.result import Backtest


@dataclass(frozen=True, eq=False)
class Comparison(Backtest):
    """The models of two backtests, each under the name of its run (``A:LSTM``), with the tests between them.

    A model that forecasts the same in both stands there once, under its own name.

    Attributes:
        pairs: a row per pair of one model of each run (``forecast.evaluation.paired``): the same model in both, and the
            best of each.
        differences: a row per option, package or machine that differs: ``option``, and a column a run.
        finding: the outcome in a sentence or two.
        remarks: what to keep in mind.
    """

    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)
    finding: str = ""
    remarks: tuple[str, ...] = ()

    def verdict(self) -> str:
        """The finding, and what to keep in mind."""
        return " ".join([self.finding, *([f"Keep in mind: {'; '.join(self.remarks)}."] if self.remarks else [])])

    def save(self, folder: str | Path) -> Path:
        """Write what a backtest writes, and ``comparison.csv`` and ``differences.csv``, into ``folder``; return it."""
        folder = super().save(folder)
        self.pairs.to_csv(folder / "comparison.csv", index=False)
        self.differences.to_csv(folder / "differences.csv", index=False)
        return folder


def compare(
    a: Backtest,
    b: Backtest,
    *,
    names: tuple[str, str] = ("A", "B"),
    common: bool = False,
    spec: dict[str, Any] | None = None,
) -> Comparison:
    """Compare two backtests of the same series, row by row, with the tests of one backtest.

    Args:
        a: a finished backtest.
        b: another, of the same series and cutoffs.
        names: what to call them.
        common: compare the rows that both have, when some are in one only.
        spec: what else to keep with the result.

    Raises:
        InputError: when the two do not forecast the same rows, or their actuals differ.
    """
    for name, one in zip(names, (a, b), strict=True):
        if one.table.empty:
            raise InputError(f"run {name} has no forecasts: all its models failed. Compare another.")
    tables, left_out = same_rows(a.table, b.table, names, common)
    tables, other_data = check_actuals(tables, (a, b), names)
    same = same_forecasts(tables)
    renamed = [_renaming(tables, same, names, place) for place in (0, 1)]
    table, runs, curves = (
        _joined(frames, renamed, same) for frames in (tables, (a.runs, b.runs), (a.curves, b.curves))
    )
    parts: dict[str, Any] = {
        "spec": {
            **{name: a.spec[name] for name in ("data", "horizon", "freq", "seasonality", "levels") if name in a.spec},
            "metrics": list(a.metrics),
            "common": common,
            "compared": list(names),
            **(spec or {}),
        },
        "table": together([each for each in table if len(each)]),
        "runs": pd.concat(runs, ignore_index=True),
        "curves": pd.concat(curves, ignore_index=True),
        "recent": pd.concat([a.recent, b.recent]).drop_duplicates(["unique_id", "target", "ds"], ignore_index=True),
        "health": a.health,
        "covariates": a.covariates,
        "provenance": {**a.provenance, **{name: one.provenance for name, one in zip(names, (a, b), strict=True)}},
        "series": a.series,
    }
    joined = Backtest(**parts)
    board = joined.leaderboard()
    pairs = pairs_between(joined.table, board, same, names)
    lost = REFERENCE not in set(board["model"])
    return Comparison(
        **parts,
        pairs=pairs,
        differences=differences(origins(a.spec, a.provenance), origins(b.spec, b.provenance), names),
        finding=finding(pairs, joined, same, names),
        remarks=(
            *left_out,
            *other_data,
            *([f"{REFERENCE} differs between the runs or is in neither, so there is no skill"] if lost else []),
        ),
    )


def _renaming(
    tables: tuple[pd.DataFrame, pd.DataFrame], same: Sequence[str], names: tuple[str, str], place: int
) -> dict[str, str]:
    """The new name of each model of one run; the reference keeps its own where only one run has it."""
    own, other = (set(table["model"].astype(str)) for table in (tables[place], tables[1 - place]))
    kept = {*same, *({REFERENCE} - other)}
    return {name: name if name in kept else f"{names[place]}:{name}" for name in own}


def _joined(
    frames: tuple[pd.DataFrame, pd.DataFrame], renamed: Sequence[dict[str, str]], same: Sequence[str]
) -> list[pd.DataFrame]:
    """Both frames with their models' new names; what is the same in both stays in the first only."""
    found = []
    for frame, new in zip(frames, renamed, strict=True):
        models = [new.get(name, name) for name in frame["model"].astype(str)]
        found.append(frame.assign(model=models).drop(columns="place", errors="ignore"))
    return [found[0], found[1][~found[1]["model"].isin(same)]]
