"""Backtest: what a backtest found, its summary, and the folder it is kept in."""

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from datamodules.clocks.aliases import in_days
from datamodules.door.separated import EXACT
from datamodules.errors import InputError
from forecast.evaluation.bootstrap import intervals
from forecast.evaluation.breakdown import available, breakdown, breakdowns, wins
from forecast.evaluation.calibration import coverage, remarks
from forecast.evaluation.confidence_set import confidence_set
from forecast.evaluation.ranks import Ranks, rank_models
from forecast.evaluation.residuals import by_series, diagnose
from forecast.evaluation.scores import DEFAULT_METRICS, cell_scores, deciding_metric, leaderboard
from forecast.evaluation.significance_pairs import pairs
from forecast.evaluation.verdict import verdict
from forecast.files import FILES
from forecast.report.render import write
from forecast.report.result import facts, title
from forecast.report.styles import styles
from forecast.report.tables import Grid
from forecast.report.tables import leaderboard as leaderboard_grid
from forecast.report.typeset import latex, markdown
from forecast.report.whole import whole
from forecast.table import to_wide


@dataclass(frozen=True, eq=False)
class Backtest:
    """What a backtest found; the tables alone are enough to score and to report again.

    Attributes:
        spec: the complete configuration.
        table: the forecast table of all forecasters, seeds and folds, with actuals.
        runs: a row per forecaster, seed and fit: seconds, parameters, windows, notes, error.
        curves: losses while training.
        recent: the end of the series themselves, for plots.
        health: a row per series about its data.
        covariates: a row per covariate.
        provenance: fingerprint, clock, versions, seeds, machine.
        series: a row per series and target with what was known of it at the first cutoff, to group it by
            (``forecast.evaluation.series_traits``); empty in folders of earlier versions.
        inside: forecasts of networks within the rows that they were trained and validated on: the columns of ``table``,
            the first fold that the fit served as ``fold``, and ``part``, ``train`` or ``validation``; empty unless
            asked for.
    """

    spec: dict[str, Any]
    table: pd.DataFrame
    runs: pd.DataFrame
    curves: pd.DataFrame
    recent: pd.DataFrame
    health: pd.DataFrame
    covariates: pd.DataFrame
    provenance: dict[str, Any]
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    inside: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics asked for; the first orders the leaderboard."""
        return tuple(self.spec.get("metrics") or DEFAULT_METRICS)

    @property
    def deciding_metric(self) -> str:
        """The first metric that orders models and is defined."""
        return deciding_metric(self._board, self.metrics)

    def leaderboard(self) -> pd.DataFrame:
        """A row per model, best first (``forecast.evaluation.scores.leaderboard``)."""
        return self._board.copy()

    @cached_property
    def _board(self) -> pd.DataFrame:
        return leaderboard(self.table, self.runs, self.metrics, common=bool(self.spec.get("common", False)))

    @property
    def zone(self) -> str:
        """The time zone whose wall clock calendar groups follow; empty where stamps are on the wall clock already."""
        clock = self.provenance.get("clock", {})
        freq, zone = clock.get("freq", 1), str(clock.get("zone", ""))
        return "" if isinstance(freq, int) or in_days(freq) else zone

    def groups(self) -> tuple[str, ...]:
        """What ``breakdown`` and ``wins`` can group by here (``forecast.evaluation.groups.available``)."""
        return available(self.table, self.series, zone=self.zone)

    def breakdown(self, by: str, metric: str = "") -> pd.DataFrame:
        """A row per group and model (``forecast.evaluation.breakdown.breakdown``).

        Args:
            by: one of ``groups()``, such as ``step``, ``weekday``, a static column or ``level_decile``.
            metric: its name; the one that orders the leaderboard when empty.
        """
        return breakdown(self.table, by, metric or self.deciding_metric, series=self.series, zone=self.zone)

    def breakdowns(self) -> pd.DataFrame:
        """Every metric by every group there is: ``by``, ``metric`` and the columns of ``breakdown``."""
        return self._breakdowns.copy()

    def residuals(self) -> pd.DataFrame:
        """A row per model: what its errors have left over (``forecast.evaluation.residuals.diagnose``)."""
        return self._residuals.copy()

    def wins(self, by: str = "unique_id", metric: str = "") -> pd.DataFrame:
        """A row per model: in which share of the groups it is best, worst, or better than seasonal naive.

        The arguments are those of ``breakdown``, the columns those of ``forecast.evaluation.breakdown.wins``.
        """
        return wins(self.table, by, metric or self.deciding_metric, series=self.series, zone=self.zone)

    def verdict(self) -> str:
        """Whether the networks are worth it, in sentences, whose intervals miss, and which series were left out."""
        said = " ".join([verdict(self._board, self.table, self.metrics), *remarks(self.table)])
        absent = self.health.loc[self.health["folds"] == 0, "unique_id"].astype(str).unique()
        if len(absent) == 0:
            return said
        names = ", ".join(absent[:3]) + (" ..." if len(absent) > 3 else "")
        total = self.health["unique_id"].nunique()
        return f"{said} {len(absent)} of {total} series had ended, or had too little history, at every cutoff: {names}."

    def significance(self) -> pd.DataFrame:
        """A row per pair of models: difference, interval, tests (``forecast.evaluation.significance_pairs.pairs``)."""
        return self._pairs.copy()

    def intervals(self) -> pd.DataFrame:
        """A row per model and metric: score and bootstrap interval (``forecast.evaluation.bootstrap.intervals``)."""
        return self._intervals.copy()

    def ranks(self) -> Ranks:
        """Mean ranks over series, with Friedman's, Nemenyi's and MCB's tests (``forecast.evaluation.ranks``)."""
        return self._ranks

    def confidence_set(self) -> pd.DataFrame:
        """A row per model: whether it may be the best one (``forecast.evaluation.confidence_set.confidence_set``)."""
        return self._confidence_set.copy()

    @cached_property
    def _breakdowns(self) -> pd.DataFrame:
        return breakdowns(self.table, self.metrics, series=self.series, zone=self.zone)

    @cached_property
    def _residuals(self) -> pd.DataFrame:
        return diagnose(self.table)

    @cached_property
    def _pairs(self) -> pd.DataFrame:
        return pairs(self.table)

    @cached_property
    def _intervals(self) -> pd.DataFrame:
        return intervals(self.table, self.metrics)

    @cached_property
    def _ranks(self) -> Ranks:
        return rank_models(self.table)

    @cached_property
    def _confidence_set(self) -> pd.DataFrame:
        return confidence_set(self.table)

    def calibration(self) -> pd.DataFrame:
        """What intervals cover, a row per model and central interval; over all steps (``step`` 0), then by step."""
        whole = coverage(self.table).assign(step=0)
        return pd.concat([whole, coverage(self.table, ["step"])], ignore_index=True)[_CALIBRATION]

    def board_grid(self) -> Grid:
        """The leaderboard as a table of the page."""
        looks = {look.name: look for look in styles(self.runs, self.table)}
        return leaderboard_grid(self._board, self.runs, looks)

    def to_markdown(self) -> str:
        """The leaderboard in Markdown: best values bold, the spread of seeds as ±."""
        return markdown(self.board_grid())

    def to_latex(self) -> str:
        """The leaderboard as a LaTeX table for the package booktabs, captioned by what was compared."""
        return latex(self.board_grid(), f"{title(self)}: {', '.join(facts(self))}")

    def to_wide(self) -> pd.DataFrame:
        """``unique_id, ds, cutoff, y``, a column a model, and its interval bounds."""
        return to_wide(self.table)

    def report(self, path: str | Path) -> Path:
        """Write the HTML report to ``path`` and return it."""
        write(self, Path(path))
        return Path(path)

    def save(self, folder: str | Path) -> Path:
        """Write all tables, the configuration, the provenance and the report into ``folder`` and return it.

        Each file is written under a temporary name and renamed, so that none is ever half there.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"output folder {folder} cannot be made: {error.strerror}. Name another.") from error
        whole(folder / "leaderboard.csv", lambda path: self.leaderboard().to_csv(path, index=False))
        for name, text in (("leaderboard.md", self.to_markdown()), ("leaderboard.tex", self.to_latex())):
            whole(folder / name, lambda path, text=text: path.write_text(text, encoding="utf-8"))  # type: ignore[misc]
        whole(folder / "calibration.csv", lambda path: self.calibration().to_csv(path, index=False))
        whole(folder / "scores.csv", lambda path: cell_scores(self.table).to_csv(path, index=False))
        whole(folder / "forecasts.parquet", lambda path: self.table.to_parquet(path, index=False))
        (folder / "inside.parquet").unlink(missing_ok=True)
        if len(self.inside):
            whole(folder / "inside.parquet", lambda path: self.inside.to_parquet(path, index=False))
        whole(folder / "recent.parquet", lambda path: self.recent.to_parquet(path, index=False))
        derived = {
            "breakdowns": self._breakdowns,
            "residuals": self._residuals,
            "residuals_by_series": by_series(self.table),
            "significance": self._pairs,
            "intervals": self._intervals,
            "ranks": self._ranks.mcb.assign(note=self._ranks.note or self._ranks.caution),
            "confidence_set": self._confidence_set,
        }
        kept = {name: getattr(self, name) for name in ("runs", "curves", "health", "covariates", "series")}
        for name, frame in (kept | derived).items():
            whole(folder / f"{name}.csv", lambda path, frame=frame: frame.to_csv(path, index=False))  # type: ignore[misc]
        whole(folder / "config.yaml", lambda path: path.write_text(yaml.safe_dump(self.spec, sort_keys=False)))
        whole(folder / "provenance.json", lambda path: path.write_text(json.dumps(self.provenance, indent=2)))
        self.report(folder / "report.html")
        return folder

    @classmethod
    def load(cls, folder: str | Path) -> "Backtest":
        """The backtest that ``save`` wrote into ``folder``; raises InputError when there is none."""
        folder = Path(folder)
        missing = [name for name in FILES if not (folder / name).is_file()]
        if missing:
            raise InputError(
                f"{folder} holds no finished backtest: {missing[0]} is missing; expected a folder that "
                "'forecast backtest --output' wrote. Name that one."
            )
        try:
            return cls(
                spec=yaml.safe_load((folder / "config.yaml").read_text()),
                table=pd.read_parquet(folder / "forecasts.parquet"),
                runs=_read_csv(folder / "runs.csv"),
                curves=_read_csv(folder / "curves.csv"),
                recent=pd.read_parquet(folder / "recent.parquet"),
                health=_with_stamps(_read_csv(folder / "health.csv"), ("first", "last")),
                covariates=_read_csv(folder / "covariates.csv"),
                provenance=json.loads((folder / "provenance.json").read_text()),
                series=_read_series(folder / "series.csv"),
                inside=pd.read_parquet(within) if (within := folder / "inside.parquet").is_file() else pd.DataFrame(),
            )
        except (OSError, ValueError, yaml.YAMLError) as error:  # ValueError: what json, pandas and pyarrow raise
            reason = " ".join(str(error).split())
            raise InputError(
                f"{folder} holds a backtest with a damaged file ({reason}); expected it as 'forecast backtest' wrote "
                "it. Run the backtest again with --overwrite."
            ) from error


_CALIBRATION = ["model", "step", "level", "rows", "coverage", "width"]
_TEXTS = ("model", "unique_id", "target", "dropped", "note", "error", "cutoff", "kind", "column", "role", "categories")


def _read_csv(path: Path) -> pd.DataFrame:
    """The table; texts as they are (a series may be called NA), empty numbers as NaN."""
    empty = {name: [""] for name in pd.read_csv(path, nrows=0).columns if name not in _TEXTS}
    return pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), keep_default_na=False, na_values=empty, **EXACT)


def _read_series(path: Path) -> pd.DataFrame:
    """The frame of series; all texts but two numbers. An empty one where an earlier version left none."""
    if not path.is_file():
        return pd.DataFrame()
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except pd.errors.EmptyDataError:
        return pd.DataFrame()
    numbers = [name for name in ("level", "volatility") if name in frame]
    return frame.assign(**{name: frame[name].replace("", "nan").astype(np.float64) for name in numbers})


def _with_stamps(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """The table with these columns as timestamps; on an integer clock they stay numbers."""
    texts = [name for name in names if name in frame and not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.assign(**{name: pd.to_datetime(frame[name]).astype("datetime64[us]") for name in texts})
