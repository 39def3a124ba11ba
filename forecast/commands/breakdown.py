"""``forecast breakdown``: where each model of a finished backtest is good and bad."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from datamodules.errors import InputError, one_of
from forecast.commands.parser import Parser

if TYPE_CHECKING:
    import pandas as pd

    from forecast.result import Backtest

_EPILOG: Final = """Groups there are, as far as the data have them: step, cutoff, unique_id and target; minute, hour,
weekday, weekend, month, quarter and year of the value that is forecast; static columns; level_decile and
volatility_decile of the series before the first cutoff. Without --by, those of this backtest are listed.

examples:
  forecast breakdown runs/co2
  forecast breakdown runs/co2 --by month --metric mae
  forecast breakdown runs/shops --by region --output regions.tex
"""
_ENDINGS: Final = (".csv", ".md", ".tex")


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Print a metric by group and model, and in how many of the groups each model is best; or write it to a file."""
    parser = Parser(command, purpose, epilog=_EPILOG, usage="DIR [--by GROUPS] [--metric NAME] [--output FILE]")
    parser.add_argument("folder", metavar="DIR", help="folder that 'forecast backtest' wrote")
    parser.add_argument("--by", metavar="GROUPS", help="what to group by, such as step, weekday or a static column")
    parser.add_argument("--metric", metavar="NAME", help="metric (default: the one that orders the leaderboard)")
    parser.add_argument("--output", metavar="FILE", help="table to write, .csv, .md or .tex")
    given = {name: str(value) for name, value in parser.read(arguments).items()}
    output = Path(given.get("output", ""))
    if "output" in given:
        _check_output(output, "by" in given)
    from forecast.evaluation.metrics import named
    from forecast.result import Backtest

    metric = given.get("metric", "")
    named([metric] if metric else [])
    result = Backtest.load(Path(given["folder"]))
    groups = result.groups()
    if not groups:
        left = "a single value was forecast" if len(result.table) else "no model forecast anything"
        raise InputError(f"{given['folder']} has nothing to break down: {left}. Run a backtest of more, and name that.")
    if "by" not in given:
        return _list(result, groups, metric)
    one_of("by", given["by"], groups)
    return _show(result, given["by"], metric or result.deciding_metric, output if "output" in given else None)


def _show(result: "Backtest", by: str, metric: str, output: Path | None) -> int:
    from forecast.commands.terminal import frame, grid, say, show
    from forecast.evaluation.metrics import direction
    from forecast.report.matrix import matrix

    found = result.breakdown(by, metric)
    if output:
        _write(found, by, metric, output)
        say(f"breakdown: {output}")
        return 0
    show(grid(f"{metric} by {by}", matrix(found, by)))
    for reason in dict.fromkeys(text for text in found["undefined"] if text):
        say(f"not defined in some groups: {reason}")
    if direction(metric) and found["model"].nunique() > 1:
        show(frame(f"Share of the groups in which a model is best in {metric}", result.wins(by, metric)))
    return 0


def _list(result: "Backtest", groups: tuple[str, ...], metric: str) -> int:
    from forecast.commands.terminal import facts, show
    from forecast.evaluation.metrics import direction

    metric = metric or result.deciding_metric
    compared = direction(metric) and result.table["model"].nunique() > 1
    rows = []
    for by in groups:
        count = str(result.breakdown(by, metric)["group"].nunique())
        rows.append((by, count, _best(result.wins(by, metric)) if compared else ""))
    show(facts("What --by can be", rows, ("by", "groups", f"best most often ({metric})")))
    return 0


def _best(wins: "pd.DataFrame") -> str:
    """The models that are best in most groups, and in which share of them."""
    most = wins["best"].max()
    names = wins.loc[wins["best"] == most, "model"].tolist()
    return f"{' and '.join(names)}, in {most:.0%} of them{' each' if len(names) > 1 else ''}" if names else ""


def _check_output(path: Path, has_groups: bool) -> None:
    from forecast.commands.folder import check_writable

    if not has_groups:
        raise InputError("output was given without by; expected what to group by, such as --by step. Say it.")
    if path.suffix.lower() not in _ENDINGS:
        raise InputError(f"output {path} ends in {path.suffix!r}; expected one of {', '.join(_ENDINGS)}. Rename it.")
    if path.is_dir():
        raise InputError(f"output {path} is a folder; expected a file. Name one in it.")
    check_writable(path.parent)


def _write(found: "pd.DataFrame", by: str, metric: str, path: Path) -> None:
    from forecast.report.matrix import matrix
    from forecast.report.typeset import latex, markdown

    ending = path.suffix.lower()
    if ending == ".csv":
        text = found.assign(by=by, metric=metric).to_csv(index=False)
    else:
        shown = matrix(found, by)
        text = markdown(shown) if ending == ".md" else latex(shown, f"{metric} by {by}")
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
