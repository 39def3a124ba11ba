"""The baselines of a study: each once, whatever the level; or once with each of what a level gives every forecaster."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from datamodules.panel import Panel
from forecast.assemble import assemble
from forecast.config import BacktestConfig
from forecast.forecaster import Forecaster
from forecast.members import NOBODY
from forecast.study.factor import told
from forecast.study.grid import OF_EVERYONE, Cell


def with_baselines(
    shared: BacktestConfig, found: Sequence[Cell], panel: Panel
) -> tuple[list[Forecaster], BacktestConfig]:
    """The baselines, and the configuration with all their options said.

    Where levels hide values from everyone, a baseline takes part with each share that is hidden, under names such as
    ``SeasonalNaive holes=0.1``.

    Args:
        shared: the reference's configuration.
        found: the cells of the study.
        panel: the series.
    """
    if all(each.class_path == NOBODY.class_path for each in shared.baselines):
        return [], shared
    alone = replace(shared, models=(NOBODY,))
    forecasters, complete = assemble(alone, panel)
    given = _distinct([{key: cell.settings[key] for key in OF_EVERYONE if key in cell.settings} for cell in found])
    if any(given):
        forecasters = [forecaster for each in given for forecaster in _given(alone, each, panel)]
    return forecasters, replace(shared, baselines=complete.baselines)


def _given(config: BacktestConfig, settings: dict[str, Any], panel: Panel) -> list[Forecaster]:
    suffix = "".join(f" {key}={told(value)}" for key, value in settings.items())
    named = tuple(each._replace(name=f"{each.label}{suffix}") for each in config.baselines)
    return assemble(replace(config, baselines=named, **settings), panel)[0]


def _distinct(settings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [each for place, each in enumerate(settings) if each not in settings[:place]]
