"""CSV and Parquet files, and data sets by name -> Panel."""

import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Unpack

import numpy as np
import pandas as pd

from datamodules.errors import InputError, did_you_mean
from datamodules.find import catalog
from datamodules.layout import Layout, detect
from datamodules.panel import Panel
from datamodules.shapes import join_rows

ENDINGS = (".csv", ".parquet")

# for read_csv: numbers to the last bit as written; from pandas 3.1 on it does so by itself
_DOES_SO = tuple(map(int, pd.__version__.split(".")[:2])) >= (3, 1)
EXACT: Final[dict[str, Any]] = {} if _DOES_SO else {"float_precision": "round_trip"}


@dataclass(frozen=True, eq=False)
class Source:
    """A person's data as it was read, and how it is understood.

    Attributes:
        name: the files or the data set.
        table: as in the files; its index says line and file.
        layout: the complete layout, found or asked for.
    """

    name: str
    table: pd.DataFrame
    layout: Layout

    def panel(self) -> Panel:
        """The panel of the table, after every check; raises InputError."""
        return Panel.from_frame(self.table, **self.layout)

    def description(self, panel: Panel) -> dict[str, str]:
        """What the output shows about the data: files, shape, columns, frequency, sizes."""
        inferred = " (inferred)" if self.layout["freq"] == "infer" else ""
        roles = {role: _text(names) for role, names in self.layout.items() if role not in ("shape", "freq") and names}
        return {
            "data": self.name,
            "shape": self.layout["shape"],
            **roles,
            "freq": f"{panel.clock.freq}{inferred}",
            "series": f"{panel.n_series:,}",
            "rows": f"{len(panel.target):,}, {_range(panel.lengths)} a series",
        }


def load(data: str | Path | Sequence[str | Path], **layout: Unpack[Layout]) -> Panel:
    """The panel in a file, in several, or in the data set of that name; raises InputError."""
    return source(data, **layout).panel()


def read(paths: str | Path | Sequence[str | Path], **layout: Unpack[Layout]) -> Panel:
    """The panel in one or several CSV or Parquet files; raises InputError."""
    return files(paths, **layout).panel()


def source(data: str | Path | Sequence[str | Path], **layout: Unpack[Layout]) -> Source:
    """The file, the files or the data set of that name, read but not yet checked; raises InputError."""
    names = _names(data)
    if len(names) > 1 or Path(names[0]).exists():
        return files(data, **layout)
    if Path(names[0]).suffix.lower() in ENDINGS or len(Path(names[0]).parts) > 1:
        _refuse_missing(Path(names[0]))
    datasets = catalog("datamodules", "Dataset")
    if names[0] not in datasets:
        raise InputError(f"data {names[0]!r} is neither a file nor a data set; {did_you_mean(names[0], datasets)}")
    if any(value not in ("auto", "infer", ()) for value in layout.values()):
        raise InputError(f"data set {names[0]} knows its own {', '.join(layout)}; leave these options out.")
    dataset = getattr(import_module(datasets[names[0]].module), names[0])  # imports Lightning, which files do without
    panel: Panel = dataset().load()
    columns = panel.columns
    told = Layout(
        shape="long",
        id="unique_id",
        time="ds",
        target=columns.target,
        past=columns.past,
        known=columns.known,
        static=columns.static,
        freq=panel.clock.freq,
    )
    return Source(names[0], panel.to_frame(), told)


def files(paths: str | Path | Sequence[str | Path], **layout: Unpack[Layout]) -> Source:
    """The files, read but not yet checked.

    Several files of long or wide shape are put one below the other; those of shape ``rows`` are joined end to end for
    each series, as the M4 competition's train and test files are meant.

    Raises:
        InputError: names the file that is missing, empty, unreadable or of another kind, or a choice left open.
    """
    names = _names(paths)
    tables = [_read_one(Path(name), layout) for name in names]
    found = detect(tables[0], layout)
    return Source(", ".join(names), _join(tables, names, found), found)


