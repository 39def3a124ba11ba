import numpy as np
import pandas as pd
import pytest

from datamodules.errors import InputError
from datamodules.readers import load, source


def days(name: str, first: str, values: list[float], **columns) -> pd.DataFrame:
    stamps = pd.date_range(first, periods=len(values))
    return pd.DataFrame({"shop": name, "ds": stamps, "y": values, **columns})


@pytest.fixture(params=["csv", "parquet"])
def store(request, tmp_path):
    """Writes tables below a folder, as CSV or as Parquet."""

    def to_files(**tables: pd.DataFrame):
        for name, table in tables.items():
            path = tmp_path / "data" / f"{name}.{request.param}"
            path.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(path, index=False) if request.param == "csv" else table.to_parquet(path)
        return tmp_path / "data"

    return to_files


def test_a_folder_is_all_its_files_with_their_partitions_as_columns(store):
    folder = store(
        **{"region=NSW/part-0": days("a", "2024-01-01", [1, 2]), "region=V%20C/part-0": days("b", "2024-01-02", [3])}
    )
    panel = load(folder, id="shop", static=["region"])
    assert panel.ids.tolist() == ["a", "b"]
    assert panel.categories == {"region": ("NSW", "V C")}
    np.testing.assert_array_equal(panel.target[:, 0], [1, 2, 3])


def test_partitions_name_series_as_they_are_written(store):
    folder = store(
        **{
            "shop=007/x": days("", "2024-01-01", [1]).drop(columns="shop"),
            "shop=7/x": days("", "2024-01-01", [2]).drop(columns="shop"),
        }
    )
    assert load(folder, id="shop", freq="D").ids.tolist() == ["007", "7"]


def test_hidden_files_and_other_endings_are_left_out(store):
    folder = store(a=days("a", "2024-01-01", [1, 2]))
    (folder / ".hidden.csv").write_text("x")
    (folder / "_started.parquet").write_text("x")
    (folder / "README.md").write_text("x")
    assert load(folder, id="shop").lengths.tolist() == [2]


def test_messages_name_the_file_of_a_folder(store):
    folder = store(a=days("a", "2024-01-01", [1.0, 2.0]), b=days("b", "2024-01-01", [1.0, np.inf]))
    with pytest.raises(InputError, match=r"column 'y' holds inf in (line 3|row 1) of .*b\.(csv|parquet)"):
        load(folder, id="shop")


def test_a_folder_of_several_kinds_or_of_none_is_refused(store, tmp_path):
    folder = store(a=days("a", "2024-01-01", [1, 2]))
    (folder / "more.jsonl").write_text('{"target": [1]}')
    with pytest.raises(InputError, match=r"holds files of several kinds: .*\.jsonl"):
        load(folder)
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no file that ends in"):
        load(tmp_path / "none")


def test_a_column_in_file_and_folder_is_refused(store):
    with pytest.raises(InputError, match=r"column 'shop' stands in .*x\.\w+ and in its folder's name"):
        load(store(**{"shop=b/x": days("a", "2024-01-01", [1, 2])}))


def test_a_later_file_may_hold_what_is_known_ahead_alone(store):
    first = days("a", "2024-01-01", [1, 2], plan=[0, 1], heat=[20, 21], size=3)
    folder = store(a=first, b=days("a", "2024-01-03", [0, 0], plan=[1, 0]).drop(columns="y"))
    paths = sorted(folder.iterdir())
    panel = load(paths, id="shop", target="y", known=["plan"], past=["heat"], static=["size"])
    np.testing.assert_array_equal(panel.known[:, 0], [0, 1, 1, 0])
    np.testing.assert_array_equal(panel.target[:, 0], [1, 2, np.nan, np.nan])
    assert (panel.last_rows.tolist(), panel.static.tolist()) == ([1], [[3]])
    with pytest.raises(InputError, match="differ in column 'heat'; expected the same columns"):
        load(paths, id="shop", target="y")


def test_a_later_file_must_have_what_is_known_ahead(store):
    folder = store(a=days("a", "2024-01-01", [1, 2], plan=[0, 1]), b=days("a", "2024-01-03", [0]))
    with pytest.raises(InputError, match="differ in column 'plan'"):
        load(folder, id="shop", target="y", known=["plan"])


def test_an_index_of_stamps_that_pandas_stored_is_a_column(tmp_path):
    stamps = pd.date_range("2024-01-01", periods=2)
    pd.DataFrame({"y": [1, 2]}, index=stamps).to_parquet(tmp_path / "a.parquet")
    pd.DataFrame({"y": [0, 1, 2], "ds": [stamps[0], *stamps]}).iloc[1:].to_parquet(tmp_path / "b.parquet")
    assert load(tmp_path / "a.parquet").fingerprint() == load(tmp_path / "b.parquet").fingerprint()


def test_files_that_say_different_frequencies_are_refused(tmp_path):
    for freq in ("h", "D"):
        text = f'{{"item_id": "{freq}", "start": "2024-01-01", "target": [1, 2], "freq": "{freq}"}}'
        (tmp_path / f"{freq}.jsonl").write_text(text)
    with pytest.raises(InputError, match="differ in freq: 'D' and 'h'"):
        load(tmp_path)
    assert source(tmp_path, freq="h").panel().n_series == 2
