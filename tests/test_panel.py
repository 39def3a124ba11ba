from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.sets.synthetic import Synthetic


def long_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unique_id": ["b", "a", "a", "b", "a"],
            "ds": pd.to_datetime(["2024-01-02", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]),
            "y": [10, 1, 2, 11, 4],
        }
    )


def test_rows_are_sorted_and_missing_stamps_become_unobserved_rows():
    panel = Panel.from_frame(long_frame())
    assert panel.ids.tolist() == ["a", "b"]
    assert panel.lengths.tolist() == [4, 2]
    assert panel.start.tolist() == [0, 1]
    np.testing.assert_array_equal(panel.target[:, 0], [1, 2, np.nan, 4, 10, 11])


def test_input_frame_is_left_as_it_is():
    frame = long_frame()
    before = frame.copy(deep=True)
    panel = Panel.from_frame(frame)
    pd.testing.assert_frame_equal(frame, before)
    frame["y"] = 0
    assert panel.target[0, 0] == 1


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "pyarrow"])
def test_polars_and_pyarrow_tables_give_the_same_panel(convert):
    assert Panel.from_frame(convert(long_frame())).fingerprint() == Panel.from_frame(long_frame()).fingerprint()


def test_wide_table_gives_the_same_panel():
    wide = long_frame().pivot(index="ds", columns="unique_id", values="y").reset_index()
    assert Panel.from_frame(wide, shape="wide").fingerprint() == Panel.from_frame(long_frame()).fingerprint()


def test_stamps_may_be_the_index_of_a_wide_table():
    wide = long_frame().pivot(index="ds", columns="unique_id", values="y").rename_axis(None)
    assert Panel.from_frame(wide, shape="wide").fingerprint() == Panel.from_frame(long_frame()).fingerprint()


@pytest.mark.parametrize(("freq", "last"), [("h", "2000-01-01T03"), ("YE", "2003-12-31"), (1, 3), ("2", 6)])
def test_series_without_stamps_all_end_at_the_same_moment(freq, last):
    rows = pd.DataFrame([["x", 1, 2, 3, 4], ["w", 8, 9, None, None]], columns=["V1", "V2", "V3", "V4", "V5"])
    panel = Panel.from_frame(rows, shape="rows", freq=freq)
    assert panel.ids.tolist() == ["w", "x"]
    assert panel.lengths.tolist() == [2, 4]
    np.testing.assert_array_equal(panel.target[:, 0], [8, 9, 1, 2, 3, 4])
    ends = panel.times(panel.last_rows, np.arange(2))
    assert ends[0] == ends[1] == (last if panel.clock.is_integer else np.datetime64(last))


def test_empty_cells_within_a_row_are_unobserved():
    rows = pd.DataFrame([["x", 1.0, None, 3.0]])
    assert np.isnan(Panel.from_frame(rows, shape="rows", freq="h").target[1, 0])


def test_other_names_are_mapped():
    frame = long_frame().rename(columns={"unique_id": "shop", "ds": "day", "y": "sold"})
    panel = Panel.from_frame(frame, id="shop", time="day", target="sold")
    assert panel.columns.target == ("sold",)
    assert panel.to_frame().columns.tolist() == ["unique_id", "ds", "sold"]


def test_several_targets_and_covariates_have_their_place():
    frame = long_frame().assign(
        z=[5, 6, 7, 8, 9], price=1.0, promo=[True, False, True, False, True], size=[2, 1, 1, 2, 1]
    )
    panel = Panel.from_frame(frame, target=["y", "z"], past=["price"], known=["promo"], static=["size"])
    assert panel.target.shape == (6, 2)
    assert panel.past.shape == panel.known.shape == (6, 1)
    assert panel.static.tolist() == [[1], [2]]


def test_one_covariate_may_be_said_by_its_name_alone():
    assert Panel.from_frame(long_frame().assign(price=1.0), past="price").columns.past == ("price",)


