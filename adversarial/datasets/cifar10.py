"""CIFAR-10 from $PYLEARN2_DATA_PATH/cifar10/cifar-10-batches-py/; after Pylearn2's `datasets/cifar10.py`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from adversarial.datasets.data_path import data_path
from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix, one_hot_rows
from adversarial.datasets.preprocessing import global_contrast_normalize
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import CheckpointError, DataError
from adversarial.files.special import open_file
from adversarial.names.slips import Slip
from adversarial.options import Index, OptionError, Positive
from adversarial.serialization.pickle_2014 import Arrays, is_array
from adversarial.serialization.pickle_machine import run

log = logging.getLogger(__name__)

FILES = {"train": tuple(f"data_batch_{number}" for number in range(1, 6)), "test": ("test_batch",)}
LABEL_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
#: How the label of a batch begins that `tools/make_standins.py` made up.
MADE_UP = "made-up images"
_PIXELS = 3 * 32 * 32
#: Images converted to floats at a time, for a mean.
_BLOCK = 1000

#: All that the pickles of a batch may name: an array of NumPy. Nothing of it is imported or called.
_NAMES = {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}
#: Bytes for the values of a batch besides its pixels: the names and labels of 10,000 images, with a margin.
_BUDGET = 16 * 2**20


class CIFAR10(DenseDesignMatrix):
    """Small colour photographs of ten kinds of things: 50,000 to train on and 10,000 to test, 32 x 32 pixels, RGB.

    Images are stored as bytes, 0 to 255, and preprocessed minibatch by minibatch, to the same bits as all at once.

    Parameters
    ----------
    which_set : {'train', 'test'}
        Which images.
    center : bool
        Whether to subtract 127.5, default false.
    rescale : bool
        Whether to divide by 127.5 (after `center`), default false.
    gcn : float, optional
        Length of each image after `preprocessing.global_contrast_normalize`, above 0; not normalised by default.
    one_hot : bool
        Whether targets are rows of ten with a 1 at the label, not labels (examples,); default false.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').
    toronto_prepro : bool
        Whether to divide by 255 (after `rescale`) and subtract the mean image of the training set, default false; not
        with `center` or `gcn`. As in 2014, with `rescale` the mean that the test set subtracts is not rescaled.
    preprocessor : Preprocessor, optional
        Changes the examples.

    Examples
    --------
    Made-up images in the layout of the real ones, ten per file:

    >>> import os, tempfile
    >>> from unittest.mock import patch
    >>> from adversarial.datasets import standins
    >>> with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, PYLEARN2_DATA_PATH=folder):
    ...     files = standins.cifar10(Path(folder), examples=10)
    ...     images = CIFAR10(which_set="train", center=True, rescale=True)
    >>> images.X.shape, images.image_shape
    ((50, 3072), (32, 32, 3))
    """

    def __init__(
        self,
        which_set: Literal["train", "test"],
        center: bool = False,
        rescale: bool = False,
        gcn: Positive | None = None,
        one_hot: bool = False,
        start: Index | None = None,
        stop: Index | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        toronto_prepro: bool = False,
        preprocessor: Preprocessor | None = None,
    ):
        for name, given in (("center", center), ("gcn", gcn)):
            if toronto_prepro and given:
                reason = f"toronto_prepro subtracts a mean of its own, so it does not go with {name}"
                raise OptionError("CIFAR10", "toronto_prepro", reason)
        if start is None and stop is not None and Slip.STOP_ALONE.repeated_by(self):
            stop = None
        self.center, self.rescale, self.gcn = center, rescale, gcn
        self._mean: np.ndarray | None = None
        view_converter = DefaultViewConverter((32, 32, 3), axes)
        X, y = load(which_set)
        if toronto_prepro:
            # The training set's own mean is of images rescaled before; the test set's, as in 2014, is not.
            train = which_set == "train"
            self._mean = mean_image(X if train else load("train")[0], rescale=rescale and train)
        super().__init__(X=X, y=y, view_converter=view_converter)
        self.restrict(start, stop)
        if one_hot:
            self.y = one_hot_rows(y[start:stop], 10)
        if preprocessor is not None:
            preprocessor.apply(self)

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        if rows.dtype != np.uint8:
            return rows
        numbers = rows.astype(np.float32)
        if self.center:
            numbers -= np.float32(127.5)
        if self.rescale:
            numbers /= np.float32(127.5)
        if self._mean is not None:
            numbers /= np.float32(255.0)
            numbers -= self._mean
        return numbers if self.gcn is None else global_contrast_normalize(numbers, scale=self.gcn)

    def _options_of_test_set(self) -> dict[str, Any]:
        return self._own_options("start", "stop", "preprocessor") | {"which_set": "test"}

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        if self.gcn is not None or self._mean is not None:
            return X / np.maximum(np.abs(X).max(axis=1, keepdims=True), 1e-12)
        centred = X if self.center else X - (1.0 if self.rescale else 127.5)
        return np.clip(centred if self.rescale else centred / 127.5, -1.0, 1.0)


class CIFAR10OneHot(CIFAR10):
    """CIFAR-10 whose targets are rows of ten with a 1 at the label, under the source name 'condition'.

    Parameters
    ----------
    which_set : {'train', 'test'}
        As of `CIFAR10`.
    onehot_dtype : str, default 'uint8'
        Dtype of the targets.
    **kwargs : dict
        The other options of `CIFAR10`; `one_hot` must be left out.

    Examples
    --------
    >>> CIFAR10OneHot(which_set="train", gcn=55.0, axes=["c", 0, 1, "b"])  # doctest: +SKIP
    """

    target_source = "condition"

    def __init__(
        self,
        which_set: Literal["train", "test"],
        onehot_dtype: Literal["uint8", "float32", "float64"] = "uint8",
        **kwargs: Any,
    ):
        super().__init__(which_set, one_hot=True, **kwargs)
        self.y = np.asarray(self.y).astype(onehot_dtype)


def mean_image(images: np.ndarray, rescale: bool) -> np.ndarray:
    """Compute the mean of images / 255 in float32, a block at a time, to the bit what NumPy gives of all at once.

    With `rescale` they are divided by 127.5 before.

    NumPy sums float32 columns row after row, so the sum of a block can start from that of the blocks before.
    """
    total = np.zeros((1, images.shape[1]), np.float32)
    for start in range(0, len(images), _BLOCK):
        block = images[start : start + _BLOCK].astype(np.float32)
        if rescale:
            block /= np.float32(127.5)
        block /= np.float32(255.0)
        total = np.add.reduce(np.concatenate([total, block]), axis=0, keepdims=True)
    return total[0] / np.float32(len(images))


def load(which_set: Literal["train", "test"]) -> tuple[np.ndarray, np.ndarray]:
    """Read images (examples, 3072), channel after channel, each row by row, and labels (examples,), uint8.

    Parameters
    ----------
    which_set : {'train', 'test'}
        Which images.

    Returns
    -------
    (array, array)
        Images and labels.

    Raises
    ------
    DataError
        For a batch that is absent, damaged, or not one of CIFAR-10.
    """
    folder = data_path() / "cifar10" / "cifar-10-batches-py"
    paths = [folder / name for name in FILES[which_set]]
    absent = [path.name for path in paths if not path.exists()]
    if absent:
        raise DataError(
            f"there is no {', '.join(absent)} in {folder}: fetch CIFAR-10 by tools/get_data.py cifar10, "
            "or set PYLEARN2_DATA_PATH to where its folder cifar10 is"
        )
    images, labels = read_batch(paths[0])
    size = len(labels)
    if len(paths) == 1:
        return images, labels
    # Filled batch by batch, so that memory never holds a second copy of the whole.
    X, y = np.empty((len(paths) * size, _PIXELS), np.uint8), np.empty(len(paths) * size, np.uint8)
    for number, path in enumerate(paths):
        if number:
            images, labels = read_batch(path)
        if len(labels) != size:
            raise DataError(f"{path} holds {len(labels)} images, but {paths[0].name} {size}: they are not of one set")
        X[number * size : (number + 1) * size], y[number * size : (number + 1) * size] = images, labels
    return X, y


def read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read the images and labels, uint8, of a batch file, a pickle of Python 2, without running anything in it."""
    return read_images(path, "batch of CIFAR-10", "labels", len(LABEL_NAMES))


