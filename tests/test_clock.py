import numpy as np
import pandas as pd
import pytest

from datamodules.aliases import offset_of
from datamodules.clock import Clock
from datamodules.errors import InputError
from datamodules.frequency import infer_freq

FREQUENCIES = [
    ("h", "h"),
    ("2h", "2h"),
    ("15min", "15min"),
    ("30s", "30s"),
    ("250ms", "250ms"),
    ("D", "D"),
    ("10D", "10D"),
    ("B", "B"),
    ("W-MON", "W-MON"),
    ("W-SAT", "W-SAT"),
    ("2W-WED", "2W-WED"),
    ("MS", "MS"),
    ("ME", "ME"),
    ("2MS", "2MS"),
    ("BMS", "BMS"),
    ("BME", "BME"),
    ("QS", "QS-JAN"),
    ("QS-FEB", "QS-FEB"),
    ("QE", "QE-DEC"),
    ("QE-NOV", "QE-NOV"),
    ("2QE", "2QE-DEC"),
    ("YS", "YS-JAN"),
    ("YE-JUN", "YE-JUN"),
    ("2YE", "2YE-DEC"),
]


def infer(times) -> str | int:
    values = np.asarray(times)
    return infer_freq(
        values if values.dtype.kind == "i" else values.astype("datetime64[us]"), np.array([0, len(values)])
    )


@pytest.mark.parametrize(("alias", "expected"), FREQUENCIES)
def test_frequency_is_inferred_and_gaps_are_tolerated(alias, expected):
    times = pd.date_range("2001-01-01", periods=60, freq=alias)
    assert infer(times) == expected
    kept = np.sort(np.random.default_rng(0).choice(60, size=35, replace=False))
    assert infer(times[kept]) == expected


@pytest.mark.parametrize("alias", [alias for alias, _ in FREQUENCIES])
def test_positions_and_stamps_are_inverse(alias):
    times = pd.date_range("2001-01-01 08:00", periods=60, freq=alias)
    clock = Clock(infer(times), times[0])
    np.testing.assert_array_equal(clock.positions(times), np.arange(60))
    np.testing.assert_array_equal(clock.stamps(np.arange(60)), times.to_numpy())


@pytest.mark.parametrize("alias", ["h", "B", "ME", "W-SUN"])
def test_stamps_go_on_before_the_origin(alias):
    times = pd.date_range("2001-01-01", periods=9, freq=alias)
    stamps = Clock(alias, times[4]).stamps(np.arange(-4, 5))
    np.testing.assert_array_equal(stamps, times.to_numpy())


@pytest.mark.parametrize(("values", "step"), [([3, 4, 5], 1), ([0, 5, 15, 20], 5), ([1, 3, 5, 9], 2)])
def test_integer_clock_has_the_common_step(values, step):
    assert infer(values) == step


def test_steps_across_series_are_not_compared():
    days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-02"]).to_numpy()
    assert infer_freq(days.astype("datetime64[us]"), np.array([0, 2, 4])) == "D"


def test_weekdays_are_business_days_once_they_pass_over_a_weekend():
    assert infer(pd.bdate_range("2024-01-01", periods=6)) == "B"
    assert infer(pd.date_range("2024-01-01", periods=4)) == "D"
    assert infer(pd.date_range("2024-01-01", periods=6)) == "D"
    assert infer(pd.bdate_range("2024-01-01", periods=60).delete([10, 30, 31])) == "B"  # holidays are holes


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (["2024-01-01"], "from one row a series; say it with freq"),
        (
            ["2024-01-01 00", "2024-01-01 02", "2024-01-01 05", "2024-01-01 07"],
            "commonest step is 02:00:00, but the steps have only 01:00:00 in common",
        ),
        (["2024-01-01", "2024-01-02", "2024-01-02 07:31"], "have only 00:01:00 in common"),
        (["2024-01-15", "2024-02-15", "2024-03-15"], "If these are months, move the stamps"),
    ],
)
def test_irregular_stamps_are_a_question(stamps, message):
    with pytest.raises(InputError, match=message):
        infer(pd.to_datetime(stamps, format="mixed"))


@pytest.mark.parametrize(
    ("freq", "hint"),
    [("H", "'h'"), ("M", "'ME'"), ("d", "'D'"), ("3T", "'3min'"), ("nonsense", "expected"), ("-1D", "at least")],
)
def test_unknown_frequency_names_what_to_write(freq, hint):
    with pytest.raises(InputError, match=hint):
        offset_of(freq)


@pytest.mark.parametrize(
    ("freq", "seasons"),
    [
        ("h", (24, 168)),
        ("30min", (48, 336)),
        ("D", (7,)),
        ("B", (5,)),
        ("W-SAT", (52,)),
        ("BME", (12,)),
        ("QE-NOV", (4,)),
        ("YS", (1,)),
        (1, (1,)),
        ("2QS", (2,)),
        ("10D", (1,)),
    ],
)
def test_seasons_follow_the_frequency(freq, seasons):
    clock = Clock(freq, 0 if freq == 1 else pd.Timestamp("2024-01-01"))
    assert clock.seasons == seasons
    assert clock.seasonality == seasons[0]


def test_integer_step_below_one_is_refused():
    with pytest.raises(InputError, match="at least 1"):
        Clock(0, 0)
