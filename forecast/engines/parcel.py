"""A value as bytes for other processes: what is defined in a script or notebook travels too, large arrays need not."""

import io
import mmap
import pickle
from pathlib import Path
from typing import Any, Final

import cloudpickle
import numpy as np

_LARGE: Final = 2**20  # bytes


def parcel(value: Any) -> bytes:
    """The value as bytes that ``pickle.loads`` reads."""
    return bytes(cloudpickle.dumps(value))


def spread(value: Any, folder: Path, *, all_large: bool = True) -> tuple[bytes, list[np.ndarray]]:
    """The value as bytes and arrays of bytes for ``pickle.loads``, without the arrays that its readers map from files.

    An array that is mapped from a file is named by its path: a panel larger than memory is never copied. One that is
    mapped from a file without a name is copied into ``folder``, and so is, with ``all_large``, each of over a megabyte,
    so that many processes of a machine share it.
    """
    stream, buffers = io.BytesIO(), list[pickle.PickleBuffer]()
    _Pickler(stream, buffers, folder, all_large).dump(value)
    return stream.getvalue(), [np.frombuffer(buffer.raw(), np.uint8) for buffer in buffers]


class _Pickler(cloudpickle.Pickler):
    def __init__(self, stream: io.BytesIO, buffers: list[pickle.PickleBuffer], folder: Path, all_large: bool) -> None:
        super().__init__(stream, protocol=5, buffer_callback=buffers.append)
        self._folder, self._all_large = folder, all_large

    def reducer_override(self, value: Any) -> Any:
        """How to make a mapped array again; as ever for all else."""
        if isinstance(value, np.ndarray) and not value.dtype.hasobject:
            mapped = isinstance(value, np.memmap)
            if (
                isinstance(value, np.memmap)
                and value.filename
                and isinstance(value.base, mmap.mmap)
                and value.flags.c_contiguous
            ):
                return np.memmap, (str(value.filename), value.dtype, "r", value.offset, value.shape)
            if mapped or (self._all_large and value.nbytes >= _LARGE):
                path = self._folder / f"{len(list(self._folder.iterdir()))}.npy"
                np.save(path, value)
                return np.load, (str(path), "r")
        return super().reducer_override(value)
