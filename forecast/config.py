"""BacktestConfig: all that a backtest can be told, its defaults and its help texts; read from YAML and from options."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import yaml

from datamodules.errors import InputError, at_least, check_share, one_of
from datamodules.preparation import Preparation
from forecast.ensemble.recipes import Recipe, recipes
from forecast.members import Member, members
from forecast.values import number, options_of, pairs, plain, several


@dataclass(frozen=True)
class BacktestConfig:
    """What to forecast, with what, and how to score it. What is left out is taken from the data, and shown.

    Attributes:
        data: a file (CSV, Parquet, .tsf, JSON lines), several of one layout, a folder of them, a store (forecast pack),
            or the name of a data set (forecast list data)
        horizon: steps ahead to forecast
        shape: long, wide or rows (one row a series); found from the columns
        id: column with the series' name, or several that name it together; found from the columns
        time: column with the stamps; found from the columns
        target: column or columns to forecast; found from the columns
        past: covariates that are known up to the cutoff, such as a measured temperature
        known: covariates that are known ahead, such as a price or a holiday
        static: covariates with one value a series, such as a region
        categories: covariates whose numbers are names of categories; columns of text are categories anyway
        static_table: file with the static covariates, one row a series
        freq: frequency of the stamps, such as h, D, W-SUN or ME, or an integer step; inferred from the stamps
        zone: time zone that the stamps are local to, such as Europe/Madrid; needed where summer time begins and ends
        decimal: mark before the decimals of numbers, where it is not a point
        thousands: mark between the thousands of numbers, where there is one
        data_dir: folder with the files of a named data set, which are then not downloaded
        short: what to do with series that have too few rows: error, skip, or pad (begin them with unobserved rows)
        models: networks by name, or all, or none (forecast list models); Linear, MLP, CNN, RNN and LSTM
        baselines: baselines by name, or all, or none (forecast list baselines); those that fit quickly
        prepare: what the networks see of the data: missing values, categories, scaling, made features
        feature_sets: names of inputs, such as A=y B=y,calendar; each network takes part once with each set
        holes: share of the observed target values to hide from every forecaster, in training and contexts, to see what
            missing ones cost; scored against all
        context_length: steps that a network sees; twice the horizon or the longest season
        seasonality: steps in a season; what the frequency suggests
        folds: number of cutoffs to forecast from; 5, fewer where the series are short
        stride: steps between cutoffs; the horizon
        gap: steps left out between training and the first cutoff
        refit: never fits once, always fits at every cutoff, a number K fits at every K-th; each time from scratch
        seeds: how often to train each network, each time from other weights
        window: rows of history that a fit sees; all
        threads: processor threads of a fit, which decide its last bits; more may pay for wide networks
        together: train networks of one shape as one; faster, and the same to rounding
        inside: cutoffs inside the training and the validation part at which networks are asked as well, for the gap
            between training and test
        levels: quantile levels of the intervals
        ensembles: rows made of the forecasts of all models: mean, median, trimmed, inverse and greedy (which learn
            weights on earlier folds), or all of these; and seeds, the mean of the seeds of each network; none
        intervals: own (as each forecaster makes them), or of its errors at earlier cutoffs: split, aci (adapts to
            misses) or cqr (corrects its own); fits every forecaster twice
        metrics: names (forecast list metrics); the first one orders the leaderboard
        common: score only the rows that all forecasters have, where some lack rows
        fit: training of the networks: max_steps, or epochs, which win; batch_size, steps_per_epoch, windows, draw,
            validation, compression
        trainer: options of pytorch_lightning.Trainer: accelerator, devices, strategy, precision ...
    """

    data: tuple[str, ...] = ()
    horizon: int = 0
    shape: str = "auto"
    id: tuple[str, ...] = ()
    time: str = "auto"
    target: tuple[str, ...] = ()
    past: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    static_table: str = ""
    freq: str = "infer"
    zone: str = ""
    decimal: str = ""
    thousands: str = ""
    data_dir: str = ""
    short: str = "error"
    models: tuple[Member, ...] = ()
    baselines: tuple[Member, ...] = ()
    prepare: Preparation = Preparation()
    feature_sets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    holes: float = 0.0
    context_length: int = 0
    seasonality: int = 0
    folds: int = 0
    stride: int = 0
    gap: int = 0
    refit: str = "never"
    seeds: int = 1
    window: int = 0
    threads: int = 1
    together: bool = False
    inside: int = 0
    levels: tuple[float, ...] = (0.1, 0.9)
    ensembles: tuple[Recipe, ...] = ()
    intervals: str = "own"
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
        special = {name: value for name, value in given.items() if name in _SPECIAL}
        values = options_of(cls, {name: value for name, value in given.items() if name not in _SPECIAL}, where)
        for name in ("models", "baselines"):
            if name in special:
                values[name] = members(name, several(special[name]), where)
        if "ensembles" in special:
            values["ensembles"] = recipes(several(special["ensembles"]), where)
        if "feature_sets" in special:
            sets = pairs("feature_sets", special["feature_sets"], where)
            values["feature_sets"] = {str(name): tuple(map(str, several(parts))) for name, parts in sets.items()}
            for name, parts in values["feature_sets"].items():
                if not parts:
                    raise InputError(
                        f"{where}feature set {name!r} is empty; expected columns, or y for the target alone."
                    )
        if "prepare" in values and "short" not in values:
            values["short"] = values["prepare"].short
        for name, least in _LEAST.items():
            if name in values:
                at_least(name, values[name], least)
        config = cls(**values)
        if not config.data:
            raise InputError("no data is named; expected a file or the name of a data set. Say one with --data.")
        if not config.horizon:
            raise InputError("no horizon is given; expected the number of steps to forecast. Say it with --horizon.")
        check_share("holes", config.holes)
        one_of("short", config.short, ("error", "skip", "pad"))
        one_of("intervals", config.intervals, INTERVALS)
        if not (config.refit in ("never", "always") or (config.refit.isdigit() and int(config.refit))):
            raise InputError(f"refit is {config.refit!r}; expected never, always or a number of folds from 1. Say one.")
        fit = {name: _fit_value(name, value) for name, value in config.fit.items()}
        return replace(config, fit=fit, prepare=replace(config.prepare, short=config.short))

    @property
    def refit_every(self) -> str | int:
        """``refit`` as ``backtest`` takes it: never, always, or a number of folds."""
        return int(self.refit) if self.refit.isdigit() else self.refit

    @property
    def layout(self) -> dict[str, Any]:
        """The options about the table's layout, for ``datamodules.readers.source``."""
        said = {name: getattr(self, name) for name in LAYOUT if getattr(self, name) not in ("", (), "auto")}
        return said | {name: _single(value) for name, value in said.items() if name in ("id", "target")}

    def asked(self) -> dict[str, Any]:
        """What a complete configuration asks of ``forecast.backtest``, by the names of its arguments."""
        same = ("horizon", "folds", "stride", "gap", "seeds", "levels", "ensembles", "seasonality", "metrics", "common")
        names = (*same, "window", "threads", "together", "inside")
        return {name: getattr(self, name) for name in names} | {"refit": self.refit_every}

    def plain(self) -> dict[str, Any]:
        """The configuration as it stands in YAML; what is yet to be chosen is left out."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        found = {name: value for name, value in values.items() if name not in _LEAST or value >= _LEAST[name]}
        chosen = {name: found.pop(name) for name in ("models", "baselines")}
        taking_part = {name: [member.plain() for member in those] for name, those in chosen.items() if those}
        taking_part["ensembles"] = [recipe.plain() for recipe in found["ensembles"]]
        alone = {name: _single(value) for name, value in found.items() if name in ("data", "id")}
        told = {name: plain(value) for name, value in {**found, **taking_part, **alone}.items()}
        told["prepare"].pop("short", None)
        return {name: value for name, value in told.items() if name not in _WHERE_SAID or value}


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value


LAYOUT: Final = (  # options about the table's layout, for ``datamodules.readers.source``
    *("shape", "id", "time", "target", "past", "known", "static", "categories", "static_table"),
    *("freq", "zone", "decimal", "thousands"),
)
_SPECIAL: Final = ("models", "baselines", "feature_sets", "ensembles")  # values of a form of their own
_WHERE_SAID: Final = (  # stand in a written configuration only where they say something
    *("past", "known", "static", "categories", "static_table", "zone", "decimal", "thousands", "data_dir", "id"),
    *("prepare", "feature_sets", "holes", "ensembles", "together", "inside"),
)
INTERVALS: Final = ("own", "split", "aci", "cqr")
FIT: Final = {
    "max_steps": int,
    "epochs": int,
    "batch_size": int,
    "steps_per_epoch": int,
    "windows": int,
    "draw": str,
    "validation": float,
    "compression": str,
}
_SAME_LENGTH: Final = {"max_steps": ("epochs",), "epochs": ("max_steps", "steps_per_epoch")}
_LEAST: Final = {
    "horizon": 1,
    "context_length": 1,
    "seasonality": 1,
    "folds": 1,
    "stride": 1,
    "gap": 0,
    "seeds": 1,
    "window": 0,
    "threads": 1,
    "inside": 0,
}


def help_texts(kind: type = BacktestConfig) -> dict[str, str]:
    """What each option of a dataclass means, by name."""
    from docstring_parser import parse

    texts = {each.arg_name: each.description or "" for each in parse(kind.__doc__ or "").params}
    return {name: " ".join(text.split()).rstrip(".") for name, text in texts.items()}


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
    BacktestConfig.of({"data": "-", "horizon": 1} | found, where=f"file {path}: ")  # what flags hide must be right too
    return BacktestConfig.of(merged(found, flags))


def merged(found: Mapping[str, Any], flags: Mapping[str, Any]) -> dict[str, Any]:
    """Both, where ``flags`` win; mappings in both are merged, those within them too.

    The length of training that ``flags`` say, in steps or in epochs, also replaces the other way of saying it.
    """
    hidden = {other for name in flags for other in _SAME_LENGTH.get(name, ())}
    found = {name: value for name, value in found.items() if name not in hidden}
    nested = {name: found.get(name) for name, value in flags.items() if isinstance(value, dict)}
    both = {name: merged(part, flags[name]) for name, part in nested.items() if isinstance(part, dict)}
    return {**found, **flags, **both}


def _fit_value(name: str, value: Any) -> Any:
    one_of("fit option", name, FIT)
    if FIT[name] is str:
        one_of(name, str(value), _words(name))
        return str(value)
    kind = "a whole number" if FIT[name] is int else "a number"
    found = number(value, FIT[name], InputError(f"{name} is {value!r}; expected {kind}. Correct it."))
    at_least(name, found, 0 if name in ("validation", "epochs", "windows") else 1)
    return found


def _words(name: str) -> Iterable[str]:
    """What a fit option may say."""
    if name == "draw":
        from datamodules.drawn import DRAWS

        return DRAWS
    from forecast.compress import KINDS

    return KINDS
