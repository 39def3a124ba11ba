"""How cells are written, and the numbers that texts with such marks spell."""

import re
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.errors import InputError, one_of

EMPTY: Final = ("", "na", "nan", "nat", "none", "null", "<na>")  # text that stands for a missing cell, in any case
ANY_MARKS: Final = r"[+-]?(?:\d+|\d{1,3}(?:[.,'\s]\d{3})+)(?:[.,]\d+)?"  # a number with whatever marks
_THOUSANDS = ("", ",", ".", " ", "'")


class Marks(NamedTuple):
    """How cells are written, where it differs from the usual."""

    categories: tuple[str, ...] = ()  # columns whose numbers are names of categories
    zone: str = ""  # that stamps are local to
    decimal: str = "."
    thousands: str = ""


USUAL: Final = Marks()


def check_marks(marks: Marks) -> None:
    """Raise InputError unless numbers can be written with these marks."""
    one_of("decimal", marks.decimal, (".", ","))
    if marks.thousands not in _THOUSANDS:
        raise InputError(
            f"thousands is {marks.thousands!r}; expected one of {', '.join(map(repr, _THOUSANDS))}. Give another."
        )
    if marks.decimal == marks.thousands:
        raise InputError(
            f"decimal and thousands are both {marks.decimal!r}; expected two marks. Say another for one of them."
        )


def read_numbers(texts: pd.Series, decimal: str = ".", thousands: str = "") -> np.ndarray:
    """The numbers that texts spell, true and false among them; NaN where they spell none.

    Thousands are marked every three digits or not at all: 1,5 is no number whose thousands have commas.

    Example:
        >>> read_numbers(pd.Series(["1.234,5", "2,5", "1.5"]), ",", ".")
        array([1234.5,    2.5,    nan])
    """
    digits = (
        texts.astype(object).str.replace(r"(?i)^true$", "1", regex=True).str.replace(r"(?i)^false$", "0", regex=True)
    )
    if thousands:
        mark = r"\s" if thousands == " " else re.escape(thousands)  # no-break spaces are spaces too
        grouped = digits.str.fullmatch(rf"[+-]?\d{{1,3}}(?:{mark}\d{{3}})+(?:{re.escape(decimal)}\d*)?")
        digits = digits.mask(grouped.astype(bool), digits.str.replace(mark, "", regex=True))
    if decimal != ".":
        dotted = digits.str.contains(".", regex=False).astype(bool)
        digits = digits.mask(dotted, "").str.replace(decimal, ".", regex=False)
    return pd.to_numeric(digits, errors="coerce").to_numpy(dtype=np.float64)


def wanted(marks: Marks) -> str:
    """Words for a message: ``a number``, with its marks where they are not the usual ones."""
    between = f" and thousands {marks.thousands!r}" if marks.thousands else ""
    return f"a number with decimal {marks.decimal!r}{between}" if marks.decimal != "." or between else "a number"


def remedy(texts: pd.Series, marks: Marks) -> str:
    """The sentence that says what to do about texts which are no numbers: name the right marks, or correct them."""
    written = texts[~texts.str.lower().isin(EMPTY)]
    fitting = {}  # decimal by thousands
    for decimal in (",", "."):
        for thousands in _THOUSANDS:
            if decimal != thousands and not np.isnan(read_numbers(written, decimal, thousands)).any():
                fitting[thousands] = decimal
                break
    if np.isnan(read_numbers(written, marks.decimal, marks.thousands)).all() and not fitting:
        return "Name another column, or write numbers."
    if not fitting:
        return "Correct it or leave the cell empty."
    options = [_options(decimal, thousands, marks) for thousands, decimal in fitting.items()]
    return f"Read numbers that are written so with {' or '.join(options)}, or correct it."


def _options(decimal: str, thousands: str, marks: Marks) -> str:
    said = [f"--decimal {decimal!r}"] if decimal != marks.decimal else []
    said += [f"--thousands {thousands!r}"] if thousands != marks.thousands else []
    return " ".join(said)
