"""``forecast report``: the report again, from the stored tables."""

from collections.abc import Sequence
from pathlib import Path

from forecast.commands.parser import Parser


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Write report.html in the folder of a finished backtest again."""
    parser = Parser(command, purpose, epilog="example:\n  forecast report runs/co2")
    parser.add_argument("folder", metavar="DIR", help="folder that 'forecast backtest' wrote")
    folder = Path(str(parser.read(arguments)["folder"]))
    from forecast.commands.folder import check_writable
    from forecast.commands.terminal import say
    from forecast.result import Backtest

    result = Backtest.load(folder)
    check_writable(folder)
    say(f"report: {result.report(folder / 'report.html')}")
    return 0
