"""Which windows come in which batch on which process."""

import numpy as np
import pytest
import torch

from datamodules import loader
from datamodules.index import Index
from datamodules.inputs import Inputs
from datamodules.loader import BatchPlan, WindowLoader, block_size

CASES = [
    (count, batch, world, block, limit)
    for count in (1, 2, 3, 7, 8, 9, 31, 64, 65)
    for batch in (1, 2, 5, 64)
    for world in (1, 2, 3)
    for block in (1, 4)
    for limit in (0, 1, 6, 100)
]


def plans(count, batch, world, block=1, limit=0, **options):
    return [
        BatchPlan(count, batch, rank=rank, world=world, block=block, limit=limit, **options) for rank in range(world)
    ]


def batches_of(items):
    """The single batches in what a plan yields."""
    return [batch for item in items for batch in (item if item.dim() == 2 else [item])]


@pytest.mark.parametrize("shuffle", [True, False])
def test_ranks_together_see_each_window_exactly_once_in_equally_many_batches(shuffle):
    for count, batch, world, block, limit in CASES:
        case = (count, batch, world, block, limit)
        every = plans(count, batch, world, block, limit, shuffle=shuffle, seed=3)
        yielded = [list(plan) for plan in every]
        singles = [batches_of(items) for items in yielded]
        seen = torch.cat([one for rank in singles for one in rank]).tolist()
        wanted = min(count, limit) if limit else count
        assert len(seen) == len(set(seen)) == wanted, case
        assert set(seen) <= set(range(count)), case
        if not shuffle:
            assert sorted(seen) == list(range(wanted)), case
        assert {len(plan) for plan in every} == {len(items) for items in yielded}, case
        assert {plan.batches for plan in every} == {len(rank) for rank in singles}, case
        assert len({len(rank) for rank in singles}) == 1, case
        smallest = min(len(one) for rank in singles for one in rank)
        assert smallest >= 1 or wanted < world, case
        assert max(len(one) for rank in singles for one in rank) <= batch + 1, case


def test_blocks_hold_full_batches_only():
    for count, batch, world, block, limit in CASES:
        for item in BatchPlan(count, batch, world=world, block=block, limit=limit, shuffle=True):
            if block > 1 and item.dim() == 2:
                assert item.shape[1] == batch
                assert 1 <= item.shape[0] <= block


def test_blocks_hold_the_same_batches_in_the_same_order():
    for count, batch, world, block, limit in CASES:
        single = BatchPlan(count, batch, world=world, limit=limit, shuffle=True, seed=1)
        blocks = BatchPlan(count, batch, world=world, limit=limit, shuffle=True, seed=1, block=block)
        assert [one.tolist() for one in single] == [one.tolist() for one in batches_of(blocks)]


def test_order_follows_from_seed_and_epoch_alone():
    def order(seed, epoch):
        plan = BatchPlan(50, 8, shuffle=True, seed=seed)
        plan.set_epoch(epoch)
        return torch.cat(list(plan)).tolist()

    torch.manual_seed(1)
    first = order(0, 0)
    torch.manual_seed(2)
    assert order(0, 0) == first
    assert len({tuple(order(seed, epoch)) for seed in range(3) for epoch in range(3)}) == 9


def test_drawing_an_order_leaves_global_random_state_alone():
    state = torch.get_rng_state()
    list(BatchPlan(50, 8, shuffle=True))
    assert torch.equal(torch.get_rng_state(), state)


def test_limit_draws_other_windows_each_epoch():
    plan = BatchPlan(100, 5, shuffle=True, limit=10)
    seen = set()
    for epoch in range(30):
        plan.set_epoch(epoch)
        seen |= set(torch.cat(list(plan)).tolist())
    assert len(seen) > 90


def test_process_r_takes_windows_r_and_every_world_th_in_order():
    plan = BatchPlan(10, 2, rank=1, world=3)
    assert [one.tolist() for one in plan] == [[1, 4], [7]]


@pytest.mark.parametrize(("count", "batch", "block"), [(70, 2, 4), (71, 2, 4), (64, 2, 32), (66, 2, 32), (3, 5, 4)])
def test_steps_of_the_first_items_are_counted_exactly(count, batch, block):
    plan = BatchPlan(count, batch, block=block, shuffle=True)
    items = list(plan)
    for taken in range(len(items) + 1):
        assert plan.steps(taken) == len(batches_of(items[:taken]))


def test_loader_gathers_the_windows_of_the_plan(make_panel):
    panel = make_panel([30])
    store = Inputs.untouched(panel, context_length=4, horizon=2).lay(panel, complete=True).store
    rows = np.arange(5, 25)
    index = Index(np.array([5]), np.array([20]), 1, {})
    whole = WindowLoader(store, index, BatchPlan(20, 6), context_length=4, horizon=2)
    windows = list(whole)
    assert len(windows) == len(whole) == 4
    assert torch.cat([window.cutoff for window in windows]).tolist() == rows.tolist()
    assert torch.cat([window.cutoff for window in whole]).tolist() == rows.tolist()  # a second time
    blocks = list(WindowLoader(store, index, BatchPlan(20, 6, block=2), context_length=4, horizon=2))
    assert [tuple(window.target.shape) for window in blocks] == [(2, 6, 2, 1), (1, 6, 2, 1), (2, 2, 1)]


def test_order_of_many_windows_is_made_without_all_of_them(monkeypatch):
    monkeypatch.setattr(loader, "_MANY", 50)
    for count, batch, world, block, limit in CASES:
        every = plans(count * 7, batch, world, block, limit, shuffle=True, seed=3)
        seen = torch.cat([one for plan in every for one in batches_of(list(plan))]).tolist()
        assert len(seen) == len(set(seen)) == (min(count * 7, limit) if limit else count * 7)
        assert set(seen) <= set(range(count * 7))
    plan = BatchPlan(10**12, 4, shuffle=True)
    assert next(iter(plan)).tolist() == next(iter(plan)).tolist()


def test_rows_of_many_windows_are_looked_up(make_panel, monkeypatch):
    panel = make_panel([30])
    store = Inputs.untouched(panel, context_length=4, horizon=2).lay(panel, complete=True).store
    index = Index(np.array([5, 12]), np.array([4, 10]), 1, {})
    all_rows = [window.cutoff.tolist() for window in WindowLoader(store, index, BatchPlan(14, 6), **SIZES)]
    monkeypatch.setattr(loader, "_MANY", 10)
    few = WindowLoader(store, index, BatchPlan(14, 6), **SIZES)
    assert few.rows is None
    assert [window.cutoff.tolist() for window in few] == all_rows


SIZES = {"context_length": 4, "horizon": 2}


def test_block_fits_its_memory():
    assert block_size(256, 100) == 32
    assert block_size(4096, 10_000) == 1
    assert 1 < block_size(1024, 4096) * 1024 * 4096 * 4 <= 2**26
