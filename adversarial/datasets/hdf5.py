"""Datasets in HDF5 files, larger than memory where need be; after Pylearn2's `datasets/hdf5.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from adversarial.datasets.dataset import Preprocessor
from adversarial.datasets.iteration import Subset
from adversarial.datasets.scaled import ScaledRows
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import DataError
from adversarial.files.arrays import damage_told, hdf5_array, open_hdf5
from adversarial.files.runs import run_of
from adversarial.options import Count, OptionError, Positive
from adversarial.space import Conv2DSpace, check_axes


class HDF5Dataset(ScaledRows):
    """An array of an HDF5 file, of which only the examples of a minibatch are read.

    Parameters
    ----------
    filename : str
        Path of the file.
    X : str, optional
        Key of the design matrix (examples, features); it or `topo_view` must be given.
    topo_view : str, optional
        Key of images, four axes in the order of `axes`.
    y : str, optional
        Key of targets, one row per example; they are read into memory.
    view_converter : DefaultViewConverter, optional
        How rows of X are images.
    axes : sequence, optional
        Order of the axes of `topo_view`, default ('b', 0, 1, 'c').
    rng : RandomState or seed, optional
        Random numbers for iteration, as for DenseDesignMatrix.
    preprocessor : Preprocessor, optional
        Changes the examples; the whole matrix is then read into memory.
    fit_preprocessor : bool
        Whether the preprocessor may learn from these examples, default false.
    y_labels : int, optional
        Number of classes, if the targets are labels; each is checked to be from 0 to `y_labels` - 1.
    scale : float, optional
        What values are divided by, above 0, such as 255 for bytes that are pixels; default 1, the values as they are
        stored, also where they are bytes.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "data.h5")
    ...     with h5py.File(path, "w") as file:
    ...         file["images"] = np.zeros((6, 4, 4, 1), "float32")
    ...     dataset = HDF5Dataset(path, topo_view="images")
    ...     dataset.get_num_examples(), dataset.image_shape
    (6, (4, 4, 1))
    """

    def __init__(
        self,
        filename: str,
        X: str | None = None,
        topo_view: str | None = None,
        y: str | None = None,
        view_converter: DefaultViewConverter | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        rng: Any = None,
        preprocessor: Preprocessor | None = None,
        fit_preprocessor: bool = False,
        y_labels: Count | None = None,
        scale: Positive | None = None,
    ):
        if (X is None) == (topo_view is None):
            raise OptionError("HDF5Dataset", "X", "needs the key of either X, a matrix, or topo_view, images")
        if topo_view is not None and view_converter is not None:
            raise OptionError("HDF5Dataset", "view_converter", "view_converter goes with X, not with topo_view")
        file = open_hdf5(filename)
        if X is not None:
            rows = StoredRows(_array(file, X, 2))
        else:
            images, order = _array(file, str(topo_view), 4), check_axes(axes, "HDF5Dataset")
            lengths = dict(zip(order, images.shape, strict=True))
            view_converter = DefaultViewConverter((lengths[0], lengths[1], lengths["c"]), order)
            rows = StoredRows(images, order)
        targets = None if y is None else _part(_array(file, y), ...)
        self.scale = 1.0 if scale is None else scale
        super().__init__(
            X=rows,  # type: ignore[arg-type]
            y=targets,
            view_converter=view_converter,
            rng=rng,
            preprocessor=preprocessor,
            fit_preprocessor=fit_preprocessor,
            y_labels=y_labels,
        )


class StoredRows:
    """Rows (examples, features) on disk, read when they are indexed by a slice or an array of indices.

    An array that lies in its file as one run of bytes, example after example, is read by the system itself, and what is
    said to be read next, while a model is updated. Any other, such as a compressed one, is read by HDF5, when it is
    indexed.

    Parameters
    ----------
    array : h5py.Dataset
        A matrix, or images.
    axes : sequence, optional
        Order of the axes of images; None for a matrix.
    start : int
        First example, default 0.
    stop : int, optional
        End of the examples, default the array's own.
    """

    ndim = 2

    def __init__(self, array: h5py.Dataset, axes: Sequence[Any] | None = None, start: int = 0, stop: int | None = None):
        self._array = array
        self._axes = axes
        self._batch_axis = 0 if axes is None else axes.index("b")
        self._start = start
        stop = array.shape[self._batch_axis] if stop is None else stop
        self._run = run_of(array) if self._batch_axis == 0 else None
        self.dtype = array.dtype
        self.shape = (stop - start, int(np.prod(array.shape)) // max(array.shape[self._batch_axis], 1))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, subset: Subset) -> np.ndarray:
        numbers = self._numbers(subset)
        if self._run is not None or isinstance(numbers, slice):
            return self._rows(numbers)
        # HDF5 reads indices in increasing order only, each once.
        indices, places = np.unique(numbers, return_inverse=True)
        return self._rows(indices)[places]

    def _numbers(self, subset: Subset) -> Subset:
        """Numbers of examples in the array."""
        if isinstance(subset, slice):
            start, stop, _ = subset.indices(len(self))
            return slice(self._start + start, self._start + stop)
        if len(subset) and not -len(self) <= np.min(subset) <= np.max(subset) < len(self):
            raise IndexError(f"there are {len(self)} examples, and one of them is asked for by another number")
        return np.asarray(subset) % max(len(self), 1) + self._start

    def read_ahead(self, subset: Subset) -> None:
        """Let the system read examples from the disk meanwhile; they will be indexed next."""
        if self._run is not None:
            self._run.read_ahead(self._numbers(subset))

    def part(self, start: int, stop: int) -> StoredRows:
        """Return the rows from `start` up to, not including, `stop`, without reading any."""
        return StoredRows(self._array, self._axes, self._start + start, self._start + stop)

    def _rows(self, examples: Subset) -> np.ndarray:
        if self._run is not None:
            batch = self._run.read(examples)
        else:
            batch = _part(self._array, (slice(None),) * self._batch_axis + (examples,))
        if self._axes is not None:
            batch = Conv2DSpace.convert_numpy(batch, self._axes, ("b", "c", 0, 1))
        return batch.reshape(len(batch), self.shape[1])


def _array(file: h5py.File, key: str, ndim: int | None = None) -> h5py.Dataset:
    """Return the array of numbers at a key."""
    found = hdf5_array(file, key, file.filename)
    if found.dtype.kind not in "fiub" or not found.shape or (ndim is not None and found.ndim != ndim):
        wanted = "numbers" if ndim is None else f"numbers with {ndim} axes"
        raise DataError(f"{file.filename} should hold '{key}' as {wanted}, but holds {found.dtype} of {found.shape}")
    return found


def _part(array: h5py.Dataset, subset: Any) -> np.ndarray:
    with damage_told(f"{array.file.filename}: {array.name} cannot be read, so the file is damaged"):
        return array[subset]
