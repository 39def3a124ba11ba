"""Values hidden on purpose: which, how many, and the same ones however the panel is cut."""

from dataclasses import replace

import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.holes import with_holes
from datamodules.large import packed
from datamodules.order import mixed


def hidden(panel, share):
    return panel.observed & ~with_holes(panel, share).observed


def test_the_stirred_bits_are_those_of_splitmix64():
    """The first outputs from the seed 1234567, as published with the generator's reference code."""
    steps = np.uint64(1234567) + np.arange(1, 4, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    assert mixed(steps).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_about_the_share_is_hidden_and_nothing_else_changes(make_panel, share):
    panel = make_panel([3000, 2000], targets=2, past=1, known=1, static=1, holes=0.2)
    holed = with_holes(panel, share)
    for column in range(2):
        seen = panel.observed[:, column]
        assert hidden(panel, share)[seen, column].mean() == pytest.approx(share, abs=0.03)
    kept = holed.observed
    np.testing.assert_array_equal(holed.target[kept], panel.target[kept])
    for name in ("ids", "start", "offsets", "past", "known", "static"):
        np.testing.assert_array_equal(getattr(holed, name), getattr(panel, name))
    targets = hidden(panel, share)[panel.observed.all(axis=1)]
    assert np.corrcoef(targets.T)[0, 1] == pytest.approx(0, abs=0.06)  # each target has its own


def test_a_larger_share_hides_what_a_smaller_one_does(make_panel):
    panel = make_panel([200])
    some, more = hidden(panel, 0.2), hidden(panel, 0.6)
    assert (more | ~some).all()
    assert more.sum() > some.sum()


def test_the_same_values_are_hidden_however_the_panel_is_cut(make_panel):
    panel = make_panel([60, 45, 50], late=[0, 5, 9])
    whole = with_holes(panel, 0.4)
    cutoffs, since = panel.offsets[:-1] + 30, panel.offsets[:-1] + 11
    same = np.testing.assert_array_equal
    same(with_holes(panel.until(cutoffs), 0.4).target, whole.until(cutoffs).target)
    same(with_holes(panel.until(cutoffs, since), 0.4).target, whole.until(cutoffs, since).target)
    chosen = np.array([2, 0])
    same(with_holes(panel.select(chosen), 0.4).target, whole.select(chosen).target)
    more = np.array([3, 0, 2])
    same(with_holes(panel.extend(more, more), 0.4).target, whole.extend(more, more).target)


def test_series_lose_values_at_stamps_of_their_own(make_panel):
    panel = make_panel([500, 500])
    first, second = hidden(panel, 0.5)[:500], hidden(panel, 0.5)[500:]
    assert 0.4 < (first == second).mean() < 0.6


def test_a_panel_larger_than_memory_loses_the_same(make_panel, monkeypatch):
    monkeypatch.setattr(packed, "CHUNK_ROWS", 50)
    panel = make_panel([60, 45, 30])
    panel = replace(panel, target=panel.target.astype(np.float32).astype(np.float64))
    mapped = packed.gathered(panel.select(np.array([one])) for one in range(3))
    holed = with_holes(mapped, 0.3)
    assert isinstance(holed, packed.Packed)
    np.testing.assert_array_equal(holed.target, with_holes(panel, 0.3).target)
    np.testing.assert_array_equal(holed.last_rows, with_holes(panel, 0.3).last_rows)
    assert not holed.complete


def test_no_share_is_the_panel_itself_and_an_impossible_one_is_refused(make_panel):
    panel = make_panel()
    assert with_holes(panel, 0.0) is panel
    for share in (1.0, 1.5, -0.1, float("nan")):
        with pytest.raises(InputError, match=rf"holes is {share}; expected a share from 0 to below 1"):
            with_holes(panel, share)
