"""One column of a person's table -> stamps, with a sentence for what is none."""

import warnings
from typing import Any

import numpy as np
import pandas as pd

from datamodules.cells import more, place, shown
from datamodules.errors import InputError

_ZONE = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)$"
_FIRST, _LAST = np.datetime64("1678-01-01", "us"), np.datetime64("2262-01-01", "us")


def stamps(column: pd.Series, name: Any) -> np.ndarray:
    """The column as datetime64[us], or as int64 when it holds whole numbers.

    Stamps with a time zone lose it: they become UTC, except that midnights of the zone stay midnights (a day is a day).
    Whole numbers that all read as dates (20240131 or 202401) are dates.

    Raises:
        InputError: names the first cell that is no stamp, and where it stands.
    """
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
        parsed = _without_zone(
            times.tz_localize(None), times.tz_convert("UTC").tz_localize(None) if times.tz else times
        )
        _refuse(column, name, _outside(parsed))
        return parsed
    if pd.api.types.is_integer_dtype(column):
        return _whole_numbers(column.to_numpy(dtype=np.int64))
    codes, texts = pd.factorize(column.astype(str).str.strip())
    if pd.Series(texts).str.fullmatch(r"[+-]?\d{1,18}").all():
        return _whole_numbers(np.asarray(texts.astype(np.int64))[codes])
    parsed = _parse(pd.Series(texts, dtype=object), column, codes, name)
    _refuse(column, name, np.asarray(_outside(parsed)[codes]))
    return parsed[codes]


def looks_like_stamps(column: pd.Series) -> bool:
    """Whether the column's first cells are dates; numbers are not taken for dates here."""
    if pd.api.types.is_datetime64_any_dtype(column) or isinstance(column.dtype, pd.PeriodDtype):
        return True
    texts = column.dropna().head(20).astype(str).str.strip()
    if pd.api.types.is_numeric_dtype(column) or texts.empty or texts.str.fullmatch(r"[+-]?[\d.,]+").any():
        return False
    iso = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True).notna()
    return bool(iso.all()) or all(_guessed(text) for text in texts)


def _parse(texts: pd.Series, column: pd.Series, codes: np.ndarray, name: Any) -> np.ndarray:
    """The (unique) texts as datetime64[us], NaT where one does not parse in the format that fits most."""
    zones = texts.str.extract(_ZONE, expand=False).str.replace(r"^(?:Z|UTC)$", "+00:00", regex=True)
    if zones.nunique(dropna=False) > 1:
        other = int((zones.fillna("") != zones.fillna("").iloc[0]).to_numpy().argmax())
        raise InputError(
            f"time zones are mixed in column {str(name)!r}: {texts[0]!r} and {texts[other]!r} in "
            f"{place(column.index, int((codes == other).argmax()))}. Write all stamps in one zone, such as UTC."
        )
    zoned = zones.notna().all() and len(zones) > 0
    bare = texts.str.replace(r"\s*(?:Z|UTC|[+-]\d\d:?\d\d)$", "", regex=True) if zoned else texts
    formats = ["ISO8601", *_guessed(bare[0])]
    tried = [pd.to_datetime(bare, format=each, errors="coerce").to_numpy().astype("datetime64[us]") for each in formats]
    whole = [times for times in tried if not np.isnat(times).any()]
    if len(whole) > 1 and (whole[0] != whole[-1]).any():
        row = int((whole[0] != whole[-1]).argmax())
        raise InputError(
            f"column {str(name)!r} may name the day or the month first: {texts[row]!r} reads as {_day(whole[0][row])} "
            f"or {_day(whole[-1][row])}. Write dates as 2020-01-31."
        )
    best = min(tried, key=lambda times: int(np.isnat(times).sum()))
    if not zoned:
        return best
    offset = pd.Timedelta(f"{zones[0][0]}{zones[0][1:3]}:{zones[0][-2:]}:00").to_timedelta64()
    return _without_zone(pd.DatetimeIndex(best), pd.DatetimeIndex(best - offset))


def _guessed(text: str) -> list[str]:
    """The formats that a date may have: the guess of pandas, and, unless the year is first, day and month swapped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that 31/12/2020 has the day first, which is what we ask
        guess = pd.tseries.api.guess_datetime_format(text)
    if not guess or "%y" not in guess.lower():
        return []  # a time of day, or a day of no year
    if guess.startswith("%Y"):
        return [guess]
    return [guess, guess.replace("%m", "%_").replace("%d", "%m").replace("%_", "%d")]


def _without_zone(local: pd.DatetimeIndex, utc: pd.DatetimeIndex) -> np.ndarray:
    """The local stamps when all are midnights, those of UTC otherwise."""
    kept = local if (local == local.normalize()).all() else utc
    return kept.to_numpy().astype("datetime64[us]")


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


def _day(stamp: np.datetime64) -> str:
    return str(stamp.astype("datetime64[D]"))
