"""How a person's table is laid out: its shape, and which column is what."""

from collections.abc import Sequence
from typing import Any, Final, TypedDict, cast

import numpy as np
import pandas as pd

from datamodules.door.cells import looks_like_numbers
from datamodules.door.columns import require
from datamodules.door.names import several
from datamodules.door.shapes import NO_TIME, SHAPES
from datamodules.door.stamps import looks_like_stamps
from datamodules.errors import InputError, one_of

_TIME_NAMES = ("time", "date", "datetime", "timestamp", "period", "year", "t")  # of columns of whole numbers


class Layout(TypedDict, total=False):
    """The shape of a table and its columns by role; what is left out, or ``auto``, is found from the columns.

    Attributes:
        shape: ``long`` (a row per series and stamp), ``wide`` (one column a series, the time column first) or ``rows``
            (one row a series, the id first, values after it, empty cells at the end).
        id: column with the series' name, or several whose texts are joined: ``Adelaide/Business``.
        time: column with stamps, or whole numbers; ``none`` when there is none and rows are steps.
        target: column or columns to forecast.
        past: columns known up to the cutoff.
        known: columns known ahead.
        static: columns with one value a series.
        categories: columns of these whose numbers are names of categories; columns of text are categories anyway.
        freq: a pandas offset alias or an integer step; ``infer`` takes it from the stamps.
        zone: time zone that the stamps are local to, such as Europe/Madrid; inside, stamps are UTC then.
        decimal: the mark before the decimals of numbers that are text: ``.`` or ``,``.
        thousands: the mark between thousands of such numbers; none when empty.
        static_table: a file with a row a series, its id columns and its static columns.
    """

    shape: str
    id: str | Sequence[str]
    time: str
    target: str | Sequence[str]
    past: Sequence[str]
    known: Sequence[str]
    static: Sequence[str]
    categories: Sequence[str]
    freq: str | int
    zone: str
    decimal: str
    thousands: str
    static_table: str


_UNSAID: Final[tuple[object, ...]] = ("auto", "infer", "", (), [])


def said(layout: Layout) -> Layout:
    """The layout without what is left open, and without the usual decimal mark."""
    told: dict[str, Any] = {
        role: value for role, value in layout.items() if value not in _UNSAID and (role, value) != ("decimal", ".")
    }
    columns = {role: several(told[role]) for role in ("past", "known", "static", "categories") if role in told}
    return cast(Layout, told | columns)


def detect(table: pd.DataFrame, asked: Layout) -> Layout:
    """The complete layout of a table: what was asked for, and the rest from its columns.

    ``unique_id``, ``ds`` and ``y`` are taken at their word. Otherwise the first column that reads as dates is the time;
    a text column tells series apart where stamps repeat; one numeric column that remains is the target; and several,
    with stamps that do not repeat, are a wide table.

    Raises:
        InputError: when the columns leave a choice; it names the candidates and the option to say it with.
    """
    given = said(asked)
    one_of("shape", given.get("shape", "long"), SHAPES)
    time = given.get("time", "")
    require(table, [time] if time not in ("", NO_TIME) else [], "time")
    require(table, given.get("past", ()), "past")
    require(table, given.get("known", ()), "known")
    require(table, given.get("static", ()) if "static_table" not in given else (), "static")
    require(table, several(given.get("id", ())), "id")
    if given.get("shape") == "rows" or ("shape" not in given and _looks_like_rows(table, given)):
        _refuse_values(table.columns[1:])
        return {"freq": "infer", **given, "shape": "rows", "id": given.get("id", str(table.columns[0]))}
    time = time or _named(_find_time(table))
    complete: Layout = {"freq": "infer", **given, "time": time}
    if given.get("shape") == "wide" or ("shape" not in given and _looks_wide(table, time, given)):
        return {**complete, "shape": "wide"}
    id = given.get("id") or _find_id(table, time, given)
    target = given.get("target") or _find_target(table, {time, *several(id), *_covariates(given)})
    return {**complete, "shape": "long", "id": id, "target": target}


def _looks_like_rows(table: pd.DataFrame, given: Layout) -> bool:
    """Whether the first column is text that names each row, and only numbers follow."""
    if given.get("time", NO_TIME) != NO_TIME or "ds" in table.columns or table.shape[1] < 3:
        return False
    first = table.iloc[:, 0]
    named = not looks_like_numbers(first) and not looks_like_stamps(first) and first.is_unique
    return named and bool(_numeric(table.iloc[:, 1:]).all())


