"""``forecast backtest``: the main job."""

import argparse
import hashlib
import json
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError
from forecast.commands.engines import ENGINE, add_engine, engine_of
from forecast.commands.parser import Parser, add_preparation, take_preparation
from forecast.config import LAYOUT, BacktestConfig, help_texts, read_config, read_yaml

if TYPE_CHECKING:
    from forecast.result import Backtest

_EPILOG: Final = """examples:
  forecast backtest --data sales.csv --horizon 14
  forecast backtest --data CO2 --horizon 26 --models MLP LSTM --baselines all --folds 8 --output runs/co2
  forecast backtest --data shops.csv --horizon 14 --past footfall --known price,holiday --static region --short pad
  forecast backtest --data bikes.csv --horizon 24 --past temp --calendar hour --feature-sets A=y B=y,temp,calendar
  forecast backtest --config runs/co2/config.yaml --output runs/again
  forecast backtest --data sales.csv --horizon 14 --seeds 5 --workers 4
  forecast backtest --data sales.csv --horizon 14 --output runs/s --shard 3/20   # and others; forecast merge runs/s
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Read the options, run the backtest, write its folder, show what came of it."""
    parser = options_parser(command, purpose, _EPILOG)
    parser.add_argument("--output", metavar="DIR", help="folder for the results (default: runs/DATA-HORIZON-DIGEST)")
    parser.add_argument("--overwrite", action="store_true", help="start anew in a folder that holds another backtest")
    add_engine(parser)
    given = parser.read(arguments)
    flags = dict(given)
    output, overwrite = Path(str(flags.pop("output", ""))), bool(flags.pop("overwrite", False))
    by: dict[str, object] = {name: flags.pop(name) for name in ENGINE if name in flags}
    config = config_of(flags)
    engine, shard = engine_of(by)
    from forecast.commands import folder as folders

    if "output" in given:
        folders.check_writable(output)

    from forecast.commands.job import carry_out, job
    from forecast.commands.terminal import say, show

    ready = job(config)
    show(chosen(ready.data, ready.resolved.config, ready.resolved.reasons))
    folder = output if "output" in given else default_folder(ready.spec, ready.fingerprint)
    folders.check_writable(folder)
    folders.prepare(folder, ready.spec, ready.fingerprint, overwrite=overwrite)
    result = carry_out(ready, folder, engine, shard=shard)
    if shard:
        folders.write_shard(folder, result.provenance)
        say(_shard_told(result, folder))
        return 0 if len(result.table) or not len(result.runs) else 1
    result.save(folder)
    show_result(result)
    say(f"report: {folder / 'report.html'}")
    return 0 if len(result.table) else 1


def _shard_told(result: "Backtest", folder: Path) -> str:
    failed = [run for run in result.runs.to_dict("records") if run["error"]]
    said = f"shard {result.provenance['shard']}: {len(result.runs) - len(failed)} of {len(result.runs)} arms are done"
    reasons = [f"{run['model']}, seed {run['seed']}, fold {run['fold'] + 1} failed: {run['error']}" for run in failed]
    return "\n".join([*reasons, said, f"parts: {folder / 'parts'}; when all shards are: forecast merge {folder}"])


def config_of(given: Mapping[str, object]) -> BacktestConfig:
    """The configuration that the options of ``options_parser`` say, those of a file among them; raises InputError."""
    file, options = options_given(given)
    return read_config(file, options) if file else BacktestConfig.of(options)


def options_given(given: Mapping[str, object]) -> tuple[str, dict[str, Any]]:
    """The file that is named as configuration, if any, and what the other options say, as a configuration has it."""
    flags = dict(given)
    file = str(flags.pop("config", ""))
    return file, take_preparation(_options(flags))


_USAGE: Final = "--data FILE_OR_NAME --horizon STEPS [options]"


def options_parser(
    command: str, purpose: str, epilog: str, usage: str = _USAGE, *, untold: Sequence[str] = ()
) -> Parser:
    """A parser of all that a backtest can be told, in a file or in options.

    Args:
        command: as the user types it.
        purpose: first line of the help.
        epilog: what follows the options: examples.
        usage: what follows the command in the first line.
        untold: options that the help does not tell of, since the command has others, or refuses them in a sentence.
    """
    parser = Parser(command, purpose, epilog=epilog, usage=usage)
    layout = parser.add_argument_group("how the data is laid out")
    texts, kinds, defaults = help_texts(), typing.get_type_hints(BacktestConfig), BacktestConfig()
    for name, text in texts.items():
        kind, default = kinds[name], getattr(defaults, name)
        shown = "" if default in ((), 0, {}, "", "auto", "infer", False) else f" (default: {_told(default)})"
        told = argparse.SUPPRESS if name in untold else text + shown
        options: dict[str, Any] = {"help": told, "metavar": _METAVARS.get(name, name.upper())}
        if kind is bool:
            options |= {"nargs": "?", "const": "true"}
        elif kind not in (int, float, str):
            options["nargs"] = "+"
        if name not in ("fit", "prepare"):
            where = layout if name in (*LAYOUT, "data_dir") else parser
            where.add_argument(f"--{name.replace('_', '-')}", **options)
    add_preparation(parser)
    for name, (metavar, text) in _FIT.items():
        parser.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=text)
    parser.add_argument("--config", metavar="FILE", help="YAML that says any of these options; those given here win")
    return parser


