"""Serial: one arm after the other, in this process."""

from collections.abc import Generator, Mapping

from datamodules.errors import InputError
from forecast.arms import Arm, Part, Task, run
from forecast.engines.base import Begun, Engine


class Serial(Engine):
    """Runs arms one after the other in the process that asks; the default.

    Args:
        workers: 1, the only number there can be.
    """

    def __init__(self, *, workers: int = 1) -> None:
        super().__init__(workers=workers or 1)
        if self.workers > 1:
            raise InputError(f"engine serial has 1 worker, not {workers}. Say --engine processes, or leave it out.")

    def run(self, arms: Mapping[int, Arm], task: Task, begun: Begun) -> Generator[tuple[int, Part]]:
        """Each arm's index and part, in order."""
        for index, arm in arms.items():
            begun(index)
            yield index, run(arm, task)
