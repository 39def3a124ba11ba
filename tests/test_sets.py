"""Data sets hold what their sources say; those that are downloaded are read from small files of the same form."""

import gzip

import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.find import find
from datamodules.readers import load
from datamodules.sets.dataset import Dataset
from datamodules.sets.ett import ETTh1, ETTm2
from datamodules.sets.lstnet import Exchange, Traffic
from datamodules.sets.m4 import M4Daily, M4Hourly
from datamodules.sets.tourism import Tourism


@pytest.mark.parametrize(
    ("name", "freq", "series", "rows", "missing"),
    [
        ("Nile", "YS-JAN", 1, 100, 0),
        ("ElecEquip", "MS", 1, 257, 0),
        ("InterestInflation", "QS-JAN", 1, 107, 0),
        ("DanishMoney", "QS-JAN", 5, 275, 0),
    ],
)
def test_data_sets_are_what_their_sources_say(name, freq, series, rows, missing):
    panel = find("datamodules", Dataset)[name]().load()
    assert (panel.clock.freq, panel.n_series, len(panel.target)) == (freq, series, rows)
    assert (~panel.observed).sum() == missing


def test_known_values_of_the_data_sets():
    assert load("Nile").target[[0, -1], 0].tolist() == [1120, 740]
    assert load("ElecEquip").target[:3, 0].tolist() == [66.19, 65.15, 74.48]
    rates = load("InterestInflation")
    assert rates.columns.target == ("interest", "inflation")
    assert rates.target[0].tolist() == pytest.approx([0.083, -0.003133], abs=1e-6)
    assert str(load("DanishMoney").clock.origin.date()) == "1974-01-01"


@pytest.mark.parametrize(("kind", "freq", "rows"), [(ETTh1, "h", 14400), (ETTm2, "15min", 57600)])
def test_ett_is_cut_off_after_twenty_months_and_parted_as_in_the_papers(kind, freq, rows, tmp_path):
    stamps = pd.date_range("2016-07-01", periods=rows + 10, freq=freq, name="date")
    pd.DataFrame({"OT": np.arange(rows + 10)}, index=stamps).to_csv(tmp_path / kind.files[0].name)
    data = kind(data_dir=str(tmp_path))
    assert data.panel.target[-1, 0] == rows - 1
    sizes = [int((part.stop - part.begin)[0]) for part in data.split]
    assert sizes == [rows * 6 // 10, rows * 2 // 10, rows * 2 // 10]


def test_m4_joins_training_and_test_values_of_files_by_either_name(data_options, tmp_path):
    panel = M4Hourly(**data_options(M4Hourly)).load()
    assert panel.lengths.tolist() == [318, 308, 318]
    assert panel.start.tolist() == [0, 10, 0]
    for part, row in (("train", "7,1,2,"), ("test", "7,3,4,5")):
        (tmp_path / f"m4_daily_{part}.csv").write_text(f"V1,V2,V3,V4\n{row}\n")
    panel = M4Daily(data_dir=str(tmp_path)).load()
    assert (panel.ids.tolist(), panel.target[:, 0].tolist()) == (["7"], [1, 2, 3, 4, 5])


def test_exchange_has_the_names_of_its_countries_and_reads_a_copy_with_a_header(tmp_path):
    rows = ["0,1,2,3,4,5,6,7", "0.7855,1.611,0.86,0.63,0.21,0.0068,0.593,0.5255", *["1,2,3,4,5,6,7,8"] * 5]
    (tmp_path / "exchange_rate.csv").write_text("\n".join(rows))
    panel = Exchange(data_dir=str(tmp_path)).load()
    assert panel.ids[:2].tolist() == ["australia", "britain"]
    assert panel.target[[0, 6], 0].tolist() == [0.7855, 1.611]
    assert panel.clock.freq == "B"
    (tmp_path / "exchange_rate.txt.gz").write_bytes(gzip.compress("\n".join(rows[1:]).encode()))
    assert Exchange(data_dir=str(tmp_path)).load().fingerprint() == panel.fingerprint()


@pytest.mark.parametrize(
    ("kind", "data", "message"),
    [
        (Exchange, gzip.compress(b"1,2,3\n4,5,6\n", mtime=0), "has 3 columns; expected 8"),
        (Traffic, b"not gzip", r"traffic\.txt\.gz cannot be read as rows of numbers: Not a gzipped file"),
        (
            Traffic,
            gzip.compress(b"1,2\n3,x\n", mtime=0),
            "cannot be read as rows of numbers: could not convert string 'x'",
        ),
        (
            Traffic,
            gzip.compress(b"1,2\n3\n", mtime=0),
            "cannot be read as rows of numbers: the number of columns changed",
        ),
        (Traffic, gzip.compress(b"1,2\n" * 1000, mtime=0)[:30], "cannot be read as rows of numbers: "),
        (Traffic, gzip.compress(b"", mtime=0), "cannot be read as rows of numbers: loadtxt: input contained no data"),
    ],
)
def test_files_that_are_no_rows_of_numbers_are_refused(kind, data, message, tmp_path):
    (tmp_path / kind.files[0].name).write_bytes(data)
    with pytest.raises(InputError, match=message):
        kind(data_dir=str(tmp_path)).load()


def test_tourism_has_three_static_categories(data_options):
    panel = Tourism(**data_options(Tourism)).load()
    assert panel.ids.tolist() == ["Hobart / Business", "Hobart / Holiday", "Perth / Business", "Perth / Holiday"]
    assert panel.columns.static == ("Region", "State", "Purpose")
    assert panel.categories["State"] == ("Tasmania", "Western Australia")
    assert panel.static.tolist() == [[0, 0, 0], [0, 0, 1], [1, 1, 0], [1, 1, 1]]
    assert panel.clock.freq == "QS-JAN"
