"""The options of a class by its signature: their names, and values as the types that it wants."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

import jsonargparse

from datamodules.errors import InputError, did_you_mean

_EXPECTED: Final = re.compile(r"Expected a (?:<class '(\w+)'>|typing\.Literal(\[.*?\]))")
_WORDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a word",
    "bool": "true or false",
    "list": "a list",
    "dict": "lines of the form 'name: value'",
    "NoneType": "null",
}


def option_names(kind: Callable[..., Any], *, skip: set[str]) -> tuple[str, ...]:
    """The names of the options of a class, but for some."""
    return _parser(kind, frozenset(skip))[1]


def typed(kind: Callable[..., Any], options: Mapping[str, Any], label: str, *, skip: set[str]) -> dict[str, Any]:
    """The options as the types that the class wants.

    Args:
        kind: the class.
        options: values by name; what is left out keeps its default.
        label: what the messages call the class.
        skip: parameters of the class that are no options.

    Raises:
        InputError: for an unknown name or a value of another type.
    """
    parser, names = _parser(kind, frozenset(skip))
    for name in options:
        if name not in names:
            raise InputError(f"{label} has no option {name!r}; {did_you_mean(str(name), names)}")
    if not options:
        return {}
    try:
        found = parser.parse_object({"it": dict(options)}).as_dict()["it"]
    except jsonargparse.ArgumentError as error:
        raise InputError(f"{label}: {_complaint(str(error), options)}. Correct it.") from error
    return {name: found[name] for name in options}


def _complaint(told: str, options: Mapping[str, Any]) -> str:
    """What jsonargparse has to say, in our words: option, value, and what was expected."""
    key = re.search(r'Parser key "it\.(\w+)', told)
    wanted = [_WORDS.get(kind, "") or f"one of {choices[1:-1]}" for kind, choices in _EXPECTED.findall(told)]
    if key is None or key[1] not in options or not wanted or "one of " in wanted:
        return " ".join(told.replace('Parser key "it.', 'option "').split()).rstrip(".")
    value = options[key[1]]
    each = " each" if isinstance(value, list | tuple) and len(wanted) == 1 else ""  # what is wrong is in the list
    return f"{key[1]} is {value!r}; expected {' or '.join(dict.fromkeys(wanted))}{each}"


@cache
def _parser(kind: Callable[..., Any], skip: frozenset[str]) -> tuple[jsonargparse.ArgumentParser, tuple[str, ...]]:
    """The parser of a class's options, and their names: made once, since that takes a tenth of a second."""
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    return parser, tuple(name.removeprefix("it.") for name in parser.add_class_arguments(kind, "it", skip=set(skip)))
