"""Random windows and reflections of images, other ones in each epoch; after Pylearn2's `window_flip.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.checkpoint.training_state import random_state, set_random_state
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.preprocessing import CentralWindow
from adversarial.options import Count, Index, OptionError
from adversarial.space import Conv2DSpace
from adversarial.train_extensions import TrainExtension


class WindowAndFlip(TrainExtension):
    """An extension: each epoch trains on other windows of the images, each mirrored with a probability of one half.

    Parameters
    ----------
    window_shape : [int, int]
        Rows and columns of the windows.
    randomize : list of Dataset, optional
        Datasets whose images become random windows before training and after each epoch.
    randomize_once : list of Dataset, optional
        Datasets whose images become random windows before training.
    center : list of Dataset, optional
        Datasets whose images become their middle before training.
    rng : int, list of int or RandomState, default [2013, 2, 20]
        Seed of the windows.
    pad_randomized : int, default 0
        Width of the border of zeros around the images that windows are taken of.
    flip : bool, default True
        Whether images are mirrored left to right at random.

    Examples
    --------
    >>> images = DenseDesignMatrix(topo_view=np.arange(16.0).reshape(1, 4, 4, 1))
    >>> WindowAndFlip([2, 2], center=[images]).setup(None, None, None)
    >>> images.X
    array([[ 5.,  6.,  9., 10.]])
    """

    def __init__(
        self,
        window_shape: tuple[Count, Count],
        randomize: list | None = None,
        randomize_once: list | None = None,
        center: list | None = None,
        rng: Any = (2013, 2, 20),
        pad_randomized: Index = 0,
        flip: bool = True,
    ):
        rows, columns = window_shape
        self.window_shape = rows, columns
        self.randomize = randomize or []
        self.randomize_once = randomize_once or []
        self.center = center or []
        self.rng = rng if isinstance(rng, np.random.RandomState) else np.random.RandomState(rng)
        self.pad_randomized = pad_randomized
        self.flip = flip
        self._originals: dict[int, np.ndarray] = {}
        self._before: dict[str, Any] = random_state(self.rng)

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        for data in self.center:
            CentralWindow(self.window_shape).apply(data)
        now = [*self.randomize, *self.randomize_once]
        for data in now:
            self._originals[id(data)] = self._padded(data)
        self._randomize(now)

    def _padded(self, data: DenseDesignMatrix) -> np.ndarray:
        """The images of a dataset, axes ('b', 0, 1, 'c'), with a border of zeros."""
        if data.view_converter is None:
            reason = f"randomize holds a {type(data).__name__} whose rows are not images"
            raise OptionError("WindowAndFlip", "randomize", reason)
        images = data.get_weights_view(data.X.astype(np.float32))
        border = (self.pad_randomized, self.pad_randomized)
        images = np.pad(images, ((0, 0), border, border, (0, 0)))
        if any(have < want for have, want in zip(images.shape[1:3], self.window_shape, strict=True)):
            reason = f"window_shape is {list(self.window_shape)}, larger than images of {images.shape[1:3]}"
            raise OptionError("WindowAndFlip", "window_shape", reason)
        return images

    def _randomize(self, datasets: list[DenseDesignMatrix]) -> None:
        self._before = random_state(self.rng)
        for data in datasets:
            assert data.view_converter is not None  # `_padded` has seen to it
            axes, images = data.view_converter.axes, self._originals[id(data)]
            windows = random_windows(images, self.window_shape, self.rng, self.flip)
            data.set_topological_view(Conv2DSpace.convert_numpy(windows, ("b", 0, 1, "c"), axes), axes)

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        self._randomize(self.randomize)

    def get_state(self) -> dict[str, Any]:
        return {"rng": self._before}

    def set_state(self, state: dict[str, Any]) -> None:
        # The windows of the epoch in which the run was saved are drawn again.
        set_random_state(self.rng, state["rng"])
        self._randomize(self.randomize)


def random_windows(
    images: np.ndarray, window_shape: tuple[int, ...], rng: np.random.RandomState, flip: bool
) -> np.ndarray:
    """Return a random window of each image, mirrored or not, as Pylearn2 drew them.

    Parameters
    ----------
    images : array
        Axes ('b', 0, 1, 'c').
    window_shape : (int, int)
        Rows and columns of the windows.
    rng : RandomState
        Draws one seed, of which C's `rand_r` makes three numbers an image.
    flip : bool
        Whether to mirror.

    Returns
    -------
    array
        Axes ('b', 0, 1, 'c').

    Examples
    --------
    >>> random_windows(np.zeros((5, 4, 4, 1)), (3, 3), np.random.RandomState(0), flip=True).shape
    (5, 3, 3, 1)
    """
    rows, columns = window_shape
    drawn = rand_r(int(rng.randint(1, 2**32, dtype=np.int64)), 3 * len(images)).reshape(-1, 3)
    above, left = drawn[:, 0] % (images.shape[1] - rows + 1), drawn[:, 1] % (images.shape[2] - columns + 1)
    windows = np.lib.stride_tricks.sliding_window_view(images, window_shape, axis=(1, 2))
    found = windows[np.arange(len(images)), above, left].transpose(0, 2, 3, 1)
    mirrored = (drawn[:, 2] % 2 == 1) & flip
    return np.where(mirrored[:, None, None, None], found[:, :, ::-1], found)


def rand_r(seed: int, count: int) -> np.ndarray:
    """Return the numbers that `rand_r` of the GNU C library gives, one call after the other.

    Parameters
    ----------
    seed : int
        The seed, below 2^32.
    count : int
        How many numbers.

    Returns
    -------
    array of int64
        Numbers below 2^31.

    Examples
    --------
    >>> rand_r(1, 3).tolist()
    [476707713, 1186278907, 505671508]
    """
    states = np.empty(3 * count, np.int64)
    for index in range(len(states)):
        seed = (seed * 1103515245 + 12345) & 0xFFFFFFFF
        states[index] = seed >> 16
    first, second, third = states.reshape(-1, 3).T
    return (((first % 2048) << 10 ^ second % 1024) << 10) ^ third % 1024
