"""Teams: arms that are one piece of work, because their networks train together; most arms are a team of one."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from forecast import arms
from forecast.arms import Arm, Part, Task, answer, ready, training_panel
from forecast.forecaster import Forecaster, Seeded
from forecast.neural import NeuralForecaster
from forecast.threads import own_threads
from forecast.together.fit import fit_together
from forecast.together.groups import groups


@dataclass(frozen=True, eq=False)
class Team:
    """Arms that are fitted at once: one, or several networks that see the same panel.

    Attributes:
        arms: at least one; those of one team begin with the same fold.
    """

    arms: tuple[Arm, ...]

    @property
    def label(self) -> str:
        """For a progress bar: ``LSTM, seed 1, fold 3``, or ``LSTM and 3 others, 4 seeds, fold 3``."""
        first = self.arms[0]
        if len(self.arms) == 1:
            return first.label
        others = len({arm.forecaster.name for arm in self.arms}) - 1
        seeds = sorted({arm.seed for arm in self.arms})
        named = f"{first.forecaster.name} and {others} other{'s' * (others > 1)}" if others else first.forecaster.name
        with_seeds = f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds"
        return f"{named}, {with_seeds}, fold {first.first + 1}"


def teams(planned: Sequence[Arm], *, together: bool = False) -> list[Team]:
    """The arms as teams, each arm in one; in the order of their first arms.

    Args:
        planned: all arms of a backtest, whether they are finished or not: who trains with whom depends on nothing else.
        together: let networks that can train together do so (``forecast.together.groups``); each alone otherwise.
    """
    if not together:
        return [Team((arm,)) for arm in planned]
    found: list[list[int]] = []
    for first in dict.fromkeys(arm.first for arm in planned):  # what is seen before a fold is another panel
        own = [index for index, arm in enumerate(planned) if arm.first == first]
        found += [[own[place] for place in group] for group in groups([_seeded(planned[index]) for index in own])]
    return [Team(tuple(planned[index] for index in group)) for group in sorted(found)]


def run(team: Team, task: Task) -> list[Part]:
    """Fit and predict the arms of a team: the part of each, in order; what goes wrong is in its row's ``error``.

    Where the joint fit fails, as that of a network may which uses its layers in ways of its own, each arm is fitted
    alone, and its note says why.
    """
    if len(team.arms) == 1:
        return [arms.run(team.arms[0], task)]
    with own_threads(task.threads):
        begin = time.perf_counter()
        try:
            forecasters: list[Forecaster] = [ready(arm) for arm in team.arms]
            networks = [each for each in forecasters if isinstance(each, NeuralForecaster)]
            fit_together(networks, training_panel(team.arms[0], task))
        except Exception as error:  # noqa: BLE001 - whatever it is, it may be that of one arm alone
            reason = f"trained alone, since together failed ({type(error).__name__}: {error})"
            return [arms.run(arm, task, said=reason) for arm in team.arms]
        seconds = (time.perf_counter() - begin) / len(team.arms)
        others = len(team.arms) - 1
        said = f"trained together with {others} other{'s' * (others > 1)}"
        pairs = zip(forecasters, team.arms, strict=True)
        return [answer(forecaster, arm, task, seconds, said=said) for forecaster, arm in pairs]


def lost(team: Team, task: Task, reason: str) -> list[Part]:
    """The parts of a team that could not be run to its end, with the reason in the row of each."""
    return [arms.lost(arm, task, reason) for arm in team.arms]


def _seeded(arm: Arm) -> Forecaster:
    return arm.forecaster.with_seed(arm.seed) if isinstance(arm.forecaster, Seeded) else arm.forecaster
