"""The folder that a backtest is written into: made, resumed, or refused before any work."""

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import uuid4

import yaml

from datamodules.errors import InputError
from forecast.files import FILES, OPTIONAL


def check_writable(path: Path) -> None:
    """Raise InputError unless a folder ``path`` is there and can be written to, or can be made."""
    nearest = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not nearest.is_dir():
        raise InputError(f"output {path} cannot be a folder: {nearest} is a file. Name another.")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise InputError(f"output {path} cannot be written: no permission in {nearest}. Name another folder.")


class Kind(NamedTuple):
    """What a folder holds.

    Attributes:
        word: for it.
        config: the file with its configuration.
        may_change: options of which another value leaves what is finished as it is.
        folders: go when it is started anew.
        files: so do these.
    """

    word: str
    config: str
    may_change: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[str, ...]


BACKTEST: Final = Kind("backtest", "config.yaml", ("metrics", "common", "ensembles"), ("parts",), (*FILES, *OPTIONAL))


def prepare(folder: Path, spec: dict[str, Any], fingerprint: str, *, overwrite: bool, kind: Kind = BACKTEST) -> None:
    """Make the folder ready for a backtest, or what ``kind`` says, of this configuration and data.

    Raises:
        InputError: when it holds another configuration or other data, unless ``overwrite``.
    """
    if overwrite:
        for name in kind.folders:
            shutil.rmtree(folder / name, ignore_errors=True)
        for name in kind.files:
            (folder / name).unlink(missing_ok=True)
    spec = yaml.safe_load(yaml.safe_dump(spec))
    refuse_another(folder, spec, fingerprint, complete=True, kind=kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        texts = (yaml.safe_dump(spec, sort_keys=False), json.dumps({"fingerprint": fingerprint}))
        for name, text in zip((kind.config, "provenance.json"), texts, strict=True):
            if not (folder / name).exists():
                temporary = folder / f".{name}.{uuid4().hex}"  # another shard may be at it, here or elsewhere
                temporary.write_text(text, encoding="utf-8")
                temporary.replace(folder / name)
    except OSError as error:
        raise InputError(f"output {folder} cannot be written: {error.strerror}. Name another folder.") from error


def refuse_another(
    folder: Path, spec: dict[str, Any], fingerprint: str, *, complete: bool = False, kind: Kind = BACKTEST
) -> None:
    """Raise InputError when the folder holds another configuration, or a result on other data.

    Options that the folder's configuration says and a ``complete`` one does not are other ones too.
    """
    if not (folder / kind.config).exists():
        return
    advice = "Say --overwrite to start anew, or name another folder with --output."
    provenance, known = folder / "provenance.json", {}
    try:
        stored = yaml.safe_load((folder / kind.config).read_text(encoding="utf-8"))
        if provenance.exists():
            known = json.loads(provenance.read_text(encoding="utf-8"))
    except (ValueError, yaml.YAMLError) as error:  # ValueError: what json raises, and text that is no UTF-8
        what = f"a {kind.word} whose configuration or provenance is damaged"
        raise InputError(f"{folder} holds {what}. {advice}") from error
    stored = stored if isinstance(stored, dict) else {}
    names = [name for name in {**spec, **(stored if complete else {})} if name not in kind.may_change]
    differing = [name for name in names if stored.get(name) != spec.get(name)]
    if differing:
        raise InputError(f"{folder} holds a {kind.word} with other {', '.join(differing)}. {advice}")
    if provenance.exists() and known.get("fingerprint") != fingerprint:
        raise InputError(f"{folder} holds a {kind.word} of other data under the same name. {advice}")


def write_shard(folder: Path, provenance: dict[str, Any]) -> None:
    """Note that a shard has come to its end, on which machine, and which arms each shard has."""
    path = folder / "shards" / f"{provenance['shard'].replace('/', '-of-')}.json"
    path.parent.mkdir(exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}")
    temporary.write_text(json.dumps(provenance, indent=2), encoding="utf-8")
    temporary.replace(path)


def read_shards(folder: Path) -> list[dict[str, Any]]:
    """What ``write_shard`` noted of each shard that was run into ``folder``."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted((folder / "shards").glob("*.json"))]


def fingerprint_of(folder: Path) -> str:
    """Of the data of the backtest in ``folder``; raises InputError when it is not known."""
    try:
        return str(json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{folder} has no fingerprint of its data: provenance.json is damaged. Run it again."
        ) from error
