"""The two sides of an estimate, samples and data: rows in one unit and order, and what is known of them.

Pixels are in [0, 1] and images in rows channel after channel, as in 2014's design matrices. What a file says of its
numbers is enough to bring them there in two cases: bytes are pixels times 255, and of images with three axes one that
is 1, 3 or 4 long is the channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypedDict

import numpy as np

from adversarial import backend
from adversarial.errors import DataError
from adversarial.files.rows import Rows
from adversarial.likelihood.parzen import check_rows
from adversarial.progress import counting

#: Rows read at a time.
_BLOCK = 4096
#: Numbers of channels that images have.
_CHANNELS = (1, 3, 4)

#: (channels, rows, columns) of an image.
Image = tuple[int, int, int]


class SideJson(TypedDict):
    """One side of an estimate as JSON holds it."""

    source: str
    count: int
    shape: list[int]
    dtype: str
    prepared: str
    low: float
    high: float
    mean: float
    deviation: float
    channel_means: list[float]


class PreparedRows:
    """Rows in floatX, bytes as pixels in [0, 1] and images channel after channel.

    Parameters
    ----------
    rows : Rows
        Flat rows as they are stored.
    count : int
        How many of them, from the first on.
    divisor : float
        What to divide values by.
    channels_last : tuple of int, optional
        (rows, columns, channels), where a row holds pixel after pixel.

    Attributes
    ----------
    shape : (int, int)
        Number of rows and of values of each.
    """

    def __init__(self, rows: Rows, count: int, divisor: float = 1.0, channels_last: tuple[int, ...] | None = None):
        self._rows = rows
        self._divisor = divisor
        self._channels_last = channels_last
        self.shape: tuple[int, ...] = (count, rows.shape[1])

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        block = np.asarray(self._rows[start:stop])
        if self._channels_last is not None:
            block = block.reshape(len(block), *self._channels_last).transpose(0, 3, 1, 2).reshape(len(block), -1)
        found = np.ascontiguousarray(block, dtype=backend.floatX())
        return found if self._divisor == 1.0 else found / found.dtype.type(self._divisor)


@dataclass(frozen=True)
class Statistics:
    """What tells one kind of numbers from another.

    Attributes
    ----------
    low, high, mean, deviation : float
        Of all values.
    example_deviation : float
        Standard deviation of the examples' means.
    means, variances : ndarray of shape (dimension,)
        Of each value of an example.
    """

    low: float
    high: float
    mean: float
    deviation: float
    example_deviation: float
    means: np.ndarray
    variances: np.ndarray


@dataclass(frozen=True)
class Side:
    """Samples or data, prepared.

    Attributes
    ----------
    what : str
        What to call them, a plural.
    source : str
        Where they come from.
    rows : PreparedRows
        The numbers.
    example : tuple of int
        Shape of an example as it is stored.
    dtype : str
        Kind of number, as stored.
    prepared : str
        What was done to them, for people; '' for nothing.
    image : (int, int, int) or None
        Channels, rows and columns, where they are known to be images.
    order_known : bool
        Whether the order of an image's values is known.
    quiet : bool
        Whether no progress is shown.
    instead : str
        Where the rows are binarized at random, how to score what they were drawn from, else ''.
    """

    what: str
    source: str
    rows: PreparedRows
    example: tuple[int, ...]
    dtype: str
    prepared: str
    image: Image | None
    order_known: bool
    quiet: bool
    instead: str = ""

    @cached_property
    def statistics(self) -> Statistics:
        """What the prepared numbers are like; raises DataError where one is not finite."""
        return _measure(self.rows, self.what, self.quiet)

    @property
    def channel_means(self) -> np.ndarray:
        """The mean of each channel; none where the channels are not known."""
        return self.statistics.means.reshape(self.image[0], -1).mean(axis=1) if self.image else np.empty(0)

    def to_dict(self) -> SideJson:
        """Return what is known as plain values."""
        known = self.statistics
        return {
            "source": self.source,
            "count": self.rows.shape[0],
            "shape": list(self.example),
            "dtype": self.dtype,
            "prepared": self.prepared,
            "low": known.low,
            "high": known.high,
            "mean": known.mean,
            "deviation": known.deviation,
            "channel_means": [float(each) for each in self.channel_means],
        }

    def __str__(self) -> str:
        known, shape = self.statistics, " x ".join(map(str, self.example))
        done = f", {self.prepared}" if self.prepared else ""
        return (
            f"{self.what}: {self.source}, {self.rows.shape[0]:,} of {shape} ({self.dtype}){done}; "
            f"{known.low:.4g} to {known.high:.4g}, mean {known.mean:.4g}, deviation {known.deviation:.4g}"
        )


def side_of(
    what: str,
    source: str,
    rows: Any,
    count: int | None = None,
    *,
    as_trained: bool = False,
    image: Image | None = None,
    divisor: float = 1.0,
    prepared: str = "",
    as_is: bool = False,
    quiet: bool = True,
) -> Side:
    """Return rows as one side of an estimate.

    Parameters
    ----------
    what : str
        What to call them, a plural: 'samples' or 'test data'.
    source : str
        Where they come from.
    rows : Rows
        Flat rows, such as `files.rows.open_rows` returns, or an array of any shape (count, ...).
    count : int, optional
        How many of them, default all.
    as_trained : bool, optional
        Whether they are rows of a dataset or a model's samples: channel after channel, in the unit of training.
    image : (int, int, int), optional
        Channels, rows and columns of what such a row is.
    divisor : float, optional
        What to divide such rows by.
    prepared : str, optional
        How such rows came to be, for people.
    as_is : bool, optional
        Change nothing but the kind of number.
    quiet : bool, optional
        Show no progress.

    Returns
    -------
    Side
        The rows, prepared, and what they are.

    Raises
    ------
    DataError
        If there are none, or fewer than asked for.

    Examples
    --------
    >>> side = side_of("samples", "images.npy", np.full((5, 2, 2, 3), 255, np.uint8))
    >>> print(side)
    samples: images.npy, 5 of 2 x 2 x 3 (uint8), divided by 255, channels put first; 1 to 1, mean 1, deviation 0
    """
    example = rows.shape[1:] if isinstance(rows, np.ndarray) else getattr(rows, "example", rows.shape[1:])
    example = tuple(int(length) for length in example)
    there = rows.shape[0]
    if there == 0 or 0 in example:
        raise DataError(f"{source} holds no {what}: its shape is {(there, *example)}")
    if count is not None and count > there:
        raise DataError(f"{count:,} {what} are asked for, but {source} holds {there:,}")
    flat = rows.reshape(there, -1) if isinstance(rows, np.ndarray) else rows
    steps, channels_last, order_known = [prepared] if prepared else [], None, True
    if not as_trained:
        image, order_known = _image_of(example)
        if not as_is and flat.dtype == np.uint8 and _highest(flat) > 1:
            divisor = 255.0
            steps.append("divided by 255")
        if not as_is and image is not None and image[0] > 1 and image != example:
            channels_last = example
            steps.append("channels put first")
    ready = PreparedRows(flat, there if count is None else count, divisor, channels_last)
    return Side(what, source, ready, example, str(rows.dtype), ", ".join(steps), image, order_known, quiet)


def _image_of(example: tuple[int, ...]) -> tuple[Image | None, bool]:
    """Return the channels, rows and columns of an example, and whether the order of its values is known."""
    if len(example) == 2:
        return (1, *example), True
    if len(example) != 3:
        return None, False
    first, middle, last = example
    if last == 1 or (last in _CHANNELS and first not in _CHANNELS):
        return (last, first, middle), True
    if first == 1 or (first in _CHANNELS and last not in _CHANNELS):
        return (first, middle, last), True
    return None, False


def _highest(rows: Rows) -> int:
    """Return the highest byte, or one above 1 as soon as there is one."""
    for start in range(0, rows.shape[0], _BLOCK):
        highest = int(np.asarray(rows[start : start + _BLOCK]).max())
        if highest > 1:
            return highest
    return 1


def _measure(rows: PreparedRows, what: str, quiet: bool) -> Statistics:
    count, dimension = rows.shape
    low, high = np.inf, -np.inf
    sums, squares = np.zeros(dimension), np.zeros(dimension)
    examples = []
    named = what if what.startswith("the ") else f"the {what}"
    with counting(f"reading {named}", count, quiet) as done:
        for start in range(0, count, _BLOCK):
            block = check_rows(rows[start : start + _BLOCK], named, first=start).astype(np.float64)
            low, high = min(low, float(block.min())), max(high, float(block.max()))
            sums += block.sum(axis=0)
            squares += np.einsum("ij,ij->j", block, block)
            examples.append(block.mean(axis=1))
            done(len(block))
    means = sums / count
    mean, square = float(means.mean()), float(squares.mean() / count)
    variances = np.maximum(squares / count - means**2, 0)
    deviation = max(square - mean**2, 0.0) ** 0.5
    return Statistics(low, high, mean, deviation, float(np.concatenate(examples).std()), means, variances)
