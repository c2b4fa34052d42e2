"""A space of labels, which become rows with a 1 at each label where numbers are asked for; after Pylearn2's `space`."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.options import Count, OptionError
from adversarial.space import Batch, Space, VectorSpace


class IndexSpace(Space):
    """Labels: a batch is a matrix (examples, dim) of whole numbers from 0 to `max_labels` - 1.

    As a vector of `max_labels` values an example has a 1 at each of its labels; as one of `dim` times `max_labels`
    values, a part with one 1 for each label.

    Parameters
    ----------
    max_labels : int
        Number of labels that there are, at least 1.
    dim : int
        Number of labels of an example, at least 1.
    dtype : str, default 'int64'
        An integer type, of batches.

    Examples
    --------
    >>> labels = IndexSpace(max_labels=4, dim=2)
    >>> labels.np_format_as(np.array([[0, 2]]), VectorSpace(4)).tolist()
    [[1.0, 0.0, 1.0, 0.0]]
    >>> labels.np_format_as(np.array([[0, 2]]), VectorSpace(8)).tolist()
    [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]]
    """

    def __init__(self, max_labels: Count, dim: Count, dtype: str = "int64"):
        if "int" not in dtype:
            raise OptionError("IndexSpace", "dtype", f"dtype is {dtype!r:.20}, but must be an integer type")
        self.max_labels = max_labels
        self.dim = dim
        self.dtype = dtype

    def __str__(self) -> str:
        return f"IndexSpace({self.dim} of {self.max_labels})"

    def _key(self) -> tuple:
        return (self.max_labels, self.dim, self.dtype)

    def get_total_dimension(self) -> int:
        return self.dim

    def get_origin(self) -> np.ndarray:
        return self.get_origin_batch(1)

    def get_origin_batch(self, batch_size: int, dtype: str | None = None) -> np.ndarray:
        return np.zeros((batch_size, self.dim), dtype=self.batch_dtype(dtype))

    def _static_shape(self, batch_size: int | None) -> tuple[int | None, ...]:
        return (1 if batch_size == 1 else None, None)

    def validate(self, batch: Batch) -> None:
        self.validate_tensor(batch, 2)
        if "int" not in batch.dtype:
            raise TypeError(f"a batch of {self} must be of whole numbers, but {batch} is of {batch.dtype}")

    def np_validate(self, batch: Batch) -> None:
        self.validate_array(batch, 2)
        if batch.shape[1] != self.dim:
            raise ValueError(f"a batch of {self} must have {self.dim} columns, but this one has shape {batch.shape}")
        if "int" not in str(batch.dtype):
            raise TypeError(f"a batch of {self} must be of whole numbers, but this one is of {batch.dtype}")
        if batch.size and not 0 <= batch.min() <= batch.max() < self.max_labels:
            wrong = batch.min() if batch.min() < 0 else batch.max()
            raise ValueError(f"labels of {self} must be from 0 to {self.max_labels - 1}, but there is {wrong}")

    def _format_as(self, batch: Batch, space: Space) -> Batch:
        if isinstance(space, IndexSpace) and (space.max_labels, space.dim) == (self.max_labels, self.dim):
            dtype = space.batch_dtype()
            return pt.cast(batch, dtype) if isinstance(batch, TensorVariable) else batch.astype(dtype)
        if isinstance(space, VectorSpace) and space.dim in (self.max_labels, self.dim * self.max_labels):
            known = np.arange(self.max_labels)
            equal = pt.eq(batch[:, :, None], known) if isinstance(batch, TensorVariable) else batch[:, :, None] == known
            merged = space.dim == self.max_labels
            rows = equal.any(axis=1) if merged else equal.reshape((batch.shape[0], space.dim))
            dtype = space.batch_dtype()
            return pt.cast(rows, dtype) if isinstance(batch, TensorVariable) else rows.astype(dtype)
        return super()._format_as(batch, space)
