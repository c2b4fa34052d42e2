"""Spaces: the shape and layout of a batch of data, and conversions between them; after Pylearn2's `space`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.options import Configurable, Count, OptionError

#: A batch: a PyTensor variable or NumPy array; a tuple of batches in a CompositeSpace, None in a NullSpace.
Batch: TypeAlias = Any
Axes = tuple[str | int, str | int, str | int, str | int]


class Space(Configurable):
    """The shape and layout of a batch, which is symbolic (PyTensor variables) or numeric (NumPy arrays).

    `format_as`, `validate` and `batch_size` take symbolic batches; the same names with `np_` take arrays.
    """

    dtype: str | None = None

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def __repr__(self) -> str:
        return str(self)

    def _key(self) -> tuple:
        return ()

    def batch_dtype(self, dtype: str | None = None) -> str:
        """Return the dtype of batches: `dtype`, else the space's, else floatX."""
        dtype = dtype or self.dtype
        return floatX() if dtype in (None, "floatX") else dtype

    def get_batch_axis(self) -> int:
        """Return the axis of examples."""
        return 0

    def get_total_dimension(self) -> int:
        """Return the number of values of one example."""
        raise TypeError(f"{self} has no number of values")

    def get_origin(self) -> np.ndarray:
        """Return one example of zeros."""
        raise TypeError(f"{self} has no origin")

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> np.ndarray:
        """Return a batch of zeros."""
        raise TypeError(f"{self} has no origin")

    def make_theano_batch(
        self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None
    ) -> Batch:
        """Make a symbolic batch; its number of examples is static only if `batch_size` is 1, as in 2014."""
        batch = pt.tensor(name=name, dtype=self.batch_dtype(dtype), shape=self._static_shape(batch_size))
        # For a backend that splits batches over devices.
        batch.tag.batch_axis = self.get_batch_axis()
        return batch

    def _static_shape(self, batch_size: int | None) -> tuple[int | None, ...]:
        raise TypeError(f"{self} has no symbolic batches")

    def make_shared_batch(self, batch_size: int, name: str | None = None, dtype: str | None = None) -> Batch:
        """Make a shared variable that holds a batch of zeros."""
        return pytensor.shared(self.get_origin_batch(batch_size, dtype), name=name)

    def format_as(self, batch: Batch, space: Space) -> Batch:
        """Convert a symbolic batch of this space to one of `space`."""
        self.validate(batch)
        return self._format_as(batch, space)

    def np_format_as(self, batch: Batch, space: Space) -> Batch:
        """Convert a numeric batch of this space to one of `space`."""
        self.np_validate(batch)
        return self._format_as(batch, space)

    def _format_as(self, batch: Batch, space: Space) -> Batch:
        raise TypeError(f"a batch of {self} cannot be formatted as {space}")

    def _check_sizes(self, space: Space) -> None:
        mine, other = self.get_total_dimension(), space.get_total_dimension()
        if mine != other:
            raise ValueError(f"a batch of {self}, {mine} values, cannot be formatted as {space}, {other} values")

    def validate(self, batch: Batch) -> None:
        """Raise TypeError if a batch is not symbolic, ValueError if its axes are not those of this space."""

    def np_validate(self, batch: Batch) -> None:
        """Raise TypeError if a batch is not an array, ValueError if its shape is not one of this space."""

    def batch_size(self, batch: Batch) -> Any:
        """Return the number of examples of a symbolic batch."""
        return batch.shape[self.get_batch_axis()]

    def np_batch_size(self, batch: Batch) -> int:
        """Return the number of examples of a numeric batch."""
        return int(batch.shape[self.get_batch_axis()])

    def validate_tensor(self, batch: Batch, ndim: int) -> None:
        """Raise TypeError or ValueError unless a batch is symbolic and has so many axes."""
        if not isinstance(batch, TensorVariable):
            raise TypeError(f"a batch of {self} must be symbolic, not of type {type(batch).__name__}")
        if batch.ndim != ndim:
            raise ValueError(f"a batch of {self} must have {ndim} axes, but {batch} has {batch.ndim}")

    def validate_array(self, batch: Batch, ndim: int) -> None:
        """Raise TypeError or ValueError unless a batch is an array and has so many axes."""
        if not isinstance(batch, np.ndarray):
            raise TypeError(f"a batch of {self} must be an array, not of type {type(batch).__name__}")
        if batch.ndim != ndim:
            raise ValueError(f"a batch of {self} must have {ndim} axes, but this one has shape {batch.shape}")


