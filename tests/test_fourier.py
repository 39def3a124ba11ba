import numpy as np
import pandas as pd
import pytest

from datamodules.clock import Clock
from datamodules.made.fourier import absolute_steps, fourier_columns, suggested_fourier


def test_values_are_sines_and_cosines_of_steps_since_1970():
    clock = Clock("h", pd.Timestamp("2024-05-05 07:00"))
    columns = fourier_columns(clock, np.arange(50), ["24:2", "365.25:1"])
    assert list(columns) == [
        *("fourier_24_sin1", "fourier_24_cos1", "fourier_24_sin2", "fourier_24_cos2"),
        *("fourier_365.25_sin1", "fourier_365.25_cos1"),
    ]
    hours = np.arange(50) + (pd.Timestamp("2024-05-05 07:00") - pd.Timestamp("1970-01-01")) / pd.Timedelta("1h")
    np.testing.assert_allclose(columns["fourier_24_sin2"], np.sin(2 * np.pi * 2 * hours / 24), atol=1e-9)
    np.testing.assert_allclose(columns["fourier_365.25_cos1"], np.cos(2 * np.pi * hours / 365.25), atol=1e-9)
    assert columns["fourier_24_sin1"][17] == pytest.approx(0, abs=1e-12)  # midnight


@pytest.mark.parametrize(
    "freq",
    [
        *("15min", "h", "D", "3D", "B", "2B", "W-MON", "2W-WED", "SMS", "MS", "ME", "BME", "QE-NOV", "2QS-JAN"),
        *("YS-JAN", "3YE-JUN", 1, 5),
    ],
)
def test_the_same_stamp_has_the_same_values_in_panels_of_other_origins(freq):
    clock = Clock(freq, 100) if isinstance(freq, int) else Clock.made_up(freq)
    later = Clock(freq, int(clock.stamps(np.array([7]))[0]) if clock.is_integer else clock_stamp(clock, 7))
    here = fourier_columns(clock, np.arange(7, 60), ["6:3", "5.5:1"])
    there = fourier_columns(later, np.arange(53), ["6:3", "5.5:1"])
    for name, values in here.items():
        np.testing.assert_allclose(values, there[name], atol=1e-9)


def clock_stamp(clock, position):
    return pd.Timestamp(clock.stamps(np.array([position]))[0])


@pytest.mark.parametrize("freq", ["min", "h", "D", "B", "2B", "W-MON", "MS", "ME", "BME", "2ME", "QE-NOV", "YE-JUN"])
def test_steps_are_counted_one_by_one(freq):
    steps = absolute_steps(Clock.made_up(freq), np.arange(200))
    np.testing.assert_allclose(np.diff(steps), 1)


def test_each_pair_has_as_many_columns_as_say_something():
    clock = Clock.made_up("ME")
    columns = fourier_columns(clock, np.arange(24), ["12:6"])
    assert len(columns) == 11
    values = np.column_stack([np.ones(24), *columns.values()])
    assert np.linalg.matrix_rank(values) == 12


def test_seasons_of_the_clock_are_suggested():
    assert suggested_fourier(Clock.made_up("h"), 1000) == ("24:3", "168:3")
    assert suggested_fourier(Clock.made_up("h"), 100) == ("24:3",)
    assert suggested_fourier(Clock.made_up("QE-DEC"), 2) == ("4:2",)
