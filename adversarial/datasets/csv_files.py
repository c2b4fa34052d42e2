"""Datasets in CSV files: anybody's, and the two contests of ICML 2013's workshop on representation learning."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from adversarial.datasets.data_path import data_path
from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix, one_hot_rows
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import DataError
from adversarial.files.text_tables import text_matrix
from adversarial.options import Index, OptionError


def _labelled(path: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The examples and the labels of rows whose first number is a label."""
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise DataError(f"{path} should hold rows of a label and an example, but it has shape {rows.shape}")
    return rows[:, 1:], rows[:, 0]


class CSVDataset(DenseDesignMatrix):
    """The numbers of a CSV file, a row an example, after Pylearn2's `datasets/csv_dataset.py`.

    Parameters
    ----------
    path : str, default 'train.csv'
        The file, whose name ends in .csv.
    one_hot : bool, default False
        Whether targets are rows with a 1 at the place of the label among all labels of the file, in rising order.
    expect_labels : bool, default True
        Whether the first number of a row is its label.
    expect_headers : bool, default True
        Whether the first line names the columns.
    delimiter : str, default ','
        What is between two numbers.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "train.csv")
    ...     with open(path, "w") as file:
    ...         lines = file.write("label,a,b\\n7,1,2\\n5,3,4\\n")
    ...     data = CSVDataset(path, one_hot=True)
    >>> data.X.tolist(), data.y.tolist()
    ([[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]])
    """

    def __init__(
        self,
        path: str = "train.csv",
        one_hot: bool = False,
        expect_labels: bool = True,
        expect_headers: bool = True,
        delimiter: str = ",",
    ):
        if len(delimiter) != 1:
            reason = f"delimiter is {delimiter!r:.20}, but must be one character"
            raise OptionError("CSVDataset", "delimiter", reason)
        X, y = text_matrix(path, delimiter, expect_headers), None
        if expect_labels:
            X, y = _labelled(path, X)
            if one_hot:
                labels, places = np.unique(y, return_inverse=True)
                y = one_hot_rows(places, len(labels))
        super().__init__(X=X, y=y)


class _Contest(DenseDesignMatrix):
    """What the two contests share: files train.csv, with labels, and test.csv, without; pixels from 0 to 255."""

    def __init__(
        self,
        base_path: str,
        which_set: str,
        classes: int,
        first_class: int,
        spaces: bool,
        start: int | None,
        stop: int | None,
        preprocessor: Preprocessor | None,
        fit_preprocessor: bool,
        view_converter: DefaultViewConverter | None = None,
    ):
        path = os.path.join(base_path, "train.csv" if which_set == "train" else "test.csv")
        if not os.path.exists(path):
            raise DataError(f"there is no {path}: put the files of the contest there, or set base_path")
        X, y = text_matrix(path, ",", skip_header=True, spaces=spaces), None
        if which_set == "train":
            X, labels = _labelled(path, X)
            y = one_hot_rows(labels.astype(int) - first_class, classes)
        super().__init__(X=X.astype(np.float32), y=y, view_converter=view_converter)
        self.restrict(start, stop)
        if preprocessor is not None:
            preprocessor.apply(self, can_fit=fit_preprocessor)

    def _options_of_test_set(self) -> dict[str, Any]:
        options = self._own_options("start", "stop", "fit_test_preprocessor") | {"which_set": "public_test"}
        return options | {"fit_preprocessor": self.options.get("fit_test_preprocessor", False)}

    def adjust_for_viewer(self, X: np.ndarray) -> np.ndarray:
        return (X - 127.5) / 127.5


class EmotionsDataset(_Contest):
    """Faces of seven expressions, 48 x 48 pixels from 0 to 255: the contest on facial expressions of ICML 2013.

    Parameters
    ----------
    which_set : {'train', 'public_test'}
        The file train.csv, with targets, or test.csv, without.
    base_path : str, optional
        The folder of the two files, default icml_2013_emotions in $PYLEARN2_DATA_PATH.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    preprocessor : Preprocessor, optional
        Changes the examples.
    fit_preprocessor : bool, default False
        Whether the preprocessor may learn from these examples.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').
    fit_test_preprocessor : bool, default False
        Accepted and without effect: it was for a test set made of this one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(os.path.join(folder, "train.csv"), "w") as file:
    ...         text = file.write("emotion,pixels\\n3," + " ".join(["255"] * 2304) + "\\n")
    ...     EmotionsDataset("train", base_path=folder).y.tolist()
    [[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]]
    """

    def __init__(
        self,
        which_set: Literal["train", "public_test"],
        base_path: str | None = None,
        start: Index | None = None,
        stop: Index | None = None,
        preprocessor: Preprocessor | None = None,
        fit_preprocessor: bool = False,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        fit_test_preprocessor: bool = False,
    ):
        folder = str(data_path() / "icml_2013_emotions") if base_path is None else base_path
        converter = DefaultViewConverter((48, 48, 1), axes)
        super().__init__(folder, which_set, 7, 0, True, start, stop, preprocessor, fit_preprocessor, converter)


class BlackBoxDataset(_Contest):
    """Vectors of 1,875 numbers of nine classes that nobody explained: the black box contest of ICML 2013.

    Parameters
    ----------
    which_set : {'train', 'public_test'}
        The file train.csv, with targets, or test.csv, without.
    base_path : str, optional
        The folder of the two files, default icml_2013_black_box in $PYLEARN2_DATA_PATH.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    preprocessor : Preprocessor, optional
        Changes the examples.
    fit_preprocessor : bool, default False
        Whether the preprocessor may learn from these examples.
    fit_test_preprocessor : bool, default False
        Accepted and without effect: it was for a test set made of this one.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(os.path.join(folder, "train.csv"), "w") as file:
    ...         text = file.write("label,a,b\\n9.0,1,2\\n")
    ...     int(BlackBoxDataset("train", base_path=folder).y.argmax())
    8
    """

    def __init__(
        self,
        which_set: Literal["train", "public_test"],
        base_path: str | None = None,
        start: Index | None = None,
        stop: Index | None = None,
        preprocessor: Preprocessor | None = None,
        fit_preprocessor: bool = False,
        fit_test_preprocessor: bool = False,
    ):
        folder = str(data_path() / "icml_2013_black_box") if base_path is None else base_path
        super().__init__(folder, which_set, 9, 1, False, start, stop, preprocessor, fit_preprocessor)
