"""A file of JSON lines as GluonTS writes them, one series a line -> a long table."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from datamodules.door.cells import shown
from datamodules.door.shapes import NO_TIME
from datamodules.door.stamps import stamps
from datamodules.door.starts import refuse_zone, stamped
from datamodules.errors import InputError
from datamodules.layout import Layout, said

_ROLES: Final = {  # field -> column, role
    "feat_static_cat": ("static_cat", "static"),
    "feat_static_real": ("static_real", "static"),
    "feat_dynamic_cat": ("dynamic_cat", "known"),
    "feat_dynamic_real": ("dynamic_real", "known"),
    "past_feat_dynamic_real": ("past_dynamic_real", "past"),
}


def read_jsonlines(path: Path, layout: Layout) -> tuple[pd.DataFrame, Layout]:
    """The table with a row a value and line numbers as its index: unique_id, ds, y and a column a feature.

    Features are named ``static_cat_0``, ``static_real_0``, ``dynamic_cat_0``, ``dynamic_real_0`` and
    ``past_dynamic_real_0`` and have the roles of their names; dynamic ones may reach past the last target. Series
    without ``item_id`` are named by their number, from 0; without ``start`` all series end together.

    Raises:
        InputError: names the file, the line and what is wrong there.
    """
    lines, objects = zip(*_objects(path), strict=True)
    places = [f"line {line} of {path}" for line in lines]
    targets = [_row(each.get("target"), place) for place, each in zip(places, objects, strict=True)]
    features = {
        field: [_block(each.get(field), field, place) for place, each in zip(places, objects, strict=True)]
        for field, (_, role) in _ROLES.items()
        if role != "static"
    }
    observed = np.array([len(target) for target in targets])
    reach = {field: np.array([block.shape[1] for block in blocks]) for field, blocks in features.items()}
    lengths = np.maximum.reduce([observed, *reach.values()])
    series = np.repeat(np.arange(len(objects)), lengths)
    within = np.arange(len(series)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns: dict[str, Any] = {"unique_id": _ids(objects, places)[series]}
    told = Layout(shape="long", id="unique_id", time=NO_TIME, target="y")
    freq = said(layout).get("freq") or _shared(objects, "freq", places)
    if not isinstance(freq, str | int):
        raise InputError(
            f"freq in {places[0]} is {freq!r}; expected text such as 'h' or 'D', or an integer. Correct it."
        )
    if freq:
        told["freq"] = int(freq) if str(freq).isdigit() else freq
    starts = [each.get("start") for each in objects]
    if starts.count(None) < len(starts):
        refuse_zone(layout, path)
        if not freq:
            raise InputError(f"file {path} says no frequency; say it with freq (--freq h).")
        index = pd.MultiIndex.from_product([[str(path)], lines], names=["file", "line"])
        begins = pd.Series(stamps(pd.Series(starts, index=index, dtype=object), "start").times, index=index)
        columns["ds"], told["freq"] = stamped(begins, lengths, told["freq"])
        told["time"] = "ds"
    columns["y"] = _filled(targets, within < observed[series])
    for field, blocks in features.items():
        count = _same_count([len(block) for block in blocks], field, places)
        _refuse_short(reach[field], observed, field, places, count)
        for number in range(count):
            columns[f"{_ROLES[field][0]}_{number}"] = _filled(
                [block[number] for block in blocks], within < reach[field][series]
            )
    for field in ("feat_static_cat", "feat_static_real"):
        rows = [_list(each.get(field), field, place) for place, each in zip(places, objects, strict=True)]
        for number in range(_same_count([len(row) for row in rows], field, places)):
            columns[f"{_ROLES[field][0]}_{number}"] = pd.Series([row[number] for row in rows]).to_numpy()[series]
    told |= _roles(columns)
    return pd.DataFrame(columns, index=pd.Index(np.array(lines)[series], name="line")), told


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each line's number and object."""
    found = False
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except json.JSONDecodeError as error:
                raise InputError(
                    f"line {number} of {path} is no JSON object: {error.msg} at column {error.colno}; expected one "
                    "object a line, a series each. Write it so."
                ) from error
            if not isinstance(value, dict):
                raise InputError(
                    f"line {number} of {path} is {shown(value)}; expected one object a line, such as "
                    '{"start": "2024-01-01", "target": [1, 2]}. Write it so.'
                )
            found = True
            yield number, value
    if not found:
        raise InputError(f"file {path} is empty: it has no lines. Check how it was made.")


