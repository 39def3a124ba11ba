"""``forecast evaluate``: forecasts from any other tool, scored like a backtest."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError, at_least, one_of
from forecast.commands.parser import Parser, add_columns
from forecast.config import LAYOUT, help_texts, read_yaml
from forecast.members import known
from forecast.values import number, pairs, several

if TYPE_CHECKING:
    import pandas as pd

    from datamodules.readers import Source

_ROLES: Final = ("id", "time", "cutoff", "target")
_EPILOG: Final = """The forecasts are CSV or Parquet with the columns unique_id, ds, cutoff (the last stamp that the
model saw) and one a model, as Nixtla's libraries write them; y may be there and must then agree with the data. Bounds
of intervals are MODEL-lo-90 and MODEL-hi-90, of any number of levels. Forecasts that this toolkit wrote, wide or long,
are read too. Without cutoff, the rows of a series are one forecast from the step before its first stamp; with
--horizon H, one forecast after the other of H steps each.

examples:
  forecast evaluate --forecasts theirs.csv --data sales.csv --output runs/theirs
  forecast evaluate --forecasts theirs.csv --run runs/sales --output runs/both
  forecast evaluate --forecasts a.parquet b.parquet --data M4Hourly --baselines SeasonalNaive Theta --output runs/m4
  forecast evaluate --forecasts theirs.csv --data sales.csv --columns id=item_id time=timestamp --output runs/theirs
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Read the forecasts and the data, score them, write the folder of a backtest, show what came of it."""
    parser = Parser(
        command, purpose, epilog=_EPILOG, usage="--forecasts FILE --data FILE_OR_NAME --output DIR [options]"
    )
    _add_options(parser)
    given: dict[str, Any] = parser.read(arguments)
    output, overwrite = Path(given["output"]), bool(given.get("overwrite", False))
    horizon, seasonality = (_number(given, name) for name in ("horizon", "seasonality"))
    baselines = [name for name in several(given.get("baselines", ["SeasonalNaive"])) if name != "none"]
    for name in baselines:
        one_of("baseline", name, known("baselines"))
    told = _told(given)
    if not {"data", "run"} & given.keys():
        raise InputError("no data is named; expected those that the forecasts are of. Say them with --data, or --run.")
    from forecast.commands import folder as folders

    folders.check_writable(output)

    from forecast.commands.backtest import show_result
    from forecast.commands.terminal import progress_bar, say
    from forecast.data import layout_of
    from forecast.evaluation.scores import DEFAULT_METRICS
    from forecast.external.evaluate import evaluate
    from forecast.result import Backtest

    beside = [Backtest.load(folder) for folder in given.get("run", [])]
    stored = read_yaml(Path(given["run"][0]) / "config.yaml") if beside else {}
    source = _source(given, stored)
    panel = source.panel()
    frames = [_read(name, told, source) for name in given["forecasts"]]
    columns = _columns(told, source, frames[0])
    spec: dict[str, Any] = {
        "data": _one(given.get("data") or stored["data"]),
        **layout_of(source),
        "forecasts": given["forecasts"],
        "digests": [hashlib.sha256(Path(name).read_bytes()).hexdigest()[:16] for name in given["forecasts"]],
        **{name: given[name] for name in ("run", "models", "refit") if name in given},
        **({"columns": {role: list(names) for role, names in columns.items()}} if columns else {}),
        "baselines": baselines,
        "metrics": several(given.get("metrics", list(DEFAULT_METRICS))),
        "common": bool(given.get("common", False)),
    }
    if not overwrite:
        folders.refuse_another(output, spec, panel.fingerprint())
    with progress_bar() as progress:
        result = evaluate(
            frames,
            panel,
            beside=beside,
            baselines=baselines,
            columns=columns,
            models=several(given.get("models", ())),
            horizon=horizon,
            refit=_refit(given.get("refit", "never")),
            seasonality=seasonality,
            metrics=spec["metrics"],
            common=spec["common"],
            progress=progress,
            spec=spec,
        )
    board = result.leaderboard()
    folders.prepare(output, result.spec, panel.fingerprint(), overwrite=overwrite)
    result.save(output)
    for note in dict.fromkeys(note for note in result.runs.loc[result.runs["kind"] == "external", "note"] if note):
        say(note)
    show_result(result)
    say(f"report: {output / 'report.html'}")
    return 0 if len(board) else 1


def _add_options(parser: Parser) -> None:
    texts = help_texts()
    parser.add_argument(
        "--forecasts", nargs="+", required=True, metavar="FILE", help="tables of forecasts, CSV or Parquet"
    )
    parser.add_argument("--data", nargs="+", metavar="FILE_OR_NAME", help=f"{texts['data']}; that of --run")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--overwrite", action="store_true", help="start anew in a folder that holds another result")
    parser.add_argument(
        "--run", nargs="+", metavar="DIR", help="folders of finished backtests on the same data, whose models join in"
    )
    parser.add_argument("--models", nargs="+", metavar="COLUMN", help="columns of the forecasts that count; all")
    parser.add_argument(
        "--baselines",
        nargs="+",
        metavar="NAME",
        help="baselines that forecast from the same cutoffs, or none; those already there are left out "
        "(default: SeasonalNaive)",
    )
    parser.add_argument(
        "--refit", metavar="never|always|K", help=f"of the baselines: {texts['refit']} (default: never)"
    )
    parser.add_argument("--seasonality", metavar="STEPS", help=texts["seasonality"])
    parser.add_argument("--metrics", nargs="+", metavar="NAME", help=texts["metrics"])
    parser.add_argument("--common", action="store_true", help="score only the rows that all have, where some lack rows")
    theirs = parser.add_argument_group("how the forecasts are laid out")
    theirs.add_argument(
        "--columns",
        nargs="+",
        metavar="ROLE=NAME",
        help="columns of the forecasts that are not called unique_id, ds, cutoff and y, nor as in the data: id=item_id",
    )
    theirs.add_argument("--cutoff", metavar="NAME", help="column with the last stamp that the model saw")
    theirs.add_argument("--horizon", metavar="STEPS", help="steps of each forecast, where there is no column cutoff")
    add_columns(parser, (*LAYOUT, "data_dir"))


def _number(given: Mapping[str, Any], name: str) -> int:
    """The whole number of an option, at least 1; 0 where it was not given."""
    if name not in given:
        return 0
    value: int = number(
        given[name], int, InputError(f"{name} is {given[name]!r}; expected a whole number. Correct it.")
    )
    at_least(name, value, 1)
    return value


def _refit(value: str) -> str | int:
    if value in ("never", "always"):
        return value
    if not (value.isdigit() and int(value)):
        raise InputError(f"refit is {value!r}; expected never, always or a number of folds from 1. Say one.")
    return int(value)


def _told(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The columns of the forecasts that were named for them, by role."""
    named = pairs("columns", given["columns"]) if "columns" in given else {}
    for role in named:
        one_of("role of a column", role, _ROLES)
    told = {role: tuple(several(names)) for role, names in named.items()}
    return told | ({"cutoff": (given["cutoff"],)} if "cutoff" in given else {})


