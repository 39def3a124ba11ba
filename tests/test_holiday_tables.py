import numpy as np
import pandas as pd
import pytest

from datamodules.clock import Clock
from datamodules.errors import InputError
from datamodules.made.holiday_tables import holiday_columns


@pytest.fixture
def dates(tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text("name,date\nA,2024-01-01\nB,2024-12-25\nC,2024-12-26\nC again,2024-12-26\n")
    return str(path)


def marked(clock, steps, source, column="is_holiday"):
    """The stamps whose column is not 0, with its values."""
    values = holiday_columns(clock, np.arange(steps), source)[column]
    stamps = clock.stamps(np.arange(steps))
    return {str(stamps[place])[:10]: values[place] for place in np.flatnonzero(values)}


def test_days_of_a_table_are_marked(dates):
    found = marked(Clock("D", pd.Timestamp("2023-12-30")), 400, dates)
    assert found == {"2024-01-01": 1, "2024-12-25": 1, "2024-12-26": 1}


def test_a_parquet_table_whose_first_column_has_another_name(tmp_path):
    path = tmp_path / "days.parquet"
    pd.DataFrame({"when": pd.to_datetime(["2024-01-02"]), "name": ["X"]}).to_parquet(path)
    assert marked(Clock("D", pd.Timestamp("2024-01-01")), 5, str(path)) == {"2024-01-02": 1}


def test_hours_are_of_the_local_day(dates):
    clock = Clock("h", pd.Timestamp("2023-12-31 10:00"), "Australia/Melbourne")
    values = holiday_columns(clock, np.arange(40), dates)["is_holiday"]
    np.testing.assert_array_equal(np.flatnonzero(values), np.arange(3, 27))  # 13:00 UTC is midnight there


def test_longer_steps_count_their_holidays(dates):
    assert marked(Clock("MS", pd.Timestamp("2024-01-01")), 12, dates, "holiday_count") == {
        "2024-01-01": 1,
        "2024-12-01": 2,
    }
    assert marked(Clock("ME", pd.Timestamp("2024-01-31")), 12, dates, "holiday_count") == {
        "2024-01-31": 1,
        "2024-12-31": 2,
    }
    assert marked(Clock("QE-DEC", pd.Timestamp("2024-03-31")), 4, dates) == {"2024-03-31": 1, "2024-12-31": 1}


def test_weeks_begin_with_a_monday_or_end_with_another_day(dates):
    assert marked(Clock("W-MON", pd.Timestamp("2024-12-16")), 3, dates, "holiday_count") == {"2024-12-23": 2}
    assert marked(Clock("W-SUN", pd.Timestamp("2024-12-15")), 3, dates, "holiday_count") == {"2024-12-29": 2}
    assert marked(Clock("W-WED", pd.Timestamp("2024-12-18")), 3, dates, "holiday_count") == {
        "2024-12-25": 1,
        "2025-01-01": 1,
    }
    assert marked(Clock("7D", pd.Timestamp("2024-12-19")), 2, dates, "holiday_count") == {
        "2024-12-19": 1,
        "2024-12-26": 1,
    }


def test_a_table_of_another_time_is_refused(dates):
    with pytest.raises(InputError, match=r"from 2024-01-01 to 2024-12-26.*series from 2019-01-01 to 2019-01-10"):
        holiday_columns(Clock("D", pd.Timestamp("2019-01-01")), np.arange(10), dates)


@pytest.mark.parametrize(("begin", "steps"), [("2024-06-01", 900), ("2022-06-01", 900)])
def test_a_table_that_ends_or_begins_inside_the_series_is_refused(dates, begin, steps):
    with pytest.raises(InputError, match="within a year of both ends"):
        holiday_columns(Clock("D", pd.Timestamp(begin)), np.arange(steps), dates)


def test_bad_tables_name_what_is_wrong(tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text("date\n2024-01-01\nchristmas\n")
    with pytest.raises(InputError, match="'christmas'"):
        holiday_columns(Clock("D", pd.Timestamp("2024-01-01")), np.arange(10), str(path))
    with pytest.raises(InputError, match="does not exist"):
        holiday_columns(Clock("D", pd.Timestamp("2024-01-01")), np.arange(10), str(tmp_path / "other.csv"))
    path.write_text("date\n1\n2\n")
    with pytest.raises(InputError, match="whole numbers"):
        holiday_columns(Clock("D", pd.Timestamp("2024-01-01")), np.arange(10), str(path))


def test_holidays_of_a_place():
    found = marked(Clock("D", pd.Timestamp("2013-01-01")), 365, "AU-VIC")
    assert {"2013-01-01", "2013-01-28", "2013-03-11", "2013-04-25", "2013-11-05", "2013-12-25"} <= set(found)
    assert "2013-11-05" not in marked(Clock("D", pd.Timestamp("2013-01-01")), 365, "AU-NSW")  # the Melbourne Cup
    assert "2023-10-12" in marked(Clock("D", pd.Timestamp("2023-01-01")), 365, "ES")


def test_years_that_are_not_known_are_refused():
    with pytest.raises(InputError, match=r"known from .* to .*, the series reach from 1700"):
        holiday_columns(Clock("D", pd.Timestamp("1700-01-01")), np.arange(10), "ES")


def test_federal_holidays_need_no_package_and_are_those_of_the_package(monkeypatch):
    import holidays

    clock = Clock("D", pd.Timestamp("2012-01-01"))
    found = set(marked(clock, 365 * 4, "US-federal"))
    days = pd.DatetimeIndex(list(holidays.country_holidays("US", years=range(2012, 2017))))
    kept = {str(day.date()) for day in days if day.weekday() < 5 and day < clock.stamps(np.array([365 * 4]))[0]}
    assert found == kept
