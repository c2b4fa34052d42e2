"""Arrays, datasets and preprocessors that `!pkl:` may name: .npy files, pickles of Pylearn2, and files of our own.

Pickles are read as inert records (see `serialization.pickle_machine`): nothing in them is imported or called.
"""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.npy_npz import load_npy
from adversarial.datasets.preprocessing import GlobalContrastNormalization, Pipeline, Standardize
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.datasets.whitening import ZCA
from adversarial.errors import CheckpointError, DataError
from adversarial.files.special import open_file
from adversarial.files.whole_file import write_whole
from adversarial.serialization import pickle_format
from adversarial.serialization.pickle_2014 import Arrays, class_name, fields, is_array, records
from adversarial.serialization.plain import normalise

#: Kinds of our own files, by the class of what is in them.
DATASET, WHITENING = "adversarial dataset", "adversarial whitening"

_GZIP = b"\x1f\x8b"
_NPY = b"\x93NUMPY"
#: No genuine file shrinks to less than a hundredth by gzip.
_MOST_UNPACKED = 100


def save_data(path: str | os.PathLike, value: DenseDesignMatrix | ZCA) -> None:
    """Save a dataset, or what whitening has learned, so that `!pkl:` opens it.

    Parameters
    ----------
    path : str or path
        Where to save, whole or not at all; an old file is replaced.
    value : DenseDesignMatrix or ZCA
        What is saved: examples, targets and the shape of images, or the options and matrices.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "train.pkl")
    ...     save_data(path, DenseDesignMatrix(X=np.eye(3)))
    ...     open_data(path).X.shape
    (3, 3)
    """
    content: dict[str, Any]
    if isinstance(value, ZCA):
        content = {"format": WHITENING, "options": value.options, "P": value.P_, "inverse": value.inv_P_}
        content["mean"] = value.mean_
    else:
        converter = value.view_converter
        content = {"format": DATASET, "X": value.X, "y": value.y, "shape": None, "axes": None}
        if converter is not None:
            content |= {"shape": list(converter.shape), "axes": list(converter.axes)}
    write_whole(path, pickle_format.encode(normalise(content)))