def _read(name: str, told: Mapping[str, tuple[str, ...]], source: "Source") -> "pd.DataFrame":
    """One table of forecasts; names of series stay text."""
    from datamodules.door.tables import read_table
    from forecast.external.columns import FIELD

    return read_table(Path(name), {"id": (*told.get("id", ()), *FIELD["id"], *_names(source, "id"))})


def _columns(
    told: Mapping[str, tuple[str, ...]], source: "Source", frame: "pd.DataFrame"
) -> dict[str, tuple[str, ...]]:
    """The columns of the forecasts by role: as told, or as in the data where the field's own names are not there."""
    from forecast.external.columns import FIELD

    found = dict(told)
    for role in ("id", "time", "target"):
        names = _names(source, role)
        if role not in told and names and not {*FIELD[role]} & {*frame.columns} and {*names} <= {*frame.columns}:
            found[role] = names
    return found


def _names(source: "Source", role: str) -> tuple[str, ...]:
    """The columns of the data with that role."""
    layout: dict[str, Any] = {**source.layout}
    return tuple(several(layout.get(role, ())))


def _source(given: Mapping[str, Any], stored: Mapping[str, Any]) -> "Source":
    """The data that the options name, or those of the first run."""
    from forecast.commands.data import read_given

    names = (*LAYOUT, "data_dir")
    told = {} if "data" in given else {name: stored[name] for name in names if name in stored}
    told |= {name: given[name] for name in names if name in given}
    return read_given({**told, "data": given["data"] if "data" in given else several(stored["data"])})


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value