def read_images(path: Path, what: str, key: str, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Read images (examples, 3072) and labels (examples,), uint8, of a pickle of Python 2; nothing in it is run.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it should be, for errors, without an article.
    key : str
        Under which name it has its labels.
    classes : int
        Labels are below this.

    Returns
    -------
    (array, array)
        Images and labels.

    Raises
    ------
    DataError
        If it is no such file.
    """
    try:
        with open_file(path) as file:
            data = file.read()
        content = run(data, _BUDGET + 2 * len(data), permit=_permit)
        if not isinstance(content, dict) or not is_array(content.get("data")) or key not in content:
            raise CheckpointError(f"it has no images and {key}")
        images, labels = Arrays(len(data)).array(content["data"]), content[key]
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except CheckpointError as error:
        raise DataError(f"{path} is no {what}: {error}") from error
    if images.dtype != np.uint8 or images.ndim != 2 or images.shape[1] != _PIXELS:
        raise DataError(f"{path} holds {images.dtype} of shape {images.shape}, not bytes of shape (images, {_PIXELS})")
    if not isinstance(labels, list) or len(labels) != len(images):
        found = f"{len(labels)} labels" if isinstance(labels, list) else "no list of labels"
        raise DataError(f"{path} holds {len(images)} images, but {found}")
    wrong = [label for label in labels if type(label) is not int or not 0 <= label < classes]
    if wrong:
        raise DataError(f"{path} should hold labels from 0 to {classes - 1}, but holds {wrong[0]!r:.30}")
    if str(content.get("batch_label", "")).startswith(MADE_UP):
        log.info("%s holds made-up images, not those of CIFAR-10", path)
    return images, np.array(labels, dtype=np.uint8)


def _permit(module: str, name: str) -> None:
    if (module, name) not in _NAMES:
        raise CheckpointError(f"it asks to run {module}.{name}; nothing was run")
