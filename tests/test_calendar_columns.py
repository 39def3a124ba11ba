from datetime import date

import numpy as np
import pandas as pd
import pytest

from datamodules.clock import Clock
from datamodules.errors import InputError
from datamodules.made.calendar_columns import calendar_columns, check_calendar, suggested_calendar
from datamodules.made.feature_forms import CALENDAR


def clock(freq, origin="2019-12-01", zone=""):
    return Clock(freq, pd.Timestamp(origin), zone)


def share(columns, name):
    """The share of the circle, from 0 to below 1, that sine and cosine stand for."""
    return np.round(np.arctan2(columns[f"{name}_sin"], columns[f"{name}_cos"]) / (2 * np.pi), 9) % 1


@pytest.mark.parametrize("freq", ["15min", "h", "D", "B", "W-SUN", "MS", "QE"])
def test_columns_equal_pandas_attributes(freq):
    positions = np.arange(3000 if freq != "15min" else 40_000)
    one = clock(freq) if freq != "QE" else clock(freq, "2019-12-31")
    stamps = pd.DatetimeIndex(one.stamps(positions[: 300 if freq in ("W-SUN", "MS", "QE") else None]))
    columns = calendar_columns(one, np.arange(len(stamps)), CALENDAR)
    expected = {
        "minute": stamps.minute / 60,
        "hour": (stamps.hour + stamps.minute / 60) / 24,
        "dayofweek": stamps.day_of_week / 7,
        "dayofmonth": (stamps.day - 1) / stamps.days_in_month,
        "dayofyear": (stamps.day_of_year - 1) / np.where(stamps.is_leap_year, 366, 365),
        "month": (stamps.month - 1) / 12,
        "quarter": (stamps.quarter - 1) / 4,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(share(columns, name), values, atol=1e-8, err_msg=name)
    np.testing.assert_array_equal(columns["is_weekend"], stamps.day_of_week >= 5)


def test_weeks_are_those_of_iso_8601():
    days = clock("D", "1999-12-20")
    stamps = pd.DatetimeIndex(days.stamps(np.arange(10_000)))
    iso = stamps.isocalendar()
    weeks = np.array([date(int(year), 12, 28).isocalendar().week for year in iso["year"]])  # 52 or 53
    expected = (iso["week"].to_numpy(dtype=float) - 1) / weeks
    columns = calendar_columns(days, np.arange(10_000), ["weekofyear"])
    np.testing.assert_allclose(share(columns, "weekofyear"), expected, atol=1e-8)


def test_neighbours_across_a_leap_year_are_one_day_apart():
    columns = calendar_columns(clock("D", "2019-12-25"), np.arange(800), ["dayofyear"])
    steps = np.diff(share(columns, "dayofyear")) % 1
    np.testing.assert_allclose(steps, 1 / 365.5, rtol=0.002)


def test_hours_are_local_over_the_ends_of_summer_time():
    madrid = clock("h", "2024-03-30 23:00", "Europe/Madrid")
    hours = share(calendar_columns(madrid, np.arange(4), ["hour"]), "hour") * 24
    np.testing.assert_allclose(hours, [0, 1, 3, 4], atol=1e-6)
    autumn = clock("h", "2024-10-26 23:00", "Europe/Madrid")
    hours = share(calendar_columns(autumn, np.arange(4), ["hour"]), "hour") * 24
    np.testing.assert_allclose(hours, [1, 2, 2, 3], atol=1e-6)


def test_days_before_1970_have_their_weekday():
    columns = calendar_columns(clock("6h", "1969-12-26 06:00"), np.arange(8), ["hour", "is_weekend"])
    np.testing.assert_array_equal(columns["is_weekend"], [0, 0, 0, 1, 1, 1, 1, 1])
    np.testing.assert_allclose(share(columns, "hour")[:3] * 24, [6, 12, 18], atol=1e-6)


@pytest.mark.parametrize(
    ("freq", "name"),
    [
        *(("D", "hour"), ("24h", "hour"), ("MS", "hour"), ("h", "minute"), ("W-SUN", "dayofweek")),
        *(("7D", "is_weekend"), ("B", "is_weekend"), ("MS", "dayofmonth"), ("YS", "month")),
    ],
)
def test_a_column_that_never_changes_is_refused(freq, name):
    with pytest.raises(InputError, match=f"'{name}'.*never changes.*{freq}|no column that changes"):
        check_calendar(clock(freq, "2020-01-01"), [name])


def test_calendar_on_an_integer_clock_is_refused():
    with pytest.raises(InputError, match=r"'hour'.*integers of step 2"):
        check_calendar(Clock(2, 0), ["hour"])
    with pytest.raises(InputError, match="integers"):
        suggested_calendar(Clock(2, 0), 100)


@pytest.mark.parametrize(
    ("freq", "steps", "expected"),
    [
        ("h", 20_000, ("hour", "dayofweek", "month")),
        ("h", 300, ("hour", "dayofweek")),
        ("h", 5, ("hour",)),
        ("30min", 20_000, ("hour", "dayofweek", "month")),
        ("min", 20_000, ("minute", "hour", "dayofweek")),
        ("D", 800, ("dayofweek", "month")),
        ("B", 800, ("dayofweek", "month")),
        ("W-SAT", 200, ("month",)),
        ("ME", 60, ("month",)),
        ("QE-DEC", 60, ("month",)),
    ],
)
def test_the_calendar_that_a_clock_suggests(freq, steps, expected):
    suggested = suggested_calendar(Clock.made_up(freq), steps)
    assert suggested == expected
    check_calendar(Clock.made_up(freq), suggested)


def test_a_clock_of_years_has_no_calendar():
    with pytest.raises(InputError, match="no column that changes"):
        suggested_calendar(Clock.made_up("YE-DEC"), 100)
