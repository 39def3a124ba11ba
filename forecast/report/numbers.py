"""Numbers and stamps as a person reads them: sensible digits, thousands separators, no noise."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

NONE = "–"  # shown where there is no value


def places(values: np.ndarray, digits: int = 4) -> int:
    """The decimals that give a typical one of ``values`` that many digits; -1 asks for 1.23e-09 instead.

    One number for a whole column, so that its decimal points stand below each other.

    Example:
        >>> places(np.array([0.81, 0.9, 12.0])), places(np.array([1200.0, 980.0])), places(np.array([3e-9]))
        (3, 0, -1)
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    if not len(sizes):
        return 0
    magnitude = math.floor(math.log10(float(np.median(sizes))))
    return -1 if magnitude < -4 or magnitude > 12 else max(digits - 1 - magnitude - (magnitude < 0), 0)


def fixed(value: float, decimals: int) -> str:
    """``value`` with that many decimals, true minus and thousands separators.

    Example:
        >>> fixed(-1234.567, 1), fixed(float("nan"), 1), fixed(3.2e-9, -1)
        ('−1,234.6', '–', '3.20e−09')
    """
    if not math.isfinite(value):
        return NONE if math.isnan(value) else "∞" if value > 0 else "−∞"
    text = f"{value:.2e}" if decimals < 0 else f"{value:,.{decimals}f}"
    return text.replace("-", "−")


def seconds(value: float) -> str:
    """``value`` seconds to three significant digits, never finer than a millisecond.

    Example:
        >>> seconds(0.00001), seconds(0.01234), seconds(3.14159), seconds(1234.5)
        ('<0.001', '0.012', '3.14', '1,234')
    """
    if not math.isfinite(value):
        return NONE
    if 0 < value < 0.001:
        return "<0.001"
    return fixed(value, 3 if value < 1 else 2 if value < 10 else 1 if value < 100 else 0)


def size(value: float) -> str:
    """``value`` bytes to three significant digits, in the unit that suits them.

    Example:
        >>> size(0), size(812), size(20_540), size(3_200_000)
        ('0 B', '812 B', '20.5 KB', '3.20 MB')
    """
    if not math.isfinite(value):
        return NONE
    power = next((power for power in range(3) if value < 999.5 * 1000**power), 3)
    shown = value / 1000**power
    decimals = 0 if power == 0 or shown >= 99.95 else 1 if shown >= 9.995 else 2
    return f"{fixed(shown, decimals)} {('B', 'KB', 'MB', 'GB')[power]}"


def p_value(value: float) -> str:
    """A p-value to three decimals, ``<0.001`` below."""
    return "<0.001" if 0 <= value < 0.001 else fixed(value, 3)


def stamps(values: Iterable[Any]) -> list[str]:
    """The texts of stamps: integers as they are, dates without the time of day where all are at midnight.

    Example:
        >>> stamps(pd.to_datetime(["2020-01-31", "2020-02-29"])), stamps([3, 4])
        (['2020-01-31', '2020-02-29'], ['3', '4'])
    """
    index = pd.Index(values)
    if not isinstance(index, pd.DatetimeIndex):
        return [str(value) for value in index]
    shown = "%Y-%m-%d" if (index.dropna() == index.dropna().normalize()).all() else "%Y-%m-%d %H:%M:%S"
    texts = [NONE if value is pd.NaT else value.strftime(shown) for value in index]
    return [text.removesuffix(":00") for text in texts] if all(text[-3:] == ":00" for text in texts) else texts


def compact(values: np.ndarray, digits: int = 5) -> list[Any]:
    """``values`` (any shape) as nested lists for JSON: that many significant digits, None for what is not finite."""
    values = np.asarray(values, dtype=np.float64)
    if values.ndim > 1:
        return [compact(row, digits) for row in values]
    return [float(f"{value:.{digits}g}") if math.isfinite(value) else None for value in values]
