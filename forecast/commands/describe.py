"""``forecast describe``: what a person should know about their series."""

from collections.abc import Sequence
from typing import Any, Final

from datamodules.errors import InputError, at_least, one_of
from forecast.commands.parser import Parser, add_layout

_EPILOG: Final = """examples:
  forecast describe --data sales.csv
  forecast describe --data CO2 --horizon 26 --context-length 52
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Show how the data is understood, its health, its windows; for data that is refused, its duplicates and why."""
    parser = Parser(command, purpose, epilog=_EPILOG)
    add_layout(parser)
    parser.add_argument("--horizon", type=int, metavar="STEPS", help="for the windows; a season (default)")
    parser.add_argument("--context-length", type=int, metavar="STEPS", help="for the windows; taken from the data")
    parser.add_argument("--short", metavar="SHORT", help="for the windows: skip short series (default), or pad them")
    given = parser.read(arguments)
    short = str(given.get("short", "skip"))
    one_of("short", short, ("skip", "pad"))
    horizon, context_length = (_positive(given, name) for name in ("horizon", "context_length"))
    from datamodules.covariate_health import covariate_health
    from datamodules.defaults import default_context_length
    from datamodules.health import health, missing_told, window_counts
    from forecast.commands.data import read_given
    from forecast.commands.terminal import facts, frame, show

    source = read_given(given)
    try:
        panel = source.panel()
    except InputError:
        _show_duplicates(source)
        raise
    table = health(panel)
    show(facts("Data", (source.description(panel) | {"missing": missing_told(table)}).items(), ("", "")))
    covariates = covariate_health(panel)
    if len(covariates):
        show(frame("Covariates", covariates))
    show(frame("Series", table))
    horizon = horizon or panel.seasonality
    context_length = context_length or default_context_length(panel, horizon)
    counts = window_counts(panel, context_length=context_length, horizon=horizon, short=short)
    show(frame(f"Windows of context_length {context_length} and horizon {horizon}", counts))
    return 0


def _positive(given: dict[str, Any], name: str) -> int:
    """The number given, 0 for none."""
    if name in given:
        at_least(name, given[name], 1)
    return int(given.get(name, 0))


def _show_duplicates(source: Any) -> None:
    """How many rows of each series repeat another, where that is what is wrong."""
    from datamodules.health import duplicates
    from forecast.commands.terminal import frame, show

    try:
        counts = duplicates(source.table, **source.layout)
    except InputError:
        return
    if counts["duplicates"].any():
        show(frame("Series", counts))
