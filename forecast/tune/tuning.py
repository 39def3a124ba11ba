"""Tuning: a search inside the training part, and what it found on the test rows."""

import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import rolling_positions
from forecast.assemble import assemble
from forecast.config import BacktestConfig
from forecast.engines.base import Engine
from forecast.evaluation.metrics import direction
from forecast.resolve import Resolved, resolve
from forecast.search import Space
from forecast.tune.config import TuningConfig
from forecast.tune.inner import Inner, Means, Told
from forecast.tune.nested import nested
from forecast.tune.outer import outer, winner
from forecast.tune.result import TuningResult
from forecast.tune.searches import Searched, search
from forecast.tune.space import as_grid, space_of, untuned


class Ready(NamedTuple):
    """A tuning with everything chosen.

    Attributes:
        resolved: the outer backtest and its panel, and why each value was chosen.
        config: the same with every option said, and the untuned network as its only model.
        space: what may be tried.
    """

    resolved: Resolved
    config: BacktestConfig
    space: Space

    @property
    def untuned(self) -> dict[str, Any]:
        """The values that the options of the space have in the untuned network."""
        return untuned(self.config, self.config.models[0], self.space)


@dataclass(frozen=True, eq=False)
class Tuning:
    """A search for better options of a network, and its price.

    Args:
        panel: the series.
        config: which network, how to search, and the backtest that scores it.

    """

    panel: Panel
    config: TuningConfig

    @classmethod
    def of(cls, panel: Panel, **options: Any) -> "Tuning":
        """The tuning of a network on a panel, with the options of ``forecast tune`` by name (``TuningConfig``)."""
        return cls(panel, TuningConfig.of({"data": "panel", **options}))

    def run(
        self,
        *,
        engine: str | Engine = "",
        workers: int = 0,
        folder: str | Path | None = None,
        progress: Told = lambda done, total, label: None,
    ) -> TuningResult:
        """Search, then score what was found beside the untuned network and the baselines.

        Args:
            engine: who runs the fits; no number depends on it.
            workers: fits at a time.
            folder: where the journal and finished parts are kept, so that a second run goes on where this one ended.
            progress: called with what is done, what there is to do, and what is running.

        Raises:
            InputError: when the options do not fit the data, a grid is absurd, or no trial can be scored.
        """
        began = time.perf_counter()
        (_, panel, _), config, _ = self.ready
        means = Means(engine, workers, Path(folder) if folder else None, progress)
        found = self._searched(_first_cutoff(panel, config), means)
        best = found.best
        where = means.folder / "backtest" / "parts" if means.folder else None
        scored = outer(config, panel, best.trial.values, best.trial.number, replace(means, folder=where))
        about = {"metric": found.metric, "best_trial": best.trial.number, "seconds": time.perf_counter() - began}
        return TuningResult(
            spec=self.spec(),
            trials=found.table(),
            importance=found.importance,
            best=best.trial.values,
            winner=winner(config, best.trial.values, best.trial.number).plain(),
            outer=scored,
            nested=self._nested(config, panel, found, means),
            provenance=scored.provenance | about,
        )

    def spec(self) -> dict[str, Any]:
        """The complete configuration of the tuning, in plain values."""
        space = {name: str(values) for name, values in self.ready.space.items()}
        return self.config.on(self.ready.config).plain() | {"space": space}

    @cached_property
    def ready(self) -> "Ready":
        """Everything chosen and checked; raises InputError."""
        member = self.config.member
        space = space_of(member, self.config.space, self.config.only)
        if self.config.search == "grid":
            space = as_grid(space, self.config.trials)
        if self.config.base.feature_sets and not member.feature_set:
            raise InputError("feature_sets make several networks; a tuning is of one. Name its columns with --use.")
        resolved = resolve(self.config.base, self.panel)
        if self.config.nested > resolved.config.folds:
            raise InputError(
                f"nested is {self.config.nested}, but there are {resolved.config.folds} folds; expected at most as "
                "many blocks. Ask for more folds, or fewer blocks."
            )
        if not direction(resolved.config.metrics[0]):
            raise InputError(f"the first metric is {resolved.config.metrics[0]!r}, which has no best. Begin with mase.")
        _, complete = assemble(resolved.config, resolved.panel)
        ready = Ready(resolved, complete, space)
        self._inner(ready, _first_cutoff(resolved.panel, complete))
        return ready

    def _inner(self, ready: "Ready", position: int) -> Inner:
        """The folds inside all that precedes an outer cutoff; raises InputError when that is too short for them."""
        (_, panel, _), config, space = ready
        longest = max(space["context_length"].levels(2)) if "context_length" in space else 0
        return Inner.before(position, panel, config, folds=self.config.inner_folds, longest=int(longest))

    def _nested(self, config: BacktestConfig, panel: Panel, found: Searched, means: Means) -> pd.DataFrame:
        if not self.config.nested:
            return pd.DataFrame()
        return nested(config, panel, self.config.nested, found, self._searched, means)

    def _searched(self, position: int, means: Means) -> Searched:
        """What the search on all that precedes an outer cutoff found."""
        return search(self._inner(self.ready, position), self.config, self.ready.space, means)


def _first_cutoff(panel: Panel, config: BacktestConfig) -> int:
    """The position of the first outer cutoff."""
    return int(rolling_positions(panel, horizon=config.horizon, folds=config.folds, stride=config.stride)[0])
