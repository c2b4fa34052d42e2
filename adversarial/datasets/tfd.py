"""The Toronto Face Dataset from $PYLEARN2_DATA_PATH/faces/TFD/; after Pylearn2's `datasets/tfd.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from scipy.io import loadmat

from adversarial.datasets.data_path import data_path
from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix, one_hot_rows
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import DataError
from adversarial.files.arrays import damage_told
from adversarial.files.special import refuse_special
from adversarial.options import Index, OptionError, Range

#: The sets by name, as numbers in the column of a fold.
SETS = {"unlabeled": (0,), "train": (1,), "valid": (2,), "test": (3,), "full_train": (1, 2)}
#: Expressions: anger, disgust, fear, happiness, sadness, surprise, neutral.
EXPRESSIONS = 7
#: Images copied to rows at a time.
_BLOCK = 4096

Fold = Annotated[int, Range(0, 4)]


class TFD(DenseDesignMatrix):
    """Grey faces, some labelled by one of seven expressions, in five folds of training, validation and test sets.

    Parameters
    ----------
    which_set : {'train', 'valid', 'test', 'full_train', 'unlabeled'}
        Which images; 'full_train' is 'train' and 'valid' together.
    fold : int
        Which of the five splits, 0 to 4, default 0.
    image_size : {48, 96}
        Pixels of a side, default 48.
    example_range : (int, int), optional
        [start, stop] within the set, default all of it.
    center : bool
        Whether to subtract 127.5, default false.
    scale : bool
        Whether to scale pixels to [0, 1], or to [-1, 1] with `center`; default false.
    shuffle : bool
        Whether to put the examples into an order drawn from `rng`, default false.
    one_hot : bool
        Whether targets are rows of seven with a 1 at the label, not labels (examples, 1); default false.
    rng : RandomState or seed, optional
        Random numbers for `shuffle`, default made from `seed`.
    seed : int
        Seed for `shuffle` if `rng` is not given, default 132987.
    preprocessor : Preprocessor, optional
        Changes the examples.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').

    Attributes
    ----------
    y_identity : int64 array (examples, 1)
        Who is in the picture; None for the unlabelled images.

    Examples
    --------
    Made-up faces in the layout of the real ones:

    >>> import os, tempfile
    >>> from unittest.mock import patch
    >>> from adversarial.datasets import standins
    >>> with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, PYLEARN2_DATA_PATH=folder):
    ...     files = standins.tfd(Path(folder), examples=100)
    ...     faces = TFD(which_set="train", fold=0, scale=True)
    >>> faces.image_shape, faces.y.shape == (faces.get_num_examples(), 1)
    ((48, 48, 1), True)
    """

    def __init__(
        self,
        which_set: Literal["train", "valid", "test", "full_train", "unlabeled"],
        fold: Fold = 0,
        image_size: Literal[48, 96] = 48,
        example_range: tuple[Index, Index] | None = None,
        center: bool = False,
        scale: bool = False,
        shuffle: bool = False,
        one_hot: bool = False,
        rng: Any = None,
        seed: Index = 132987,
        preprocessor: Preprocessor | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
    ):
        self.center, self.scale = center, scale
        view_converter = DefaultViewConverter((image_size, image_size, 1), axes)
        content = load(image_size)
        chosen = np.flatnonzero(np.isin(content["folds"][:, fold], SETS[which_set]))
        if not len(chosen):
            raise DataError(f"{path_of(image_size)} has no images of the set '{which_set}' in fold {fold}")
        if example_range is not None:
            chosen = chosen[_range(example_range, len(chosen))]
        if shuffle:
            rng = rng if hasattr(rng, "permutation") else np.random.RandomState(seed if rng is None else rng)
            chosen = chosen[rng.permutation(len(chosen))]
        y, self.y_identity = None, None
        if which_set != "unlabeled":
            y, self.y_identity = (content[name][chosen].astype(np.int64) for name in ("labs_ex", "labs_id"))
            y -= 1
            y = one_hot_rows(y[:, 0], EXPRESSIONS) if one_hot else y
        images = _rows(content["images"], chosen)
        if images.dtype != np.uint8:
            images = self._prepared(images.astype(np.float32))
        super().__init__(X=images, y=y, view_converter=view_converter)
        if preprocessor is not None:
            preprocessor.apply(self)

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        # Minibatch by minibatch, to the same bits as all at once.
        return self._prepared(rows.astype(np.float32)) if rows.dtype == np.uint8 else rows

    def _prepared(self, numbers: np.ndarray) -> np.ndarray:
        if self.center:
            numbers -= np.float32(127.5)
        if self.scale:
            numbers /= np.float32(127.5 if self.center else 255.0)
        return numbers

    def _options_of_test_set(self) -> dict[str, Any]:
        return self._own_options() | {"which_set": "test"}

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        half = np.float32(0.5 if self.scale else 127.5)
        if self.center:
            return np.clip(X if self.scale else X / half, -1.0, 1.0)
        return np.clip(X / half - 1.0, -1.0, 1.0)


def _rows(images: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Copy some images to rows of a C-contiguous matrix, a block at a time.

    MATLAB's arrays are in Fortran order, so indexing and then reshaping would copy all of them twice.
    """
    rows = np.empty((len(chosen), images[0].size), images.dtype)
    for start in range(0, len(chosen), _BLOCK):
        block = images[chosen[start : start + _BLOCK]]
        rows[start : start + _BLOCK] = block.reshape(len(block), -1)
    return rows


