"""A factor of a study: the levels of one choice, and what each sets in the configuration of a backtest."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from datamodules.errors import InputError, one_of
from forecast.values import several

SCALES: Final = ("log", "linear", "names")
_OPTIONS: Final = ("key", "levels", "scale", "label")
_WIDE: Final = 20.0  # levels that lie further apart, as largest through smallest, stand on a logarithmic axis


class Level(NamedTuple):
    """One level: its label in tables, where it stands on an axis, and the dotted keys that it sets."""

    label: str
    at: float  # NaN for a name
    settings: dict[str, Any]


@dataclass(frozen=True)
class Factor:
    """One choice and its levels.

    Attributes:
        name: of the column in tables.
        key: the dotted key that the levels are values of; empty where each level sets its own keys.
        levels: in the order of the axis.
        scale: of the axis: log, linear, or names for levels without an order.
        label: what people call it; the name unless told.
    """

    name: str
    key: str
    levels: tuple[Level, ...]
    scale: str
    label: str = ""

    @property
    def is_ordered(self) -> bool:
        """Whether the levels are numbers."""
        return self.scale != "names"

    @property
    def labels(self) -> list[str]:
        """Of the levels, in order."""
        return [each.label for each in self.levels]

    def reference(self, value: Any, where: str = "") -> Level:
        """The level of that label or value, which others are tested against; InputError names those there are."""
        label = told(as_number(value))
        if label not in self.labels:
            raise InputError(
                f"{where}reference of {self.name} is {label!r}; expected one of its levels, {', '.join(self.labels)}. "
                "Name one."
            )
        return next(each for each in self.levels if each.label == label)

    def at(self, place: Any) -> Level:
        """The level that stands in a table as ``place``: a number on the axis, or a label."""
        return next(each for each in self.levels if place in (each.at, each.label))

    def plain(self) -> dict[str, Any]:
        """As it stands in YAML."""
        if not self.key:
            levels: Any = {each.label: each.settings for each in self.levels}
        else:
            values = [each.settings[self.key] for each in self.levels]
            named = any(told(value) != each.label for value, each in zip(values, self.levels, strict=True))
            levels = {each.label: each.settings[self.key] for each in self.levels} if named else values
        said = {"key": self.key, "levels": levels, "scale": self.scale, "label": self.label}
        return {name: value for name, value in said.items() if value}


def factor(name: str, given: Any, where: str = "") -> Factor:
    """The factor of a study's YAML: a mapping of key and levels, the levels a list, or values or settings by name.

    Raises:
        InputError: names what is missing, unknown or there twice.
    """
    told_by = f"{where}factor {name!r}"
    if not isinstance(given, Mapping):
        raise InputError(f"{told_by} is {given!r}; expected key and levels, such as {{key: models.lr, levels: [0.1]}}.")
    for option in given:
        one_of(f"{told_by}: option", str(option), _OPTIONS)
    key, levels = str(given.get("key", "")), given.get("levels")
    if isinstance(levels, str):
        levels = several(levels)
    if not isinstance(levels, list | tuple | Mapping) or len(levels) < 2:
        raise InputError(f"{told_by} has levels {levels!r}; expected two or more. Name them under levels.")
    if isinstance(levels, Mapping):
        named = [(told(as_number(label)), value) for label, value in levels.items()]
    else:
        named = [(told(as_number(value)), value) for value in levels]
    labels = [label for label, _ in named]
    if len(set(labels)) < len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        raise InputError(f"{told_by} has level {twice!r} twice; expected each once. Leave one out.")
    found = tuple(Level(label, _position(label), _settings(told_by, key, label, value)) for label, value in named)
    scale = str(given.get("scale", "")) or _scale([level.at for level in found])
    one_of(f"{told_by}: scale", scale, SCALES)
    if scale != "names" and not all(math.isfinite(level.at) for level in found):
        raise InputError(f"{told_by} has scale {scale}, but levels {', '.join(labels)}; expected numbers. Say names.")
    if scale == "log" and min(level.at for level in found) <= 0:
        raise InputError(f"{told_by} has scale log and a level of 0 or less; expected linear or names. Say one.")
    if scale == "names":
        found = tuple(level._replace(at=math.nan) for level in found)
    return Factor(name, key, found, scale, str(given.get("label", "")))


def as_number(value: Any) -> Any:
    """The number that a text such as ``1e-3`` is, which YAML takes for text; anything else as it is."""
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def told(value: Any) -> str:
    """A level as people write it.

    Example:
        >>> told(0.01), told(1000), told(["y", "calendar"]), told({"class_path": "MLP", "name": "wide"})
        ('0.01', '1000', 'y+calendar', 'wide')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return "+".join(map(told, value))
    if isinstance(value, Mapping):
        return str(value.get("name") or value.get("class_path") or "+".join(f"{k}={told(v)}" for k, v in value.items()))
    return str(value)


def _settings(told_by: str, key: str, label: str, value: Any) -> dict[str, Any]:
    if key:
        return {key: as_number(value)}
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise InputError(
            f"{told_by}: level {label!r} sets {value!r}, and there is no key; expected dotted keys and their values, "
            "such as {models.lr: 0.1}, or a key beside levels."
        )
    return {name: as_number(part) for name, part in value.items()}


def _position(label: str) -> float:
    number = as_number(label)
    return float(number) if isinstance(number, int | float) else math.nan


def _scale(at: list[float]) -> str:
    if not all(map(math.isfinite, at)):
        return "names"
    return "log" if min(at) > 0 and max(at) / min(at) >= _WIDE else "linear"
