"""Files that are read twice, some rows at a time, and become a store."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.large.pack import pack
from datamodules.readers import load, read

ARRAYS = ("ids", "start", "offsets", "past", "known", "static", "last_rows")


def table(lengths=(40, 23, 31), seed=0, freq="h"):
    """Series that begin at different times, their rows in no order."""
    rng = np.random.default_rng(seed)
    frames = [
        pd.DataFrame(
            {
                "unique_id": f"s{number}",
                "ds": pd.date_range("2024-01-01", periods=length + 3 * number, freq=freq)[3 * number :],
                "y": rng.normal(20, 3, length).round(3),
                "weather": rng.choice(["sun", "rain", "fog"], length),
                "price": rng.normal(size=length).round(2),
                "region": "AB"[number % 2],
            }
        )
        for number, length in enumerate(lengths)
    ]
    return pd.concat(frames).sample(frac=1, random_state=seed)


@pytest.fixture
def write(tmp_path):
    def write(frame, name="data.csv"):
        path = tmp_path / name
        frame.to_csv(path, index=False) if name.endswith(".csv") else frame.to_parquet(path, index=False)
        return path

    return write


def same(packed, panel):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(packed, name), getattr(panel, name).astype(getattr(packed, name).dtype))
    np.testing.assert_array_equal(packed.target, panel.target.astype(np.float32))
    assert (packed.clock, packed.columns, packed.complete) == (panel.clock, panel.columns, panel.complete)
    assert packed.categories == panel.categories


@pytest.mark.parametrize("name", ["data.csv", "data.parquet"])
@pytest.mark.parametrize("chunk", [1000, 17])
@pytest.mark.parametrize("roles", [{}, {"past": ["weather"], "known": ["price"], "static": ["region"]}])
def test_store_holds_what_the_panel_in_memory_holds(write, tmp_path, name, chunk, roles):
    file = write(table(), name)
    packed, rounded = pack([file], tmp_path / "store", chunk=chunk, target="y", **roles)
    same(packed, read(file, target="y", **roles))
    assert rounded == 0


@pytest.mark.parametrize("freq", ["ME", "B", "15min", "W-SUN"])
def test_clocks_are_those_of_the_panel_in_memory(write, tmp_path, freq):
    file = write(table(freq=freq)[["unique_id", "ds", "y"]])
    same(pack([file], tmp_path / "store", chunk=20).panel, read(file))


def test_holes_rows_ahead_and_empty_ends_are_as_in_memory(write, tmp_path):
    frame = table().sort_values(["unique_id", "ds"], ignore_index=True)
    frame.loc[[0, 5, 6, 39, 62], "y"] = np.nan
    for roles in ({}, {"known": ["price"]}):
        file = write(frame.drop(index=[12, 13]).sample(frac=1, random_state=1))
        same(pack([file], tmp_path / "store", chunk=11, target="y", **roles).panel, read(file, target="y", **roles))


def test_several_files_and_wide_tables(write, tmp_path):
    frame = table()[["unique_id", "ds", "y"]]
    files = [write(frame.iloc[:50], "one.csv"), write(frame.iloc[50:], "two.csv")]
    same(pack(files, tmp_path / "store", chunk=20).panel, read(files))
    wide = write(frame.pivot(index="ds", columns="unique_id", values="y").reset_index(), "wide.csv")
    same(pack([wide], tmp_path / "store", chunk=9).panel, read(wide))


def test_whole_numbers_as_stamps(write, tmp_path):
    frame = pd.DataFrame({"unique_id": ["a"] * 9 + ["b"] * 5, "ds": [*range(1, 19, 2), *range(5, 15, 2)], "y": 1.0})
    same(pack([write(frame)], tmp_path / "store", chunk=4).panel, read(write(frame)))


def repeated(frame):
    earlier, later = frame.index[frame["unique_id"] == "s0"][8:10]
    frame.loc[later, "ds"] = frame.loc[earlier, "ds"]


def spoiled(change):
    frame = table().sort_values(["ds", "unique_id"], ignore_index=True).astype({"y": object, "price": object})
    change(frame)
    return frame


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (repeated, r"1 row repeats the series and time of another, first series 's0'"),
        (lambda f: f.loc.__setitem__((70, "y"), "many"), r"text 'many' in line 72; expected a number"),
        (lambda f: f.loc.__setitem__((70, "ds"), pd.Timestamp("2024-01-01 00:07")), r"misses? the clock .*line 72"),
        (lambda f: f.loc.__setitem__((70, "y"), 1e39), r"holds 1e\+39 for series .*line 72.*up to 3.4e38"),
        (lambda f: f.loc.__setitem__((70, "region"), "Z"), r"'region' \(static\) is 'Z' in series .*line 72"),
        (lambda f: f.loc.__setitem__((f["unique_id"] == "s1", "y"), None), "a series has no value at all, first 's1'"),
        (lambda f: f.loc.__setitem__((70, "price"), "cheap"), r"'price' .*line 72"),
    ],
    ids=["repeat", "text", "stamp", "overflow", "static", "unobserved", "text in a covariate"],
)
def test_wrong_rows_are_refused_in_a_sentence_that_names_them(write, tmp_path, change, sentence):
    file = write(spoiled(change))
    with pytest.raises(InputError, match=sentence):
        pack([file], tmp_path / "store", chunk=13, freq="h", target="y", known=["price"], static=["region"])
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_row_that_repeats_one_of_an_earlier_piece_is_refused(write, tmp_path):
    frame = table()
    file = write(pd.concat([frame, frame.iloc[[0]]]))
    with pytest.raises(InputError, match=r"1 row repeats the series and time .*line 96.*a row long before"):
        pack([file], tmp_path / "store", chunk=20, target="y")


def test_whole_numbers_that_float32_rounds_are_counted(write, tmp_path):
    frame = table()
    frame["y"] = 2.0**24 + np.arange(len(frame))
    assert pack([write(frame)], tmp_path / "store", chunk=20, target="y").rounded == len(frame) // 2


def test_store_is_replaced_and_any_other_folder_is_left_alone(write, tmp_path):
    file = write(table())
    first = pack([file], tmp_path / "store", target="y").panel.fingerprint()
    assert pack([file], tmp_path / "store", target="y").panel.fingerprint() == first
    other = tmp_path / "mine"
    other.mkdir()
    with pytest.raises(InputError, match="is there and is no store"):
        pack([file], other, target="y")
    assert list(other.iterdir()) == []


def test_shape_without_stamps_is_refused(write, tmp_path):
    frame = pd.DataFrame({"id": ["a", "b"], "1": [1.0, 2.0], "2": [3.0, 4.0]})
    with pytest.raises(InputError, match="shape 'rows'"):
        pack([write(frame)], tmp_path / "store")


def test_store_is_data_like_a_file_and_knows_its_layout(write, tmp_path):
    file = write(table().rename(columns={"y": "sales", "ds": "time"}))
    pack([file], tmp_path / "store", target="sales")
    assert load(tmp_path / "store", target="sales", time="time").columns.target == ("sales",)
    with pytest.raises(InputError, match="was packed with target sales, not price"):
        load(tmp_path / "store", target="price")


def test_names_that_differ_in_spaces_are_refused_in_different_pieces_too(write, tmp_path):
    days = pd.date_range("2024-01-01", periods=20)
    frames = [pd.DataFrame({"unique_id": name, "ds": days, "y": 1.0}) for name in ("a", "a ")]
    file = write(pd.concat(frames))
    with pytest.raises(InputError, match="series 'a' and 'a ' differ in spaces at their ends only"):
        pack([file], tmp_path / "store", chunk=20)
    assert not (tmp_path / "store").exists()
