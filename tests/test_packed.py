"""A panel that is mapped from files and comes into memory some series at a time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from datamodules.base import Borders, PanelData
from datamodules.errors import InputError
from datamodules.features import Features
from datamodules.index import windows_in
from datamodules.inputs import Inputs
from datamodules.large import packed
from datamodules.large.packed import gathered
from datamodules.large.spool import Spool
from datamodules.preparation import Preparation
from datamodules.split import by_steps

ARRAYS = ("ids", "start", "offsets", "target", "past", "known", "static", "last_rows")


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(packed, "CHUNK_ROWS", 70)


@pytest.fixture
def both(make_panel):
    """Makes a panel in memory, of numbers that a float32 holds, and the same panel in files."""

    def make(lengths=(30, 45, 20, 90, 33), **options):
        panel = make_panel(lengths, **options)
        exact = {
            name: getattr(panel, name).astype(np.float32).astype(np.float64) for name in ("target", "past", "known")
        }
        panel = replace(panel, **exact)
        return panel, gathered(panel.select(np.array([one])) for one in range(panel.n_series))

    return make


def same(one, other):
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.complete == other.complete


def test_chunks_are_whole_series_within_their_room_or_one_longer(both):
    panel, mapped = both()
    chunks = list(mapped.chunks())
    assert [chunk.panel.lengths.tolist() for chunk in chunks] == [[30], [45, 20], [90], [33]]
    assert [chunk.row for chunk in chunks] == [0, 30, 95, 185]
    for chunk in chunks:
        same(chunk.panel, panel.select(np.arange(chunk.series, chunk.series + chunk.panel.n_series)))
        assert type(chunk.panel.target) is np.ndarray
        assert chunk.panel.target.dtype == np.float64


@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_packed_panel_answers_as_the_one_in_memory(both, holes):
    panel, mapped = both(past=1, known=2, static=1, targets=2, holes=holes)
    same(panel, mapped)
    cutoffs, since = np.array([12, -1, 80, 150, 200]), np.array([0, 30, 78, 100, 190])
    same(panel.until(cutoffs), mapped.until(cutoffs))
    same(panel.until(cutoffs, since), mapped.until(cutoffs, since))
    same(panel.select(np.array([3, 0, 4])), mapped.select(np.array([3, 0, 4])))
    before, after = np.array([0, 3, 0, 1, 0]), np.array([2, 0, 0, 1, 0])
    same(panel.extend(before, after), mapped.extend(before, after))


def test_packed_panel_cannot_be_written_to(both):
    mapped = both()[1]
    for panel in (mapped, mapped.until(mapped.last_rows - 3)):
        with pytest.raises(ValueError, match="read-only"):
            panel.target[0] = 1.0
        assert (
            panel.target.base.readonly if hasattr(panel.target.base, "readonly") else not panel.target.flags.writeable
        )


def test_rows_after_a_cutoff_are_in_no_byte_of_the_copy(both):
    panel, mapped = both(past=1)
    cutoffs = panel.last_rows - 5
    other = replace(
        panel,
        target=np.where(
            np.arange(len(panel.target))[:, None] > cutoffs[panel.series_of_row][:, None], 1e6, panel.target
        ),
    )
    changed = gathered(other.select(np.array([one])) for one in range(other.n_series))
    assert mapped.until(cutoffs).fingerprint() == changed.until(cutoffs).fingerprint()


@pytest.mark.parametrize("holes", [0.0, 0.4])
@pytest.mark.parametrize("stride", [1, 3])
def test_windows_of_a_packed_panel_are_those_of_the_one_in_memory(both, holes, stride):
    panel, mapped = both(holes=holes, targets=2)
    part = by_steps(panel, validation=6, gap=1).train
    one, other = (windows_in(each, part, context_length=5, horizon=2, stride=stride) for each in (panel, mapped))
    assert one.rows.tolist() == other.rows.tolist()
    assert one.dropped == other.dropped
    assert one.at(np.arange(len(one))).tolist() == one.rows.tolist()


@pytest.mark.parametrize(
    ("prepare", "options"),
    [
        (Preparation(), {}),
        (Preparation(), {"holes": 0.3}),
        (Preparation(), {"past": 1, "known": 2, "static": 1}),
        (Preparation(scaling="standard"), {}),
        (Preparation(scaling="minmax", transform="boxcox"), {}),
        (Preparation(features=Features(calendar=("hour",), lags=(2,))), {"holes": 0.1}),
    ],
    ids=["as it is", "holes", "covariates", "scaled", "transformed", "features"],
)
def test_batches_of_a_packed_panel_are_those_of_the_one_in_memory(both, monkeypatch, prepare, options):
    if prepare.scaling != "none":
        monkeypatch.setattr(packed, "SAMPLE_ROWS", 100)  # what belongs to a series is learnt from that series
    data = [
        PanelData(
            panel,
            context_length=6,
            horizon=2,
            batch_size=7,
            borders=Borders(by="steps", validation=5, test=0),
            prepare=prepare,
        )
        for panel in both(**options)
    ]
    assert data[0].dims == data[1].dims
    for one, other in zip(data[0].train_dataloader(), data[1].train_dataloader(), strict=True):
        for left, right in zip(flat(one), flat(other), strict=True):
            torch.testing.assert_close(left, right, rtol=1e-6, atol=1e-6)


def flat(window):
    return [*window.context[:-1], *window.context.units, *window[1:]]


def test_panel_that_a_network_sees_as_it_is_is_not_copied(both):
    mapped = both()[1]
    laid = Inputs.untouched(mapped, context_length=4, horizon=2).lay(mapped, complete=True)
    assert laid.store.target.data_ptr() == mapped.target.ctypes.data


def test_sample_of_a_packed_panel_moves_the_part_along(both, monkeypatch):
    panel, mapped = both()
    monkeypatch.setattr(packed, "SAMPLE_ROWS", 100)
    part = by_steps(mapped, validation=4).train
    some, own = packed.sampled(mapped, part)
    assert 0 < len(some.target) <= 100
    places = np.searchsorted(panel.ids, some.ids)
    np.testing.assert_array_equal(own.stop - own.begin, (part.stop - part.begin)[places])
    np.testing.assert_array_equal(some.target[own.begin], panel.target[part.begin[places]])


def test_full_disk_is_said_in_a_sentence():
    class Full:
        def tofile(self, file):
            raise OSError(28, "No space left on device")

    spool = Spool()
    with pytest.raises(InputError, match="has no room"):
        _append(spool, Full())


def _append(spool, array):
    import unittest.mock

    with unittest.mock.patch("numpy.ascontiguousarray", return_value=array):
        spool.append(np.zeros((2, 1)))
