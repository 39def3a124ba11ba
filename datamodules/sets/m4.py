"""M4: the 100,000 series of the fourth Makridakis competition, by frequency."""

from typing import ClassVar

from datamodules.base import Borders
from datamodules.panel import Panel
from datamodules.readers import read
from datamodules.sets.dataset import Downloaded
from datamodules.sets.download import Remote, github


def _files(name: str, train: str, test: str) -> tuple[Remote, Remote]:
    def part(which: str, checksum: str) -> Remote:
        path = f"Dataset/{which}/{name}-{which.lower()}.csv"
        copy = f"m4_{name.lower()}_{which.lower()}.csv"
        return github("Mcompetitions/M4-methods", "6c1067e5a57161249b17289a565178dc7a3fb3ca", path, checksum, copy)

    return part("Train", train), part("Test", test)


class _M4(Downloaded):
    """Series without stamps, which here end together; the last ``horizon`` values of each were the competition's test.

    Years, weeks and days are counted, not dated: the competition took them to have no season, which a clock of days
    would have. The standard split holds out the test values, and as many before them for validation.
    """

    source = (
        "S. Makridakis et al. (2020), International Journal of Forecasting 36.1; github.com/Mcompetitions/M4-methods"
    )
    licence = "free for research with citation"
    freq: ClassVar[str | int]

    def load(self) -> Panel:
        """The panel of all series, training and test values end to end, under the competition's names."""
        return read(self.paths(), shape="rows", freq=self.freq)


class M4Yearly(_M4):
    """M4 yearly: 23,000 series of 19 to 841 values, horizon 6 (download, about 26 MB)."""

    files = _files(
        "Yearly",
        "git:639f4aa455f07fe83776ba2459be782730b45ed6",
        "sha256:6dc2dd45b3af320389e2d3735cb4b3cdf320b63cbcda15d1a17193ab99702306",
    )
    freq, seasonality = 1, 1
    standard_borders = Borders("steps", 6, 6)


class M4Quarterly(_M4):
    """M4 quarterly: 24,000 series of 24 to 874 values, horizon 8 (download, about 41 MB)."""

    files = _files(
        "Quarterly",
        "git:94ce474ab74463e3db3edb616b5948be6af5079c",
        "sha256:bf1cab3b969a744c220cdc148e3829803eaa5da2754270fc4f376e775cd7d0ae",
    )
    freq, seasonality = "QS-JAN", 4
    standard_borders = Borders("steps", 8, 8)


class M4Monthly(_M4):
    """M4 monthly: 48,000 series of 60 to 2812 values, horizon 18 (download, about 100 MB)."""

    files = _files(
        "Monthly",
        "git:d956904cd5991422f70598453571572f5e6ba7f3",
        "git:c27ca44ca20b15a40da9e96ca1867f1fff7aeecb",
    )
    freq, seasonality = "MS", 12
    standard_borders = Borders("steps", 18, 18)


class M4Weekly(_M4):
    """M4 weekly: 359 series of 93 to 2610 values, horizon 13 (download, 4 MB)."""

    files = _files(
        "Weekly",
        "sha256:d478d3f6ed673e6ed3c2cb0fbed5425f72eedd51318ebebeb0b5ecfcefc37714",
        "sha256:3b2bc4be8e636e802260dcd843ca3c5da40536a1fbe1ecb3229a97dae4f44688",
    )
    freq, seasonality = 1, 1
    standard_borders = Borders("steps", 13, 13)


class M4Daily(_M4):
    """M4 daily: 4,227 series of 107 to 9933 values, horizon 14 (download, about 96 MB)."""

    files = _files(
        "Daily",
        "git:2393f4c26e7e002b3df8d173d83902ab26596928",
        "sha256:633b0815626ae266d36872c4d53e95eb93ee8d43e79587fceec519eba3e6b05e",
    )
    freq, seasonality = 1, 1
    standard_borders = Borders("steps", 14, 14)


class M4Hourly(_M4):
    """M4 hourly: 414 series of 748 to 1008 values, horizon 48 (download, 2.5 MB)."""

    files = _files(
        "Hourly",
        "sha256:ea59b7783573c49077a835ab6465c7d66f1474783360f310988a9a737fbca62f",
        "sha256:71a57fccb15e534d973626ada4fb87febf789e9317715b7cc6dd3b5f90db6f42",
    )
    freq, seasonality = "h", 24
    standard_borders = Borders("steps", 48, 48)