def _as_in(space: Space, batch: Batch) -> Any:
    """A batch cast to the dtype of a space, unless that is None."""
    if space.dtype is None:
        return batch
    dtype = space.batch_dtype()
    if isinstance(batch, Variable):
        return pt.cast(batch, dtype)
    return batch if batch.dtype == dtype else batch.astype(dtype)


class VectorSpace(Space):
    """Vectors: a batch is a matrix (examples, dim).

    Parameters
    ----------
    dim : int
        Number of values of a vector, at least 1.
    sparse : bool, default False
        Must be False.
    dtype : str or None, default 'floatX'
        Dtype of batches; None is any.

    Examples
    --------
    >>> VectorSpace(784).get_origin_batch(100, dtype="float32").shape
    (100, 784)
    """

    def __init__(self, dim: Count, sparse: bool = False, dtype: str | None = "floatX"):
        if sparse:
            raise OptionError("VectorSpace", "sparse", "sparse is true, but sparse batches are not supported")
        self.dim = dim
        self.dtype = dtype

    def __str__(self) -> str:
        return f"VectorSpace({self.dim})"

    def _key(self) -> tuple:
        return (self.dim, self.dtype)

    def get_total_dimension(self) -> int:
        return self.dim

    def get_origin(self) -> np.ndarray:
        return np.zeros((self.dim,), dtype=self.batch_dtype())

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> np.ndarray:
        return np.zeros((batch_size, self.dim), dtype=self.batch_dtype(dtype))

    def _static_shape(self, batch_size: int | None) -> tuple[int | None, ...]:
        return (1 if batch_size == 1 else None, None)

    def validate(self, batch: Batch) -> None:
        self.validate_tensor(batch, 2)
        width = batch.type.shape[1]
        if width is not None and width != self.dim:
            raise ValueError(f"a batch of {self} must have {self.dim} columns, but {batch} has {width}")

    def np_validate(self, batch: Batch) -> None:
        self.validate_array(batch, 2)
        if batch.shape[1] != self.dim:
            raise ValueError(f"a batch of {self} must have {self.dim} columns, but this one has shape {batch.shape}")

    def _format_as(self, batch: Batch, space: Space) -> Batch:
        self._check_sizes(space)
        if isinstance(space, VectorSpace):
            return _as_in(space, batch)
        if isinstance(space, Conv2DSpace):
            lengths = space.lengths(batch.shape[0])
            images = batch.reshape(tuple(lengths[axis] for axis in Conv2DSpace.default_axes))
            return _as_in(space, Conv2DSpace.convert(images, Conv2DSpace.default_axes, space.axes))
        if isinstance(space, CompositeSpace):
            parts, start = [], 0
            for component in space.components:
                width = component.get_total_dimension()
                parts.append(VectorSpace(width)._format_as(batch[:, start : start + width], component))
                start += width
            return tuple(parts)
        return super()._format_as(batch, space)


