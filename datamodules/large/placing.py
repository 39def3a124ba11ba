"""The second of two readings of a file larger than memory: every value goes to its place in the store."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.lib.format import open_memmap

from datamodules.door.cells import place
from datamodules.door.shapes import Cells, counted, told
from datamodules.errors import InputError
from datamodules.large.packed import Packed
from datamodules.large.stored import KEPT, MAPPED
from datamodules.large.survey import Survey
from datamodules.panel import Columns

_EXACT: Final = 2.0**24  # whole numbers beyond it are not all float32
_BLOCK: Final = 2**20


def filled(folder: Path, pieces: Iterable[Cells], known: Survey, columns: Columns) -> tuple[Packed, int]:
    """The panel whose arrays now lie in ``folder``, and how many whole numbers float32 holds to seven digits only.

    Raises:
        InputError: for a row that stands there twice, a stamp off the clock, or a number that float32 cannot hold.
    """
    lengths = known.stop - known.start + 1
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows = int(offsets[-1])
    _check_rows(known, lengths)
    names = {role: getattr(columns, role) for role in MAPPED if getattr(columns, role)}
    arrays = {role: _empty(folder / f"{role}.npy", rows, len(names[role])) for role in names}
    taken = np.memmap(folder / "taken", np.bool_, mode="w+", shape=(rows,))
    static = np.full((len(known.ids), len(columns.static)), np.nan)
    rounded = observed = 0
    for cells in pieces:
        numbers = np.minimum(np.searchsorted(known.ids, cells.ids), len(known.ids) - 1)
        series = numbers[cells.codes]
        positions = known.clock.positions(cells.times)
        _check_positions(cells, positions, known)
        inside = (positions >= known.start[series]) & (positions <= known.stop[series])
        seen = np.any([~np.isnan(cells.values[name]) for name in columns.target], axis=0)
        if (known.ids[numbers] != cells.ids).any() or (seen & ~inside).any():
            raise InputError(
                "the files read otherwise the second time: they were changed meanwhile, or their stamps need to be "
                "told with freq and zone (--freq h --zone UTC). Pack them again."
            )
        own = (offsets[:-1][series] + positions - known.start[series])[inside]
        _refuse_repeats(cells, inside, taken[own], alone=len(known.ids) == 1)
        taken[own] = True
        for role, array in arrays.items():
            for index, name in enumerate(names[role]):
                values, beyond = _single(cells, name, _coded(cells, name, known))
                array[own, index] = values[inside]
                rounded += beyond
                observed += int(np.isfinite(values).sum()) if role == "target" else 0
        for index, name in enumerate(columns.static):
            _put_static(static[:, index], series, _coded(cells, name, known), cells, name, known)
    (folder / "taken").unlink()
    ends = offsets[:-1] + known.ends - known.start
    kept = {"offsets": offsets, "start": known.start, "ends": ends, "static": static}
    for name in KEPT:
        np.save(folder / f"{name}.npy", kept[name])
    for array in arrays.values():
        array.flush()
    nothing = {role: np.empty((rows, 0), np.float32) for role in MAPPED}
    panel = Packed(
        ids=known.ids,
        clock=known.clock,
        columns=columns,
        categories=known.categories,
        whole=observed == int((known.ends - known.start + 1).sum()) * len(columns.target),
        **kept,
        **{**nothing, **{role: np.load(folder / f"{role}.npy", mmap_mode="r") for role in names}},
    )
    return panel, rounded


def _empty(path: Path, rows: int, width: int) -> np.memmap:
    """A file of NaN, mapped so that values can be put anywhere in it."""
    array: np.memmap = open_memmap(path, mode="w+", dtype=np.float32, shape=(rows, width))
    for begin in range(0, rows, _BLOCK):
        array[begin : begin + _BLOCK] = np.nan
    return array


def _coded(cells: Cells, name: str, known: Survey) -> np.ndarray:
    """The values of a column; the codes of a category as those of all pieces together."""
    values = cells.values[name]
    own = cells.categories.get(name, ())
    if not own:
        return values
    codes = np.append(np.searchsorted(np.array(known.categories[name]), np.array(own)), np.nan)
    found: np.ndarray = codes[np.where(np.isnan(values), len(own), values).astype(np.int64)]
    return found


def _single(cells: Cells, name: str, values: np.ndarray) -> tuple[np.ndarray, int]:
    """The values as float32, and how many it does not hold: large whole numbers, and what is so small that it is 0."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    lost = np.isinf(single)
    if lost.any():
        row = int(lost.argmax())
        raise InputError(
            f"column {name!r} holds {values[row]:g} for {cells.at(row)}; a store holds numbers up to 3.4e38. Divide "
            "the column by a unit, or correct it."
        )
    large = values[np.abs(values) > _EXACT]
    rounded = (large % 1 == 0) & (large.astype(np.float32) != large)
    return single, int(rounded.sum() + ((single == 0) & (values != 0)).sum())


def _put_static(
    static: np.ndarray, series: np.ndarray, values: np.ndarray, cells: Cells, name: str, known: Survey
) -> None:
    """Note the values (rows) of a static column for their ``series``; raise InputError when one has two."""
    said = ~np.isnan(values)
    fresh = said & np.isnan(static[series])
    static[series[fresh]] = values[fresh]
    other = said & (values != static[series])
    if other.any():
        row = int(other.argmax())
        categories = known.categories.get(name)
        both = static[series[row]], values[row]
        first, second = (categories[int(each)] if categories else float(each) for each in both)
        raise InputError(
            f"column {name!r} (static) is {second!r} in {cells.at(row)} and {first!r} in another row; expected one "
            f"value a series. Correct it, or name it with known (--known {name})."
        )


def _check_rows(known: Survey, lengths: np.ndarray) -> None:
    if lengths.sum() > 100 * known.rows + 1_000_000:
        widest = int(lengths.argmax())
        stamps = known.clock.stamps(np.array([known.start[widest], known.stop[widest]]))
        raise InputError(
            f"series {str(known.ids[widest])!r} would need {lengths[widest]:,} rows of frequency {known.clock.freq!r} "
            f"from {told(stamps[0])} to {told(stamps[1])}, and all {lengths.sum():,}, but there are {known.rows:,}; "
            "correct stamps that lie far from the others or say a longer freq."
        )


def _check_positions(cells: Cells, positions: np.ndarray, known: Survey) -> None:
    off = positions < 0
    if off.any():
        raise InputError(
            f"{counted(int(off.sum()), 'stamp', 'miss')} the clock of frequency {known.clock.freq!r} that begins at "
            f"{told(known.clock.stamps(np.zeros(1))[0])}, first {cells.at(int(off.argmax()))}; correct the stamps, or "
            "say another freq (--freq) if it is not what the first series suggest."
        )


def _refuse_repeats(cells: Cells, inside: np.ndarray, taken: np.ndarray, *, alone: bool) -> None:
    repeats = cells.repeats
    before = np.flatnonzero(inside)[taken]
    if repeats.any():
        row = int(repeats.argmax())
        where = f"which is also in {place(cells.labels, int(cells.origin[row - 1]))}"
    elif len(before):
        row, where = int(before[0]), "which is also in a row long before"
    else:
        return
    hint = " or name the column that tells series apart with id" if alone else ""
    raise InputError(
        f"{counted(max(int(repeats.sum()), len(before)), 'row', 'repeat')} the series and time of another, first "
        f"{cells.at(row)}, {where}; expected one row each. Remove or add them up{hint}."
    )
