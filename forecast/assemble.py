"""Forecasters from a configuration, and back: every option that they ended up with, in plain values."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

import numpy as np
import pytorch_lightning as pl

from datamodules.errors import InputError, one_of
from datamodules.made.feature_sets import chosen
from datamodules.made.featured import with_features
from datamodules.panel import Panel
from datamodules.preparation import Preparation
from datamodules.window import Dims
from forecast.baselines.base import Baseline
from forecast.config import BacktestConfig
from forecast.conformal import Conformal
from forecast.forecaster import Forecaster, find, refuse_same_names
from forecast.holed import Holed
from forecast.members import NOBODY, Member
from forecast.models.base import ForecastModule
from forecast.neural import NeuralForecaster
from forecast.signature import option_names, typed

_NOT_OF_FIT: Final = {"module", "name", "seed", "prepare", "trainer"}
_LIVE: Final = {"callbacks", "logger", "profiler", "plugins", "model_registry"}  # of the Trainer; no plain values


def assemble(config: BacktestConfig, panel: Panel) -> tuple[list[Forecaster], BacktestConfig]:
    """The forecasters of a resolved configuration, and the configuration with all their options said.

    Raises:
        InputError: names the class or option that is unknown, of the wrong kind or out of range.
    """
    widths = (array.shape[1] for array in (panel.target, panel.past, panel.known, panel.static))
    dims = Dims(config.context_length, config.horizon, *widths)
    fit = typed(NeuralForecaster, config.fit, "fit", skip=_NOT_OF_FIT)
    trainer = typed(pl.Trainer, config.trainer, "trainer", skip=_LIVE)
    networks: list[Forecaster] = []
    models, baselines = [], []
    for member in _each_set(_taking_part(config.models), config):
        kind = _class(member, ForecastModule, "forecast.models")
        options = {"levels": list(config.levels)} | member.init_args
        module = kind(dims=dims, **typed(kind, options, f"model {member.class_path}", skip={"dims"}))
        said = {**module.hparams, **module.options}
        names = option_names(kind, skip={"dims"})
        models.append(member._replace(init_args=_plain({name: said[name] for name in names})))
        prepare = _prepared(config, member)
        with_features(panel.select(np.array([0])), chosen(prepare.features, panel))  # raises before any work
        networks.append(NeuralForecaster(module, name=member.name, **fit, prepare=prepare, trainer=trainer))
    others: list[Forecaster] = []
    for member in _taking_part(config.baselines):
        baseline_kind = _class(member, Baseline, "forecast.baselines")
        arguments = option_names(baseline_kind, skip={"name"})
        told = {"seasonality": config.seasonality, "horizon": config.horizon}
        said = {name: value for name, value in told.items() if name in arguments}
        label = f"baseline {member.class_path}"
        options = typed(baseline_kind, said | member.init_args, label, skip={"name"})
        baseline = baseline_kind(**options, name=member.name)
        baselines.append(member._replace(init_args=_plain({name: getattr(baseline, name) for name in arguments})))
        others.append(baseline)
    forecasters = networks + others
    if not forecasters:
        raise InputError("neither a model nor a baseline takes part; expected at least one. Name some.")
    refuse_same_names(forecasters)
    if config.intervals != "own":
        forecasters = [Conformal(each, method=config.intervals, name=each.name) for each in forecasters]
    if config.holes:
        forecasters = [Holed(each, config.holes) for each in forecasters]
    none = (NOBODY,)
    complete = replace(config, models=tuple(models) or none, baselines=tuple(baselines) or none)
    return forecasters, replace(complete, fit=fit, trainer=trainer)


def options_of_network(member: Member) -> tuple[str, ...]:
    """The names of the options that a network's class has."""
    return option_names(network_class(member), skip={"dims"})


def check_value(member: Member, option: str, value: Any) -> None:
    """InputError for a value of another type than an option wants: of a network, or else of its training."""
    if option in options_of_network(member):
        typed(network_class(member), {option: value}, f"model {member.class_path}", skip={"dims"})
    else:
        typed(NeuralForecaster, {option: value}, "fit", skip=_NOT_OF_FIT)


def network_class(member: Member) -> type[ForecastModule]:
    """The class of a network; raises InputError where there is none."""
    found: type[ForecastModule] = _class(member, ForecastModule, "forecast.models")
    return found


def _each_set(members: list[Member], config: BacktestConfig) -> list[Member]:
    """The networks, one of each for every set of features; those with a set of their own stand for that alone."""
    found = []
    for member in members:
        if member.feature_set:
            one_of(f"feature_set of {member.name or member.class_path}", member.feature_set, config.feature_sets)
        name = member.label
        if member.feature_set or not config.feature_sets:
            found.append(member)
        else:
            found += [member._replace(name=f"{name}-{each}", feature_set=each) for each in config.feature_sets]
    return found


def _prepared(config: BacktestConfig, member: Member) -> Preparation:
    """What the network sees of the data: all that it is told, or its set of features."""
    if not member.feature_set:
        return config.prepare
    use = config.feature_sets[member.feature_set]
    return replace(config.prepare, features=replace(config.prepare.features, use=use))


def _taking_part(members: tuple[Member, ...]) -> list[Member]:
    return [member for member in members if member.class_path != "none"]


def _class(member: Member, base: type[Any], package: str) -> type[Any]:
    """The class of a member: one of the package by its name, or any importable one by its dotted path."""
    module, _, name = member.class_path.rpartition(".")
    if not module:
        return find(package, base)[name]
    try:
        kind = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InputError(
            f"class {member.class_path!r} cannot be imported: {error}. Install its package, or name its folder in "
            "PYTHONPATH."
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise InputError(f"{member.class_path!r} is no {base.__name__}; expected a subclass of it. Name another.")
    return kind


def _plain(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in options.items()}
