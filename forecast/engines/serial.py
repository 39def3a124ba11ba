"""Serial: one team of arms after the other, in this process."""

from collections.abc import Generator, Mapping

from datamodules.errors import InputError
from forecast.arms import Part, Task
from forecast.engines.base import Begun, Engine
from forecast.teams import Team, run


class Serial(Engine):
    """Runs teams one after the other in the process that asks; the default.

    Args:
        workers: 1, the only number there can be.
    """

    def __init__(self, *, workers: int = 1) -> None:
        super().__init__(workers=workers or 1)
        if self.workers > 1:
            raise InputError(f"engine serial has 1 worker, not {workers}. Say --engine processes, or leave it out.")

    def run(self, teams: Mapping[int, Team], task: Task, begun: Begun) -> Generator[tuple[int, list[Part]]]:
        """Each team's index and parts, in order."""
        for index, team in teams.items():
            begun(index)
            yield index, run(team, task)
