from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.health import duplicates, health, missing_told, window_counts
from datamodules.panel import Panel


@pytest.fixture
def panel() -> Panel:
    frame = pd.DataFrame(
        {
            "unique_id": ["a"] * 8 + ["b"] * 3,
            "ds": [*range(8), *range(5, 8)],
            "y": [1, None, None, 0, 0, 0, None, -2, 7, 7, 7],
            "z": [None, 1, 1, 1, 1, 1, 1, None, 2, 3, None],
        }
    )
    return Panel.from_frame(frame, target=["y", "z"])


def test_health_counts_by_series_and_target(panel):
    table = health(panel)
    assert table["unique_id"].tolist() == ["a", "a", "b", "b"]
    assert table["target"].tolist() == ["y", "z", "y", "z"]
    assert table["length"].tolist() == [8, 8, 3, 3]
    assert table["first"].tolist() == [0, 0, 5, 5]
    assert table["last"].tolist() == [7, 7, 7, 7]
    assert table["missing"].tolist() == [3, 2, 0, 1]
    assert table["gaps"].tolist() == [2, 2, 0, 1]
    assert table["longest_gap"].tolist() == [2, 1, 0, 1]
    assert table["constant"].tolist() == [3, 6, 3, 1]
    assert table["zeros"].tolist() == [3, 0, 0, 0]
    assert table["negatives"].tolist() == [1, 0, 0, 0]
    assert table["min"].tolist() == [-2, 1, 7, 2]
    assert table["max"].tolist() == [1, 1, 7, 3]
    np.testing.assert_allclose(table["mean"], [-0.2, 1, 7, 2.5])
    np.testing.assert_allclose(table["std"], [np.std([1, 0, 0, 0, -2]), 0, 0, 0.5], atol=1e-12)


def test_health_equals_a_slow_loop_on_random_series():
    random = np.random.default_rng(0)
    lengths = random.integers(1, 30, size=40)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"{index:02d}" for index in range(40)], lengths),
            "ds": np.concatenate([np.arange(length) for length in lengths]),
            "y": np.where(random.random(lengths.sum()) < 0.2, np.nan, random.integers(-1, 2, lengths.sum())),
        }
    )
    frame = frame[frame.groupby("unique_id")["y"].transform("count") > 0]
    panel = Panel.from_frame(frame, freq=1)
    for row, begin, stop in zip(health(panel).itertuples(), panel.offsets[:-1], panel.offsets[1:], strict=True):
        values = pd.Series(panel.target[begin:stop, 0])
        assert row.missing == values.isna().sum()
        assert row.gaps == (values.isna() & ~values.isna().shift(fill_value=False)).sum()
        holes = values.isna().groupby((values.isna() != values.isna().shift()).cumsum()).sum()
        assert row.longest_gap == holes.max()
        assert row.constant == values.groupby((values != values.shift()).cumsum()).count().max()
        assert row.mean == pytest.approx(values.mean())
        assert row.std == pytest.approx(values.std(ddof=0))


def test_series_without_any_value_has_no_moments(panel):
    table = health(panel.until(np.array([-1, 10])))
    assert table["length"].tolist() == [0, 0, 3, 3]
    assert table["mean"].isna().tolist() == [True, True, False, False]


def test_window_counts_add_up_and_say_why(panel):
    table = window_counts(panel, context_length=3, horizon=1)
    assert table["windows_possible"].tolist() == [5, 0]
    assert table["windows_used"].tolist() == [5, 0]
    assert table["reason"].tolist() == ["", "shorter than context 3 + horizon 1"]


def test_padded_series_have_windows_and_it_is_said(panel):
    table = window_counts(panel, context_length=3, horizon=1, short="pad")
    assert table["windows_possible"].tolist() == [5, 2]
    assert table["windows_used"].tolist() == [5, 2]
    assert table["reason"].tolist() == ["", "begun with 2 unobserved rows"]


def test_missing_cells_of_covariates_are_counted(make_panel):
    panel = make_panel([8, 6], past=2, known=1)
    past, known = np.array(panel.past), np.array(panel.known)
    past[[1, 2, 9], [0, 1, 1]] = np.nan
    known[12:] = np.nan
    table = health(replace(panel, past=past, known=known).until(np.array([5, 11])))
    assert table["missing_past"].tolist() == [2, 1]
    assert table["missing_known"].tolist() == [0, 2]
    assert "missing_past" not in health(make_panel())


def test_windows_without_anything_to_learn_from_are_not_used():
    panel = Panel.from_frame(pd.DataFrame({"ds": range(6), "y": [1, None, None, None, 2, 3]}))
    table = window_counts(panel, context_length=2, horizon=1)
    assert table["windows_possible"].tolist() == [4]
    assert table["windows_used"].tolist() == [1]
    assert table["reason"].tolist() == ["nothing observed in context or target"]


def test_duplicates_are_counted_in_a_table_that_the_door_refuses():
    table = pd.DataFrame(
        {"shop": ["b", "a", "b", "b"], "ds": ["2024-01-01", "2024-01-01", "2024-01-01 00:00", "2024-01-01"], "y": 1}
    )
    with pytest.raises(InputError, match="2 rows repeat"):
        Panel.from_frame(table, id="shop")
    counts = duplicates(table, id="shop")
    assert counts["unique_id"].tolist() == ["a", "b"]
    assert counts["rows"].tolist() == [1, 3]
    assert counts["duplicates"].tolist() == [0, 2]


def test_what_is_missing_is_told_in_words(make_panel):
    table = health(make_panel([30, 20], holes=0.3))
    words = missing_told(table)
    assert words.startswith(f"{table['missing'].sum()} values in {table['gaps'].sum()} gaps of 2 of 2 series, longest ")
    assert missing_told(health(make_panel())) == "none"
