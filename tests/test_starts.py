import numpy as np
import pandas as pd
import pytest

from datamodules.door.starts import stamped
from datamodules.errors import InputError


def starting(*days: str) -> pd.Series:
    return pd.Series(pd.DatetimeIndex([pd.Timestamp(day) for day in days]).as_unit("us"))


@pytest.mark.parametrize(
    ("days", "freq", "begins", "named"),
    [
        (["2024-01-15", "2024-02-01"], "MS", ["2024-01-01", "2024-02-01"], "MS"),
        (["2024-01-15", "2024-02-29"], "ME", ["2024-01-31", "2024-02-29"], "ME"),
        (["2024-02-01", "2024-05-01"], "QS", ["2024-02-01", "2024-05-01"], "QS-FEB"),
        (["2024-02-01", "2024-04-01"], "QS", ["2024-01-01", "2024-04-01"], "QS-JAN"),
        (["2023-07-01", "2024-07-01"], "YS", ["2023-07-01", "2024-07-01"], "YS-JUL"),
        (["2024-01-02", "2024-01-16"], "W", ["2024-01-02", "2024-01-16"], "W-TUE"),
        (["2024-01-02", "2024-01-07"], "W-SUN", ["2024-01-07", "2024-01-07"], "W-SUN"),
        (["2024-01-02 12:00", "2024-01-03"], "D", ["2024-01-02", "2024-01-03"], "D"),
        (["2024-01-02 00:05", "2024-01-02 00:15"], "10min", ["2024-01-02 00:05", "2024-01-02 00:15"], "10min"),
    ],
)
def test_starts_stand_where_their_periods_do(days, freq, begins, named):
    times, found = stamped(starting(*days), np.array([1, 1]), freq)
    assert found == named
    assert times.tolist() == starting(*begins).to_numpy().tolist()


def test_steps_follow_the_calendar():
    times, _ = stamped(starting("2024-01-31", "2024-03-31"), np.array([3, 1]), "ME")
    assert times.astype("datetime64[D]").astype(str).tolist() == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2024-03-31",
    ]


def test_whole_numbers_count_steps():
    assert stamped(pd.Series([4, 0]), np.array([2, 1]), 2)[0].tolist() == [4, 6, 0]


@pytest.mark.parametrize(
    ("starts", "freq", "sentence"),
    [
        (
            starting("2024-01-01", "2024-01-02"),
            "W",
            "start on Monday in row 0, but on Tuesday in row 1; .*--freq W-SUN",
        ),
        (starting("2024-01-01", "2024-01-01 00:30"), "h", "the start 2024-01-01 00:30:00 in row 1 is not whole steps"),
        (starting("2024-01-01", "2024-01-06"), "B", "is not whole steps of freq 'B'"),
        (pd.Series([0, 1]), "h", "start at whole numbers, but freq is 'h'"),
        (starting("2024-01-01"), 1, "start at dates, but freq is 1"),
    ],
)
def test_starts_of_different_clocks_are_refused(starts, freq, sentence):
    with pytest.raises(InputError, match=sentence):
        stamped(starts, np.ones(len(starts), dtype=int), freq)
