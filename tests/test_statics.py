import pandas as pd
import polars as pl
import pytest

from datamodules.errors import InputError
from datamodules.panel import Panel
from datamodules.readers import load, source

LONG = pd.DataFrame({"unique_id": ["b", "a", "a"], "ds": [1, 1, 2], "y": [1.0, 2.0, 3.0], "size": 9})
STATIC = pd.DataFrame({"unique_id": ["c", "a", "b"], "region": ["S", "N", "S"], "kind": [1, 2, 1]})


def panel(static_table: object = STATIC, frame: pd.DataFrame = LONG, **options) -> Panel:
    return Panel.from_frame(frame, static_table=static_table, freq=1, **options)


def test_all_columns_of_a_static_table_are_static():
    found = panel()
    assert found.columns.static == ("region", "kind")
    assert found.categories == {"region": ("N", "S")}
    assert found.static.tolist() == [[0, 2], [1, 1]]


def test_static_columns_may_stand_in_both_tables():
    found = panel(static=["kind", "size"], categories=["kind"])
    assert found.columns.static == ("size", "kind")
    assert found.static.tolist() == [[9, 1], [9, 0]]
    assert found.categories == {"kind": ("1", "2")}


def test_a_static_table_may_be_polars_and_go_with_any_shape():
    wide = LONG.pivot(index="ds", columns="unique_id", values="y").reset_index()
    assert panel(pl.from_pandas(STATIC), wide, shape="wide").static.tolist() == panel().static.tolist()
    rows = pd.DataFrame([["a", 1, 2], ["b", 3, 4]], columns=["name", "1", "2"])
    assert panel(STATIC, rows, shape="rows").static.tolist() == panel().static.tolist()


@pytest.mark.parametrize(
    ("table", "options", "sentence"),
    [
        (STATIC.head(1), {}, r"series 'a' \(and 1 more series\) is missing in the static table"),
        (STATIC.iloc[[1, 2, 1]], {}, "series 'a' stands twice in the static table, in row 0 and row 2"),
        (STATIC.head(0), {}, "static table is empty"),
        (STATIC[["unique_id"]], {}, "only the column 'unique_id'"),
        (STATIC.set_axis(["unique_id", "kind", "kind"], axis=1), {}, "'kind' stands twice in the static table"),
        (STATIC, {"static": ["regoin"]}, "column 'regoin' is missing"),
        (STATIC.assign(kind=["1", "x", "2"]), {}, "column 'kind' holds text 'x' in row 1"),
        (STATIC.assign(size=1), {"known": ["size"]}, "'size' of the static table is named with known as well"),
        (STATIC.assign(y=1), {}, "'y' of the static table is named with target as well"),
    ],
)
def test_a_bad_static_table_is_refused_in_a_sentence(table, options, sentence):
    with pytest.raises(InputError, match=sentence):
        panel(table, **options)


def test_a_static_table_is_read_from_a_file(tmp_path):
    LONG.rename(columns={"unique_id": "shop"}).to_csv(tmp_path / "data.csv", index=False)
    STATIC.rename(columns={"unique_id": "shop"}).to_csv(tmp_path / "shops.csv", index=False)
    path = str(tmp_path / "shops.csv")
    found = load(tmp_path / "data.csv", id="shop", target="y", static=["region"], static_table=path)
    assert found.static.tolist() == [[0], [1]]
    assert source(tmp_path / "data.csv", id="shop", target="y", static_table=path).panel().n_series == 2
