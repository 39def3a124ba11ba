"""Quarterly overnight trips in Australia."""

from datamodules.base import Borders
from datamodules.panel import Panel
from datamodules.readers import files as read_files
from datamodules.sets.dataset import Downloaded
from datamodules.sets.download import github


class Tourism(Downloaded):
    """Quarterly trips in Australia, 1998 to 2017: 304 series by region, state and purpose (download, 1.4 MB)."""

    source = "Tourism Research Australia, in the R package tsibble; github.com/skforecast/skforecast-datasets"
    licence = "BSD-3 (skforecast-datasets)"
    seasonality = 4
    standard_borders = Borders("steps", 8, 8)
    files = (
        github(
            "skforecast/skforecast-datasets",
            "f8c3d7fe5ec41ef86f93e969c31ec4b469b7c949",
            "data/australia_tourism.csv",
            "sha256:201d2c40d370fb5a32b8b587d1f5785d395ff3a4d66f2617dbceae2018675808",
        ),
    )

    def load(self) -> Panel:
        """The panel of trips in thousands; region, state and purpose of each series are static categories."""
        table = read_files(self.paths(), shape="long", id="Region", time="date_time", target="Trips").table
        names = table["Region"] + " / " + table["Purpose"]
        return Panel.from_frame(
            table.assign(unique_id=names),
            time="date_time",
            target="Trips",
            static=("Region", "State", "Purpose"),
            freq="QS-JAN",
        )
