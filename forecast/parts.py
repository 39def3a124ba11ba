"""Parts of a backtest on disk: what finished arms left, by a key of all that decides their numbers."""

import hashlib
import inspect
import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from datamodules.errors import InputError
from datamodules.made.holiday_places import is_file
from datamodules.preparation import Preparation
from forecast.arms import Arm, Part, Task
from forecast.forecaster import Forecaster, innermost
from forecast.teams import Team


def configuration(forecaster: Forecaster) -> dict[str, Any]:
    """How to make the forecaster, in plain values: class and options; a digest where an option cannot be said so.

    An option is an argument of the class, or of those it hands ``**options`` on to. What a class does not keep under
    the argument's name shows as a digest of its whole state.
    """
    options = {
        name: _plain(getattr(forecaster, name)) if hasattr(forecaster, name) else joblib.hash(vars(forecaster))
        for name in _arguments(type(forecaster))
        if name not in ("self", "seed")
    }
    return {"class_path": type(forecaster).__name__, "init_args": options}


def _arguments(cls: type) -> list[str]:
    names: list[str] = []
    for one in cls.__mro__:
        parameters = inspect.signature(one.__init__).parameters.values()  # type: ignore[misc]
        names += [each.name for each in parameters if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)]
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            break
    return list(dict.fromkeys(names))


def _plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if hasattr(value, "hparams"):
        said = {**value.hparams, **getattr(value, "options", {})}  # defaults too, as a written configuration says them
        return {"class_path": type(value).__name__, "init_args": _plain(said)}
    if isinstance(value, Forecaster):
        return configuration(value)
    return joblib.hash(value)


def _dates(forecaster: Forecaster) -> list[str]:
    """A digest of the file of holidays that a network reads, which may change under its name; nothing without one."""
    prepare = getattr(innermost(forecaster), "prepare", None)
    source = prepare.features.holidays if isinstance(prepare, Preparation) else ""
    if not (source and is_file(source) and Path(source).exists()):
        return []
    return [hashlib.sha256(Path(source).read_bytes()).hexdigest()]


class Parts:
    """Finished arms in a folder, by a key of all that decides their numbers; a second run takes them from there.

    Those that arms trained together with decide the last digits of their numbers: they are in the key, and a team is
    taken from the folder as a whole or run again.

    Several processes may share the folder, on one machine or on many: a part appears whole or not at all, and where two
    finish the same arm, the first stays.
    """

    def __init__(self, folder: Path, task: Task) -> None:
        self.folder = folder
        numbers = [task.horizon, task.gap, task.window, task.seasonality, task.levels, task.history, task.threads]
        numbers += [task.inside] if task.inside else []
        self._common = json.dumps([task.panel.fingerprint(), task.positions.tolist(), *numbers])

    def _paths(self, team: Team) -> list[Path]:
        """Where the part of each arm of a team is, or would be."""
        made_of = [
            json.dumps(
                [configuration(arm.forecaster), arm.seed, arm.first, arm.count, *_dates(arm.forecaster)], sort_keys=True
            )
            for arm in team.arms
        ]
        company = json.dumps(made_of) if len(made_of) > 1 else ""
        return [self._path(arm, own + company) for arm, own in zip(team.arms, made_of, strict=True)]

    def _path(self, arm: Arm, own: str) -> Path:
        digest = hashlib.sha256((self._common + own).encode()).hexdigest()[:16]
        return self.folder / f"{arm.forecaster.name}-{arm.seed}-{arm.first}-{digest}".replace(os.sep, "_")

    def get(self, team: Team) -> list[Part]:
        """The parts of a team of which every arm has finished without an error; none otherwise."""
        paths = self._paths(team)
        found = [_read(path) for path in paths if path.exists()]
        return [part for part in found if part] if len(found) == len(paths) else []

    def left(self, team: Team) -> list[Part]:
        """The parts of a team whose arms have finished or failed; none when one of them was not tried."""
        found = [_read(path) or _read(_failed(path)) for path in self._paths(team)]
        return [] if None in found else [part for part in found if part]

    def put(self, team: Team, left: Sequence[Part]) -> None:
        """Keep the parts of a team, each whole or not at all; what failed stands apart, so that it is tried again."""
        for path, part in zip(self._paths(team), left, strict=True):
            self._put(path, part)

    def _put(self, path: Path, part: Part) -> None:
        failed = _failed(path)
        self.folder.mkdir(parents=True, exist_ok=True)
        if part.run["error"]:
            shutil.rmtree(failed, ignore_errors=True)
            path = failed
        temporary = Path(tempfile.mkdtemp(prefix=".", dir=self.folder))
        try:
            temporary.chmod(0o755)
            part.table.to_parquet(temporary / "table.parquet")
            part.curves.to_parquet(temporary / "curves.parquet")
            if len(part.inside):
                part.inside.to_parquet(temporary / "inside.parquet")
            (temporary / "run.json").write_text(json.dumps(part.run))
            place(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        if path != failed:
            shutil.rmtree(failed, ignore_errors=True)


def place(temporary: Path, path: Path) -> None:
    """Give a complete folder its name; nothing happens when there is one of that name, with the same numbers in it."""
    try:
        temporary.rename(path)
    except OSError:
        if not path.exists():
            raise


def _failed(path: Path) -> Path:
    return path.with_name(f"{path.name}-failed")


def _read(path: Path) -> Part | None:
    if not path.exists():
        return None
    try:
        run = json.loads((path / "run.json").read_text(encoding="utf-8"))
        table, curves = (pd.read_parquet(path / f"{name}.parquet") for name in ("table", "curves"))
        within = path / "inside.parquet"
        return Part(table, curves, run, pd.read_parquet(within) if within.exists() else pd.DataFrame())
    except (OSError, ValueError) as error:  # ValueError: what json and pyarrow raise
        raise InputError(
            f"finished part {path} of a backtest is damaged. Remove it, or say --overwrite to start anew."
        ) from error
