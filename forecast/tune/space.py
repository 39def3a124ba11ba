"""The space of a tuning: the usual values of a network's options, those of a person over them, where each goes."""

import inspect
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from datamodules.errors import InputError, did_you_mean
from forecast.assemble import check_value, network_class, options_of_network
from forecast.config import FIT, BacktestConfig, help_texts
from forecast.members import Member
from forecast.neural import NeuralForecaster
from forecast.search import OneOf, Range, Space, read_range
from forecast.training import DEFAULTS, Training
from forecast.values import value_of

_LEVELS: Final = 3  # of a range, in a grid
_TAKEN: Final = ("number", "state", "value", "seconds", "epochs", "note")  # columns of the table of trials
# With these, validation losses of two trials are in different units, or are about different rows.
CHANGES_LOSS: Final = (
    *("head", "loss", "levels", "scaling", "difference", "validation", "context_length"),
    *("batch_size", "steps_per_epoch", "windows"),  # an epoch's windows say how many of those held out are looked at
)


def usual_space(member: Member) -> dict[str, Range]:
    """The values that stand beside the network's class: its own options first, then those of every network."""
    found: dict[str, Range] = {}
    for kind in network_class(member).__mro__:
        found |= {name: values for name, values in vars(kind).get("search", {}).items() if name not in found}
    return found


def space_of(member: Member, space: Mapping[str, Any], only: Mapping[str, Any]) -> dict[str, Range]:
    """The values to try: ``space`` over the usual ones; where ``only`` names options, those alone.

    Raises:
        InputError: for an option that there is not, or values that are none, or of another type than the option wants.
    """
    own = options_of_network(member)
    known = [name for name in [*own, *FIT, "context_length"] if name not in _TAKEN]
    for name in (*space, *only):
        if name not in known:
            raise InputError(
                f"{name!r} cannot be tuned: it is no option of {member.class_path}, of its training or "
                f"context_length; {did_you_mean(str(name), known)}"
            )
    found = usual_space(member) | {name: _read(member, name, given) for name, given in space.items()}
    if not only:
        return found
    for name, given in only.items():
        if given in ("", None) and name not in found:
            raise InputError(f"{name} has no usual values to try; expected some. Say such as {name}=8,16.")
    return {
        name: _read(member, name, given) if given not in ("", None) else found[name] for name, given in only.items()
    }


def _read(member: Member, name: str, given: Any) -> Range:
    """The values of an option, each of the type that it wants; whether they go together is seen when they are tried."""
    found = read_range(name, given)
    for value in found.levels(2):  # of a range, its ends
        if name == "context_length":
            value_of(int, name, value)
        else:
            check_value(member, name, value)
    return found


def as_grid(space: Space, most: int) -> dict[str, Range]:
    """The space with some values of each range; InputError when it has more than ``most`` combinations."""
    found: dict[str, Range] = {name: OneOf(values.levels(_LEVELS)) for name, values in space.items()}
    cells = math.prod(len(values.levels(_LEVELS)) for values in found.values())
    if cells > most:
        told = " ".join(f"{name}={values}" for name, values in found.items())
        raise InputError(
            f"the grid has {cells:,} combinations ({told}); expected at most {most}. Name fewer options with --only, "
            f"fewer values with --space, say --search tpe, or --trials {cells} to run them all."
        )
    return found


def with_values(config: BacktestConfig, member: Member, values: Mapping[str, Any], name: str) -> BacktestConfig:
    """The backtest's configuration with the network alone, under ``name``, with these values of its options."""
    fit = {option: value for option, value in values.items() if _in_fit(member, option)}
    alone = {option: value for option, value in values.items() if option == "context_length"}
    own = {option: value for option, value in values.items() if option not in (*fit, *alone)}
    tuned = member._replace(name=name, init_args={**member.init_args, **own})
    return replace(config, models=(tuned,), fit={**config.fit, **fit}, **alone)


def untuned(config: BacktestConfig, member: Member, space: Space) -> dict[str, Any]:
    """The values that the options of the space have without a tuning, in a complete configuration."""
    said = {**config.fit, "context_length": config.context_length, **member.init_args}
    return {name: said[name] for name in space}


def usual_values(member: Member) -> dict[str, Any]:
    """Option -> its value in a network that nobody tunes, without a look at data."""
    found: dict[str, Any] = {}
    for kind in (NeuralForecaster, network_class(member)):
        parameters = inspect.signature(kind).parameters.values()
        found |= {each.name: each.default for each in parameters if each.default is not each.empty}
    return found | DEFAULTS | member.init_args


def meanings(member: Member) -> dict[str, str]:
    """Option -> what it is."""
    texts = {"context_length": help_texts()["context_length"]}
    for kind in (NeuralForecaster, Training, network_class(member)):
        texts |= help_texts(kind)
    return {name: text.partition(" (default:")[0] for name, text in texts.items()}


def _in_fit(member: Member, option: str) -> bool:
    return option in FIT and option not in options_of_network(member)
