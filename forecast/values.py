"""Values from YAML, or text from the command line, as the types of the options that they are for."""

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from datamodules.errors import InputError, did_you_mean


def options_of(kind: Any, given: Mapping[str, Any], where: str = "", what: str = "option") -> dict[str, Any]:
    """The values given for the fields of a dataclass, each as the type of its field; what is left out stays out.

    Args:
        kind: the dataclass.
        given: values by name.
        where: the file they are from, for the messages.
        what: an option is called, for the messages.

    Raises:
        InputError: names the option that is unknown or of the wrong kind.
    """
    kinds = typing.get_type_hints(kind)
    for name in given:
        if name not in kinds:
            raise InputError(f"{where}{what} {str(name)!r} is not known; {did_you_mean(str(name), kinds)}")
    return {name: value_of(kinds[name], name, value, where) for name, value in given.items()}


def value_of(kind: Any, name: str, value: Any, where: str = "") -> Any:
    """A value as ``kind``: a word, number, true or false, tuple of words or numbers, mapping, or dataclass."""

    def wrong(expected: str) -> InputError:
        return InputError(f"{where}{name} is {value!r}; expected {expected}. Correct it.")

    if isinstance(kind, type) and is_dataclass(kind):
        if isinstance(value, kind):
            return value
        return kind(**options_of(kind, pairs(name, value, where), where, f"{name} option"))
    if kind is bool:
        words = {"true": True, "yes": True, "false": False, "no": False}
        if str(value).casefold() not in words:
            raise wrong("true or false")
        return words[str(value).casefold()]
    if kind in (int, float):
        return number(value, kind, wrong("a whole number" if kind is int else "a number"))
    if kind is str or isinstance(kind, types.UnionType):
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            raise wrong("a word")
        return str(value)
    if typing.get_origin(kind) is dict:
        return pairs(name, value, where)
    element = typing.get_args(kind)[0]
    parts = several(value)
    if element in (int, float):
        return tuple(number(part, element, wrong(f"numbers such as {_EXAMPLES[element]}")) for part in parts)
    if not all(isinstance(part, str | int) for part in parts):
        raise wrong("names")
    return tuple(str(part) for part in parts)


_EXAMPLES = {int: "24 168", float: "0.1 0.9"}


def pairs(name: str, value: Any, where: str = "") -> dict[str, Any]:
    """A mapping as it is, or from texts ``name=value``."""
    if isinstance(value, Mapping):
        return dict(value)
    texts = value if isinstance(value, list | tuple) else [value]
    if not texts or not all(isinstance(text, str) and "=" in text for text in texts):
        raise InputError(f"{where}{name} is {value!r}; expected lines of the form 'name: value'. Correct it.")
    named = [text.partition("=") for text in texts]
    found = {key: part for key, _, part in named}
    if len(found) < len(named):
        again = next(key for place, (key, _, _) in enumerate(named) if key in {each for each, _, _ in named[:place]})
        raise InputError(f"{where}{name} names {again!r} twice; expected each once. Leave one out.")
    return found


def number(value: Any, kind: type, error: InputError) -> Any:
    """The value as a whole number or a float; raises ``error``."""
    if isinstance(value, bool) or (isinstance(value, float) and kind is int and value != int(value)):
        raise error
    try:
        return kind(value)
    except (TypeError, ValueError) as cause:
        raise error from cause


def several(value: Any) -> list[Any]:
    """A list as it is; one value as a list of one; commas part text."""
    parts = value if isinstance(value, list | tuple) else [value]
    return [word for part in parts for word in (part.split(",") if isinstance(part, str) else [part]) if word != ""]


def plain(value: Any) -> Any:
    """A value as it stands in YAML: lists for tuples, a mapping of what differs from the defaults for a dataclass."""
    if is_dataclass(value) and not isinstance(value, type):
        given = {each.name: getattr(value, each.name) for each in fields(value)}
        usual = type(value)()
        return {name: plain(part) for name, part in given.items() if part != getattr(usual, name)}
    if isinstance(value, tuple | list):
        return [plain(part) for part in value]
    return {name: plain(part) for name, part in value.items()} if isinstance(value, Mapping) else value
