"""StudyConfig: what a study asks, read from YAML: a backtest, factors with levels, presets of its size."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from datamodules.errors import InputError, one_of
from forecast.config import LAYOUT, BacktestConfig, merged, read_yaml
from forecast.evaluation.metrics import all_metrics, direction, named
from forecast.study.factor import Factor, Level, factor, told
from forecast.values import several

METRICS: Final = ("mse", "rmse", "mae", "mape", "msle", "rmsle", "r2", "explained_variance")  # in every study
_OF_ITS_DATA: Final = ("horizon", "seasonality", "stride", "gap", "window", "context_length", "folds")
_NOT_HERE: Final = ("feature_sets", "ensembles")
_COLUMNS: Final = (  # of a study's table beside the metrics; a factor may be windows or epochs
    *("model", "network", "kind", "level", "reference", "problem", "rows", "seeds", "others", "loss", "fitted"),
    *("difference", "low", "high", "p_value", "p_holm", "note", "train", "validation", "test", "gap"),
    *("fit_seconds", "predict_seconds", "parameters", "bytes", "sparsity", "undefined", "status"),
)


@dataclass(frozen=True)
class StudyConfig:
    """A study: the same backtest once for every level of its factors.

    Attributes:
        title: of tables and pages.
        question: what it answers, in a sentence.
        base: options of BacktestConfig that all levels have in common; what is left out is taken from the data.
        factors: one, or a few that make a grid.
        reference: a level of each factor, that all others are tested against; the first unless told.
        metrics: shown first; all of METRICS are computed.
        presets: by name, what replaces options of the base, and ``factors.NAME.levels``.
    """

    title: str
    question: str
    base: dict[str, Any]
    factors: tuple[Factor, ...]
    reference: dict[str, str]
    metrics: tuple[str, ...] = ("mse", "r2")
    presets: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, Any], where: str = "") -> "StudyConfig":
        """The study of values as they come from YAML.

        Args:
            given: values by name.
            where: the file they are from, for the messages.

        Raises:
            InputError: names the option that is unknown, missing or wrong.
        """
        for name in given:
            one_of(f"{where}option of a study", str(name), [each.name for each in fields(cls)])
        base = _mapping("base", given.get("base", {}), where)
        for name in base:
            one_of(f"{where}option of base", name, [each.name for each in fields(BacktestConfig)])
        for name in _NOT_HERE:
            if base.get(name):
                raise InputError(f"{where}base has {name}, which a study does not take. Leave it out, or use a factor.")
        asked = _mapping("factors", given.get("factors", {}), where)
        if not asked:
            raise InputError(f"{where}a study needs factors; expected at least one, with key and levels. Name some.")
        factors = tuple(factor(name, each, where) for name, each in asked.items())
        for each in factors:
            if each.name in (*_COLUMNS, *all_metrics()):
                raise InputError(
                    f"{where}factor {each.name!r} is called like a column of the table. Name it otherwise."
                )
        keys = [key for each in factors for key in sorted({key for level in each.levels for key in level.settings})]
        for key in keys:
            if keys.count(key) > 1:
                raise InputError(
                    f"{where}two factors set {key!r}, and only the later one would count; expected each key in one "
                    "factor. Leave one out."
                )
        wanted = _mapping("reference", given.get("reference", {}), where)
        for name in wanted:
            one_of(f"{where}factor in reference", name, [each.name for each in factors])
        metrics = tuple(map(str, several(given.get("metrics", ["mse", "r2"])))) or METRICS
        named(metrics)
        if direction(metrics[0]) == 0:
            raise InputError(f"{where}the first metric is {metrics[0]!r}, which has no best. Begin with another.")
        return cls(
            title=str(given.get("title") or "Study"),
            question=str(given.get("question", "")),
            base=base,
            factors=factors,
            reference={
                each.name: each.reference(wanted.get(each.name, each.levels[0].label), where).label for each in factors
            },
            metrics=metrics,
            presets={
                name: _mapping(f"preset {name}", preset or {}, where)
                for name, preset in _mapping("presets", given.get("presets", {}), where).items()
            },
        )

    @classmethod
    def read(cls, path: str | Path) -> "StudyConfig":
        """The study in a YAML file; raises InputError that names the file."""
        return cls.of(read_yaml(path), where=f"file {path}: ")

    def plain(self) -> dict[str, Any]:
        """As it stands in YAML."""
        said: dict[str, Any] = {
            "title": self.title,
            "question": self.question,
            "base": self.base,
            "factors": {each.name: each.plain() for each in self.factors},
            "reference": self.reference,
            "metrics": list(self.metrics),
            "presets": self.presets,
        }
        return {name: value for name, value in said.items() if value}

    def with_preset(self, name: str = "") -> "StudyConfig":
        """The study of one of its presets, which it then has no more; quick, or the first, when none is named."""
        if not self.presets and not name:
            return self
        name = name or next(each for each in ("quick", *self.presets) if each in self.presets)
        one_of("preset", name, self.presets)
        options = dict(self.presets[name])
        levels = _levels(options.pop("factors", {}))
        for key in [key for key in options if key.startswith("factors.")]:
            changed, _, option = key.removeprefix("factors.").rpartition(".")
            levels |= _levels({changed: {option: options.pop(key)}})
        said = self.plain() | {"base": merged(self.base, options), "presets": {}}
        for changed, new in levels.items():
            one_of(f"factor of preset {name}", changed, said["factors"])
            said["factors"][changed] |= {"levels": _chosen(said["factors"][changed]["levels"], new)}
        labels = {each.name: each.labels for each in StudyConfig.of({**said, "reference": {}}).factors}
        said["reference"] = {key: label for key, label in self.reference.items() if label in labels[key]}
        return StudyConfig.of(said, where=f"preset {name}: ")

    def with_base(self, options: Mapping[str, Any]) -> "StudyConfig":
        """The study where these options win over those of its base; metrics become those shown first."""
        others = {name: value for name, value in options.items() if name != "metrics"}
        metrics = several(options["metrics"]) if "metrics" in options else list(self.metrics)
        return StudyConfig.of(self.plain() | {"base": merged(self.base, others), "metrics": metrics})

    def on_other_data(self) -> "StudyConfig":
        """The study without what its base says of its own data: layout, columns, holidays, lengths in steps, folds."""
        gone = {*LAYOUT, "data", "data_dir", *_OF_ITS_DATA}
        base = {name: value for name, value in self.base.items() if name not in gone}
        features = base.get("prepare", {}).get("features", {})
        if "holidays" in features:
            left = {name: value for name, value in features.items() if name != "holidays"}
            base["prepare"] = base["prepare"] | {"features": left}
        return replace(self, base=base)

    @property
    def shown(self) -> tuple[str, ...]:
        """All metrics of its tables, its own first."""
        return tuple(dict.fromkeys((*self.metrics, *METRICS)))

    @property
    def reference_label(self) -> str:
        """The label of the reference's cell."""
        if len(self.reference) == 1:
            return next(iter(self.reference.values()))
        return ", ".join(f"{name}={label}" for name, label in self.reference.items())

    def is_reference(self, levels: Mapping[str, Level]) -> bool:
        """Whether this cell is the one that the others are tested against."""
        return all(levels[name].label == label for name, label in self.reference.items())


def _mapping(name: str, value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where}{name} is {value!r}; expected lines of the form 'name: value'. Correct it.")
    return {str(key): part for key, part in value.items()}


def _levels(factors: Any) -> dict[str, Any]:
    """The levels that a preset gives factors: ``{lr: {levels: [...]}}``."""
    found = {}
    for name, given in _mapping("factors of a preset", factors, "").items():
        options = _mapping(f"factor {name} of a preset", given, "")
        if set(options) != {"levels"}:
            raise InputError(f"a preset gives factor {name!r} {', '.join(options)}; it can replace levels only.")
        found[name] = options["levels"]
    return found


def _chosen(levels: Any, new: Any) -> Any:
    """The new levels; where they are names of levels that say what they set, those."""
    if isinstance(levels, Mapping) and isinstance(new, list):
        for label in new:
            one_of("level", told(label), map(told, levels))
        return {label: value for label, value in levels.items() if told(label) in map(told, new)}
    return new
