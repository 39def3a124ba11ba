"""A study made ready: every network of every cell as a forecaster, and the rows that all of them share."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.defaults import default_horizon
from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import known_rows
from forecast.config import BacktestConfig
from forecast.forecaster import Forecaster
from forecast.members import NOBODY
from forecast.resolve import Resolved, resolve
from forecast.study.baselines import with_baselines
from forecast.study.candidates import assembled, candidates
from forecast.study.config import StudyConfig
from forecast.study.grid import Cell, cells, check_keys

UNLESS_TOLD: Final = {"together": True, "inside": 8}  # other than in a backtest
PANEL: Final = "panel"  # what data are called that are handed over in Python


class Plan(NamedTuple):
    """What a study runs.

    Attributes:
        panel: the series; with several horizons, to the end of the shortest one's last forecast.
        forecasters: the networks of all cells that can run, then the baselines.
        arms: a row per network and cell, and per baseline: model, network, kind, a column a factor, level, reference,
            and why it cannot take part.
        config: the reference's configuration with every option said; its horizon is the shortest.
        reasons: option -> why it was chosen.
    """

    panel: Panel
    forecasters: list[Forecaster]
    arms: pd.DataFrame
    config: BacktestConfig
    reasons: dict[str, str]


def plan(config: StudyConfig, panel: Panel) -> Plan:
    """All forecasters of a study.

    What nobody says is chosen once, from the data and the base, and is the same for every level: a level changes what
    it sets and nothing else. The cutoffs are those of the longest horizon, the rows scored the steps that all forecast.

    Raises:
        InputError: for a key or value that is wrong whatever the data, or when no level can run.
    """
    found = cells(config.factors)
    check_keys(found)
    basis, reasons = _basis(config, found, panel)
    possible = candidates(basis, found, panel, folds="folds" not in reasons)
    resolved = [each.resolved for each in possible if each.resolved]
    if not resolved:
        raise InputError(f"no level can run: {possible[0].problem}")
    kept = _series_of_all(panel, resolved)
    ready = assembled(possible, kept)
    horizons = [each.config.horizon for each in resolved]
    arms, networks = [], []
    for each in ready:
        is_reference = config.is_reference(each.candidate.cell.levels)
        name, network = each.candidate.member.name, each.candidate.network
        arms.append(_arm(name, network, "network", each.candidate.cell, is_reference, each.problem))
        if is_reference and each.forecasters:
            networks.append(each.member._replace(name=network or name))
    shared = next(
        (each.resolved for each in possible if each.resolved and config.is_reference(each.cell.levels)), resolved[0]
    ).config
    shared = replace(shared, models=tuple(networks) or (NOBODY,), baselines=basis.baselines, horizon=min(horizons))
    shared = replace(shared, metrics=config.shown, common=True)
    if shared.folds < basis.folds:
        reasons["folds"] = "as many as the longest level leaves"
    baselines, shared = with_baselines(shared, found, kept)
    arms += [_arm(each.name, each.name, "baseline", Cell({}), False, "") for each in baselines]
    columns = ["model", "network", "kind", *(each.name for each in config.factors), "level", "reference", "problem"]
    forecasters = [forecaster for each in ready for forecaster in each.forecasters] + baselines
    cut = _cut(kept, max(horizons) - min(horizons))
    return Plan(cut, forecasters, pd.DataFrame(arms, columns=columns), shared, reasons)


def _basis(config: StudyConfig, found: Sequence[Cell], panel: Panel) -> tuple[BacktestConfig, dict[str, str]]:
    """The base with everything said that no level says, and why each value was chosen."""
    options, reasons = {"data": PANEL, **UNLESS_TOLD, **config.base}, {}
    horizons = [int(cell.settings["horizon"]) for cell in found if "horizon" in cell.settings]
    if horizons:
        options["horizon"] = max(horizons)
        reasons["horizon"] = "the longest of the levels"
    elif not options.get("horizon"):
        options["horizon"] = default_horizon(panel)
        reasons["horizon"] = "a season, at most a tenth of the shortest series"
    resolved = resolve(BacktestConfig.of(options), panel)
    return resolved.config, resolved.reasons | reasons | {"metrics": "the study's, then those of every study"}


def _arm(model: str, network: str, kind: str, cell: Cell, is_reference: bool, problem: str) -> dict[str, Any]:
    at = {name: level.at if np.isfinite(level.at) else level.label for name, level in cell.levels.items()}
    level = cell.label if cell.levels else ""
    return {
        **{"model": model, "network": network, "kind": kind, **at},
        **{"level": level, "reference": is_reference, "problem": problem},
    }


def _series_of_all(panel: Panel, ready: Sequence[Resolved]) -> Panel:
    """The panel of the series that every cell has rows enough of."""
    if all(each.panel.n_series == panel.n_series for each in ready):
        return panel
    shared = set.intersection(*({*each.panel.ids.tolist()} for each in ready))
    if not shared:
        raise InputError("no series is long enough for every level. Leave out the longest context or horizon.")
    return panel.select(np.flatnonzero([name in shared for name in panel.ids.tolist()]))


def _cut(panel: Panel, steps: int) -> Panel:
    """The panel without its last observed steps, which are left for longer horizons."""
    if not steps:
        return panel
    last = int((panel.start + panel.last_rows - panel.offsets[:-1]).max())
    return panel.until(known_rows(panel, last - steps))
