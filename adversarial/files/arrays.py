"""Arrays in .npy, .npz and .h5 files, which may be damaged or come from strangers.

The sizes that a file declares are compared with its real size before memory is allocated, and whatever the libraries
that read these formats raise becomes one DataError of one sentence.
"""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import h5py
import numpy as np

from adversarial.errors import DataError, UserError
from adversarial.files.special import refuse_special
from adversarial.options import nearest

#: No compressor of these formats (deflate) reaches a higher ratio.
MOST_UNPACKED = 1032
#: Soft links of an HDF5 file that are followed to find an array, as many as HDF5 follows.
_MOST_LINKS = 16


@contextmanager
def damage_told(what: str) -> Iterator[None]:
    """Turn what a library raises at a damaged file into a DataError that begins with `what`; a UserError passes.

    No such library documents all that it may raise: RuntimeError, IndexError and tokenize's errors were all seen.
    """
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DataError(f"{what}: {' '.join(text.split())[:120] or type(error).__name__}") from error


def candidates(name: str, names: list[str], most: int = 8) -> str:
    """Return the name that may have been meant, and what there is, the first `most`.

    Examples
    --------
    >>> candidates("feature", ["features", "labels"])
    "; did you mean 'features'? It has features, labels"
    """
    listed = f"{', '.join(names[:most]) or 'none'}{' ...' if len(names) > most else ''}"
    near = nearest(name, names)
    return f"{near} It has {listed}" if near else f"; it has {listed}"


class NpyArray:
    """The header of a .npy file, checked.

    Parameters
    ----------
    file : file open for reading
        At the beginning of the header; afterwards at the first value.
    size : int
        Bytes from there to the end.
    name : str
        What to call the file in errors.

    Attributes
    ----------
    shape : tuple of int
        The array's shape; its values take exactly the bytes that follow the header.
    dtype : numpy.dtype
        A kind of number.
    fortran : bool
        Whether the first axis varies fastest.

    Raises
    ------
    DataError
        If the header is not one, the array is not of numbers, or the file is shorter or longer than it says.
    """

    def __init__(self, file: IO[bytes], size: int, name: str):
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

    def read(self, file: IO[bytes]) -> np.ndarray:
        """Read the array; `file` must be at its first value."""
        values = np.frombuffer(file.read(math.prod(self.shape) * self.dtype.itemsize), self.dtype)
        return values.reshape(self.shape, order="F" if self.fortran else "C").copy(order="K")


def npz_member(archive: zipfile.ZipFile, name: str, path: str) -> zipfile.ZipInfo:
    """Find the array `name` in an archive.

    Parameters
    ----------
    archive : zipfile.ZipFile
        The open .npz file.
    name : str
        The array's name, without `.npy`.
    path : str
        What to call the file in errors.

    Returns
    -------
    zipfile.ZipInfo
        Its entry.

    Raises
    ------
    DataError
        If there is none, or one that claims to unpack to more than its bytes can hold.
    """
    names = [entry.removesuffix(".npy") for entry in archive.namelist()]
    if name not in names:
        raise DataError(f"{path} has no array '{name}'{candidates(name, names)}")
    entry = archive.infolist()[names.index(name)]
    plain = entry.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not entry.flag_bits & 1
    if not plain or entry.file_size > MOST_UNPACKED * (1 + entry.compress_size):
        raise DataError(f"{path} is damaged: '{name}' in it is not as NumPy saves arrays")
    return entry


def read_npz(path: str, *names: str) -> list[np.ndarray]:
    """Read arrays of a .npz file by their names.

    Raises
    ------
    DataError
        If the file is damaged or lacks one of them.
    """
    found = []
    refuse_special(path)
    with damage_told(f"{path} is damaged, or cannot be read as a NumPy file"), zipfile.ZipFile(path) as archive:
        for name in names:
            entry = npz_member(archive, name, path)
            with archive.open(entry) as file:
                found.append(NpyArray(file, entry.file_size, f"{path}: {name}").read(file))
                if file.read(1):
                    raise DataError(f"{path}: {name} is cut short, or goes on after its end")
    return found


def open_hdf5(path: str) -> h5py.File:
    """Open an HDF5 file for reading.

    Raises
    ------
    DataError
        If it is missing or something else.
    """
    if os.path.isdir(path) or not os.path.exists(path):
        raise DataError(f"there is no file {path}")
    refuse_special(path)
    with damage_told(f"{path} cannot be read as an HDF5 file"):
        return h5py.File(path, "r")


def hdf5_array(file: h5py.File, key: str, name: str) -> h5py.Dataset:
    """Return the array of numbers at `key`, whose values are in the file itself.

    Raises
    ------
    DataError
        If there is none, or its header claims more than the file can hold.
    """
    with damage_told(f"{name} cannot be read as an HDF5 file"):
        found = _followed(file, key)
        if not isinstance(found, h5py.Dataset):
            names: list[str] = []
            file.visititems(lambda known, item: names.append(known) if isinstance(item, h5py.Dataset) else None)
            raise DataError(f"{name} has no array '{key}'{candidates(key, names)}")
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
    """Return the object at `key`; None where there is none, or a link leads to another file.

    Soft links are resolved here, step by step: HDF5 itself would follow one through a link to another file.
    """
    place: Any = file
    steps, links = key.split("/")[::-1], 0
    while steps:
        step = steps.pop()
        if step in ("", "."):
            continue
        if not isinstance(place, h5py.Group):
            return None
        link = place.get(step, getlink=True)
        if isinstance(link, h5py.SoftLink):
            links += 1
            if links > _MOST_LINKS:
                return None
            place = file if link.path.startswith("/") else place
            steps += link.path.split("/")[::-1]
        elif isinstance(link, h5py.HardLink):
            place = place[step]
        else:
            return None
    return place
