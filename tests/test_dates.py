import pandas as pd
import pytest

from datamodules.panel import Panel
from datamodules.readers import load


def clock_of(*texts, **options) -> tuple[str | int, str]:
    clock = Panel.from_frame(pd.DataFrame({"ds": list(texts), "y": 1.0}), **options).clock
    return clock.freq, str(clock.origin)


@pytest.mark.parametrize(
    ("texts", "freq", "origin"),
    [
        (("2023Q4", "2024Q1", "2024Q2"), "QS-JAN", "2023-10-01 00:00:00"),
        (("2023-Q4", "2024-Q1", "2024-Q2"), "QS-JAN", "2023-10-01 00:00:00"),
        (("2023-W52", "2024-W01", "2024-W02"), "W-MON", "2023-12-25 00:00:00"),
        (("2024-01", "2024-02", "2024-03"), "MS", "2024-01-01 00:00:00"),
        (("2024.01", "2024.02", "2024.10"), "MS", "2024-01-01 00:00:00"),
        (("2022", "2023", "2024"), 1, "2022"),
        (("2024-01-01 00:00+01", "2024-01-01 01:00+01", "2024-01-01 02:00+01"), "h", "2023-12-31 23:00:00"),
        (("2024-01-01 00:00-0330", "2024-01-01 01:00-0330"), "h", "2024-01-01 03:30:00"),
        (("2024-01-01T00:00:00Z", "2024-01-01T00:00:00.25Z", "2024-01-01T00:00:00.5Z"), "250ms", "2024-01-01 00:00:00"),
        (("13/01/2024 10:00", "13/01/2024 11:00"), "h", "2024-01-13 10:00:00"),
    ],
)
def test_dates_are_read_as_people_write_them(texts, freq, origin):
    assert clock_of(*texts) == (freq, origin)


def test_quarters_are_found_to_be_the_time(tmp_path):
    path = tmp_path / "gdp.csv"
    path.write_text("quarter,gdp\n2023-Q4,1\n2024-Q1,2\n2024-Q2,3\n")
    assert load(path).clock.freq == "QS-JAN"
