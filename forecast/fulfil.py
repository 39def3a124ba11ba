"""All arms of a backtest done: taken from the folder of finished parts, or run by an engine; in order."""

from collections.abc import Callable, Sequence
from contextlib import closing

from forecast.arms import Arm, Part, Task
from forecast.engines.base import Engine
from forecast.parts import Parts

Progress = Callable[[int, int, str], None]  # parts done, parts in all, and what is running


def fulfil(arms: Sequence[Arm], task: Task, engine: Engine, *, parts: Parts | None, progress: Progress) -> list[Part]:
    """The part of each arm, in order; finished ones are kept in ``parts`` as they come."""
    found = {index: part for index, arm in enumerate(arms) if parts and (part := parts.get(arm))}
    missing = {index: arm for index, arm in enumerate(arms) if index not in found}
    running: dict[int, str] = {}

    def tell() -> None:
        progress(len(found), len(arms), "; ".join(running.values()))

    def begun(index: int) -> None:
        running[index] = arms[index].label
        tell()

    with closing(engine.run(missing, task, begun)) as finished:
        for index, part in finished:
            if parts:
                parts.put(arms[index], part)
            found[index] = part
            running.pop(index, None)
            if running:
                tell()
    tell()
    return [found[index] for index in range(len(arms))]
