import pytest

from datamodules.errors import InputError
from datamodules.made.feature_forms import check_lags, check_names, read_pairs, read_rolling


def test_calendar_names_are_known_ones_or_auto_alone():
    check_names(("hour", "is_weekend"))
    check_names(("auto",))
    with pytest.raises(InputError, match="calendar 'hours' is not known; did you mean 'hour'"):
        check_names(("hours",))
    with pytest.raises(InputError, match="auto alone"):
        check_names(("auto", "hour"))


@pytest.mark.parametrize("text", ["24", "24:", ":2", "24:x", "-24:2", "24:2:1", "a:b", "1442"])
def test_another_form_is_refused(text):
    with pytest.raises(InputError, match="period:pairs"):
        read_pairs(text)


@pytest.mark.parametrize("text", ["24:0", "24:13", "1:1"])
def test_as_many_pairs_as_half_the_period_at_most(text):
    with pytest.raises(InputError, match="half the period"):
        read_pairs(text)


@pytest.mark.parametrize("lag", [0, -24, 1.5, True, "24"])
def test_a_lag_that_is_no_step_back_is_refused(lag):
    with pytest.raises(InputError, match=r"a lag is .*steps back, at least 1"):
        check_lags((lag,))


@pytest.mark.parametrize("text", ["mean", "mean_1", "mean_-3", "std_24", "mean24", "mean_24_2"])
def test_another_rolling_statistic_is_refused(text):
    with pytest.raises(InputError, match=r"rolling .*such as 'mean_24'"):
        read_rolling(text)