def open_data(path: str | os.PathLike) -> Any:
    """Open an array, a dataset or a preprocessor.

    Parameters
    ----------
    path : str or path
        A .npy file, a pickle of Pylearn2, compressed by gzip or not, or a file of `save_data`.

    Returns
    -------
    array, DenseDesignMatrix, preprocessor or None
        None where the file is something else, such as a saved model.

    Raises
    ------
    DataError
        For a file of these kinds that is damaged.
    """
    name = os.fspath(path)
    try:
        with open_file(name) as file:
            data = file.read()
        if data.startswith(_NPY):
            return load_npy(name)
        if data.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as unpacked:
                data = unpacked.read(_MOST_UNPACKED * len(data))
        if data.startswith(pickle_format.MAGIC):
            return _own(pickle_format.decode(data))
        found = records(data)
    except (CheckpointError, OSError, EOFError, ValueError):
        # Whoever opens models says what is wrong with it.
        return None
    try:
        return _Opener(os.path.dirname(name), Arrays(len(data))).open(found)
    except (CheckpointError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{name} is a damaged pickle of Pylearn2: {error}") from error


def _own(content: Any) -> DenseDesignMatrix | ZCA | None:
    kind = content.get("format") if isinstance(content, dict) else None
    if kind == WHITENING:
        whitening = ZCA(**content["options"])
        whitening.P_, whitening.inv_P_, whitening.mean_ = content["P"], content["inverse"], content["mean"]
        return whitening
    if kind == DATASET:
        shape, axes = content["shape"], content["axes"]
        converter = None if shape is None else DefaultViewConverter(tuple(shape), axes)
        return DenseDesignMatrix(X=content["X"], y=content["y"], view_converter=converter)
    return None


class _Opener:
    """Makes of records what they stand for; `folder` holds arrays that Pylearn2 saved beside a pickle."""

    def __init__(self, folder: str, arrays: Arrays):
        self.folder = folder
        self.arrays = arrays

    def open(self, value: Any) -> Any:
        """Return what a record stands for; None if that is no array, dataset or preprocessor."""
        if is_array(value):
            return self.arrays.array(value)
        name, own = class_name(value), fields(value)
        if name in _PREPROCESSORS:
            return _PREPROCESSORS[name](self, own)
        if name.startswith("pylearn2.datasets.") and ("view_converter" in own or "X" in own):
            return self.dataset(own)
        return None

    def number(self, value: Any) -> Any:
        return self.arrays.number(value)

    def array(self, own: dict[str, Any], key: str) -> np.ndarray | None:
        return None if own.get(key) is None else self.arrays.array(own[key])

    def beside(self, path: Any) -> str:
        """Where an array lies that was saved as `path` on the machine of its time: in the pickle's own folder."""
        return os.path.join(self.folder, str(path).replace("\\", "/").rpartition("/")[2])

    def dataset(self, own: dict[str, Any]) -> DenseDesignMatrix:
        X = self.array(own, "X") if own.get("X") is not None else load_npy(self.beside(own["design_loc"]))
        if own.get("compress"):
            low, high = self.array(own, "compress_min"), self.array(own, "compress_max")
            assert X is not None and low is not None and high is not None
            X = X * (high / 255.0) + low
        converter = fields(own.get("view_converter"))
        view = None
        if "shape" in converter:
            rows, columns, channels = (int(self.number(length)) for length in converter["shape"])
            view = DefaultViewConverter((rows, columns, channels), list(converter.get("axes", ("b", 0, 1, "c"))))
        return DenseDesignMatrix(X=X, y=self.array(own, "y"), view_converter=view)

    def whitening(self, own: dict[str, Any]) -> ZCA:
        names = ("n_components", "n_drop_components", "filter_bias", "store_inverse")
        whitening = ZCA(**{name: self.number(own[name]) for name in names if own.get(name) is not None})
        if own.get("matrices_save_path") is not None:
            path = self.beside(own["matrices_save_path"])
            raise DataError(
                f"its matrices are in {path}, as Pylearn2's set_matrices_save_path left them; save it whole"
            )
        whitening.P_, whitening.inv_P_ = self.array(own, "P_"), self.array(own, "inv_P_")
        whitening.mean_ = self.array(own, "mean_")
        return whitening

    def options(self, own: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        """The options that an object keeps under names with an underscore."""
        return {name: self.number(own[f"_{name}"]) for name in names if f"_{name}" in own}

    def contrast(self, own: dict[str, Any]) -> GlobalContrastNormalization:
        names = ("subtract_mean", "scale", "sqrt_bias", "use_std", "min_divisor")
        return GlobalContrastNormalization(
            **{name: self.number(own[f"_{name}"]) for name in names if f"_{name}" in own}
        )

    def standardize(self, own: dict[str, Any]) -> Standardize:
        names = ("global_mean", "global_std", "std_eps")
        made = Standardize(**self.options(own, names))
        if own.get("_mean") is not None and own.get("_std") is not None:
            made.moments = self.number(own["_mean"]), self.number(own["_std"])
        return made

    def pipeline(self, own: dict[str, Any]) -> Pipeline:
        items = [self.open(item) for item in own.get("items", ())]
        if not all(hasattr(item, "apply") for item in items):
            raise DataError("its pipeline holds a preprocessor that is not here")
        return Pipeline(items)


_PREPROCESSORS: dict[str, Callable[[_Opener, dict[str, Any]], Any]] = {
    f"pylearn2.datasets.preprocessing.{name}": open_one
    for name, open_one in (
        ("GlobalContrastNormalization", _Opener.contrast),
        ("Pipeline", _Opener.pipeline),
        ("Standardize", _Opener.standardize),
        ("ZCA", _Opener.whitening),
    )
}
