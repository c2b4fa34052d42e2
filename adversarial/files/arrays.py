"""Arrays in .npy, .npz and .h5 files, which may be damaged or a stranger's.

What a file declares is held against the bytes that are there before memory is taken, and what the libraries that read
these formats raise becomes one sentence.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import h5py
import numpy as np

from adversarial.errors import DataError, UserError
from adversarial.options import nearest

#: No compressor of these formats makes a byte stand for more.
MOST_UNPACKED = 1032


@contextmanager
def damage_told(what: str) -> Iterator[None]:
    """Turn what a library raises at a damaged file into a DataError that begins with `what`; ours pass.

    No such library says all that it may raise: RuntimeError, IndexError and tokenize's errors are among it.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"{what}: {' '.join(text.split())[:120] or type(error).__name__}") from error


class NpyArray:
    """What the header of a .npy file says.

    Parameters
    ----------
    file : at the beginning of the header; after this at the first value
    size : bytes from there to the end
    name : for people

    Attributes
    ----------
    shape, dtype, fortran : of the array, of numbers, whose values take exactly the bytes that are there

    Raises
    ------
    DataError
        If it is not such a header.
    """

    def __init__(self, file: BinaryIO, size: int, name: str):
        start = file.tell()
        with damage_told(f"{name} is not an array that NumPy saved"):
            version = np.lib.format.read_magic(file)
            read_header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
            shape, self.fortran, self.dtype = read_header[version](file)
        if self.dtype.hasobject or self.dtype.kind not in "fiub":
            raise DataError(f"{name} holds values of type {self.dtype}, but must hold numbers")
        self.shape = tuple(shape)
        if min(self.shape, default=0) < 0 or file.tell() - start + math.prod(self.shape) * self.dtype.itemsize != size:
            raise DataError(f"{name} is cut short, or goes on after its end")

    def read(self, file: BinaryIO) -> np.ndarray:
        """The array, the file being at its first value."""
        values = np.frombuffer(file.read(math.prod(self.shape) * self.dtype.itemsize), self.dtype)
        return values.reshape(self.shape, order="F" if self.fortran else "C").copy(order="K")


def npz_member(archive: zipfile.ZipFile, name: str, path: str) -> zipfile.ZipInfo:
    """Where an archive has the array `name`.

    Raises
    ------
    DataError
        If it has none, or one that unpacks to more than its bytes can hold.
    """
    names = [entry.removesuffix(".npy") for entry in archive.namelist()]
    if name not in names:
        raise DataError(f"{path} has no array '{name}'{nearest(name, names)}")
    entry = archive.infolist()[names.index(name)]
    plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not entry.flag_bits & 1
    if not plain or entry.file_size > MOST_UNPACKED * (1 + entry.compress_size):
        raise DataError(f"{path} is damaged: '{name}' in it is not as NumPy saves arrays")
    return entry


def read_npz(path: str, *names: str) -> list[np.ndarray]:
    """Arrays of a .npz file, by their names.

    Raises
    ------
    DataError
        If the file is damaged or lacks one of them.
    """
    found = []
    with damage_told(f"{path} is damaged, or cannot be read as a NumPy file"), zipfile.ZipFile(path) as archive:
        for name in names:
            entry = npz_member(archive, name, path)
            with archive.open(entry) as file:
                found.append(NpyArray(file, entry.file_size, f"{path}: {name}").read(file))
                if file.read(1):
                    raise DataError(f"{path}: {name} is cut short, or goes on after its end")
    return found


def open_hdf5(path: str) -> h5py.File:
    """An HDF5 file, to be read.

    Raises
    ------
    DataError
        If it is absent or something else.
    """
    if not os.path.isfile(path):
        raise DataError(f"there is no file {path}")
    with damage_told(f"{path} cannot be read as an HDF5 file"):
        return h5py.File(path, "r")


def hdf5_array(file: h5py.File, key: str, name: str) -> h5py.Dataset:
    """The array of numbers at `key`, whose values are in the file itself.

    Raises
    ------
    DataError
        If there is none, or it is said to be larger than the file can hold.
    """
    with damage_told(f"{name} cannot be read as an HDF5 file"):
        found = _followed(file, key)
        if not isinstance(found, h5py.Dataset):
            names: list[str] = []
            file.visit(names.append)
            raise DataError(f"{name} has no array '{key}'{nearest(key, names)}")
        layout = found.id.get_create_plist()
        if layout.get_layout() == h5py.h5d.VIRTUAL or layout.get_external_count():
            raise DataError(f"{name} has the values of '{key}' in other files: copy them into one")
        size = os.path.getsize(file.filename)
        chunk = math.prod(found.chunks) * found.dtype.itemsize if found.chunks else 0
        nbytes = math.prod(found.shape or ()) * found.dtype.itemsize
        if max(nbytes, chunk) > MOST_UNPACKED * size or (not found.chunks and nbytes > size):
            raise DataError(f"{name} says that '{key}' has shape {found.shape}, which is more than the file can hold")
    return found


def _followed(file: h5py.File, key: str) -> Any:
    """What is at `key`, links to other files left aside; None where nothing is."""
    place: Any = file
    for part in key.strip("/").split("/"):
        if not isinstance(place, h5py.Group) or isinstance(place.get(part, getlink=True), h5py.ExternalLink):
            return None
        place = place.get(part)
    return place
