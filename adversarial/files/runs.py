"""Arrays that lie in their file as one run of bytes, read row by row by the system, which is told what comes next.

HDF5 takes milliseconds to gather a hundred rows here and there, the system a third of one; and only the system reads
from the disk while something else is computed.
"""

from __future__ import annotations

import os
from typing import BinaryIO

import h5py
import numpy as np

from adversarial.errors import DataError
from adversarial.files.special import open_file

#: Calls that systems other than Linux may lack: without the first HDF5 reads, without the second nothing is read ahead.
_READS = hasattr(os, "preadv")
_ADVISES = hasattr(os, "posix_fadvise")


class RunOfRows:
    """An array in a file, from a place on without gaps.

    Parameters
    ----------
    file : file
        Open for reading, and kept open.
    name : str
        What to call the array in errors.
    start : int
        Where its first byte is.
    shape : tuple of int
        Its shape; the first axis counts the rows.
    dtype : numpy.dtype
        Kind of number.
    """

    def __init__(self, file: BinaryIO, name: str, start: int, shape: tuple[int, ...], dtype: np.dtype):
        self._file = file
        self._name = name
        self._start = start
        self._row = shape[1:]
        self._dtype = dtype
        self._bytes = int(np.prod(self._row, dtype=object)) * dtype.itemsize

    def read(self, rows: slice | np.ndarray) -> np.ndarray:
        """Return rows: those of a slice without a step, or those of an array of numbers, in their order.

        Raises
        ------
        DataError
            If the file ends before.
        """
        if isinstance(rows, slice):
            found = np.empty((max(rows.stop - rows.start, 0), *self._row), self._dtype)
            self._fill(found, rows.start)
            return found
        found = np.empty((len(rows), *self._row), self._dtype)
        for place, row in enumerate(rows.tolist()):
            self._fill(found[place : place + 1], row)
        return found

    def read_ahead(self, rows: slice | np.ndarray) -> None:
        """Tell the system that these rows will be read next; it returns at once."""
        if not _ADVISES or not self._bytes:
            return
        if isinstance(rows, slice):
            runs = [(rows.start, rows.stop - rows.start)]
        else:
            runs = [(row, 1) for row in np.unique(rows).tolist()]
        for first, count in runs:
            place = self._start + first * self._bytes
            os.posix_fadvise(self._file.fileno(), place, count * self._bytes, os.POSIX_FADV_WILLNEED)

    def _fill(self, rows: np.ndarray, first: int) -> None:
        """Read rows from number `first` on; the system may give them in pieces."""
        left = rows.reshape(-1).view(np.uint8).data
        place = self._start + first * self._bytes
        while left:
            try:
                count = os.preadv(self._file.fileno(), [left], place)
            except OSError as error:
                raise DataError(f"{self._name} cannot be read: {error.strerror}") from error
            if not count:
                raise DataError(f"{self._name} cannot be read, so the file is damaged: it ends before the array does")
            left, place = left[count:], place + count


def run_of(array: h5py.Dataset) -> RunOfRows | None:
    """Return the run of bytes that an array of an HDF5 file is; None where it is compressed, scattered or elsewhere.

    Parameters
    ----------
    array : h5py.Dataset
        An array of numbers, of a file open for reading.

    Returns
    -------
    RunOfRows or None
        The run.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with h5py.File(os.path.join(folder, "it.h5"), "w") as file:
    ...         file["X"] = np.arange(6).reshape(3, 2)
    ...     with h5py.File(os.path.join(folder, "it.h5")) as file:
    ...         run_of(file["X"]).read(np.array([2, 0])).tolist()
    [[4, 5], [0, 1]]
    """
    layout = array.id.get_create_plist()
    plain = layout.get_layout() == h5py.h5d.CONTIGUOUS and not layout.get_external_count()
    start = array.id.get_offset() if plain else None
    if not _READS or start is None or array.dtype.kind not in "fiu" or array.file.driver != "sec2":
        return None
    name = f"{array.file.filename}: {array.name}"
    return RunOfRows(open_file(array.file.filename), name, start, array.shape, array.dtype)
