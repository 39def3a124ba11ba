"""One column of a person's table -> stamps, with a sentence for what is none."""

from typing import Any, NamedTuple
from zoneinfo import available_timezones

import numpy as np
import pandas as pd

from datamodules.clocks.aliases import in_days
from datamodules.clocks.zones import directions, second_passes, time_zone, to_local, to_utc
from datamodules.door.cells import more, place, shown
from datamodules.door.dates import Read, are_quarters_or_weeks, guessed, parse_dates
from datamodules.errors import InputError

_FIRST, _LAST = np.datetime64("1678-01-01", "us"), np.datetime64("2262-01-01", "us")


class Stamps(NamedTuple):
    """The stamps of a column, and the time zone they came with."""

    times: np.ndarray  # (R) datetime64[us] or int64
    zone: str  # as the person or the column's type names it; empty when neither does


def stamps(
    column: pd.Series, name: Any, *, zone: str = "", freq: str | int = "infer", series: np.ndarray | None = None
) -> Stamps:
    """The column as datetime64[us] of UTC, or as int64 when it holds whole numbers.

    Dates without a time zone are taken as they stand, or as wall-clock times of ``zone`` when it is said. Days stay
    days of the place: stamps of one time of day are not moved to UTC, so that a day of 23 or 25 hours is one step.
    Whole numbers that all read as dates (20240131 or 202401) are dates.

    Args:
        column: the cells.
        name: of the column, for messages.
        zone: time zone that dates are local to.
        freq: as said by the person; hours and shorter steps make moments even of stamps of one time of day.
        series: (R) code of the series of each row, by whose order the passes of a doubled hour are told apart.

    Raises:
        InputError: names the first cell that is no stamp, and where it stands.
    """
    if zone:
        time_zone(zone)
    found = _read(column, name, zone)
    if isinstance(found, np.ndarray):
        if zone:
            raise InputError(
                f"column {str(name)!r} holds whole numbers, which have no time zone, but zone is {zone!r}; expected "
                "dates. Leave zone out."
            )
        return Stamps(found, "")
    zone = zone or found.zone
    moments = isinstance(freq, str) and freq != "infer" and not in_days(freq)
    if found.utc is None:
        if not zone or (not moments and _one_time_of_day(found.written)):
            return Stamps(found.written, zone)
        codes = np.zeros(len(column), dtype=np.int64) if series is None else series
        return Stamps(_moments(found.written, column, name, zone, codes), zone)
    if not moments and not _time_of_day(found.written).any():
        return Stamps(found.written, zone)
    local = to_local(found.utc, zone) if zone and not moments else found.utc
    return Stamps(local if _one_time_of_day(local) else found.utc, zone)


def _read(column: pd.Series, name: Any, zone: str) -> Read | np.ndarray:
    """The dates of a column, or its whole numbers."""
    if column.isna().any():
        missing = column.isna().to_numpy()
        raise InputError(
            f"column {str(name)!r} is empty in {place(column.index, int(missing.argmax()))}{more(missing)}; "
            "every row needs its stamp. Fill it in or remove the row."
        )
    if pd.api.types.is_bool_dtype(column) or pd.api.types.is_float_dtype(column):
        raise InputError(
            f"column {str(name)!r} holds {shown(column.iloc[0])} in {place(column.index, 0)}, which is "
            f"{column.dtype}; expected dates such as '2020-01-31', or whole numbers. Convert it or name another."
        )
    if isinstance(column.dtype, pd.PeriodDtype):
        column = column.dt.to_timestamp()
    if pd.api.types.is_datetime64_any_dtype(column):
        times = pd.DatetimeIndex(column)
        written = times.tz_localize(None).to_numpy().astype("datetime64[us]")
        utc = times.tz_convert("UTC").tz_localize(None).to_numpy().astype("datetime64[us]") if times.tz else None
        _refuse(column, name, _outside(written))
        if times.unit == "ns" and (times.asi8 % 1000).any():
            row = int((times.asi8 % 1000 != 0).argmax())
            raise InputError(
                f"column {str(name)!r} holds {shown(column.iloc[row])} in {place(column.index, row)}; expected whole "
                "microseconds. Round the stamps."
            )
        return Read(written, utc, _named(times))
    if pd.api.types.is_integer_dtype(column):
        if column.max() > np.iinfo(np.int64).max:
            raise InputError(
                f"column {str(name)!r} holds {column.max()}; expected whole numbers below 2^63. Count from less."
            )
        return _whole_numbers(column.to_numpy(dtype=np.int64))
    codes, texts = pd.factorize(column.astype(str).str.strip())
    if pd.Series(texts).str.fullmatch(r"[+-]?\d{1,18}").all():
        return _whole_numbers(np.asarray(texts.astype(np.int64))[codes])
    read = parse_dates(pd.Series(texts, dtype=object), column, codes, name, zone)
    _refuse(column, name, np.asarray(_outside(read.written)[codes]))
    return Read(read.written[codes], None if read.utc is None else read.utc[codes])


