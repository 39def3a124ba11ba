"""Monthly turnover of those who make electrical equipment."""

import pandas as pd

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class ElecEquip(Dataset):
    """Monthly turnover of electrical equipment in the euro area, 1995 to 2016: one series with a yearly season."""

    source = "Eurostat, STS.M.I7.W.TOVT.NS0016.4.000; in statsmodels.datasets.elec_equip"
    licence = "public domain"
    seasonality = 12

    def load(self) -> Panel:
        """The panel of the one series ``elec_equip``, an index that is adjusted for working days, not for seasons."""
        from statsmodels.datasets.elec_equip import data as elec_equip

        table = elec_equip.load_pandas().data
        return Panel.from_frame(
            pd.DataFrame({"ds": table.index, "elec_equip": table.iloc[:, 0].to_numpy()}), shape="wide", freq="MS"
        )
