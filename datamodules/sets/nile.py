"""Yearly flow of the Nile."""

import pandas as pd

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class Nile(Dataset):
    """Yearly flow of the Nile at Aswan, 1871 to 1970: one series whose level falls in 1899 and stays low."""

    source = "G. W. Cobb (1978), Biometrika 65.2; in statsmodels.datasets.nile"
    licence = "public domain"
    seasonality = 1

    def load(self) -> Panel:
        """The panel of the one series ``nile``, in 10^8 cubic metres."""
        from statsmodels.datasets import nile

        table = nile.load_pandas().data
        years = pd.to_datetime(table["year"].astype(int).astype(str), format="%Y")
        return Panel.from_frame(pd.DataFrame({"ds": years, "nile": table["volume"]}), shape="wide", freq="YS-JAN")
