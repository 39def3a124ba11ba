"""Files of any size -> a store that is mapped and not read: each file is read twice, some rows at a time."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Unpack

import pandas as pd

from datamodules.door.shapes import NO_TIME
from datamodules.errors import InputError
from datamodules.large.packed import Packed
from datamodules.large.placing import filled
from datamodules.large.stored import is_store, read_store, write_meta
from datamodules.large.streams import streamed
from datamodules.large.survey import Reading, survey
from datamodules.layout import Layout, detect


class Packing(NamedTuple):
    """What became of some files."""

    panel: Packed
    rounded: int  # numbers that float32 does not hold: whole ones beyond 2^24, to seven digits; those below 1e-45, as 0


def pack(
    paths: Sequence[str | Path],
    output: str | Path,
    *,
    chunk: int = 2**18,
    progress: Callable[[str, int], None] = lambda reading, rows: None,
    **layout: Unpack[Layout],
) -> Packing:
    """The files as a store in the folder ``output``, and what was lost on the way.

    Rows may stand in any order. Memory holds ``chunk`` of them and a few numbers a series.

    Args:
        paths: CSV or Parquet files of one layout, or folders of them.
        output: folder that is not there yet, or a store, which is replaced when the new one is whole.
        chunk: rows that are read together.
        progress: called after each piece with the reading (first, second) and the rows so far.
        layout: as ``datamodules.readers.files`` takes it; all of shape long or wide with stamps.

    Raises:
        InputError: names what is wrong with the files, where, and what to do.
    """
    files, folder = [Path(path) for path in paths], Path(output)
    _check_output(folder)
    found = detect(next(streamed(files, layout, chunk)), layout)
    if found["shape"] == "rows" or found.get("time") == NO_TIME or found.get("static_table"):
        raise InputError(
            "files of shape 'rows', without stamps or with a static table cannot be packed; expected a row per series "
            "and stamp, or a column a series, with stamps. Reshape them, or join the static columns to the rows."
        )
    reading = Reading.of(found)

    def tables(which: str) -> Iterator[pd.DataFrame]:
        rows = 0
        for table in streamed(files, found, chunk):
            yield table
            rows += len(table)
            progress(which, rows)

    known = survey(tables("first"), reading)
    again = reading.later(known.clock.freq, known.categories)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise InputError(f"output {folder} cannot be written: {error.strerror}. Name another folder.") from error
    try:
        panel, rounded = filled(unfinished, map(again.cells, tables("second")), known, again.columns)
        write_meta(unfinished, panel, again.layout)
        unfinished.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return Packing(read_store(folder)[0], rounded)


def _check_output(folder: Path) -> None:
    """Raise InputError unless a store may be put there."""
    if folder.exists() and not is_store(folder):
        raise InputError(f"output {folder} is there and is no store; expected a new folder or a store. Name another.")
