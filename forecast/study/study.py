"""Study: a question about one choice, answered by one backtest of all its levels."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datamodules.panel import Panel
from forecast.backtest import backtest
from forecast.config import BacktestConfig
from forecast.data import read
from forecast.engines.base import Engine
from forecast.fulfil import Progress
from forecast.study.config import StudyConfig
from forecast.study.plan import Plan, plan
from forecast.study.result import StudyResult
from forecast.study.rows import of_complete_runs


@dataclass(frozen=True, eq=False)
class Study:
    """A study and the data that it is about.

    Attributes:
        config: what it asks.
        panel: the series; None for the data that the base names.

    Example:
        >>> config = StudyConfig.of({
        ...     "base": {"data": "Nile", "horizon": 4, "models": ["Linear"], "baselines": ["Naive"], "folds": 2},
        ...     "factors": {"lr": {"key": "models.lr", "levels": [0.001, 0.01]}},
        ... })
        >>> Study(config).plan().arms["model"].tolist()
        ['Linear lr=0.001', 'Linear lr=0.01', 'Naive']
    """

    config: StudyConfig
    panel: Panel | None = None

    def plan(self) -> Plan:
        """What it will run; raises InputError for what is wrong or does not fit the data."""
        return plan(self.config, self.panel or source_of(self.config).panel())

    def run(
        self,
        *,
        engine: str | Engine = "",
        workers: int = 0,
        folder: str | Path | None = None,
        progress: Progress = lambda done, total, label: None,
    ) -> StudyResult:
        """Train every network at every level with every seed, forecast each fold, and gather what came of it.

        Args:
            engine: who runs the fits, as in ``forecast.backtest``; no number depends on it.
            workers: fits at a time.
            folder: where finished parts are kept, so that a second run does not do them again.
            progress: called with arms done, arms in all and what is running.
        """
        return carried_out(self.config, self.plan(), engine=engine, workers=workers, folder=folder, progress=progress)


def source_of(config: StudyConfig) -> Any:
    """The source of the data that the base of a study names; raises InputError where there is none."""
    base = BacktestConfig.of({"horizon": 1, **config.base})
    return read(base.data, base.layout, base.data_dir)


def carried_out(
    config: StudyConfig,
    ready: Plan,
    *,
    engine: str | Engine = "",
    workers: int = 0,
    folder: str | Path | None = None,
    progress: Progress = lambda done, total, label: None,
    spec: dict[str, Any] | None = None,
) -> StudyResult:
    """The study that ``plan`` made ready, by one backtest; the arguments are those of ``Study.run``."""
    found = backtest(
        ready.panel,
        ready.forecasters,
        **ready.config.asked(),
        engine=engine,
        workers=workers,
        folder=folder,
        progress=progress,
        spec=spec or spec_of(config, ready),
    )
    return StudyResult(config, replace(found, table=of_complete_runs(found.table, found.runs)), ready.arms)


def spec_of(config: StudyConfig, ready: Plan) -> dict[str, Any]:
    """What is kept with the result: the reference's complete configuration, and the study."""
    return ready.config.plain() | {"study": config.plain()}
