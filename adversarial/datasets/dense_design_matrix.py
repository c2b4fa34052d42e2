"""DenseDesignMatrix: a dataset that is a matrix, a row an example; after Pylearn2's `dense_design_matrix.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.random import RandomState

from adversarial.backend import floatX
from adversarial.datasets.data_specs import DataSpecs
from adversarial.datasets.dataset import Dataset, Preprocessor
from adversarial.datasets.iteration import Subset, SubsetIterator
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import ConfigurationError, DataError
from adversarial.index_space import IndexSpace
from adversarial.options import Count, OptionError, configurable
from adversarial.space import CompositeSpace, Conv2DSpace, Space, VectorSpace, check_axes

# Pylearn2 has the view converter in this module, so it is found here as well.
__all__ = ["DefaultViewConverter", "DenseDesignMatrix", "Minibatches", "Rows", "from_dataset", "one_hot_rows"]

#: Rows converted at a time from bytes to floats.
_ROWS_OF_A_PART = 100


class Rows(Protocol):
    """What a design matrix may be stored as: an array, or rows read from disk when they are indexed."""

    @property
    def dtype(self) -> np.dtype: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, subset: Any, /) -> np.ndarray: ...


class DenseDesignMatrix(Dataset):
    """Examples as rows of a matrix, with targets where there are any.

    A subclass may store images as bytes, which are converted to floats minibatch by minibatch.

    Parameters
    ----------
    X : array, optional
        The design matrix (examples, features); it or `topo_view` must be given.
    topo_view : array, optional
        Images, four axes in the order of `axes`.
    y : array, optional
        Targets (examples,) or (examples, values).
    view_converter : DefaultViewConverter, optional
        How rows of X are images.
    axes : sequence, optional
        Order of the axes of `topo_view`, default ('b', 0, 1, 'c').
    rng : RandomState or seed, optional
        Random numbers for iteration where `iterator` is given none, default Pylearn2's seed (17, 2, 946).
    preprocessor : Preprocessor, optional
        Changes the examples, such as `preprocessing.GlobalContrastNormalization`.
    fit_preprocessor : bool
        Whether the preprocessor may learn from these examples, default false.
    y_labels : int, optional
        Number of classes, at least 1, if the targets are labels; each is checked to be from 0 to `y_labels` - 1.
    max_labels : int, optional
        An older name of `y_labels`.
    X_labels : int, optional
        Refused: features are numbers here, not labels.

    Examples
    --------
    >>> import numpy as np
    >>> dataset = DenseDesignMatrix(X=np.eye(5, 3), y=np.arange(5), y_labels=5)
    >>> dataset.get_num_examples(), dataset.X_space.dim
    (5, 3)
    >>> [len(batch) for batch in dataset.iterator("sequential", batch_size=2)]
    [2, 2, 1]
    """

    _default_seed = (17, 2, 946)
    #: Whether a matrix of uint8 holds pixels, 0 to 255, which are used as floats from 0 to 1.
    bytes_are_pixels = False
    #: The name of the source that `y` is.
    target_source = "targets"

    def __init__(
        self,
        X: np.ndarray | None = None,
        topo_view: np.ndarray | None = None,
        y: np.ndarray | None = None,
        view_converter: DefaultViewConverter | None = None,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        rng: Any = None,
        preprocessor: Preprocessor | None = None,
        fit_preprocessor: bool = False,
        y_labels: Count | None = None,
        max_labels: Count | None = None,
        X_labels: Count | None = None,
    ):
        if X_labels is not None:
            reason = "X_labels is given, but features are numbers here; give labels as y, and y_labels"
            raise OptionError(type(self).__name__, "X_labels", reason)
        if topo_view is not None and X is None:
            if view_converter is not None:
                raise OptionError(
                    type(self).__name__, "view_converter", "view_converter goes with X, not with topo_view"
                )
            if topo_view.ndim != 4:
                raise DataError(f"topo_view must have four axes, {list(axes)}, but it has shape {topo_view.shape}")
            lengths = dict(zip(check_axes(axes, type(self).__name__), topo_view.shape, strict=True))
            view_converter = DefaultViewConverter((lengths[0], lengths[1], lengths["c"]), axes)
            X = view_converter.topo_view_to_design_mat(topo_view)
        elif X is None or topo_view is not None:
            raise OptionError(type(self).__name__, "X", "needs either X, a matrix, or topo_view, images")
        if X.ndim != 2:
            raise DataError(f"a design matrix has two axes, examples and features, but this one has shape {X.shape}")
        if y is not None and len(y) != len(X):
            raise DataError(f"there are {len(X)} examples, but {len(y)} targets")
        if max_labels is not None and y_labels is not None:
            reason = "max_labels and y_labels say the same thing; give one of them"
            raise OptionError(type(self).__name__, "max_labels", reason)
        y_labels = max_labels if y_labels is None else y_labels
        if y_labels is not None:
            _check_labels(y, y_labels, type(self).__name__)
        self.y_labels = y_labels
        self._stored: Rows = X
        self.y = y
        self.view_converter = view_converter
        self.rng = rng if hasattr(rng, "shuffle") else RandomState(self._default_seed if rng is None else rng)
        self.X_space = VectorSpace(X.shape[1])
        if preprocessor is not None:
            preprocessor.apply(self, can_fit=fit_preprocessor)

    @property
    def num_examples(self) -> int:
        """Number of examples."""
        return self.get_num_examples()

    @property
    def X(self) -> np.ndarray:
        """Design matrix (examples, features)."""
        return self._numbers(self._stored[:])

    @X.setter
    def X(self, value: np.ndarray) -> None:
        self._stored = value
        self.X_space = VectorSpace(value.shape[1])

    def _numbers(self, rows: np.ndarray) -> np.ndarray:
        """Convert stored rows to the floats in use: pixels become k / 255 in float32, as 2014 stored them."""
        if rows.dtype != np.uint8 or not self.bytes_are_pixels:
            return rows
        numbers = rows.astype(np.float32)
        numbers /= np.float32(255.0)
        return numbers

    def restrict(self, start: int | None, stop: int | None) -> None:
        """Drop all examples but those from `start` up to, not including, `stop`."""
        start, size = start or 0, self.get_num_examples()
        stop = size if stop is None else stop
        owner = type(self).__name__
        if stop > size:
            raise OptionError(owner, "stop", f"stop is {stop}, but there are {size} examples")
        if start >= stop:
            raise OptionError(owner, "start", f"start is {start}, but must be below stop, which is {stop}")
        # Rows on disk are restricted without reading them.
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

    def some_examples(self, most: int = 10_000) -> np.ndarray:
        """Return rows of at most `most` examples, spread over all of them in ten blocks where there are more."""
        size = self.get_num_examples()
        if size <= most:
            return self.X
        starts = np.linspace(0, size - most // 10, 10).astype(int)
        return np.concatenate([self._numbers(self._stored[start : start + most // 10]) for start in starts])

    def set_design_matrix(self, X: np.ndarray) -> None:
        """Replace the design matrix."""
        self.X = X

    def apply_preprocessor(self, preprocessor: Preprocessor, can_fit: bool = False) -> None:
        """Let a preprocessor change the examples; with `can_fit` it may learn from them."""
        preprocessor.apply(self, can_fit=can_fit)

    def get_data(self) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
        """Return the design matrix, in a pair with the targets where there are any."""
        return self.X if self.y is None else (self.X, self.y)

    def get_data_specs(self) -> tuple[Space, str | tuple[str, str]]:
        """Return the (space, source) of `get_data`."""
        if self.y is None:
            return self.X_space, "features"
        width = 1 if self.y.ndim == 1 else self.y.shape[1]
        return CompositeSpace([self.X_space, VectorSpace(width)]), ("features", self.target_source)

    def get_topological_view(self, mat: np.ndarray | None = None) -> np.ndarray:
        """Return the examples, or the rows of `mat`, as images."""
        if self.view_converter is None:
            raise DataError(f"{type(self).__name__} has no view_converter, so its rows are not images")
        return self.view_converter.design_mat_to_topo_view(self.X if mat is None else mat)

    def set_topological_view(self, V: np.ndarray, axes: Sequence[Any] = ("b", 0, 1, "c")) -> None:
        """Replace the examples by images, which may have another shape than those before."""
        lengths = dict(zip(check_axes(axes, type(self).__name__), V.shape, strict=True))
        self.view_converter = DefaultViewConverter((lengths[0], lengths[1], lengths["c"]), axes)
        self.set_design_matrix(self.view_converter.topo_view_to_design_mat(V))

    def get_weights_view(self, mat: np.ndarray) -> np.ndarray:
        """Convert rows to images with axes ('b', 0, 1, 'c')."""
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
        """Return the targets, one row per example, or None."""
        return self.y

    def get_batch_design(self, batch_size: int, include_labels: bool = False) -> Any:
        """Return a random contiguous slice of `batch_size` rows, in floatX; with their targets if `include_labels`."""
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
        """Return what `get_batch_design` does, but as images."""
        rows, targets = self.get_batch_design(batch_size, include_labels=True)
        images = self.get_topological_view(rows)
        return (images, targets) if include_labels else images

    def iterator(
        self,
        mode: str | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: Any = None,
        data_specs: DataSpecs | None = None,
        return_tuple: bool = False,
    ) -> Minibatches:
        space, source = data_specs if data_specs is not None else (self.X_space, "features")
        if not isinstance(source, tuple):
            space, source = CompositeSpace([space]), (source,)
        assert isinstance(space, CompositeSpace)
        for part, name in zip(space.components, source, strict=True):
            self.check_request(part, name)
        rng = self.rng if rng is None else rng
        chosen = SubsetIterator(mode, self.get_num_examples(), batch_size, num_batches, rng)
        return Minibatches(self, chosen, space, source, return_tuple)

    def batch(self, subset: Subset, space: Space, source: str) -> np.ndarray:
        """Return the features or targets of some examples, in `space`."""
        return self._features(subset, space) if source == "features" else self._targets(subset, space)

    def check_request(self, space: Space, source: str) -> None:
        owner = type(self).__name__
        if source not in ("features", self.target_source):
            raise ConfigurationError(f"{owner} has features and {self.target_source}, but '{source}' is asked of it")
        if source == self.target_source:
            if self.y is None:
                raise ConfigurationError(f"{owner} has no {source}, but the cost or the model needs them")
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
            # Contiguous: one copy here is cheaper than strides in every Op.
            return np.ascontiguousarray(self.view_converter.get_formatted_batch(rows, space))
        return self.X_space.np_format_as(rows, space)

    def _targets(self, subset: Subset, space: Space) -> np.ndarray:
        assert self.y is not None  # `check_request` has seen to it
        rows = self.y[subset].reshape(-1, 1) if self.y.ndim == 1 else self.y[subset]
        dimension = space.get_total_dimension()
        if isinstance(space, IndexSpace):
            return IndexSpace(self.y_labels or space.max_labels, rows.shape[1]).np_format_as(rows, space)
        if rows.shape[1] == 1 and dimension > 1:
            rows = one_hot_rows(rows[:, 0], dimension)
        return VectorSpace(rows.shape[1]).np_format_as(rows, space)


class Minibatches:
    """The minibatches of one pass over a dataset, each gathered by `next`: an `iteration.IndexedMinibatches`.

    Attributes
    ----------
    batch_size : int
        Examples in a minibatch; the last one may have fewer.
    num_batches : int
        Minibatches of the whole pass.
    subsets : SubsetIterator
        The examples of each remaining minibatch.
    num_examples : int
        Examples of the dataset.
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
        # Rows on disk are read from there while the batch is used.
        read_ahead = getattr(self._dataset._stored, "read_ahead", None)
        following = self.subsets.following() if read_ahead is not None else None
        if read_ahead is not None and following is not None:
            read_ahead(following)
        return batch if self._return_tuple or len(batch) != 1 else batch[0]

    def everything(self) -> tuple[np.ndarray, ...]:
        """Return all examples of the dataset as one batch, which `subsets` index."""
        return self._batch(slice(None))

    def nbytes(self) -> int:
        """Return the size of `everything` in bytes."""
        values = sum(space.get_total_dimension() for space, _ in self._parts)
        return self.num_examples * values * np.dtype(floatX()).itemsize

    def source(self) -> Any:
        """Return the object that holds the dataset's features; another one after they have been replaced."""
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


