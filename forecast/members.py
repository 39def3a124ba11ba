"""Who takes part in a backtest."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from datamodules.errors import InputError, one_of
from datamodules.find import catalog

MODELS: Final = ("Linear", "MLP", "CNN", "RNN", "LSTM")  # unless told otherwise
_PACKAGES: Final = {"models": ("forecast.models", "ForecastModule"), "baselines": ("forecast.baselines", "Baseline")}


class Member(NamedTuple):
    """A forecaster that takes part: a class, what differs from its defaults, and its name in the tables.

    Attributes:
        class_path: a class of the toolkit by its name, or any by its dotted path.
        init_args: arguments of the class.
        name: in every table; the class name if empty.
        feature_set: the one of ``BacktestConfig.feature_sets`` that it sees; only networks have one.
    """

    class_path: str
    init_args: dict[str, Any]
    name: str
    feature_set: str = ""

    @property
    def label(self) -> str:
        """Its name in every table."""
        return self.name or self.class_path.rpartition(".")[2]

    def plain(self) -> Any:
        """As it stands in YAML: its name alone when that says it all."""
        entry = {name: part for name, part in self._asdict().items() if part}
        return self.class_path if len(entry) == 1 else entry


NOBODY: Final = Member("none", {}, "")


def known(kind: str) -> list[str]:
    """The names of all ``models`` or ``baselines``; the models that take part by default come first."""
    names = catalog(*_PACKAGES[kind])
    return [*(name for name in MODELS if name in names), *(name for name in names if name not in MODELS)]


def members(kind: str, parts: Iterable[Any], where: str = "") -> tuple[Member, ...]:
    """The ``models`` or ``baselines`` of a list: names, ``all``, none at all, or entries with class_path.

    ``all`` leaves out those that need a package which is not installed.

    Raises:
        InputError: names the entry that is unknown or malformed.
    """
    parts = list(parts) or ["none"]
    if "all" in parts:
        available = catalog(*_PACKAGES[kind])
        others = [part for part in parts if part not in ["all", *available]]
        parts = [*(name for name in known(kind) if available[name].is_available), *others]
    return tuple(_member(kind, part, where) for part in parts)


def _member(kind: str, part: Any, where: str) -> Member:
    one = kind[:-1]
    if isinstance(part, str):
        part = {"class_path": part}
    if not isinstance(part, Mapping) or not isinstance(part.get("class_path"), str):
        raise InputError(f"{where}{one} {part!r} has no class_path; expected a name, or class_path and init_args.")
    for name in part:
        one_of(f"{where}entry of a {one}", str(name), Member._fields)
    names = (str(part.get(name) or "") for name in ("name", "feature_set"))
    member = Member(part["class_path"], part.get("init_args") or {}, *names)
    if not isinstance(member.init_args, dict):
        raise InputError(f"{where}init_args of {one} {member.class_path!r} are {member.init_args!r}; expected options.")
    if "." not in member.class_path:
        one_of(f"{where}{one}", member.class_path, [*known(kind), "all", "none"])
    return member
