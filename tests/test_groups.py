"""Which groups rows can be told apart by."""

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from forecast.evaluation.breakdown import breakdown
from forecast.evaluation.groups import available, groups_of

HORIZON = 4
KNOWN = pd.DataFrame({"unique_id": ["a", "b"], "target": "y", "region": ["north", ""], "size": ["9", "10"]}).assign(
    level=[1.0, 2.0], volatility=[1.0, np.nan], level_decile=["1 of 2", "2 of 2"]
)


def make_table(step="D", folds=3, series=("a", "b", "c"), targets=("y",)):
    """Forecasts of one model; ``step`` is a frequency, or a number for an integer clock."""
    fold, one, ahead, target = np.indices((folds, len(series), HORIZON, len(targets))).reshape(4, -1)
    count = folds * HORIZON + 1
    stamps = np.arange(count) * step if isinstance(step, int) else pd.date_range("2024-01-26", periods=count, freq=step)
    columns = {
        "model": "A",
        "seed": 0,
        "unique_id": np.array(series)[one],
        "target": np.array(targets)[target],
        "cutoff": stamps[fold * HORIZON],
        "step": ahead + 1,
        "time": stamps[fold * HORIZON + ahead + 1],
    }
    return pd.DataFrame(columns).assign(mean=1.0, actual=2.0, naive_mae=1.0, naive_mse=1.0)


@pytest.mark.parametrize(
    ("step", "folds", "calendar"),
    [
        ("15min", 40, ("minute", "hour", "weekday", "weekend")),
        ("h", 50, ("hour", "weekday", "weekend", "month")),
        ("D", 3, ("weekday", "weekend", "month")),
        ("B", 3, ("weekday", "month")),
        ("W-SUN", 6, ("month", "quarter")),
        ("MS", 6, ("month", "quarter", "year")),
        ("ME", 6, ("month", "quarter", "year")),
        ("QE", 3, ("quarter", "year")),
        ("YS", 3, ("year",)),
    ],
)
def test_calendar_is_what_varies_and_means_something_on_the_clock(step, folds, calendar):
    table = make_table(step=step, folds=folds)
    assert available(table) == ("step", "cutoff", "unique_id", *calendar)


def test_integer_clock_has_no_calendar():
    table = make_table(step=1)
    assert available(table) == ("step", "cutoff", "unique_id")
    assert set(breakdown(table, "cutoff")["group"]) == {0, 4, 8}
    with pytest.raises(InputError, match="by is 'hour', but the clock counts integers"):
        groups_of(table, "hour")


def test_what_makes_one_group_only_is_not_offered():
    table = make_table(folds=1, series=("a",))
    assert available(table, KNOWN.assign(region="north", size="9")) == ("step", "weekday", "weekend")
    assert breakdown(table, "cutoff")["rows"].tolist() == [4]
    assert available(make_table(targets=("y", "z")))[:4] == ("step", "cutoff", "unique_id", "target")


def test_columns_of_the_series_are_offered_but_not_their_numbers():
    assert available(make_table(), KNOWN)[-3:] == ("region", "size", "level_decile")


def test_hours_are_those_of_the_zone():
    table = make_table(step="h", folds=13)
    utc = groups_of(table, "hour")
    local = groups_of(table, "hour", zone="Asia/Kolkata")  # five hours and a half later
    shift = (local.labels[local.code] - utc.labels[utc.code]) % 24
    assert set(shift) <= {5, 6}
    assert breakdown(table, "weekday", zone="Asia/Kolkata")["rows"].sum() == len(table)


def test_each_row_has_the_group_of_its_series_and_target():
    table = make_table(targets=("y", "z"))
    known = pd.DataFrame(
        {"unique_id": ["a", "a", "b", "c"], "target": ["y", "z", "y", "z"], "level_decile": ["1", "2", "1", np.nan]}
    )
    found = groups_of(table, "level_decile", known)
    of = (
        pd.Series(np.array(found.labels)[found.code]).groupby([table["unique_id"].astype(str), table["target"]]).first()
    )
    assert of.to_dict() == {
        **{("a", "y"): "1", ("a", "z"): "2", ("b", "y"): "1"},
        **{("b", "z"): "(missing)", ("c", "y"): "(missing)", ("c", "z"): "(missing)"},
    }


def test_numbers_of_a_static_column_sort_as_numbers_and_ranges_by_their_begin():
    known = pd.DataFrame({"unique_id": ["a", "b", "c"], "size": [9.0, 10.5, -3.0], "age": ["10 to 20", "5 to 9", "x"]})
    table = make_table()
    assert list(groups_of(table, "size", known).labels) == ["-3", "9", "10.5"]
    assert list(groups_of(table, "age", known).labels) == ["5 to 9", "10 to 20", "x"]
