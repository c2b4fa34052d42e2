"""DenseDesignMatrix: a dataset that is a matrix, a row an example; after Pylearn2's `dense_design_matrix.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from adversarial.backend import floatX
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.iteration import Subset, subsets
from adversarial.errors import ConfigurationError, DataError
from adversarial.options import Configurable, Count, OptionError
from adversarial.space import CompositeSpace, Conv2DSpace, Space, VectorSpace, check_axes


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
    ):
        if (X is None) == (topo_view is None):
            raise OptionError(type(self).__name__, "X", "needs either X, a matrix, or topo_view, images")
        if topo_view is not None:
            if view_converter is not None:
                raise OptionError(
                    type(self).__name__, "view_converter", "view_converter goes with X, not with topo_view"
                )
            lengths = dict(zip(check_axes(axes, type(self).__name__), topo_view.shape, strict=True))
            view_converter = DefaultViewConverter([lengths[0], lengths[1], lengths["c"]], axes)
            X = view_converter.topo_view_to_design_mat(topo_view)
        if X.ndim != 2:
            raise DataError(f"a design matrix has two axes, examples and features, but this one has shape {X.shape}")
        if y is not None and len(y) != len(X):
            raise DataError(f"there are {len(X)} examples, but {len(y)} targets")
        self._stored = X
        self.y = y
        self.view_converter = view_converter
        self.rng = rng
        self.X_space = VectorSpace(X.shape[1])

    @property
    def X(self) -> np.ndarray:
        """The design matrix (examples, features)."""
        return self._numbers(self._stored)

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
        self._stored = self._stored[start:stop]
        if self.y is not None:
            self.y = self.y[start:stop]

    def get_num_examples(self) -> int:
        return len(self._stored)

    def get_design_matrix(self) -> np.ndarray:
        return self.X

    def set_design_matrix(self, X: np.ndarray) -> None:
        """Replace the design matrix."""
        self.X = X

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

    def get_batch_design(self, batch_size: int) -> np.ndarray:
        """`batch_size` rows that lie together, chosen at random."""
        if not hasattr(self.rng, "randint"):
            self.rng = np.random.RandomState(self._default_seed if self.rng is None else self.rng)
        start = self.rng.randint(0, self.get_num_examples() - batch_size + 1)
        return self._numbers(self._stored[start : start + batch_size])

    def iterator(
        self,
        mode: str | None = None,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: Any = None,
        data_specs: Any = None,
        return_tuple: bool = False,
    ) -> Iterator:
        if rng is None:
            rng = self.rng if self.rng is not None else self._default_seed
        space, source = data_specs if data_specs is not None else (self.X_space, "features")
        if not isinstance(source, tuple):
            space, source = CompositeSpace([space]), (source,)
        self._check_sources(source)
        chosen = subsets(mode, self.get_num_examples(), batch_size, num_batches, rng)
        return self._batches(chosen, list(zip(space.components, source, strict=True)), return_tuple)

    def _check_sources(self, sources: tuple[str, ...]) -> None:
        for source in sources:
            if source not in ("features", "targets"):
                raise ConfigurationError(
                    f"{type(self).__name__} has features and targets, but '{source}' is asked of it"
                )
            if source == "targets" and self.y is None:
                raise ConfigurationError(f"{type(self).__name__} has no targets, but the cost or the model needs them")

    def _batches(self, chosen: Iterator[Subset], parts: list[tuple[Space, str]], return_tuple: bool) -> Iterator:
        for subset in chosen:
            batch = tuple(
                self._features(subset, space) if source == "features" else self._targets(subset, space)
                for space, source in parts
            )
            yield batch if return_tuple or len(batch) != 1 else batch[0]

    def _features(self, subset: Subset, space: Space) -> np.ndarray:
        rows = self._numbers(self._stored[subset])
        if isinstance(space, Conv2DSpace) and self.view_converter is not None:
            return self.view_converter.get_formatted_batch(rows, space)
        return self.X_space.np_format_as(rows, space)

    def _targets(self, subset: Subset, space: Space) -> np.ndarray:
        rows = self.y[subset].reshape(-1, 1) if self.y.ndim == 1 else self.y[subset]
        dimension = space.get_total_dimension()
        if rows.shape[1] == 1 and dimension > 1:
            rows = one_hot_rows(rows[:, 0], dimension)
        return VectorSpace(rows.shape[1]).np_format_as(rows, space)


def one_hot_rows(labels: np.ndarray, classes: int) -> np.ndarray:
    """Labels (examples,) as rows with a 1 at the label, floatX."""
    return np.eye(classes, dtype=floatX())[np.asarray(labels, dtype=int)]
