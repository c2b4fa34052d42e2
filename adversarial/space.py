"""Spaces: what a batch of data looks like, and how to turn one look into another; after Pylearn2's `space`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.options import Configurable, Count, OptionError

Axes = tuple[str | int, str | int, str | int, str | int]


class Space(Configurable):
    """The look of a batch. Batches are symbolic (PyTensor variables) or numeric (NumPy arrays).

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

    def _dtype(self, dtype: str | None = None) -> str:
        dtype = dtype or self.dtype
        return floatX() if dtype in (None, "floatX") else dtype

    def get_batch_axis(self) -> int:
        """The axis along which examples run."""
        return 0

    def get_total_dimension(self) -> int:
        """The number of values of one example."""
        raise TypeError(f"{self} has no number of values")

    def get_origin(self) -> np.ndarray:
        """One example of zeros."""
        raise TypeError(f"{self} has no origin")

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> np.ndarray:
        """A batch of zeros."""
        raise TypeError(f"{self} has no origin")

    def make_theano_batch(self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None):
        """A symbolic batch; of a fixed number of examples if `batch_size` is 1, as in 2014."""
        raise TypeError(f"{self} has no symbolic batches")

    def _symbolic(self, name: str | None, dtype: str | None, shape: tuple[int | None, ...]) -> TensorVariable:
        batch = pt.tensor(name=name, dtype=self._dtype(dtype), shape=shape)
        # For a backend that splits batches over devices.
        batch.tag.batch_axis = self.get_batch_axis()
        return batch

    def make_shared_batch(self, batch_size: int, name: str | None = None, dtype: str | None = None) -> SharedVariable:
        """A shared variable that holds a batch of zeros."""
        return pytensor.shared(self.get_origin_batch(batch_size, dtype), name=name)

    def format_as(self, batch: Any, space: Space) -> Any:
        """A symbolic batch of this space as one of `space`."""
        self.validate(batch)
        return self._format_as(batch, space)

    def np_format_as(self, batch: Any, space: Space) -> Any:
        """A numeric batch of this space as one of `space`."""
        self.np_validate(batch)
        return self._format_as(batch, space)

    def _format_as(self, batch: Any, space: Space) -> Any:
        raise TypeError(f"a batch of {self} cannot be formatted as {space}")

    def _check_sizes(self, space: Space) -> None:
        mine, other = self.get_total_dimension(), space.get_total_dimension()
        if mine != other:
            raise ValueError(f"a batch of {self}, {mine} values, cannot be formatted as {space}, {other} values")

    def validate(self, batch: Any) -> None:
        """Raise TypeError where a batch is not symbolic, ValueError where its axes do not fit this space."""

    def np_validate(self, batch: Any) -> None:
        """Raise TypeError where a batch is not an array, ValueError where its shape does not fit this space."""

    def batch_size(self, batch: Any) -> Any:
        """The number of examples of a symbolic batch."""
        return batch.shape[self.get_batch_axis()]

    def np_batch_size(self, batch: Any) -> int:
        """The number of examples of a numeric batch."""
        return int(batch.shape[self.get_batch_axis()])

    def _validate_tensor(self, batch: Any, ndim: int) -> None:
        if not isinstance(batch, Variable):
            raise TypeError(f"a batch of {self} must be symbolic, not of type {type(batch).__name__}")
        if batch.ndim != ndim:
            raise ValueError(f"a batch of {self} must have {ndim} axes, but {batch} has {batch.ndim}")

    def _validate_array(self, batch: Any, ndim: int) -> None:
        if not isinstance(batch, np.ndarray):
            raise TypeError(f"a batch of {self} must be an array, not of type {type(batch).__name__}")
        if batch.ndim != ndim:
            raise ValueError(f"a batch of {self} must have {ndim} axes, but one of shape {batch.shape} came")


def _as_in(space: Space, batch: Any) -> Any:
    """A batch in the dtype of a space; as it is where the space has none."""
    if space.dtype is None:
        return batch
    dtype = space._dtype()
    if isinstance(batch, Variable):
        return pt.cast(batch, dtype)
    return batch if batch.dtype == dtype else batch.astype(dtype)


