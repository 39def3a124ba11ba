"""The cells of a study: each combination of levels, and the configuration of one network in it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import fields
from itertools import product
from typing import Any, Final, NamedTuple

from datamodules.errors import InputError, did_you_mean
from forecast.config import BacktestConfig
from forecast.members import NOBODY, Member, members
from forecast.study.factor import Factor, Level

MODELS: Final = "models"
OF_A_LEVEL: Final = (  # options that may differ between levels; all others decide which rows are scored, or how
    *("models", "prepare", "fit", "trainer", "context_length", "horizon", "intervals", "holes"),
)
OF_EVERYONE: Final = ("holes", "intervals")  # those of them that change what baselines do as well


class Cell(NamedTuple):
    """A combination of levels, one a factor."""

    levels: dict[str, Level]  # factor -> level

    @property
    def label(self) -> str:
        """The level's label; of several factors, with their names."""
        if len(self.levels) == 1:
            return next(iter(self.levels.values())).label
        return ", ".join(f"{name}={level.label}" for name, level in self.levels.items())

    @property
    def settings(self) -> dict[str, Any]:
        """The dotted keys that the cell sets, of all its levels."""
        return {key: value for level in self.levels.values() for key, value in level.settings.items()}

    def arm(self, network: str) -> str:
        """The name in every table of a network in this cell."""
        named = [f"{name}={level.label}" for name, level in self.levels.items() if MODELS not in level.settings]
        return " ".join([network, ", ".join(named)]).strip()


def cells(factors: Sequence[Factor]) -> list[Cell]:
    """All combinations of levels, the last factor's changing fastest."""
    names = [each.name for each in factors]
    return [Cell(dict(zip(names, levels, strict=True))) for levels in product(*(each.levels for each in factors))]


def check_keys(found: Sequence[Cell]) -> None:
    """InputError for a key that no backtest has, or that all levels must have in common."""
    options = [each.name for each in fields(BacktestConfig)]
    for key in dict.fromkeys(key for cell in found for key in cell.settings):
        first = key.split(".")[0]
        if first not in options:
            raise InputError(f"key {key!r} of a level is not known; {did_you_mean(first, options)}")
        if first not in OF_A_LEVEL:
            raise InputError(
                f"key {key!r} cannot differ between levels, which are scored on the same rows; expected one that "
                f"begins with {', '.join(OF_A_LEVEL)}. Say it under base."
            )


def networks(base: Sequence[Member], cell: Cell) -> list[Member]:
    """The networks of this cell: the one that its level is, or those of the base."""
    value = cell.settings.get(MODELS)
    if value is None:
        return list(base)
    found = members(MODELS, value if isinstance(value, list | tuple) else [value], f"level {cell.label}: ")
    if len(found) != 1 or found[0].class_path == NOBODY.class_path:
        raise InputError(f"level {cell.label!r} has models {value!r}; expected one network a level. Name one.")
    return list(found)


def with_levels(options: Mapping[str, Any], cell: Cell) -> dict[str, Any]:
    """The options with what the cell sets, but for what it sets of networks."""
    changed = deepcopy(dict(options))
    for key, value in cell.settings.items():
        first, *rest = key.split(".")
        if first == MODELS:
            continue
        if not rest:
            changed[first] = value
            continue
        place = changed.setdefault(first, {})
        for name in rest[:-1]:
            place = place.setdefault(name, {})
        place[rest[-1]] = value
    return changed


def with_options(member: Member, cell: Cell, known: Sequence[str]) -> tuple[Member, list[str]]:
    """The network with the options that the cell sets of it, and those that it does not have.

    ``models.lr`` is the option of every network, ``models.CNN.hidden_size`` that of the one of this name or class;
    where a level says something of this network alone, options that it lacks are not for it.

    Args:
        member: the network.
        cell: the levels.
        known: names of its options.
    """
    every, own = {}, {}
    for key, value in cell.settings.items():
        first, *rest = key.split(".")
        if first == MODELS and len(rest) == 1:
            every[rest[0]] = value
        elif first == MODELS and len(rest) == 2 and rest[0] in (member.name, class_name(member)):
            own[rest[1]] = value
    lacking = [name for name in (every | own) if name not in known and not (own and name not in own)]
    fitting = {name: value for name, value in (every | own).items() if name in known}
    return member._replace(init_args=member.init_args | fitting), lacking


def class_name(member: Member) -> str:
    """The class of a member without its module."""
    return member.class_path.rpartition(".")[2]


def of_networks(found: Sequence[Cell]) -> list[tuple[str, str]]:
    """The options of networks that cells set: (network, or empty for all, option)."""
    keys = dict.fromkeys(key for cell in found for key in cell.settings if key.startswith(f"{MODELS}."))
    parts = [key.split(".")[1:] for key in keys]
    for key, part in zip(keys, parts, strict=True):
        if len(part) > 2 or not all(part):
            raise InputError(f"key {key!r} is not known; expected models.OPTION or models.NETWORK.OPTION. Correct it.")
    return [(part[0], part[1]) if len(part) == 2 else ("", part[0]) for part in parts]
