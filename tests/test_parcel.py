"""Parcels: values for other processes, arrays mapped from files where that saves copies."""

import pickle

import numpy as np

from datamodules.large.spool import Spool
from forecast.engines.parcel import parcel, spread


def again(packed, arrays):
    return pickle.loads(packed, buffers=arrays)


def test_what_a_script_defines_travels():
    class Local:
        value = 3

    assert pickle.loads(parcel(Local)).value == 3


def test_mapped_array_is_named_by_its_path_and_not_copied(tmp_path):
    np.save(tmp_path / "store.npy", np.arange(400_000.0).reshape(-1, 2))
    mapped = np.load(tmp_path / "store.npy", mmap_mode="r")
    folder = tmp_path / "parcel"
    folder.mkdir()
    packed, arrays = spread({"a": mapped}, folder)
    assert len(packed) < 1000
    assert (arrays, list(folder.iterdir())) == ([], [])
    found = again(packed, arrays)["a"]
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, mapped)


def test_part_of_a_mapped_array_is_that_part(tmp_path):
    np.save(tmp_path / "store.npy", np.arange(1000.0))
    part = np.load(tmp_path / "store.npy", mmap_mode="r")[100:200]
    (tmp_path / "parcel").mkdir()
    np.testing.assert_array_equal(again(*spread(part, tmp_path / "parcel")), part)


def test_array_in_a_file_without_a_name_and_large_ones_are_laid_in_the_folder(tmp_path):
    spool = Spool()
    spool.append(np.ones((10, 1)))
    values = {"nameless": spool.mapped(), "large": np.arange(200_000.0), "small": np.arange(5.0)}
    packed, arrays = spread(values, tmp_path)
    assert len(packed) < 2000
    assert len(list(tmp_path.iterdir())) == 2
    for name, found in again(packed, arrays).items():
        np.testing.assert_array_equal(found, values[name])


def test_for_other_machines_only_what_is_mapped_goes_by_files(tmp_path):
    values = [np.arange(200_000.0), np.array(["a", "b"], dtype=object)]
    packed, arrays = spread(values, tmp_path, all_large=False)
    assert list(tmp_path.iterdir()) == []
    assert sum(array.nbytes for array in arrays) >= 1_600_000
    for found, value in zip(again(packed, arrays), values, strict=True):
        np.testing.assert_array_equal(found, value)
