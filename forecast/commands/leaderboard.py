"""``forecast leaderboard``: the leaderboard of a finished backtest, to read or to paste."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from datamodules.errors import one_of
from forecast.commands.parser import Parser

_FORMATS: Final = ("table", "csv", "markdown", "latex")
_EPILOG: Final = """examples:
  forecast leaderboard runs/co2
  forecast leaderboard runs/co2 --format latex > co2.tex
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Print the leaderboard, and where it is read on a terminal also the verdict."""
    parser = Parser(command, purpose, epilog=_EPILOG, usage="DIR [--format FORMAT]")
    parser.add_argument("folder", metavar="DIR", help="folder that 'forecast backtest' wrote")
    parser.add_argument("--format", metavar="FORMAT", help=f"{', '.join(_FORMATS[:-1])} or latex (default: table)")
    given = parser.read(arguments)
    kind = str(given.get("format", "table"))
    one_of("format", kind, _FORMATS)
    from forecast.commands.terminal import grid, say, show
    from forecast.result import Backtest

    result = Backtest.load(Path(str(given["folder"])))
    if kind == "table":
        shown = result.board_grid()
        show(grid("Leaderboard", shown))
        for line in shown.lines:
            if line.message:
                say(f"{line.cells[0].text} failed: {line.message}")
        say(result.verdict())
        return 0
    texts = {"markdown": result.to_markdown, "latex": result.to_latex}
    sys.stdout.write(texts[kind]() if kind in texts else result.leaderboard().to_csv(index=False))
    return 0
