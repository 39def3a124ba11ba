"""What the report reads of a backtest, and how it is named in the heading."""

from pathlib import PurePath
from typing import Any, Protocol

import pandas as pd

from forecast.evaluation.ranks import Ranks
from forecast.report.numbers import stamps


class Result(Protocol):
    """The fields and methods of ``forecast.backtest.Backtest`` that the report uses."""

    @property
    def spec(self) -> dict[str, Any]:
        """The complete configuration."""
        ...

    @property
    def table(self) -> pd.DataFrame:
        """The forecast table with seeds and actuals."""
        ...

    @property
    def runs(self) -> pd.DataFrame:
        """A row per model, seed and fold at which it was fitted."""
        ...

    @property
    def curves(self) -> pd.DataFrame:
        """Losses while training, a row per model, seed, fold and epoch."""
        ...

    @property
    def recent(self) -> pd.DataFrame:
        """The series themselves: unique_id, target, ds, y."""
        ...

    @property
    def health(self) -> pd.DataFrame:
        """A row per series about its data."""
        ...

    @property
    def covariates(self) -> pd.DataFrame:
        """A row per covariate; none where there are none."""
        ...

    @property
    def provenance(self) -> dict[str, Any]:
        """Versions, seeds, machine, date, seconds."""
        ...

    @property
    def series(self) -> pd.DataFrame:
        """What is known of each series, to group it by."""
        ...

    @property
    def zone(self) -> str:
        """The time zone whose wall clock calendar groups follow."""
        ...

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics asked for."""
        ...

    @property
    def deciding_metric(self) -> str:
        """The metric that orders the leaderboard."""
        ...

    def leaderboard(self) -> pd.DataFrame:
        """A row per model, best first."""
        ...

    def verdict(self) -> str:
        """What the scores say, in sentences."""
        ...

    def breakdowns(self) -> pd.DataFrame:
        """Every metric by every grouping, a row per group and model."""
        ...

    def residuals(self) -> pd.DataFrame:
        """A row per model: what its errors have left over."""
        ...

    def significance(self) -> pd.DataFrame:
        """A row per pair of models."""
        ...

    def intervals(self) -> pd.DataFrame:
        """A row per model and metric: the score and its interval."""
        ...

    def ranks(self) -> Ranks:
        """Mean ranks over series."""
        ...

    def confidence_set(self) -> pd.DataFrame:
        """A row per model: whether it may be the best one."""
        ...


def title(result: Result) -> str:
    """The name of the data: a file without its folder and ending, the class or data set, or the series themselves."""
    data = result.spec.get("data") or ""
    if isinstance(data, dict):
        options = data.get("init_args") or data
        data = options.get("path") or options.get("name") or data.get("class_path", "").rpartition(".")[2]
    names = result.recent["unique_id"].unique()
    return PurePath(str(data)).stem or (str(names[0]) if len(names) == 1 else f"{len(names):,} series")


def facts(result: Result) -> list[str]:
    """What was compared, in a few words each: series, horizon, folds, seeds, date."""
    table, recent = result.table, result.recent
    horizon = int(table["step"].max()) if len(table) else int(result.spec.get("horizon", 0))
    cutoffs = pd.Index(table["cutoff"].unique() if len(table) else []).sort_values()
    targets = recent["target"].nunique()
    freq = str(result.spec.get("freq", ""))
    date = pd.to_datetime(str(result.provenance.get("date", "")), utc=True, errors="coerce")
    found = [
        _counted(recent["unique_id"].nunique(), "series", "series"),
        _counted(targets, "target", "targets") if targets > 1 else "",
        f"{_counted(horizon, 'step', 'steps')} ahead" + (f" (frequency {freq})" if freq else ""),
        f"{_counted(len(cutoffs), 'fold', 'folds')}, cutoffs {_span(cutoffs)}" if len(cutoffs) else "",
        _counted(result.runs["seed"].nunique(), "seed", "seeds"),
        "" if pd.isna(date) else f"{date:%Y-%m-%d}",
    ]
    return [fact for fact in found if fact]


def _span(cutoffs: pd.Index) -> str:
    first, last = stamps(cutoffs[[0, -1]])
    return first if first == last else f"{first} to {last}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