class VectorSpace(Space):
    """Vectors: a batch is a matrix (examples, dim).

    Parameters
    ----------
    dim : number of values of a vector
    sparse : must be false
    dtype : of batches; None keeps what comes
    """

    def __init__(self, dim: Count, sparse: bool = False, dtype: str | None = "floatX"):
        if sparse:
            raise OptionError("VectorSpace", "sparse", "sparse is true, but sparse batches are not there")
        self.dim = dim
        self.dtype = dtype

    def __str__(self) -> str:
        return f"VectorSpace({self.dim})"

    def _key(self) -> tuple:
        return (self.dim, self.dtype)

    def get_total_dimension(self) -> int:
        return self.dim

    def get_origin(self) -> np.ndarray:
        return np.zeros((self.dim,), dtype=self._dtype())

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> np.ndarray:
        return np.zeros((batch_size, self.dim), dtype=self._dtype(dtype))

    def make_theano_batch(self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None):
        shape = (1 if batch_size == 1 else None, None)
        return self._symbolic(name, dtype, shape)

    def validate(self, batch: Any) -> None:
        self._validate_tensor(batch, 2)
        width = batch.type.shape[1]
        if width is not None and width != self.dim:
            raise ValueError(f"a batch of {self} must have {self.dim} columns, but {batch} has {width}")

    def np_validate(self, batch: Any) -> None:
        self._validate_array(batch, 2)
        if batch.shape[1] != self.dim:
            raise ValueError(f"a batch of {self} must have {self.dim} columns, but one of shape {batch.shape} came")

    def _format_as(self, batch: Any, space: Space) -> Any:
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
    shape : [rows, columns]
    channels, num_channels : number of channels (either name)
    axes : the order of the axes; ('b', 0, 1, 'c') if not given
    dtype : of batches; None keeps what comes
    """

    default_axes: Axes = ("b", 0, 1, "c")

    def __init__(
        self,
        shape: tuple[Count, Count],
        channels: Count | None = None,
        num_channels: Count | None = None,
        axes: Sequence[Any] | None = None,
        dtype: str | None = "floatX",
    ):
        if (channels is None) == (num_channels is None):
            raise OptionError("Conv2DSpace", "num_channels", "needs channels or num_channels, which mean the same")
        self.shape = tuple(int(length) for length in shape)
        self.num_channels = int(channels or num_channels)
        self.axes: Axes = check_axes(axes, "Conv2DSpace")
        self.dtype = dtype

    def __str__(self) -> str:
        order = "".join(str(axis) for axis in self.axes)
        return f"Conv2DSpace({self.shape[0]}x{self.shape[1]}, {self.num_channels} channels, {order})"

    def _key(self) -> tuple:
        return (self.shape, self.num_channels, self.axes, self.dtype)

    def lengths(self, batch_size: Any) -> dict[str | int, Any]:
        """The length of each axis of a batch of `batch_size` examples."""
        return {"b": batch_size, 0: self.shape[0], 1: self.shape[1], "c": self.num_channels}

    def get_batch_axis(self) -> int:
        return self.axes.index("b")

    def get_total_dimension(self) -> int:
        return math.prod(self.shape) * self.num_channels

    def get_origin(self) -> np.ndarray:
        lengths = self.lengths(1)
        return np.zeros([lengths[axis] for axis in self.axes if axis != "b"], dtype=self._dtype())

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> np.ndarray:
        lengths = self.lengths(batch_size)
        return np.zeros([lengths[axis] for axis in self.axes], dtype=self._dtype(dtype))

    def make_theano_batch(self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None):
        lengths = self.lengths(1 if batch_size == 1 else None)
        shape = tuple(lengths[axis] for axis in self.axes)
        return self._symbolic(name, dtype, shape)

    def validate(self, batch: Any) -> None:
        self._validate_tensor(batch, 4)
        self._validate_lengths(batch.type.shape)

    def np_validate(self, batch: Any) -> None:
        self._validate_array(batch, 4)
        self._validate_lengths(batch.shape)

    def _validate_lengths(self, found: Sequence[int | None]) -> None:
        expected = self.lengths(None)
        for axis, length in zip(self.axes, found, strict=True):
            if length is not None and expected[axis] is not None and length != expected[axis]:
                reason = f"must have {expected[axis]} along its axis {axis!r}, but one with {length} came"
                raise ValueError(f"a batch of {self} {reason}")

    @staticmethod
    def convert(tensor: Any, src_axes: Sequence[Any], dst_axes: Sequence[Any]) -> Any:
        """A batch, symbolic or numeric, with its axes brought from one order into another."""
        src_axes, dst_axes = tuple(src_axes), tuple(dst_axes)
        if src_axes == dst_axes:
            return tensor
        return tensor.transpose(*[src_axes.index(axis) for axis in dst_axes])

    @staticmethod
    def convert_numpy(tensor: np.ndarray, src_axes: Sequence[Any], dst_axes: Sequence[Any]) -> np.ndarray:
        """An array with its axes brought from one order into another."""
        return Conv2DSpace.convert(tensor, src_axes, dst_axes)

    def _format_as(self, batch: Any, space: Space) -> Any:
        self._check_sizes(space)
        if isinstance(space, VectorSpace):
            images = Conv2DSpace.convert(batch, self.axes, self.default_axes)
            return _as_in(space, images.reshape((images.shape[0], self.get_total_dimension())))
        if isinstance(space, Conv2DSpace):
            if (self.shape, self.num_channels) != (space.shape, space.num_channels):
                raise ValueError(f"a batch of {self} cannot be formatted as {space}: its images are of another shape")
            return _as_in(space, Conv2DSpace.convert(batch, self.axes, space.axes))
        return super()._format_as(batch, space)


def check_axes(axes: Sequence[Any] | None, owner: str) -> Axes:
    """`axes` as a tuple; ('b', 0, 1, 'c') for None. Raises OptionError unless each of the four is there once."""
    if axes is None:
        return Conv2DSpace.default_axes
    if len(axes) != 4 or set(axes) != {"b", 0, 1, "c"}:
        raise OptionError(owner, "axes", f"axes is {list(axes)}, but must hold 'b', 0, 1 and 'c', each once")
    return tuple(axes)


class CompositeSpace(Space):
    """Several spaces: a batch is a tuple of batches, one of each.

    Parameters
    ----------
    components : the spaces
    """

    def __init__(self, components: Sequence[Space]):
        self.components = list(components)

    def __str__(self) -> str:
        return f"CompositeSpace({', '.join(str(component) for component in self.components)})"

    def _key(self) -> tuple:
        return tuple(self.components)

    def restrict(self, subset: Sequence[int]) -> Space:
        """The space of some components; the component itself where it is one."""
        chosen = [self.components[index] for index in subset]
        return chosen[0] if len(chosen) == 1 else CompositeSpace(chosen)

    def restrict_batch(self, batch: tuple, subset: Sequence[int]) -> Any:
        """A batch of `restrict`'s space."""
        chosen = tuple(batch[index] for index in subset)
        return chosen[0] if len(chosen) == 1 else chosen

    def get_total_dimension(self) -> int:
        return sum(component.get_total_dimension() for component in self.components)

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> tuple:
        return tuple(component.get_origin_batch(batch_size, dtype) for component in self.components)

    def make_theano_batch(self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None):
        names = [None if name is None else f"{name}[{index}]" for index in range(len(self.components))]
        parts = zip(self.components, names, strict=True)
        return tuple(component.make_theano_batch(own, dtype, batch_size) for component, own in parts)

    def make_shared_batch(self, batch_size: int, name: str | None = None, dtype: str | None = None) -> tuple:
        return tuple(component.make_shared_batch(batch_size, name, dtype) for component in self.components)

    def validate(self, batch: Any) -> None:
        self._check_structure(batch)
        for component, part in zip(self.components, batch, strict=True):
            component.validate(part)

    def np_validate(self, batch: Any) -> None:
        self._check_structure(batch)
        for component, part in zip(self.components, batch, strict=True):
            component.np_validate(part)

    def _check_structure(self, batch: Any) -> None:
        if not isinstance(batch, tuple) or len(batch) != len(self.components):
            found = f"{len(batch)} parts" if isinstance(batch, tuple) else type(batch).__name__
            raise TypeError(f"a batch of {self} must be a tuple of {len(self.components)} parts, not {found}")

    def _with_data(self, batch: tuple) -> tuple[Space, Any]:
        for component, part in zip(self.components, batch, strict=True):
            if isinstance(component, CompositeSpace):
                if component.components:
                    return component, part
            elif not isinstance(component, NullSpace):
                return component, part
        return NullSpace(), None

    def batch_size(self, batch: tuple) -> Any:
        component, part = self._with_data(batch)
        return component.batch_size(part)

    def np_batch_size(self, batch: tuple) -> int:
        component, part = self._with_data(batch)
        return component.np_batch_size(part)

    def _format_as(self, batch: tuple, space: Space) -> Any:
        if isinstance(space, VectorSpace):
            self._check_sizes(space)
            pieces = [
                component._format_as(part, VectorSpace(component.get_total_dimension(), dtype=space.dtype))
                for component, part in zip(self.components, batch, strict=True)
            ]
            concatenate = pt.concatenate if isinstance(pieces[0], Variable) else np.concatenate
            return concatenate(pieces, axis=1)
        if isinstance(space, CompositeSpace) and len(space.components) == len(self.components):
            parts = zip(self.components, batch, space.components, strict=True)
            return tuple(component._format_as(part, other) for component, part, other in parts)
        return super()._format_as(batch, space)


class NullSpace(Space):
    """No data: its only batch is None."""

    def __init__(self):
        self.dtype = None

    def __str__(self) -> str:
        return "NullSpace()"

    def make_theano_batch(self, name: str | None = None, dtype: str | None = None, batch_size: int | None = None):
        return None

    def validate(self, batch: Any) -> None:
        if batch is not None:
            raise TypeError(f"a batch of {self} must be None, not of type {type(batch).__name__}")

    np_validate = validate

    def batch_size(self, batch: Any) -> int:
        return 0

    np_batch_size = batch_size

    def _format_as(self, batch: Any, space: Space) -> Any:
        if isinstance(space, NullSpace):
            return None
        return super()._format_as(batch, space)
