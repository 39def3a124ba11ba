"""Borders between training, validation and test, and rolling cutoffs: pure functions of a panel.

A *part* says for every series which rows may be targets. A window belongs to a part when all its target rows lie in
it; a window whose target crosses a border belongs to none and is counted as dropped. Contexts may reach back over a
border, since what lies before is known when the forecast is made.
"""

from typing import Any, NamedTuple

import numpy as np

from datamodules.door.moment import moment
from datamodules.errors import InputError, at_least
from datamodules.panel import Panel


class Part(NamedTuple):
    """Rows ``begin <= row < stop`` of each series that may be targets; both (N), rows of the panel."""

    begin: np.ndarray
    stop: np.ndarray


class Split(NamedTuple):
    """The three parts of a panel."""

    train: Part
    validation: Part
    test: Part


def by_steps(panel: Panel, *, validation: int, test: int = 0, gap: int = 0) -> Split:
    """The split that leaves the last steps of each series to validation and test.

    ::

        |-------- train --------|  gap  |-- validation --|-- test --|
                                                          last observed row ^
    """
    at_least("validation", validation, 0)
    at_least("test", test, 0)
    end = panel.last_rows + 1
    return _between(panel, end - test - validation, end - test, gap)


def by_fraction(panel: Panel, *, validation: float, test: float = 0.0, gap: int = 0) -> Split:
    """The split that leaves these fractions of each series' length, at its end, to validation and test.

    ::

        |------ 1 - validation - test ------|  gap  |-- validation --|-- test --|
    """
    _check_shares(validation, test)
    end = panel.last_rows + 1
    length = end - panel.offsets[:-1]
    tested = np.ceil(length * test).astype(np.int64)
    return _between(panel, end - tested - np.ceil(length * validation).astype(np.int64), end - tested, gap)


def by_date(panel: Panel, *, validation: Any, test: Any = None, gap: int = 0) -> Split:
    """The split at two stamps: the first target stamp of validation, and that of test (none: no test part).

    ::

        |-------- train --------|  gap  |-- validation --|-- test --|
                            validation = ^         test = ^
    """
    end = panel.last_rows + 1
    test_begin = end if test is None else np.minimum(_first_row_at(panel, test), end)
    return _between(panel, np.minimum(_first_row_at(panel, validation), test_begin), test_begin, gap)


def by_series(panel: Panel, *, validation: float, test: float = 0.0, seed: int = 0) -> Split:
    """The split that gives whole series to each part, drawn by ``seed``; says how a model does on series never seen.

    ::

        series a |------------ train ------------|
        series b |------------ train ------------|
        series c |---------- validation ---------|
        series d |------------- test ------------|
    """
    _check_shares(validation, test)
    order = np.random.default_rng(seed).permutation(panel.n_series)
    n_test = round(panel.n_series * test)
    n_validation = round(panel.n_series * validation)
    if n_test + n_validation >= panel.n_series:
        raise InputError(
            f"validation {validation} + test {test} leave none of {panel.n_series} series to train on. Use less."
        )
    begin, end = panel.offsets[:-1], panel.last_rows + 1

    def only(chosen: np.ndarray) -> Part:
        return Part(begin, np.where(np.isin(np.arange(panel.n_series), chosen), end, begin))

    return Split(
        train=only(order[n_test + n_validation :]),
        validation=only(order[n_test : n_test + n_validation]),
        test=only(order[:n_test]),
    )


def _check_shares(validation: float, test: float) -> None:
    for name, value in (("validation", validation), ("test", test), ("validation + test", validation + test)):
        if not 0 <= value < 1:
            raise InputError(f"{name} is {value}; expected a fraction from 0 to below 1. Give a smaller share.")


def _between(panel: Panel, validation_begin: np.ndarray, test_begin: np.ndarray, gap: int) -> Split:
    at_least("gap", gap, 0)
    begin, end = panel.offsets[:-1], panel.last_rows + 1
    validation_begin = np.clip(validation_begin, begin, end)
    test_begin = np.clip(test_begin, validation_begin, end)
    held_out = validation_begin < end
    return Split(
        train=Part(begin, np.maximum(validation_begin - np.where(held_out, gap, 0), begin)),
        validation=Part(validation_begin, test_begin),
        test=Part(test_begin, end),
    )


