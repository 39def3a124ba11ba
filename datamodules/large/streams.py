"""Files larger than memory -> their tables, some rows at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from datamodules.door.separated import csv_options, one_width
from datamodules.door.tables import ending_of, files_in, partitions, readable
from datamodules.errors import InputError
from datamodules.layout import Layout

_ENDINGS: Final = (".csv", ".parquet")


def streamed(paths: Sequence[Path], layout: Layout, rows: int) -> Iterator[pd.DataFrame]:
    """The tables of the files and of those in folders, at most ``rows`` rows each; their index says line and file.

    Raises:
        InputError: names the file that is missing, unreadable or of another kind, or differs from others in a column.
    """
    files = [each for path in paths for each in _files(path)]
    first: list[object] = []
    for file, told in files:
        if ending_of(file) not in _ENDINGS:
            raise InputError(
                f"file {file} is read at once; only {' and '.join(_ENDINGS)} are read in pieces. Convert it."
            )
        with readable(file):
            for table in (_lines if file.suffix.lower() == ".csv" else _batches)(file, layout, rows):
                table[[name for name, _ in told]] = [value for _, value in told]
                first = first or list(table.columns)
                odd = sorted(map(str, {*first} ^ {*table.columns}))
                if odd:
                    raise InputError(
                        f"{files[0][0]} and {file} differ in column {odd[0]!r}; expected the same in all files. "
                        "Rename or remove it."
                    )
                if len(files) > 1:
                    names = ["file", str(table.index.name)]
                    table.index = pd.MultiIndex.from_product([[str(file)], table.index], names=names)
                yield table


def _files(path: Path) -> list[tuple[Path, list[tuple[str, str]]]]:
    """A file, or those of a folder with what its names say."""
    if not path.is_dir():
        return [(path, [])]
    return [(file, partitions(file.relative_to(path))) for file in files_in(path)]


def _lines(path: Path, layout: Layout, rows: int) -> Iterator[pd.DataFrame]:
    row = 0
    with pd.read_csv(path, chunksize=rows, **csv_options(path, layout)) as chunks:
        while True:
            with one_width(path):
                table = next(chunks, None)
            if table is None:
                return
            numbers = pd.RangeIndex(row, row + len(table))
            row += len(table)
            if str(table.columns[0]) == "Unnamed: 0" and (table.iloc[:, 0].astype(str) == numbers.astype(str)).all():
                table = table.iloc[:, 1:]  # the row numbers that pandas writes
            filled = table.set_axis(numbers.rename("line") + 2).dropna(how="all")
            if len(filled):
                yield filled.copy()


def _batches(path: Path, layout: Layout, rows: int) -> Iterator[pd.DataFrame]:
    row = 0
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=rows):
            table = pa.Table.from_batches([batch]).to_pandas()
            stored = [name for name in table.index.names if name is not None]
            table = table.reset_index(stored).reset_index(drop=True)
            table.index = pd.RangeIndex(row, row + len(table), name="row")
            row += len(table)
            yield table
