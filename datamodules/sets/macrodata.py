"""Quarterly figures of the economy of the United States."""

import pandas as pd

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class Macrodata(Dataset):
    """Quarterly economy of the United States, 1959 to 2009: twelve series, from gross domestic product to inflation."""

    source = "Federal Reserve Bank of St. Louis and Bureau of Labor Statistics; in statsmodels.datasets.macrodata"
    licence = "public domain"
    seasonality = 4

    def load(self) -> Panel:
        """The panel of the twelve series under their short names, such as ``realgdp``."""
        from statsmodels.datasets import macrodata

        table = macrodata.load_pandas().data
        month = (table["quarter"] * 3 - 2).astype(int).astype(str)
        begins = pd.to_datetime(table["year"].astype(int).astype(str) + "-" + month, format="%Y-%m")
        series = table.drop(columns=["year", "quarter"])
        return Panel.from_frame(series.assign(ds=begins), shape="wide", freq="QS-JAN")
