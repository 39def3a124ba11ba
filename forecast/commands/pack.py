"""``forecast pack``: files larger than memory become a store that is mapped and not read."""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from datamodules.errors import at_least
from forecast.commands.folder import check_writable
from forecast.commands.parser import Parser, add_columns
from forecast.config import LAYOUT, BacktestConfig

_EPILOG: Final = """examples:
  forecast pack sales.csv --output store
  forecast pack 2022.parquet 2023.parquet --output store --known price --static region
  forecast backtest --data store --horizon 14
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Read the files twice, some rows at a time, and write the store."""
    parser = Parser(command, purpose, epilog=_EPILOG)
    parser.add_argument("files", nargs="+", metavar="FILE", help="CSV or Parquet files of one layout, or folders")
    parser.add_argument(
        "--output", required=True, metavar="FOLDER", help="store to write; one that is there is replaced"
    )
    parser.add_argument("--chunk", type=int, metavar="ROWS", help="rows in memory at a time (default: 262144)")
    add_columns(parser, [name for name in LAYOUT if name != "static_table"])
    given: dict[str, Any] = parser.read(arguments)
    chunk = given.get("chunk", 2**18)
    at_least("chunk", chunk, 1)
    told = {name: value for name, value in given.items() if name in LAYOUT}
    layout = BacktestConfig.of({**told, "data": given["files"], "horizon": 1}).layout
    output = Path(given["output"])
    check_writable(output.parent)
    from datamodules.large.pack import pack
    from forecast.commands.terminal import say, warn

    panel, rounded = pack(given["files"], output, chunk=chunk, progress=_progress(), **layout)
    say(f"{panel.n_series:,} series, {len(panel.target):,} rows, frequency {panel.clock.freq}")
    if rounded:
        warn(
            f"{rounded:,} numbers are rounded, since a store holds float32: whole ones beyond 16,777,216 to seven "
            "digits, and what is below 1e-45 to 0"
        )
    say(f"store: {output}")
    return 0


def _progress() -> Callable[[str, int], None]:
    """Says on a terminal, at most twice a second, how far the reading is."""
    shown = 0.0

    def progress(reading: str, rows: int) -> None:
        nonlocal shown
        if sys.stderr.isatty() and time.monotonic() > shown + 0.5:
            shown = time.monotonic()
            sys.stderr.write(f"\r{reading} reading: {rows:,} rows")
            sys.stderr.flush()

    return progress
