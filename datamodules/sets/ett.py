"""ETT: load and oil temperature of two transformers, by the hour and by the quarter of an hour."""

from typing import ClassVar

from datamodules.base import Borders
from datamodules.panel import Panel
from datamodules.readers import files as read_files
from datamodules.sets.dataset import Downloaded
from datamodules.sets.download import Remote, github

_MONTHS = 20  # of 30 days: 12 to train on, 4 to validate and 4 to test, as the papers have it


def _file(name: str, checksum: str) -> tuple[Remote]:
    commit = "1d16c8f4f943005d613b5bc962e9eeb06058cf07"
    return (github("zhouhaoyi/ETDataset", commit, f"ETT-small/{name}.csv", checksum),)


class _ETT(Downloaded):
    """Six loads and the oil temperature OT of a transformer from July 2016 on, cut off after 20 months of 30 days."""

    source = "H. Zhou et al. (2021), Informer, AAAI; github.com/zhouhaoyi/ETDataset"
    licence = "CC BY-ND 4.0"
    standard_borders = Borders("fraction", 0.2, 0.2)
    freq: ClassVar[str]

    def load(self) -> Panel:
        """The panel of the seven series ``HUFL`` to ``OT``, without the rows that the papers leave out."""
        rows = _MONTHS * 30 * self.seasonality  # a season is a day
        read = read_files(self.paths(), shape="wide", time="date", freq=self.freq)
        return Panel.from_frame(read.table.head(rows), **read.layout)


class ETTh1(_ETT):
    """Hourly load and oil temperature of transformer 1: seven series; 8640, 2880, 2880 rows (download, 2.6 MB)."""

    files = _file("ETTh1", "sha256:f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066")
    freq, seasonality = "h", 24


class ETTh2(_ETT):
    """Hourly load and oil temperature of transformer 2: seven series; 8640, 2880, 2880 rows (download, 2.4 MB)."""

    files = _file("ETTh2", "sha256:a3dc2c597b9218c7ce1cd55eb77b283fd459a1d09d753063f944967dd6b9218b")
    freq, seasonality = "h", 24


class ETTm1(_ETT):
    """Load and oil temperature of transformer 1 every 15 minutes: 34560, 11520, 11520 rows (download, 10 MB)."""

    files = _file("ETTm1", "git:62c9f979e2dc5b05d9cc5b38891e60e6baf77417")
    freq, seasonality = "15min", 96


class ETTm2(_ETT):
    """Load and oil temperature of transformer 2 every 15 minutes: 34560, 11520, 11520 rows (download, 10 MB)."""

    files = _file("ETTm2", "git:f9d46027c987d442d2d8f81308d1d8c4d1d35db8")
    freq, seasonality = "15min", 96
