"""Many histories side by side, a lane each, so that a recursion over time is one vector operation a step."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

_MULTIPLE = 8  # lanes of a block: a processor's widest vector, so that no lane is the odd one out of exp or log


class Lanes:
    """Histories of a block, the longest first.

    Where a recursion has come to time t, the first ``active[t]`` lanes are still going on; all others keep what they
    have. What is worked out for a lane must not depend on the others, to the last bit: sum along time step by step
    (``np.add.accumulate``, a loop; not ``sum``, whose order depends on the shape), and let no lane wait for another.

    Attributes:
        values: (T, S) float64; after its last value a lane repeats it.
        lengths: (S) values of each lane, descending.
    """

    def __init__(self, values: np.ndarray, lengths: np.ndarray) -> None:
        self.values = values
        self.lengths = lengths

    @classmethod
    def of(cls, histories: Sequence[np.ndarray]) -> "Lanes":
        """A block of ``histories`` (T) each, the longest first, filled up to a multiple of eight with the last one."""
        some = [*histories, *[histories[-1]] * (-len(histories) % _MULTIPLE)]
        lengths = np.array([len(one) for one in some])
        values = np.empty((len(some), lengths[0]))
        for row, one in zip(values, some, strict=True):
            row[: len(one)] = one
            row[len(one) :] = one[-1]
        return cls(np.ascontiguousarray(values.T), lengths)

    @cached_property
    def active(self) -> np.ndarray:
        """(T) how many lanes have a value at each time: the first so many."""
        return np.searchsorted(-self.lengths, -np.arange(len(self.values)), side="left")

    def take(self, which: np.ndarray) -> "Lanes":
        """The lanes ``which`` (ascending indices, each as often as it is named), without the time that none has."""
        lengths = self.lengths[which]
        return Lanes(np.ascontiguousarray(self.values[: lengths[0], which]), lengths)

    def total(self, values: np.ndarray) -> np.ndarray:
        """(..., S) the sum over each lane's own time of ``values`` (T, ..., S), added up in the order of time."""
        result = np.zeros(values.shape[1:])
        for time, count in enumerate(self.active.tolist()):
            result[..., :count] += values[time, ..., :count]
        return result


class Estimates(NamedTuple):
    """What was found for the lanes of a block.

    Attributes:
        params: (S, p) whatever the model's ``forecast`` wants back.
        notes: sentences for the reader, each with the lanes (S) for which it holds.
        errors: reasons why there is no estimate, each with the lanes (S) that have none.
    """

    params: np.ndarray
    notes: tuple[tuple[str, np.ndarray], ...] = ()
    errors: tuple[tuple[str, np.ndarray], ...] = ()

    def notes_of(self, lane: int) -> tuple[str, ...]:
        """The notes that hold for a lane."""
        return tuple(note for note, lanes in self.notes if lanes[lane])

    def error_of(self, lane: int) -> str:
        """The reason why a lane has no estimate; empty where it has one."""
        return next((error for error, lanes in self.errors if lanes[lane]), "")


def blocks(lengths: Sequence[int], width: int) -> Iterator[list[int]]:
    """Indices of histories of such ``lengths``, the longest first, at most ``width`` at a time.

    Example:
        >>> list(blocks([3, 9, 5], width=2))
        [[1, 2], [0]]
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable").tolist()
    return (order[begin : begin + width] for begin in range(0, len(order), width))
