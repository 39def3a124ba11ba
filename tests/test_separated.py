import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.readers import load


@pytest.fixture
def write(tmp_path):
    def to_file(text: str):
        (tmp_path / "data.csv").write_text(text, encoding="utf-8")
        return tmp_path / "data.csv"

    return to_file


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        ("ds;y\n01.01.2024;1.234,5\n02.01.2024;2\n13.01.2024;1.234\n", {"freq": "D"}),
        ("ds;a\n01.01.2024;1.234,5\n02.01.2024;2\n13.01.2024;1.234\n", {"shape": "wide", "freq": "D"}),
        ("id;1;2;3\na;1.234,5;2;1.234\n", {"shape": "rows", "freq": "D"}),
        (";ds;y\n0;01.01.2024;1.234,5\n1;02.01.2024;2\n2;13.01.2024;1.234\n", {"freq": "D"}),
    ],
    ids=["long", "wide", "rows", "counted"],
)
def test_decimal_commas_are_read_in_every_shape(write, text, layout):
    panel = load(write(text), decimal=",", thousands=".", **layout)
    np.testing.assert_array_equal(panel.target[panel.observed], [1234.5, 2, 1234])


def test_a_covariate_with_decimal_commas_is_no_category(write):
    path = write("ds;y;t\n2024-01-01;1;0,5\n2024-01-02;2;1,5\n")
    assert load(path, target="y", past=["t"], decimal=",").past[:, 0].tolist() == [0.5, 1.5]
    with pytest.raises(InputError, match=r"column 't' holds text '0,5' in line 2 .*--decimal ','"):
        load(path, target="y", past=["t"])


def test_several_files_of_rows_are_joined_with_their_marks(write, tmp_path):
    (tmp_path / "more.csv").write_text("id;1;2\na;2,5;\n")
    panel = load([write("id;1;2\na;0,5;1,5\n"), tmp_path / "more.csv"], decimal=",", shape="rows", freq="h")
    assert panel.target[:, 0].tolist() == [0.5, 1.5, 2.5]


@pytest.mark.parametrize(
    ("text", "layout", "shape", "values"),
    [
        ("0,1\n1,4\n2,5\n3,6\n", {}, (2, 3), [1, 2, 3, 4, 5, 6]),
        ("shop,y\nb,1\na,4\nb,2\n", {}, (2, 2), [4, 1, 2]),
        ("y,z\n1,4\n2,5\n", {"target": "z"}, (1, 2), [4, 5]),
    ],
    ids=["wide", "long", "one series"],
)
def test_rows_without_stamps_are_steps_and_all_series_end_together(write, text, layout, shape, values):
    panel = load(write(text), time="none", freq="B", **layout)
    assert (panel.n_series, panel.lengths.max()) == shape
    assert panel.target[:, 0].tolist() == values
    ends = panel.times(panel.last_rows, np.arange(panel.n_series))
    assert (ends == ends[0]).all()


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("0,1\n1,4\n2,5\n", {}, r"no column reads as dates.*or that rows are steps \(--time none --freq B\)"),
        ("0,1\n1,4\n2,5\n", {"time": "none"}, "a table without a time column has no stamps to infer a frequency from"),
        ("shop,item,y\na,x,1\nb,x,2\n", {"time": "none", "freq": 1}, "not clear which of 'shop', 'item'; .*--id A,B"),
        ("ds,shop,item,y\n1,a,x,1\n1,b,x,2\n", {}, r"several that name a series together \(--id A,B\)"),
        ("ds,y\n1,1\n", {"past": ["z"]}, "column 'z' is missing; name the right one with past"),
        ("ds,y,day\n1,1,2024-01-01\n", {"known": ["day"], "target": "y"}, "column 'day' holds dates"),
        (
            "ds,y,zone\n1,1,1\n2,1,2\n3,1,3A\n",
            {"known": ["zone"], "target": "y"},
            "'3A' in line 4; .*--categories zone",
        ),
        ("ds,shop,y\n1,a,1\n", {"id": ["shop", "itm"]}, "column 'itm' is missing; name the right one with id"),
        ("ds,y\n1,1\n", {"decimal": ",", "thousands": ","}, "decimal and thousands are both ','"),
    ],
)
def test_a_choice_left_open_names_the_option(write, text, options, sentence):
    with pytest.raises(InputError, match=sentence):
        load(write(text), **options)


def test_several_id_columns_are_static_at_the_same_time(write):
    path = write("ds,region,kind,y\n1,N,7,1\n2,N,7,2\n1,N,8,3\n1,S,07,4\n")
    panel = load(path, id=["region", "kind"], static=["region"], freq=1)
    assert panel.ids.tolist() == ["N/7", "N/8", "S/07"]
    assert panel.static[:, 0].tolist() == [0, 0, 1]
