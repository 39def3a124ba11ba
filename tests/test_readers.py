from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.find import find
from datamodules.readers import load, read, source
from datamodules.sets.dataset import Dataset
from datamodules.sets.synthetic import Synthetic

LONG = "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,2\nb,2024-01-01,3\n"
WIDE = "day,a,b\n2024-01-01,1,3\n2024-01-02,2,\n"


@pytest.fixture
def write(tmp_path):
    def to_file(text: str, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def test_long_and_wide_files_of_both_kinds_give_the_same_panel(write, tmp_path):
    paths = [write(LONG, "long.csv"), write(WIDE, "wide.csv")]
    for path in list(paths):
        pd.read_csv(path).to_parquet(path.with_suffix(".parquet"))
        paths.append(path.with_suffix(".parquet"))
    assert len({read(path).fingerprint() for path in paths}) == 1


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        (LONG, {"shape": "long", "id": "unique_id", "time": "ds", "target": "y"}),
        (WIDE, {"shape": "wide", "time": "day"}),
        ("V1,V2,V3\nH1,1,2\nH2,3,\n", {"shape": "rows", "id": "V1"}),
        ("id,1,2\n007,1,2\nabc,3,4\n", {"shape": "rows", "id": "id"}),
        ("when,sales\n2024-01-01,1\n2024-01-02,2\n", {"shape": "long", "time": "when", "target": "sales"}),
        ("sales,shop,day\n1,x,2024-01-01\n2,y,2024-01-01\n", {"shape": "long", "id": "shop", "target": "sales"}),
        ("Year,a,b\n1990,1,2\n1991,3,4\n", {"shape": "wide", "time": "Year"}),
        ("date,a,b\n2024-01-01,1,x\n2024-01-02,2,3\n2024-01-03,2,3\n", {"shape": "wide"}),
        ("date,note,a\n2024-01-01,fine,1\n2024-01-02,rain,2\n", {"shape": "long", "target": "a", "time": "date"}),
        (",ds,y\n0,2024-01-01,1\n1,2024-01-02,2\n", {"shape": "long", "time": "ds", "target": "y"}),
    ],
)
def test_layout_is_found_from_the_columns(write, text, layout):
    found = source(write(text)).layout
    assert {role: found[role] for role in layout} == layout


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("a,b\n1,2\n", {}, "no column reads as dates, of 'a', 'b'; say which holds the time"),
        ("ds,shop,area,y\n1,a,x,1\n1,b,x,2\n", {}, "not clear which of 'shop', 'area'; say it with id"),
        ("date,store,sales\n2024-01-01,1,5\n2024-01-01,2,6\n", {}, "not clear which of 'store', 'sales'"),
        ("date,sales,price,note\n2024-01-01,1,5,a\n", {}, "which column to forecast of 'sales', 'price'; say it with"),
        (LONG, {"target": "z"}, "column 'z' is missing; name the right one with target"),
        (LONG, {"time": "dss"}, "column 'dss' is missing; name the right one with time .*did you mean 'ds'?"),
        (LONG, {"id": "uniqueid"}, "did you mean 'unique_id'?"),
        (LONG, {"shape": "lng"}, "shape 'lng' is not known; did you mean 'long'?"),
        ("V1,V2,V3\nH1,1,2\nH2,3,\n", {}, "shape 'rows' has no stamps .* say it with freq"),
    ],
)
def test_a_choice_left_open_is_a_question_that_names_the_candidates(write, text, options, message):
    with pytest.raises(InputError, match=message):
        load(write(text), **options)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_other_separators_and_a_byte_order_mark_are_read(write, separator):
    assert read(write("\ufeff" + LONG.replace(",", separator))).fingerprint() == read(write(LONG)).fingerprint()


def test_ids_are_kept_as_written(write):
    path = write("unique_id,ds,y\n007,1,1\nNA,1,2\n<b>,1,3\n1.0,1,4\nnull,1,5\n")
    assert read(path, freq=1).ids.tolist() == ["007", "1.0", "<b>", "NA", "null"]


def test_missing_values_of_any_writing_are_unobserved(write):
    panel = read(write("ds,y\n1,1\n2,\n3,NA\n4,nan\n5,5\n"))
    np.testing.assert_array_equal(panel.target[:, 0], [1, np.nan, np.nan, np.nan, 5])


def test_lines_in_messages_count_as_in_the_file(write):
    with pytest.raises(InputError, match="'oops' in line 5;"):
        read(write("ds,y\n1,1\n\n2,2\n3,oops\n"))


def test_several_long_files_are_put_one_below_the_other(write):
    second = write("unique_id,ds,y\nb,2024-01-02,4\n", "more.csv")
    panel = read([write(LONG), second])
    assert panel.lengths.tolist() == [2, 2]
    with pytest.raises(InputError, match=r"line 2 of .*more\.csv"):
        read([write(LONG), write("unique_id,ds,y\nb,2024-01-02,x\n", "more.csv")])


