import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import (
    by_date,
    by_fraction,
    by_series,
    by_steps,
    cutoffs_at,
    last_cutoffs,
    rolling_cutoffs,
)


@pytest.fixture
def panel() -> Panel:
    """Series a: ten days from the 1st; series b: six days from the 5th. Both end on the 10th."""
    days = pd.date_range("2024-01-01", periods=10)
    frame = pd.DataFrame({"unique_id": ["a"] * 10 + ["b"] * 6, "ds": [*days, *days[4:]], "y": np.arange(16.0)})
    return Panel.from_frame(frame)


def rows(part) -> list[list[int]]:
    return [list(range(begin, stop)) for begin, stop in zip(*part, strict=True)]


def test_by_steps_leaves_the_last_rows_of_each_series(panel):
    split = by_steps(panel, validation=2, test=1)
    assert rows(split.train) == [list(range(7)), [10, 11, 12]]
    assert rows(split.validation) == [[7, 8], [13, 14]]
    assert rows(split.test) == [[9], [15]]


def test_gap_is_taken_from_the_end_of_training(panel):
    split = by_steps(panel, validation=2, gap=3)
    assert rows(split.train) == [list(range(5)), [10]]
    assert rows(split.validation) == [[8, 9], [14, 15]]


def test_gap_takes_nothing_where_nothing_is_held_out(panel):
    assert rows(by_steps(panel, validation=0, gap=3).train) == [list(range(10)), list(range(10, 16))]


def test_by_fraction_rounds_held_out_parts_up(panel):
    split = by_fraction(panel, validation=0.25, test=0.1)
    assert [len(part) for part in rows(split.validation)] == [3, 2]
    assert [len(part) for part in rows(split.test)] == [1, 1]


def test_by_date_is_the_same_moment_for_all_series(panel):
    split = by_date(panel, validation="2024-01-06", test=pd.Timestamp("2024-01-09"))
    assert rows(split.train) == [list(range(5)), [10]]
    assert rows(split.validation) == [[5, 6, 7], [11, 12, 13]]
    assert rows(split.test) == [[8, 9], [14, 15]]


def test_by_series_gives_each_series_to_one_part(panel):
    split = by_series(panel, validation=0.5, seed=1)
    owned = [[row for series in rows(part) for row in series] for part in split]
    assert sorted(row for part in owned for row in part) == list(range(16))
    assert len(owned[0]) in (6, 10)
    assert rows(by_series(panel, validation=0.5, seed=1).train) == rows(split.train)


def test_parts_never_overlap_even_in_series_that_are_too_short(panel):
    split = by_steps(panel, validation=8, test=5, gap=2)
    for parts in zip(*(rows(part) for part in split), strict=True):
        joined = [row for part in parts for row in part]
        assert len(joined) == len(set(joined))
    assert rows(split.train)[1] == []


def test_rolling_cutoffs_are_one_moment_for_all_series(panel):
    cutoffs = rolling_cutoffs(panel, horizon=2, folds=3, stride=2)
    assert cutoffs.tolist() == [[3, -1], [5, 11], [7, 13]]
    assert panel.times(cutoffs[2], np.arange(2)).tolist() == [pd.Timestamp("2024-01-08").to_pydatetime()] * 2


def test_series_that_has_ended_is_not_forecast(panel):
    early = panel.until(np.array([4, 15]))
    assert rolling_cutoffs(early, horizon=1, folds=1, stride=1).tolist() == [[-1, 14]]


def test_cutoffs_at_take_the_last_stamp_at_or_before(panel):
    assert cutoffs_at(panel, "2024-01-06").tolist() == [[5, 11]]
    assert cutoffs_at(panel, ["2024-01-06 13:00", "2024-01-04"]).tolist() == [[5, 11], [3, -1]]


def test_last_cutoffs_are_the_last_observed_rows(panel):
    assert last_cutoffs(panel).tolist() == [[9, 15]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda panel: by_steps(panel, validation=-1), "validation is -1"),
        (lambda panel: by_steps(panel, validation=1, gap=-1), "gap is -1"),
        (lambda panel: by_fraction(panel, validation=1.2), "expected a fraction"),
        (lambda panel: by_fraction(panel, validation=0.6, test=0.5), "validation \\+ test is 1.1"),
        (lambda panel: by_series(panel, validation=0.9), "leave none of 2 series"),
        (lambda panel: by_series(panel, validation=-0.5), "expected a fraction"),
        (lambda panel: by_date(panel, validation="someday"), "'someday' is not a date"),
        (lambda panel: rolling_cutoffs(panel, horizon=0, folds=1, stride=1), "horizon is 0"),
        (lambda panel: rolling_cutoffs(panel, horizon=1, folds=0, stride=1), "folds is 0"),
    ],
)
def test_impossible_splits_are_refused_in_a_sentence(panel, call, message):
    with pytest.raises(InputError, match=message):
        call(panel)


def test_stamp_of_an_integer_clock_must_be_a_number():
    counted = Panel.from_frame(pd.DataFrame({"ds": range(5), "y": range(5)}))
    assert cutoffs_at(counted, "3").tolist() == [[3]]
    with pytest.raises(InputError, match="'2024-01-01' is not a whole number"):
        cutoffs_at(counted, "2024-01-01")


def test_a_cutoff_that_is_named_twice_is_refused(panel):
    with pytest.raises(InputError, match="cutoffs '2024-01-06' and '2024-01-06 13:00' are the same step"):
        cutoffs_at(panel, ["2024-01-06", "2024-01-04", "2024-01-06 13:00"])
