"""Arrays written to .npz and .h5 files a block of rows at a time, so that they need not fit in memory."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import h5py
import numpy as np

from adversarial.errors import ConfigurationError, FileError
from adversarial.files.rows import Rows
from adversarial.files.whole_file import write_whole

#: Files that can be written, by their ending.
ENDINGS = (".npz", ".h5", ".hdf5")
#: Bytes of a block.
_BLOCK = 1 << 24


def write_rows(
    path: str | os.PathLike, arrays: Mapping[str, Rows], progress: Callable[[int], None] = lambda rows: None
) -> None:
    """Write arrays to one file, which is whole or absent.

    Parameters
    ----------
    path : str or path
        Ending in .npz, .h5 or .hdf5. In a .h5 file each array is one contiguous run of bytes, which is read fastest.
    arrays : dict of {str: Rows}
        What can be sliced by rows, by name.
    progress : callable, optional
        Called with the number of rows newly written.

    Raises
    ------
    ConfigurationError
        If the name ends otherwise.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "images.npz")
    ...     write_rows(path, {"images": np.ones((5, 2, 2), "uint8")})
    ...     np.load(path)["images"].shape
    (5, 2, 2)
    """
    check_name(path)
    pieces = _npz if Path(path).suffix.lower() == ".npz" else _hdf5
    write_whole(path, pieces(Path(path), arrays, progress))


def check_name(path: str | os.PathLike) -> None:
    """Raise ConfigurationError unless `write_rows` can write a file of that name.

    Examples
    --------
    >>> check_name("images.zip")
    Traceback (most recent call last):
    adversarial.errors.ConfigurationError: images.zip must end in .npz, .h5 or .hdf5
    """
    if Path(path).suffix.lower() not in ENDINGS:
        raise ConfigurationError(f"{os.fspath(path)} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")


def _blocks(rows: Rows, progress: Callable[[int], None]) -> Iterator[np.ndarray]:
    step = max(1, _BLOCK // max(1, rows.dtype.itemsize * int(np.prod(rows.shape[1:], dtype=object))))
    for start in range(0, rows.shape[0], step):
        block = np.ascontiguousarray(rows[start : start + step])
        yield block
        progress(len(block))


class _Pieces:
    """What is written to it, until it is taken; a zip archive needs no more of a file."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes | memoryview) -> int:
        self._held.append(bytes(data))
        return len(self._held[-1])

    def flush(self) -> None:
        """Do nothing: what is held is taken piece by piece."""

    def close(self) -> None:
        """Do nothing."""

    def take(self) -> Iterator[bytes]:
        """Yield what was written since the last time."""
        held, self._held = self._held, []
        yield from held


def _npz(path: Path, arrays: Mapping[str, Rows], progress: Callable[[int], None]) -> Iterator[bytes]:
    pieces = _Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as archive:
        for name, rows in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                descr = np.lib.format.dtype_to_descr(rows.dtype)
                header = {"shape": tuple(rows.shape), "fortran_order": False, "descr": descr}
                np.lib.format.write_array_header_2_0(entry, header)
                for block in _blocks(rows, progress):
                    entry.write(block.data)
                    yield from pieces.take()
    yield from pieces.take()


def _hdf5(path: Path, arrays: Mapping[str, Rows], progress: Callable[[int], None]) -> Iterator[bytes]:
    # HDF5 writes here and there in its file, so the whole of it is made beside the place where it is to be.
    with _beside(path) as made:
        with h5py.File(made, "w") as file:
            for name, rows in arrays.items():
                dataset = file.create_dataset(name, rows.shape, rows.dtype)
                start = 0
                for block in _blocks(rows, progress):
                    dataset[start : start + len(block)] = block
                    start += len(block)
        made.seek(0)
        while piece := made.read(_BLOCK):
            yield piece


def _beside(path: Path) -> IO[bytes]:
    """Return a temporary file in the folder of a path, where there is room if anywhere."""
    try:
        return tempfile.TemporaryFile(prefix="adversarial-", dir=path.resolve().parent)
    except OSError as error:
        raise FileError(f"cannot save {path}: {error.strerror}: make its directory first") from error
