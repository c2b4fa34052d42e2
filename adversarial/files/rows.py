"""Tables of numbers in files, read a block of rows at a time, so that a million samples need not fit in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Protocol

import h5py
import numpy as np

from adversarial.errors import DataError
from adversarial.files.arrays import NpyArray, damage_told, hdf5_array, npz_member, open_hdf5
from adversarial.files.special import open_file, refuse_special

#: Files that hold arrays, by their ending.
ENDINGS = (".npy", ".npz", ".h5", ".hdf5")


class Rows(Protocol):
    """What can be read a block of rows at a time: a NumPy array, an HDF5 data set, a `RowsInFile`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class RowsInFile:
    """The rows of an array in a .npy file; `rows[start:stop]` reads those.

    Unlike pages of a memory map, rows that have been read do not stay in the process's memory.

    Parameters
    ----------
    file : file open for reading
        It is kept open, and must support `seek` and have a file descriptor.
    name : str
        What to call the file in errors.

    Attributes
    ----------
    shape : tuple of int
        Shape of the whole array; the first axis counts the rows.
    dtype : numpy.dtype
        Kind of number.
    """

    def __init__(self, file: IO[bytes], name: str):
        self._file = file
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        header = NpyArray(file, size, name)
        self._start = file.tell()
        self.dtype, self.shape = header.dtype, header.shape
        # In Fortran's order the columns are contiguous: a few rows cannot be read by themselves.
        self._whole = header.read(file) if header.fortran and len(header.shape) > 1 else None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        if self._whole is not None:
            return self._whole[start:stop]
        row = self.shape[1:]
        values = int(np.prod(row, dtype=object))
        self._file.seek(self._start + start * values * self.dtype.itemsize)
        return np.fromfile(self._file, self.dtype, max(stop - start, 0) * values).reshape(-1, *row)


class Flattened:
    """Rows of any shape as flat rows: images (count, rows, columns ...) as (count, values).

    Parameters
    ----------
    rows : array, HDF5 data set or RowsInFile
        Of at least two axes.
    """

    def __init__(self, rows: Rows):
        self._rows = rows
        self.shape = (rows.shape[0], int(np.prod(rows.shape[1:], dtype=object)))
        self.dtype = rows.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        block = np.asarray(self._rows[rows])
        return block.reshape(len(block), self.shape[1])


def open_rows(path: str | os.PathLike) -> Flattened:
    """Open the array in a .npy, .npz or .h5 file as rows, one per example.

    Parameters
    ----------
    path : str or path
        `path:NAME` picks one of several arrays in a .npz or .h5 file.

    Returns
    -------
    Flattened
        The rows, each flat.

    Raises
    ------
    DataError
        Where the file is missing, damaged, of another ending, has no array, or several and none was picked.
    """
    path, name = _split(os.fspath(path))
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"{path} is not a table of numbers by its name, which must end in {', '.join(ENDINGS[:3])}")
    if os.path.isdir(path) or not os.path.exists(path):
        raise DataError(f"there is no file {path}")
    refuse_special(path)
    with damage_told(f"{path} cannot be read as {ending[1:]}: it is damaged or something else"):
        if ending == ".npy":
            rows: Rows = RowsInFile(open_file(path), path)
        elif ending == ".npz":
            rows = _member(path, name)
        else:
            rows = _dataset(path, name)
    if len(rows.shape) < 2:
        raise DataError(f"{path} holds an array of shape {rows.shape}, but must hold a row an example")
    return Flattened(rows)


def _split(path: str) -> tuple[str, str | None]:
    head, colon, tail = path.rpartition(":")
    if colon and Path(head).suffix.lower() in ENDINGS[1:]:
        return head, tail
    return path, None


def _member(path: str, name: str | None) -> RowsInFile:
    with zipfile.ZipFile(path) as archive:
        names = [entry.removesuffix(".npy") for entry in archive.namelist() if entry.endswith(".npy")]
        name = _pick(path, names, name)
        unpacked = tempfile.TemporaryFile(prefix="adversarial-")  # noqa: SIM115 (the rows keep it open)
        with archive.open(npz_member(archive, name, path)) as packed:
            shutil.copyfileobj(packed, unpacked, 1 << 20)
    unpacked.seek(0)
    return RowsInFile(unpacked, f"{path}:{name}")


def _dataset(path: str, name: str | None) -> h5py.Dataset:
    file = open_hdf5(path)
    names: list[str] = []
    file.visititems(lambda key, item: names.append(key) if _is_table(item) else None)
    return hdf5_array(file, _pick(path, names, name), path)


def _is_table(item: Any) -> bool:
    return bool(getattr(item, "shape", None)) and len(item.shape) > 1 and item.dtype.kind in "fiub"


def _pick(path: str, names: list[str], name: str | None) -> str:
    listed = ", ".join(names[:8])
    if name is not None and name not in names:
        raise DataError(f"{path} has no array '{name}'; it has {listed or 'none'}")
    if not names:
        raise DataError(f"{path} has no table of numbers in it")
    if name is None and len(names) > 1:
        raise DataError(f"{path} has several arrays, {listed}; pick one by {path}:{names[0]}")
    return name or names[0]


def spool(blocks: Iterable[np.ndarray], count: int, in_memory: int = 1 << 28) -> np.ndarray | RowsInFile:
    """Collect the rows of `blocks` in an array, or in a temporary file where they are many.

    Parameters
    ----------
    blocks : iterable of array (rows, ...)
        At least `count` rows, all of one shape and dtype.
    count : int
        How many rows there are in all.
    in_memory : int, optional
        Most bytes of an array in memory, default 2**28 (256 MiB).

    Returns
    -------
    array or RowsInFile
        All rows, in order.
    """
    blocks = iter(blocks)
    first = next(blocks)
    shape = (count, *first.shape[1:])
    if first.itemsize * int(np.prod(shape, dtype=object)) <= in_memory:
        whole = np.empty(shape, first.dtype)
        end = 0
        while True:
            whole[end : end + len(first)] = first
            end += len(first)
            if end >= count:
                return whole
            first = next(blocks)
    file = tempfile.TemporaryFile(prefix="adversarial-")  # noqa: SIM115 (the rows keep it open)
    header = {"shape": shape, "fortran_order": False, "descr": np.lib.format.dtype_to_descr(first.dtype)}
    np.lib.format.write_array_header_2_0(file, header)
    np.ascontiguousarray(first).tofile(file)
    written = len(first)
    while written < count:
        block = next(blocks)
        np.ascontiguousarray(block).tofile(file)
        written += len(block)
    file.seek(0)
    return RowsInFile(file, "the samples")
