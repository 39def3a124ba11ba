"""What is chosen from the data when the user says nothing, and why."""

import inspect
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np

from datamodules.defaults import check_lengths, default_context_length, default_max_steps
from datamodules.errors import InputError
from datamodules.history import listed
from datamodules.holes import with_holes
from datamodules.large.packed import Packed
from datamodules.panel import Panel
from datamodules.split import rolling_positions
from datamodules.window import Dims
from forecast.arms import Arm, Task, training_panel
from forecast.baselines import DEFAULT as BASELINES
from forecast.config import FIT, BacktestConfig
from forecast.evaluation.metrics import named
from forecast.evaluation.scores import DEFAULT_METRICS
from forecast.members import MODELS, NOBODY, Member
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster
from forecast.table import check_levels

_FOLDS: Final = 5


class Resolved(NamedTuple):
    """A complete configuration, the panel that it is about, and where each value that was not given is from."""

    config: BacktestConfig
    panel: Panel
    reasons: dict[str, str]  # option -> why


def resolve(config: BacktestConfig, panel: Panel) -> Resolved:
    """The configuration with everything said, and the panel without series that ``short`` leaves out.

    Raises:
        InputError: when series are too short, or a metric or level does not exist.
    """
    reasons: dict[str, str] = {}
    defaults = BacktestConfig()

    def chosen(name: str, value: object, why: str) -> object:
        given = getattr(config, name)
        if given == getattr(defaults, name):
            reasons[name] = why
            return value
        return given

    named(config.metrics)
    levels = check_levels(config.levels)
    freq = str(panel.clock.freq)
    changes = {
        "freq": chosen("freq", freq, "inferred from the stamps"),
        "seasonality": chosen("seasonality", panel.seasonality, f"what frequency {freq} suggests"),
        "stride": chosen("stride", config.horizon, "the horizon: test rows do not overlap"),
        "models": chosen("models", _members(MODELS), "one of each kind"),
        "baselines": chosen("baselines", _members(BASELINES), "those that fit quickly"),
        "metrics": chosen("metrics", DEFAULT_METRICS, "the toolkit's"),
        "levels": levels,
    }
    config = replace(config, **changes)  # type: ignore[arg-type]
    basis = usual_series(panel, config)
    if not config.context_length:
        config = replace(config, context_length=default_context_length(basis, config.horizon))
        reasons["context_length"] = _why_context(basis, config)
    if not config.folds:
        config = replace(config, folds=fitting_folds(basis, config, _FOLDS))
        fewer = f"fewer than {_FOLDS}: the series are short" if config.folds < _FOLDS else "the toolkit's"
        reasons["folds"] = fewer
    config = replace(config, fit=_length_of_training(basis, config, reasons))
    if config.window:
        _check_window(config)
    kept = _long_enough(panel, config, reasons)
    if config.fit["windows"] and any(member != NOBODY for member in config.models):
        _check_windows(kept, config)
    return Resolved(config, kept, reasons)


def usual_series(panel: Panel, config: BacktestConfig) -> Panel:
    """The series that lengths are chosen by: all, or the longer half where short ones are skipped or padded."""
    usual = _lengths(panel) >= np.median(_lengths(panel))
    return panel if config.short == "error" else panel.select(np.flatnonzero(usual))


def _length_of_training(panel: Panel, config: BacktestConfig, reasons: dict[str, str]) -> dict[str, Any]:
    """All options of ``fit``; of ``epochs`` and ``max_steps`` the one that says how long."""
    parameters = inspect.signature(NeuralForecaster).parameters
    fit = {name: parameters[name].default for name in FIT if name != "max_steps"} | config.fit
    if fit["epochs"]:
        unused = [f"{name} {config.fit[name]}" for name in ("max_steps", "steps_per_epoch") if name in config.fit]
        if unused:
            reasons["fit"] = f"epochs say how long: {' and '.join(unused)} not used"
        return {name: value for name, value in fit.items() if name not in ("max_steps", "steps_per_epoch")}
    if "max_steps" not in fit:
        sizes = {"context_length": config.context_length, "horizon": config.horizon, "batch_size": fit["batch_size"]}
        stopping = "; early stopping" if fit["validation"] else ""
        reasons["fit"] = f"max_steps by the number of windows{stopping}"
        fit = {"max_steps": default_max_steps(panel, **sizes, most=fit["windows"]), **fit}
    return fit


def _members(names: tuple[str, ...]) -> tuple[Member, ...]:
    return tuple(Member(name, {}, "") for name in names)


def _check_window(config: BacktestConfig) -> None:
    need = config.context_length + config.horizon
    if config.window < need:
        raise InputError(
            f"window is {config.window}; context_length {config.context_length} + horizon {config.horizon} needs at "
            f"least {need} rows to train on. Give a larger window or a shorter context."
        )


def _check_windows(panel: Panel, config: BacktestConfig) -> None:
    """Raise InputError when the first fit has fewer windows than it is to train on; of a store, the fit says so."""
    if isinstance(panel, Packed):
        return
    dims = Dims(config.context_length, config.horizon, panel.target.shape[1])
    network = NeuralForecaster(Linear(dims), **config.fit, prepare=config.prepare)
    positions = rolling_positions(panel, horizon=config.horizon, folds=config.folds, stride=config.stride)
    task = Task(panel, positions, config.horizon, config.gap, config.window, config.seasonality, ())
    seen = training_panel(Arm(network, 0, 0, 1), task)
    _ = network.data(with_holes(seen, config.holes)).train_windows


def _lengths(panel: Panel) -> np.ndarray:
    return panel.last_rows + 1 - panel.offsets[:-1]


def _why_context(panel: Panel, config: BacktestConfig) -> str:
    season, length = max(panel.clock.seasons), config.context_length
    if length == season > 2 * config.horizon:
        return "the longest season"
    return "twice the horizon" if length == 2 * config.horizon else "what the length of the series allows"


def fitting_folds(panel: Panel, config: BacktestConfig, most: int) -> int:
    """1 to ``most``: what leaves the shortest series a context (padded: one value of it) and a target to train on."""
    context = 1 if config.short == "pad" else config.context_length
    room = int(_lengths(panel).min()) - context - 2 * config.horizon - config.gap
    return max(1, min(most, 1 + room // config.stride))


def _long_enough(panel: Panel, config: BacktestConfig, reasons: dict[str, str]) -> Panel:
    """The panel, without its short series where these are to be skipped, or without those that have no value at all."""
    extra = (config.folds - 1) * config.stride + config.horizon + config.gap
    need = {"context_length": config.context_length, "horizon": config.horizon, "extra": extra}
    if config.short == "error":
        check_lengths(panel, **need)
        return panel
    lengths = _lengths(panel)
    short = lengths < sum(need.values())
    pad = config.short == "pad"
    least = {**need, "context_length": 1} if pad else need
    if (lengths < sum(least.values())).all():
        check_lengths(panel, **least)
    if not short.any():
        return panel
    done = "padded" if pad else "left out"
    rows = f"with under {sum(need.values())} rows"
    reasons["short"] = f"{done} {int(short.sum())} of {len(short)} series {rows}: {listed(panel.ids[short])}"
    return panel.select(np.flatnonzero(lengths > 0 if pad else ~short))
