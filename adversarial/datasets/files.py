"""FileDataset: examples in a file of any format that is read, or in a folder of images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.scaled import ScaledRows
from adversarial.errors import DataError
from adversarial.options import Index, OptionError, Positive
from adversarial.serialization.tables import open_table
from adversarial.space import check_axes


class FileDataset(ScaledRows):
    """Examples in a .npy, .npz, .h5, .mat, .csv, .safetensors or .pt file, or in a folder of images of one size.

    They are read into memory, as the kind of number that they are stored as. Of larger files NpyDataset (`mmap_mode`)
    and HDF5Dataset read what a minibatch needs.

    Parameters
    ----------
    file : str
        Path of the file or folder. A matrix (examples, features), grey images (examples, rows, columns), or images with
        four axes.
    key : str, optional
        Name of the array, where the file has several.
    target_key : str or int, optional
        Name of the array of targets, one row per example; of a .csv, the number of their column, from 0, or from -1
        backwards.
    axes : sequence or str, optional
        Order of the four axes of images, default ('b', 0, 1, 'c'), or 'b01c': 'bc01' where channels come first.
    scale : float, optional
        What values are divided by, above 0; default 255 for bytes (uint8), so that they are pixels in [0, 1], else 1.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    preprocessor : Preprocessor, optional
        Changes the examples.
    fit_preprocessor : bool
        Whether the preprocessor may learn from these examples, default false.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "images.npy")
    ...     np.save(path, np.full((5, 3, 8, 8), 255, "uint8"))
    ...     dataset = FileDataset(path, axes="bc01")
    >>> dataset.image_shape, float(dataset.X.max())
    ((8, 8, 3), 1.0)
    """

    def __init__(
        self,
        file: str,
        key: str | None = None,
        target_key: str | int | None = None,
        axes: str | Sequence[Any] = ("b", 0, 1, "c"),
        scale: Positive | None = None,
        start: Index | None = None,
        stop: Index | None = None,
        preprocessor: Preprocessor | None = None,
        fit_preprocessor: bool = False,
    ):
        array, targets = _read(file, key), None
        if isinstance(target_key, str):
            targets = _read(file, target_key)
        elif target_key is not None:
            if array.ndim != 2 or not -array.shape[1] <= target_key < array.shape[1]:
                reason = f"target_key is {target_key}, but {file} has no such column"
                raise OptionError("FileDataset", "target_key", reason)
            targets = array[:, [target_key]].astype(np.int64)
            array = np.delete(array, target_key, axis=1)
        self.scale = scale if scale is not None else 255.0 if array.dtype == np.uint8 else 1.0
        if array.ndim == 3:
            array, axes = array[..., None], ("b", 0, 1, "c")
        if array.ndim not in (2, 4):
            raise DataError(f"{file} holds an array of shape {array.shape}, not examples as a matrix or as images")
        kind: dict[str, Any] = (
            {"X": array} if array.ndim == 2 else {"topo_view": array, "axes": check_axes(axes, "FileDataset")}
        )
        super().__init__(**kind, y=targets)
        self.restrict(start, stop)
        if preprocessor is not None:
            preprocessor.apply(self, can_fit=fit_preprocessor)


def _read(file: str, key: str | None) -> np.ndarray:
    rows = open_table(file if key is None else f"{file}:{key}")
    return rows[: len(rows)].reshape(len(rows), *rows.example)
