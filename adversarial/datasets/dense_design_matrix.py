"""DenseDesignMatrix: a dataset that is a matrix, a row an example; after Pylearn2's `dense_design_matrix.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.random import RandomState

from adversarial.backend import floatX
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import Subset, SubsetIterator
from adversarial.errors import ConfigurationError, DataError
from adversarial.options import Configurable, Count, OptionError
from adversarial.space import CompositeSpace, Conv2DSpace, Space, VectorSpace, check_axes

#: Examples that are made numbers of at a time, of those that are stored as bytes.
_ROWS_OF_A_PART = 100


class DefaultViewConverter(Configurable):
    """How rows of a design matrix are images: channel after channel, each row by row.

    Parameters
    ----------
    shape : [rows, columns, channels]
    axes : the order of the axes of the images made
    """

    def __init__(self, shape: tuple[Count, Count, Count], axes: Sequence[Any] = ("b", 0, 1, "c")):
        self.shape = tuple(int(length) for length in shape)
        self.set_axes(axes)

    def set_axes(self, axes: Sequence[Any]) -> None:
        """Make images with this order of axes from now on."""
        self.axes = check_axes(axes, "DefaultViewConverter")
        rows, columns, channels = self.shape
        self.topo_space = Conv2DSpace(shape=(rows, columns), num_channels=channels, axes=self.axes)

    def design_mat_to_topo_view(self, X: np.ndarray) -> np.ndarray:
        """Rows (batch, values) as images with `axes`."""
        rows, columns, channels = self.shape
        if X.ndim != 2 or X.shape[1] != rows * columns * channels:
            raise DataError(f"rows of shape {X.shape} are not images of {rows} x {columns} with {channels} channels")
        images = X.reshape(len(X), channels, rows, columns)
        return Conv2DSpace.convert_numpy(images, ("b", "c", 0, 1), self.axes)

    def design_mat_to_weights_view(self, X: np.ndarray) -> np.ndarray:
        """Rows as images with axes ('b', 0, 1, 'c'), for showing."""
        return Conv2DSpace.convert_numpy(self.design_mat_to_topo_view(X), self.axes, ("b", 0, 1, "c"))

    def topo_view_to_design_mat(self, V: np.ndarray) -> np.ndarray:
        """Images with `axes` as rows (batch, values)."""
        images = Conv2DSpace.convert_numpy(V, self.axes, ("b", "c", 0, 1))
        rows, columns, channels = self.shape
        if images.shape[1:] != (channels, rows, columns):
            raise DataError(f"images of shape {V.shape} are not {rows} x {columns} with {channels} channels")
        return images.reshape(len(images), -1)

    def get_formatted_batch(self, batch: np.ndarray, space: Space) -> np.ndarray:
        """Rows in a space that is asked for."""
        if isinstance(space, Conv2DSpace):
            return self.topo_space.np_format_as(self.design_mat_to_topo_view(batch), space)
        return VectorSpace(batch.shape[1]).np_format_as(batch, space)


class DenseDesignMatrix(Dataset):
    """Examples as rows of a matrix, with targets where there are any.

    Subclasses may keep images as bytes, of which a minibatch becomes numbers from 0 to 1 when it is asked for.

    Parameters
    ----------
    X : the matrix (examples, features); this or topo_view
    topo_view : images, in the order of `axes`
    y : targets, an example a row
    view_converter : how rows of X are images
    axes : the order of the axes of topo_view
    rng : RandomState or seed for iteration where none is given to `iterator`
    preprocessor : an object whose `apply(dataset, can_fit)` changes the dataset, such as those of `preprocessing`
    fit_preprocessor : whether it may learn from this dataset
    y_labels : number of classes, where targets are labels: each is checked to be from 0 up to it
    X_labels : must not be given: features are numbers here, not labels
    """

    _default_seed = (17, 2, 946)
    #: Whether a matrix of uint8 holds pixels from 0 to 255 that stand for numbers from 0 to 1.
    bytes_are_pixels = False

    def __init__(
        self,
        X: np.ndarray | None = None,
        topo_view: np.ndarray | None = None,
        y: np.ndarray | None = None,
        view_converter: DefaultViewConverter | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        rng: Any = None,
        preprocessor: Any = None,
        fit_preprocessor: bool = False,
        y_labels: Count | None = None,
        X_labels: Count | None = None,
    ):
        if X_labels is not None:
            reason = "X_labels is given, but features are numbers here; give labels as y, and y_labels"
            raise OptionError(type(self).__name__, "X_labels", reason)
        if (X is None) == (topo_view is None):
            raise OptionError(type(self).__name__, "X", "needs either X, a matrix, or topo_view, images")
        if topo_view is not None:
            if view_converter is not None:
                raise OptionError(
                    type(self).__name__, "view_converter", "view_converter goes with X, not with topo_view"
                )
            if topo_view.ndim != 4:
                raise DataError(f"topo_view must have four axes, {list(axes)}, but it has shape {topo_view.shape}")
            lengths = dict(zip(check_axes(axes, type(self).__name__), topo_view.shape, strict=True))
            view_converter = DefaultViewConverter([lengths[0], lengths[1], lengths["c"]], axes)
            X = view_converter.topo_view_to_design_mat(topo_view)
        if X.ndim != 2:
            raise DataError(f"a design matrix has two axes, examples and features, but this one has shape {X.shape}")
        if y is not None and len(y) != len(X):
            raise DataError(f"there are {len(X)} examples, but {len(y)} targets")
        if y_labels is not None:
            _check_labels(y, y_labels, type(self).__name__)
        self._stored = X
        self.y = y
        self.view_converter = view_converter
        self.rng = rng if hasattr(rng, "shuffle") else RandomState(self._default_seed if rng is None else rng)
        self.X_space = VectorSpace(X.shape[1])
        if preprocessor is not None:
            preprocessor.apply(self, can_fit=fit_preprocessor)

    @property
    def num_examples(self) -> int:
        """The number of examples."""
        return self.get_num_examples()

    @property
    def X(self) -> np.ndarray:
        """The design matrix (examples, features)."""
        return self._numbers(self._stored[:])

    @X.setter
    def X(self, value: np.ndarray) -> None:
        self._stored = value
        self.X_space = VectorSpace(value.shape[1])

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        """Rows as they are to be used: pixels become k / 255 in float32, as 2014 stored them."""
        if rows.dtype != np.uint8 or not self.bytes_are_pixels:
            return rows
        numbers = rows.astype(np.float32)
        numbers /= np.float32(255.0)
        return numbers

    def restrict(self, start: int | None, stop: int | None) -> None:
        """Keep the examples from `start` up to, not including, `stop`."""
        start, size = start or 0, self.get_num_examples()
        stop = size if stop is None else stop
        owner = type(self).__name__
        if stop > size:
            raise OptionError(owner, "stop", f"stop is {stop}, but there are {size} examples")
        if start >= stop:
            raise OptionError(owner, "start", f"start is {start}, but must be below stop, which is {stop}")
        # Rows on disk are not read for this.
        part = getattr(self._stored, "part", None)
        self._stored = self._stored[start:stop] if part is None else part(start, stop)
        if self.y is not None:
            self.y = self.y[start:stop]

    def get_num_examples(self) -> int:
        return len(self._stored)

    def get_design_matrix(self) -> np.ndarray:
        return self.X

    def design_matrix_in_parts(self) -> Iterator[np.ndarray]:
        step = _ROWS_OF_A_PART if self._stored.dtype == np.uint8 else max(self.get_num_examples(), 1)
        for start in range(0, self.get_num_examples(), step):
            yield self._numbers(self._stored[start : start + step])

    def set_design_matrix(self, X: np.ndarray) -> None:
        """Replace the design matrix."""
        self.X = X

    def apply_preprocessor(self, preprocessor: Any, can_fit: bool = False) -> None:
        """Let a preprocessor change the examples; `can_fit`: it may learn from them."""
        preprocessor.apply(self, can_fit=can_fit)

    def get_data(self) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """The design matrix; with the targets where there are any."""
        return self.X if self.y is None else (self.X, self.y)

    def get_data_specs(self) -> tuple[Space, str | tuple[str, str]]:
        """The (space, source) of `get_data`."""
        if self.y is None:
            return self.X_space, "features"
        width = 1 if self.y.ndim == 1 else self.y.shape[1]
        return CompositeSpace([self.X_space, VectorSpace(width)]), ("features", "targets")

    def get_topological_view(self, mat: np.ndarray | None = None) -> np.ndarray:
        """The examples, or rows given, as images."""
        if self.view_converter is None:
            raise DataError(f"{type(self).__name__} has no view_converter, so its rows are not images")
        return self.view_converter.design_mat_to_topo_view(self.X if mat is None else mat)

    def get_weights_view(self, mat: np.ndarray) -> np.ndarray:
        """Rows as images with axes ('b', 0, 1, 'c')."""
        if self.view_converter is None:
            raise DataError(f"{type(self).__name__} has no view_converter, so rows are not images")
        return self.view_converter.design_mat_to_weights_view(mat)

    def set_view_converter_axes(self, axes: Sequence[Any]) -> None:
        """Change the order of the axes of images."""
        if self.view_converter is None:
            raise DataError(f"{type(self).__name__} has no view_converter")
        self.view_converter.set_axes(axes)

    def has_targets(self) -> bool:
        return self.y is not None

    def get_targets(self) -> np.ndarray | None:
        """The targets, an example a row."""
        return self.y

    def get_batch_design(self, batch_size: int, include_labels: bool = False) -> Any:
        """`batch_size` rows that lie together, chosen at random, in floatX; with their targets if asked for."""
        size = self.get_num_examples()
        if not 1 <= batch_size <= size:
            raise DataError(f"{batch_size} examples are asked for at a time, but there are {size}")
        start = int(self.rng.randint(size - batch_size + 1))
        subset = slice(start, start + batch_size)
        rows = self.X_space.np_format_as(self._numbers(self._stored[subset]), self.X_space)
        if not include_labels:
            return rows
        return rows, None if self.y is None else self.y[subset]

    def get_batch_topo(self, batch_size: int, include_labels: bool = False) -> Any:
        """As `get_batch_design`, but as images."""
        rows, targets = self.get_batch_design(batch_size, include_labels=True)
        images = self.get_topological_view(rows)
        return (images, targets) if include_labels else images

    def iterator(
        self,
        mode: str | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: Any = None,
        data_specs: Any = None,
        return_tuple: bool = False,
    ) -> Minibatches:
        space, source = data_specs if data_specs is not None else (self.X_space, "features")
        if not isinstance(source, tuple):
            space, source = CompositeSpace([space]), (source,)
        for part, name in zip(space.components, source, strict=True):
            self._check_request(part, name)
        rng = self.rng if rng is None else rng
        chosen = SubsetIterator(mode, self.get_num_examples(), batch_size, num_batches, rng)
        return Minibatches(self, chosen, space, source, return_tuple)

    def batch(self, subset: Subset, space: Space, source: str) -> np.ndarray:
        """The features or targets of some examples, in a space."""
        return self._features(subset, space) if source == "features" else self._targets(subset, space)

    def _check_request(self, space: Space, source: str) -> None:
        owner = type(self).__name__
        if source not in ("features", "targets"):
            raise ConfigurationError(f"{owner} has features and targets, but '{source}' is asked of it")
        if source == "targets":
            if self.y is None:
                raise ConfigurationError(f"{owner} has no targets, but the cost or the model needs them")
            return
        if space.get_total_dimension() != self.X_space.dim:
            raise ConfigurationError(
                f"{owner} has {self.X_space.dim} values an example, but a batch of {space} is asked of it"
            )
        if isinstance(space, Conv2DSpace) and self.view_converter is not None:
            own = self.view_converter.topo_space
            if (own.shape, own.num_channels) != (space.shape, space.num_channels):
                raise ConfigurationError(f"{owner} has images as {own}, but a batch of {space} is asked of it")

    def _features(self, subset: Subset, space: Space) -> np.ndarray:
        rows = self._numbers(self._stored[subset])
        if isinstance(space, Conv2DSpace) and self.view_converter is not None:
            # In the order of its own axes in memory too: one copy here is cheaper than strides in every Op.
            return np.ascontiguousarray(self.view_converter.get_formatted_batch(rows, space))
        return self.X_space.np_format_as(rows, space)

    def _targets(self, subset: Subset, space: Space) -> np.ndarray:
        rows = self.y[subset].reshape(-1, 1) if self.y.ndim == 1 else self.y[subset]
        dimension = space.get_total_dimension()
        if rows.shape[1] == 1 and dimension > 1:
            rows = one_hot_rows(rows[:, 0], dimension)
        return VectorSpace(rows.shape[1]).np_format_as(rows, space)


class Minibatches:
    """The minibatches of one pass over a dataset, each gathered when it is asked for.

    Attributes
    ----------
    batch_size, num_batches : examples of a minibatch (the last may have fewer), and how many minibatches
    subsets : which examples the minibatches to come are made of; one that is taken from here is no more gathered
    num_examples : examples of the dataset
    """

    def __init__(
        self,
        dataset: DenseDesignMatrix,
        subsets: SubsetIterator,
        space: CompositeSpace,
        sources: tuple[str, ...],
        return_tuple: bool,
    ):
        self.batch_size, self.num_batches = subsets.batch_size, subsets.num_batches
        self.num_examples = dataset.get_num_examples()
        self._dataset = dataset
        self.subsets = subsets
        self._parts = list(zip(space.components, sources, strict=True))
        self._return_tuple = return_tuple

    def __iter__(self) -> Minibatches:
        return self

    def __next__(self) -> Any:
        batch = self._batch(next(self.subsets))
        return batch if self._return_tuple or len(batch) != 1 else batch[0]

    def everything(self) -> tuple[np.ndarray, ...]:
        """All examples of the dataset as one batch, of which each of `subsets` picks some."""
        return self._batch(slice(None))

    def nbytes(self) -> int:
        """The size of `everything`."""
        values = sum(space.get_total_dimension() for space, _ in self._parts)
        return self.num_examples * values * np.dtype(floatX()).itemsize

    def source(self) -> Any:
        """The object that holds the dataset's features: another one when they have been replaced."""
        return self._dataset._stored

    def _batch(self, subset: Subset) -> tuple[np.ndarray, ...]:
        return tuple(self._dataset.batch(subset, space, source) for space, source in self._parts)


def _check_labels(y: np.ndarray | None, y_labels: int, owner: str) -> None:
    if y is None:
        raise OptionError(owner, "y_labels", "y_labels goes with y, which is not given")
    outside = np.flatnonzero((np.asarray(y) < 0) | (np.asarray(y) >= y_labels))
    if len(outside):
        found = np.asarray(y).ravel()[outside[0]]
        raise DataError(f"{owner}: targets must be labels from 0 to {y_labels - 1}, but there is {found}")


def one_hot_rows(labels: np.ndarray, classes: int) -> np.ndarray:
    """Labels (examples,) as rows with a 1 at the label, floatX.

    Raises
    ------
    DataError
        For a label below 0 or not below `classes`.
    """
    whole = np.asarray(labels, dtype=int)
    if whole.size and not 0 <= whole.min() <= whole.max() < classes:
        wrong = whole.min() if whole.min() < 0 else whole.max()
        raise DataError(f"targets must be labels from 0 to {classes - 1}, but there is {wrong}")
    return np.eye(classes, dtype=floatX())[whole]
