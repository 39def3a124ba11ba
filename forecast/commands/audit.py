"""``forecast audit``: whether anything after a cutoff reaches a forecast, a scaler, a category or an early stop."""

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError, at_least
from forecast.commands.backtest import config_of, options_parser
from forecast.config import BacktestConfig, read_yaml

if TYPE_CHECKING:
    import pandas as pd

    from datamodules.panel import Panel
    from forecast.auditing.findings import Audit

_EPILOG: Final = """It takes all options of 'forecast backtest', and runs each of its arms again with everything
after a cutoff replaced by garbage. What only the past may decide must not move by one bit: prepared columns, scales,
categories, windows, the epoch that early stopping chose, weights, forecasts. Arms are run with their first seed;
ensembles, which are made of forecasts when all arms are done, are left out. Only values are replaced: a preparation
that looks at how many rows there are is not found. Exit code 0: nothing leaks; 1: something does or failed.

A YAML with class_path at its top, or under data, is a LightningDataModule: its split and windows are audited.

examples:
  forecast audit --config runs/sales/config.yaml
  forecast audit --data sales.csv --horizon 14 --models LSTM --baselines Theta --max-steps 100
  forecast audit --data raw.csv --horizon 14 --past level --pipeline features.py:add_level
  forecast audit --config configs/data/co2.yaml
"""
_MOST_SHOWN: Final = 40


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Audit, show what moved, and return 1 where anything did."""
    parser = options_parser(command, purpose, _EPILOG)
    parser.add_argument(
        "--pipeline",
        metavar="FILE.py:NAME",
        help="your own preparation: a function from the table as it was observed (unique_id, ds, targets, covariates) "
        "to the one that the columns of --past and --known stand in; a leak in it is found too",
    )
    parser.add_argument("--checked", type=int, metavar="N", help="cutoffs after which garbage is put, in turn; 2")
    parser.add_argument("--output", metavar="FILE.csv", help="table of all that was compared")
    given: dict[str, Any] = parser.read(arguments)
    output, pipeline, checked = (given.pop(name, default) for name, default in _OWN.items())
    at_least("checked", checked, 1)
    if output:
        _check_output(Path(output))
    module = _data_module(given)
    if module is not None and pipeline:
        raise InputError("pipeline goes with a table of data, not with a data module. Leave it out.")
    found = _audit_module(module) if module is not None else _audit(config_of(given), pipeline, checked)
    from forecast.commands.terminal import frame, say, show

    show(frame("What was compared", _summary(found)))
    if len(found.leaks):
        show(frame("What moved", found.leaks.head(_MOST_SHOWN)))
    if output:
        _write(found.checks, Path(output))
        say(f"checks: {output}")
    say(found.verdict())
    return 0 if found.clean else 1


_OWN: Final = {"output": "", "pipeline": "", "checked": 2}


def _audit(config: BacktestConfig, pipeline: str, checked: int) -> "Audit":
    """The audit of a backtest's configuration."""
    from forecast.assemble import assemble
    from forecast.auditing.audit import audit
    from forecast.commands.terminal import progress_bar
    from forecast.data import read
    from forecast.resolve import resolve

    function = _function(pipeline) if pipeline else None
    source = read(config.data, _observed(config, function is not None), config.data_dir)
    panel = source.panel()
    prepare = _Prepare(function, config) if function else None
    resolved = resolve(config, prepare(panel) if prepare else panel)
    forecasters, complete = assemble(resolved.config, resolved.panel)
    with progress_bar() as said:
        return audit(
            panel if prepare else resolved.panel,
            forecasters,
            horizon=complete.horizon,
            folds=complete.folds,
            stride=complete.stride,
            gap=complete.gap,
            refit=complete.refit_every,
            levels=complete.levels,
            window=complete.window,
            threads=complete.threads,
            checked=checked,
            pipeline=prepare or (lambda panel: panel),
            progress=said,
        )


