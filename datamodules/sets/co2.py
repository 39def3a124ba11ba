"""Weekly carbon dioxide in the air of Mauna Loa."""

from datamodules.panel import Panel
from datamodules.sets.dataset import Dataset


class CO2(Dataset):
    """Weekly CO2 at Mauna Loa, 1958 to 2001: one series with trend, yearly season and 59 missing weeks."""

    source = "C. D. Keeling and T. P. Whorf (2004), CDIAC; in statsmodels.datasets.co2"
    licence = "public domain"
    seasonality = 52

    def load(self) -> Panel:
        """The panel of the one series ``co2``, in parts per million."""
        from statsmodels.datasets import co2

        frame = co2.load_pandas().data
        return Panel.from_frame(frame.rename_axis("ds").reset_index(), shape="wide", freq="W-SAT")
