"""``forecast predict``: a checkpoint and a file of series are enough."""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError, at_least
from forecast.commands.parser import Parser, add_layout

if TYPE_CHECKING:
    import pandas as pd

_ENDINGS: Final = (".csv", ".parquet")
_EPILOG: Final = """examples:
  forecast predict --checkpoint best.ckpt --data sales.csv --output forecast.csv
  forecast predict --checkpoint best.ckpt --data sales.csv --cutoff 2024-06-30 --output forecast.parquet --wide
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Forecast from the end of each series, or from the cutoffs, and write the forecast table."""
    parser = Parser(command, purpose, epilog=_EPILOG)
    parser.add_argument("--checkpoint", required=True, metavar="FILE", help="what 'forecast fit' wrote")
    parser.add_argument("--output", required=True, metavar="FILE", help="table to write, .csv or .parquet")
    add_layout(parser)
    parser.add_argument("--horizon", type=int, metavar="STEPS", help="steps ahead; as trained (default), or fewer")
    parser.add_argument(
        "--cutoff", nargs="+", metavar="STAMP", help="last stamps to be seen; each series' end (default)"
    )
    parser.add_argument(
        "--levels", nargs="+", type=float, metavar="LEVEL", help="quantile levels; those trained (default)"
    )
    parser.add_argument("--wide", action="store_true", help="a column a model and bound instead of the long table")
    given: dict[str, Any] = parser.read(arguments)
    if "horizon" in given:
        at_least("horizon", given["horizon"], 1)
    output = Path(given["output"])
    _check_output(output)
    from datamodules.split import cutoffs_at, last_cutoffs
    from forecast.checkpoint import read
    from forecast.commands.data import check_freq, read_to_predict
    from forecast.commands.terminal import say, warn
    from forecast.neural import NeuralForecaster
    from forecast.table import stacked, to_wide

    module, freq, layout = read(given["checkpoint"])
    panel = read_to_predict(given, layout, freq)
    check_freq(panel, freq, given["checkpoint"])
    cutoffs = cutoffs_at(panel, given["cutoff"]) if "cutoff" in given else last_cutoffs(panel)
    if (cutoffs < 0).all():
        raise InputError(f"no series has begun and not ended at cutoff {', '.join(given['cutoff'])}. Name another.")
    levels = given.get("levels", [level for level in module.head.levels if level != 0.5])
    forecaster, horizon = NeuralForecaster(module), given.get("horizon", module.dims.horizon)
    table = stacked([forecaster.predict(chunk.panel, chunk.rows(cutoffs), horizon, levels) for chunk in panel.chunks()])
    _write(to_wide(table) if given.get("wide") else table, output)
    if forecaster.notes.get("note"):
        warn(forecaster.notes["note"])
    say(f"forecasts: {output}")
    return 0


def _check_output(path: Path) -> None:
    """Raise InputError unless a table can be written there."""
    from forecast.commands.folder import check_writable

    if path.suffix.lower() not in _ENDINGS:
        raise InputError(f"output {path} ends in {path.suffix!r}; expected one of {', '.join(_ENDINGS)}. Rename it.")
    if path.is_dir():
        raise InputError(f"output {path} is a folder; expected a file. Name one in it.")
    check_writable(path.parent)


def _write(table: "pd.DataFrame", path: Path) -> None:
    """Write the table under a temporary name and rename it, so that it is never half there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        if path.suffix.lower() == ".csv":
            table.to_csv(unfinished, index=False)
        else:
            table.to_parquet(unfinished, index=False)
        Path(unfinished).chmod(0o644)
        Path(unfinished).replace(path)
    finally:
        Path(unfinished).unlink(missing_ok=True)
