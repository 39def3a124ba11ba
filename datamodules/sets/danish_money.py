"""Quarterly money demand of Denmark."""

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class DanishMoney(Dataset):
    """Quarterly money, income, prices and interest of Denmark, 1974 to 1987: five short series that move together."""

    source = (
        "S. Johansen and K. Juselius (1990), Oxford Bulletin of Economics 52.2; in statsmodels.datasets.danish_data"
    )
    licence = "public domain"
    seasonality = 4

    def load(self) -> Panel:
        """The panel of the five series under their short names, such as ``lrm``, the logarithm of real money."""
        from statsmodels.datasets.danish_data import data as danish_data

        table = danish_data.load_pandas().data
        return Panel.from_frame(table.rename_axis("ds").reset_index(), shape="wide", freq="QS-JAN")
