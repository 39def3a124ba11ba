"""Quarterly interest and inflation in Germany."""

import pandas as pd

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class InterestInflation(Dataset):
    """Quarterly interest rate and inflation of Germany, 1972 to 1998: one series with two targets."""

    source = "H. Lütkepohl and M. Krätzig, JMulTi, e6.dat; in statsmodels.datasets.interest_inflation"
    licence = "none said; free with statsmodels"
    seasonality = 4

    def load(self) -> Panel:
        """The panel of the series ``germany``: ``interest`` a year and ``inflation`` a quarter, both as fractions."""
        from statsmodels.datasets.interest_inflation import data as interest_inflation

        table = interest_inflation.load_pandas().data
        month = (table["quarter"] * 3 - 2).astype(int).astype(str)
        begins = pd.to_datetime(table["year"].astype(int).astype(str) + "-" + month, format="%Y-%m")
        frame = pd.DataFrame({"unique_id": "germany", "ds": begins, "interest": table["R"], "inflation": table["Dp"]})
        return Panel.from_frame(frame, target=("interest", "inflation"), freq="QS-JAN")