def test_rows_after_the_last_target_stay_when_they_carry_known_values():
    frame = pd.DataFrame({"ds": range(4), "y": [1, 2, None, None], "plan": [1, 1, 0, 1]})
    panel = Panel.from_frame(frame, known=["plan"])
    assert panel.lengths.tolist() == [4]
    assert panel.last_rows.tolist() == [1]
    assert Panel.from_frame(frame).lengths.tolist() == [2]


def test_table_without_ids_is_one_series():
    assert Panel.from_frame(long_frame().query("unique_id == 'a'").drop(columns="unique_id")).ids.tolist() == ["series"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["Ünï", "日本"], ["Ünï", "日本"]),
        (["<b>x</b>", "a&b"], ["<b>x</b>", "a&b"]),
        ([2, 10], ["10", "2"]),
        ([1.5, 2.5], ["1.5", "2.5"]),
        (pd.Categorical(["q", "p"]), ["p", "q"]),
        ([("a", 1), ("b", 2)], ["('a', 1)", "('b', 2)"]),
        ([["b"], ["a"]], ["['a']", "['b']"]),
    ],
    ids=["unicode", "html", "int", "float", "categorical", "tuple", "list"],
)
def test_ids_are_data_and_become_text(given, kept):
    frame = pd.DataFrame({"unique_id": given, "ds": [1, 1], "y": [0.0, 1.0]})
    assert Panel.from_frame(frame, freq=1).ids.tolist() == kept


@pytest.mark.parametrize(
    "values",
    [["1", "2.0", " 3 "], [True, True, True], pd.array([1, None, 3], dtype="Int64"), ["1e0", "NA", ""], [1, None, "3"]],
    ids=["text", "boolean", "nullable", "gaps as text", "mixed"],
)
def test_numbers_of_any_writing_are_numbers(values):
    panel = Panel.from_frame(pd.DataFrame({"ds": [1, 2, 3], "y": values}))
    assert panel.target[0, 0] == 1
    assert panel.target.dtype == np.float64


@pytest.mark.parametrize(
    "texts",
    [
        ["2024-01-30", "2024-01-31"],
        ["30.01.2024", "31.01.2024"],
        ["01/30/2024", "01/31/2024"],
        ["2024-01-30T00:00:00Z", "2024-01-31T00:00:00Z"],
        ["2024-01-30 00:00+05:30", "2024-01-31 00:00+05:30"],
        [20240130, 20240131],
        ["20240130", "20240131"],
        pd.period_range("2024-01-30", periods=2, freq="D"),
        pd.date_range("2024-01-30", periods=2, tz="Europe/Berlin"),
        pd.date_range("2024-01-30", periods=2).date,
    ],
)
def test_days_of_any_writing_are_days(texts):
    panel = Panel.from_frame(pd.DataFrame({"ds": texts, "y": [1, 2]}))
    assert panel.clock.freq == "D"
    assert panel.clock.origin == pd.Timestamp("2024-01-30")


def test_stamps_with_a_zone_become_utc():
    zoned = pd.date_range("2024-01-30 07:00", periods=3, freq="h", tz="Asia/Tokyo")
    for stamps in (zoned, zoned.astype(str)):
        panel = Panel.from_frame(pd.DataFrame({"ds": stamps, "y": [1, 2, 3]}))
        assert panel.clock.origin == pd.Timestamp("2024-01-29 22:00")


def test_to_frame_and_back_is_the_same_panel():
    panel = Synthetic(n_series=5, length=(20, 40)).load()
    assert Panel.from_frame(panel.to_frame()).fingerprint() == panel.fingerprint()


def test_fingerprint_does_not_depend_on_the_order_of_rows():
    frame = long_frame()
    assert Panel.from_frame(frame.iloc[::-1]).fingerprint() == Panel.from_frame(frame).fingerprint()


def test_until_blanks_what_comes_after_the_cutoff():
    panel = Panel.from_frame(long_frame())
    past = panel.until(np.array([1, -1]))
    np.testing.assert_array_equal(past.target[:, 0], [1, 2, np.nan, np.nan, np.nan, np.nan])
    assert past.last_rows.tolist() == [1, 3]


