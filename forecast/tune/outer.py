"""The outer backtest: what a search found, the untuned network and the baselines, on rows that no trial has seen."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from datamodules.panel import Panel
from forecast.assemble import assemble
from forecast.config import BacktestConfig
from forecast.members import NOBODY
from forecast.result import Backtest
from forecast.tune.inner import Means, run
from forecast.tune.space import with_values


def untuned_name(config: BacktestConfig) -> str:
    """The network's name in every table."""
    return config.models[0].label


def tuned_name(config: BacktestConfig) -> str:
    """The name of what a search found."""
    return f"{untuned_name(config)} tuned"


def winner(config: BacktestConfig, best: Mapping[str, Any], number: int) -> BacktestConfig:
    """The complete backtest of the best trial and the baselines, which anyone can run again.

    Args:
        config: the complete configuration, whose only model is the untuned one.
        best: the values of the best trial.
        number: of that trial; 0 for the untuned network.
    """
    name = tuned_name(config) if number else untuned_name(config)
    return with_values(config, config.models[0], best, name)


def outer(config: BacktestConfig, panel: Panel, best: Mapping[str, Any], number: int, means: Means) -> Backtest:
    """Both networks and the baselines, each fitted on what precedes the cutoffs that it serves.

    Args:
        config: the complete configuration, whose only model is the untuned one.
        panel: all series.
        best: the values of the best trial.
        number: of that trial; with 0, the untuned network, there is nothing else to run.
        means: how it is carried out; its folder is that of the parts.
    """
    forecasters, complete = assemble(config, panel)
    spec = complete.plain()
    if number:
        (tuned,), told = assemble(replace(winner(config, best, number), baselines=(NOBODY,)), panel)
        forecasters = [*forecasters[:1], tuned, *forecasters[1:]]
        spec["models"] = [*spec["models"], *told.plain()["models"]]
        other = {name: value for name, value in told.plain().items() if name in ("fit", "context_length")}
        differing = {name: value for name, value in other.items() if value != spec[name]}
        spec |= {"tuned": differing} if differing else {}
    return run(config, panel, forecasters, means, spec=spec)