def _named(times: pd.DatetimeIndex) -> str:
    """The name of the zone of stamps; empty for UTC and for fixed offsets."""
    name = str(times.tz) if times.tz is not None else ""
    return name if name != "UTC" and name in available_timezones() else ""


def _moments(local: np.ndarray, column: pd.Series, name: Any, zone: str, series: np.ndarray) -> np.ndarray:
    """The stamps of UTC at wall-clock stamps of a zone, in the order of the table."""
    places, distinct = pd.factorize(local)
    first, second = to_utc(distinct, zone)
    utc, later = first[places], second[places]
    skipped = np.isnat(utc)
    twice = (utc != later) & ~skipped
    if twice.any():
        order = directions(local, series, twice)
        loose = twice & (order == 0)[series]
        if loose.any():
            row = int(loose.argmax())
            raise InputError(
                f"column {str(name)!r} holds {shown(column.iloc[row])} in {place(column.index, row)}, which stands on "
                f"the clock of {zone} twice, and rows in no order do not tell which is meant. Sort the rows by "
                "time, or write stamps in UTC."
            )
        utc = np.where(second_passes(local, series, twice, order), later, utc)
    if skipped.any():
        row = int(skipped.argmax())
        raise InputError(
            f"column {str(name)!r} holds {shown(column.iloc[row])} in {place(column.index, row)}{more(skipped)}, which "
            f"does not exist in {zone}, where summer time skips it; expected stamps of that zone. Correct them, or say "
            "the zone that they are of, such as UTC or +01:00."
        )
    return utc


def _one_time_of_day(times: np.ndarray) -> bool:
    return not len(times) or bool((_time_of_day(times) == _time_of_day(times[:1])).all())


def _time_of_day(times: np.ndarray) -> np.ndarray:
    return times.astype(np.int64) % 86_400_000_000  # microseconds


def looks_like_stamps(column: pd.Series) -> bool:
    """Whether the column's first cells are dates; numbers are not taken for dates here."""
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return True
    texts = column.dropna().head(20).astype(str).str.strip()
    if pd.api.types.is_numeric_dtype(column) or texts.empty or texts.str.fullmatch(r"[+-]?[\d.,]+").any():
        return False
    if are_quarters_or_weeks(texts):
        return True
    iso = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).notna()
    return bool(iso.all()) or all(guessed(text) for text in texts)


def _whole_numbers(values: np.ndarray) -> np.ndarray:
    """The values, or the dates that all of them spell as yyyymmdd or yyyymm."""
    for low, high, form in ((19000101, 21001231, "%Y%m%d"), (190001, 210012, "%Y%m")):
        if len(values) and values.min() >= low and values.max() <= high:
            parsed = pd.to_datetime(pd.Series(values).astype(str), format=form, errors="coerce")
            if parsed.notna().all():
                return parsed.to_numpy().astype("datetime64[us]")
    return values


def _outside(times: np.ndarray) -> np.ndarray:
    return np.isnat(times) | (times < _FIRST) | (times >= _LAST)


def _refuse(column: pd.Series, name: Any, bad: np.ndarray) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            f"column {str(name)!r} holds {shown(column.iloc[row])} in {place(column.index, row)}{more(bad)}, which "
            "is no date from 1678 to 2261; expected dates such as '2020-01-31', or whole numbers. Correct it."
        )
