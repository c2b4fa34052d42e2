"""Street view house numbers, in the files that Pylearn2 made of them; after its `datasets/svhn.py`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from adversarial.datasets.data_path import data_path
from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.hdf5 import HDF5Dataset
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import DataError
from adversarial.options import Index

_TRAINING = ("train", "train_all", "splitted_train")


class SVHN(HDF5Dataset):
    """Photographs of digits on house numbers, 32 x 32 pixels, RGB, of ten classes.

    The files are those that Pylearn2 wrote with PyTables: `h5/<which_set>_32x32.h5` in the folder, with the group
    `Data` of `X` (examples, 3072) and `y`, rows with a 1 at the class. They are read from the disk batch by batch,
    and never changed.

    Parameters
    ----------
    which_set : {'train', 'test', 'extra', 'train_all', 'splitted_train', 'valid'}
        Which images.
    path : str, optional
        The folder that holds `h5`, default SVHN/format2 in $PYLEARN2_DATA_PATH.
    center : bool, default False
        Whether to subtract 127.5.
    scale : bool, default False
        Whether to divide by 127.5 with `center`, by 255 without.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').
    preprocessor : Preprocessor, optional
        Changes the examples; it may learn from those of the training sets.

    Examples
    --------
    Made-up images in the layout of the real ones:

    >>> import h5py, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.mkdir(os.path.join(folder, "h5"))
    ...     with h5py.File(os.path.join(folder, "h5", "valid_32x32.h5"), "w") as file:
    ...         file["Data/X"], file["Data/y"] = np.full((5, 3072), 255.0, "float32"), np.eye(5, 10)
    ...     digits = SVHN("valid", path=folder, scale=True, stop=2)
    ...     digits.X.shape, float(digits.X.max()), digits.image_shape
    ((2, 3072), 1.0, (32, 32, 3))
    """

    def __init__(
        self,
        which_set: Literal["train", "test", "extra", "train_all", "splitted_train", "valid"],
        path: str | None = None,
        center: bool = False,
        scale: bool = False,
        start: Index | None = None,
        stop: Index | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        preprocessor: Preprocessor | None = None,
    ):
        folder = str(data_path() / "SVHN" / "format2") if path is None else path
        filename = os.path.join(folder, "h5", f"{which_set}_32x32.h5")
        if not os.path.exists(filename):
            raise DataError(
                f"there is no {filename}: SVHN reads the files that Pylearn2 made of it (datasets/svhn.py, make_data); "
                "set path, or PYLEARN2_DATA_PATH, to where they are"
            )
        self._shift = 127.5 if center else 0.0
        self._divisor = (127.5 if center else 255.0) if scale else 1.0
        super().__init__(filename, X="Data/X", y="Data/y", view_converter=DefaultViewConverter((32, 32, 3), axes))
        self.restrict(start, stop)
        if preprocessor is not None:
            preprocessor.apply(self, can_fit=which_set in _TRAINING)

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        if not self._shift and self._divisor == 1.0:
            return rows
        return (rows.astype(np.float32) - np.float32(self._shift)) / np.float32(self._divisor)

    def set_design_matrix(self, X: np.ndarray) -> None:
        # What replaces the examples was shifted and scaled when it was read.
        self._shift, self._divisor = 0.0, 1.0
        super().set_design_matrix(X)

    def _options_of_test_set(self) -> dict[str, Any]:
        return self._own_options() | {"which_set": "test"}

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        middle = (127.5 - self._shift) / self._divisor
        return np.clip((X - middle) * self._divisor / 127.5, -1.0, 1.0)
