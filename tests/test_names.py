import numpy as np
import pandas as pd
import pytest

from datamodules.door.names import series_names
from datamodules.errors import InputError


def test_several_columns_are_joined_into_one_name():
    table = pd.DataFrame({"state": ["VIC", "NSW", "VIC"], "size": [2, 1, 10]})
    names, numbers = series_names(table, ["state", "size"])
    assert names.tolist() == ["NSW/1", "VIC/10", "VIC/2"]
    assert names[numbers].tolist() == ["VIC/2", "NSW/1", "VIC/10"]


def test_joining_goes_by_values_not_by_rows():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: rng.integers(0, 9, 500).astype(str) for name in "abc"})
    names, numbers = series_names(table, ["a", "b", "c"])
    assert names[numbers].tolist() == (table["a"] + "/" + table["b"] + "/" + table["c"]).tolist()


@pytest.mark.parametrize(
    ("columns", "id", "sentence"),
    [
        ({"a": [1, "1"]}, "a", "names series '1' as int '1' and, in row 1, as str '1'; expected one type"),
        ({"a": ["x", None]}, "a", "column 'a' is empty in row 1"),
        ({"a": ["x", "x"], "b": ["y", ""]}, ["a", "b"], "column 'b' is empty in row 1"),
        ({"a": ["x/y", "x"], "b": ["z", "y/z"]}, ["a", "b"], "name one series 'x/y/z' by different parts in row"),
    ],
)
def test_names_that_would_merge_or_are_empty_are_refused(columns, id, sentence):
    with pytest.raises(InputError, match=sentence):
        series_names(pd.DataFrame(columns), id)
