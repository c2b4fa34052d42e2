"""Made-up images in the file layouts of CIFAR-10 and TFD, to run experiments without the data.

They are drawn, not noise, so that a model has something to learn: flowers with as many petals as their class says,
and faces whose mouths bend as their expression says. Nothing here is, or is like, an image of the real sets.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.random import RandomState
from scipy.io import savemat

from adversarial.datasets.cifar10 import FILES, LABEL_NAMES, MADE_UP
from adversarial.datasets.tfd import EXPRESSIONS
from adversarial.errors import DataError

#: Images of a batch file of CIFAR-10, and of TFD.
CIFAR10_BATCH, TFD_EXAMPLES = 10000, 102236
#: The part of TFD that is labelled, and of that the parts of the sets.
_LABELLED, _TRAIN, _VALID = 4178 / 102236, 0.7, 0.1
_CHUNK = 500
#: A note beside the files, so that nobody takes them for the real ones.
NOTE = "MADE-UP.txt"
_SAID = "The images here are made up by tools/make_standins.py in the layout of {what}. They are not that data set.\n"

Progress = Callable[[int], None]


def cifar10(folder: Path, examples: int = CIFAR10_BATCH, seed: int = 0, progress: Progress | None = None) -> list[Path]:
    """Write the five training batches and the test batch to `folder`/cifar10/cifar-10-batches-py/.

    Parameters
    ----------
    folder : Path
        What $PYLEARN2_DATA_PATH is to be.
    examples : int
        Images in each batch, default 10,000.
    seed : int
        Seed of the drawings, default 0.
    progress : callable, optional
        Called with each number of images newly drawn.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        If such files exist already, or the folder cannot be made.
    """
    names = [*FILES["train"], *FILES["test"]]
    target = _folder(folder / "cifar10" / "cifar-10-batches-py", [*names, "batches.meta"])
    rng = RandomState(seed)
    for name in names:
        labels = rng.permutation(np.arange(examples) % len(LABEL_NAMES))
        images = np.empty((examples, 3072), np.uint8)
        for start, chunk in _chunks(labels):
            drawn = flowers(chunk, 32, rng)
            images[start : start + len(chunk)] = drawn.transpose(0, 3, 1, 2).reshape(len(chunk), -1)
            if progress is not None:
                progress(len(chunk))
        filenames = [f"made_up_{i:05d}.png" for i in range(examples)]
        content = [("batch_label", f"{MADE_UP}, {name}"), ("labels", labels.tolist()), ("data", images)]
        _write(target / name, _pickle([*content, ("filenames", filenames)]))
    meta = _pickle([("num_cases_per_batch", examples), ("label_names", list(LABEL_NAMES)), ("num_vis", 3072)])
    _write(target / "batches.meta", meta)
    _write(target / NOTE, _SAID.format(what="CIFAR-10").encode())
    return [target / name for name in names]


def tfd(folder: Path, examples: int = TFD_EXAMPLES, seed: int = 0, progress: Progress | None = None) -> list[Path]:
    """Write TFD_48x48.mat to `folder`/faces/TFD/.

    Parameters
    ----------
    folder : Path
        What $PYLEARN2_DATA_PATH is to be.
    examples : int
        Images in all, at least 50, default 102,236.
    seed : int
        Seed of the drawings, default 0.
    progress : callable, optional
        Called with each number of images newly drawn.

    Returns
    -------
    list of Path
        The file written.

    Raises
    ------
    DataError
        If there are too few examples, such a file exists already, or the folder cannot be made.
    """
    if examples < 50:
        raise DataError(f"{examples} images are too few for the folds of TFD; make at least 50")
    target = _folder(folder / "faces" / "TFD", ["TFD_48x48.mat"]) / "TFD_48x48.mat"
    rng = RandomState(seed)
    # At least enough that no set is empty.
    labelled = max(30, round(examples * _LABELLED))
    expressions = rng.permutation(np.arange(examples) % EXPRESSIONS)
    images = np.empty((examples, 48, 48), np.uint8)
    for start, chunk in _chunks(expressions):
        images[start : start + len(chunk)] = faces(chunk, 48, rng)
        if progress is not None:
            progress(len(chunk))
    folds = np.zeros((examples, 5), np.uint8)
    sets = np.full(labelled, 3)
    sets[: round(labelled * (_TRAIN + _VALID))] = 2
    sets[: round(labelled * _TRAIN)] = 1
    for fold in range(5):
        folds[examples - labelled :, fold] = rng.permutation(sets)
    labs_ex = (expressions + 1).astype(np.int16)[:, None]
    labs_ex[: examples - labelled] = -1
    labs_id = rng.randint(1, 1 + max(2, examples // 20), (examples, 1)).astype(np.int16)
    partial = _partial(target)
    savemat(partial, {"images": images, "folds": folds, "labs_ex": labs_ex, "labs_id": labs_id}, appendmat=False)
    os.replace(partial, target)
    _write(target.with_name(NOTE), _SAID.format(what="the Toronto Face Dataset").encode())
    return [target]


def flowers(labels: np.ndarray, side: int, rng: RandomState) -> np.ndarray:
    """Draw flowers of `labels` petals (none: a disc) before a darkening sky: uint8 (examples, side, side, 3)."""
    count = len(labels)
    rows, columns = _grid(side)

    def each(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)

    x, y = columns - each(-0.25, 0.25), rows - each(-0.25, 0.25)
    petals = labels.reshape(-1, 1, 1).astype(np.float32)
    bend = np.float32(0.4) * (petals > 0) * np.cos(petals * np.arctan2(y, x) + each(0, 2 * np.pi))
    inside = _smooth(each(0.45, 0.65) * (1 + bend) - np.hypot(x, y))[..., None]
    centre = _smooth(0.15 - np.hypot(x, y))[..., None]
    hue = (petals / len(LABEL_NAMES) + each(-0.03, 0.03))[..., None]
    colour = 0.6 + 0.35 * np.cos(2 * np.pi * (hue + np.array([0, 1 / 3, 2 / 3], np.float32)))
    sky = rng.uniform(0.3, 0.7, (count, 1, 1, 3)).astype(np.float32) - 0.2 * rows[..., None]
    image = sky + inside * (colour - sky)
    return _pixels(image + centre * (np.array([0.95, 0.85, 0.2], np.float32) - image))


def faces(labels: np.ndarray, side: int, rng: RandomState) -> np.ndarray:
    """Draw ovals with eyes, brows and a mouth whose bend and opening show `labels`: uint8 (examples, side, side)."""
    count = len(labels)
    rows, columns = _grid(side)

    def each(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)

    x, y = columns - each(-0.08, 0.08), rows - each(-0.08, 0.08)
    label = labels.reshape(-1, 1, 1).astype(np.float32)
    bend, opening = label % 3 - 1.0, 0.03 + 0.05 * (label // 3)
    head = _smooth(1 - np.hypot(x / each(0.6, 0.75), y / each(0.8, 0.95)), 0.1)
    skin, light = each(0.55, 0.85), each(-0.15, 0.15)
    image = each(0.05, 0.35) * (1 - head) + head * (skin + light * x)
    apart, eye = each(0.25, 0.35), each(0.05, 0.09)
    mouth = np.abs(y - 0.45 + bend * (0.6 * x**2 - 0.05)) - opening - each(0, 0.02)
    dark = [
        _smooth(eye - np.hypot(np.abs(x) - apart, y + 0.2)),
        _smooth(0.04 - np.abs(y + 0.4 + bend * 0.15 * np.abs(x))) * _smooth(0.13 - np.abs(np.abs(x) - apart)),
        _smooth(-mouth) * _smooth(each(0.25, 0.35) - np.abs(x)),
        0.5 * _smooth(0.04 - np.abs(x)) * _smooth(0.15 - np.abs(y - 0.1)),
    ]
    for part in dark:
        image = image * (1 - 0.8 * part)
    # From black to white in each image: the biases in 2014's experiment need data that reach both.
    least, most = image.min(axis=(1, 2), keepdims=True), image.max(axis=(1, 2), keepdims=True)
    return _pixels((image - least) / (most - least))


def _grid(side: int) -> np.ndarray:
    """Rows and columns, from -1 to 1."""
    return (np.mgrid[0:side, 0:side] / (side - 1) * 2 - 1).astype(np.float32)


def _smooth(depth: np.ndarray, width: float = 0.05) -> np.ndarray:
    """Rise from 0 outside (depth below 0) to 1 inside, over some pixels."""
    return np.clip(depth / width + 0.5, 0.0, 1.0)


def _pixels(image: np.ndarray) -> np.ndarray:
    return (np.clip(image, 0, 1) * 255).astype(np.uint8)


def _chunks(labels: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(labels), _CHUNK):
        yield start, labels[start : start + _CHUNK]


def _folder(folder: Path, names: list[str]) -> Path:
    """Make `folder`; refuse to overwrite files in it, which may be the real data."""
    there = [name for name in names if (folder / name).exists()]
    if there:
        raise DataError(f"{folder} holds {there[0]} already, which is not written over; name another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def _write(path: Path, content: bytes) -> None:
    partial = _partial(path)
    partial.write_bytes(content)
    os.replace(partial, path)


# Pickles as Python 2 wrote them, protocol 2, where every string is a string of bytes; Python 3 cannot write such.


def _pickle(values: list[tuple[str, object]]) -> bytes:
    return b"\x80\x02}(" + b"".join(_value(name) + _value(value) for name, value in values) + b"u."


def _value(value: object) -> bytes:
    if isinstance(value, int):
        return b"J" + value.to_bytes(4, "little", signed=True)
    if isinstance(value, str):
        return _string(value.encode("latin1"))
    if isinstance(value, list):
        return b"](" + b"".join(map(_value, value)) + b"e"
    if isinstance(value, np.ndarray):
        return _array(value)
    raise TypeError(f"{type(value).__name__} is not written here")


def _string(value: bytes) -> bytes:
    if len(value) < 256:
        return b"U" + bytes([len(value)]) + value
    return b"T" + len(value).to_bytes(4, "little") + value


def _array(images: np.ndarray) -> bytes:
    """Pickle an array of uint8 as NumPy did in 2014."""
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + _string(b"b") + b"\x87R"
    dtype = b"cnumpy\ndtype\n" + _string(b"u1") + b"K\x00K\x01\x87R"
    dtype += b"(K\x03" + _string(b"|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    shape = b"".join(map(_value, images.shape)) + b"\x86"
    return empty + b"(K\x01" + shape + dtype + b"\x89" + _string(images.tobytes()) + b"tb"