def _row(value: Any, where: str) -> np.ndarray:
    """The target of one series."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        raise InputError(
            f"target in {where} is a list of lists; expected one list of numbers. Write each target "
            "as a series of its own."
        )
    return _numbers(_list(value, "target", where) or None, "target", where)


def _block(value: Any, field: str, where: str) -> np.ndarray:
    """The features of one field and series, (features, steps)."""
    rows = [_numbers(_list(row, field, where), field, where) for row in _list(value, field, where)]
    if len({len(row) for row in rows}) > 1:
        raise InputError(f"the lists of {field} in {where} differ in length; expected one. Correct them.")
    return np.array(rows) if rows else np.empty((0, 0))


def _list(value: Any, field: str, where: str) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise InputError(f"{field} in {where} is {shown(value)}; expected a list. Write it as one.")
    return value or []


def _numbers(values: list[Any] | None, field: str, where: str) -> np.ndarray:
    """The list as float64; null and "NaN" are missing."""
    if values is None:
        raise InputError(f"{field} in {where} is missing or empty; expected a list of numbers. Add it.")
    try:
        return np.array(values, dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{field} in {where} holds what is no number: {error}; expected numbers, or null where one is missing. "
            "Correct it."
        ) from error


def _filled(parts: list[np.ndarray], where: np.ndarray) -> np.ndarray:
    """(R) the parts end to end at the rows ``where`` (R), NaN elsewhere."""
    values = np.full(len(where), np.nan)
    values[where] = np.concatenate(parts)
    return values


def _same_count(counts: list[int], field: str, places: list[str]) -> int:
    other = next((row for row, count in enumerate(counts) if count != counts[0]), 0)
    if other:
        raise InputError(
            f"{field} has {counts[0]} features in {places[0]}, but {counts[other]} in {places[other]}; "
            "expected the same number in all lines. Add or remove some."
        )
    return counts[0]


def _refuse_short(reach: np.ndarray, observed: np.ndarray, field: str, places: list[str], count: int) -> None:
    past = _ROLES[field][1] == "past"
    wrong = ((reach != observed) if past else (reach < observed)) & (count > 0)
    if wrong.any():
        row = int(wrong.argmax())
        wanted = "as many" if past else "at least as many"
        raise InputError(
            f"{field} in {places[row]} has {reach[row]:,} steps, but target has {observed[row]:,}; expected "
            f"{wanted}. Correct it."
        )


def _ids(objects: tuple[dict[str, Any], ...], places: list[str]) -> np.ndarray:
    """The series' names as they are, each once."""
    names: list[Any] = [each.get("item_id") for each in objects]
    if names.count(None) == len(names):
        names = [str(number) for number in range(len(names))]
    again = pd.Series(names, dtype=object).duplicated().to_numpy() & np.array([name is not None for name in names])
    if again.any():
        row = int(again.argmax())
        raise InputError(
            f"item_id {names[row]!r} stands in {places[names.index(names[row])]} and again in "
            f"{places[row]}; expected one line a series. Remove or rename one."
        )
    return np.array(names, dtype=object)


def _shared(objects: tuple[dict[str, Any], ...], field: str, places: list[str]) -> Any:
    """The value that all objects have in a field; empty when none has."""
    values = [each.get(field, "") for each in objects]
    other = next((row for row, value in enumerate(values) if value != values[0]), 0)
    if other:
        raise InputError(
            f"{field} is {values[0]!r} in {places[0]}, but {values[other]!r} in {places[other]}; expected "
            f"one clock for all series. Correct it, or say it with {field} (--{field})."
        )
    return values[0]


def _roles(columns: dict[str, Any]) -> Layout:
    """The columns of features by their roles."""
    named = {
        role: [
            name for name in columns for prefix, of in _ROLES.values() if of == role and name.startswith(f"{prefix}_")
        ]
        for role in ("static", "known", "past")
    }
    categories = [name for name in columns if "_cat_" in name]
    return Layout(static=named["static"], known=named["known"], past=named["past"], categories=categories)
