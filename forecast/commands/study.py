"""``forecast study``: what a choice does to accuracy."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError
from forecast.commands.backtest import chosen, options_given, options_parser
from forecast.commands.engines import ENGINE, add_engine, engine_of
from forecast.config import merged, read_yaml

if TYPE_CHECKING:
    from forecast.study.config import StudyConfig
    from forecast.study.result import StudyResult

_EPILOG: Final = """A study is a backtest of every level of one choice, or of a small grid, on the same rows: a table
with the mean and spread over seeds, a paired test against a reference level, and a sentence of what was found:

  title: Learning rate
  base: {data: CO2, horizon: 26, models: [MLP], baselines: [SeasonalNaive]}   # options of forecast backtest
  factors:
    lr: {key: models.lr, levels: [0.01, 0.1, 1], scale: log}                  # models.X: option X of every network
  reference: {lr: 0.01}                                                       # what the others are tested against
  metrics: [mse, r2]
  presets: {quick: {seeds: 2, folds: 3}, full: {seeds: 5, folds: 5}}          # quick, unless told

Keys of levels begin with models, prepare, fit, trainer, context_length or horizon; models.CNN.hidden_size is that of
CNN alone. Levels may also be names that set several keys: {levels: {small: {models.layers: 1, models.lr: 0.01}, ...}}.
Any option of 'forecast backtest' wins over the base of the study. With --data the study is about those series, and
what its base says of its own data gives way.

examples:
  forecast study learning_rate
  forecast study architecture --data sales.csv --horizon 14 --preset full
  forecast study learning_rate.yaml --output runs/lr
  forecast study learning_rate.yaml --data sales.csv --models LSTM --preset full --workers 4
  forecast study learning_rate.yaml --data sales.csv --horizon 14 --seeds 3 --max-steps 500
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Read the study and the options, run its backtest, write its folder, show what it found."""
    parser = options_parser(command, purpose, _EPILOG, "NAME|FILE [--data FILE_OR_NAME] [options]")
    parser.add_argument("study", metavar="NAME|FILE", help="one that ships (forecast list studies), or a file in YAML")
    parser.add_argument("--preset", metavar="NAME", help="a size of the study, as its file has them (default: quick)")
    parser.add_argument("--output", metavar="DIR", help="folder for the results (default: runs/STUDY-DATA-DIGEST)")
    parser.add_argument("--overwrite", action="store_true", help="start anew in a folder that holds another result")
    add_engine(parser)
    given: dict[str, Any] = parser.read(arguments)
    flags = dict(given)
    output, overwrite = Path(str(flags.pop("output", ""))), bool(flags.pop("overwrite", False))
    name, preset = str(flags.pop("study")), str(flags.pop("preset", ""))
    engine, shard = engine_of({option: flags.pop(option) for option in ENGINE if option in flags})
    if shard:
        raise InputError("a study is not run in shards. Use --workers, or --engine ray on a cluster.")
    config = config_of(name, preset, flags)
    from forecast.commands import folder as folders

    if "output" in given:
        folders.check_writable(output)

    from forecast.commands.terminal import progress_bar, say, show
    from forecast.data import layout_of
    from forecast.study import folder as study_folder
    from forecast.study.plan import plan
    from forecast.study.study import carried_out, source_of, spec_of

    source = source_of(config)
    panel = source.panel()
    ready = plan(config, panel)
    show(chosen(source.description(panel), ready.config, ready.reasons, config.title))
    spec, fingerprint = spec_of(config, ready) | layout_of(source), ready.panel.fingerprint()
    folder = output if "output" in given else _default_folder(name, spec, fingerprint)
    folders.check_writable(folder)
    folders.prepare(folder, spec, fingerprint, overwrite=overwrite)
    study_folder.clear(folder)
    with progress_bar() as progress:
        result = carried_out(config, ready, engine=engine, folder=folder / "parts", progress=progress, spec=spec)
    result.save(folder)
    show_study(result)
    say(f"report: {folder / 'report.html'}")
    return 0 if len(result.backtest.table) else 1


def config_of(name: str, preset: str, flags: Mapping[str, object]) -> "StudyConfig":
    """The study of that name or file, of a size, with what options say of its base; raises InputError."""
    from forecast.study.config import StudyConfig
    from forecast.study.shipped import path_of

    config = StudyConfig.read(path_of(name)).with_preset(preset)
    file, options = options_given(flags)
    options = merged(read_yaml(file), options) if file else options
    if "data" in options:
        config = config.on_other_data()
    return config.with_base(options)


def show_study(result: "StudyResult") -> None:
    """Show the table and the finding."""
    from forecast.commands.terminal import grid, say, show

    show(grid(result.config.title, result.grid()))
    say(result.finding())


def _default_folder(name: str, spec: Mapping[str, Any], fingerprint: str) -> Path:
    """Equal commands on equal data share a folder, so that the second one resumes the first."""
    data = spec["data"] if isinstance(spec["data"], str) else spec["data"][0]
    digest = hashlib.sha256(json.dumps([spec, fingerprint], sort_keys=True, default=str).encode()).hexdigest()[:8]
    return Path("runs") / f"{Path(name).stem}-{Path(data).stem}-{digest}"
