"""What comes of a mapped panel, a chunk of series at a time, is what comes of the panel in memory."""

import numpy as np
import pandas as pd
import pytest

from datamodules.health import health, window_counts
from datamodules.large import packed
from datamodules.large.packed import gathered
from datamodules.window import Dims
from forecast.backtest import backtest
from forecast.baselines.naive import Drift, SeasonalNaive
from forecast.baselines.theta import Theta
from forecast.models.linear import Linear
from forecast.neural import NeuralForecaster


def never(panel):
    raise AssertionError("an array of a number a row of the whole panel")


@pytest.fixture
def both(make_panel, monkeypatch):
    monkeypatch.setattr(packed, "CHUNK_ROWS", 130)
    for name in ("observed", "series_of_row"):
        monkeypatch.setattr(packed.Packed, name, property(never))
    panel = make_panel([60, 75, 40, 90, 66], holes=0.05, late=[0, 5, 0, 2, 9], past=1, known=1, static=1)
    mapped = gathered(panel.select(np.array([one])) for one in range(panel.n_series))
    assert len(list(mapped.chunks())) == 4
    return panel, mapped


def plain(table):
    return table.astype({name: str for name in ("model", "unique_id", "target") if name in table})


@pytest.mark.parametrize("window", [0, 30])
def test_backtest_is_the_same_to_the_digits_of_float32(both, window):
    results = []
    for panel in both:
        network = NeuralForecaster(Linear(Dims(12, 4, 1, 1, 1, 1), lr=1e-2), max_steps=20, batch_size=16)
        forecasters = [network, SeasonalNaive(), Drift(), Theta()]
        results.append(backtest(panel, forecasters, horizon=4, folds=3, levels=(0.1, 0.9), window=window, inside=3))
    one, other = results
    assert (one.runs["error"] == "").all()
    assert other.runs[["error", "note", "windows", "dropped"]].equals(one.runs[["error", "note", "windows", "dropped"]])
    pd.testing.assert_frame_equal(plain(one.table), plain(other.table), rtol=1e-3)
    within = [plain(each.inside).sort_values(["part", "unique_id", "cutoff", "step"]) for each in results]
    pd.testing.assert_frame_equal(*(each.reset_index(drop=True) for each in within), rtol=1e-3)
    boards = [each.leaderboard().drop(columns=["fit_seconds", "predict_seconds", "bytes"]) for each in results]
    pd.testing.assert_frame_equal(*boards, rtol=1e-3)
    pd.testing.assert_frame_equal(plain(one.recent), plain(other.recent), rtol=1e-6)
    pd.testing.assert_frame_equal(one.health, other.health, rtol=1e-5)


def test_description_is_the_same(both):
    panel, mapped = both
    pd.testing.assert_frame_equal(health(panel), health(mapped), rtol=1e-5)
    sizes = {"context_length": 12, "horizon": 4}
    pd.testing.assert_frame_equal(window_counts(panel, **sizes), window_counts(mapped, **sizes))