def _range(example_range: Sequence[int], size: int) -> slice:
    start, stop = example_range
    if not start < stop <= size:
        reason = (
            f"example_range is {list(example_range)}, but must be [start, stop] within the {size} examples of the set"
        )
        raise OptionError("TFD", "example_range", reason)
    return slice(start, stop)


def absent(path: Path) -> str:
    """Return the sentence for a file that is not there."""
    return (
        f"there is no {path}: the Toronto Face Dataset may not be passed on, so ask its makers for it "
        "(Josh Susskind, http://aclab.ca/users/josh/TFD.html) and put the file there, or make up a stand-in by "
        "tools/make_standins.py tfd"
    )


def path_of(image_size: int, data: Path | None = None) -> Path:
    """Return where the file of images of a size belongs, below the folder of all data (default `data_path()`)."""
    return (data or data_path()) / "faces" / "TFD" / f"TFD_{image_size}x{image_size}.mat"


def load(image_size: int) -> dict[str, np.ndarray]:
    """Read images (examples, side, side), folds (examples, 5), labs_ex and labs_id (examples, 1).

    Parameters
    ----------
    image_size : int
        Pixels of a side, 48 or 96.

    Returns
    -------
    dict
        The arrays by name.

    Raises
    ------
    DataError
        If the file is absent, damaged, or not TFD's.
    """
    path = path_of(image_size)
    if not path.exists():
        raise DataError(absent(path))
    refuse_special(path)
    with damage_told(f"{path} cannot be read: it is damaged or no MATLAB file"):
        content = loadmat(path, variable_names=["images", "folds", "labs_ex", "labs_id"])
    _check(path, content, image_size)
    return content


def _check(path: Path, content: dict[str, Any], image_size: int) -> None:
    for name, shape in [("images", (image_size, image_size)), ("folds", (5,)), ("labs_ex", (1,)), ("labs_id", (1,))]:
        if name not in content:
            raise DataError(f"{path} has no '{name}', so it is not TFD's")
        found = content[name]
        if not isinstance(found, np.ndarray):
            raise DataError(f"{path} should hold '{name}' as an array, but holds a {type(found).__name__}")
        if found.shape[1:] != shape or found.dtype.kind not in "iuf":
            raise DataError(
                f"{path} should hold '{name}' as numbers of shape (examples, {', '.join(map(str, shape))}), "
                f"but holds {found.dtype} of shape {found.shape}"
            )
        if len(found) != len(content["images"]):
            raise DataError(f"{path} holds {len(content['images'])} images, but {len(found)} rows of '{name}'")
