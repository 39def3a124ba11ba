"""Tables as people have them -> one tidy long table on a regular clock, after every check of a user's data."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from datamodules.clock import Clock
from datamodules.clocks.aliases import canonical
from datamodules.clocks.frequency import infer_freq
from datamodules.door.cells import place
from datamodules.door.marks import USUAL, Marks
from datamodules.door.shapes import NO_TIME, Cells, cells_of, counted, told
from datamodules.errors import InputError

if TYPE_CHECKING:
    from datamodules.panel import Columns

_ENOUGH: Final = 10  # steps between stamps that show how far apart they are
_DAYS_OFF: Final = 4  # days of weekends, two weekends, that show that none is meant to have a row


class Tidy(NamedTuple):
    """A table sorted by series and time, with what its numbers mean."""

    ids: np.ndarray  # (N) names of the series as text, sorted
    codes: np.ndarray  # (R) series of each row
    positions: np.ndarray  # (R) on the clock
    values: dict[str, np.ndarray]  # column -> (R) float64
    clock: Clock
    categories: Mapping[str, tuple[str, ...]]  # column -> the names that its values count


def tidy(
    frame: Any,
    *,
    id: str | Sequence[str],
    time: str,
    columns: "Columns",
    shape: str,
    freq: str | int,
    marks: Marks = USUAL,
) -> Tidy:
    """The table sorted by series and time, on its clock.

    Raises:
        InputError: names what is wrong with the table, where, and what to do.
    """
    freq = int(freq) if isinstance(freq, str) and freq.isdigit() else freq
    cells = cells_of(frame, id=id, time=time, columns=columns, shape=shape, freq=freq, marks=marks)
    untimed = shape == "rows" or time == NO_TIME
    if untimed:
        if freq == "infer":
            kind = "shape 'rows'" if shape == "rows" else "a table without a time column"
            raise InputError(f"{kind} has no stamps to infer a frequency from; say it with freq (--freq h).")
        if marks.zone:
            raise InputError(f"shape 'rows' has no stamps, but zone is {marks.zone!r}. Leave zone out.")
        clock = Clock.made_up(freq)
    else:
        _refuse_repeats(cells, alone=shape == "long" and len(cells.ids) == 1)
        clock = clock_of(cells, time, freq)
    positions = cells.times if untimed else clock.positions(cells.times)
    _check_positions(cells, clock, positions, freq)
    if not untimed:
        (_check_alike if freq == "infer" else _check_fineness)(cells, clock, positions)
    _check_observed(cells, columns.target if shape == "long" else ("y",))
    _check_static(cells, columns.static)
    return Tidy(cells.ids, cells.codes, positions, cells.values, clock, cells.categories)


def _refuse_repeats(cells: Cells, *, alone: bool) -> None:
    repeats = cells.repeats
    if repeats.any():
        row = int(repeats.argmax())
        hint = " or name the column that tells series apart with id" if alone else ""
        if _only_autumn_nights(cells.times[repeats]) and not cells.zone:
            hint = ", or name the time zone whose summer time ends then with zone (--zone Europe/Madrid)"
        raise InputError(
            f"{counted(int(repeats.sum()), 'row', 'repeat')} the series and time of another, first "
            f"{cells.at(row)}, which is also in {place(cells.labels, int(cells.origin[row - 1]))}; "
            f"expected one row each. Remove or add them up{hint}."
        )


def _only_autumn_nights(times: np.ndarray) -> bool:
    """Whether all stamps lie in the small hours of Sundays in months when summer time ends somewhere."""
    if times.dtype.kind == "i":
        return False
    stamps = pd.DatetimeIndex(times)
    return bool((stamps.hour.isin([1, 2]) & (stamps.day_of_week == 6) & stamps.month.isin([4, 10, 11])).all())


def clock_of(cells: Cells, time: str, freq: str | int) -> Clock:
    """The clock that the stamps of the column ``time`` run on, inferred from them or as said; raises InputError."""
    whole = cells.times.dtype.kind == "i"
    if freq != "infer" and whole != isinstance(freq, int):
        kind, wanted = (
            ("whole numbers", "an integer step") if whole else ("dates", "a pandas offset such as 'h' or 'D'")
        )
        raise InputError(
            f"column {time!r} holds {kind}, but freq is {freq!r}; expected {wanted}. Leave freq out or change it."
        )
    first = cells.times.min()
    if freq == "infer":
        found = infer_freq(cells.times, cells.boundaries)
    else:
        found = canonical(freq) if isinstance(freq, str) else freq
    return Clock(found, int(first) if whole else pd.Timestamp(first), cells.zone)


def _check_positions(cells: Cells, clock: Clock, positions: np.ndarray, freq: str | int) -> None:
    off = positions < 0
    if off.any():
        raise InputError(
            f"{counted(int(off.sum()), 'stamp', 'miss')} the clock of frequency {clock.freq!r} that begins at "
            f"{told(cells.times.min())}, first {cells.at(int(off.argmax()))}; "
            f"{_suggestion(cells, freq)}correct the stamps or say another freq."
        )
    begins, ends = cells.boundaries[:-1], cells.boundaries[1:] - 1
    spans = positions[ends] - positions[begins] + 1
    if spans.sum() > 100 * len(positions) + 1_000_000:
        widest = int(spans.argmax())
        raise InputError(
            f"series {str(cells.ids[widest])!r} would need {spans[widest]:,} rows of frequency {clock.freq!r} for its "
            f"{ends[widest] - begins[widest] + 1:,} stamps from {told(cells.times[begins[widest]])} to "
            f"{told(cells.times[ends[widest]])}; correct stamps that lie far from the others or say a longer freq."
        )


def _check_alike(cells: Cells, clock: Clock, positions: np.ndarray) -> None:
    """Raise InputError when a series is regular on a longer step than the frequency that others suggest."""
    lengths = np.diff(cells.boundaries)
    long = np.flatnonzero(lengths > _ENOUGH)
    if len(long) < 2:
        return
    begins, ends = cells.boundaries[:-1], cells.boundaries[1:] - 1
    steps = np.append(np.diff(positions), 0)
    steps[ends] = steps[begins]  # those from one series to the next do not count
    low, high = (each.reduceat(steps, begins)[long] for each in (np.minimum, np.maximum))
    coarse = (low == high) & (low > 1)
    if coarse.any() and not coarse.all():
        odd = int(coarse.argmax())
        raise InputError(
            f"series {str(cells.ids[long[odd]])!r} has a stamp every {low[odd]} steps of frequency {clock.freq!r}, "
            f"which others have; expected one frequency for all. Split the table, or say --freq {clock.freq} where "
            "these are holes."
        )


def _check_fineness(cells: Cells, clock: Clock, positions: np.ndarray) -> None:
    """Raise InputError when a frequency that a person said makes holes of what never has a row."""
    within = np.diff(cells.codes) == 0
    steps = np.diff(positions)[within]
    if clock.freq == "D" and len(steps) and steps.min() == 1:
        days = np.unique(cells.times.astype("datetime64[D]"))
        weekends = len(np.arange(days[0], days[-1])) - np.busday_count(days[0], days[-1])
        if weekends >= _DAYS_OFF and np.is_busday(days).all():
            raise InputError(
                f"freq is 'D', but no stamp from {days[0]} to {days[-1]} falls on a weekend; say freq 'B', or add one "
                "row for a weekend, with an empty value, if weekends are to be forecast."
            )
    if len(steps) < _ENOUGH or steps.min() == 1:
        return
    try:
        suggested = infer_freq(cells.times, cells.boundaries)
    except InputError:
        return
    if suggested != clock.freq:
        raise InputError(
            f"freq is {clock.freq!r}, but no two of the stamps are one such step apart; the stamps suggest freq "
            f"{suggested!r}. Say that, or leave freq out."
        )


def _suggestion(cells: Cells, freq: str | int) -> str:
    """Words that name the frequency which the stamps suggest, when the user gave another."""
    if freq == "infer":
        return "series may be shifted against each other; "
    try:
        return f"the stamps suggest freq {infer_freq(cells.times, cells.boundaries)!r}; "
    except InputError:
        return ""


def _check_observed(cells: Cells, targets: Sequence[str]) -> None:
    observed = np.column_stack([~np.isnan(cells.values[name]) for name in targets])
    for index, name in enumerate(targets):
        if not observed[:, index].any():
            raise InputError(f"column {name!r} (target) has no value at all; expected numbers. Name another target.")
    empty = np.bincount(cells.codes[observed.any(axis=1)], minlength=len(cells.ids)) == 0
    if empty.any():
        count = f"{int(empty.sum()):,} series have" if empty.sum() > 1 else "a series has"
        raise InputError(
            f"{count} no value at all, first {str(cells.ids[empty.argmax()])!r}; expected at least one observed value "
            "in each. Remove such series."
        )


def _check_static(cells: Cells, names: Sequence[str]) -> None:
    """Raise InputError for the first static column that changes within a series."""
    for name in names:
        values = pd.Series(cells.values[name])
        known = values.groupby(cells.codes).transform("first")  # the first that is not NaN
        other = (values != known).to_numpy() & values.notna().to_numpy()
        if other.any():
            row = int(other.argmax())
            categories = cells.categories.get(name)
            first, second = (categories[int(each)] if categories else float(each) for each in (known[row], values[row]))
            raise InputError(
                f"column {name!r} (static) is {first!r} and then {second!r} in {cells.at(row)}; expected one value a "
                f"series. Correct it, or name it with known (--known {name})."
            )
