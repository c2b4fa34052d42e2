"""Datasets from .npy and .npz files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

import numpy as np

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.errors import DataError
from adversarial.options import nearest


def _load(file: str, mmap_mode: str | None = None):
    """What numpy reads of a file, without pickled objects."""
    if not Path(file).exists():
        raise DataError(f"there is no file {file}")
    try:
        return np.load(file, mmap_mode=mmap_mode, allow_pickle=False)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{file} cannot be read as a NumPy file: {' '.join(str(error).split())[:120]}") from error


def _matrix_or_images(array: np.ndarray, file: str) -> dict[str, np.ndarray]:
    if array.ndim not in (2, 4) or array.dtype.kind not in "fiub":
        raise DataError(
            f"{file} holds {array.dtype} of shape {array.shape}, not numbers as a matrix (examples, features) or images"
        )
    return {"X": array} if array.ndim == 2 else {"topo_view": array}


class NpyDataset(DenseDesignMatrix):
    """A .npy file: a matrix (examples, features), or images with axes ('b', 0, 1, 'c').

    Parameters
    ----------
    file : its path
    mmap_mode : 'r' or 'c' reads from disk what a minibatch needs
    """

    def __init__(self, file: str, mmap_mode: Literal["r", "c"] | None = None):
        array = _load(file, mmap_mode)
        if not isinstance(array, np.ndarray):
            raise DataError(f"{file} holds several arrays; use NpzDataset and say which by its key")
        super().__init__(**_matrix_or_images(array, file))


class NpzDataset(DenseDesignMatrix):
    """An array of a .npz file.

    Parameters
    ----------
    file : its path
    key : the name of the array: a matrix (examples, features), or images with axes ('b', 0, 1, 'c')
    target_key : the name of the array of targets
    """

    def __init__(self, file: str, key: str, target_key: str | None = None):
        arrays = _load(file)
        if isinstance(arrays, np.ndarray):
            raise DataError(f"{file} holds one array without a name; use NpyDataset")
        with arrays:
            for name in (key, target_key):
                if name is not None and name not in arrays.files:
                    raise DataError(f"{file} has no array '{name}'{nearest(name, arrays.files)}")
            try:
                features, y = arrays[key], None if target_key is None else arrays[target_key]
            except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
                raise DataError(f"{file} is damaged: {' '.join(str(error).split())[:120]}") from error
        super().__init__(**_matrix_or_images(features, file), y=y)
