"""Labeled Faces in the Wild as image files with embeddings; after hans/adversarial's `lfw/dataset.py`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import RandomState
from PIL import Image

from adversarial.backend import floatX
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.datasets.npy_npz import load_numpy_obj
from adversarial.datasets.preprocessing import global_contrast_normalize
from adversarial.datasets.view_converter import DefaultViewConverter
from adversarial.errors import DataError
from adversarial.files.special import open_file
from adversarial.options import Count, Index, Positive


class LFW(DenseDesignMatrix):
    """Photographs of faces, such as those of LFWcrop, that a list of files names, with an embedding of each.

    Targets are the embeddings, under the source name 'condition'.

    Parameters
    ----------
    lfw_path : str
        Folder of the images.
    filelist_path : str
        Text file with the name of an image in each line, and behind a tab the number of its row in the embeddings.
    embedding_file : str, optional
        .npz file whose array `arr_0` holds an embedding (examples, dimension) in each row; none by default.
    center : bool
        Whether to subtract 127.5, default false.
    scale : bool
        Whether to divide by 127.5 with `center`, by 255 without; default false.
    start : int, optional
        First example, default 0.
    stop : int, optional
        End of the examples (not included), default all of them.
    gcn : float, optional
        Length of each image after `preprocessing.global_contrast_normalize`, above 0; not normalised by default.
    shuffle : bool
        Whether to shuffle the examples before `start` and `stop` are applied, default false.
    rng : RandomState or seed, optional
        What shuffles, default `seed`.
    seed : int
        Seed of the shuffle, default 132987.
    axes : sequence, optional
        Order of the axes of images, default ('b', 0, 1, 'c').
    img_shape : (int, int, int)
        Channels, rows and columns of the images, default (3, 250, 250); images without colour become ones with.

    Examples
    --------
    >>> LFW("faces", "filelist.train.ids.txt", embedding_file="LFW_attributes.npz")  # doctest: +SKIP
    """

    target_source = "condition"

    def __init__(
        self,
        lfw_path: str,
        filelist_path: str,
        embedding_file: str | None = None,
        center: bool = False,
        scale: bool = False,
        start: Index | None = None,
        stop: Index | None = None,
        gcn: Positive | None = None,
        shuffle: bool = False,
        rng: Any = None,
        seed: Index = 132987,
        axes: Sequence[Any] = ("b", 0, 1, "c"),
        img_shape: tuple[Count, Count, Count] = (3, 250, 250),
    ):
        channels, rows, columns = img_shape
        names, numbers = _listed(filelist_path)
        if embedding_file is not None and len(numbers) != len(names):
            raise DataError(f"{filelist_path} must say the row of each image in the embeddings, behind a tab")
        X = np.empty((len(names), rows * columns * channels), np.float32)
        for row, name in zip(X, names, strict=True):
            row[...] = _image(Path(lfw_path) / name, (rows, columns, channels)).ravel()
        if center:
            X -= np.float32(127.5)
        if scale:
            X /= np.float32(127.5 if center else 255.0)
        if gcn is not None:
            X = global_contrast_normalize(X, scale=gcn)
        # Their values came pixel by pixel; rows of a design matrix hold them channel by channel.
        X = X.reshape(-1, rows * columns, channels).transpose(0, 2, 1).reshape(len(X), -1)
        y = None if embedding_file is None else _embeddings(embedding_file, numbers)
        super().__init__(X=X, y=y, view_converter=DefaultViewConverter((rows, columns, channels), axes))
        if shuffle:
            random = rng if hasattr(rng, "permutation") else RandomState(seed if rng is None else rng)
            order = random.permutation(len(X))
            self.X, self.y = X[order], None if y is None else y[order]
        self.restrict(start, stop)


def _listed(path: str) -> tuple[list[str], list[int]]:
    """The names of a list of files, and the numbers behind those that have one."""
    if not os.path.exists(path):
        raise DataError(f"there is no file {path}")
    with open_file(path) as file:
        text = file.read().decode("utf-8", "replace")
    parts = [line.split("\t") for line in text.splitlines() if line.strip()]
    if not parts:
        raise DataError(f"{path} names no images")
    try:
        return [part[0].strip() for part in parts], [int(part[1]) for part in parts if len(part) > 1]
    except ValueError as error:
        raise DataError(f"{path} must have the name of an image, a tab and a number in each line ({error})") from error


def _image(path: Path, shape: tuple[int, int, int]) -> np.ndarray:
    """The bytes of an image (rows, columns, channels)."""
    if not path.exists():
        raise DataError(f"there is no file {path}")
    try:
        with open_file(path) as file:
            pixels = np.asarray(Image.open(file))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path} cannot be read as an image: {error}") from error
    if pixels.ndim == 2:
        pixels = np.repeat(pixels[:, :, None], shape[2], axis=2)
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise DataError(f"{path} holds {pixels.dtype} of shape {pixels.shape}, not bytes of shape {shape}")
    return pixels


def _embeddings(path: str, numbers: list[int]) -> np.ndarray:
    """The rows of the embeddings that belong to the images, floatX."""
    embeddings = load_numpy_obj(path, "arr_0")
    if embeddings.ndim != 2 or not 0 <= min(numbers) <= max(numbers) < len(embeddings):
        raise DataError(f"{path} has embeddings of shape {embeddings.shape}, but row {max(numbers)} is asked for")
    return embeddings[numbers].astype(floatX())
