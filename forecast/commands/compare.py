"""``forecast compare``: two finished backtests on the same rows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from datamodules.errors import InputError
from forecast.commands.parser import Parser

_EPILOG: Final = """The models of both take part under the name of their run, such as A:LSTM and B:LSTM; one that
forecasts the same in both, to the last bit, stands there once.

examples:
  forecast compare runs/sales runs/sales-with-weather
  forecast compare runs/before runs/after --common --output runs/before-after
"""
_MOST_SHOWN: Final = 30


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Compare, show the leaderboard of both, the tests, what differs and the finding; write them on request."""
    parser = Parser(command, purpose, epilog=_EPILOG, usage="RUN_A RUN_B [options]")
    parser.add_argument("runs", nargs=2, metavar="DIR", help="folders that 'forecast backtest' or 'evaluate' wrote")
    parser.add_argument("--names", nargs=2, metavar="NAME", help="what to call the two (default: A B)")
    parser.add_argument("--common", action="store_true", help="compare only the rows that both have")
    parser.add_argument(
        "--output", metavar="DIR", help="folder for comparison.csv, differences.csv, and all that a backtest writes"
    )
    parser.add_argument("--overwrite", action="store_true", help="start anew in a folder that holds another result")
    given: dict[str, Any] = parser.read(arguments)
    names = tuple(given.get("names", ("A", "B")))
    if len(set(names)) < 2 or any(":" in name or not name for name in names):
        raise InputError(f"names are {' and '.join(map(repr, names))}; expected two words without ':'. Correct them.")
    from forecast.commands import folder as folders

    output = Path(given["output"]) if "output" in given else None
    if output is not None:
        folders.check_writable(output)

    from forecast.commands.backtest import show_result
    from forecast.commands.terminal import frame, say, show
    from forecast.comparing.compare import compare
    from forecast.result import Backtest

    a, b = (Backtest.load(folder) for folder in given["runs"])
    spec = {"runs": dict(zip(names, map(str, given["runs"]), strict=True))}
    found = compare(a, b, names=(names[0], names[1]), common=bool(given.get("common", False)), spec=spec)
    if output is not None:
        overwrite = bool(given.get("overwrite", False))
        folders.prepare(output, found.spec, found.provenance["fingerprint"], overwrite=overwrite)
        found.save(output)
    if len(found.differences):
        show(frame("What differs", found.differences.head(_MOST_SHOWN)))
    if len(found.pairs):
        show(frame("Pairs", found.pairs[[name for name in found.pairs if (found.pairs[name] != "").any()]]))
    show_result(found)
    if output is not None:
        say(f"comparison: {output / 'comparison.csv'}\nreport: {output / 'report.html'}")
    return 0
