import numpy as np
import pandas as pd

from datamodules.covariate_health import covariate_health
from datamodules.panel import Panel


def frame() -> pd.DataFrame:
    days = pd.date_range("2024-01-01", periods=4)
    return pd.DataFrame(
        {
            "ds": days,
            "y": [1.0, 2.0, 3.0, None],
            "wind": [1.0, None, 4.0, None],
            "sky": ["rain", "clear", None, "hail"],
            "size": 7.0,
        }
    )


def test_covariates_are_described_by_role_and_kind():
    panel = Panel.from_frame(frame(), past=["wind"], known=["sky"], static=["size"])
    table = covariate_health(panel).set_index("column")
    assert table["role"].to_dict() == {"wind": "past", "sky": "known", "size": "static"}
    assert table["kind"].to_dict() == {"wind": "number", "sky": "categories", "size": "number"}
    assert table["cells"].to_dict() == {"wind": 3, "sky": 4, "size": 1}
    assert table["missing"].to_dict() == {"wind": 1, "sky": 1, "size": 0}
    assert table.loc["sky", "categories"] == "3: clear, hail, rain"
    assert table.loc["wind", ["min", "mean", "max"]].tolist() == [1.0, 2.5, 4.0]
    assert np.isnan(table.loc["sky", "mean"])


def test_no_covariates_have_no_rows():
    assert covariate_health(Panel.from_frame(frame()[["ds", "y"]])).empty


def test_long_lists_of_categories_are_cut():
    many = (
        frame().assign(sky=["a", "b", "c", "d"], kind=list("wxyz")).merge(pd.DataFrame({"part": range(2)}), how="cross")
    )
    many["unique_id"] = many.pop("part").astype(str)
    many["code"] = np.arange(8)
    panel = Panel.from_frame(many, known=["code"], categories=["code"])
    assert covariate_health(panel)["categories"].tolist() == ["8: 0, 1, 2, 3, 4, 5 ..."]
