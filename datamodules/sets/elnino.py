"""Monthly sea surface temperature where El Niño shows."""

import numpy as np
import pandas as pd

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class ElNino(Dataset):
    """Monthly sea surface temperature off Peru (Niño 1+2), 1950 to 2010: one series with a yearly season."""

    source = "NOAA National Weather Service, ERSST.V3B; in statsmodels.datasets.elnino"
    licence = "public domain"
    seasonality = 12

    def load(self) -> Panel:
        """The panel of the one series ``elnino``, in degrees Celsius."""
        from statsmodels.datasets import elnino

        table = elnino.load_pandas().data  # a row a year, a column a month
        first = np.datetime64(f"{int(table['YEAR'].iloc[0])}-01", "M")
        values = table.drop(columns="YEAR").to_numpy().reshape(-1)
        months = (first + np.arange(len(values))).astype("datetime64[s]")
        return Panel.from_frame(pd.DataFrame({"ds": months, "elnino": values}), shape="wide", freq="MS")
