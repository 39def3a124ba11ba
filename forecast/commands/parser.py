"""A parser of options whose complaints are InputErrors that name the nearest option."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from datamodules.errors import InputError, did_you_mean


class Parser(argparse.ArgumentParser):
    """Options of one command; what is left out on the command line is absent from what ``read`` gives back.

    Args:
        command: as the user types it.
        purpose: first line of the help.
        epilog: what follows the options: examples.
    """

    def __init__(self, command: str, purpose: str, *, epilog: str = "") -> None:
        super().__init__(
            prog=f"forecast {command}",
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
    from forecast.config import help_texts

    texts = help_texts()
    parser.add_argument("--data", nargs="+", required=True, metavar="FILE_OR_NAME", help=texts["data"])
    for name in ("shape", "id", "time", "freq"):
        parser.add_argument(f"--{name}", metavar=name.upper(), help=texts[name])
    parser.add_argument("--target", nargs="+", metavar="NAME", help=texts["target"])
