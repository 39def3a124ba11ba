"""``forecast pack`` and the commands on what it wrote."""

import numpy as np
import pandas as pd
import pytest

from forecast.cli import main


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hours = pd.date_range("2024-01-01", periods=80, freq="h")
    frames = [pd.DataFrame({"shop": name, "time": hours, "sales": np.arange(80) % 24 + 2.0**24}) for name in "ab"]
    pd.concat(frames).sample(frac=1, random_state=0).to_csv("sales.csv", index=False)
    assert main(["pack", "sales.csv", "--output", "store", "--chunk", "30"]) == 0
    return "store"


def test_pack_says_what_it_made_and_what_was_rounded(store, capsys):
    capsys.readouterr()
    assert main(["pack", "sales.csv", "--output", store]) == 0
    said = capsys.readouterr()
    assert "2 series, 160 rows, frequency h" in said.out
    assert "whole ones beyond 16,777,216" in said.err


def test_describe_takes_a_store(store, capsys):
    assert main(["describe", "--data", store, "--horizon", "5"]) == 0
    assert "80 a series" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["pack", "sales.csv", "--output", "."], "is there and is no store"),
        (["pack", "sales.csv", "--output", "new", "--chunk", "0"], "chunk is 0"),
        (["pack", "sales.csv", "--output", "new", "--target", "price"], "column 'price' is missing"),
        (["describe", "--data", "store", "--target", "price"], "packed with target sales, not price"),
    ],
)
def test_mistakes_are_one_sentence(store, capsys, arguments, sentence):
    assert main(arguments) == 2
    assert sentence in capsys.readouterr().err