_FIT: Final = {  # options of ``fit``: what stands for the value, and the help
    "max_steps": ("STEPS", "optimiser steps of a network's training, at most"),
    "epochs": ("PASSES", "its length in passes over all training windows, at most, in place of --max-steps"),
    "batch_size": ("WINDOWS", "windows an optimiser step"),
    "windows": ("COUNT", "training windows at most, all (0) unless said"),
    "draw": ("recent|random", "which windows, where there are more; fewer are a subset of more (default: recent)"),
    "compression": ("KIND", "weights once trained as float16, int8, int4, prune_50, prune_75 or prune_90 leave them"),
}
_METAVARS: Final = {
    "data": "FILE_OR_NAME",
    "feature_sets": "NAME=COLUMN,COLUMN",
    "ensembles": "METHOD",
    "trainer": "FILE.yaml|KEY=VALUE",
    "refit": "never|always|K",
}


def _told(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _options(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The options for BacktestConfig: those of ``fit``, and the Trainer's from files and pairs."""
    options = dict(flags)
    fit = {name: options.pop(name) for name in _FIT if name in options}
    if fit:
        options["fit"] = fit
    if "trainer" in options:
        options["trainer"] = _trainer(options["trainer"])
    return options


def _trainer(parts: Sequence[str]) -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals:
            file = read_yaml(part)
            found |= file.get("trainer", file)
            continue
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise InputError(f"trainer option {part!r} cannot be read; expected such as devices=2.") from error
    return found


def default_folder(spec: Mapping[str, Any], fingerprint: str, what: str = "") -> Path:
    """Equal commands on equal data share a folder, so that the second one resumes the first."""
    data = spec["data"] if isinstance(spec["data"], str) else spec["data"][0]
    digest = hashlib.sha256(json.dumps([spec, fingerprint], sort_keys=True).encode()).hexdigest()[:8]
    return Path("runs") / f"{what}{PurePath(data).stem}-{spec['horizon']}-{digest}"


_NUMBERS: Final = (
    "horizon",
    "context_length",
    "seasonality",
    "folds",
    "stride",
    "gap",
    "refit",
    "seeds",
    "window",
    "threads",
)


def chosen(data: Mapping[str, str], config: BacktestConfig, reasons: Mapping[str, str], title: str = "Backtest") -> Any:
    """The table of what was chosen, and why."""
    from forecast.commands.terminal import facts

    def why(name: str) -> str:
        given = getattr(config, name) != getattr(BacktestConfig(), name)
        return reasons.get(name, "given" if given else "default")

    rows = [(name, value, "") for name, value in data.items()]
    rows += [(name, _told(getattr(config, name)), why(name)) for name in _NUMBERS]
    for name in ("models", "baselines"):
        members = getattr(config, name)
        rows.append((name, " ".join(each.name or each.class_path for each in members), why(name)))
    rows.append(("levels", _told(config.levels), why("levels")))
    if config.intervals != "own":
        rows.append(("intervals", config.intervals, why("intervals")))
    if config.holes:
        rows.append(("holes", f"{config.holes:g} of the observed values are hidden", why("holes")))
    rows.append(("metrics", _told(config.metrics), why("metrics")))
    rows.append(("fit", _fit_told(config.fit), why("fit")))
    if "short" in reasons:
        rows.append(("short", config.short, reasons["short"]))
    return facts(
        title,
        (row for row in rows if row[:2] not in (("window", "0"), ("threads", "1"))),
        ("option", "value", "why"),
    )


def _fit_told(fit: Mapping[str, Any]) -> str:
    """The options of ``fit`` that say something."""
    idle = {name for name in ("epochs", "windows") if not fit.get(name)}
    idle |= {"draw"} if "windows" in idle else set()
    idle |= {"compression"} if fit.get("compression") == "none" else set()
    return ", ".join(f"{name} {value}" for name, value in fit.items() if name not in idle)


def show_result(result: "Backtest") -> None:
    """Show the leaderboard and the verdict."""
    from forecast.commands.terminal import say

    show_board(result)
    say(result.verdict())


def show_board(result: "Backtest") -> None:
    """Show the leaderboard."""
    from forecast.commands.terminal import frame, show
    from forecast.evaluation.metrics import all_metrics, direction

    board = result.leaderboard()
    empty = [name for name in board.columns if board[name].isna().all() or (board[name] == "").all()]
    hidden = {"kind", "rows", "seeds", *(name for name in ("lacking", "unobserved") if not board[name].any()), *empty}
    shown = board[[name for name in board.columns if name not in hidden]]
    show(frame("Leaderboard", shown, {name: direction(name) for name in all_metrics()}))
