"""Windows: which exist, what is in them, and that none sees what it must not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from datamodules.errors import InputError
from datamodules.fill import fill_panel
from datamodules.index import windows_in
from datamodules.inputs import Inputs
from datamodules.preparation import Preparation
from datamodules.split import Part, by_steps


@pytest.fixture
def store_of():
    def make(panel):
        inputs = Inputs.untouched(panel, context_length=4, horizon=2)
        return inputs.lay(panel, complete=panel.complete).store

    return make


def slow_windows(panel, part, context_length, horizon, stride):
    """(rows, dropped, tried) by looking at each row of the part as a first target row."""
    rows, dropped, tried = [], {"border": 0, "history": 0, "context": 0, "target": 0}, 0
    for series in range(panel.n_series):
        begin, stop = int(part.begin[series]), int(part.stop[series])
        end = int(panel.last_rows[series]) + 1
        for first in range(begin, stop):
            if first + horizon > end:
                continue
            tried += 1
            if first + horizon > stop:
                dropped["border"] += 1
                continue
            if first - context_length < panel.offsets[series]:
                dropped["history"] += 1
                continue
            if (stop - horizon - first) % stride:
                tried -= 1
                continue
            context = panel.observed[first - context_length : first]
            target = panel.observed[first : first + horizon]
            if not context.any(axis=0).all():
                dropped["context"] += 1
            elif not target.any():
                dropped["target"] += 1
            else:
                rows.append(first - 1)
    return rows, dropped, tried


REASONS = {
    "border": "target crosses a border",
    "history": "history shorter than the context",
    "context": "nothing observed in the context",
    "target": "nothing observed in the target",
}


@pytest.mark.parametrize("seed", range(40))
def test_windows_are_those_of_a_slow_loop_and_every_row_is_used_or_counted(make_panel, seed):
    rng = np.random.default_rng(seed)
    panel = make_panel(
        rng.integers(3, 40, size=rng.integers(1, 5)),
        targets=int(rng.integers(1, 3)),
        holes=rng.choice([0.0, 0.3, 0.8]),
        seed=seed,
    )
    split = by_steps(
        panel, validation=int(rng.integers(0, 12)), test=int(rng.integers(0, 8)), gap=int(rng.integers(0, 5))
    )
    context_length, horizon, stride = (int(rng.integers(1, high)) for high in (10, 6, 4))
    for part in split:
        found = windows_in(panel, part, context_length=context_length, horizon=horizon, stride=stride)
        rows, dropped, tried = slow_windows(panel, part, context_length, horizon, stride)
        assert found.rows.tolist() == rows
        assert found.dropped == {REASONS[name]: count for name, count in dropped.items() if count}
        assert len(found.rows) + sum(found.dropped.values()) == tried


def test_windows_of_any_part_not_only_of_a_split(make_panel):
    panel = make_panel([30, 30])
    part = Part(np.array([5, 40]), np.array([20, 40]))
    found = windows_in(panel, part, context_length=4, horizon=3)
    assert found.rows.tolist() == list(range(4, 17))
    assert found.dropped == {"target crosses a border": 2}


@pytest.mark.parametrize("option", ["context_length", "horizon", "stride"])
def test_sizes_below_one_are_refused(make_panel, option):
    panel = make_panel([20])
    sizes = {"context_length": 2, "horizon": 1, "stride": 1} | {option: 0}
    with pytest.raises(InputError, match=f"{option} is 0"):
        windows_in(panel, by_steps(panel, validation=2).train, **sizes)


@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("shape", [(5,), (3, 4)])
@pytest.mark.parametrize("holes", [0.0, 0.3])
def test_gather_equals_slow_slicing(make_panel, store_of, targets, shape, holes):
    panel = make_panel([30, 25], targets=targets, past=1, known=2, static=1, holes=holes)
    length, horizon = 6, 3
    rng = np.random.default_rng(1)
    possible = np.concatenate([np.arange(length - 1, 27), np.arange(30 + length - 1, 52)])
    rows = torch.from_numpy(rng.choice(possible, size=shape))
    window = store_of(panel).window(rows, context_length=length, horizon=horizon)
    filled = fill_panel("ffill", panel)
    for place in np.ndindex(*shape):
        row = int(rows[place])
        seen, ahead = slice(row - length + 1, row + 1), slice(row + 1, row + 1 + horizon)
        series = panel.series_of_row[row]
        for answer, expected in (
            (window.context.target, filled[seen]),
            (window.context.observed, panel.observed[seen]),
            (window.context.past, panel.past[seen]),
            (window.context.known, panel.known[row - length + 1 : row + 1 + horizon]),
            (window.context.static, panel.static[series]),
            (window.target, filled[ahead]),
            (window.observed, panel.observed[ahead]),
        ):
            np.testing.assert_array_equal(answer[place].numpy(), expected.astype(np.float32))
        assert int(window.series[place]) == series
        assert int(window.cutoff[place]) == row


def test_block_of_batches_comes_apart_into_its_batches(make_panel, store_of):
    store = store_of(make_panel([30, 25], targets=2, past=1, known=1, static=2))
    rows = torch.arange(10, 22).view(3, 4)
    block = store.window(rows, context_length=5, horizon=2)
    parts = block.unbind()
    assert len(parts) == 3
    for part, own in zip(parts, rows, strict=True):
        single = store.window(own, context_length=5, horizon=2)
        assert len(single.unbind()) == 1
        for left, right in zip(flat(part), flat(single), strict=True):
            assert left.shape == right.shape
            assert torch.equal(left, right)


def flat(value):
    return [value] if isinstance(value, torch.Tensor) else [leaf for part in value for leaf in flat(part)]


@pytest.mark.parametrize("seed", range(5))
def test_holes_are_filled_from_the_past_of_their_own_series(make_panel, seed):
    panel = make_panel([12, 15, 9], targets=2, holes=0.5, seed=seed)
    filled = fill_panel("ffill", panel)
    for series in range(panel.n_series):
        for column in range(2):
            last = None
            for row in range(panel.offsets[series], panel.offsets[series + 1]):
                if panel.observed[row, column]:
                    last = panel.target[row, column]
                if last is not None:
                    assert filled[row, column] == last
    assert np.isfinite(filled).all()


def test_series_without_any_value_has_no_window_and_does_not_take_its_neighbours(make_panel):
    hidden = make_panel([10, 10, 10]).until(np.array([9, -1, 29]))
    filled = fill_panel("ffill", hidden)
    usable = windows_in(hidden, by_steps(hidden, validation=0).train, context_length=2, horizon=1).rows
    assert usable.tolist() == [*range(1, 9), *range(21, 29)]
    assert np.isfinite(filled).all()


@pytest.mark.parametrize("garbage", [np.nan, 1e6, -1.0])
@pytest.mark.parametrize("holes", [0.0, 0.4])
def test_context_ignores_values_after_cutoff(make_panel, store_of, garbage, holes):
    panel = make_panel([30, 30], targets=2, past=1, holes=holes)
    for row in (8, 20, 45):
        before = store_of(panel).context(torch.tensor([row]), context_length=6, horizon=2)
        after = np.arange(len(panel.target)) > row
        other = panel_with(panel, target=panel.target, past=panel.past, after=after, value=garbage)
        again = store_of(other).context(torch.tensor([row]), context_length=6, horizon=2)
        for left, right in zip(flat(before), flat(again), strict=True):
            assert torch.equal(left, right)


def panel_with(panel, *, target, past, after, value):
    return replace(panel, target=np.where(after[:, None], value, target), past=np.where(after[:, None], value, past))


def test_window_never_holds_a_row_of_another_series(make_panel):
    panel = make_panel([9, 4, 17], holes=0.2)
    for part in by_steps(panel, validation=3, test=2):
        for row in windows_in(panel, part, context_length=3, horizon=2).rows:
            assert len(set(panel.series_of_row[row - 2 : row + 3])) == 1


def test_store_keeps_scaled_values_and_how_to_get_back(make_panel):
    panel = make_panel([20, 20], targets=2)
    part = by_steps(panel, validation=5).train
    inputs = Inputs.fit(panel, part, Preparation(scaling="standard"), context_length=4, horizon=1)
    context = inputs.lay(panel, complete=True).store.context(torch.tensor([10, 30]), context_length=4, horizon=1)
    assert context.target.abs().max() < 5
    original = context.units.invert(context.target)
    np.testing.assert_allclose(original[0].numpy(), panel.target[7:11], rtol=1e-6)
    np.testing.assert_allclose(original[1].numpy(), panel.target[27:31], rtol=1e-6)
