"""``forecast study``: what a choice does to accuracy."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError
from forecast.commands import folder as folders
from forecast.commands.backtest import chosen, options_given, options_parser
from forecast.commands.engines import ENGINE, add_engine, engine_of
from forecast.config import merged, read_yaml
from forecast.study.shipped import ARTICLE, path_of
from forecast.values import several

if TYPE_CHECKING:
    from forecast.engines.base import Engine
    from forecast.study.config import StudyConfig
    from forecast.study.result import StudyResult

ALL: Final = "all"  # the name of the eight of the article together
_USAGE: Final = "NAME|FILE [--data FILE_OR_NAME] [options]"
_EPILOG: Final = """A study is a backtest of every level of one choice, or of a small grid, on the same rows: a table
with the mean and spread over seeds, a paired test against a reference level, and a sentence of what was found:

  title: Learning rate
  base: {data: CO2, horizon: 26, models: [MLP], baselines: [SeasonalNaive]}   # options of forecast backtest
  factors:
    lr: {key: models.lr, levels: [0.01, 0.1, 1], scale: log}                  # models.X: option X of every network
  reference: {lr: 0.01}                                                       # what the others are tested against
  metrics: [mse, r2]
  presets: {quick: {seeds: 2, folds: 3}, full: {seeds: 5, folds: 5}}          # quick, unless told

Keys of levels begin with models, prepare, fit, trainer, context_length, horizon, intervals or holes;
models.CNN.hidden_size is that of CNN alone. Levels may also be names that set several keys:
{levels: {small: {models.layers: 1, models.lr: 0.01}, ...}}.
Any option of 'forecast backtest' wins over the base of the study. With --data the study is about those series, and
what its base says of its own data gives way.

examples:
  forecast study learning_rate
  forecast study all --data sales.csv --output runs/eight
  forecast study architecture --data sales.csv --horizon 14 --preset full
  forecast study learning_rate.yaml --output runs/lr
  forecast study learning_rate.yaml --data sales.csv --models LSTM --preset full --workers 4
  forecast study learning_rate.yaml --data sales.csv --horizon 14 --seeds 3 --max-steps 500
"""


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Read the study and the options, run its backtest, write its folder, show what it found."""
    parser = options_parser(command, purpose, _EPILOG, _USAGE, untold=("feature_sets", "ensembles"))
    which = "one that ships (forecast list studies), all for the article's eight on one page, or a file in YAML"
    parser.add_argument("study", metavar="NAME|FILE", help=which)
    parser.add_argument("--preset", metavar="NAME", help="a size of the study, as its file has them (default: quick)")
    parser.add_argument("--output", metavar="DIR", help="folder for the results (default: runs/STUDY-DATA-DIGEST)")
    parser.add_argument("--overwrite", action="store_true", help="start anew in a folder that holds another result")
    add_engine(parser, shard=False)
    given: dict[str, Any] = parser.read(arguments)
    flags = dict(given)
    output, overwrite = Path(str(flags.pop("output", ""))), bool(flags.pop("overwrite", False))
    name, preset = str(flags.pop("study")), str(flags.pop("preset", ""))
    engine, shard = engine_of({option: flags.pop(option) for option in ENGINE if option in flags})
    if shard:
        raise InputError("a study is not run in shards. Use --workers, or --engine ray on a cluster.")
    if "output" in given:
        folders.check_writable(output)
    if name == ALL:
        return _all(preset, flags, output if "output" in given else None, engine=engine, overwrite=overwrite)
    config = config_of(name, preset, flags)
    result, folder = into_folder(
        name, config, output if "output" in given else None, engine=engine, overwrite=overwrite
    )
    show_study(result)
    from forecast.commands.terminal import say

    say(f"report: {folder / 'report.html'}")
    return 0 if len(result.backtest.table) else 1


def into_folder(
    name: str, config: "StudyConfig", output: Path | None, *, engine: "Engine", overwrite: bool
) -> tuple["StudyResult", Path]:
    """Say what a study will do, do it, and save it into a folder, its own unless one is named."""
    from forecast.commands.terminal import progress_bar, show, warn
    from forecast.data import layout_of
    from forecast.study import folder as study_folder
    from forecast.study.plan import plan
    from forecast.study.study import carried_out, source_of, spec_of

    source = source_of(config)
    panel = source.panel()
    ready = plan(config, panel)
    show(chosen(source.description(panel), ready.config, ready.reasons, config.title))
    for problem, own in ready.arms[ready.arms["problem"] != ""].groupby("problem", sort=False):
        warn(f"{', '.join(own['model'])}: does not apply: {problem}")
    spec, fingerprint = spec_of(config, ready) | layout_of(source), ready.panel.fingerprint()
    folder = output or _default_folder(name, spec, fingerprint)
    folders.check_writable(folder)
    folders.prepare(folder, spec, fingerprint, overwrite=overwrite)
    study_folder.clear(folder)
    with progress_bar() as progress:
        result = carried_out(config, ready, engine=engine, folder=folder / "parts", progress=progress, spec=spec)
    return result, result.save(folder)


def _all(preset: str, flags: Mapping[str, object], output: Path | None, *, engine: "Engine", overwrite: bool) -> int:
    """Run the studies of the article into a folder each, and put them on one page in its order."""
    configs = {name: config_of(name, preset, flags) for name in ARTICLE}
    from forecast.commands.terminal import say, warn
    from forecast.study.all import run_all
    from forecast.study.study import source_of

    first, *others = configs.values()
    about = fingerprint = ""
    if all(other.base["data"] == first.base["data"] for other in others):
        about = f" of {Path(several(first.base['data'])[0]).name}"
        fingerprint = source_of(first).panel().fingerprint()  # raises what is wrong with the data, once for all
    digest = _digest([{name: config.plain() for name, config in configs.items()}, fingerprint])
    folder = output or Path("runs") / f"studies{about.replace(' ', '-')}-{digest}"

    def one(name: str, config: "StudyConfig") -> "StudyResult":
        say(f"{name}: {config.question}")
        result, _ = into_folder(name, config, folder / name, engine=engine, overwrite=overwrite)
        show_study(result)
        return result

    folder.mkdir(parents=True, exist_ok=True)
    problems = run_all(configs, one, folder / "report.html", title=f"Eight studies{about}")
    for name, problem in problems.items():
        warn(f"study {name}: {problem}")
    say(f"report: {folder / 'report.html'}")
    return 0 if len(problems) < len(configs) else 1


def config_of(name: str, preset: str, flags: Mapping[str, object]) -> "StudyConfig":
    """The study of that name or file, of a size, with what options say of its base; raises InputError."""
    from forecast.study.config import StudyConfig

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
    return Path("runs") / f"{Path(name).stem}-{Path(data).stem}-{_digest([spec, fingerprint])}"


def _digest(about: Any) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()[:8]
