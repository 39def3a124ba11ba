"""Fewer windows than there are, recent or random: nested, counted, and the same for a packed store."""

from dataclasses import replace

import numpy as np
import pytest

from datamodules.base import Borders, PanelData
from datamodules.drawn import drawn
from datamodules.errors import InputError
from datamodules.index import windows_in
from datamodules.large import packed
from datamodules.preparation import Preparation
from datamodules.split import Part


def everything(panel):
    return Part(panel.offsets[:-1], panel.offsets[1:])


def index_of(panel, stride=1):
    return windows_in(panel, everything(panel), context_length=4, horizon=2, stride=stride)


def positions(panel, index):
    series = panel.series_of_row[index.rows]
    return index.rows - panel.offsets[series] + panel.start[series]


@pytest.fixture(params=[0.0, 0.3], ids=["whole", "holes"])
def panel(request, make_panel):
    return make_panel([60, 45, 52], holes=request.param, late=[0, 9, 30])


@pytest.mark.parametrize("draw", ["recent", "random"])
@pytest.mark.parametrize("stride", [1, 3])
def test_fewer_are_a_subset_of_more_and_all_are_among_those_there_are(panel, draw, stride):
    index = index_of(panel, stride)
    before: set[int] = set()
    for windows in (1, 2, 7, 20, len(index) - 1, len(index)):
        found = drawn(index, panel, windows=windows, draw=draw)
        rows = set(found.rows.tolist())
        assert len(found) == len(found.rows) == len(rows) == windows
        assert before <= rows <= set(index.rows.tolist())
        assert (np.diff(found.rows) > 0).all()
        np.testing.assert_array_equal(found.at(np.arange(windows)), found.rows)
        before = rows


def test_recent_are_the_latest_by_the_clock_and_of_equal_ones_those_of_the_first_series(panel):
    index = index_of(panel)
    at = positions(panel, index)
    latest_first = np.lexsort([panel.series_of_row[index.rows], -at])
    for windows in range(1, len(index)):
        found = drawn(index, panel, windows=windows)
        assert found.rows.tolist() == sorted(index.rows[latest_first[:windows]].tolist())


def test_random_ones_follow_from_the_seed_and_come_from_everywhere(make_panel):
    panel = make_panel([400, 400])
    index = index_of(panel)
    same, again, other = (drawn(index, panel, windows=100, draw="random", seed=seed).rows for seed in (3, 3, 4))
    np.testing.assert_array_equal(same, again)
    assert 5 < len(np.intersect1d(same, other)) < 40
    quarters = np.bincount(same * 4 // 800, minlength=4)
    assert quarters.min() > 12


def test_those_left_out_are_counted_under_a_reason_of_their_own(panel):
    index = index_of(panel)
    recent, random = (drawn(index, panel, windows=10, draw=draw) for draw in ("recent", "random"))
    assert recent.dropped == {**index.dropped, "older than the 10 most recent": len(index) - 10}
    assert random.dropped == {**index.dropped, "not among the 10 drawn": len(index) - 10}


@pytest.mark.parametrize("windows", [0, None])
def test_all_of_them_are_the_index_itself(panel, windows):
    index = index_of(panel)
    assert drawn(index, panel, windows=len(index) if windows is None else windows, draw="random") is index


def test_more_than_there_are_is_refused_with_the_number_there_is(panel):
    index = index_of(panel)
    with pytest.raises(InputError, match=f"windows is 5000; there are {len(index)} windows to train on"):
        drawn(index, panel, windows=5000)
    with pytest.raises(InputError, match="draw 'recnt' is not known; did you mean 'recent'"):
        drawn(index, panel, windows=5, draw="recnt")


@pytest.mark.parametrize("draw", ["recent", "random"])
def test_training_batches_hold_exactly_those(make_panel, draw):
    panel = make_panel([60, 45])
    options = {"context_length": 6, "horizon": 2, "batch_size": 8, "borders": Borders("steps", 8, 0), "draw": draw}
    data = PanelData(panel, **options, windows=20, seed=1)
    seen = [row for window in data.train_dataloader() for row in window.cutoff.flatten().tolist()]
    assert sorted(seen) == data.train_windows.rows.tolist()
    assert len(seen) == 20
    assert data.train_windows.rows.max() < 60 + 45 - 8 - 2
    held_out = PanelData(panel, **options)
    np.testing.assert_array_equal(
        data.windows(data.split.validation).rows, held_out.windows(held_out.split.validation).rows
    )
    with pytest.raises(InputError, match="windows is 999; there are 75 windows"):
        PanelData(panel, **options, windows=999).train_dataloader()


@pytest.mark.parametrize("draw", ["recent", "random"])
@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_a_packed_store_draws_the_same_windows(make_panel, monkeypatch, draw, holes):
    monkeypatch.setattr(packed, "CHUNK_ROWS", 50)
    panel = make_panel([60, 45], holes=holes, late=[0, 5])
    mapped = packed.gathered(panel.select(np.array([one])) for one in range(2))
    options = {"context_length": 6, "horizon": 2, "windows": 20, "draw": draw}
    rows = [PanelData(one, **options).train_windows.rows for one in (panel, mapped)]
    np.testing.assert_array_equal(*rows)


@pytest.mark.parametrize("option", [{"windows": -1}, {"draw": "latest"}])
def test_options_out_of_range_are_refused(make_panel, option):
    with pytest.raises(InputError, match=next(iter(option))):
        PanelData(make_panel(), **option)


def test_windows_of_padded_series_are_drawn_by_their_own_stamps(make_panel):
    panel = make_panel([60, 7], late=[0, 53])
    data = PanelData(
        panel,
        context_length=6,
        horizon=2,
        borders=Borders("steps", 0, 0),
        prepare=Preparation(short="pad"),
        windows=4,
    )
    laid = data.laid.panel
    assert sorted(laid.series_of_row[data.train_windows.rows].tolist()) == [0, 0, 1, 1]


def test_without_any_window_it_is_said_what_they_lack(make_panel):
    panel = make_panel([60])
    bare = replace(panel, target=np.where(np.arange(60)[:, None] == 30, 1.0, np.nan))
    for windows in (0, 5):
        with pytest.raises(InputError, match=r"'series 0' has 23 rows to train on, but no window of context_length 6 "):
            PanelData(bare, context_length=6, horizon=2, windows=windows).train_dataloader()