class _Prepare:
    """A person's function of a table, as one of a panel."""

    def __init__(self, function: "Callable[[pd.DataFrame], pd.DataFrame]", config: BacktestConfig) -> None:
        self.function, self.config = function, config

    def __call__(self, panel: "Panel") -> "Panel":
        """The panel of what the function makes of the panel's table; raises InputError."""
        import pandas as pd

        from datamodules.panel import Panel

        try:
            table = self.function(panel.to_frame())
        except Exception as error:  # else it would end like a leak, with exit code 1
            raise InputError(f"the pipeline raised {type(error).__name__}: {error}. Correct it.") from error
        if not isinstance(table, pd.DataFrame):
            raise InputError(
                f"the pipeline gave {type(table).__name__}; expected a pandas DataFrame. Return the table."
            )
        roles = {name: getattr(self.config, name) for name in ("past", "known", "static", "categories")}
        return Panel.from_frame(table, target=panel.columns.target, freq=panel.clock.freq, **roles)


def _observed(config: BacktestConfig, has_pipeline: bool) -> dict[str, Any]:
    """The layout of the file: with a pipeline, covariates that it is still to make are no columns of it."""
    if not has_pipeline:
        return config.layout
    from datamodules.door.tables import parts_of
    from forecast.commands.data import is_dataset

    names = set() if is_dataset(config.data) else {*next(parts_of(Path(config.data[0]), {"shape": "long"})).table}
    roles = ("past", "known", "static", "categories")
    kept: dict[str, Any] = {role: tuple(name for name in getattr(config, role) if name in names) for role in roles}
    return replace(config, **kept).layout


def _function(told: str) -> "Callable[[pd.DataFrame], pd.DataFrame]":
    """The function of a file, given as ``FILE.py:NAME``; raises InputError."""
    path, colon, name = told.rpartition(":")
    if not colon or not Path(path).is_file():
        raise InputError(f"pipeline is {told!r}; expected FILE.py:NAME, a function in a file of Python. Correct it.")
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    if spec is None or spec.loader is None:
        raise InputError(f"pipeline file {path} is no Python; expected a file that ends in .py. Name another.")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(spec.name, module)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"pipeline file {path} raised {type(error).__name__}: {error}. Correct it.") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise InputError(f"pipeline file {path} has no function {name!r}. Name one of its functions.")
    return function


def _data_module(given: Mapping[str, Any]) -> Any:
    """The data module that a configuration names, or None where it is one of a backtest."""
    if "config" not in given:
        return None
    text = read_yaml(given["config"])
    said = text if "class_path" in text else text.get("data")
    if not isinstance(said, Mapping) or "class_path" not in said:
        return None
    import jsonargparse

    from datamodules.base import WindowDataModule
    from forecast.forecaster import find

    find("datamodules", WindowDataModule)  # type: ignore[type-abstract]  # imported, they go by their class names
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(WindowDataModule, "data")
    try:
        return parser.instantiate(parser.parse_object({"data": dict(said)})).data
    except jsonargparse.ArgumentError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(f"file {given['config']} names no data module: {reason}. Correct it.") from error


def _audit_module(module: Any) -> "Audit":
    from forecast.auditing.windows import audit_windows

    return audit_windows(module)


def _summary(found: "Audit") -> "pd.DataFrame":
    """A row for each forecaster and part: how much was compared, and after how many cutoffs."""
    groups = found.checks.groupby(["forecaster", "part"], sort=False)
    return groups.agg(cutoffs=("cutoff", "nunique"), compared=("compared", "sum"), moved=("moved", "sum")).reset_index()


def _check_output(path: Path) -> None:
    from forecast.commands.folder import check_writable

    if path.suffix.lower() != ".csv":
        raise InputError(f"output {path} ends in {path.suffix!r}; expected .csv. Rename it.")
    check_writable(path.parent)


def _write(checks: "pd.DataFrame", path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    checks.to_csv(unfinished, index=False)
    unfinished.replace(path)