def _first_row_at(panel: Panel, stamp: Any) -> np.ndarray:
    """(N) the first row of each series at or after ``stamp``; may lie beyond its rows."""
    return panel.offsets[:-1] + clock_position(panel, stamp) - panel.start


def clock_position(panel: Panel, stamp: Any) -> int:
    """The first clock position at or after ``stamp``: a timestamp, a text local to the clock's zone, or an integer."""
    ends = int((panel.start + panel.lengths).max())
    grid = panel.clock.stamps(np.arange(ends + 1))
    return int(np.searchsorted(grid, np.asarray(moment(stamp, panel.clock), dtype=grid.dtype)))


def rolling_positions(panel: Panel, *, horizon: int, folds: int, stride: int) -> np.ndarray:
    """The clock positions (F) of the last visible value of each fold.

    The last fold ends with the last observed stamp of the panel; every earlier cutoff is ``stride`` steps before. A
    cutoff is one moment for all series, so that no model learns from one series what another does not yet know.

    ::

        fold 1 |------ known ------|-- horizon --|
        fold 2 |------ known ----------|-- horizon --|
        fold 3 |------ known --------------|-- horizon --|
                               stride  <-->         last stamp ^

    Raises:
        InputError: when the first cutoff would lie before the first stamp.
    """
    at_least("horizon", horizon, 1)
    at_least("folds", folds, 1)
    at_least("stride", stride, 1)
    last = int((panel.start + panel.last_rows - panel.offsets[:-1]).max())
    positions = last - horizon - stride * np.arange(folds)[::-1]
    if positions[0] < 0:
        need = horizon + stride * (folds - 1) + 1
        raise InputError(
            f"{folds} folds of horizon {horizon} with stride {stride} need {need} stamps and more to learn from; the "
            f"longest series has {last + 1}. Use fewer folds or a shorter horizon."
        )
    return positions


def rolling_cutoffs(panel: Panel, *, horizon: int, folds: int, stride: int) -> np.ndarray:
    """The cutoff rows (F, N) at ``rolling_positions``; -1 where a series has not begun or has already ended."""
    return cutoffs_at_positions(panel, rolling_positions(panel, horizon=horizon, folds=folds, stride=stride))


def known_rows(panel: Panel, position: int) -> np.ndarray:
    """(N) the last row of each series at or before a clock position; ``-1`` for a series that has not begun."""
    rows = np.minimum(panel.offsets[:-1] + position - panel.start, panel.last_rows)
    return np.where(rows >= panel.offsets[:-1], rows, -1)


def cutoffs_at_positions(panel: Panel, positions: np.ndarray) -> np.ndarray:
    """(F, N) rows at the clock ``positions`` (F); -1 where a series has not begun or has already ended."""
    rows = panel.offsets[:-1] + positions[:, None] - panel.start
    inside = (rows >= panel.offsets[:-1]) & (rows <= panel.last_rows)
    return np.where(inside, rows, -1)


def cutoffs_at(panel: Panel, stamps: Any) -> np.ndarray:
    """(F, N) cutoff rows at each of ``stamps``: the last clock stamp at or before it is the last visible value.

    Raises:
        InputError: for a stamp that is none of the clock, or two that mean the same cutoff.
    """
    stamps = [stamps] if np.ndim(stamps) == 0 else list(stamps)
    positions = []
    for stamp in stamps:
        position = clock_position(panel, stamp)
        exact = panel.clock.stamps(np.array([position]))[0]
        positions.append(position if exact == moment(stamp, panel.clock) else position - 1)
        if positions[-1] in positions[:-1]:
            first = stamps[positions.index(positions[-1])]
            raise InputError(
                f"cutoffs {str(first)!r} and {str(stamp)!r} are the same step; expected each once. Leave one out."
            )
    return cutoffs_at_positions(panel, np.array(positions, dtype=np.int64))


def last_cutoffs(panel: Panel) -> np.ndarray:
    """(1, N) each series' last observed row: the cutoff for a forecast of what comes next."""
    return panel.last_rows[None, :]
