"""``forecast list``: one line each, from the docstrings, and from the questions of studies."""

from collections.abc import Callable, Sequence
from typing import Final

from datamodules.errors import one_of
from datamodules.find import Entry, catalog
from forecast.commands.parser import Parser

_PACKAGES: Final = {
    "models": ("forecast.models", "ForecastModule"),
    "baselines": ("forecast.baselines", "Baseline"),
    "data": ("datamodules", "Dataset"),
}


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Print the names of one kind and what they are."""
    kinds = [*_PACKAGES, *_OTHERS]
    parser = Parser(command, purpose, epilog="example:\n  forecast list metrics")
    parser.add_argument("kind", help=f"one of {', '.join(kinds)}")
    kind = str(parser.read(arguments)["kind"])
    one_of("list", kind, kinds)
    lines = _OTHERS[kind]() if kind in _OTHERS else {name: _line(each) for name, each in _catalog(kind).items()}
    from forecast.commands.terminal import say

    width = max(map(len, lines))
    for name, line in lines.items():
        say(f"{name:<{width}}  {line}")
    return 0


def _catalog(kind: str) -> dict[str, Entry]:
    return catalog(*_PACKAGES[kind])


def _line(entry: Entry) -> str:
    return f"{entry.summary} (extra {entry.extra})" if entry.extra else entry.summary


def _metrics() -> dict[str, str]:
    from forecast.evaluation.metrics import all_metrics

    return {name: (metric.__doc__ or "").partition("\n")[0] for name, metric in all_metrics().items()}


def _studies() -> dict[str, str]:
    from forecast.config import read_yaml
    from forecast.study.shipped import shipped

    return {name: str(read_yaml(path).get("question", "")) for name, path in shipped().items()}


_OTHERS: Final[dict[str, Callable[[], dict[str, str]]]] = {"metrics": _metrics, "studies": _studies}