def test_several_files_of_rows_are_joined_end_to_end(write):
    train = write('"V1","V2","V3","V4"\n"H1","1","2","3"\n"H2","7","",""\n', "train.csv")
    test = write('"V1","V2"\n"H2","8"\n"H1","4"\n', "test.csv")
    panel = read([train, test], freq="h")
    assert panel.ids.tolist() == ["H1", "H2"]
    np.testing.assert_array_equal(panel.target[:, 0], [1, 2, 3, 4, 7, 8])
    assert panel.start.tolist() == [0, 2]


def test_files_with_other_columns_are_refused(write):
    with pytest.raises(InputError, match="differ in column 'x'"):
        read([write(LONG), write("unique_id,ds,x\nb,2024-01-02,4\n", "more.csv")])


def test_data_sets_are_found_by_name():
    assert load("CO2").clock.freq == "W-SAT"
    assert set(find("datamodules", Dataset)) >= {"CO2", "ElNino", "Sunspots", "Macrodata", "Synthetic"}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("co", "neither a file nor a data set; did you mean 'CO2'?"),
        ("no-such-thing", "known are .*CO2"),
        ("no/such/folder", "file no/such/folder does not exist"),
        ("", "no data is named"),
    ],
)
def test_unknown_data_names_the_nearest(name, message):
    with pytest.raises(InputError, match=message):
        load(name)


def test_missing_file_names_its_nearest_neighbour(write):
    with pytest.raises(InputError, match=r"does not exist; did you mean 'data.csv'\?"):
        load(write(LONG).with_name("dta.csv"))


def test_data_set_refuses_options_for_files(write):
    with pytest.raises(InputError, match="CO2 knows its own freq"):
        load("CO2", freq="W")
    with pytest.raises(InputError, match="CO2 downloads no files, so data_dir"):
        load("CO2", data_dir=".")
    with pytest.raises(InputError, match="is a file, but data_dir is for data sets"):
        load(write(LONG), data_dir=".")


@pytest.mark.parametrize("name", ["CO2", "Macrodata"])
def test_source_of_a_data_set_gives_its_panel(name):
    assert source(name).panel().fingerprint() == find("datamodules", Dataset)[name]().load().fingerprint()


def test_description_says_how_the_data_was_understood(write):
    path = write(LONG)
    read_from = source(path)
    assert read_from.description(read_from.panel()) == {
        "data": str(path),
        "shape": "long",
        "time": "ds",
        "id": "unique_id",
        "target": "y",
        "freq": "D (inferred)",
        "series": "2",
        "rows": "3, 1 to 2 a series",
    }


@pytest.mark.parametrize(
    ("name", "freq", "series", "rows", "missing"),
    [
        ("CO2", "W-SAT", 1, 2284, 59),
        ("ElNino", "MS", 1, 732, 0),
        ("Sunspots", "YS-JAN", 1, 309, 0),
        ("Macrodata", "QS-JAN", 12, 2436, 0),
    ],
)
def test_data_sets_are_what_their_sources_say(name, freq, series, rows, missing):
    kind = find("datamodules", Dataset)[name]
    panel = kind().load()
    assert (panel.clock.freq, panel.n_series, len(panel.target)) == (freq, series, rows)
    assert (~panel.observed).sum() == missing
    assert kind.source
    assert kind.licence


def test_known_values_of_the_data_sets():
    elnino = load("ElNino")
    assert elnino.target[[0, 11, 12], 0].tolist() == [23.11, 21.80, 24.19]
    assert load("Sunspots").target[:3, 0].tolist() == [5, 11, 16]
    macro = load("Macrodata")
    assert macro.target[macro.offsets[macro.ids.tolist().index("realgdp")], 0] == 2710.349


def test_synthetic_series_have_the_sizes_asked_for_and_repeat_with_their_seed():
    panel = Synthetic(n_series=30, length=(50, 90), freq="D", seed=3).load()
    assert panel.n_series == 30
    assert 50 <= panel.lengths.min() < panel.lengths.max() <= 90
    assert len(set((panel.start + panel.lengths).tolist())) == 1
    assert Synthetic(n_series=30, length=(50, 90), freq="D", seed=3).load().fingerprint() == panel.fingerprint()
    assert Synthetic(n_series=30, length=(50, 90), freq="D", seed=4).load().fingerprint() != panel.fingerprint()


def test_synthetic_series_have_their_season():
    panel = Synthetic(n_series=1, length=240, seasons=(12,), trend=0.0, noise=0.0).load()
    np.testing.assert_allclose(panel.target[12:], panel.target[:-12], rtol=1e-9)


def test_numbers_are_read_to_the_last_bit(tmp_path):
    values = np.random.default_rng(0).normal(size=500)
    days = pd.date_range("2024-01-01", periods=500)
    pd.DataFrame({"unique_id": "a", "ds": days, "y": values}).to_csv(tmp_path / "exact.csv", index=False)
    assert (read(tmp_path / "exact.csv").target[:, 0] == values).all()
