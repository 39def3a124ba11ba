"""Files that are read some rows at a time."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.large.streams import streamed


@pytest.fixture
def table():
    return pd.DataFrame({"unique_id": ["007", "NA"] * 5, "ds": pd.date_range("2024-01-01", periods=10), "y": range(10)})


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
@pytest.mark.parametrize("rows", [1, 3, 100])
def test_pieces_together_are_the_file(table, tmp_path, name, rows):
    path = tmp_path / name
    table.to_csv(path, index=False) if name == "a.csv" else table.to_parquet(path)
    pieces = list(streamed([path], {}, rows))
    assert max(map(len, pieces)) <= rows
    whole = pd.concat(pieces)
    assert whole["unique_id"].tolist() == table["unique_id"].tolist()
    assert whole["y"].tolist() == table["y"].tolist()
    first = 2 if name == "a.csv" else 0
    assert whole.index.tolist() == list(range(first, first + 10))
    assert whole.index.name == ("line" if name == "a.csv" else "row")


def test_lines_count_as_in_the_file_over_empty_ones(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("ds,y\n1,2\n\n3,4\n\n\n5,6\n")
    assert [label for piece in streamed([path], {}, 2) for label in piece.index] == [2, 4, 7]


def test_row_numbers_that_pandas_writes_are_left_out(table, tmp_path):
    table.to_csv(tmp_path / "a.csv")
    assert {*next(streamed([tmp_path / "a.csv"], {}, 4)).columns} == {"unique_id", "ds", "y"}


def test_several_files_say_which_a_row_is_of(table, tmp_path):
    for name in ("a", "b"):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    labels = [label for piece in streamed([tmp_path / "a.csv", tmp_path / "b.csv"], {}, 6) for label in piece.index]
    assert labels[0] == (str(tmp_path / "a.csv"), 2)
    assert labels[-1] == (str(tmp_path / "b.csv"), 11)


def test_folders_are_read_with_what_their_names_say(table, tmp_path):
    for region in ("north", "south"):
        (tmp_path / f"region={region}").mkdir()
        table.to_parquet(tmp_path / f"region={region}" / "part.parquet")
    pieces = pd.concat(streamed([tmp_path], {}, 4))
    np.testing.assert_array_equal(pieces["region"], ["north"] * 10 + ["south"] * 10)


def test_files_of_other_columns_or_kinds_are_refused(table, tmp_path):
    one, two, lines = (tmp_path / name for name in ("one.csv", "two.csv", "a.jsonl"))
    table.to_csv(one, index=False)
    table.assign(extra=1).to_csv(two, index=False)
    lines.write_text("{}")
    with pytest.raises(InputError, match="differ in column 'extra'"):
        list(streamed([one, two], {}, 4))
    with pytest.raises(InputError, match="is read at once"):
        list(streamed([lines], {}, 4))
    with pytest.raises(InputError, match="does not exist"):
        list(streamed([tmp_path / "none.csv"], {}, 4))


def test_file_that_breaks_off_is_refused_by_name(table, tmp_path):
    path = tmp_path / "a.parquet"
    table.to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match=r"a\.parquet cannot be read as parquet"):
        list(streamed([path], {}, 4))
