"""The rows of somebody's forecasts on the clock of the data: series, target, cutoff and step, each checked."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from datamodules.door.cells import more, place, shown
from datamodules.door.names import series_names
from datamodules.door.shapes import counted, told
from datamodules.door.stamps import stamps
from datamodules.errors import InputError, did_you_mean
from datamodules.panel import Panel


class Keys(NamedTuple):
    """Where each of n rows of forecasts belongs."""

    series: np.ndarray  # (n) of the panel
    target: np.ndarray  # (n) of the panel's targets
    cutoff: np.ndarray  # (n) clock position of the last value seen
    step: np.ndarray  # (n) 1 .. horizon
    derived: str  # how cutoffs that the frame lacks were found; empty where it has them

    @property
    def time(self) -> np.ndarray:
        """(n) clock position of the value that is forecast."""
        return self.cutoff + self.step


def keys_of(frame: pd.DataFrame, panel: Panel, columns: Mapping[str, tuple[str, ...]], *, horizon: int = 0) -> Keys:
    """The keys of the rows of a frame.

    A frame without cutoffs holds one forecast of each series, made at the step before its first stamp; with ``horizon``
    said, one forecast after the other, of that many steps each.

    Args:
        frame: somebody's forecasts.
        panel: the data.
        columns: the frame's columns by role (``key_columns``); those of ``target_name`` name the target of each row.
        horizon: steps of each forecast, where the frame has no cutoffs.

    Raises:
        InputError: names the first row that is of no series, off the clock, not after its cutoff, or before the data.
    """
    series, target, names = _series(frame, panel, columns)
    time = _positions(frame, panel, columns["time"][0], names)
    if columns["cutoff"]:
        cutoff, derived = _positions(frame, panel, columns["cutoff"][0], names), ""
    else:
        cutoff, derived = _derived(frame, series * len(panel.columns.target) + target, time, horizon)
    _check_order(frame, panel, columns, time, cutoff)
    rows = cutoff - panel.start[series]
    lengths = (panel.last_rows + 1 - panel.offsets[:-1])[series]
    _refuse_cutoffs(frame, panel, series, cutoff, rows < 0, "lies before the data of its series begin")
    _refuse_cutoffs(frame, panel, series, cutoff, rows >= lengths, "lies after the last value of its series")
    return Keys(series, target, cutoff, time - cutoff, derived)


def refuse_repeats(frame: pd.DataFrame, rows: np.ndarray, keys: Keys, panel: Panel) -> None:
    """Raise InputError when two of the (n) ``rows`` of the frame, whose keys these are, are of one series and step."""
    table = pd.DataFrame({name: getattr(keys, name) for name in ("series", "target", "cutoff", "step")})
    again = table.duplicated().to_numpy()
    if again.any():
        row = int(again.argmax())
        first = int((table == table.iloc[row]).all(axis=1).to_numpy().argmax())
        hint = "" if not keys.derived else ", or add the column cutoff if these are forecasts from several moments"
        raise InputError(
            f"{counted(int(again.sum()), 'row', 'repeat')} the series, cutoff and stamp of another, first "
            f"{place(frame.index, int(rows[row]))} (series {str(panel.ids[keys.series[row]])!r}), which is also "
            f"{place(frame.index, int(rows[first]))}; expected one row each. Remove the repeats{hint}."
        )


def _series(
    frame: pd.DataFrame, panel: Panel, columns: Mapping[str, tuple[str, ...]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n) the series and the target of each row, and (n) a number for the frame's own name of it."""
    texts, codes = series_names(frame, columns["id"])
    known = {str(name): index for index, name in enumerate(panel.ids)}
    targets = panel.columns.target
    named = columns.get("target_name", ())
    pairs = []
    for text in map(str, texts):
        one, _, tail = text.rpartition("/") if len(targets) > 1 and not named else (text, "", targets[0])
        found = (known.get(one, -1), targets.index(tail) if tail in targets else -1)
        pairs.append(found if found[1] >= 0 else (-1, 0))
    unknown = np.array([index < 0 for index, _ in pairs])
    if unknown.any():
        name = str(texts[int(unknown.argmax())])
        expected = [f"{one}/{target}" for one in known for target in targets] if len(targets) > 1 else list(known)
        count = "1 name is" if unknown.sum() == 1 else f"{int(unknown.sum()):,} names are"
        raise InputError(
            f"{count} of no series of the data, first {shown(name)} in "
            f"{place(frame.index, int(np.isin(codes, np.flatnonzero(unknown)).argmax()))}; "
            f"{did_you_mean(name, expected[:200])}"
        )
    series, target = (np.array([pair[each] for pair in pairs])[codes] for each in (0, 1))
    if named:
        target = _targets(frame[named[0]], targets)
    return series, target, codes


