"""Datasets from .npy and .npz files."""

from __future__ import annotations

import os
from typing import Any, Literal

import numpy as np

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import DataError
from adversarial.files.arrays import NpyArray, damage_told, read_npz
from adversarial.files.special import open_file
from adversarial.options import configurable

_ARCHIVE, _ARRAY = b"PK", b"\x93NUMPY"


def _check_begins(file: str, wanted: bytes, other: bytes, advice: str) -> None:
    if not os.path.exists(file):
        raise DataError(f"there is no file {file}")
    with damage_told(f"{file} cannot be read as a NumPy file"), open_file(file) as opened:
        start = opened.read(len(_ARRAY))
    if start.startswith(other):
        raise DataError(f"{file} {advice}")
    if not start.startswith(wanted):
        raise DataError(f"{file} cannot be read as a NumPy file: it begins as none does")


def load_npy(file: str, mmap_mode: Literal["r", "c"] | None = None) -> np.ndarray:
    """Return the array of a .npy file, which is checked before memory is taken; DataError where it is damaged."""
    with damage_told(f"{file} cannot be read as a NumPy file"):
        with open_file(file) as opened:
            header = NpyArray(opened, os.path.getsize(file), file)
            if mmap_mode is None:
                return header.read(opened)
        return np.load(file, mmap_mode=mmap_mode, allow_pickle=False)


def _matrix_or_images(array: np.ndarray, file: str) -> dict[str, Any]:
    if array.ndim not in (2, 4) or array.dtype.kind not in "fiub":
        raise DataError(
            f"{file} holds {array.dtype} of shape {array.shape}, not numbers as a matrix (examples, features) or images"
        )
    return {"X": array} if array.ndim == 2 else {"topo_view": array}


class NpyDataset(DenseDesignMatrix):
    """A .npy file: a matrix (examples, features), or images with axes ('b', 0, 1, 'c').

    Parameters
    ----------
    file : str
        Path of the file.
    mmap_mode : {'r', 'c'}, optional
        Map the file into memory, so that only the examples of a minibatch are read; by default all are.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "images.npy")
    ...     np.save(path, np.zeros((5, 8, 8, 3), "float32"))
    ...     NpyDataset(path).image_shape
    (8, 8, 3)
    """

    def __init__(self, file: str, mmap_mode: Literal["r", "c"] | None = None):
        _check_begins(file, _ARRAY, _ARCHIVE, "holds several arrays; use NpzDataset and say which by its key")
        super().__init__(**_matrix_or_images(load_npy(file, mmap_mode), file))


class NpzDataset(DenseDesignMatrix):
    """An array of a .npz file.

    Parameters
    ----------
    file : str
        Path of the file.
    key : str
        Name of the array: a matrix (examples, features), or images with axes ('b', 0, 1, 'c').
    target_key : str, optional
        Name of the array of targets, one row per example.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "data.npz")
    ...     np.savez(path, features=np.zeros((5, 4)), labels=np.arange(5))
    ...     dataset = NpzDataset(path, key="features", target_key="labels")
    >>> dataset.X.shape, dataset.y.shape
    ((5, 4), (5,))
    """

    def __init__(self, file: str, key: str, target_key: str | None = None):
        _check_begins(file, _ARCHIVE, _ARRAY, "holds one array without a name; use NpyDataset")
        features, *targets = read_npz(file, *(name for name in (key, target_key) if name is not None))
        super().__init__(**_matrix_or_images(features, file), y=targets[0] if targets else None)


@configurable
def load_numpy_obj(file: str, key: str) -> np.ndarray:
    """Return an array of a .npz file, such as the examples of a KernelDensityEstimateDistribution.

    Parameters
    ----------
    file : str
        Path of the file.
    key : str
        Name of the array.

    Returns
    -------
    array
        The array.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "embeddings.npz")
    ...     np.savez(path, np.zeros((5, 3)))
    ...     load_numpy_obj(path, "arr_0").shape
    (5, 3)
    """
    _check_begins(file, _ARCHIVE, _ARRAY, "holds one array without a name, so a key names nothing in it")
    return read_npz(file, key)[0]
