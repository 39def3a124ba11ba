"""What every engine is, how one is found by its name, and how many workers it has unless told."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Generator, Mapping
from typing import Any

import joblib

from datamodules.errors import at_least, one_of
from datamodules.find import catalog, find
from forecast.arms import Part, Task
from forecast.teams import Team

Begun = Callable[[int], None]  # called with the index of a team that begins


class Engine(ABC):
    """Runs teams of arms side by side, or one after the other, and hands over what each leaves when it has finished.

    The numbers are those of every other engine, to the bit and whatever the number of workers: a team knows nothing of
    the others, draws from its own seeds and computes with the threads of its run. What goes wrong in a team, its
    process dying included, is in the errors of its parts; the others go on.

    Args:
        workers: teams at a time; 0 for as many as there are cores.
    """

    def __init__(self, *, workers: int = 0) -> None:
        at_least("workers", workers, 0)
        self.workers = workers

    @abstractmethod
    def run(self, teams: Mapping[int, Team], task: Task, begun: Begun) -> Generator[tuple[int, list[Part]]]:
        """Each team's index and parts, in the order in which they finish; closing it ends the workers at once."""

    def places(self, teams: Collection[Team], task: Task) -> int:
        """Teams at a time."""
        return self.workers or max(1, joblib.cpu_count() // task.threads)

    def told(self, teams: Collection[Team], task: Task) -> dict[str, Any]:
        """What provenance says: the engine's name and its workers."""
        return {"engine": type(self).__name__.lower(), "workers": self.places(teams, task)}


def engine_names() -> tuple[str, ...]:
    """The names of all engines, without importing one."""
    return tuple(name.lower() for name in catalog("forecast.engines", "Engine"))


def engine(name: str = "", *, workers: int = 0, **options: Any) -> Engine:
    """The engine of this name; without one, ``serial``, or ``processes`` where several workers are asked for.

    Raises:
        InputError: when there is none of that name, or it cannot have that many workers.
    """
    name = name or ("processes" if workers > 1 else "serial")
    one_of("engine", name, engine_names())
    kinds = {each.lower(): kind for each, kind in find("forecast.engines", Engine).items()}  # type: ignore[type-abstract]
    return kinds[name](workers=workers, **options)
