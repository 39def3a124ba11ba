import numpy as np
import pandas as pd
import pytest

from datamodules.door.cells import looks_like_numbers, numbers
from datamodules.door.marks import Marks, check_marks
from datamodules.errors import InputError


@pytest.mark.parametrize(
    ("text", "decimal", "thousands", "number"),
    [
        ("1,5", ",", "", 1.5),
        ("-1.234,56", ",", ".", -1234.56),
        ("12.345.678", ",", ".", 12345678),
        ("1,234.5", ".", ",", 1234.5),
        ("1 234", ".", " ", 1234),
        ("1\u00a0234,5", ",", " ", 1234.5),
        ("1'234.5", ".", "'", 1234.5),
        ("1,5e3", ",", "", 1500),
        ("7", ",", ".", 7),
        ("TRUE", ",", ".", 1),
    ],
)
def test_numbers_are_read_with_their_marks(text, decimal, thousands, number):
    assert numbers(pd.Series([text]), "y", Marks(decimal=decimal, thousands=thousands)).tolist() == [number]


@pytest.mark.parametrize(
    ("texts", "marks", "sentence"),
    [
        (["1,5", "2"], Marks(), "text '1,5' in row 0; expected a number. Read .* with --decimal ',', or correct"),
        (["1.234,5"], Marks(), "with --decimal ',' --thousands '.', or correct"),
        (["1,234"], Marks(), "with --decimal ',' or --thousands ',', or correct"),
        (["1,5"], Marks(thousands=","), "expected a number with decimal '.' and thousands ','"),
        (["1.5"], Marks(decimal=","), "expected a number with decimal ','. .* with --decimal '.', or"),
        (["1,5", "1.5"], Marks(), "text '1,5' in row 0; expected a number. Correct it"),
        (["12,34"], Marks(thousands=","), "text '12,34'"),
        (["rain", "sun"], Marks(), "expected a number. Name another column"),
    ],
)
def test_numbers_with_other_marks_are_refused_with_the_right_ones(texts, marks, sentence):
    with pytest.raises(InputError, match=sentence):
        numbers(pd.Series(texts), "y", marks)


def test_marks_are_for_text_only():
    cells = pd.Series([1.5, "2,5", None, True], dtype=object)
    np.testing.assert_array_equal(numbers(cells, "y", Marks(decimal=",")), [1.5, 2.5, np.nan, 1])


@pytest.mark.parametrize(
    ("text", "meant"), [("1,5", True), ("1.234,5", True), ("31.12.2020", False), ("2020-01-01", False), ("a", False)]
)
def test_numbers_are_recognised_with_any_marks(text, meant):
    assert looks_like_numbers(pd.Series([text])) is meant


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [
        (Marks(decimal=";"), "decimal ';' is not known"),
        (Marks(thousands="x"), "thousands is 'x'; expected one of"),
        (Marks(decimal=",", thousands=","), "decimal and thousands are both ','"),
    ],
)
def test_marks_that_cannot_be_are_refused(marks, sentence):
    with pytest.raises(InputError, match=sentence):
        check_marks(marks)
