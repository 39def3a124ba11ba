"""What differs between the configurations of two results: options, packages, machine."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pandas as pd

_SAID_ELSEWHERE: Final = ("date", "seconds", "fingerprint")  # of a provenance
_ABSENT: Final = object()


def differences(a: Mapping[str, Any], b: Mapping[str, Any], names: tuple[str, str] = ("A", "B")) -> pd.DataFrame:
    """A row per option that differs: ``option``, and a column for each of the two; empty text where one lacks it.

    Options inside others are parted by points; entries of lists go by their name or class.

    Example:
        >>> differences({"models": ["MLP"], "horizon": 2}, {"models": ["MLP", "CNN"], "horizon": 3})
               option  A    B
        0  models.CNN     yes
        1     horizon  2    3
    """
    return pd.DataFrame(list(_differing(a, b, "")), columns=["option", *names])


def origins(spec: Mapping[str, Any], provenance: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration and where it was run, as one mapping for ``differences``."""
    return {**spec, "provenance": {name: value for name, value in provenance.items() if name not in _SAID_ELSEWHERE}}


def _differing(a: Any, b: Any, option: str) -> Iterator[tuple[str, str, str]]:
    ours, theirs = _entries(a), _entries(b)
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in dict.fromkeys([*ours, *theirs]):
            inner = f"{option}.{name}" if option else name
            yield from _differing(ours.get(name, _ABSENT), theirs.get(name, _ABSENT), inner)
    elif a != b:
        yield option, _told(a), _told(b)


def _entries(value: Any) -> Any:
    """A mapping as it is; a list of names or of classes with options as a mapping; any other value as it is."""
    if isinstance(value, Mapping):
        return {str(name): each for name, each in value.items()}
    if isinstance(value, list | tuple) and any(isinstance(each, str | Mapping) for each in value):
        return dict(map(_entry, value))
    return value


def _entry(each: Any) -> tuple[str, Any]:
    """The name of a list's entry, and what is said of it."""
    if not isinstance(each, Mapping):
        return str(each), "yes"
    name = str(each.get("name") or each.get("class_path") or "")
    return name, {option: value for option, value in each.items() if option not in ("name", "class_path")} or "yes"


def _told(value: Any) -> str:
    if value is _ABSENT:
        return ""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "yes" if isinstance(value, Mapping) else str(value)
