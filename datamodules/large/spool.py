"""Rows that are too many for memory: written block by block to a file without a name, then mapped."""

import errno
import tempfile
import weakref

import numpy as np

from datamodules.errors import InputError


class Spool:
    """A file in the temporary folder (``TMPDIR``) that takes blocks of rows and gives them back as one array.

    The file has no name, so that it goes with the last array that is mapped on it, whatever happens to the process.
    """

    def __init__(self, dtype: type[np.generic] = np.float32) -> None:
        self._dtype = np.dtype(dtype)
        self._file = tempfile.TemporaryFile(prefix="forecast-")  # noqa: SIM115 - open for as long as blocks come
        weakref.finalize(self, self._file.close)
        self._rows, self._width = 0, 0

    def append(self, block: np.ndarray) -> None:
        """Add a block (rows, C)."""
        self._rows, self._width = self._rows + len(block), block.shape[1]
        try:
            np.ascontiguousarray(block, dtype=self._dtype).tofile(self._file)
        except OSError as error:
            if error.errno != errno.ENOSPC and "requested" not in str(error):  # numpy's words for a full disk
                raise
            raise InputError(
                f"the folder {tempfile.gettempdir()!r} has no room for the rows that do not fit into memory. Name "
                "another in the variable TMPDIR."
            ) from error

    def mapped(self) -> np.ndarray:
        """All rows (R, C), read-only, mapped and not read."""
        self._file.flush()
        if self._rows * self._width == 0:
            return np.empty((self._rows, self._width), self._dtype)
        return np.memmap(self._file, self._dtype, mode="r", shape=(self._rows, self._width))