class Conv2DSpace(Space):
    """Images: a batch has four axes, 'b' (examples), 0 (rows), 1 (columns) and 'c' (channels), in any order.

    Parameters
    ----------
    shape : [int, int]
        Rows and columns.
    channels : int, optional
        Number of channels; exactly one of `channels` and `num_channels` is given.
    num_channels : int, optional
        The same as `channels`.
    axes : list of str and int, default ['b', 0, 1, 'c']
        The order of the axes.
    dtype : str or None, default 'floatX'
        Dtype of batches; None is any.

    Examples
    --------
    >>> images = np.zeros((100, 32, 32, 3), dtype="float32")
    >>> space = Conv2DSpace(shape=[32, 32], channels=3, dtype="float32")
    >>> space.np_format_as(images, VectorSpace(3072)).shape
    (100, 3072)
    """

    default_axes: Axes = ("b", 0, 1, "c")

    def __init__(
        self,
        shape: tuple[Count, Count],
        channels: Count | None = None,
        num_channels: Count | None = None,
        axes: Sequence[str | int] | None = None,
        dtype: str | None = "floatX",
    ):
        if (channels is None) == (num_channels is None):
            raise OptionError("Conv2DSpace", "num_channels", "needs channels or num_channels, which mean the same")
        self.shape = tuple(int(length) for length in shape)
        self.num_channels = int(channels or num_channels or 0)
        self.axes: Axes = check_axes(axes, "Conv2DSpace")
        self.dtype = dtype

    def __str__(self) -> str:
        order = "".join(str(axis) for axis in self.axes)
        return f"Conv2DSpace({self.shape[0]}x{self.shape[1]}, {self.num_channels} channels, {order})"

    def _key(self) -> tuple:
        return (self.shape, self.num_channels, self.axes, self.dtype)

    def lengths(self, batch_size: Any) -> dict[str | int, Any]:
        """Return the length of each axis, by its name, of a batch of `batch_size` examples."""
        return {"b": batch_size, 0: self.shape[0], 1: self.shape[1], "c": self.num_channels}

    def get_batch_axis(self) -> int:
        return self.axes.index("b")

    def get_total_dimension(self) -> int:
        return math.prod(self.shape) * self.num_channels

    def get_origin(self) -> np.ndarray:
        lengths = self.lengths(1)
        return np.zeros([lengths[axis] for axis in self.axes if axis != "b"], dtype=self.batch_dtype())

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> np.ndarray:
        lengths = self.lengths(batch_size)
        return np.zeros([lengths[axis] for axis in self.axes], dtype=self.batch_dtype(dtype))

    def _static_shape(self, batch_size: int | None) -> tuple[int | None, ...]:
        lengths = self.lengths(1 if batch_size == 1 else None)
        return tuple(lengths[axis] for axis in self.axes)

    def validate(self, batch: Batch) -> None:
        self.validate_tensor(batch, 4)
        self._validate_lengths(batch.type.shape)

    def np_validate(self, batch: Batch) -> None:
        self.validate_array(batch, 4)
        self._validate_lengths(batch.shape)

    def _validate_lengths(self, found: Sequence[int | None]) -> None:
        expected = self.lengths(None)
        for axis, length in zip(self.axes, found, strict=True):
            if length is not None and expected[axis] is not None and length != expected[axis]:
                reason = f"must have {expected[axis]} along its axis {axis!r}, but this one has {length}"
                raise ValueError(f"a batch of {self} {reason}")

    @staticmethod
    def convert(tensor: Batch, src_axes: Sequence[str | int], dst_axes: Sequence[str | int]) -> Batch:
        """Transpose a batch, symbolic or numeric, from one order of axes to another."""
        src_axes, dst_axes = tuple(src_axes), tuple(dst_axes)
        return tensor if src_axes == dst_axes else tensor.transpose(*[src_axes.index(axis) for axis in dst_axes])

    @staticmethod
    def convert_numpy(tensor: np.ndarray, src_axes: Sequence[str | int], dst_axes: Sequence[str | int]) -> np.ndarray:
        """Transpose an array from one order of axes to another."""
        return Conv2DSpace.convert(tensor, src_axes, dst_axes)

    def _format_as(self, batch: Batch, space: Space) -> Batch:
        self._check_sizes(space)
        if isinstance(space, VectorSpace):
            images = Conv2DSpace.convert(batch, self.axes, self.default_axes)
            return _as_in(space, images.reshape((images.shape[0], self.get_total_dimension())))
        if isinstance(space, Conv2DSpace):
            if (self.shape, self.num_channels) != (space.shape, space.num_channels):
                raise ValueError(f"a batch of {self} cannot be formatted as {space}: its images are of another shape")
            return _as_in(space, Conv2DSpace.convert(batch, self.axes, space.axes))
        return super()._format_as(batch, space)


def check_axes(axes: Sequence[str | int] | None, owner: str) -> Axes:
    """Return `axes` as a tuple, text as its characters, None as b01c; raise OptionError if one is not there once."""
    found = tuple(int(axis) if axis in ("0", "1") else axis for axis in ("b01c" if axes is None else axes))
    if len(found) != 4 or set(found) != {"b", 0, 1, "c"}:
        raise OptionError(owner, "axes", f"axes is {list(found)}, but must hold 'b', 0, 1 and 'c', each once")
    return found