@configurable
def from_dataset(dataset: Dataset, num_examples: Count) -> DenseDesignMatrix:
    """Make a dataset of a random run of another one's examples, as Pylearn2's function of this name.

    Parameters
    ----------
    dataset : DenseDesignMatrix
        Where the examples are from; its own random numbers choose the first of them.
    num_examples : int
        Number of examples, one after the other, at least 1.

    Returns
    -------
    DenseDesignMatrix
        With the same targets and shape of images.

    Examples
    --------
    >>> import numpy as np
    >>> from_dataset(DenseDesignMatrix(X=np.eye(10)), num_examples=3).get_num_examples()
    3
    """
    if not isinstance(dataset, DenseDesignMatrix):
        reason = f"dataset is a {type(dataset).__name__}, but must be a DenseDesignMatrix"
        raise OptionError("from_dataset", "dataset", reason)
    rows, targets = dataset.get_batch_design(num_examples, include_labels=True)
    return DenseDesignMatrix(X=rows, y=targets, view_converter=dataset.view_converter)


def one_hot_rows(labels: np.ndarray, classes: int) -> np.ndarray:
    """Encode labels (examples,) as rows (examples, classes) with a 1 at the label, floatX.

    Parameters
    ----------
    labels : array
        Whole numbers from 0 to `classes` - 1.
    classes : int
        Number of columns.

    Returns
    -------
    array
        The rows.

    Raises
    ------
    DataError
        If a label is not from 0 to `classes` - 1.

    Examples
    --------
    >>> import numpy as np
    >>> one_hot_rows(np.array([2, 0]), 3).astype(int).tolist()
    [[0, 0, 1], [1, 0, 0]]
    """
    whole = np.asarray(labels, dtype=int)
    if whole.size and not 0 <= whole.min() <= whole.max() < classes:
        wrong = whole.min() if whole.min() < 0 else whole.max()
        raise DataError(f"targets must be labels from 0 to {classes - 1}, but there is {wrong}")
    return np.eye(classes, dtype=floatX())[whole]
