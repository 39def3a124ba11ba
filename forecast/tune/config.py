"""TuningConfig: all that a tuning can be told, beside the backtest that it is scored by."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from datamodules.errors import InputError, at_least, one_of
from forecast.config import BacktestConfig, merged, read_yaml
from forecast.members import Member, known
from forecast.values import options_of, pairs, plain

SEARCHES: Final = ("tpe", "random", "grid", "halving")
_TRIALS: Final = {"grid": 200}  # the most cells of a grid; of other searches:
_USUAL_TRIALS: Final = 30
_BATCH: Final = 8


@dataclass(frozen=True)
class TuningConfig:
    """Which network to tune, how to search, and the backtest that scores what was found.

    Attributes:
        base: the backtest: data, horizon, folds, baselines ...; trials train together, and those networks each alone
        model: the network to tune (forecast list models)
        trials: how many sets of options to try; 30. With grid: the most cells that it may have; 200
        search: tpe (learns from earlier trials where to look), random, grid (every combination), or halving (random;
            the worse two thirds are stopped after a ninth and after a third of the epochs)
        space: values to try in place of the usual ones, or of further options: lr=0.001..0.1:log hidden_size=32,64, or
            a YAML file with such lines
        only: options to search over, with their usual values or such as lr=0.01,0.1; the others stay as they are
        inner_folds: cutoffs inside the training part that a trial is scored at; as many as the folds, fewer where the
            series are short
        batch: trials of tpe that are drawn before the first of them is known; the trials depend on it, but not on the
            workers
        search_seed: of the draws
        nested: blocks of folds, each forecast by what a tuning of its own on all that precedes it found; 0 for none
    """

    base: BacktestConfig = field(default_factory=BacktestConfig)
    model: str = ""
    trials: int = _USUAL_TRIALS
    search: str = "tpe"
    space: dict[str, Any] = field(default_factory=dict)
    only: dict[str, Any] = field(default_factory=dict)
    inner_folds: int = 0
    batch: int = _BATCH
    search_seed: int = 0
    nested: int = 0

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "") -> "TuningConfig":
        """The configuration of values as they come from YAML, from options or from a call.

        Args:
            given: values by name, those of the backtest among them; what is left out keeps its default.
            where: the file they are from, for the messages.

        Raises:
            InputError: names the option that is unknown, of the wrong kind or out of range.
        """
        own = {name: value for name, value in given.items() if name in OWN}
        base = BacktestConfig.of({name: value for name, value in given.items() if name not in OWN}, where)
        for name, read in (("space", _space), ("only", _only)):
            if name in own:
                own[name] = read(own[name], where)
        own = {"trials": _TRIALS.get(str(own.get("search")), _USUAL_TRIALS), **own}
        config = cls(base, **options_of(cls, own, where))
        one_of(f"{where}search", config.search, SEARCHES)
        for name, least in (("trials", 1), ("inner_folds", 0), ("batch", 1), ("search_seed", 0), ("nested", 0)):
            at_least(name, getattr(config, name), least)
        if config.nested == 1:
            raise InputError("nested is 1, which is the tuning itself; expected at least 2 blocks. Give more, or 0.")
        member = _member(config)
        scored = replace(base, models=(member,), together=False)  # alone, so that the winner runs again to the bit
        return replace(config, base=scored, model=member.name or member.class_path)

    @property
    def member(self) -> Member:
        """The network, with the options that it has untuned."""
        return self.base.models[0]

    def on(self, base: BacktestConfig) -> "TuningConfig":
        """The same search, scored by another backtest of the same network."""
        return replace(self, base=base)

    def plain(self) -> dict[str, Any]:
        """The configuration as it stands in YAML: the backtest's options, and those of the search."""
        own = {name: plain(getattr(self, name)) for name in OWN}
        return self.base.plain() | {name: value for name, value in own.items() if value or name == "search_seed"}


OWN: Final = tuple(each.name for each in fields(TuningConfig) if each.name != "base")


def read_tuning(path: str | Path, flags: Mapping[str, Any]) -> TuningConfig:
    """The configuration in a YAML file, where options of the command line win over it."""
    found = read_yaml(path)
    TuningConfig.of({"data": "-", "horizon": 1, "model": "MLP"} | found, where=f"file {path}: ")
    return TuningConfig.of(merged(found, flags))


def _member(config: TuningConfig) -> Member:
    """The network of that name: one of the backtest's, with its options, or one of the toolkit's as it is."""
    taking_part = [member for member in config.base.models if member.class_path != "none"]
    names = [member.name or member.class_path for member in taking_part]
    if not config.model:
        if len(names) == 1:
            return taking_part[0]
        raise InputError("no network to tune is named; expected one, such as --model LSTM (forecast list models).")
    if config.model in names:
        return taking_part[names.index(config.model)]
    if names:
        raise InputError(
            f"model is {config.model!r}, but models are {', '.join(names)}; a tuning is of one network, say it with "
            "--model and leave --models out."
        )
    if "." not in config.model:
        one_of("model", config.model, known("models"))
    return Member(config.model, {}, "")


def _space(given: Any, where: str) -> dict[str, Any]:
    """Option -> its values as they were written, from a mapping, texts ``name=values``, and files of such lines."""
    if isinstance(given, Mapping):
        return dict(given)
    texts = [given] if isinstance(given, str) else list(given)
    files = [text for text in texts if "=" not in str(text)]
    found: dict[str, Any] = {}
    for file in files:
        lines = read_yaml(file)
        found |= lines["space"] if isinstance(lines.get("space"), Mapping) else lines
    rest = [text for text in texts if text not in files]
    return found | (pairs("space", rest, where) if rest else {})


def _only(given: Any, where: str) -> dict[str, Any]:
    """Option -> its values as they were written; empty for the usual ones."""
    if isinstance(given, Mapping):
        return dict(given)
    words = [given] if isinstance(given, str) else [str(word) for word in given]
    return pairs("only", [word if "=" in word else f"{word}=" for word in words], where) if words else {}
