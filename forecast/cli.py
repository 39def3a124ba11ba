"""The ``forecast`` command: what there is to do, and who does it; nothing else is imported before one is chosen."""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from datamodules.errors import InputError, one_of

COMMANDS: Final = {  # command -> (module of forecast.commands, what it is for)
    "backtest": (
        "backtest",
        "the main job: networks and baselines on the same rows, a leaderboard, a verdict, a report",
    ),
    "tune": ("tune", "better options of one network, searched inside the training part, and what that was worth"),
    "study": (
        "study",
        "what a choice does: learning rate, size, activation, features ... every level on the same rows",
    ),
    "merge": ("merge", "the parts that 'backtest --shard' left in one folder or several, as one result"),
    "describe": ("describe", "what a person should know about their series before any model sees them"),
    "pack": ("pack", "files larger than memory into a store, which every command takes as data"),
    "audit": ("audit", "prove that nothing after a cutoff reaches a forecast: the pipeline again, its future garbage"),
    "evaluate": ("evaluate", "forecasts from any other tool in the same leaderboard, tests and report"),
    "compare": ("compare", "two finished backtests on the same rows, with the same tests, and what differs"),
    "leaderboard": ("leaderboard", "the leaderboard of a finished backtest as a table, CSV, Markdown or LaTeX"),
    "breakdown": ("breakdown", "a metric of a finished backtest by step, cutoff, series, weekday, static column ..."),
    "report": ("report", "write the report of a finished backtest again, without training"),
    "list": ("listing", "the models, baselines, data sets, metrics or studies there are, a line each"),
    "fit": ("lightning", "train one network and keep its checkpoint (LightningCLI)"),
    "validate": ("lightning", "its loss on the validation part"),
    "test": ("lightning", "its loss on the test part"),
    "predict": ("predict", "forecast a file of series with a checkpoint"),
    "doctor": ("doctor", "versions, devices, threads and memory, and whether anything stands in the way"),
}
_HELP: Final = """usage: forecast COMMAND [options]

Will a neural network forecast these series better than simple statistics?

commands:
{commands}

examples:
  forecast backtest --data sales.csv --horizon 14
  forecast backtest --data CO2 --horizon 26 --models MLP LSTM --baselines all --output runs/co2

'forecast COMMAND --help' explains the options of a command; --version says which version this is.
"""


# How long torch's threads wait by spinning before they sleep. On a busy machine its default makes small networks train
# ten times slower and more, no spinning at all makes them three times slower on an idle one. This is as fast as the
# default on an idle machine and several times faster than it on a busy one.
_SPINS = "10000"


_NO_PLACE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 for a mistake in what the user gave, 130 when interrupted."""
    os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)
    try:
        code = _dispatch(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
        return code
    except InputError as error:
        sys.stderr.write(f"forecast: error: {' '.join(str(error).split())}\n")
        return 2
    except KeyboardInterrupt:
        return _interrupted()
    except SystemExit as stop:  # so Lightning's Trainer ends when it is interrupted
        if isinstance(stop.__context__, KeyboardInterrupt):
            return _interrupted()
        raise
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise
        sys.stderr.write(f"forecast: error: {error.filename or 'the output'} cannot be written: {error.strerror}.\n")
        return 2


def _interrupted() -> int:
    kept = "; finished parts are kept" if sys.argv[1:2] in (["backtest"], ["study"], ["tune"]) else ""
    sys.stderr.write(f"forecast: interrupted{kept}.\n")
    return 130


def _dispatch(argv: list[str]) -> int:
    if not argv or argv[0] in ("-h", "--help", "help"):
        width = max(map(len, COMMANDS))
        lines = (f"  {name:<{width}}  {purpose}" for name, (_, purpose) in COMMANDS.items())
        sys.stdout.write(_HELP.format(commands="\n".join(lines)))
        return 0
    if argv[0] == "--version":
        from importlib.metadata import version

        sys.stdout.write(f"forecast-toolkit {version('forecast-toolkit')}\n")
        return 0
    command, *rest = argv
    one_of("option" if command.startswith("-") else "command", command, COMMANDS)
    module, purpose = COMMANDS[command]
    return int(import_module(f"forecast.commands.{module}").run(command, purpose, rest))
