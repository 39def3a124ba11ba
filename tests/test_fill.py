"""What stands where a value was not observed: each kind against a slow loop, from the past only."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from datamodules.base import Borders, PanelData
from datamodules.errors import InputError
from datamodules.fill import count_holes, fill_context, fill_panel, last_seen, refuse_holes
from datamodules.preparation import CHOICES, Preparation

KINDS = [kind for kind in CHOICES["missing"] if kind != "error"]
LENGTH, HORIZON = 6, 2


@pytest.fixture
def holed(make_panel):
    """Makes a panel with 40 % holes, runs longer than a context, and series that begin or end with holes."""

    def make(targets=2, seed=0):
        panel = make_panel([60, 50, 40], targets=targets, past=1, holes=0.4, seed=seed)
        target, past = np.array(panel.target), np.array(panel.past)
        target[20 : 20 + 3 * LENGTH] = np.nan
        target[60:63] = np.nan
        target[63, 0] = 25.0
        target[105:110, -1] = np.nan
        target[147:150] = np.nan
        past[::3] = np.nan
        return replace(panel, target=target, past=past)

    return make


def seasonal_slowly(values, season):
    filled = values.copy()
    for row in np.flatnonzero(np.isnan(values)):
        before = [values[at] for at in range(row - season, -1, -season) if not np.isnan(values[at])]
        others = [values[at] for at in range(row - 1, -1, -1) if not np.isnan(values[at])]
        later = [values[at] for at in range(row, len(values)) if not np.isnan(values[at])]
        filled[row] = (before or others or later)[0]
    return filled


def interpolated_slowly(values, flat):
    filled = flat.copy()
    seen = np.flatnonzero(~np.isnan(values))
    for row in range(len(values)):
        if len(seen) and seen[0] <= row <= seen[-1]:
            filled[row] = np.interp(row, seen, values[seen])
    return filled


@pytest.mark.parametrize("season", ["h", "D", "ME"])
@pytest.mark.parametrize("seed", range(3))
def test_seasonal_is_the_value_whole_seasons_before_else_the_last(holed, season, seed):
    panel = holed(seed=seed)
    panel = replace(panel, clock=replace(panel.clock, freq=season))
    filled = fill_panel("seasonal", panel)
    for begin, stop in zip(panel.offsets[:-1], panel.offsets[1:], strict=True):
        for column in range(2):
            expected = seasonal_slowly(panel.target[begin:stop, column], panel.seasonality)
            np.testing.assert_array_equal(filled[begin:stop, column], expected)


@pytest.mark.parametrize("kind", ["ffill", "interpolate", "mask"])
def test_the_whole_panel_holds_the_last_value_before_a_hole(holed, kind):
    panel = holed()
    filled = fill_panel(kind, panel)
    frame = panel.to_frame().groupby("unique_id", sort=False)[["y0", "y1"]]
    np.testing.assert_array_equal(filled, frame.bfill().where(frame.ffill().isna(), frame.ffill()).to_numpy())


def test_a_complete_panel_is_not_copied_and_one_never_observed_is_zero(make_panel):
    panel = make_panel([10, 10])
    assert fill_panel("seasonal", panel) is panel.target
    hidden = panel.until(np.array([9, -1]))
    for kind in KINDS:
        filled = fill_panel(kind, hidden)
        np.testing.assert_array_equal(filled[:10], panel.target[:10])
        assert (filled[10:] == 0).all()


def test_last_seen_stays_in_its_series():
    observed = np.array([False, True, False, False, False, True, False])
    assert last_seen(observed, np.array([0, 3, 7])).tolist() == [-1, 1, 1, -1, -1, 5, 5]


@pytest.mark.parametrize("shape", [(40,), (5, 8)])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_context_is_filled_as_a_slow_loop_does(shape, share):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(*shape, 12, 2))
    values[rng.random(values.shape) < share] = np.nan
    values[0] = np.nan
    observed = ~np.isnan(values)
    flat = np.where(observed, values, rng.normal(size=values.shape))
    for place in np.ndindex(*shape):  # the last value up to each row, else that before the context
        for column in range(2):
            series = flat[place][:, column]
            seen = observed[place][:, column]
            for row in range(12):
                if not seen[row]:
                    series[row] = series[row - 1] if row else 7.0
    tensors = torch.tensor(flat), torch.tensor(observed, dtype=torch.float64)
    lines, means = (fill_context(kind, *tensors).numpy() for kind in ("interpolate", "mask"))
    assert fill_context("ffill", *tensors) is tensors[0]
    assert fill_context("seasonal", *tensors) is tensors[0]
    for place in np.ndindex(*shape):
        for column in range(2):
            own, kept = values[place][:, column], flat[place][:, column]
            np.testing.assert_allclose(lines[place][:, column], interpolated_slowly(own, kept), rtol=1e-12)
            mean = np.where(np.isnan(own), np.nanmean(own), own) if observed[place][:, column].any() else kept
            np.testing.assert_allclose(means[place][:, column], mean, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("indicator", [False, True])
def test_windows_see_nothing_of_what_comes_after_their_cutoff(holed, kind, indicator):
    panel = holed()
    prepare = Preparation(missing=kind, indicator=indicator, short="skip")

    def contexts(shown, rows):
        data = PanelData(shown, context_length=LENGTH, horizon=HORIZON, prepare=prepare, borders=Borders("steps", 2, 0))
        inputs = PanelData(panel, context_length=LENGTH, horizon=HORIZON, prepare=prepare).inputs
        store = inputs.lay(data.panel).store
        return store.context(torch.as_tensor(rows), context_length=LENGTH, horizon=HORIZON)

    for row in (25, 30, 66, 80, 130):
        after = (np.arange(len(panel.target)) > row)[:, None]
        expected = contexts(panel, [row])
        for garbage in (np.nan, 1e6):
            blanked = replace(
                panel, target=np.where(after, garbage, panel.target), past=np.where(after, garbage, panel.past)
            )
            found = contexts(blanked, [row])
            for left, right in zip(expected[:5], found[:5], strict=True):
                assert torch.equal(left, right)
                assert torch.isfinite(left).all()


@pytest.mark.parametrize("kind", KINDS)
def test_no_window_holds_nan_and_the_indicators_are_what_was_observed(holed, kind):
    panel = holed()
    prepare = Preparation(missing=kind, indicator=True, short="skip")
    data = PanelData(panel, context_length=LENGTH, horizon=HORIZON, prepare=prepare)
    assert (data.dims.past, data.dims.lagged) == (3, 0)
    for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader()):
        for window in loader:
            context = window.context
            assert all(torch.isfinite(part).all() for part in (*context[:5], window.target))
            assert torch.equal(context.past[..., 1:], context.observed)


def test_mask_brings_the_indicators_and_nothing_else_does(holed):
    widths = {
        kind: PanelData(holed(), context_length=LENGTH, prepare=Preparation(missing=kind)).dims.past for kind in KINDS
    }
    assert widths == {"ffill": 1, "interpolate": 1, "seasonal": 1, "mask": 3}


def test_error_names_the_first_hole_up_to_a_row(make_panel):
    panel = make_panel([20, 20], targets=2)
    target = np.array(panel.target)
    target[:3] = np.nan
    target[[25, 30, 35], [1, 0, 0]] = np.nan
    holed = replace(panel, target=target)
    sentence = (
        r"series 'series 1' has no value in column 'y1' \(target\) at 2024-01-01 05:00:00 and 2 more; missing: error "
        "wants all of them. Give a value, or say missing: ffill"
    )
    data = PanelData(holed, context_length=4, prepare=Preparation(missing="error"))
    with pytest.raises(InputError, match=sentence):
        data.train_dataloader()
    refuse_holes(holed, np.array([20, 25]))
    complete = PanelData(panel, context_length=4, prepare=Preparation(missing="error"))
    assert len(complete.train_dataloader().sampler) > 0


def test_holes_are_counted_between_two_rows_of_each_series(make_panel):
    panel = make_panel([20, 20], targets=2)
    target = np.array(panel.target)
    target[[3, 8, 25], [1, 1, 1]] = np.nan
    holed = replace(panel, target=target)
    assert count_holes(holed, np.array([-2, 20]), np.array([9, 25])) == {"y1": 2}
    assert count_holes(holed, np.array([4, 20]), np.array([8, 40])) == {"y1": 1}
    assert count_holes(panel, np.array([0, 20]), np.array([20, 40])) == {}
