import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest

from datamodules.clock import Clock
from datamodules.clocks.zones import time_zone, to_local
from datamodules.errors import InputError
from datamodules.health import duplicates
from datamodules.panel import Panel

MADRID = "Europe/Madrid"
SPRING = pd.date_range("2024-03-30 20:00", "2024-03-31 05:00", freq="15min", tz="UTC")
AUTUMN = pd.date_range("2024-10-26 20:00", "2024-10-27 05:00", freq="15min", tz="UTC")


def wall(utc: pd.DatetimeIndex, zone: str = MADRID) -> pd.DatetimeIndex:
    return utc.tz_convert(zone).tz_localize(None)


def naive(utc: pd.DatetimeIndex) -> np.ndarray:
    return utc.tz_localize(None).to_numpy().astype("datetime64[us]")


def of(ds, y=None, **columns) -> pd.DataFrame:
    return pd.DataFrame({"ds": ds, "y": np.arange(float(len(ds))) if y is None else y, **columns})


@pytest.mark.parametrize("zone", [MADRID, "Australia/Melbourne", "America/Havana", "Asia/Kolkata", "UTC", "-03:30"])
@pytest.mark.parametrize("freq", ["h", "30min"])
def test_wall_clock_of_a_year_is_one_clock_without_holes(zone, freq):
    utc = pd.date_range("2024-01-01", "2024-12-31", freq=freq, tz="UTC")
    for stamps in (wall(utc, zone), wall(utc, zone).astype(str)):
        panel = Panel.from_frame(of(stamps), zone=zone)
        assert panel.clock == Clock(freq, utc[0].tz_localize(None), zone)
        np.testing.assert_array_equal(panel.target[:, 0], np.arange(len(utc)))
        np.testing.assert_array_equal(panel.clock.local(np.arange(len(utc))), wall(utc, zone).to_numpy())


@pytest.mark.parametrize("utc", [SPRING, AUTUMN], ids=["spring", "autumn"])
@pytest.mark.parametrize("order", ["ascending", "descending", "by wall clock", "by time, then series"])
def test_passes_of_a_doubled_hour_are_told_apart_by_the_order_of_rows(utc, order):
    one = of(wall(utc))
    frame = pd.concat([one.assign(unique_id="a"), one.assign(unique_id="b")])
    if order == "descending":
        frame = frame.iloc[::-1]
    elif order == "by wall clock":
        frame = frame.sort_values(["unique_id", "ds"], kind="stable")
    elif order == "by time, then series":
        frame = frame.sort_values("y", kind="stable")
    panel = Panel.from_frame(frame, zone=MADRID)
    np.testing.assert_array_equal(panel.target[:, 0], np.tile(np.arange(float(len(utc))), 2))


def test_rows_in_no_order_do_not_tell_the_passes_apart():
    frame = of(wall(AUTUMN)).sample(frac=1, random_state=0)
    with pytest.raises(InputError, match=r"stands on the clock of Europe/Madrid twice, .* Sort the rows"):
        Panel.from_frame(frame, zone=MADRID)


def test_stamp_of_a_doubled_hour_that_stands_alone_is_summer_time_unless_the_clock_went_back_before():
    merged = of(wall(AUTUMN)).drop_duplicates("ds")
    panel = Panel.from_frame(merged, zone=MADRID)
    lost = (naive(AUTUMN) >= np.datetime64("2024-10-27T01:00")) & (naive(AUTUMN) < np.datetime64("2024-10-27T02:00"))
    np.testing.assert_array_equal(np.isnan(panel.target[:, 0]), lost)

    second_only = of(wall(AUTUMN))[~((wall(AUTUMN).hour == 2) & ~lost & (wall(AUTUMN).minute == 30))]
    panel = Panel.from_frame(second_only, zone=MADRID)  # 02:30 of summer time is missing, that of winter time is not
    assert np.flatnonzero(np.isnan(panel.target[:, 0])).tolist() == [18]


def test_third_equal_stamp_is_a_duplicate():
    frame = pd.concat([of(wall(AUTUMN)), of(["2024-10-27 02:15"])])
    with pytest.raises(InputError, match="1 row repeats the series and time"):
        Panel.from_frame(frame, zone=MADRID)


def test_doubled_hour_is_no_duplicate_in_the_description():
    frame = of(wall(AUTUMN))
    assert duplicates(frame)["duplicates"].tolist() == [4]
    assert duplicates(frame, zone=MADRID)["duplicates"].tolist() == [0]


def test_doubled_hour_without_a_zone_asks_for_it():
    with pytest.raises(InputError, match=r"4 rows repeat .* zone whose summer time ends then .*--zone Europe/Madrid"):
        Panel.from_frame(of(wall(AUTUMN)))


