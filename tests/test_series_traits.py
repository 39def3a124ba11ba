"""What is known of each series at the first cutoff: nothing of what is forecast."""

import numpy as np
import pandas as pd
import pytest

from datamodules.panel import Panel
from forecast.evaluation.series_traits import series_traits


def make_panel(n=40, rows=30, seed=0, **columns):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat([f"s{index:02d}" for index in range(n)], rows),
            "ds": np.tile(pd.date_range("2024-01-01", periods=rows), n),
            "y": rng.normal(0, 1, n * rows) * np.repeat(np.arange(1, n + 1), rows) + 5,
        }
    )
    for name, values in columns.items():
        frame[name] = np.repeat(values, rows)
    return Panel.from_frame(frame, static=tuple(columns))


def test_level_and_volatility_are_their_formulas_on_the_history():
    panel = make_panel(n=3)
    found = series_traits(panel, 19, 7)
    for index, row in enumerate(found.itertuples()):
        y = panel.target[index * 30 : index * 30 + 20, 0]
        assert row.level == pytest.approx(np.abs(y).mean())
        assert row.volatility == pytest.approx(np.std(y[7:] - y[:-7]) / np.abs(y).mean())


def test_nothing_after_the_first_cutoff_moves_a_number():
    panel = make_panel(region=["north", "south"] * 20)
    other = panel.to_frame()
    other.loc[other["ds"] > "2024-01-20", "y"] = 1e6
    changed = Panel.from_frame(other, static=("region",))
    pd.testing.assert_frame_equal(series_traits(panel, 19, 7), series_traits(changed, 19, 7))


def test_deciles_have_equally_many_series_and_the_lowest_first():
    found = series_traits(make_panel(), 29, 7)
    assert found["level_decile"].value_counts().to_dict() == {f"{number} of 10": 4 for number in range(1, 11)}
    means = found.groupby("level_decile")["level"].mean()
    assert means.idxmin() == "1 of 10"
    assert means.idxmax() == "10 of 10"


@pytest.mark.parametrize(("n", "bins"), [(29, 9), (7, 2), (6, 2), (5, 0), (1, 0)])
def test_few_series_have_fewer_bins_and_say_so(n, bins):
    found = set(series_traits(make_panel(n=n), 29, 7)["level_decile"])
    assert found == ({f"{number} of {bins}" for number in range(1, bins + 1)} or {""})


def test_equal_series_share_a_bin():
    panel = Panel.from_frame(make_panel().to_frame().assign(y=3.0))
    found = series_traits(panel, 29, 7)
    assert found["level_decile"].nunique() == 1
    assert (found["volatility"] == 0).all()


def test_targets_have_deciles_of_their_own():
    frame = make_panel().to_frame()
    panel = Panel.from_frame(frame.assign(z=frame["y"] * 1000), target=("y", "z"))
    found = series_traits(panel, 29, 7)
    first, second = (found[found["target"] == name].reset_index(drop=True) for name in ("y", "z"))
    assert first["level_decile"].tolist() == second["level_decile"].tolist()
    assert second["level"].tolist() == pytest.approx((first["level"] * 1000).tolist())


def test_what_is_not_known_is_nan_and_in_no_bin():
    frame = make_panel(n=8).to_frame()
    late = (frame["unique_id"] == "s03") & (frame["ds"] < "2024-01-25")
    lost = (frame["unique_id"] == "s05") & (frame["ds"] < "2024-01-12")  # nine values up to the cutoff, two pairs
    zero = frame["unique_id"] == "s06"
    frame = frame.assign(y=frame["y"].mask(lost).mask(zero, 0.0))[~late]
    found = series_traits(Panel.from_frame(frame), 19, 7).set_index("unique_id")
    assert found.loc["s03", ["level", "volatility"]].isna().all()
    assert found.loc["s03", "level_decile"] == ""
    assert np.isfinite(found.loc["s05", "volatility"])
    assert found.loc["s06", ["level", "volatility"]].tolist() == [0, 0]
    assert found.loc["s00", "level_decile"].endswith("of 2")


def test_static_columns_are_texts():
    values = {
        "region": ["north", None, "south", "north"] * 10,
        "size": [1.0, 2.5, np.nan, 1.0] * 10,
        "age": np.arange(40.0),
        "month": ["a", "b"] * 20,
        "level": [1, 2] * 20,
    }
    found = series_traits(make_panel(**values), 29, 7)
    assert found.columns.tolist()[2:7] == ["region", "size", "age", "static month", "static level"]
    assert found["region"].tolist()[:3] == ["north", "", "south"]
    assert found["size"].tolist()[:3] == ["1", "2.5", ""]
    assert found["age"].unique().tolist() == [f"{low} to {low + 3}" for low in range(0, 40, 4)]
    assert found["level"].dtype == np.float64


def test_panel_in_pieces_has_the_same_traits(monkeypatch, tmp_path):
    from datamodules.large import packed
    from datamodules.large.packed import gathered

    panel = make_panel(n=12, region=["north", "south"] * 6)
    large = gathered([panel])
    monkeypatch.setattr(packed, "CHUNK_ROWS", 90)
    assert len(list(large.chunks())) == 4
    pd.testing.assert_frame_equal(series_traits(large, 19, 7), series_traits(panel, 19, 7), rtol=1e-6)
