import json

import numpy as np
import pandas as pd
import pytest

from datamodules.clock import Clock
from datamodules.errors import InputError
from datamodules.health import health
from datamodules.panel import Panel

# fmt: off
FREQUENCIES = [
    "us", "250ms", "s", "10s", "30s", "min", "15min", "30min", "h", "2h", "24h", "D", "3D", "7D", "10D", "B",
    "2B", "W", "W-MON", "W-SAT", "2W-WED", "4W", "MS", "ME", "2MS", "BMS", "BME", "SMS", "SME", "SMS-10", "QS",
    "QS-FEB", "QE", "QE-NOV", "QE-MAR", "2QE", "BQS", "BQE-NOV", "YS", "YS-APR", "YE", "YE-JUN", "2YE", "BYS",
    "BYE-MAR", "WOM-2TUE",
]
# fmt: on


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_positions_and_stamps_are_inverse(freq):
    times = pd.date_range("2001-01-30 08:00", periods=90, freq=freq)
    clock = Clock(freq, times[0])
    np.testing.assert_array_equal(clock.positions(times), np.arange(90))
    np.testing.assert_array_equal(clock.stamps(np.arange(90)), times.to_numpy())
    np.testing.assert_array_equal(Clock(freq, times[40]).stamps(np.arange(-40, 50).reshape(9, 10)).ravel(), times)


@pytest.mark.parametrize("freq", FREQUENCIES)
def test_table_of_any_frequency_comes_back_with_its_gaps(freq):
    times = pd.date_range("2019-01-30", periods=90, freq=freq)
    kept = np.sort(np.random.default_rng(0).choice(np.arange(1, 89), size=60, replace=False))
    frame = pd.DataFrame({"ds": times, "y": np.arange(90.0)}).iloc[[0, *kept, 89]]
    for asked in (freq, "infer") if freq not in ("SMS-10", "WOM-2TUE") else (freq,):
        panel = Panel.from_frame(frame, freq=asked)
        np.testing.assert_array_equal(panel.to_frame()["ds"], times.to_numpy())
        np.testing.assert_array_equal(panel.target[frame.index, 0], frame["y"])
        assert health(panel)["missing"].tolist() == [28]
    assert Panel.from_frame(frame, freq=freq).clock.seasons == Clock(freq, times[0]).seasons


def test_holiday_is_a_gap_among_business_days():
    days = pd.bdate_range("2023-12-18", "2024-01-12").drop(["2023-12-25", "2024-01-01"])
    table = health(Panel.from_frame(pd.DataFrame({"ds": days, "y": 1.0})))
    assert table[["freq", "length", "missing", "gaps"]].to_numpy().tolist() == [["B", 20, 2, 2]]


def test_leap_day_is_a_day():
    days = Clock("D", pd.Timestamp("2024-02-28")).stamps(np.arange(3))
    assert days.astype("datetime64[D]").astype(str).tolist() == ["2024-02-28", "2024-02-29", "2024-03-01"]
    ends = Clock("ME", pd.Timestamp("2023-02-28")).stamps(np.array([0, 12, 24]))
    assert ends.astype("datetime64[D]").astype(str).tolist() == ["2023-02-28", "2024-02-29", "2025-02-28"]


@pytest.mark.parametrize(
    "clock",
    [
        Clock("15min", pd.Timestamp("2024-03-31 01:45:00.250001"), "Europe/Madrid"),
        Clock("ME", pd.Timestamp("1999-12-31")),
        Clock(7, 3),
    ],
)
def test_plain_values_tell_the_clock_exactly(clock):
    plain = json.loads(json.dumps(clock.plain()))
    assert Clock.of(plain) == clock
    assert repr(Clock.of(plain)) == repr(clock)
    assert hash(Clock.of(plain)) == hash(clock)


def test_local_stamps_are_those_of_the_clock_without_a_zone():
    for clock in (Clock("h", pd.Timestamp("2024-03-31")), Clock("D", pd.Timestamp("2024-03-31"), "Europe/Madrid")):
        np.testing.assert_array_equal(clock.local(np.arange(5)), clock.stamps(np.arange(5)))
    assert Clock(2, 1).local(np.arange(3)).tolist() == [1, 3, 5]


@pytest.mark.parametrize(
    ("freq", "seasons"),
    [
        ("h", (24, 168)),
        ("2h", (12, 84)),
        ("30min", (48, 336)),
        ("15min", (96, 672)),
        ("10s", (360,)),
        ("250ms", (1,)),
        ("24h", (7,)),
        ("D", (7,)),
        ("7D", (52,)),
        ("B", (5,)),
        ("W-SAT", (52,)),
        ("4W", (13,)),
        ("SME", (24,)),
        ("BME", (12,)),
        ("WOM-2TUE", (12,)),
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


def test_unknown_zone_is_refused():
    with pytest.raises(InputError, match="time zone 'Madrid' is not known"):
        Clock("h", pd.Timestamp("2024-01-01"), "Madrid")
