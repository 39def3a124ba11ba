"""BacktestConfig: all that a backtest can be told, its defaults and its help texts; read from YAML and from options."""

import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from datamodules.errors import InputError, at_least, did_you_mean, one_of
from datamodules.find import catalog

MODELS: Final = ("Linear", "MLP", "CNN", "RNN", "LSTM")  # unless told otherwise


class Member(NamedTuple):
    """A forecaster that takes part: a class, what differs from its defaults, and its name in the tables.

    Attributes:
        class_path: a class of the toolkit by its name, or any by its dotted path.
        init_args: arguments of the class.
        name: in every table; the class name if empty.
    """

    class_path: str
    init_args: dict[str, Any]
    name: str


@dataclass(frozen=True)
class BacktestConfig:
    """What to forecast, with what, and how to score it. What is left out is taken from the data, and shown.

    Attributes:
        data: a CSV or Parquet file, several of one layout, or the name of a data set (forecast list data)
        horizon: steps ahead to forecast
        shape: long, wide or rows (one row a series); found from the columns
        id: column with the series' name; found from the columns
        time: column with the stamps; found from the columns
        target: column or columns to forecast; found from the columns
        freq: frequency of the stamps, such as h, D, W-SUN or ME, or an integer step; inferred from the stamps
        short: what to do with series that have too few rows: error or skip
        models: networks by name, or all, or none (forecast list models); Linear, MLP, CNN, RNN and LSTM
        baselines: baselines by name, or all, or none (forecast list baselines); those that fit quickly
        context_length: steps that a network sees; twice the horizon or the longest season
        seasonality: steps in a season; what the frequency suggests
        folds: number of cutoffs to forecast from; 5, fewer where the series are short
        stride: steps between cutoffs; the horizon
        gap: steps left out between training and the first cutoff
        refit: never fits once, always fits at every cutoff, a number K fits at every K-th; each time from scratch
        seeds: how often to train each network, each time from other weights
        window: rows of history that a fit sees; all
        levels: quantile levels of the intervals
        metrics: names (forecast list metrics); the first one orders the leaderboard
        common: score only the rows that all forecasters have, where some lack rows
        fit: training of the networks: max_steps, batch_size, steps_per_epoch, validation
        trainer: options of pytorch_lightning.Trainer: accelerator, devices, strategy, precision ...
    """

    data: tuple[str, ...] = ()
    horizon: int = 0
    shape: str = "auto"
    id: str = "auto"
    time: str = "auto"
    target: tuple[str, ...] = ()
    freq: str = "infer"
    short: str = "error"
    models: tuple[Member, ...] = ()
    baselines: tuple[Member, ...] = ()
    context_length: int = 0
    seasonality: int = 0
    folds: int = 0
    stride: int = 0
    gap: int = 0
    refit: str = "never"
    seeds: int = 1
    window: int = 0
    levels: tuple[float, ...] = (0.1, 0.9)
    metrics: tuple[str, ...] = ()
    common: bool = False
    fit: dict[str, Any] = field(default_factory=dict)
    trainer: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "") -> "BacktestConfig":
        """The configuration of values as they come from YAML or as text from options.

        Args:
            given: values by name; what is left out keeps its default.
            where: the file they are from, for the messages.

        Raises:
            InputError: names the option that is unknown, of the wrong kind or out of range.
        """
        kinds = typing.get_type_hints(cls)
        for name in given:
            if name not in kinds:
                raise InputError(f"{where}option {name!r} is not known; {did_you_mean(str(name), kinds)}")
        values = {name: _value(name, kinds[name], value, where) for name, value in given.items()}
        for name, least in _LEAST.items():
            if name in values:
                at_least(name, values[name], least)
        config = cls(**values)
        if not config.data:
            raise InputError("no data is named; expected a file or the name of a data set. Say one with --data.")
        if not config.horizon:
            raise InputError("no horizon is given; expected the number of steps to forecast. Say it with --horizon.")
        one_of("short", config.short, ("error", "skip"))
        if not (config.refit in ("never", "always") or (config.refit.isdigit() and int(config.refit))):
            raise InputError(f"refit is {config.refit!r}; expected never, always or a number of folds from 1. Say one.")
        return replace(config, fit={name: _fit_value(name, value) for name, value in config.fit.items()})

    @property
    def layout(self) -> dict[str, Any]:
        """The options about the table's layout, for ``datamodules.readers.source``."""
        target = self.target[0] if len(self.target) == 1 else self.target or "auto"
        return {"shape": self.shape, "id": self.id, "time": self.time, "target": target, "freq": self.freq}

    def plain(self) -> dict[str, Any]:
        """The configuration as it stands in YAML; numbers that are yet to be chosen are left out."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        found = {name: _plain(value) for name, value in values.items() if name not in _LEAST or value >= _LEAST[name]}
        return found | ({"data": self.data[0]} if len(self.data) == 1 else {})


FIT: Final = {"max_steps": int, "batch_size": int, "steps_per_epoch": int, "validation": float}
_LEAST: Final = {
    "horizon": 1,
    "context_length": 1,
    "seasonality": 1,
    "folds": 1,
    "stride": 1,
    "gap": 0,
    "seeds": 1,
    "window": 0,
}
_PACKAGES: Final = {"models": ("forecast.models", "ForecastModule"), "baselines": ("forecast.baselines", "Baseline")}


def help_texts() -> dict[str, str]:
    """What each option means, by name."""
    from docstring_parser import parse

    return {each.arg_name: each.description or "" for each in parse(BacktestConfig.__doc__ or "").params}


def read_yaml(path: str | Path) -> dict[str, Any]:
    """The mapping in a YAML file; InputError with file and line when there is none."""
    try:
        found = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"file {path} cannot be read: {error.strerror}. Check its name and folder.") from error
    except UnicodeError as error:
        raise InputError(f"file {path} is not text; expected YAML. Name another.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "unexpected characters"
        raise InputError(f"file {path}{line} is not YAML: {problem}. Correct it there.") from error
    if not isinstance(found, dict):
        raise InputError(f"file {path} holds no options; expected lines such as 'horizon: 12'. Write them that way.")
    return found


def read_config(path: str | Path, flags: Mapping[str, Any]) -> BacktestConfig:
    """The configuration in a YAML file, where options of the command line win over it."""
    found = read_yaml(path)
    nested = {name: {**found[name], **flags[name]} for name in ("fit", "trainer") if _both(name, found, flags)}
    BacktestConfig.of({"data": "-", "horizon": 1} | found, where=f"file {path}: ")  # what flags hide must be right too
    return BacktestConfig.of(found | dict(flags) | nested)


def _both(name: str, found: Mapping[str, Any], flags: Mapping[str, Any]) -> bool:
    return name in flags and isinstance(found.get(name), dict)


def known(kind: str) -> list[str]:
    """The names of all ``models`` or ``baselines``; the models that take part by default come first."""
    names = catalog(*_PACKAGES[kind])
    return [*(name for name in MODELS if name in names), *(name for name in names if name not in MODELS)]


def _value(name: str, kind: Any, value: Any, where: str) -> Any:
    """A value from YAML, or text from the command line, as the type of its option."""

    def wrong(expected: str) -> InputError:
        return InputError(f"{where}{name} is {value!r}; expected {expected}. Correct it.")

    if kind is bool:
        words = {"true": True, "yes": True, "false": False, "no": False}
        if str(value).casefold() not in words:
            raise wrong("true or false")
        return words[str(value).casefold()]
    if kind is int:
        return _number(value, int, wrong("a whole number"))
    if kind is str:
        if not isinstance(value, str | int) or isinstance(value, bool) or value == "":
            raise wrong("a word")
        return str(value)
    if typing.get_origin(kind) is dict:
        if not isinstance(value, Mapping):
            raise wrong("lines of the form 'name: value'")
        return dict(value)
    parts = _several(value)
    element = typing.get_args(kind)[0]
    if element is float:
        return tuple(_number(part, float, wrong("numbers such as 0.1 0.9")) for part in parts)
    if element is Member:
        return _members(name, parts, where)
    if not all(isinstance(part, str | int) for part in parts):
        raise wrong("names")
    return tuple(str(part) for part in parts)


def _fit_value(name: str, value: Any) -> Any:
    one_of("fit option", name, FIT)
    number = _number(value, FIT[name], InputError(f"{name} is {value!r}; expected a number. Correct it."))
    at_least(name, number, 0 if name == "validation" else 1)
    return number


def _number(value: Any, kind: type, error: InputError) -> Any:
    if isinstance(value, bool) or (isinstance(value, float) and kind is int and value != int(value)):
        raise error
    try:
        return kind(value)
    except (TypeError, ValueError) as cause:
        raise error from cause


def _several(value: Any) -> list[Any]:
    """A list as it is; one value as a list of one; commas part text."""
    parts = value if isinstance(value, list | tuple) else [value]
    return [word for part in parts for word in (part.split(",") if isinstance(part, str) else [part]) if word != ""]


def _members(kind: str, parts: Iterable[Any], where: str) -> tuple[Member, ...]:
    parts = list(parts) or ["none"]
    if parts == ["all"]:
        parts = known(kind)
    return tuple(_member(kind, part, where) for part in parts)


def _member(kind: str, part: Any, where: str) -> Member:
    one = kind[:-1]
    if isinstance(part, str):
        part = {"class_path": part}
    if not isinstance(part, Mapping) or not isinstance(part.get("class_path"), str):
        raise InputError(f"{where}{one} {part!r} has no class_path; expected a name, or class_path and init_args.")
    for name in part:
        one_of(f"{where}entry of a {one}", str(name), Member._fields)
    member = Member(part["class_path"], part.get("init_args") or {}, str(part.get("name") or ""))
    if not isinstance(member.init_args, dict):
        raise InputError(f"{where}init_args of {one} {member.class_path!r} are {member.init_args!r}; expected options.")
    if "." not in member.class_path:
        one_of(f"{where}{one}", member.class_path, [*known(kind), "all", "none"])
    return member


def _plain(value: Any) -> Any:
    if isinstance(value, Member):
        entry = {name: part for name, part in value._asdict().items() if part}
        return value.class_path if len(entry) == 1 else entry
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return dict(value) if isinstance(value, Mapping) else value
