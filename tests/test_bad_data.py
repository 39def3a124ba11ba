"""Every mistake in a person's data: one line each with the input, the options, and the sentence it meets."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.readers import load

DAYS = pd.date_range("2024-01-01", periods=3)
MIXED = [datetime(2024, 1, 1, 5, tzinfo=UTC), datetime(2024, 1, 1, 5, tzinfo=timezone(timedelta(hours=2)))]


def table(**columns) -> pd.DataFrame:
    return pd.DataFrame({"ds": DAYS, "y": [1.0, 2.0, 3.0]}).assign(**columns)


def of(*stamps, **columns) -> pd.DataFrame:
    return pd.DataFrame({"ds": list(stamps), "y": np.arange(float(len(stamps))), **columns})


def hours(name: str, freq: str) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": pd.date_range("2024-01-01", periods=30, freq=freq), "y": 1.0})


FRAMES = [
    ("no table", [1, 2], {}, "data is a list; expected a pandas, polars or pyarrow table"),
    ("empty", pd.DataFrame(), {}, "the table is empty"),
    ("no rows", table().head(0), {}, "the table is empty: 2 columns and no rows"),
    (
        "no time",
        table().rename(columns={"ds": "day"}),
        {},
        "column 'ds' is missing; name the right one with time .*known are day, y",
    ),
    (
        "no target",
        table().rename(columns={"y": "Y1"}),
        {},
        "column 'y' is missing; name the right one with target .*did you mean 'Y1'",
    ),
    ("no id", table(), {"id": "shop"}, "column 'shop' is missing; name the right one with id"),
    ("no past", table(), {"past": ["p"]}, "column 'p' is missing; name the right one with past"),
    ("known target", table(), {"known": ["y"]}, "column 'y' is named with target and with known; expected one role"),
    ("id as target", table(), {"id": "y"}, "column 'y' is named with id and with target"),
    ("id twice", table(a="x"), {"id": ["a", "a"]}, "column 'a' stands twice in id"),
    ("id of nothing", table(), {"id": []}, "id names no column"),
    ("category target", table(), {"categories": ["y"]}, "column 'y' is named with categories, but is no covariate"),
    ("wide categories", table(), {"shape": "wide", "categories": ["y"]}, "need shape 'long', but shape is 'wide'"),
    ("column twice", pd.DataFrame([[1, 2, 3]], columns=["ds", "y", "y"]), {}, "column 'y' stands twice"),
    ("text time", of("2024-01-01", "soon", "2024-01-03"), {}, "column 'ds' holds 'soon' in row 1, which is no date"),
    ("text times", of("2024-01-01", "a", "b"), {}, "holds 'a' in row 1 \\(and in 1 more row\\)"),
    ("time of day", of("12:00", "13:00"), {}, "'12:00' in row 0 .*which is no date"),
    ("float time", of(1.0, 2.0), {}, "column 'ds' holds '1.0' in row 0, which is float64; expected dates"),
    ("boolean time", of(True, False), {}, "which is bool; expected dates"),
    ("missing time", of("2024-01-01", None), {}, "column 'ds' is empty in row 1; every row needs its stamp"),
    ("NaT", table(ds=[DAYS[0], pd.NaT, DAYS[2]]), {}, "column 'ds' is empty in row 1"),
    ("day or month", of("01/02/2024", "02/02/2024"), {}, "'01/02/2024' reads as 2024-01-02 or 2024-02-01"),
    ("zones in text", of("2024-01-01 00:00Z", "2024-01-02 00:00+01:00"), {}, "time zones are mixed .* in row 1"),
    ("zones half", of("2024-01-01 00:00Z", "2024-01-02 00:00"), {}, "time zones are mixed"),
    ("zones in objects", of(*MIXED), {}, "time zones are mixed"),
    ("far away", of("2024-01-01", "9999-12-31"), {}, "'9999-12-31' in row 1, which is no date from 1678 to 2261"),
    ("too wide", of("1700-01-01 00:00:00", "2200-01-01 00:00:01"), {"freq": "s"}, "would need 15,778,454,402 rows"),
    (
        "repeated",
        table(ds=DAYS[[0, 1, 1]]),
        {},
        "1 row repeats .* 'series' at 2024-01-02 \\(row 2\\), .* also in row 1",
    ),
    ("repeated without id", table(ds=DAYS[[0, 0, 0]]), {}, "2 rows repeat .* name the column that tells series apart"),
    ("repeated in a series", table(unique_id=list("aba"), ds=DAYS[[0, 0, 0]]), {}, "first series 'a' at 2024-01-01"),
    ("one row", of("2024-01-01"), {}, "no frequency can be inferred from one row a series; say it with freq"),
    (
        "irregular",
        of("2024-01-01", "2024-01-03", "2024-01-06"),
        {},
        "no frequency can be inferred: the commonest step is",
    ),
    (
        "shifted",
        of(1, 3, 5, 2, 4, unique_id=list("aaabb")),
        {},
        "2 stamps miss the clock .* series may be shifted",
    ),
    ("off the grid", table(), {"freq": "W-SUN"}, "3 stamps miss the clock .* suggest freq 'D'"),
    (
        "off by hours",
        table(ds=[*DAYS[:2], "2024-01-03 05:00"]),
        {"freq": "D"},
        "1 stamp misses .* at 2024-01-03 05:00:00",
    ),
    (
        "hours and days",
        pd.concat([hours("a", "h"), hours("b", "D")]),
        {},
        "'b' has a stamp every 24 steps of frequency 'h', which others have; expected one frequency",
    ),
    (
        "business days declared daily",
        of(*pd.bdate_range("2024-01-04", periods=10)),
        {"freq": "D"},
        "no stamp from 2024-01-04 to 2024-01-17 falls on a weekend; say freq 'B', or add one row",
    ),
    (
        "weeks declared daily",
        of(*pd.date_range("2024-01-01", periods=11, freq="W")),
        {"freq": "D"},
        "no two of the stamps are one such step apart; the stamps suggest freq 'W-SUN'",
    ),
    ("tens declared ones", of(*range(0, 110, 10)), {"freq": 1}, "the stamps suggest freq 10"),
    ("hours declared daily", of(*pd.date_range("2024-01-01", periods=30, freq="h")), {"freq": "D"}, "suggest freq 'h'"),
    ("days declared business", of(*pd.date_range("2024-01-01", periods=9)), {"freq": "B"}, "2 stamps miss .* freq 'D'"),
    ("days or business", of("2024-01-04", "2024-01-05"), {}, "the stamps fit both 'D' and 'B'"),
    ("one step", of("2024-01-01 00:00", "2024-01-01 03:00"), {}, "fits '3h', and 'h' with a gap; say which"),
    ("month middles", of("2024-01-15", "2024-02-15", "2024-03-15"), {}, "every stamp is day 15 of its month"),
    ("business hours", table(), {"freq": "bh"}, "frequency 'bh' is not usable"),
    ("unknown zone", table(), {"zone": "Madrid"}, "time zone 'Madrid' is not known; did you mean"),
    ("zone of integers", of(1, 2), {"zone": "UTC"}, "column 'ds' holds whole numbers, which have no time zone"),
    (
        "zones of one place",
        of("2024-03-30 00:00+01:00", "2024-04-01 00:00+02:00"),
        {},
        "Name the zone .*--zone Europe/Madrid",
    ),
    ("zones half, zone said", of("2024-01-01 00:00Z", "2024-01-02 00:00"), {"zone": "UTC"}, "time zones are mixed"),
    (
        "skipped hour",
        of("2024-03-31 01:00", "2024-03-31 02:00"),
        {"zone": "Europe/Madrid"},
        "'2024-03-31 02:00' in row 1, which does not exist in Europe/Madrid",
    ),
    (
        "doubled hour",
        of("2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00"),
        {},
        "1 row repeats .* name the time zone whose summer time ends then with zone",
    ),
    (
        "doubled hour in no order",
        of(*("2024-10-27 05:00", "2024-10-27 02:00", "2024-10-27 06:00", "2024-10-27 02:00", "2024-10-27 01:00")),
        {"zone": "Europe/Madrid"},
        "'2024-10-27 02:00' in row 1, which stands on the clock of Europe/Madrid twice",
    ),
    ("decimal years", of("2000.0", "2000.5", "2001.0"), {}, "'2000.0' in row 0 .*which is no date"),
    (
        "nanoseconds",
        of(*pd.date_range("2024-01-01", periods=3, freq="1500ns")),
        {},
        "in row 1; expected whole micro",
    ),
    ("beyond int64", of(2**63, 2**63 + 1), {}, "holds 9223372036854775809; expected whole numbers below"),
    ("week 54", of("2024-W52", "2024-W54"), {}, "'2024-W54' in row 1, which is no date"),
    ("early date", of("1677-12-31", "1678-01-01"), {}, "'1677-12-31' in row 0, which is no date from 1678 to 2261"),
    ("early datetime", of(*np.array(["1500-01-01", "1500-01-02"], "M8[s]")), {}, "which is no date from 1678 to 2261"),
    ("unknown freq", table(), {"freq": "hourly"}, "frequency 'hourly' is not known"),
    ("freq of integers", of(1, 2), {"freq": "h"}, "column 'ds' holds whole numbers, but freq is 'h'"),
    ("freq of dates", table(), {"freq": 1}, "column 'ds' holds dates, but freq is 1"),
    ("text value", table(y=["1", "two", "3"]), {}, "column 'y' holds text 'two' in row 1; expected a number"),
    ("comma value", table(y=["1,5", "2,5", "3"]), {}, "holds text '1,5' in row 0 \\(and in 1 more row\\)"),
    ("dates as values", table(y=DAYS), {}, "column 'y' holds datetime64.*; expected numbers"),
    ("infinite", table(y=[1, np.inf, -np.inf]), {}, "column 'y' holds inf in row 1 \\(and in 1 more row\\)"),
    ("too large", table(y=[1, -1e300, 2]), {}, "column 'y' holds -1e\\+300 in row 1; expected numbers up to 1e\\+100"),
    ("wide too large", table(a=[1, 2, 1e200]), {"shape": "wide"}, "column 'a' holds 1e\\+200 in row 2"),
    ("infinite text", table(y=["1", "2", "-inf"]), {}, "column 'y' holds -inf in row 2"),
    ("infinite past", table(p=[1, 2, np.inf]), {"past": ["p"]}, "column 'p' holds inf in row 2"),
    ("nothing", table(y=np.nan), {}, "column 'y' \\(target\\) has no value at all"),
    ("nothing in one", of(1, 2, 1, 2, unique_id=list("aabb"), z=[1, 2, None, None]), {"target": "z"}, "first 'b'"),
    ("nothing in one target", table(z=np.nan), {"target": ["y", "z"]}, "column 'z' \\(target\\) has no value at all"),
    ("blank id", table(unique_id=["a", " ", "a"]), {}, "column 'unique_id' is empty in row 1"),
    (
        "spaces in ids",
        table(unique_id=["a", "a", "a "]),
        {},
        "names series 'a' and, in row 2, 'a ', which differ in spaces at their ends only",
    ),
    ("empty id", table(unique_id=["a", None, "a"]), {}, "column 'unique_id' is empty in row 1"),
    ("unknown shape", table(), {"shape": "width"}, "shape 'width' is not known; did you mean 'wide'"),
    ("wide text", table(a=[1, 2, "x"]), {"shape": "wide"}, "column 'a' holds text 'x' in row 2"),
    ("wide infinite", table(a=[1, 2, np.inf]), {"shape": "wide"}, "column 'a' holds inf in row 2"),
    ("wide nothing", table(a=np.nan), {"shape": "wide"}, "a series has no value at all, first 'a'"),
    ("wide alone", table()[["ds"]], {"shape": "wide"}, "only the column 'ds'"),
    ("wide past", table(p=1), {"shape": "wide", "past": ["p"]}, "need shape 'long'"),
    ("rows without freq", table(), {"shape": "rows"}, "no stamps to infer a frequency from"),
    (
        "rows repeated",
        pd.DataFrame([["a", 1], ["a", 2]]),
        {"shape": "rows", "freq": 1},
        "'a' stands in row 0 and again in row 1",
    ),
    ("rows text", pd.DataFrame([["a", 1, 2], ["b", "x", 3]]), {"shape": "rows", "freq": 1}, "holds text 'x' in row 1"),
    ("rows nothing", pd.DataFrame([["a", 1], ["b", np.nan]]), {"shape": "rows", "freq": 1}, "first 'b'"),
]

FILES = [
    ("empty.csv", b"", "is empty: its first line has no column names"),
    ("header.csv", b"ds,y\n", "is empty: it has no rows of data"),
    ("blank.csv", b"ds,y\n\n\n", "is empty: it has no rows of data"),
    ("twice.csv", b"ds,y,y\n1,2,3\n", "has column 'y' twice"),
    ("ragged.csv", b"ds,y\n1,2\n2,3,4\n", "cannot be read as csv: .*Expected 2 fields in line 3, saw 3"),
    ("ragged all.csv", b"ds,y\n1,2,3\n2,3,4\n", "more cells in its lines than names"),
    ("latin.csv", "ds,y\n1,ü\n".encode("latin-1"), "cannot be read as csv"),
    ("binary.csv", b"\x00\x01\x02\xff\xfe\n\x00", "cannot be read as csv"),
    ("quote.csv", b'ds,y\n1,"2\n', "cannot be read as csv"),
    ("text.parquet", b"ds,y\n1,2\n", "cannot be read as parquet"),
    ("cut.parquet", b"PAR1\x00\x00", "cannot be read as parquet"),
    ("data.xlsx", b"PK", "ends in '.xlsx'; expected one of .csv, .parquet"),
    ("data", b"ds,y\n1,2\n", "ends in ''"),
    ("value.csv", b"unique_id,ds,y\na,1,1\na,2,x\n", "column 'y' holds text 'x' in line 3"),
    ("time.csv", b"unique_id,ds,y\na,2024-01-01,1\na,2024-13-01,2\n", "column 'ds' holds '2024-13-01' in line 3"),
    ("repeat.csv", b"unique_id,ds,y\na,1,1\na,2,2\na,1,3\n", r"at 1 \(line 4\), which is also in line 2"),
    ("nonames.csv", b"a,2024-01-01,1\na,2024-01-02,2\n", "called '2024-01-01', which is a date: .*Add a line of names"),
    ("norows.csv", b"a,5,7,6\nb,1,2,3\n", "called '5', '7', '6', which are values and no steps: .*Add a line of names"),
    ("noid.csv", b"unique_id,ds,y\na,1,1\n,2,2\n", "column 'unique_id' is empty in line 3"),
]


@pytest.mark.parametrize(
    ("frame", "options", "sentence"), [case[1:] for case in FRAMES], ids=[case[0] for case in FRAMES]
)
def test_bad_table_is_refused_in_a_sentence(frame, options, sentence):
    with pytest.raises(InputError, match=sentence) as raised:
        Panel.from_frame(frame, **options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(("name", "content", "sentence"), FILES, ids=[case[0] for case in FILES])
def test_bad_file_is_refused_in_a_sentence(tmp_path, name, content, sentence):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InputError, match=sentence) as raised:
        load(path)
    assert "\n" not in str(raised.value)


def test_folder_without_data_is_refused(tmp_path):
    with pytest.raises(InputError, match="holds no file that ends in"):
        load(tmp_path)
