"""Files, folders of them, and data sets by name -> Panel."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import pandas as pd

from datamodules.door.marks import Marks
from datamodules.door.names import several
from datamodules.door.shapes import join_rows
from datamodules.door.tables import ENDINGS, Part, parts_of, read_table, refuse_missing
from datamodules.errors import InputError, did_you_mean
from datamodules.find import catalog
from datamodules.large.stored import is_store, read_store, told_again
from datamodules.layout import Layout, detect, said
from datamodules.panel import Panel


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
        options: dict[str, Any] = {**self.layout}
        if "static_table" in options:
            options["static_table"] = read_table(Path(options["static_table"]), {**self.layout, "shape": "rows"})
        return Panel.from_frame(self.table, **options)

    def description(self, panel: Panel) -> dict[str, str]:
        """What the output shows about the data: files, shape, columns, frequency, sizes."""
        inferred = " (inferred)" if self.layout["freq"] == "infer" else ""
        roles = {role: _text(names) for role, names in said(self.layout).items() if role not in ("shape", "freq")}
        return {
            "data": self.name,
            "shape": self.layout["shape"],
            **roles,
            "freq": f"{panel.clock.freq}{inferred}",
            "series": f"{panel.n_series:,}",
            "rows": f"{len(panel.target):,}, {_range(panel.lengths)} a series",
        }


class Stored(Source):
    """A store of ``forecast pack``, which is not read: it has no table, and its layout is that of the files packed."""

    def panel(self) -> Panel:
        """The panel, mapped; raises InputError."""
        return read_store(Path(self.name))[0]


@dataclass(frozen=True, eq=False)
class Named(Source):
    """A data set, which makes its own panel: it has no table."""

    made: Panel

    def panel(self) -> Panel:
        """The panel that the data set made."""
        return self.made


def load(data: str | Path | Sequence[str | Path], *, data_dir: str = "", **layout: Unpack[Layout]) -> Panel:
    """The panel in a file, in several, or in the data set of that name; raises InputError."""
    return source(data, data_dir=data_dir, **layout).panel()


def read(paths: str | Path | Sequence[str | Path], **layout: Unpack[Layout]) -> Panel:
    """The panel in one or several files or folders; raises InputError."""
    return files(paths, **layout).panel()


def source(data: str | Path | Sequence[str | Path], *, data_dir: str = "", **layout: Unpack[Layout]) -> Source:
    """The file, the files or the data set of that name, read but not yet checked; raises InputError.

    Args:
        data: files, folders of them, or the name of a data set.
        data_dir: folder with the files of a data set that would be downloaded otherwise.
        layout: how a table is laid out; a data set knows its own.
    """
    names = _names(data)
    if len(names) == 1 and is_store(Path(names[0])):
        return Stored(names[0], pd.DataFrame(), told_again(Path(names[0]), layout))
    if len(names) > 1 or Path(names[0]).exists():
        if data_dir:
            raise InputError(f"data {names[0]} is a file, but data_dir is for data sets. Leave it out.")
        return files(data, **layout)
    if Path(names[0]).suffix.lower() in ENDINGS or len(Path(names[0]).parts) > 1:
        refuse_missing(Path(names[0]))
    datasets = catalog("datamodules", "Dataset")
    if names[0] not in datasets:
        raise InputError(f"data {names[0]!r} is neither a file nor a data set; {did_you_mean(names[0], datasets)}")
    if said(layout):
        raise InputError(f"data set {names[0]} knows its own {', '.join(said(layout))}; leave these options out.")
    if data_dir and names[0] not in catalog("datamodules", "Downloaded"):
        raise InputError(f"data set {names[0]} downloads no files, so data_dir is of no use to it. Leave it out.")
    dataset = getattr(import_module(datasets[names[0]].module), names[0])  # imports Lightning, which files do without
    panel: Panel = (dataset(data_dir=data_dir) if data_dir else dataset()).load()
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
    return Named(names[0], pd.DataFrame(), told, panel)


def files(paths: str | Path | Sequence[str | Path], **layout: Unpack[Layout]) -> Source:
    """The files, read but not yet checked.

    Several files of long or wide shape, and those of a folder, are put one below the other; those of shape ``rows`` are
    joined end to end for each series, as the M4 competition's train and test files are meant. What a file itself says
    of its layout, its frequency for one, holds where nothing else is asked for.

    Raises:
        InputError: names the file that is missing, empty, unreadable or of another kind, or a choice left open.
    """
    names = _names(paths)
    stores = [name for name in names if is_store(Path(name))]
    if stores:
        raise InputError(f"{stores[0]} is a store, which is data by itself; expected files beside it. Name it alone.")
    parts = [part for name in names for part in parts_of(Path(name), layout)]
    found = detect(parts[0].table, _with_roles(_told(parts), said(layout)))
    marks = Marks(decimal=found.get("decimal", "."), thousands=found.get("thousands", ""))
    return Source(", ".join(names), _join(parts, found, marks), found)


def _names(paths: str | Path | Sequence[str | Path]) -> list[str]:
    names = [str(paths)] if isinstance(paths, str | Path) else [str(path) for path in paths]
    if not names or "" in names:
        raise InputError("no data is named; expected a file or the name of a data set. Say one with --data.")
    return names


def _join(parts: list[Part], layout: Layout, marks: Marks) -> pd.DataFrame:
    """One table of all files; a later one may lack target, past and static columns when others are known ahead."""
    if len(parts) == 1:
        return parts[0].table
    if layout["shape"] == "rows":
        key = several(layout["id"])
        if len(key) > 1:
            raise InputError(f"id is {', '.join(key)}; several files of shape 'rows' need one column. Join the files.")
        return join_rows([part.table for part in parts], key[0], marks)
    expected = parts[0].table.columns
    target = layout.get("target", ())
    behind = {*([target] if isinstance(target, str) else target), *layout.get("past", ()), *layout.get("static", ())}
    behind -= {*several(layout.get("id", ()))}
    spared = expected.intersection(list(behind)) if layout.get("known") else expected[:0]
    for part in parts[1:]:
        odd = expected.symmetric_difference(part.table.columns).difference(spared)
        if len(odd):
            raise InputError(
                f"{parts[0].name} and {part.name} differ in column {str(odd[0])!r}; expected the same columns in all "
                "files, or known ones alone for rows to come. Rename or remove it."
            )
    names = ["file", str(parts[0].table.index.name)]
    return pd.concat([part.table for part in parts], keys=[part.name for part in parts], names=names)


def _with_roles(told: Layout, asked: Layout) -> Layout:
    """What was asked for, and else what the files say; they speak of no categories but those of the covariates."""
    both: Layout = {**told, **asked}
    covariates = (*both.get("past", ()), *both.get("known", ()), *both.get("static", ()))
    categories = [name for name in told.get("categories", ()) if name in covariates]
    return {**told, "categories": categories, **asked}


def _told(parts: list[Part]) -> Layout:
    """What all files say of their layout."""
    for part in parts[1:]:
        odd = [role for role in parts[0].told if part.told.get(role) != parts[0].told[role]]  # type: ignore[literal-required]
        if odd:
            raise InputError(
                f"{parts[0].name} and {part.name} differ in {odd[0]}: {parts[0].told[odd[0]]!r} and "  # type: ignore[literal-required]
                f"{part.told.get(odd[0], 'none')!r}; expected one. Read them one by one, or say it with {odd[0]}."
            )
    return parts[0].told


def _text(names: object) -> str:
    return ", ".join(names) if isinstance(names, list | tuple) else str(names)


def _range(lengths: np.ndarray) -> str:
    low, high = int(lengths.min()), int(lengths.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
