"""Every network in every cell of a study: its configuration on these data, or why it cannot take part."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from datamodules.errors import InputError, did_you_mean, one_of
from datamodules.made.feature_sets import chosen
from datamodules.made.featured import with_features
from datamodules.panel import Panel
from forecast.assemble import assemble, options_of_network
from forecast.config import BacktestConfig
from forecast.forecaster import Forecaster
from forecast.members import NOBODY, Member
from forecast.resolve import Resolved, resolve
from forecast.study.grid import MODELS, Cell, class_name, networks, of_networks, with_levels, with_options


class Candidate(NamedTuple):
    """A network in a cell.

    Attributes:
        cell: the levels.
        network: its name without the levels; empty where the network is the level.
        member: with the options of the cell, under the name of the arm.
        resolved: the cell's configuration on these data; None where the network cannot take part.
        problem: why it cannot.
    """

    cell: Cell
    network: str
    member: Member
    resolved: Resolved | None
    problem: str


class Ready(NamedTuple):
    """A candidate that takes part, or not, with its forecaster, and the network with every option said."""

    candidate: Candidate
    forecasters: list[Forecaster]  # one, or none where there is a problem
    member: Member
    problem: str


def candidates(basis: BacktestConfig, found: Sequence[Cell], panel: Panel, *, folds: bool) -> list[Candidate]:
    """Every network in every cell, those of one network together.

    Args:
        basis: what all cells have in common, with everything said.
        found: the cells.
        panel: the series.
        folds: whether the number of folds is given; if not, it is what the cell that leaves the fewest rows allows.

    Raises:
        InputError: for an option that no network has, or when there is no network.
    """
    taking_part = [(cell, member) for cell in found for member in networks(basis.models, cell)]
    taking_part = [(cell, member) for cell, member in taking_part if member.class_path != NOBODY.class_path]
    if not taking_part:
        raise InputError("no network takes part in the study; expected at least one under models. Name some.")
    everyone = [member for _, member in taking_part]
    known = {member.class_path: options_of_network(member) for member in everyone}
    _check_options(found, everyone, known)
    options = basis.plain() | {MODELS: "none", "baselines": "none"}
    if not folds:
        del options["folds"]
        fewest = [one.config.folds for cell in found if (one := _resolved(options, cell, panel)[0])]
        options["folds"] = min(fewest, default=1)
    outcomes = {cell.label: _resolved(options, cell, panel) for cell in found}
    told = []
    for cell, member in taking_part:
        own, lacking = with_options(member, cell, known[member.class_path])
        name = member.label
        network = "" if MODELS in cell.settings else name
        resolved, problem = outcomes[cell.label]
        if lacking:
            resolved, problem = None, f"{name} has no option {', '.join(lacking)}"
        told.append(Candidate(cell, network, own._replace(name=cell.arm(name)), resolved, problem))
    order = list(dict.fromkeys(each.network for each in told))
    return sorted(told, key=lambda each: order.index(each.network))


def assembled(found: Sequence[Candidate], panel: Panel) -> list[Ready]:
    """The forecaster of each candidate.

    A network that cannot be made with a level that others can is a problem of its own.

    Raises:
        InputError: for a level that no network can be made with: its value is wrong.
    """
    ready = [_assembled(each, panel) for each in found]
    for each in ready:
        same = [other for other in ready if other.candidate.cell == each.candidate.cell]
        if each.candidate.resolved and not any(other.forecasters for other in same):
            raise InputError(f"level {each.candidate.cell.label}: {each.problem}")
    return ready


def _assembled(found: Candidate, panel: Panel) -> Ready:
    if found.resolved is None:
        return Ready(found, [], found.member, found.problem)
    alone = replace(found.resolved.config, models=(found.member,), baselines=(NOBODY,))
    try:
        forecasters, complete = assemble(alone, panel)
    except InputError as error:
        return Ready(found, [], found.member, str(error))
    return Ready(found, forecasters, complete.models[0], "")


def _resolved(options: Mapping[str, Any], cell: Cell, panel: Panel) -> tuple[Resolved | None, str]:
    """The configuration of a cell on these data; None and the reason where the data do not allow it."""
    config = BacktestConfig.of(with_levels(options, cell), where=f"level {cell.label}: ")
    try:
        resolved = resolve(config, panel)
        with_features(panel.select(np.array([0])), chosen(resolved.config.prepare.features, panel))
    except InputError as error:
        return None, str(error)
    return resolved, ""


def _check_options(found: Sequence[Cell], everyone: Sequence[Member], known: Mapping[str, tuple[str, ...]]) -> None:
    """InputError for an option that no network of the study has."""
    names = {class_name(each): each for each in everyone} | {each.name: each for each in everyone if each.name}
    for network, option in of_networks(found):
        if network:
            one_of("network in a key of a level", network, names)
        options = {name for each in ([names[network]] if network else everyone) for name in known[each.class_path]}
        if option not in options:
            raise InputError(f"no network of the study has an option {option!r}; {did_you_mean(option, options)}")
