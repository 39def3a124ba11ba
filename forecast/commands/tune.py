"""``forecast tune``: better options of one network, and whether they were worth their price."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError
from forecast.commands.backtest import chosen, default_folder, options_given, options_parser
from forecast.commands.engines import ENGINE, add_engine, engine_of
from forecast.commands.folder import BACKTEST, Kind
from forecast.config import BacktestConfig, help_texts
from forecast.members import Member
from forecast.tune.config import OWN, SEARCHES, TuningConfig, read_tuning

if TYPE_CHECKING:
    from forecast.search import Space
    from forecast.tune.result import TuningResult

_USAGE: Final = "--model NAME --data FILE_OR_NAME --horizon STEPS [--trials N] [--search METHOD] [options]"
_EPILOG: Final = """Each trial is a set of options of one network, scored on rolling folds inside the training part:
what lies after the first cutoff of the test is in no trial. The best of them is then fitted anew and scored once on the
test rows, beside the same network untuned and the baselines. The verdict says what that gained, whether the gain may be
chance, and what it cost.

A range is low..high (0.001..0.1:log for ratios, 1..4 for whole numbers, 0.0..0.5), a choice is 32,64,128. Options of
the network, of its training (batch_size, max_steps, steps_per_epoch, validation) and context_length can be searched.

In the folder: trials.csv, importance.csv, best.yaml (forecast backtest --config DIR/best.yaml runs the winner again, to
the bit), report.html, backtest/ (the test, with its own report) and journals. The same command again resumes; a
larger --trials goes on with tpe and random.

examples:
  forecast tune --model LSTM --show-space
  forecast tune --model LSTM --data sales.csv --horizon 14
  forecast tune --model MLP --data CO2 --horizon 26 --trials 60 --workers 4 --output runs/tuned
  forecast tune --model MLP --data sales.csv --horizon 14 --space lr=0.001..0.1:log hidden_size=32,64 batch_size=64,256
  forecast tune --model CNN --data sales.csv --horizon 14 --search grid --only lr=0.001,0.01 hidden_size=32,64
  forecast tune --model LSTM --data bikes.csv --horizon 24 --search halving --trials 27 --folds 20 --nested 4
  forecast backtest --config runs/tuned/best.yaml --output runs/again
"""
_METAVARS: Final = {"search": "|".join(SEARCHES), "space": "NAME=VALUES", "only": "NAME", "model": "NAME"}
_SEVERAL: Final = ("space", "only")
_LISTED: Final = 10  # trials on the terminal
_TUNING: Final = Kind(
    "tuning",
    "tuning.yaml",
    ("trials", "nested", "baselines", "ensembles", "common"),
    ("parts", "journals", "nested", "backtest"),
    ("tuning.yaml", *BACKTEST.files, "best.yaml", "trials.csv", "importance.csv", "nested.csv"),
)


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Read the options, search, write the folder, show what came of it."""
    parser = options_parser(command, purpose, _EPILOG, _USAGE, untold=("models",))
    group = parser.add_argument_group("the search")
    for name, text in help_texts(TuningConfig).items():
        if name in OWN:
            several: dict[str, Any] = {"nargs": "+"} if name in _SEVERAL else {}
            metavar = _METAVARS.get(name, name.upper())
            group.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, help=text, **several)
    group.add_argument("--show-space", action="store_true", help="show what would be searched, and stop")
    parser.add_argument(
        "--output", metavar="DIR", help="folder for the results (default: runs/tune-DATA-HORIZON-DIGEST)"
    )
    parser.add_argument("--overwrite", action="store_true", help="start anew in a folder that holds another tuning")
    add_engine(parser, shard=False)
    flags = parser.read(arguments)
    if flags.pop("show_space", False):
        return _show_space(flags)
    output, overwrite = flags.pop("output", None), bool(flags.pop("overwrite", False))
    by: dict[str, object] = {name: flags.pop(name) for name in ENGINE if name in flags}
    config = _config(flags)
    engine, shard = engine_of(by)
    if shard:
        raise InputError("shard is for backtests; a search waits for its trials. Say --workers or --engine ray.")
    from forecast.commands import folder as folders
    from forecast.commands.terminal import progress_bar, say, show
    from forecast.data import layout_of, read
    from forecast.tune.space import space_of
    from forecast.tune.tuning import Tuning

    if output:
        folders.check_writable(Path(str(output)))
    space_of(config.member, config.space, config.only)  # a mistake in it is told before data are read
    source = read(config.base.data, config.base.layout, config.base.data_dir)
    laid_out = BacktestConfig.of(config.base.plain() | layout_of(source))
    tuning = Tuning(source.panel(), config.on(laid_out))
    ready, spec = tuning.ready, tuning.spec()
    described = source.description(ready.resolved.panel)
    show(chosen(described, ready.resolved.config, ready.resolved.reasons, "Tuning, scored by a backtest"))
    show(_space_table(config.member, ready.space, ready.untuned))
    fingerprint = ready.resolved.panel.fingerprint()
    told = {name: value for name, value in spec.items() if name not in _TUNING.may_change}
    folder = Path(str(output)) if output else default_folder(told, fingerprint, "tune-")
    folders.check_writable(folder)
    folders.prepare(folder, spec, fingerprint, overwrite=overwrite, kind=_TUNING)
    with progress_bar() as progress:
        result = tuning.run(engine=engine, folder=folder, progress=progress)
    result.save(folder)
    _show(result)
    say(f"winner: {folder / 'best.yaml'}; test: {folder / 'backtest' / 'report.html'}")
    say(f"report: {folder / 'report.html'}")
    return 0


def _config(flags: dict[str, Any]) -> TuningConfig:
    """The configuration that the options say, those of a file among them; raises InputError."""
    file, options = options_given(flags)
    return read_tuning(file, options) if file else TuningConfig.of(options)


def _show_space(flags: dict[str, Any]) -> int:
    """Show what would be searched with these options."""
    from forecast.commands.terminal import say, show
    from forecast.tune.space import as_grid, space_of, usual_values

    config = _config({"data": ["-"], "horizon": "1", **flags})
    space = space_of(config.member, config.space, config.only)
    if config.search == "grid":
        space = as_grid(space, config.trials)
    show(_space_table(config.member, space, usual_values(config.member)))
    say("Change values with --space NAME=VALUES, search over some options only with --only NAME ...")
    return 0


def _space_table(member: Member, space: "Space", untuned: dict[str, Any]) -> Any:
    """The table of what is searched."""
    from forecast.commands.terminal import facts
    from forecast.tune.space import meanings

    texts = meanings(member)
    rows = [(name, str(values), str(untuned.get(name, "")), texts.get(name, "")) for name, values in space.items()]
    return facts(
        f"Search space of {member.name or member.class_path}", rows, ("option", "values", "untuned", "what it is")
    )


def _show(result: "TuningResult") -> None:
    """Show the best trials, what mattered, the leaderboard of the test and the verdicts."""
    from forecast.commands.backtest import show_board
    from forecast.commands.terminal import frame, say, show
    from forecast.evaluation.metrics import direction

    order = direction(result.metric) == 1
    ranked = result.trials.sort_values(["value", "number"], ascending=[order, True]).head(_LISTED)
    empty = [name for name in ("note",) if (ranked[name] == "").all()]
    show(frame(f"Best {len(ranked)} of {len(result.trials)} trials", ranked.drop(columns=empty), {}))
    if len(result.importance):
        show(frame("Importance: share in how far values differ", result.importance, {}))
    show_board(result.outer)
    say(result.outer.verdict())
    say(result.verdict())
