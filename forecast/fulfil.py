"""All arms of a backtest done: taken from the folder of finished parts, or run by an engine."""

from collections.abc import Callable, Sequence
from contextlib import closing

from forecast.arms import Arm, Part, Task
from forecast.engines.base import Engine
from forecast.parts import Parts
from forecast.teams import Team

Progress = Callable[[int, int, str], None]  # arms done, arms in all, and what is running


def fulfil(
    teams: Sequence[Team], task: Task, engine: Engine, *, parts: Parts | None, progress: Progress
) -> dict[Arm, Part]:
    """The part of each arm of the teams; finished ones are kept in ``parts`` as they come."""
    found = {index: kept for index, team in enumerate(teams) if parts and (kept := parts.get(team))}
    missing = {index: team for index, team in enumerate(teams) if index not in found}
    total = sum(len(team.arms) for team in teams)
    running: dict[int, str] = {}

    def tell() -> None:
        progress(sum(map(len, found.values())), total, "; ".join(running.values()))

    def begun(index: int) -> None:
        running[index] = teams[index].label
        tell()

    with closing(engine.run(missing, task, begun)) as finished:
        for index, left in finished:
            if parts:
                parts.put(teams[index], left)
            found[index] = left
            running.pop(index, None)
            if running:
                tell()
    tell()
    pairs = (zip(team.arms, found[index], strict=True) for index, team in enumerate(teams))
    return {arm: part for each in pairs for arm, part in each}
