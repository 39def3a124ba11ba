"""Shards: the arms of a backtest dealt out to jobs that know nothing of each other."""

from collections.abc import Sequence
from typing import NamedTuple, Self

from datamodules.errors import InputError
from forecast.arms import Task
from forecast.cost import cost
from forecast.teams import Team


class Shard(NamedTuple):
    """One job's share: number ``number`` of ``of``, counted from 1."""

    number: int
    of: int

    @classmethod
    def read(cls, text: str) -> Self:
        """The shard in a text such as ``3/20``; raises InputError.

        Example:
            >>> Shard.read("3/20")
            Shard(number=3, of=20)
        """
        first, slash, second = str(text).partition("/")
        if not (slash and first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second)):
            raise InputError(
                f"shard is {text!r}; expected a number of a total, such as 1/20 to 20/20. Say one of these."
            )
        return cls(int(first), int(second))

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def deal(teams: Sequence[Team], task: Task, of: int) -> list[int]:
    """The number, 1 .. ``of``, of the shard that each team is in: every team in one, and the same on every machine.

    The dearest team goes first, each to the shard that has least to do so far (Graham, 1969, *Bounds on multiprocessing
    timing anomalies*); of equally dear ones, neighbours go to different shards, so that each gets some of every model.
    """
    load = [(0.0, number) for number in range(1, of + 1)]
    costs = [cost(team, task) for team in teams]
    dealt = [0] * len(teams)
    for index in sorted(range(len(teams)), key=lambda each: -costs[each]):
        spent, number = min(load)
        load[number - 1] = (spent + costs[index], number)
        dealt[index] = number
    return dealt
