"""Yearly sunspots."""

import pandas as pd

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class Sunspots(Dataset):
    """Yearly sunspot activity, 1700 to 2008: one series with a cycle of about eleven years and no fixed season."""

    source = "NOAA National Geophysical Data Center; in statsmodels.datasets.sunspots"
    licence = "public domain"
    seasonality = 1

    def load(self) -> Panel:
        """The panel of the one series ``sunspots``."""
        from statsmodels.datasets import sunspots

        table = sunspots.load_pandas().data
        years = pd.to_datetime(table["YEAR"].astype(int).astype(str), format="%Y")
        return Panel.from_frame(
            pd.DataFrame({"ds": years, "sunspots": table["SUNACTIVITY"]}), shape="wide", freq="YS-JAN"
        )
