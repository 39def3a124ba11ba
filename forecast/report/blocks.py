"""Numbers of some series each, packed apart: two bytes a number, unpacked only when one of the series is looked at."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from forecast.report.numbers import compact

_A_BLOCK = 150_000  # numbers; a block of them unpacks in some milliseconds
_MANY = 1_000_000  # numbers in all; beyond it they are told to 12 bits, which no eye can see and which pack closer
NOTHING = -32768  # stands for NaN


class Path(NamedTuple):
    """What there is to draw of one series: where its history begins on the page's time axis, and its forecasts."""

    begin: int
    history: np.ndarray  # (D, A)
    folds: list[int]  # (F) positions among the page's cutoffs
    forecast: np.ndarray  # (D, M, F, C, H)


def finest(count: int) -> int:
    """The steps between the least and the greatest value of a scale, for that many numbers in the page."""
    return 65534 if count <= _MANY else 4094


def blocks(paths: Iterable[Path], count: int, precision: int) -> tuple[list[bytes], int]:
    """The blocks of ``count`` series in turn, and how many series each holds (the last one fewer).

    A block is a line of JSON with what there is to know of each series, then 16-bit integers: the high bytes of all,
    then the low ones, which compress apart. A series' integers are its history, then its forecasts, each as the
    difference to the integer before it. Values are scaled by target, and by target and model.
    """
    found: list[bytes] = []
    about: list[dict[str, Any]] = []
    codes: list[np.ndarray] = []
    per_block = 0
    for number, path in enumerate(paths, start=1):
        history, history_scale = quantised(path.history, 1, precision)
        forecast, forecast_scale = quantised(path.forecast, 2, precision)
        per_block = per_block or max(_A_BLOCK // (history.size + forecast.size), 1)
        about.append(
            {"begin": path.begin, "length": path.history.shape[1], "folds": path.folds}
            | {"history": history_scale, "forecast": forecast_scale}
        )
        codes += [history.reshape(-1), forecast.reshape(-1)]
        if number % per_block == 0 or number == count:
            found.append(_block(about, np.concatenate(codes)))
            about, codes = [], []
    return found, per_block


def quantised(values: np.ndarray, kept: int, precision: int) -> tuple[np.ndarray, list[Any]]:
    """Integers within ± half of ``precision`` and (least, span) for each of the first ``kept`` axes."""
    finite = np.isfinite(values)
    rest = tuple(range(kept, values.ndim))
    least = np.where(finite, values, np.inf).min(axis=rest, keepdims=True)
    greatest = np.where(finite, values, -np.inf).max(axis=rest, keepdims=True)
    least, greatest = np.where(least > greatest, 0.0, least), np.where(least > greatest, 0.0, greatest)
    span = greatest - least
    share = (np.where(finite, values, least) - least) / np.where(span > 0, span, 1.0)
    codes = np.where(finite, np.round(share * precision) - precision // 2, NOTHING).astype(np.int16)
    scale = np.stack([least, span], axis=-1).reshape(*values.shape[:kept], 2)
    return codes, compact(scale, digits=7)


def _block(about: list[dict[str, Any]], codes: np.ndarray) -> bytes:
    steps = np.diff(codes.astype(np.int32), prepend=0).astype("<i2")  # wraps around, and back in the page
    planes = steps.view(np.uint8).reshape(-1, 2)
    head = json.dumps(about, allow_nan=False, separators=(",", ":")).encode()
    return head + b"\n" + planes[:, 1].tobytes() + planes[:, 0].tobytes()
