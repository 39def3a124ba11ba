"""The data that a configuration names: files of any layout, or a data set by its name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from datamodules.errors import InputError
from datamodules.find import catalog
from datamodules.readers import Source, source


def is_dataset(data: Sequence[str]) -> bool:
    """Whether these names are one data set and no file."""
    return len(data) == 1 and not Path(data[0]).exists() and data[0] in catalog("datamodules", "Dataset")


def layout_of(found: Source) -> dict[str, Any]:
    """The layout of files as it was found, in plain values; nothing for a data set, which knows its own."""
    if is_dataset([found.name]):
        return {}
    names = {role: value for role, value in found.layout.items() if role != "freq" and value not in ("", ())}
    return {role: list(value) if isinstance(value, tuple) else value for role, value in names.items()}


def read(data: Sequence[str], layout: dict[str, Any], data_dir: str = "") -> Source:
    """The source of that name; a data set may be told its own frequency, as a stored configuration does.

    Args:
        data: files, or the name of a data set.
        layout: options of ``datamodules.readers.source``.
        data_dir: folder with the files of a data set that would be downloaded otherwise.
    """
    if not is_dataset(data):
        return source(list(data), **layout)
    freq = layout.get("freq", "infer")
    found = source(list(data), **{**layout, "freq": "infer"}, data_dir=data_dir)
    if freq not in ("infer", str(found.layout["freq"])):
        raise InputError(f"data set {data[0]} has frequency {found.layout['freq']!r}, not {freq!r}. Leave freq out.")
    return found