def _looks_wide(table: pd.DataFrame, time: str, given: Layout) -> bool:
    if {"id", "target"} & given.keys() or _covariates(given) or {"unique_id", "y"} & set(table.columns):
        return False
    if time == NO_TIME:
        return table.shape[1] > 1 and bool(_numeric(table).all())
    others = table.drop(columns=time)
    return others.shape[1] > 1 and not table[time].duplicated().any() and bool(_numeric(others).all())


def _find_time(table: pd.DataFrame) -> str:
    if "ds" in table.columns:
        return "ds"
    texts = table.loc[:, ~_number_typed(table)]
    for name in texts.columns:
        if looks_like_stamps(texts[name]):
            return str(name)
    for name in table.columns:
        if str(name).casefold() in _TIME_NAMES and not pd.api.types.is_float_dtype(table[name]):
            return str(name)
    raise InputError(
        f"no column reads as dates, of {_listed(table.columns)}; say which holds the time (--time NAME), or that "
        "each row is a series (--shape rows), or that rows are steps (--time none --freq B)."
    )


def _named(time: str) -> str:
    """The name of a time column that was found; InputError where it is itself a date, as in a file without names."""
    if any(character.isdigit() for character in time) and looks_like_stamps(pd.Series([time])):
        raise InputError(
            f"the column with the time is called {time!r}, which is a date: the first line holds no names. Add a line "
            f"of names, such as unique_id,ds,y, or say that it is the name (--time '{time}')."
        )
    return time


def _refuse_values(names: pd.Index) -> None:
    """Raise InputError when columns of steps are called by numbers that do not count, as in a file without names."""
    numbers = pd.to_numeric(pd.Series(names.astype(str)), errors="coerce").to_numpy()
    if len(numbers) > 1 and not np.isnan(numbers).any() and not np.allclose(np.diff(numbers), numbers[1] - numbers[0]):
        raise InputError(
            f"the columns are called {_listed(names)}, which are values and no steps: the first line holds no names. "
            "Add a line of names, such as unique_id,1,2,3."
        )


def _find_id(table: pd.DataFrame, time: str, given: Layout) -> str:
    """The column that tells series apart; ``unique_id`` when there is one series only, with or without that column."""
    others = table.columns.drop([time, *_covariates(given)], errors="ignore")
    if "unique_id" in table.columns or (time != NO_TIME and not table[time].duplicated().any()):
        return "unique_id"
    texts = [name for name in others if not looks_like_numbers(table[name]) and not looks_like_stamps(table[name])]
    if len(texts) == 1 and len(others) > 1:
        return str(texts[0])
    static = [name for name in given.get("static", ()) if name in table.columns]
    candidates = [*(texts or others), *static]
    if len(candidates) < 2 or (time == NO_TIME and not texts):
        return "unique_id"
    problem = (
        f"stamps repeat in column {time!r}, so a column must tell series apart"
        if time != NO_TIME
        else ("there is no time column, so steps count within each series")
    )
    raise InputError(
        f"{problem}, and it is not clear which of {_listed(candidates)}; say it with id (--id NAME), or several that "
        "name a series together (--id A,B)."
    )


def _find_target(table: pd.DataFrame, taken: set[str]) -> str:
    if "y" in table.columns:
        return "y"
    others = [str(name) for name in table.columns if name not in taken]
    numeric = [name for name in others if looks_like_numbers(table[name])]
    if len(numeric) == 1 or len(others) == 1:
        return (numeric or others)[0]
    if not others:
        raise InputError(f"no column is left to forecast in {_listed(table.columns)}; add one with the values.")
    raise InputError(
        f"it is not clear which column to forecast of {_listed(numeric or others)}; say it with target (--target NAME)."
    )


def _covariates(given: Layout) -> tuple[str, ...]:
    """The columns of the table with such a role; a static table brings its own."""
    static = () if "static_table" in given else given.get("static", ())
    return (*given.get("past", ()), *given.get("known", ()), *static)


def _number_typed(table: pd.DataFrame) -> np.ndarray:
    """For each column whether its type is a number or a boolean."""
    kinds = table.dtypes
    numeric = [kind for kind in kinds.unique() if pd.api.types.is_numeric_dtype(kind)]
    return kinds.isin(numeric).to_numpy(copy=True)


def _numeric(table: pd.DataFrame) -> np.ndarray:
    """For each column whether it holds numbers, of whatever type."""
    numeric = _number_typed(table)
    for column in np.flatnonzero(~numeric).tolist():
        numeric[column] = looks_like_numbers(table.iloc[:, column])
    return numeric


def _listed(names: Sequence[object] | pd.Index) -> str:
    shown = [repr(str(name)) for name in list(names)[:8]]
    return ", ".join(shown) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
