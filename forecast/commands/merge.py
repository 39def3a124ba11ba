"""``forecast merge``: the parts that shards wrote, in one folder or several, as one result."""

import shutil
import tempfile
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from datamodules.errors import InputError
from forecast.commands import folder as folders
from forecast.commands.parser import Parser
from forecast.config import BacktestConfig, read_config, read_yaml

if TYPE_CHECKING:
    from forecast.teams import Team

_EPILOG: Final = """examples:
  forecast merge runs/sales                                  the shards wrote into one folder
  forecast merge node1/out node2/out --output runs/sales     each into its own
"""
_SHOWN: Final = 8  # missing arms that a message names


def run(command: str, purpose: str, arguments: Sequence[str]) -> int:
    """Check that the folders belong together, that no arm is missing, and write the result."""
    parser = Parser(command, purpose, epilog=_EPILOG, usage="FOLDER [FOLDER ...] [--output DIR]")
    parser.add_argument("folders", nargs="+", metavar="FOLDER", help="that 'forecast backtest --shard K/N' wrote into")
    parser.add_argument("--output", metavar="DIR", help="folder for the result; where there is one folder, that one")
    parser.add_argument("--data", metavar="FILE", nargs="+", help="where the data are now (default: where they were)")
    parser.add_argument("--incomplete", action="store_true", help="let arms that are missing be rows that failed")
    parser.add_argument("--overwrite", action="store_true", help="start anew in a folder that holds another backtest")
    given: dict[str, Any] = parser.read(arguments)
    sources = [Path(name) for name in given["folders"]]
    if "output" not in given and len(sources) > 1:
        raise InputError(f"no output is named for {len(sources)} folders; expected a folder. Say --output DIR.")
    output = Path(given.get("output", sources[0]))
    config = _config(sources, given.get("data", ()))
    folders.check_writable(output)

    from forecast.commands.backtest import show_result
    from forecast.commands.job import carry_out, job
    from forecast.commands.terminal import say

    ready = job(config)
    shards = _shards(sources, ready.fingerprint)
    written = read_yaml(sources[0] / "config.yaml") | {"metrics": ready.spec["metrics"]}
    overwrite = bool(given.get("overwrite")) and output not in sources
    folders.prepare(output, written, ready.fingerprint, overwrite=overwrite)
    for source in sources:
        _bring(source / "parts", output / "parts")
    result = carry_out(ready, output, _finished(output / "parts", shards, incomplete="incomplete" in given))
    result.provenance["shards"] = [{name: each[name] for name in _KEPT if name in each} for each in shards]
    result.save(output)
    show_result(result)
    say(f"report: {output / 'report.html'}")
    return 0 if len(result.table) else 1


_KEPT: Final = ("shard", "date", "seconds", "engine", "workers", "threads", "machine", "versions")


_PLACES: Final = ("data", "data_dir")  # may be others on each machine; the fingerprint says whether data are the same


def _config(sources: Sequence[Path], data: Sequence[str]) -> BacktestConfig:
    """The one configuration of all folders; InputError where one has another, or none."""
    for source in sources:
        if not (source / "config.yaml").is_file():
            raise InputError(
                f"{source} holds no backtest: config.yaml is missing; expected a folder that 'forecast backtest "
                "--shard' wrote into. Name that one."
            )
    first, *others = [read_yaml(source / "config.yaml") for source in sources]
    for source, other in zip(sources[1:], others, strict=True):
        names = (first.keys() | other.keys()) - {*_PLACES}
        differing = sorted(name for name in names if first.get(name) != other.get(name))
        if differing:
            raise InputError(
                f"{source} holds a backtest with other {', '.join(differing)} than {sources[0]}. Merge folders of one "
                "configuration."
            )
    return read_config(sources[0] / "config.yaml", {"data": list(data)} if data else {})


def _shards(sources: Sequence[Path], fingerprint: str) -> list[dict[str, Any]]:
    """What the shards noted; InputError where one saw other data than there are now."""
    for source in sources:
        known = folders.fingerprint_of(source)
        if known != fingerprint:
            raise InputError(
                f"{source} holds a backtest of other data than the file holds now. Name the file as it was with "
                "--data, or run the shards again."
            )
    return [shard for source in sources for shard in folders.read_shards(source)]


def _bring(source: Path, target: Path) -> None:
    """Copy finished parts, each whole or not at all; those that are there stay."""
    from forecast.parts import place

    if not source.is_dir() or source.resolve() == target.resolve():
        return
    target.mkdir(parents=True, exist_ok=True)
    for part in sorted(source.iterdir()):
        if part.name.startswith(".") or (target / part.name).exists():
            continue
        temporary = Path(tempfile.mkdtemp(prefix=".", dir=target))
        try:
            shutil.copytree(part, temporary / part.name)
            place(temporary / part.name, target / part.name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _finished(parts: Path, shards: Sequence[Mapping[str, Any]], *, incomplete: bool) -> Any:
    """An engine that runs nothing: an arm that is not among the finished parts has failed, or is missing."""
    from forecast.arms import Part, Task
    from forecast.engines.base import Begun, Engine
    from forecast.parts import Parts
    from forecast.teams import Team, lost

    class Finished(Engine):
        def run(self, teams: Mapping[int, Team], task: Task, begun: Begun) -> Generator[tuple[int, list[Part]]]:
            kept = Parts(parts, task)
            found = {index: kept.left(team) for index, team in teams.items()}
            missing = {index: teams[index] for index, left in found.items() if not left}
            if missing and not incomplete:
                raise InputError(_missing_told(missing, shards))
            for index, team in teams.items():
                yield index, found[index] or lost(team, task, "missing: no shard with this arm has finished")

        def told(self, teams: Any, task: Task) -> dict[str, Any]:
            return {"engine": "merge", "workers": len(shards)}

    return Finished()


def _missing_told(missing: "Mapping[int, Team]", shards: Sequence[Mapping[str, Any]]) -> str:
    dealt = max((list(shard["deal"]) for shard in shards), key=max, default=[])
    where = {index: f"{dealt[index]}/{max(dealt)}" for index in missing if index < len(dealt)}
    labels = {index: team.label for index, team in missing.items()}
    named = [f"{label} (shard {where[index]})" if index in where else label for index, label in labels.items()]
    more = f" and {len(named) - _SHOWN} more" if len(named) > _SHOWN else ""
    shares = sorted(set(where.values()), key=lambda text: int(text.partition("/")[0]))
    again = f"Run --shard {', '.join(shares)} again" if shares else "Run the shards that have them"
    return (
        f"{sum(len(team.arms) for team in missing.values())} arms are missing: {'; '.join(named[:_SHOWN])}{more}. "
        f"{again}, or say --incomplete to let them be rows that failed."
    )
