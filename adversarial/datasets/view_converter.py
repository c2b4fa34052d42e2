"""How rows of a design matrix are images; after Pylearn2's `dense_design_matrix.DefaultViewConverter`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from adversarial.errors import DataError
from adversarial.options import Configurable, Count
from adversarial.space import Conv2DSpace, Space, VectorSpace, check_axes


class DefaultViewConverter(Configurable):
    """Converts between rows and images; a row holds channel after channel, each row by row.

    Parameters
    ----------
    shape : (int, int, int)
        Rows, columns and channels of an image; each at least 1.
    axes : sequence, optional
        Order of the axes of the images: batch 'b', rows 0, columns 1 and channel 'c'; default ('b', 0, 1, 'c').

    Examples
    --------
    >>> import numpy as np
    >>> converter = DefaultViewConverter(shape=(2, 2, 3))
    >>> images = converter.design_mat_to_topo_view(np.arange(24).reshape(2, 12))
    >>> images.shape
    (2, 2, 2, 3)
    >>> images[0, 0, 0]  # the three channels of a pixel
    array([0, 4, 8])
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
        """Convert rows (batch, features) to images with `axes`."""
        rows, columns, channels = self.shape
        if X.ndim != 2 or X.shape[1] != rows * columns * channels:
            raise DataError(f"rows of shape {X.shape} are not images of {rows} x {columns} with {channels} channels")
        images = X.reshape(len(X), channels, rows, columns)
        return Conv2DSpace.convert_numpy(images, ("b", "c", 0, 1), self.axes)

    def design_mat_to_weights_view(self, X: np.ndarray) -> np.ndarray:
        """Convert rows (batch, features) to images with axes ('b', 0, 1, 'c'), for showing."""
        return Conv2DSpace.convert_numpy(self.design_mat_to_topo_view(X), self.axes, ("b", 0, 1, "c"))

    def topo_view_to_design_mat(self, V: np.ndarray) -> np.ndarray:
        """Convert images with `axes` to rows (batch, features)."""
        images = Conv2DSpace.convert_numpy(V, self.axes, ("b", "c", 0, 1))
        rows, columns, channels = self.shape
        if images.shape[1:] != (channels, rows, columns):
            raise DataError(f"images of shape {V.shape} are not {rows} x {columns} with {channels} channels")
        return images.reshape(len(images), -1)

    def get_formatted_batch(self, batch: np.ndarray, space: Space) -> np.ndarray:
        """Convert rows (batch, features) to a batch of `space`."""
        if isinstance(space, Conv2DSpace):
            return self.topo_space.np_format_as(self.design_mat_to_topo_view(batch), space)
        return VectorSpace(batch.shape[1]).np_format_as(batch, space)
