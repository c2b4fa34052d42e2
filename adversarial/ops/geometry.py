"""Which pixels of an image meet: a kernel's values as it moves over it, and the windows that are pooled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """Which values of an image meet which of a kernel; all lengths are (rows, columns).

    Attributes
    ----------
    image_shape, kernel_shape : of images and kernels
    pad : width of the border of zeros
    stride : how far kernels move from one value of the maps to the next

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
        padded = tuple(n + 2 * self.pad for n in self.image_shape)
        if not _within(self.kernel_shape, padded):
            raise ValueError(f"the kernel is {_by(self.kernel_shape)}, larger than its padded input, {_by(padded)}")

    @property
    def map_shape(self) -> Pair:
        """The shape of the maps."""
        lengths = zip(self.image_shape, self.kernel_shape, self.stride, strict=True)
        return tuple(-(-(n + 2 * self.pad - k) // s) + 1 for n, k, s in lengths)

    @property
    def padded_shape(self) -> Pair:
        """The shape of the images with all the zeros that kernels see."""
        lengths = zip(self.map_shape, self.kernel_shape, self.stride, strict=True)
        return tuple((m - 1) * s + k for m, k, s in lengths)

    def padded(self, images: np.ndarray) -> np.ndarray:
        """A copy of images with zeros around them."""
        padded = np.zeros((images.shape[0], *self.padded_shape, images.shape[3]), images.dtype)
        self.inner(padded)[...] = images
        return padded

    def inner(self, padded: np.ndarray) -> np.ndarray:
        """The images within padded ones: a view."""
        rows, columns = self.image_shape
        return padded[:, self.pad : self.pad + rows, self.pad : self.pad + columns]

    def windows(self, padded: np.ndarray) -> np.ndarray:
        """A view (channel, map row, map column, batch, kernel row, kernel column) of padded images."""
        windows = np.lib.stride_tricks.sliding_window_view(padded, self.kernel_shape, axis=(1, 2), writeable=True)
        return windows[:, :: self.stride[0], :: self.stride[1]]


@dataclass(frozen=True)
class Windows:
    """Which pixels are pooled; all lengths are (rows, columns).

    Attributes
    ----------
    image_shape, pool_shape : of images and windows
    stride : from one window to the next; at most the windows' own length, so that no pixel is left out
    pieces : number of linear pieces of which each channel is the largest

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
        lengths = zip(self.image_shape, self.pool_shape, self.stride, strict=True)
        return tuple(-(-(n - p) // s) + 1 for n, p, s in lengths)

    @property
    def covered_shape(self) -> Pair:
        """The shape of an image with all that the last windows reach."""
        lengths = zip(self.pooled_shape, self.pool_shape, self.stride, strict=True)
        return tuple((m - 1) * s + p for m, p, s in lengths)

    def slices(self) -> Iterator[tuple[slice, slice]]:
        """For each pixel of a window, the rows and columns of a covered image that are that pixel of some window."""
        for offsets in np.ndindex(self.pool_shape):
            lengths = zip(offsets, self.pooled_shape, self.stride, strict=True)
            yield tuple(slice(first, first + (m - 1) * s + 1, s) for first, m, s in lengths)


def _by(lengths: Pair) -> str:
    """Lengths in words: 3x5."""
    return f"{lengths[0]}x{lengths[1]}"


def _within(lengths: Pair, limits: Pair) -> bool:
    return all(length <= limit for length, limit in zip(lengths, limits, strict=True))
