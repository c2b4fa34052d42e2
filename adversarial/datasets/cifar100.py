"""CIFAR-100 from $PYLEARN2_DATA_PATH/cifar100/cifar-100-python/; after Pylearn2's `datasets/cifar100.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from adversarial.datasets.cifar10 import mean_image, read_images
from adversarial.datasets.data_path import data_path
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix, one_hot_rows
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import DataError
from adversarial.names.slips import Slip
from adversarial.options import Index, OptionError, Positive

_CLASSES = 100


class CIFAR100(DenseDesignMatrix):
    """Small colour photographs of a hundred kinds of things: 50,000 to train on, 10,000 to test, 32 x 32 pixels, RGB.

    Images are stored as bytes, 0 to 255, and preprocessed minibatch by minibatch, to the same bits as all at once.

    Parameters
    ----------
    which_set : {'train', 'test'}
        Which images.
    center : bool
        Whether to subtract 127.5, default false.
    gcn : float, optional
        Length of each image after its mean is subtracted, above 0; not normalised by default.
    toronto_prepro : bool
        Whether to divide by 255 and subtract the mean image, default false; of the training set only, and not with
        `center` or `gcn`.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    one_hot : bool
        Whether targets are rows of a hundred with a 1 at the label, not labels (examples,); default false.

    Examples
    --------
    >>> CIFAR100(which_set="train", center=True, one_hot=True)  # doctest: +SKIP
    """

    def __init__(
        self,
        which_set: Literal["train", "test"],
        center: bool = False,
        gcn: Positive | None = None,
        toronto_prepro: bool = False,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        start: Index | None = None,
        stop: Index | None = None,
        one_hot: bool = False,
    ):
        for name, given in (("center", center), ("gcn", gcn)):
            if toronto_prepro and given:
                reason = f"toronto_prepro subtracts a mean of its own, so it does not go with {name}"
                raise OptionError("CIFAR100", "toronto_prepro", reason)
        if toronto_prepro and which_set == "test":
            reason = "toronto_prepro would subtract the test set's own mean, so it is for which_set: train"
            raise OptionError("CIFAR100", "toronto_prepro", reason)
        if start is None and stop is not None and Slip.STOP_ALONE.repeated_by(self):
            stop = None
        self.center, self.gcn = center, gcn
        X, y = _load(which_set)
        if gcn is not None and (X.max(axis=1) == X.min(axis=1)).any():
            raise DataError(f"CIFAR100: an image of the set '{which_set}' has no contrast, so gcn cannot normalise it")
        self._mean = mean_image(X, rescale=False) if toronto_prepro else None
        super().__init__(X=X, y=y, view_converter=DefaultViewConverter((32, 32, 3), axes))
        self.restrict(start, stop)
        if one_hot:
            self.y = one_hot_rows(y[start:stop], _CLASSES)

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        if rows.dtype != np.uint8:
            return rows
        numbers = rows.astype(np.float32)
        if self.center:
            numbers -= np.float32(127.5)
        if self._mean is not None:
            numbers /= np.float32(255.0)
            numbers -= self._mean
        if self.gcn is None:
            return numbers
        numbers -= numbers.mean(axis=1, keepdims=True)
        numbers /= np.sqrt(np.square(numbers).sum(axis=1, keepdims=True))
        return numbers * np.float32(self.gcn)

    def _options_of_test_set(self) -> dict[str, Any]:
        return self._own_options("start", "stop") | {"which_set": "test"}

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        if self.gcn is not None or self._mean is not None:
            return X / np.maximum(np.abs(X).max(axis=1, keepdims=True), 1e-12)
        return np.clip((X if self.center else X - 127.5) / 127.5, -1.0, 1.0)


def _load(which_set: str) -> tuple[np.ndarray, np.ndarray]:
    path = data_path() / "cifar100" / "cifar-100-python" / which_set
    if not path.exists():
        raise DataError(f"there is no {path}: unpack CIFAR-100 there, or set PYLEARN2_DATA_PATH to where its folder is")
    return read_images(path, "part of CIFAR-100", "fine_labels", _CLASSES)
