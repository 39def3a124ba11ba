import pandas as pd
import pytest

from datamodules.clock import Clock
from datamodules.door.moment import moment
from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.split import clock_position, cutoffs_at

MADRID = "Europe/Madrid"
AUTUMN = pd.date_range("2024-10-26 20:00", "2024-10-27 05:00", freq="15min", tz="UTC")


def panel_of(stamps) -> Panel:
    return Panel.from_frame(pd.DataFrame({"ds": stamps, "y": 1.0}), zone=MADRID)


def test_borders_are_said_in_local_time():
    panel = panel_of(AUTUMN.tz_convert(MADRID).tz_localize(None))
    noon = AUTUMN[30].tz_convert(MADRID).tz_localize(None)
    assert clock_position(panel, str(noon)) == 30
    assert clock_position(panel, noon.to_pydatetime()) == 30
    assert clock_position(panel, AUTUMN[30]) == 30
    assert clock_position(panel, AUTUMN[30].tz_localize(None)) == 30  # as results tell it
    assert clock_position(panel, "2024-10-27 02:30") == 18  # summer time
    assert clock_position(panel, "2024-10-27 02:30+01:00") == 22
    assert cutoffs_at(panel, "2024-10-27 02:31+01:00").tolist() == [[22]]


def test_borders_of_days_are_days():
    panel = panel_of(pd.date_range("2024-01-01", periods=366))
    assert clock_position(panel, "2024-07-01") == 182
    assert clock_position(panel, pd.Timestamp("2024-06-30 22:00", tz="UTC")) == 182


@pytest.mark.parametrize(
    ("stamp", "sentence"),
    [
        ("2024-03-31 02:30", "'2024-03-31 02:30' does not exist in Europe/Madrid"),
        ("soon", "'soon' is not a date"),
        ("", "'' is not a date"),
        (None, "None is not a date"),
        (["2024-01-01"], "is not a date"),
    ],
)
def test_border_that_is_no_stamp_is_refused(stamp, sentence):
    with pytest.raises(InputError, match=sentence):
        moment(stamp, Clock("h", pd.Timestamp("2024-01-01"), MADRID))