def _targets(column: pd.Series, targets: Sequence[str]) -> np.ndarray:
    found = pd.Index(list(targets)).get_indexer(pd.Index(column.astype(str)))
    if (found < 0).any():
        name = str(column.iloc[int((found < 0).argmax())])
        raise InputError(f"target {name!r} of the forecasts is none of the data; {did_you_mean(name, targets)}")
    return found


def _positions(frame: pd.DataFrame, panel: Panel, name: str, series: np.ndarray) -> np.ndarray:
    """(n) the clock positions of a column of stamps."""
    clock = panel.clock
    times = stamps(frame[name], name, zone=clock.zone, freq=clock.freq, series=series).times
    if (times.dtype.kind == "i") != clock.is_integer:
        kinds = ("dates", "whole numbers")
        held, wanted = kinds if clock.is_integer else kinds[::-1]
        raise InputError(
            f"column {name!r} of the forecasts holds {held}, but the stamps of the data are {wanted}; expected the "
            "same. Convert one of them."
        )
    origin = clock.stamps(np.array([0]))[0]
    early = times < origin
    if early.any():
        row = int(early.argmax())
        raise InputError(
            f"column {name!r} of the forecasts holds {shown(frame[name].iloc[row])} in {place(frame.index, row)}"
            f"{more(early)}, before the data begin at {told(origin)}. Leave such rows out, or give longer data."
        )
    found = clock.positions(times)
    off = found < 0
    if off.any():
        row = int(off.argmax())
        raise InputError(
            f"column {name!r} of the forecasts holds {shown(frame[name].iloc[row])} in {place(frame.index, row)}"
            f"{more(off)}, which is no stamp of the data's clock (frequency {clock.freq!r}, from {told(origin)}). "
            "Correct it, or say the frequency with freq (--freq)."
        )
    return found


def _derived(frame: pd.DataFrame, series: np.ndarray, time: np.ndarray, horizon: int) -> tuple[np.ndarray, str]:
    """(n) cutoffs where the frame has none, and how they were found."""
    group = pd.Series(time).groupby(series)
    first = group.transform("min").to_numpy()
    if not horizon:
        twice = pd.DataFrame({"series": series, "time": time}).duplicated().to_numpy()
        if twice.any():
            raise InputError(
                f"the forecasts have no column 'cutoff', and {place(frame.index, int(twice.argmax()))} forecasts a "
                "stamp again; expected the last stamp seen beside each row. Add it (--cutoff NAME)."
            )
        return first - 1, "the step before each series' first stamp, since the forecasts have no column cutoff"
    return first - 1 + (time - first) // horizon * horizon, (
        f"every {horizon} steps from the step before each series' first stamp on, since the forecasts have no column "
        "cutoff"
    )


def _check_order(
    frame: pd.DataFrame, panel: Panel, columns: Mapping[str, tuple[str, ...]], time: np.ndarray, cutoff: np.ndarray
) -> None:
    late = time <= cutoff
    if late.any():
        row = int(late.argmax())
        stamp, seen = (told(panel.clock.stamps(each[row : row + 1])[0]) for each in (time, cutoff))
        what = "its own cutoff" if time[row] == cutoff[row] else f"a stamp before its cutoff {seen}"
        raise InputError(
            f"{place(frame.index, row)}{more(late)} forecasts {stamp}, {what}; cutoff is the last stamp that a model "
            f"saw, so stamps lie after it. If {columns['cutoff'][0]!r} holds the first stamp that is forecast, move it "
            "one step back."
        )


def _refuse_cutoffs(
    frame: pd.DataFrame, panel: Panel, series: np.ndarray, cutoff: np.ndarray, wrong: np.ndarray, what: str
) -> None:
    if wrong.any():
        row = int(wrong.argmax())
        stamp = told(panel.clock.stamps(cutoff[row : row + 1])[0])
        raise InputError(
            f"cutoff {stamp} of series {str(panel.ids[series[row]])!r} in {place(frame.index, row)}{more(wrong)} "
            f"{what}. Leave such rows out, or give the data that they were made from."
        )
