"""Search spaces: which values of an option a tuning tries, as they are written and read."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from datamodules.errors import InputError

Scalar = str | int | float | bool


@dataclass(frozen=True)
class Between:
    """Any number from ``low`` to ``high``, both included.

    Args:
        low: the least.
        high: the largest.
        log: drawn so that each ratio is as likely as another, as suits a learning rate.
        whole: whole numbers only.

    Raises:
        InputError: when ``low`` is not below ``high``, or a logarithm does not exist.

    Example:
        >>> str(Between(0.001, 0.1, log=True)), Between(0.001, 0.1, log=True).levels(3)
        ('0.001..0.1:log', (0.001, 0.01, 0.1))
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        if not (self.low < self.high and math.isfinite(self.low) and math.isfinite(self.high)):
            raise InputError(f"range {self} is empty; expected a lower number before a higher one. Correct it.")
        if self.log and self.low <= 0:
            raise InputError(f"range {self} begins at {self.low}; on a log scale it must begin above 0. Correct it.")

    def __str__(self) -> str:
        return f"{_told(self.low)}..{_told(self.high)}{':log' if self.log else ''}"

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high

    def levels(self, number: int) -> tuple[Scalar, ...]:
        """So many values from ``low`` to ``high`` at equal distances, or ratios; fewer where there are fewer."""
        shares = [index / (number - 1) for index in range(number)]
        if self.log:
            values = [self.low * (self.high / self.low) ** share for share in shares]
        else:
            values = [self.low + (self.high - self.low) * share for share in shares]
        return tuple(dict.fromkeys(self.tidy(value) for value in values))

    def tidy(self, value: float) -> Scalar:
        """A value of the range, of three digits: what is tried can be read and typed."""
        if self.whole:
            return round(value)
        return min(max(float(f"{value:.3g}"), self.low), self.high)


@dataclass(frozen=True)
class OneOf:
    """One of these values.

    Example:
        >>> str(OneOf((32, 64))), 32 in OneOf((32, 64))
        ('32,64', True)
    """

    values: tuple[Scalar, ...]

    def __post_init__(self) -> None:
        if not self.values or len(set(map(repr, self.values))) < len(self.values):
            raise InputError(f"values are {list(self.values)}; expected at least one, each once. Correct them.")

    def __str__(self) -> str:
        return ",".join(map(_told, self.values))

    def __contains__(self, value: object) -> bool:
        return value in self.values

    def levels(self, number: int) -> tuple[Scalar, ...]:
        """All values, whatever ``number`` says."""
        return self.values


Range = Between | OneOf
Space = Mapping[str, Range]


def read_range(name: str, given: Any) -> Range:
    """The range of an option as a person writes it.

    Args:
        name: of the option, for messages.
        given: ``0.001..0.1:log``, ``1..4`` (whole numbers) or ``0.0..0.5``; ``32,64``, a list, or a single value.

    Raises:
        InputError: when it is none of these.

    Example:
        >>> read_range("layers", "1..4"), read_range("hidden_size", "32,64")
        (Between(low=1, high=4, log=False, whole=True), OneOf(values=(32, 64)))
    """
    if isinstance(given, Between | OneOf):
        return given
    if isinstance(given, str) and ".." in given:
        return _between(name, given)
    parts: Iterable[Any] = given.split(",") if isinstance(given, str) else given if _is_list(given) else [given]
    values = tuple(_scalar(part) for part in parts if part != "")
    if not all(isinstance(value, str | int | float | bool) for value in values):
        raise InputError(f"{name} is {given!r}; expected words or numbers. Correct it.")
    try:
        return OneOf(values)
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _is_list(given: Any) -> bool:
    return isinstance(given, list | tuple)


def _between(name: str, text: str) -> Between:
    numbers, _, kind = text.partition(":")
    low, high = (_scalar(part) for part in numbers.split("..", 1))
    if not (isinstance(low, int | float) and isinstance(high, int | float)) or kind not in ("", "log"):
        raise InputError(f"{name} is {text!r}; expected such as 0.001..0.1:log, 1..4 or 32,64. Correct it.")
    try:
        return Between(low, high, log=kind == "log", whole=isinstance(low, int) and isinstance(high, int))
    except InputError as error:
        raise InputError(f"{name}: {error}") from error


def _scalar(part: Any) -> Any:
    """A text as the number, truth or word that it is; anything else as it is."""
    if not isinstance(part, str):
        return part
    word = part.strip()
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(word.casefold(), word)


def _told(value: Scalar) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    short = f"{value:g}" if isinstance(value, float) and not value.is_integer() else str(value)
    return short if not isinstance(value, float) or float(short) == value else repr(value)
