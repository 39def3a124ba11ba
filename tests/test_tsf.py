import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.readers import load, source

HEAD = """# a comment
@relation small
@attribute series_name string
@attribute state string
@attribute size numeric
@attribute start_timestamp date
@frequency {frequency}
@horizon 2
@missing true
@equallength false
@data
"""
TWO = "T1:Nord:3:2024-01-01 00-00-00:1,?,3\nT2:Süd:4.5:2024-01-02 00-00-00:5.5,6\n"


@pytest.fixture
def write(tmp_path):
    def to_file(text: str, *, encoding: str = "utf-8", name: str = "small.tsf"):
        (tmp_path / name).write_bytes(text.encode(encoding))
        return tmp_path / name

    return to_file


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-8-sig"])
def test_series_have_their_values_stamps_and_attributes(write, encoding):
    path = write(HEAD.format(frequency="daily") + TWO, encoding=encoding)
    panel = load(path, static=["size", "state"])
    assert panel.ids.tolist() == ["T1", "T2"]
    np.testing.assert_array_equal(panel.target[:, 0], [1, np.nan, 3, 5.5, 6])
    assert panel.times(panel.offsets[:-1], np.arange(2)).astype("datetime64[D]").astype(str).tolist() == [
        "2024-01-01",
        "2024-01-02",
    ]
    assert panel.static.tolist() == [[3, 0], [4.5, 1]]
    assert panel.categories == {"state": ("Nord", "Süd")}


@pytest.mark.parametrize(
    ("frequency", "freq"),
    [
        ("4_seconds", "4s"),
        ("minutely", "min"),
        ("10_minutes", "10min"),
        ("half_hourly", "30min"),
        ("hourly", "h"),
        ("daily", "D"),
        ("weekly", "W-MON"),
        ("monthly", "MS"),
        ("quarterly", "QS-JAN"),
        ("yearly", "YS-JAN"),
    ],
)
def test_frequencies_of_the_archive_are_ours(write, frequency, freq):
    line = "T1:a:3:2024-01-01 00-00-00:1,2\n"
    assert load(write(HEAD.format(frequency=frequency) + line)).clock.freq == freq


def test_series_without_stamps_end_together(write):
    panel = load(write("@attribute series_name string\n@frequency yearly\n@data\nA:1,2,3\nB:4\n"))
    assert panel.start.tolist() == [0, 2]
    assert panel.clock.freq == "YS"


def test_an_integer_step_leaves_the_stamps_aside(write):
    panel = load(write(HEAD.format(frequency="weekly") + TWO), freq=1)
    assert panel.start.tolist() == [0, 1]


def test_a_frequency_that_is_said_wins(write):
    assert load(write(HEAD.format(frequency="weekly") + TWO), freq="W-SUN").clock.freq == "W-SUN"
    assert source(write(HEAD.format(frequency="daily") + TWO)).layout["freq"] == "D"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD.format(frequency="weekly") + TWO, "start on Monday in line 12 of .*small.tsf, but on Tuesday in line 13"),
        (HEAD.format(frequency="dayly") + TWO, "@frequency 'dayly', which is not known; did you mean 'daily'"),
        (HEAD.format(frequency="") + TWO, "has no @frequency; say it with freq"),
        (HEAD.format(frequency="daily") + TWO.replace("5.5", "x"), "value 1 in line 13 of .*small.tsf is 'x'"),
        (HEAD.format(frequency="daily") + TWO.replace("5.5", ""), "value 1 in line 13 of .*small.tsf is ''"),
        (HEAD.format(frequency="daily") + TWO.replace("5.5", "inf"), "column 'y' holds inf in line 13"),
        (HEAD.format(frequency="daily") + TWO.replace("2024-01-02", "2024-13-02"), "'2024-13-02 00:00:00' in line 13"),
        (HEAD.format(frequency="daily") + TWO.replace(":4.5:", ":"), "line 13 of .* has 4 parts between colons"),
        (HEAD.format(frequency="daily") + TWO.replace("4.5", "big"), "'size' holds text 'big' in line 13 of"),
        (HEAD.format(frequency="daily") + TWO.replace("T2", "T1"), "'T1' stands in line 12 of .* again in line 13 of"),
        (HEAD.format(frequency="daily"), "no series follow @data"),
        ("@attribute a string\n", "has no line @data"),
        ("@attribute a text\n@data\n", "line 1 of .*small.tsf is '@attribute a text'; expected @attribute, a name and"),
        ("a,b\n1,2\n", "line 1 of .*small.tsf is 'a,b'; expected @attribute"),
    ],
)
def test_bad_lines_are_named(write, text, sentence):
    with pytest.raises(InputError, match=sentence):
        load(write(text))
