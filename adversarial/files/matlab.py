"""Arrays of numbers in MATLAB files: of versions 4 to 7 by SciPy, of version 7.3, which is HDF5, by h5py."""

from __future__ import annotations

import math
import os

import h5py
import numpy as np

from adversarial.errors import DataError
from adversarial.files.arrays import MOST_UNPACKED, hdf5_array, open_hdf5

#: MATLAB's names of numbers.
_NUMBERS = {"double", "single", "logical", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))}


def matlab_names(path: str) -> list[str]:
    """Return the names of the arrays of numbers in a MATLAB file, in its order."""
    if h5py.is_hdf5(path):
        with open_hdf5(path) as file:
            return [
                name
                for name in file
                if isinstance(file.get(name, getlink=True), h5py.HardLink)
                and isinstance(file[name], h5py.Dataset)
                and file[name].ndim > 1
                and file[name].dtype.kind in "fiub"
            ]
    from scipy.io import whosmat

    return [name for name, _, kind in whosmat(path) if kind in _NUMBERS]


def read_matlab(path: str, name: str) -> np.ndarray:
    """Read an array of a MATLAB file, its axes in MATLAB's order.

    Raises
    ------
    DataError
        If it claims more values than the file can hold, or is not an array of numbers.
    """
    if h5py.is_hdf5(path):
        with open_hdf5(path) as file:
            # MATLAB stores the last axis first.
            return np.ascontiguousarray(hdf5_array(file, name, path)[...].T)
    from scipy.io import loadmat, whosmat

    shape = next((shape for known, shape, _ in whosmat(path) if known == name), ())
    if math.prod(shape) > MOST_UNPACKED * os.path.getsize(path):
        raise DataError(f"{path} says that '{name}' has shape {shape}, which is more than the file can hold")
    found = loadmat(path, variable_names=[name])[name]
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "fiub":
        raise DataError(f"{path} should hold '{name}' as an array of numbers")
    return np.ascontiguousarray(found)
