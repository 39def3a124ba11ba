"""A ``.tsf`` file of the Monash archive -> a long table.

Reference:
    Godahewa, Bergmeir, Webb, Hyndman, Montero-Manso (2021), Monash Time Series Forecasting Archive.
"""

import re
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from datamodules.door.cells import numbers, place, shown
from datamodules.door.shapes import NO_TIME
from datamodules.door.stamps import stamps
from datamodules.door.starts import refuse_zone, stamped
from datamodules.errors import InputError, did_you_mean
from datamodules.layout import Layout, said

_FREQUENCIES: Final = {
    "secondly": "s",
    "minutely": "min",
    "half_hourly": "30min",
    "hourly": "h",
    "daily": "D",
    "weekly": "W",
    "monthly": "MS",
    "quarterly": "QS",
    "yearly": "YS",
}
_UNITS: Final = {"seconds": "s", "minutes": "min", "hours": "h", "days": "D"}
_KINDS: Final = ("string", "numeric", "date")


class Header(NamedTuple):
    """What the lines before ``@data`` say."""

    attributes: dict[str, str]  # name -> string, numeric or date
    frequency: str
    data: int  # lines up to and with @data


def read_tsf(path: Path, layout: Layout) -> tuple[pd.DataFrame, Layout]:
    """The table with a row a value and line numbers as its index: unique_id, ds, y and the other attributes.

    The frequency is that of the layout, or else the header's; months, quarters and years are named by their beginning.
    Without ``start_timestamp``, or on an integer step, there is no ``ds`` and all series end together.

    Raises:
        InputError: names the file, the line and what is wrong there.
    """
    lines = _text(path).splitlines()
    header = _header(lines, path)
    found = [(number, line) for number, line in enumerate(lines[header.data :], header.data + 1) if line.strip()]
    if not found:
        raise InputError(f"file {path} is empty: no series follow @data. Check how it was made.")
    index = pd.MultiIndex.from_product([[str(path)], [number for number, _ in found]], names=["file", "line"])
    fields = [line.split(":") for _, line in found]
    odd = [row for row, parts in enumerate(fields) if len(parts) != len(header.attributes) + 1]
    if odd:
        raise InputError(
            f"{place(index, odd[0])} has {len(fields[odd[0]])} parts between colons; expected "
            f"{len(header.attributes) + 1}: {', '.join(header.attributes)} and the values. Correct it."
        )
    *texts, written = (pd.Series(part, index=index, dtype=object) for part in zip(*fields, strict=True))
    values, lengths = _values(written)
    attributes = dict(zip(header.attributes, texts, strict=True))
    series = np.repeat(np.arange(len(found)), lengths)
    columns: dict[str, Any] = {"unique_id": pd.Categorical.from_codes(series, categories=_ids(attributes, index))}
    asked = said(layout).get("freq", "")
    asked = int(asked) if isinstance(asked, str) and asked.isdigit() else asked
    told = Layout(shape="long", id="unique_id", time=NO_TIME, target="y")
    starts = attributes.pop("start_timestamp", None)
    freq = asked or _frequency(header.frequency, path)
    if starts is not None and isinstance(freq, str):
        refuse_zone(layout, path)
        if not freq:
            raise InputError(f"file {path} has no @frequency; say it with freq (--freq h), or --freq 1 to count steps.")
        iso = starts.str.strip().str.replace(r" (\d\d)-(\d\d)-(\d\d)$", r" \1:\2:\3", regex=True)
        begins = pd.Series(stamps(iso, "start_timestamp").times, index=index)
        columns["ds"], freq = stamped(begins, lengths, freq)
        told["time"] = "ds"
    told |= Layout(freq=freq) if freq else {}
    columns["y"] = values
    for name, column in attributes.items():
        columns[name] = _attribute(column, name, header.attributes[name])[series]
    return pd.DataFrame(columns, index=pd.Index(index.get_level_values("line")[series], name="line")), told


def _text(path: Path) -> str:
    """The file's text; files of the archive are written in UTF-8 or in cp1252."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _header(lines: list[str], path: Path) -> Header:
    attributes: dict[str, str] = {}
    frequency = ""
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        tag = words[0].lower()
        if tag == "@data":
            return Header(attributes, frequency, number)
        if not tag.startswith("@"):
            raise InputError(f"line {number} of {path} is {shown(line)}; expected @attribute, @data or the like first.")
        if tag == "@attribute":
            if len(words) != 3 or words[2] not in _KINDS:
                raise InputError(
                    f"line {number} of {path} is {shown(line)}; expected @attribute, a name and one of "
                    f"{', '.join(_KINDS)}. Correct it."
                )
            attributes[words[1]] = words[2]
        if tag == "@frequency" and len(words) > 1:
            frequency = words[1].lower()
    raise InputError(f"file {path} has no line @data; expected it before the series. Check how it was made.")


def _frequency(word: str, path: Path) -> str:
    """The offset alias for a frequency of the archive: half_hourly -> 30min, 10_minutes -> 10min."""
    counted = re.fullmatch(r"(\d+)_(seconds|minutes|hours|days)", word)
    if counted:
        return f"{counted[1]}{_UNITS[counted[2]]}"
    if word and word not in _FREQUENCIES:
        raise InputError(
            f"file {path} has @frequency {word!r}, which is not known; {did_you_mean(word, _FREQUENCIES)} Or say "
            "it with freq (--freq h)."
        )
    return _FREQUENCIES.get(word, "")


def _values(written: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """All values end to end, NaN for ``?``, and how many each line has."""
    split = pc.split_pattern(pa.array(written.str.strip(), type=pa.large_string()), ",")
    lengths = pc.list_value_length(split).to_numpy()
    cells = pc.utf8_trim_whitespace(split.flatten())
    known = pc.if_else(pc.is_in(cells, pa.array(["?", "NaN"], type=pa.large_string())), None, cells)
    try:
        return known.cast(pa.float64()).to_numpy(zero_copy_only=False), lengths
    except pa.ArrowInvalid as error:
        texts = pd.Series(known.to_pandas())
        wrong = (pd.to_numeric(texts, errors="coerce").isna() & texts.notna()).to_numpy()
        cell = int(wrong.argmax())
        line = int(np.searchsorted(np.cumsum(lengths), cell, side="right"))
        raise InputError(
            f"value {cell - int(lengths[:line].sum()) + 1} in {place(written.index, line)} is "
            f"{shown(texts.iloc[cell])}; expected a number, or ? where it is missing. Correct it."
        ) from error


def _ids(attributes: dict[str, pd.Series], index: pd.Index) -> pd.Index:
    """The series' names, each once; T1, T2 ... where the file names none."""
    if "series_name" not in attributes:
        return pd.Index([f"T{number}" for number in range(1, len(index) + 1)], dtype=object)
    names = attributes.pop("series_name").str.strip()
    again = names.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        first = int((names == names.iloc[row]).to_numpy().argmax())
        raise InputError(
            f"series {names.iloc[row]!r} stands in {place(index, first)} and again in {place(index, row)}; expected "
            "one line a series. Remove or rename one."
        )
    return pd.Index(names, dtype=object)


def _attribute(column: pd.Series, name: str, kind: str) -> Any:
    """The values of an attribute, an array of numbers or of categories."""
    return numbers(column, name) if kind == "numeric" else pd.Categorical(column.str.strip())
