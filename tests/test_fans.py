"""Forecasts in blocks: what the page unpacks is what the table says, gaps and own cutoffs included."""

import json

import numpy as np
import pytest
from report_pages import FOLDS, HISTORY, HORIZON, make_result, unpacked

from forecast.report.fans import fans
from forecast.report.render import render
from forecast.report.styles import styles


@pytest.fixture(scope="module")
def result():
    return make_result()


def decoded(described, blocks, models):
    """By series: its first stamp, history (D, A), cutoffs and forecasts (D, M, F, C, H), as the page reads them."""
    found = {}
    for block in blocks:
        head, _, planes = block.partition(b"\n")
        high, low = np.frombuffer(planes, np.uint8).reshape(2, -1).astype(np.int64)
        codes = np.cumsum((high << 8) | low).astype(np.int16).astype(float)
        told = np.where(codes == -32768, np.nan, (codes + described["finest"] // 2) / described["finest"])
        for one in json.loads(head):
            targets, steps = len(described["targets"]), len(described["at"][0])
            shape = (targets, models, len(one["folds"]), 1 + 2 * len(described["intervals"]), steps)
            history, told = np.split(told, [targets * one["length"]])
            forecast, told = np.split(told, [int(np.prod(shape))])
            (least, span), (floor, reach) = (
                np.moveaxis(np.array(one[name]), -1, 0) for name in ("history", "forecast")
            )
            past = least[:, None] + history.reshape(targets, -1) * span[:, None]
            ahead = floor[..., None, None, None] + forecast.reshape(shape) * reach[..., None, None, None]
            found[described["series"][len(found)]] = (one["begin"], past, one["folds"], ahead)
        assert not len(told)
    return found


@pytest.mark.parametrize("precision", [65534, 4094])
def test_unpacked_forecasts_equal_the_table(result, precision, monkeypatch):
    monkeypatch.setattr("forecast.report.blocks._A_BLOCK", 3000)  # two series in the first block
    monkeypatch.setattr("forecast.report.blocks._MANY", 1_000_000 if precision > 5000 else 1)
    names = [look.name for look in styles(result.runs, result.table)]
    described, blocks = fans(result.table, result.recent, names)
    series = described["series"][1]
    begin, history, folds, forecast = decoded(described, blocks, len(names))[series]
    assert described["finest"] == precision
    rows = result.table.query("model == 'LSTM' and seed == 0")
    rows = rows[(rows["unique_id"] == series) & (rows["cutoff"] == rows["cutoff"].max())].sort_values("step")
    told = forecast[0, names.index("LSTM"), 2]
    assert folds == [0, 1, 2]
    assert pytest.approx(told, abs=np.ptp(told) * 4 / precision) == rows[["mean", "q0.1", "q0.9"]].to_numpy().T
    assert [described["axis"][at] for at in described["at"][2]] == rows["time"].dt.strftime("%Y-%m-%d").tolist()
    known = result.recent.query("unique_id == @series")["y"].to_numpy()
    assert begin == 0
    assert history[0] == pytest.approx(known, abs=np.ptp(known) / precision)


def test_unobserved_and_absent_values_are_gaps():
    result = make_result(series=("a", "b"), freq=1)
    table = result.table[(result.table["unique_id"] == "a") | (result.table["model"] != "LSTM")]
    names = ["LSTM", *sorted(set(result.runs["model"]) - {"LSTM"})]
    described, blocks = fans(table, result.recent.assign(y=np.nan), names)
    found = decoded(described, blocks, len(names))
    assert np.isnan(found["b"][3][0, 0]).all()  # LSTM did not forecast b
    assert np.isfinite(found["a"][3][0, 0]).all()
    assert found["a"][0] == HISTORY  # nothing observed before the first cutoff; what came is in the table
    assert found["a"][1].shape == (1, FOLDS * HORIZON)
    assert described["axis"][0] == 500


def test_series_that_end_at_different_times_have_their_own_cutoffs():
    result = make_result(series=("a", "b"), freq=1, seeds=(0,))
    ended = result.table["cutoff"] < result.table["cutoff"].max()
    table = result.table[ended | (result.table["unique_id"] == "a")]
    described, blocks = fans(table, result.recent, names := [look.name for look in styles(result.runs, result.table)])
    found = decoded(described, blocks, len(names))
    assert [found[name][2] for name in "ab"] == [[0, 1, 2], [0, 1]]
    assert found["b"][3].shape[2] == 2


def test_large_panels_keep_every_series_and_say_that_cutoffs_are_left_out(monkeypatch):
    monkeypatch.setattr("forecast.report.fans._MOST_NUMBERS", 3 * 8 * 2 * HORIZON * 9)
    page = render(make_result(series=[f"s{number:02d}" for number in range(9)], seeds=(0,)))
    shown = json.loads(unpacked(page, "packed-data"))["fans"]
    assert len(shown["series"]) == 9
    assert len(shown["cutoffs"]) == 2  # the first and the last
    assert "9 of 9 series with some of their cutoffs" in page


def test_huge_panels_show_evenly_spaced_series_and_say_so(monkeypatch):
    monkeypatch.setattr("forecast.report.fans._MOST_NUMBERS", 3 * 8 * HORIZON * 4)
    page = render(make_result(series=[f"s{number:02d}" for number in range(9)], seeds=(0,)))
    shown = json.loads(unpacked(page, "packed-data"))["fans"]
    assert shown["series"] == ["s00", "s03", "s05", "s08"]
    assert "4 of 9 series" in page