def test_stamp_in_a_skipped_hour_is_refused_by_row():
    with pytest.raises(InputError, match=r"'2024-03-31 02:00:00' in row 2, which does not exist in Europe/Madrid"):
        Panel.from_frame(of(pd.date_range("2024-03-31", periods=3, freq="h")), zone=MADRID)


@pytest.mark.parametrize("utc", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_offsets_of_one_zone_are_one_clock_once_it_is_said(utc):
    for stamps in (utc.tz_convert(MADRID), utc.tz_convert(MADRID).astype(str), utc, utc.astype(str)):
        panel = Panel.from_frame(of(stamps), zone=MADRID)
        np.testing.assert_array_equal(panel.to_frame()["ds"], naive(utc))
        assert panel.clock.zone == MADRID
    with pytest.raises(InputError, match=r"time zones are mixed .* with zone \(--zone Europe/Madrid\)"):
        Panel.from_frame(of(utc.tz_convert(MADRID).astype(str)))


def test_zone_of_a_column_is_kept():
    zoned = of(AUTUMN.tz_convert(MADRID))
    assert Panel.from_frame(zoned).clock.zone == MADRID
    assert Panel.from_frame(of(AUTUMN)).clock.zone == ""
    assert Panel.from_frame(zoned, zone="Asia/Tokyo").clock.zone == "Asia/Tokyo"


@pytest.mark.parametrize("kind", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("utc", [AUTUMN, pd.date_range("2024-01-01", periods=366, tz=MADRID)], ids=["15min", "D"])
def test_zoned_columns_of_any_library_are_alike(kind, utc):
    frame = of(utc.tz_convert(MADRID))
    expected = Panel.from_frame(frame)
    if kind == "polars":
        frame = polars.from_pandas(frame)
    elif kind == "pyarrow":
        frame = pyarrow.Table.from_pandas(frame)
    panel = Panel.from_frame(frame)
    assert panel.clock == expected.clock
    assert panel.clock.zone == MADRID
    assert panel.fingerprint() == expected.fingerprint()


@pytest.mark.parametrize("hour", [0, 8])
def test_days_stay_days_of_the_zone(hour):
    days = pd.date_range(f"2024-01-01 {hour:02}:00", periods=366)
    zoned = days.tz_localize(MADRID)
    for stamps in (days, zoned, zoned.astype(str), zoned.tz_convert("UTC")):
        panel = Panel.from_frame(of(stamps), zone=MADRID)
        assert panel.clock == Clock("D", days[0], MADRID)
        assert not np.isnan(panel.target).any()
        np.testing.assert_array_equal(panel.clock.local(np.arange(366)), days.to_numpy())


def test_hours_that_are_said_are_moments_even_of_one_time_of_day():
    frame = of(["2024-07-01 00:00", "2024-07-02 00:00"])
    assert Panel.from_frame(frame, freq="h", zone=MADRID).clock.origin == pd.Timestamp("2024-06-30 22:00")
    assert Panel.from_frame(frame, freq="D", zone=MADRID).clock.origin == pd.Timestamp("2024-07-01")


def test_wide_table_has_one_order_of_rows():
    frame = pd.DataFrame({"ds": wall(AUTUMN), "a": 1.0, "b": 2.0})
    assert not np.isnan(Panel.from_frame(frame, shape="wide", zone=MADRID).target).any()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("europe/madrid", "did you mean 'Europe/Madrid'?"),
        ("Asia/Shangai", "did you mean 'Asia/Shanghai'?"),
        ("+2", "expected one such as 'Europe/Madrid', 'UTC' or '+01:00'"),
        ("+25:00", "expected one such as"),
        ("", "expected one such as"),
        ("../etc/passwd", "expected one such as"),
    ],
)
def test_unknown_zone_names_the_nearest(name, hint):
    with pytest.raises(InputError) as raised:
        time_zone(name)
    assert f"time zone {name!r} is not known; {hint}" in str(raised.value)


@pytest.mark.parametrize(
    ("frame", "options", "sentence"),
    [
        (of(range(5)), {"zone": MADRID}, "column 'ds' holds whole numbers, which have no time zone"),
        (of(AUTUMN), {"zone": "Madrid"}, "time zone 'Madrid' is not known"),
        (pd.DataFrame([["a", 1, 2]]), {"shape": "rows", "freq": "h", "zone": MADRID}, "no stamps, but zone is"),
    ],
)
def test_zone_that_cannot_be_used_is_refused(frame, options, sentence):
    with pytest.raises(InputError, match=sentence):
        Panel.from_frame(frame, **options)


def test_local_stamps_keep_the_shape():
    utc = naive(SPRING)[:6].reshape(2, 3)
    assert to_local(utc, MADRID).shape == (2, 3)
    assert Clock("h", pd.Timestamp("2024-01-01"), MADRID).local(np.zeros((2, 0))).shape == (2, 0)
