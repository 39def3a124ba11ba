import pytest

from datamodules.clocks.aliases import canonical, in_days, offset_of
from datamodules.errors import InputError


@pytest.mark.parametrize(
    ("freq", "hint"),
    [
        ("H", "'h'"),
        ("M", "'ME'"),
        ("d", "'D'"),
        ("3T", "'3min'"),
        ("nonsense", "expected"),
        ("", "expected"),
        ("-1D", "at least"),
        ("0D", "at least"),
        ("ns", "at least a microsecond"),
        ("bh", "'h', on which stamps without a row count as not observed"),
        ("C", "such as 'B'"),
        ("CBME", "such as 'BME'"),
    ],
)
def test_unknown_frequency_names_what_to_write(freq, hint):
    with pytest.raises(InputError, match=hint):
        offset_of(freq)


@pytest.mark.parametrize(
    ("freq", "spelling"),
    [
        ("60min", "h"),
        ("3600s", "h"),
        ("1h30min", "90min"),
        ("1000ms", "s"),
        ("24h", "24h"),
        ("W", "W-SUN"),
        ("QE", "QE-DEC"),
        ("QE-MAR", "QE-DEC"),
        ("QS-OCT", "QS-JAN"),
        ("2BQE-FEB", "2BQE-NOV"),
        ("YS", "YS-JAN"),
        ("SME", "SME-15"),
        ("7D", "7D"),
    ],
)
def test_each_clock_has_one_spelling(freq, spelling):
    assert canonical(freq) == spelling
    assert canonical(spelling) == spelling


def test_steps_of_a_day_and_longer_are_days():
    assert all(in_days(freq) for freq in ("D", "B", "7D", "W-MON", "ME", "QS", "YE", "SMS"))
    assert not any(in_days(freq) for freq in ("h", "24h", "15min", "10s", "250ms", "us"))
