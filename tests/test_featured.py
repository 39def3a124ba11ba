import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.made.featured import with_features
from datamodules.panel import Panel


@pytest.fixture
def holidays(tmp_path):
    path = tmp_path / "dates.csv"
    path.write_text("date\n2024-01-01\n2024-01-02\n")
    return str(path)


def frame(rows=60, begin="2024-01-01", **columns):
    stamps = pd.date_range(begin, periods=rows, freq="h")
    return pd.DataFrame({"ds": stamps, "y": np.arange(rows) + 1.0} | columns)


def test_made_columns_come_after_those_of_the_data(make_panel, holidays):
    panel = make_panel(past=1, known=1, static=1)
    features = Features(calendar=("hour", "is_weekend"), fourier=("24:1",), holidays=holidays)
    made = with_features(panel, features)
    fourier = ("fourier_24_sin1", "fourier_24_cos1")
    assert made.columns.known == ("known0", "hour_sin", "hour_cos", "is_weekend", *fourier, "is_holiday")
    np.testing.assert_array_equal(made.known[:, :1], panel.known)
    assert made.columns.past == ("past0",)
    assert made.columns.static == ("static0",)
    assert made.target is panel.target


def test_series_of_other_lengths_have_the_same_values_at_the_same_stamps(make_panel, holidays):
    panel = make_panel((60, 30, 45), late=(0, 20, 10))
    made = with_features(panel, Features(calendar=("hour", "dayofweek"), fourier=("7:2",), holidays=holidays))
    table = made.to_frame().drop(columns=["unique_id", "y0"])
    assert (table.groupby("ds").nunique() == 1).all().all()
    alone = with_features(panel.select(np.array([1])), Features(calendar=("hour", "dayofweek")))
    np.testing.assert_array_equal(alone.known, made.known[60:90, :4])


def test_series_far_apart_are_not_spanned(make_panel):
    far = pd.concat([frame(5).assign(unique_id="a"), frame(5, "2200-01-01 07:00").assign(unique_id="b")])
    panel = Panel.from_frame(far, freq="h")
    made = with_features(panel, Features(calendar=("hour",)))
    np.testing.assert_allclose(made.known[5], [np.sin(2 * np.pi * 7 / 24), np.cos(2 * np.pi * 7 / 24)])


def test_rows_after_the_last_target_and_before_the_first_are_finite(make_panel, holidays):
    panel = make_panel(holes=0.2)
    wider = panel.extend(np.array([3, 0]), np.array([500, 7]))
    made = with_features(wider, Features(calendar=("hour", "month"), fourier=("24:2",), holidays=holidays))
    assert np.isfinite(made.known).all()
    first = wider.offsets[0] + 3
    inside = with_features(panel, Features(calendar=("hour", "month"), fourier=("24:2",), holidays=holidays))
    np.testing.assert_array_equal(made.known[first : first + 60], inside.known[:60])


def test_a_panel_without_features_is_left_as_it_is(make_panel):
    panel = make_panel(known=1)
    assert with_features(panel, Features(lags=(1,))) is panel


def test_columns_that_take_no_part_are_left_out_with_their_categories():
    table = frame(kind="a", price=2.0, temp=1.0, region="x")
    roles = {"past": ["temp"], "known": ["kind", "price"], "static": ["region"]}
    panel = Panel.from_frame(table, freq="h", **roles)
    assert set(panel.categories) == {"kind", "region"}
    some = with_features(panel, Features(use=("y", "price", "static")))
    assert some.columns.past == ()
    assert some.columns.known == ("price",)
    assert some.columns.static == ("region",)
    assert set(some.categories) == {"region"}
    alone = with_features(panel, Features(use=("y",)))
    assert (alone.past.shape[1], alone.known.shape[1], alone.static.shape[1]) == (0, 0, 0)
    np.testing.assert_array_equal(alone.target, panel.target)


def test_a_column_of_the_data_with_the_name_of_a_made_one_is_refused(holidays):
    panel = Panel.from_frame(frame(is_holiday=0.0), freq="h", known=["is_holiday"])
    with pytest.raises(InputError, match="'is_holiday' of the data"):
        with_features(panel, Features(holidays=holidays))
    made = with_features(panel, Features(holidays=holidays, use=("y", "holidays")))
    assert made.columns.known == ("is_holiday",)
    assert made.known[:24].min() == 1


@pytest.mark.parametrize("lengths", [(1_000_000,), (1000,) * 1000])
def test_three_calendar_columns_of_a_million_rows_take_less_than_a_second(make_panel, lengths):
    panel = make_panel((2,))
    rows, series = sum(lengths), len(lengths)
    large = replace(
        panel,
        ids=np.arange(series).astype(object),
        start=np.arange(series),
        offsets=np.concatenate([[0], np.cumsum(lengths)]),
        target=np.zeros((rows, 1)),
        past=np.zeros((rows, 0)),
        known=np.zeros((rows, 0)),
        static=np.zeros((series, 0)),
    )
    begin = time.perf_counter()
    made = with_features(large, Features(calendar=("hour", "dayofweek", "month")))
    assert made.known.shape == (rows, 6)
    assert time.perf_counter() - begin < 1
