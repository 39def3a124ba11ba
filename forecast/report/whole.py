"""A file written whole or not at all."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def write_whole(page: str, path: str | Path) -> Path:
    """Write ``page`` to ``path`` and give the path back; nobody ever sees half a file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole(path, lambda unfinished: unfinished.write_text(page, encoding="utf-8", newline="\n"))
    return path


def whole(path: Path, write_to: Callable[[Path], object]) -> None:
    """Write a file by ``write_to`` under a temporary name and rename it, so that it is never half there."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        write_to(unfinished)
        unfinished.chmod(0o644)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
