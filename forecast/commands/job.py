"""A backtest made ready by a command: data read, everything chosen and checked; and how it is carried out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from forecast.config import BacktestConfig

if TYPE_CHECKING:
    from datamodules.panel import Panel
    from forecast.engines.base import Engine
    from forecast.forecaster import Forecaster
    from forecast.resolve import Resolved
    from forecast.result import Backtest


class Job(NamedTuple):
    """What a backtest needs.

    Attributes:
        resolved: the configuration and the panel, and why each value was chosen.
        forecasters: those that take part.
        config: the configuration with every option said.
        spec: the same as it is written down.
        fingerprint: of the panel.
        data: what the person is told about the data, by name.
    """

    resolved: "Resolved"
    forecasters: "list[Forecaster]"
    config: BacktestConfig
    spec: dict[str, Any]
    fingerprint: str
    data: dict[str, str]

    @property
    def panel(self) -> "Panel":
        """The series."""
        return self.resolved.panel


def job(config: BacktestConfig) -> Job:
    """The job of a configuration; raises InputError for what does not fit the data."""
    from datamodules.health import health, missing_told
    from forecast.assemble import assemble
    from forecast.data import layout_of, read
    from forecast.resolve import resolve

    source = read(config.data, config.layout, config.data_dir)
    resolved = resolve(config, source.panel())
    panel = resolved.panel
    forecasters, complete = assemble(resolved.config, panel)
    spec = complete.plain() | layout_of(source)
    data = {**source.description(panel), "missing": missing_told(health(panel))}
    return Job(resolved, forecasters, complete, spec, panel.fingerprint(), data)


def carry_out(job: Job, folder: Path, engine: "Engine", *, shard: str = "") -> "Backtest":
    """Run the job's arms, or those of a shard, into the folder ``parts`` of ``folder``, with a bar on a terminal."""
    from forecast.backtest import backtest
    from forecast.commands.terminal import progress_bar

    with progress_bar() as progress:
        return backtest(
            job.panel,
            job.forecasters,
            **job.config.asked(),
            engine=engine,
            shard=shard,
            folder=folder / "parts",
            progress=progress,
            spec=job.spec,
        )
