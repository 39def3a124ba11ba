"""Which ensembles are made: recipes, read from names and from YAML."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from datamodules.errors import InputError, one_of

SEEDS: Final = "seeds"
METHODS: Final = ("mean", "median", "trimmed", "inverse", "greedy", SEEDS)


class Recipe(NamedTuple):
    """An ensemble of rows of a forecast table.

    Attributes:
        method: how forecasts are combined (``forecast.ensemble.combine``); ``seeds`` is the mean of the seeds of each
            network.
        members: names of the models that take part; all that have every row when empty.
        name: in every table; ``Ensemble-METHOD`` when empty, and ``MODEL-seeds`` for seeds.
        per_series: whether weights are learnt for each series by itself.
    """

    method: str
    members: tuple[str, ...] = ()
    name: str = ""
    per_series: bool = False

    @property
    def label(self) -> str:
        """The name in every table."""
        return self.name or f"Ensemble-{self.method}"

    def plain(self) -> Any:
        """As it stands in YAML: its method alone when that says it all."""
        found = {name: list(part) if name == "members" else part for name, part in self._asdict().items() if part}
        return self.method if len(found) == 1 else found


def recipes(parts: Iterable[Any], where: str = "") -> tuple[Recipe, ...]:
    """The recipes of a list: methods, ``all`` (without seeds), ``none``, or entries with options; no name twice.

    Raises:
        InputError: names the entry that is unknown or malformed.
    """
    listed = list(parts)
    if "all" in listed:
        others = [part for part in listed if part not in ("all", *METHODS) or part == SEEDS]
        listed = [*(method for method in METHODS if method != SEEDS), *others]
    found = tuple(part if isinstance(part, Recipe) else _recipe(part, where) for part in listed if part != "none")
    labels = [each.label for each in found]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"{where}two ensembles are called {label!r}; each needs its own name. Give one a name.")
    return found


def _recipe(part: Any, where: str) -> Recipe:
    entry = {"method": part} if isinstance(part, str) else part
    if not isinstance(entry, Mapping) or not isinstance(entry.get("method"), str):
        raise InputError(f"{where}ensemble {part!r} has no method; expected one of {', '.join(METHODS)}, or a mapping.")
    for name in entry:
        one_of(f"{where}entry of an ensemble", str(name), Recipe._fields)
    one_of(f"{where}ensemble", entry["method"], (*METHODS, "all", "none"))
    members = entry.get("members") or ()
    if isinstance(members, str) or not all(isinstance(member, str) for member in members):
        raise InputError(f"{where}members of ensemble {entry['method']!r} are {members!r}; expected a list of names.")
    return Recipe(entry["method"], tuple(members), str(entry.get("name") or ""), bool(entry.get("per_series", False)))
