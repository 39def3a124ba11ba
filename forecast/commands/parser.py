"""A parser of options whose complaints are InputErrors that name the nearest option."""

import argparse
import typing
from collections.abc import Sequence
from typing import Any, NoReturn

from datamodules.errors import InputError, did_you_mean
from datamodules.features import Features
from datamodules.preparation import Preparation
from forecast.config import LAYOUT, BacktestConfig, help_texts


class Parser(argparse.ArgumentParser):
    """Options of one command; what is left out on the command line is absent from what ``read`` gives back.

    Args:
        command: as the user types it.
        purpose: first line of the help.
        epilog: what follows the options: examples.
        usage: what follows the command in the first line; all options when empty.
    """

    def __init__(self, command: str, purpose: str, *, epilog: str = "", usage: str = "") -> None:
        super().__init__(
            prog=f"forecast {command}",
            usage=f"forecast {command} {usage}" if usage else None,
            description=f"{purpose[0].upper()}{purpose[1:]}.",
            epilog=epilog,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def read(self, arguments: Sequence[str]) -> dict[str, object]:
        """The options given, by name; raises InputError."""
        found, rest = self.parse_known_args(arguments)
        if rest:
            word = rest[0].partition("=")[0]
            if not word.startswith("-"):
                raise InputError(f"{word!r} is one word too many; see '{self.prog} --help'.")
            options = [name for action in self._actions for name in action.option_strings]
            raise InputError(f"option {word!r} is not known; {did_you_mean(word, options)}")
        return vars(found)

    def error(self, message: str) -> NoReturn:
        """Raise InputError instead of printing the usage."""
        raise InputError(f"{message}; see '{self.prog} --help'.")


def add_layout(parser: Parser) -> None:
    """The options that say which data, and how its table is laid out."""
    parser.add_argument("--data", nargs="+", required=True, metavar="FILE_OR_NAME", help=help_texts()["data"])
    add_columns(parser, (*LAYOUT, "data_dir"))


def add_columns(parser: Parser, names: Sequence[str] = LAYOUT) -> None:
    """The options of these names that say how a table is laid out."""
    texts = help_texts()
    for name in names:
        several: dict[str, Any] = {"nargs": "+"} if isinstance(getattr(BacktestConfig, name), tuple) else {}
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=name.upper(), help=texts[name], **several)


def add_preparation(parser: Parser) -> None:
    """The options that say what networks see of the data, in a group of their own."""
    group = parser.add_argument_group("what networks see of the data")
    for kind in (Preparation, Features):
        kinds, defaults = typing.get_type_hints(kind), kind()
        for name, text in help_texts(kind).items():
            if name in ("features", "short"):
                continue
            default = getattr(defaults, name)
            shown = f" (default: {default})" if isinstance(default, str) and default else ""
            options: dict[str, Any] = {"help": text + shown, "metavar": name.upper()}
            if kinds[name] is bool:
                options |= {"nargs": "?", "const": "true"}
            elif kinds[name] is not str:
                options["nargs"] = "+"
            group.add_argument(f"--{name.replace('_', '-')}", **options)


def take_preparation(options: dict[str, Any]) -> dict[str, Any]:
    """The options, with those of ``add_preparation`` moved to where a configuration has them."""
    names = [name for name in help_texts(Preparation) if name not in ("features", "short")]
    prepare = {name: options[name] for name in names if name in options}
    features = {name: options[name] for name in help_texts(Features) if name in options}
    rest = {name: value for name, value in options.items() if name not in (*prepare, *features)}
    prepare |= {"features": features} if features else {}
    return rest | ({"prepare": prepare} if prepare else {})
