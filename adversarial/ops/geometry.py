"""Which pixels of an image meet a kernel's values as the kernel moves over it, and which are pooled together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """Which values of an image meet which of a kernel; all lengths are (rows, columns).

    Attributes
    ----------
    image_shape, kernel_shape : tuple of int
        Of images and kernels.
    pad : int
        Width of the border of zeros.
    stride : tuple of int
        Pixels from the kernel's place for one value of the maps to its place for the next.

    Raises
    ------
    ValueError
        Where the kernel does not fit the padded image.
    """

    image_shape: Pair
    kernel_shape: Pair
    pad: int = 0
    stride: Pair = (1, 1)

    def __post_init__(self) -> None:
        if min(self.image_shape + self.kernel_shape + self.stride) < 1 or self.pad < 0:
            raise ValueError(f"lengths and strides must be at least 1 and pad at least 0: {self}")
        padded = _each(lambda n: n + 2 * self.pad, self.image_shape)
        if not _within(self.kernel_shape, padded):
            raise ValueError(f"the kernel is {_by(self.kernel_shape)}, larger than its padded input, {_by(padded)}")

    @property
    def map_shape(self) -> Pair:
        """The shape of the maps."""
        pad = 2 * self.pad
        return _each(lambda n, k, s: -(-(n + pad - k) // s) + 1, self.image_shape, self.kernel_shape, self.stride)

    @property
    def padded_shape(self) -> Pair:
        """The shape of the images with all the zeros that kernels see."""
        return _each(lambda m, k, s: (m - 1) * s + k, self.map_shape, self.kernel_shape, self.stride)

    def padded(self, images: np.ndarray) -> np.ndarray:
        """Return a copy of images with zeros around them."""
        padded = np.zeros((images.shape[0], *self.padded_shape, images.shape[3]), images.dtype)
        self.inner(padded)[...] = images
        return padded

    def inner(self, padded: np.ndarray) -> np.ndarray:
        """Return the images within padded ones, a view."""
        rows, columns = self.image_shape
        return padded[:, self.pad : self.pad + rows, self.pad : self.pad + columns]

    def windows(self, padded: np.ndarray) -> np.ndarray:
        """Return a view (channel, map row, map column, batch, kernel row, kernel column) of padded images."""
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.kernel_shape, axis=(1, 2), writeable=True)
        return windows[:, :: self.stride[0], :: self.stride[1]]


@dataclass(frozen=True)
class Windows:
    """Which pixels are pooled; all lengths are (rows, columns).

    Attributes
    ----------
    image_shape, pool_shape : tuple of int
        Of images and windows.
    stride : tuple of int
        Pixels from one window to the next; at most the windows' own length, so that no pixel is left out.
    pieces : int
        Linear pieces of a channel, which is the largest of them.

    Raises
    ------
    ValueError
        Where windows do not fit the image, or leave pixels out.
    """

    image_shape: Pair
    pool_shape: Pair
    stride: Pair
    pieces: int = 1

    def __post_init__(self) -> None:
        if min(self.image_shape + self.pool_shape + self.stride) < 1 or self.pieces < 1:
            raise ValueError(f"lengths, strides and pieces must be at least 1: {self}")
        if not _within(self.pool_shape, self.image_shape):
            raise ValueError(f"the pool is {_by(self.pool_shape)}, larger than what it pools, {_by(self.image_shape)}")
        if not _within(self.stride, self.pool_shape):
            raise ValueError(
                f"the stride of pools is {_by(self.stride)}, above their shape, {_by(self.pool_shape)}, "
                "so that pixels would be left out"
            )

    @property
    def pooled_shape(self) -> Pair:
        """The shape of pooled images."""
        return _each(lambda n, p, s: -(-(n - p) // s) + 1, self.image_shape, self.pool_shape, self.stride)

    @property
    def covered_shape(self) -> Pair:
        """The shape of an image with all that the last windows reach."""
        return _each(lambda m, p, s: (m - 1) * s + p, self.pooled_shape, self.pool_shape, self.stride)

    def slices(self) -> Iterator[tuple[slice, slice]]:
        """Yield, for each pixel of a window, the rows and columns of a covered image where it is."""
        for offsets in np.ndindex(self.pool_shape):
            rows, columns = (
                slice(first, first + (m - 1) * s + 1, s)
                for first, m, s in zip(offsets, self.pooled_shape, self.stride, strict=True)
            )
            yield rows, columns


def _each(compute: Callable[..., int], *pairs: Pair) -> Pair:
    """Compute a number from the rows of all pairs, and one from the columns."""
    rows, columns = (compute(*lengths) for lengths in zip(*pairs, strict=True))
    return rows, columns


def _by(lengths: Pair) -> str:
    """Return lengths in words, such as 3x5."""
    return f"{lengths[0]}x{lengths[1]}"


def _within(lengths: Pair, limits: Pair) -> bool:
    return all(length <= limit for length, limit in zip(lengths, limits, strict=True))
