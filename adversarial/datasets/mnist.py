"""MNIST, from $PYLEARN2_DATA_PATH/mnist/ if it is there, else from the copy inside this package."""

from __future__ import annotations

import gzip
import hashlib
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal
from weakref import WeakValueDictionary

import numpy as np

from adversarial.datasets.data_path import data_path
from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix, one_hot_rows
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import DataError
from adversarial.files.arrays import MOST_UNPACKED, damage_told
from adversarial.files.special import refuse_special
from adversarial.names.slips import Slip
from adversarial.options import Index, OptionError

EMBEDDED = Path(__file__).parent / "mnist_data"
IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049
_KINDS = {IMAGES_MAGIC: "images", LABELS_MAGIC: "labels"}
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", 60000),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 10000),
}
#: SHA-256 of the unpacked bytes of the embedded files.
SHA256 = {
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
}


class MNIST(DenseDesignMatrix):
    """Handwritten digits: 60,000 training and 10,000 test images of 28 x 28 pixels from 0 to 1.

    Parameters
    ----------
    which_set : {'train', 'test'}
        Which images.
    center : bool
        Whether to subtract the mean image, default false.
    shuffle : bool
        Whether to put the examples into Pylearn2's shuffled order, default false.
    one_hot : bool, optional
        Whether targets are rows of ten with a 1 at the label, not labels (examples, 1); default false.
    binarize : bool
        Whether to set pixels above 1/2 to 1 and others to 0, default false.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').
    preprocessor : Preprocessor, optional
        Changes the examples.
    fit_preprocessor : bool
        Whether the preprocessor may learn from these examples, default false.
    fit_test_preprocessor : bool, optional
        For the test set must be the same as `fit_preprocessor`, as in Pylearn2; default false.

    Notes
    -----
    The paper trains on the first 50,000 training images and takes the bandwidth of its Parzen window from the other
    10,000 (section 5).

    Examples
    --------
    >>> digits = MNIST(which_set="test", stop=100)
    >>> digits.X.shape, digits.image_shape
    ((100, 784), (28, 28, 1))
    >>> digits.y[:3].ravel().tolist()
    [7, 2, 1]
    """

    bytes_are_pixels = True

    def __init__(
        self,
        which_set: Literal["train", "test"],
        center: bool = False,
        shuffle: bool = False,
        one_hot: bool | None = None,
        binarize: bool = False,
        start: Index | None = None,
        stop: Index | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        preprocessor: Preprocessor | None = None,
        fit_preprocessor: bool = False,
        fit_test_preprocessor: bool | None = False,
    ):
        if which_set == "test" and fit_test_preprocessor not in (None, fit_preprocessor):
            reason = f"fit_test_preprocessor is {fit_test_preprocessor}, but must be what fit_preprocessor is"
            raise OptionError("MNIST", "fit_test_preprocessor", reason)
        if start is None and stop is not None and Slip.STOP_ALONE.repeated_by(self):
            stop = None
        _check_range(start, stop, FILES[which_set][2])
        images, labels = load(which_set)
        X = images.reshape(len(images), -1)
        if binarize:
            X = (X > 127).astype(np.float32)
        if center:
            X = self._numbers(X)
            X -= X.mean(axis=0)
        if shuffle:
            order = shuffled_order(len(X))
            X, labels = X[order], labels[order]
        super().__init__(X=X, y=labels[:, None], view_converter=DefaultViewConverter((28, 28, 1), axes))
        self.restrict(start, stop)
        if one_hot and self.y is not None:
            self.y = one_hot_rows(self.y[:, 0], 10)
        if preprocessor is not None:
            preprocessor.apply(self, can_fit=fit_preprocessor)

    def _options_of_test_set(self) -> dict[str, Any]:
        options = self._own_options("start", "stop", "fit_test_preprocessor") | {"which_set": "test"}
        return options | {"fit_preprocessor": bool(self.options.get("fit_test_preprocessor"))}

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        return np.clip(X * 2.0 - 1.0, -1.0, 1.0)


def _check_range(start: int | None, stop: int | None, size: int) -> None:
    """Refuse a range that does not fit before any file is read."""
    if stop is not None and stop > size:
        raise OptionError("MNIST", "stop", f"stop is {stop}, but there are {size} examples")
    end = size if stop is None else stop
    if (start or 0) >= end:
        raise OptionError("MNIST", "start", f"start is {start or 0}, but must be below stop, which is {end}")