def test_until_since_leaves_a_sliding_window():
    panel = Panel.from_frame(long_frame())
    past = panel.until(np.array([3, 5]), since=np.array([1, 5]))
    np.testing.assert_array_equal(past.target[:, 0], [np.nan, 2, np.nan, 4, np.nan, 11])


def test_select_keeps_rows_and_clock_of_the_chosen_series():
    panel = Panel.from_frame(long_frame()).select(np.array([1]))
    assert panel.ids.tolist() == ["b"]
    np.testing.assert_array_equal(panel.target[:, 0], [10, 11])
    assert panel.times(np.array([0]), np.array([0]))[0] == np.datetime64("2024-01-02")


def test_arrays_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        Panel.from_frame(long_frame()).target[0] = 0


def test_many_short_series_take_no_loop_over_series():
    count, length = 20_000, 10
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(np.arange(count), length),
            "ds": np.tile(pd.date_range("2024-01-31", periods=length, freq="ME"), count),
            "y": np.arange(count * length),
        }
    )
    panel = Panel.from_frame(frame)
    assert panel.n_series == count
    first = np.flatnonzero(panel.ids == "7")[0]
    assert panel.target[panel.offsets[first], 0] == 70


def test_wide_table_forecasts_only_the_columns_asked_for():
    wide = pd.DataFrame({"ds": [1, 2], "a": [1, 2], "b": [3, 4], "note": ["x", "y"]})
    assert Panel.from_frame(wide, shape="wide", target=["b"]).ids.tolist() == ["b"]
    with pytest.raises(InputError, match="'note' holds text 'x'"):
        Panel.from_frame(wide, shape="wide")


@pytest.mark.parametrize(
    "convert",
    [lambda table: table, pl.from_arrow, pa.Table.to_pandas, lambda table: table.to_pandas(types_mapper=pd.ArrowDtype)],
    ids=["pyarrow", "polars", "pandas", "pandas of arrow types"],
)
def test_values_of_any_type_are_numbers_or_categories(convert):
    table = pa.table(
        {
            "ds": [1, 2, 3],
            "y": [Decimal("1.5"), None, Decimal("2.25")],
            "sold_out": [True, None, False],
            "open": [True, None, False],
            "visitors": [1, None, 3],
            "weather": pa.array(["rain", None, "clear"]).dictionary_encode(),
        }
    )
    panel = Panel.from_frame(convert(table), target=["y", "sold_out"], past=["open", "visitors"], known=["weather"])
    np.testing.assert_array_equal(panel.target, [[1.5, 1], [np.nan, np.nan], [2.25, 0]])
    np.testing.assert_array_equal(panel.past, [[1, 1], [np.nan, np.nan], [0, 3]])
    np.testing.assert_array_equal(panel.known, [[1], [np.nan], [0]])
    assert panel.categories == {"weather": ("clear", "rain")}
    with pytest.raises(InputError, match=r"column 'weather' holds text 'rain' in row 0 .*Name another column"):
        Panel.from_frame(convert(table), target="weather")


@pytest.mark.parametrize("name", ["unique_id", "position", "index", "series"])
def test_column_may_have_any_name(name):
    frame = pd.DataFrame({"shop": list("aabb"), "day": [1, 2] * 2, "sold": [1.0, 2, 3, 4], name: [5.0, 6, 7, 8]})
    panel = Panel.from_frame(frame, id="shop", time="day", target="sold", known=[name])
    assert panel.known[:, 0].tolist() == [5, 6, 7, 8]
    panel = Panel.from_frame(frame, id="shop", time="day", target=name)
    assert panel.target[:, 0].tolist() == [5, 6, 7, 8]


def test_column_that_names_the_series_may_be_static():
    frame = pd.DataFrame({"unique_id": list("aabb"), "ds": [1, 2] * 2, "y": [1.0, 2, 3, 4]})
    panel = Panel.from_frame(frame, static=["unique_id"])
    assert panel.static[:, 0].tolist() == [0, 1]
    assert panel.categories == {"unique_id": ("a", "b")}