class CompositeSpace(Space):
    """Several spaces: a batch is a tuple of batches, one of each.

    Parameters
    ----------
    components : sequence of Space
        The spaces.

    Examples
    --------
    >>> CompositeSpace([VectorSpace(784), VectorSpace(10)]).get_total_dimension()
    794
    """

    def __init__(self, components: Sequence[Space]):
        self.components = list(components)

    def __str__(self) -> str:
        return f"CompositeSpace({', '.join(str(component) for component in self.components)})"

    def _key(self) -> tuple:
        return tuple(self.components)

    def restrict(self, subset: Sequence[int]) -> Space:
        """Return the space of some components, by index; one component is returned itself."""
        chosen = [self.components[index] for index in subset]
        return chosen[0] if len(chosen) == 1 else CompositeSpace(chosen)

    def restrict_batch(self, batch: tuple[Batch, ...], subset: Sequence[int]) -> Batch:
        """Return the part of a batch that belongs to `restrict(subset)`."""
        chosen = tuple(batch[index] for index in subset)
        return chosen[0] if len(chosen) == 1 else chosen

    def get_total_dimension(self) -> int:
        return sum(component.get_total_dimension() for component in self.components)

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> Batch:
        return tuple(component.get_origin_batch(batch_size, dtype) for component in self.components)

    def make_theano_batch(
        self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None
    ) -> Batch:
        names = [None if name is None else f"{name}[{index}]" for index in range(len(self.components))]
        parts = zip(self.components, names, strict=True)
        return tuple(component.make_theano_batch(own, dtype, batch_size) for component, own in parts)

    def make_shared_batch(self, batch_size: int, name: str | None = None, dtype: str | None = None) -> Batch:
        return tuple(component.make_shared_batch(batch_size, name, dtype) for component in self.components)

    def validate(self, batch: Batch) -> None:
        self._check_structure(batch)
        for component, part in zip(self.components, batch, strict=True):
            component.validate(part)

    def np_validate(self, batch: Batch) -> None:
        self._check_structure(batch)
        for component, part in zip(self.components, batch, strict=True):
            component.np_validate(part)

    def _check_structure(self, batch: Batch) -> None:
        if not isinstance(batch, tuple) or len(batch) != len(self.components):
            found = f"{len(batch)} parts" if isinstance(batch, tuple) else type(batch).__name__
            raise TypeError(f"a batch of {self} must be a tuple of {len(self.components)} parts, not {found}")

    def _with_data(self, batch: tuple) -> tuple[Space, Batch]:
        for component, part in zip(self.components, batch, strict=True):
            empty = not component.components if isinstance(component, CompositeSpace) else component == NullSpace()
            if not empty:
                return component, part
        return NullSpace(), None

    def batch_size(self, batch: tuple) -> Any:
        component, part = self._with_data(batch)
        return component.batch_size(part)

    def np_batch_size(self, batch: tuple) -> int:
        component, part = self._with_data(batch)
        return component.np_batch_size(part)

    def _format_as(self, batch: tuple, space: Space) -> Batch:
        if isinstance(space, VectorSpace):
            self._check_sizes(space)
            parts = [
                component._format_as(part, VectorSpace(component.get_total_dimension(), dtype=space.dtype))
                for component, part in zip(self.components, batch, strict=True)
            ]
            concatenate = pt.concatenate if isinstance(parts[0], Variable) else np.concatenate
            return concatenate(parts, axis=1)
        if isinstance(space, CompositeSpace) and len(space.components) == len(self.components):
            triples = zip(self.components, batch, space.components, strict=True)
            return tuple(component._format_as(part, other) for component, part, other in triples)
        return super()._format_as(batch, space)


class NullSpace(Space):
    """No data: its only batch is None.

    Examples
    --------
    >>> NullSpace().np_batch_size(None)
    0
    """

    def __str__(self) -> str:
        return "NullSpace()"

    def make_theano_batch(
        self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None
    ) -> None:
        return None

    def validate(self, batch: Batch) -> None:
        if batch is not None:
            raise TypeError(f"a batch of {self} must be None, not of type {type(batch).__name__}")

    np_validate = validate

    def batch_size(self, batch: Batch) -> int:
        return 0

    np_batch_size = batch_size

    def _format_as(self, batch: Batch, space: Space) -> Batch:
        if isinstance(space, NullSpace):
            return None
        return super()._format_as(batch, space)