def shuffled_order(size: int) -> np.ndarray:
    """Return the order in which Pylearn2's MNIST shuffles `size` examples: swaps drawn from seed [1, 2, 3]."""
    rng, order = np.random.RandomState([1, 2, 3]), np.arange(size)
    for i in range(size):
        j = rng.randint(size)
        order[i], order[j] = order[j], order[i]
    return order


def load(which_set: Literal["train", "test"]) -> tuple[np.ndarray, np.ndarray]:
    """Read images (examples, 28, 28) and labels (examples,), uint8.

    Parameters
    ----------
    which_set : {'train', 'test'}
        Which images.

    Returns
    -------
    (array, array)
        Images and labels, read-only.

    Raises
    ------
    DataError
        For a file that is absent, cut short, swapped for the other kind, or of another size.
    """
    image_name, label_name, size = FILES[which_set]
    folder, own = _folder((image_name, label_name))
    images = _read_once(_find(folder, image_name), IMAGES_MAGIC, own)
    labels = _read_once(_find(folder, label_name), LABELS_MAGIC, own)
    if images.shape != (size, 28, 28):
        raise DataError(f"{folder / image_name} holds images of shape {images.shape}, but should of {(size, 28, 28)}")
    if labels.shape != (size,):
        raise DataError(f"{folder / label_name} holds {len(labels)} labels, but should {size}")
    return images, labels


def _folder(names: Sequence[str]) -> tuple[Path, bool]:
    """Return the user's folder if it holds any of the files, else the embedded one; and whether it is the latter."""
    users = data_path() / "mnist"
    if any((users / name).exists() or (users / f"{name}.gz").exists() for name in names):
        return users, False
    return EMBEDDED, True


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / f"{name}.gz"):
        if path.exists():
            return path
    raise DataError(f"there is no {name} (or {name}.gz) in {folder}; put all four files of MNIST there, or none")


#: Arrays in use by file: the examples to train on and those to monitor are parts of one file, which is read once.
_in_use: WeakValueDictionary[tuple, np.ndarray] = WeakValueDictionary()


def _read_once(path: Path, magic: int, check_hash: bool) -> np.ndarray:
    """Return `read_idx`, cached while the array is in use and the file unchanged."""
    stat = path.stat()
    key = (path, magic, check_hash, stat.st_size, stat.st_mtime_ns)
    found = _in_use.get(key)
    if found is None:
        found = _in_use[key] = read_idx(path, magic, check_hash)
    return found


def read_idx(path: Path, magic: int, check_hash: bool = False) -> np.ndarray:
    """Read an IDX file, gzipped or not, as a read-only array of uint8.

    Parameters
    ----------
    path : Path
        The file.
    magic : int
        The number that the file must begin with, which says what it holds.
    check_hash : bool
        Whether to compare the SHA-256 of its content with that of the embedded file, default false.

    Returns
    -------
    array
        Images (examples, 28, 28) or labels (examples,).

    Raises
    ------
    DataError
        If the file is cut short, damaged, or holds something else.
    """
    axes = magic % 256
    refuse_special(path)
    opened = gzip.open if path.suffix == ".gz" else open
    with damage_told(f"{path} is cut short or damaged: it cannot be read"), opened(path, "rb") as file:
        header = file.read(4 + 4 * axes)
        shape = _shape(header, magic, path)
        expected = math.prod(shape)
        if expected > MOST_UNPACKED * path.stat().st_size:
            raise DataError(f"{path} should hold {expected} bytes of {_KINDS[magic]}, which is more than it can hold")
        # One byte more, so that gzip reaches the end and checks its checksum.
        content = file.read(expected + 1)
    if len(content) != expected:
        found = f"{len(content)}" if len(content) < expected else "more"
        raise DataError(f"{path} should hold {expected} bytes of {_KINDS[magic]}, but holds {found}")
    if check_hash:
        name = os.path.basename(path).removesuffix(".gz")
        if hashlib.sha256(header + content).hexdigest() != SHA256[name]:
            raise DataError(f"{path} is not the file that came with this package; install it again")
    return np.ndarray(shape, np.uint8, content)


def _shape(header: bytes, magic: int, path: Path) -> tuple[int, ...]:
    """Return the shape that the header of an IDX file gives."""
    found, axes = int.from_bytes(header[:4], "big"), magic % 256
    if len(header) < 4 or found != magic:
        kind = f"{_KINDS[found]}, not {_KINDS[magic]}" if found in _KINDS else f"no {_KINDS[magic]} in IDX format"
        raise DataError(f"{path} holds {kind}: it begins with {found} instead of {magic}")
    if len(header) < 4 + 4 * axes:
        raise DataError(f"{path} is cut short: it ends within its header, after {len(header)} bytes")
    return tuple(int.from_bytes(header[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(axes))
