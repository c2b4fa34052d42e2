"""Tables of numbers in files, read a block of rows at a time, so that a million samples need not fit in memory."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any, Protocol

import h5py
import numpy as np

from adversarial.errors import DataError
from adversarial.files.arrays import NpyArray, damage_told, hdf5_array, npz_member, open_hdf5
from adversarial.files.image_folders import ImagesInFolder
from adversarial.files.matlab import matlab_names, read_matlab
from adversarial.files.safetensors import Stored, safetensors_arrays
from adversarial.files.special import open_file, refuse_special
from adversarial.files.text_tables import unpack_text_table

#: Files that hold arrays, by their ending; those from the second on may hold several, each with a name.
ENDINGS = (".npy", ".npz", ".h5", ".hdf5", ".mat", ".safetensors", ".csv")
_WITH_NAMES = ENDINGS[1:-1]


class Rows(Protocol):
    """What can be read a block of rows at a time: a NumPy array, an HDF5 data set, a `RowsInFile`."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def __getitem__(self, rows: slice, /) -> np.ndarray: ...


class RowsInFile:
    """The rows of an array in a file; `rows[start:stop]` reads those.

    Unlike pages of a memory map, rows that have been read do not stay in the process's memory.

    Parameters
    ----------
    file : file open for reading
        It is kept open, and must support `seek` and have a file descriptor.
    name : str
        What to call the file in errors.
    stored : Stored, optional
        Where the values lie. The default is what the header of a .npy file says.

    Attributes
    ----------
    shape : tuple of int
        Shape of the whole array; the first axis counts the rows.
    dtype : numpy.dtype
        Kind of number.
    """

    def __init__(self, file: IO[bytes], name: str, stored: Stored | None = None):
        self._file = file
        self._whole: np.ndarray | None = None
        if stored is not None:
            self._start, self.shape, self.dtype = stored
            return
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        header = NpyArray(file, size, name)
        self._start = file.tell()
        self.dtype, self.shape = header.dtype, header.shape
        # In Fortran's order the columns are contiguous: a few rows cannot be read by themselves.
        if header.fortran and len(header.shape) > 1:
            self._whole = header.read(file)

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

    Attributes
    ----------
    example : tuple of int
        Shape of an example as it is stored.
    """

    def __init__(self, rows: Rows):
        self._rows = rows
        self.example = tuple(rows.shape[1:])
        self.shape = (rows.shape[0], int(np.prod(rows.shape[1:], dtype=object)))
        self.dtype = rows.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> np.ndarray:
        block = np.asarray(self._rows[rows])
        return block.reshape(len(block), self.shape[1])


def open_rows(path: str | os.PathLike) -> Flattened:
    """Open a table of numbers as rows, one per example.

    Parameters
    ----------
    path : str or path
        A .npy, .npz, .h5, .mat, .safetensors or .csv file, or a folder of images. `path:NAME` picks one of several
        arrays.

    Returns
    -------
    Flattened
        The rows, each flat.

    Raises
    ------
    DataError
        Where the file is missing, damaged, of another ending, has no array, or several and none was picked.
    """
    path, name = split_name(os.fspath(path))
    if os.path.isdir(path) and not path.lower().endswith(ENDINGS):
        return Flattened(ImagesInFolder(path))
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise DataError(f"{path} is not a table of numbers by its name, which must end in {', '.join(ENDINGS)}")
    if os.path.isdir(path) or not os.path.exists(path):
        raise DataError(f"there is no file {path}")
    refuse_special(path)
    with damage_told(f"{path} cannot be read as {ending[1:]}: it is damaged or something else"):
        rows = _OPEN[ending](path, name)
    if len(rows.shape) < 2:
        raise DataError(f"{path} holds an array of shape {rows.shape}, but must hold a row an example")
    return Flattened(rows)


def split_name(path: str, endings: tuple[str, ...] = _WITH_NAMES) -> tuple[str, str | None]:
    """Return the path and the name of `path:NAME`; no name where there is none, or the file has no several arrays."""
    head, colon, tail = path.rpartition(":")
    if colon and Path(head).suffix.lower() in endings:
        return head, tail
    return path, None


def _npy(path: str, name: str | None) -> RowsInFile:
    return RowsInFile(open_file(path), path)


def _member(path: str, name: str | None) -> RowsInFile:
    with zipfile.ZipFile(path) as archive:
        names = [entry.removesuffix(".npy") for entry in archive.namelist() if entry.endswith(".npy")]
        name = pick(path, names, name)
        unpacked = unpack(archive, npz_member(archive, name, path))
    return RowsInFile(unpacked, f"{path}:{name}")


def unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    """Return a temporary file of what an entry of an archive holds, at its beginning."""
    unpacked = tempfile.TemporaryFile(prefix="adversarial-")  # noqa: SIM115 (the rows keep it open)
    with archive.open(entry) as packed:
        shutil.copyfileobj(packed, unpacked, 1 << 20)
    unpacked.seek(0)
    return unpacked


def _matlab(path: str, name: str | None) -> np.ndarray:
    return read_matlab(path, pick(path, matlab_names(path), name))


def _safetensors(path: str, name: str | None) -> RowsInFile:
    file = open_file(path)
    stored = safetensors_arrays(file, path)
    name = pick(path, list(stored), name)
    return RowsInFile(file, f"{path}:{name}", stored[name])


def _text_table(path: str, name: str | None) -> RowsInFile:
    unpacked, shape = unpack_text_table(path)
    return RowsInFile(unpacked, path, Stored(0, shape, np.dtype(np.float64)))


def _dataset(path: str, name: str | None) -> h5py.Dataset:
    file = open_hdf5(path)
    names: list[str] = []
    file.visititems(lambda key, item: names.append(key) if _is_table(item) else None)
    return hdf5_array(file, pick(path, names, name), path)


def _is_table(item: Any) -> bool:
    return bool(getattr(item, "shape", None)) and len(item.shape) > 1 and item.dtype.kind in "fiub"


def pick(path: str, names: list[str], name: str | None) -> str:
    """Return the name of the array that is meant, the only one if none was named; raises DataError where that fails."""
    listed = ", ".join(names[:8])
    if name is not None and name not in names:
        raise DataError(f"{path} has no array '{name}'; it has {listed or 'none'}")
    if not names:
        raise DataError(f"{path} has no table of numbers in it")
    if name is None and len(names) > 1:
        raise DataError(f"{path} has several arrays, {listed}; pick one by {path}:{names[0]}")
    return name or names[0]


#: How to open the array of a name in a file, by the file's ending.
_OPEN: dict[str, Callable[[str, str | None], Rows]] = {
    ".npy": _npy,
    ".npz": _member,
    ".h5": _dataset,
    ".hdf5": _dataset,
    ".mat": _matlab,
    ".safetensors": _safetensors,
    ".csv": _text_table,
}


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
