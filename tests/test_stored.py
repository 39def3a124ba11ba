"""A store that was damaged, edited or written by another version is refused in a sentence."""

import json
import shutil

import numpy as np
import pytest

from datamodules.errors import InputError
from datamodules.large.packed import gathered
from datamodules.large.stored import KEPT, MAPPED, is_store, read_store, write_meta
from datamodules.readers import load


@pytest.fixture
def store(make_panel, tmp_path):
    panel = gathered([make_panel([20, 30], past=1)])
    for name in (*KEPT, *MAPPED):
        np.save(tmp_path / f"{name}.npy", getattr(panel, name))
    write_meta(tmp_path, panel, {"shape": "long", "freq": "h"})
    return tmp_path


def changed(store, **values):
    meta = json.loads((store / "meta.json").read_text())
    (store / "meta.json").write_text(json.dumps({**meta, **values}))


def test_store_comes_back_mapped_and_read_only(store):
    panel, layout = read_store(store)
    assert isinstance(panel.target, np.memmap)
    assert panel.target.mode == "r"
    assert panel.fingerprint() == super(type(panel), panel).fingerprint()
    assert layout == {"shape": "long", "freq": "h"}


def test_folder_without_its_meaning_is_no_store(store):
    (store / "meta.json").unlink()
    assert not is_store(store)


def test_newer_version_is_refused(store):
    changed(store, version=2)
    with pytest.raises(InputError, match="has version 2; this toolkit reads versions up to 1"):
        read_store(store)


def torn(store):
    path = store / "target.npy"
    path.write_bytes(path.read_bytes()[:-8])


@pytest.mark.parametrize(
    "damage",
    [
        torn,
        lambda store: (store / "past.npy").unlink(),
        lambda store: (store / "ids.json").write_text('["a"'),
        lambda store: (store / "ids.json").write_text('["a"]'),
        lambda store: (store / "meta.json").write_text("{}"),
        lambda store: (store / "meta.json").write_text("nothing"),
        lambda store: changed(store, rows=49),
        lambda store: np.save(store / "offsets.npy", np.array([0, 25, 51])),
        lambda store: np.save(store / "ends.npy", np.array([30, 49])),
        lambda store: np.save(store / "target.npy", np.zeros((50, 1))),
        lambda store: changed(store, columns={"target": ["y0", "y1"], "past": ["past0"], "known": [], "static": []}),
    ],
)
def test_damaged_store_is_refused(store, damage):
    damage(store)
    with pytest.raises(InputError, match=r"is damaged .*Pack the files again"):
        read_store(store)


def test_store_is_no_file_among_others(store):
    with pytest.raises(InputError, match="is a store, which is data by itself"):
        load([store, store])


def test_series_that_stands_twice_is_damage(store):
    (store / "ids.json").write_text('["series 0", "series 0"]')
    with pytest.raises(InputError, match=r"is damaged .*a series stands twice"):
        read_store(store)


def test_edited_value_is_noticed_and_a_copy_is_not(store, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(store, copy, copy_function=shutil.copyfile)  # as some tools do, with dates of its own
    assert read_store(copy)[0].fingerprint() == read_store(store)[0].fingerprint()
    target = np.load(copy / "target.npy")
    target[7] = 3.0
    np.save(copy / "target.npy", target)
    with pytest.raises(InputError, match=r"is damaged .*not those that were packed"):
        read_store(copy)
