import numpy as np
import pandas as pd
import pytest

from datamodules.clocks.frequency import infer_freq
from datamodules.errors import InputError

FREQUENCIES = [
    ("h", "h"),
    ("2h", "2h"),
    ("15min", "15min"),
    ("30min", "30min"),
    ("s", "s"),
    ("10s", "10s"),
    ("250ms", "250ms"),
    ("D", "D"),
    ("3D", "3D"),
    ("10D", "10D"),
    ("B", "B"),
    ("2B", "2B"),
    ("W-MON", "W-MON"),
    ("W-SAT", "W-SAT"),
    ("2W-WED", "2W-WED"),
    ("4W", "4W-SUN"),
    ("MS", "MS"),
    ("ME", "ME"),
    ("2MS", "2MS"),
    ("BMS", "BMS"),
    ("BME", "BME"),
    ("SMS", "SMS-15"),
    ("SME", "SME-15"),
    ("QS", "QS-JAN"),
    ("QS-FEB", "QS-FEB"),
    ("QE", "QE-DEC"),
    ("QE-NOV", "QE-NOV"),
    ("QE-MAR", "QE-DEC"),
    ("BQE", "BQE-DEC"),
    ("2QE", "2QE-DEC"),
    ("YS", "YS-JAN"),
    ("YE-JUN", "YE-JUN"),
    ("2YE", "2YE-DEC"),
    ("BYE-MAR", "BYE-MAR"),
]


def infer(times) -> str | int:
    values = np.asarray(times)
    return infer_freq(
        values if values.dtype.kind == "i" else values.astype("datetime64[us]"), np.array([0, len(values)])
    )


@pytest.mark.parametrize(("alias", "expected"), FREQUENCIES)
def test_frequency_is_inferred_and_gaps_are_tolerated(alias, expected):
    times = pd.date_range("2001-01-01", periods=60, freq=alias)
    assert infer(times) == expected
    kept = np.sort(np.random.default_rng(0).choice(60, size=35, replace=False))
    assert infer(times[kept]) == expected


@pytest.mark.parametrize("years", [(2023, 2025), (2099, 2101)], ids=["leap year", "no leap year"])
@pytest.mark.parametrize(
    ("alias", "expected"), [("D", "D"), ("B", "B"), ("W", "W-SUN"), ("ME", "ME"), ("MS", "MS"), ("SME", "SME-15")]
)
def test_leap_days_do_not_matter(alias, expected, years):
    assert infer(pd.date_range(f"{years[0]}-06-01", f"{years[1]}-06-01", freq=alias)) == expected


@pytest.mark.parametrize(("values", "step"), [([3, 4, 5], 1), ([0, 5, 15, 20], 5), ([1, 3, 5, 9], 2)])
def test_integer_clock_has_the_common_step(values, step):
    assert infer(values) == step


def test_steps_across_series_are_not_compared():
    days = pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-01", "2024-01-02"]).to_numpy()
    assert infer_freq(days.astype("datetime64[us]"), np.array([0, 2, 4])) == "D"


def test_weekdays_are_business_days_once_they_pass_over_a_weekend():
    assert infer(pd.bdate_range("2024-01-01", periods=6)) == "B"
    assert infer(pd.date_range("2024-01-01", periods=4)) == "D"
    assert infer(pd.date_range("2024-01-01", periods=6)) == "D"
    assert infer(pd.bdate_range("2024-01-01", periods=60).delete([10, 30, 31])) == "B"  # holidays are holes


def test_one_series_with_weekends_makes_days_of_all():
    week, weekdays = pd.date_range("2024-01-01", periods=14), pd.bdate_range("2024-01-01", periods=10)
    times = np.concatenate([week.to_numpy(), weekdays.to_numpy()]).astype("datetime64[us]")
    assert infer_freq(times, np.array([0, 14, 24])) == "D"


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        (["2024-01-01"], "from one row a series; say it with freq"),
        (
            ["2024-01-01 00", "2024-01-01 02", "2024-01-01 05", "2024-01-01 07"],
            "commonest step is 02:00:00, but the steps have only 01:00:00 in common",
        ),
        (["2024-01-01", "2024-01-02", "2024-01-02 07:31"], "have only 00:01:00 in common"),
        (["2024-01-15", "2024-02-15", "2024-03-15"], "every stamp is day 15 of its month. If these are months, move"),
        (["2023-02-15", "2023-03-15"], "If these are months, move"),  # 28 days
        (["2024-01-03", "2024-01-04", "2024-01-05"], "fit both 'D' and 'B', since they are too few to tell"),
        (["2024-01-05", "2024-01-08"], "fit both '3D' and 'B'"),
        (["2024-01-06", "2024-01-09"], "the one step that there is fits '3D', and 'D' with a gap; say which"),
        (["2024-01-01 00:00", "2024-01-01 00:15"], "fits '15min', and 'min' with a gap"),
        (["2024-01-31", "2024-03-31"], "fits '2ME', and 'ME' with a gap"),
        (["2024-01-01", "2024-01-15"], "fits '2W-MON', and 'W-MON' with a gap"),
    ],
)
def test_irregular_stamps_are_a_question(stamps, message):
    with pytest.raises(InputError, match=message):
        infer(pd.to_datetime(stamps, format="mixed"))


def test_steps_near_a_month_are_days_where_they_are_all_alike():
    assert infer(pd.date_range("2024-01-30", periods=5, freq="30D")) == "30D"
    assert infer(pd.date_range("2024-01-31", periods=5, freq="28D")) == "4W-WED"


def test_one_step_of_several_numbers_is_a_question():
    with pytest.raises(InputError, match="fits '5', and '1' with a gap"):
        infer([1, 6])
    assert infer([1, 2]) == 1
