"""Exchange rates, electricity and road traffic: tables of many series without stamps, as LSTNet was measured on."""

import warnings
import zlib
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from datamodules.base import Borders
from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.sets.dataset import Downloaded
from datamodules.sets.download import Remote, github


def _file(name: str, checksum: str) -> tuple[Remote]:
    commit = "7f402f185cc2435b5e66aed13a3b560ed142e023"
    path = f"{name}/{name}.txt.gz"
    return (github("laiguokun/multivariate-time-series-data", commit, path, checksum, f"{name}.txt", f"{name}.csv"),)


class _Matrix(Downloaded):
    """A row a step and a column a series; stamps count from ``begin``, which the files do not say themselves.

    The standard split of 70, 10 and 20 per cent is that of Informer and its successors.
    """

    source = "G. Lai et al. (2018), SIGIR, arXiv 1703.07015; github.com/laiguokun/multivariate-time-series-data"
    standard_borders = Borders("fraction", 0.1, 0.2)
    freq: ClassVar[str]
    begin: ClassVar[str]
    series: ClassVar[tuple[str, ...]] = ()  # their names, where they have any

    def load(self) -> Panel:
        """The panel of all columns; ``series_000`` and so on where they have no names."""
        path = self.paths()[0]
        values = _read(path)
        count = values.shape[1]
        names = self.series or tuple(f"series_{index:0{len(str(count - 1))}d}" for index in range(count))
        if len(names) != count:
            raise InputError(f"file {path} has {count} columns; expected {len(names)}. Name another file.")
        stamps = pd.date_range(self.begin, periods=len(values), freq=self.freq)
        return Panel.from_frame(pd.DataFrame(values, index=stamps, columns=names), shape="wide", freq=self.freq)


class Exchange(_Matrix):
    """Exchange rates of eight countries on 7,588 days of business from 1990 on (download, 0.2 MB)."""

    licence = "none said; free for research"
    files = _file("exchange_rate", "sha256:6a4fbb561dcdee43f071a83badbeec9223a335552278348656738b556f1c2e9d")
    freq, seasonality, begin = "B", 5, "1990-01-01"
    series = ("australia", "britain", "canada", "switzerland", "china", "japan", "new_zealand", "singapore")


class Electricity(_Matrix):
    """Hourly electricity of 321 clients in Portugal, 2012 to 2014, in kWh (download, about 30 MB)."""

    licence = "CC BY 4.0 (UCI, ElectricityLoadDiagrams20112014)"
    files = _file("electricity", "git:df158a9fff65428ece107200432a72c992d5e4e9")
    freq, seasonality, begin = "h", 24, "2012-01-01"


class Traffic(_Matrix):
    """Hourly occupancy of 862 lanes around San Francisco, 2015 to 2016, from 0 to 1 (download, about 30 MB)."""

    licence = "none said; from the California Department of Transportation, pems.dot.ca.gov"
    files = _file("traffic", "git:63ddb74bf7602568f36056a0b1a47aa407f0a6fe")
    freq, seasonality, begin = "h", 24, "2015-01-01"


def _read(path: Path) -> np.ndarray:
    """The numbers of a file without a header, or with the columns' numbers as one, which copies have."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # numpy's word for a file without rows
            values = np.loadtxt(path, delimiter=",", ndmin=2)
    except (OSError, EOFError, zlib.error, ValueError, UserWarning) as error:  # the first three: a damaged .gz
        reason = " ".join(str(error).split())[:200].rstrip(".")
        raise InputError(f"file {path} cannot be read as rows of numbers: {reason}. Check or download it.") from error
    return values[1:] if (values[0] == np.arange(values.shape[1])).all() else values