def _names(paths: str | Path | Sequence[str | Path]) -> list[str]:
    names = [str(paths)] if isinstance(paths, str | Path) else [str(path) for path in paths]
    if not names or "" in names:
        raise InputError("no data is named; expected a file or the name of a data set. Say one with --data.")
    return names


def _read_one(path: Path, layout: Layout) -> pd.DataFrame:
    if path.is_dir():
        raise InputError(f"{path} is a folder; expected a CSV or Parquet file. Name the files in it.")
    if not path.exists():
        _refuse_missing(path)
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise InputError(f"file {path} ends in {ending!r}; expected one of {', '.join(ENDINGS)}. Convert or rename it.")
    try:
        table = _read_csv(path, layout) if ending == ".csv" else pd.read_parquet(path)
    except (OSError, UnicodeError, ValueError, csv.Error) as error:  # ValueError: what pandas and pyarrow raise
        if isinstance(error, InputError):
            raise
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(f"file {path} cannot be read as {ending[1:]}: {reason}. Check or save it again.") from error
    if table.empty:
        raise InputError(f"file {path} is empty: it has no rows of data. Check how it was made.")
    return table


def _read_csv(path: Path, layout: Layout) -> pd.DataFrame:
    """The table with line numbers as its index; cells are empty only where nothing is written."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        first = lines.readline()
    if not first.strip():
        raise InputError(f"file {path} is empty: its first line has no column names. Check how it was made.")
    separator = max(",;\t|", key=first.count)
    header = next(csv.reader([first], delimiter=separator))
    twice = [name for name in header if header.count(name) > 1] if len(set(header)) < len(header) else []
    if twice:
        raise InputError(f"file {path} has column {twice[0]!r} twice; expected one of each name. Rename one of them.")
    names = header[0] if layout.get("shape") == "rows" else "unique_id"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                sep=separator,
                encoding="utf-8-sig",
                index_col=False,  # never the first column by itself
                dtype={layout.get("id", "auto"): str, names: str},  # so that 007 stays 007
                keep_default_na=False,  # so that the id NA stays NA
                na_values=[""],
                skip_blank_lines=False,  # so that lines count as in the file
                low_memory=False,
                **EXACT,
            )
    except pd.errors.ParserWarning as error:
        raise InputError(
            f"file {path} has more cells in its lines than names in its first line. Name all columns."
        ) from error
    table.index = pd.RangeIndex(2, len(table) + 2, name="line")
    counted = str(table.columns[0]) == "Unnamed: 0" and pd.api.types.is_integer_dtype(table.iloc[:, 0])
    if counted and (table.iloc[:, 0].to_numpy() == np.arange(len(table))).all():
        table = table.iloc[:, 1:]  # the row numbers that pandas writes
    return table.dropna(how="all")


def _join(tables: list[pd.DataFrame], names: list[str], layout: Layout) -> pd.DataFrame:
    if len(tables) == 1:
        return tables[0]
    if layout["shape"] == "rows":
        return join_rows(tables, layout["id"])
    for table, name in zip(tables[1:], names[1:], strict=True):
        odd = tables[0].columns.symmetric_difference(table.columns)
        if len(odd):
            raise InputError(
                f"{names[0]} and {name} differ in column {str(odd[0])!r}; expected the same columns in all files. "
                "Rename or remove it."
            )
    return pd.concat(tables, keys=names, names=["file", "line"])


def _refuse_missing(path: Path) -> None:
    folder = path.parent
    near = sorted(each.name for each in folder.iterdir() if each.suffix.lower() in ENDINGS) if folder.is_dir() else []
    hint = did_you_mean(path.name, near) if near and len(near) < 100 else "check its name and folder."
    raise InputError(f"file {path} does not exist; {hint}")


def _text(names: object) -> str:
    return ", ".join(names) if isinstance(names, list | tuple) else str(names)


def _range(lengths: np.ndarray) -> str:
    low, high = int(lengths.min()), int(lengths.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
