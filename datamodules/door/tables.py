"""A file, or a folder of them -> tables, with what the files themselves say of their layout."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import unquote

import pandas as pd

from datamodules.door.jsonlines import read_jsonlines
from datamodules.door.separated import read_csv
from datamodules.door.tsf import read_tsf
from datamodules.errors import InputError, did_you_mean
from datamodules.layout import Layout


class Part(NamedTuple):
    """One file's share of the data."""

    name: str
    table: pd.DataFrame  # its index says line or row
    told: Layout  # what the file itself says


def read_parquet(path: Path, layout: Layout) -> tuple[pd.DataFrame, Layout]:
    """The table as it was stored, with row numbers as its index, and no layout."""
    table = pd.read_parquet(path)
    if isinstance(table.index, pd.DatetimeIndex) and table.index.name is None:
        table = table.rename_axis("time")
    stored = [name for name in table.index.names if name is not None]
    table = table.reset_index(stored).reset_index(drop=True)
    return table.rename_axis(index="row"), {}


_READERS: Final[dict[str, Callable[[Path, Layout], tuple[pd.DataFrame, Layout]]]] = {
    ".csv": read_csv,
    ".parquet": read_parquet,
    ".tsf": read_tsf,
    ".jsonl": read_jsonlines,
    ".json": read_jsonlines,
}
ENDINGS: Final = tuple(_READERS)


def parts_of(path: Path, layout: Layout) -> Iterator[Part]:
    """The file, or all files in the folder; names in its path such as ``region=NSW`` become columns.

    Raises:
        InputError: names the file that is missing, empty, unreadable or of another kind.
    """
    if not path.is_dir():
        yield Part(str(path), *_read(path, layout))
        return
    for file in files_in(path):
        table, told = _read(file, layout)
        for name, value in partitions(file.relative_to(path)):
            if name in table.columns:
                raise InputError(f"column {name!r} stands in {file} and in its folder's name. Rename one of them.")
            table[name] = value
        yield Part(str(file), table, told)


def read_table(path: Path, layout: Layout) -> pd.DataFrame:
    """The table in one file; raises InputError."""
    return _read(path, layout)[0]


def refuse_missing(path: Path) -> None:
    """Raise InputError for a file that does not exist; it names the nearest in its folder."""
    folder = path.parent
    near = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in ENDINGS) if folder.is_dir() else []
    hint = did_you_mean(path.name, near) if near and len(near) < 100 else "check its name and folder."
    raise InputError(f"file {path} does not exist; {hint}")


def _read(path: Path, layout: Layout) -> tuple[pd.DataFrame, Layout]:
    ending = ending_of(path)
    with readable(path):
        table, told = _READERS[ending](path, layout)
    if table.empty:
        raise InputError(f"file {path} is empty: it has no rows of data. Check how it was made.")
    return table, told


def ending_of(path: Path) -> str:
    """What the name of a file that exists ends in; raises InputError for an ending that is not known."""
    if not path.exists():
        refuse_missing(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"file {path} ends in {ending!r}; expected one of {', '.join(ENDINGS)}. Convert or rename it.")
    return ending


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Inside, whatever the libraries that read a file complain of is an InputError that names it."""
    try:
        yield
    except InputError:
        raise
    except (OSError, UnicodeError, ValueError, csv.Error) as error:  # ValueError: what pandas and pyarrow raise
        reason = " ".join(str(error).split())[:200].rstrip(".")
        kind = path.suffix.lower()[1:]
        raise InputError(f"file {path} cannot be read as {kind}: {reason}. Check or save it again.") from error


def files_in(folder: Path) -> list[Path]:
    """All data files below a folder, by name; hidden ones and those of other endings are left out."""
    found = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.suffix.lower() in ENDINGS
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    ]
    endings = sorted({path.suffix.lower() for path in found})
    if not found:
        raise InputError(
            f"folder {folder} holds no file that ends in {', '.join(ENDINGS)}. Name another folder or file."
        )
    if len(endings) > 1:
        raise InputError(
            f"folder {folder} holds files of several kinds: {', '.join(endings)}; expected one kind. Name the files, "
            "or move the others elsewhere."
        )
    return found


def partitions(path: Path) -> list[tuple[str, str]]:
    """The columns that the folders of a path are named by: region=NSW/part-0.parquet -> region, NSW."""
    return [(name, unquote(value)) for name, mark, value in (part.partition("=") for part in path.parts[:-1]) if mark]
