"""The two sides of an estimate, samples and data: rows in one unit and order, and what is known of them.

Pixels are in [0, 1] and images in rows channel after channel, as in 2014's design matrices. What a file says of its
numbers is enough to bring them there in two cases: bytes are pixels times 255, and of images with three axes one that
is 1, 3 or 4 long is the channels. Any other order of axes is said by the one who knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias, TypedDict

import numpy as np

from adversarial import backend
from adversarial.errors import DataError
from adversarial.files.rows import Rows
from adversarial.likelihood.parzen import check_rows
from adversarial.progress import counting
from adversarial.space import Axes, check_axes

#: Rows read at a time.
_BLOCK = 4096
#: Numbers of channels that images have.
_CHANNELS = (1, 3, 4)

#: (channels, rows, columns) of an image.
Image = tuple[int, int, int]
#: An order of four axes as datasets take it: ('c', 0, 1, 'b') or 'c01b'.
AxesSaid: TypeAlias = str | Sequence[str | int]


class SideJson(TypedDict):
    """One side of an estimate as JSON holds it."""

    source: str
    count: int
    shape: list[int]
    axes: str
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
    stored : tuple of int, optional
        Lengths of the axes of an example in the order in which a row holds them, where it is not channel after channel.
    order : tuple of int, optional
        Which of these axes are the channels, the rows and the columns.

    Attributes
    ----------
    shape : (int, int)
        Number of rows and of values of each.
    order : tuple of int
        As given.
    """

    def __init__(
        self,
        rows: Rows,
        count: int,
        divisor: float = 1.0,
        stored: tuple[int, ...] = (),
        order: tuple[int, ...] = (0, 1, 2),
    ):
        self._rows = rows
        self._divisor = divisor
        self._stored, self.order = stored, order
        self.shape: tuple[int, ...] = (count, rows.shape[1])

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        block = np.asarray(self._rows[start:stop])
        if self._stored:
            images = block.reshape(len(block), *self._stored)
            block = images.transpose(0, *(axis + 1 for axis in self.order)).reshape(len(block), -1)
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
    axes : str
        Order of the axes as stored, such as 'b01c'; '' for flat rows, and where it is not known.
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
    examples_last : bool
        Whether the last of four axes may count the examples: it is longer than the first, and nobody said which does.
    instead : str
        Where the rows are binarized at random, how to score what they were drawn from, else ''.
    """

    what: str
    source: str
    rows: PreparedRows
    example: tuple[int, ...]
    axes: str
    dtype: str
    prepared: str
    image: Image | None
    order_known: bool
    quiet: bool
    examples_last: bool = False
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
            "axes": self.axes,
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
    axes: AxesSaid | None = None,
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
        Change nothing but the kind of number, and the order of axes that is said.
    axes : str or sequence, optional
        The order of the four axes: 'c01b', or ('c', 0, 1, 'b'). The default is what the lengths of the axes say.
    quiet : bool, optional
        Show no progress.

    Returns
    -------
    Side
        The rows, prepared, and what they are.

    Raises
    ------
    DataError
        If there are none, or fewer than asked for, or there are not four axes, and their order is said.

    Examples
    --------
    >>> side = side_of("samples", "images.npy", np.full((5, 2, 2, 3), 255, np.uint8))
    >>> print(side)
    samples: images.npy, 5 of 2 x 2 x 3 (uint8), divided by 255, channels put first; 1 to 1, mean 1, deviation 0
    >>> print(side_of("samples", "images.npy", np.ones((3, 2, 2, 5)), axes="c01b"))
    samples: images.npy, 5 of 3 x 2 x 2 (float64), axes c01b put as bc01; 1 to 1, mean 1, deviation 0
    """
    said = None if axes is None else check_axes(axes, what)
    if said is not None:
        rows = _examples_first(rows, said, source)
    example = rows.shape[1:] if isinstance(rows, np.ndarray) else getattr(rows, "example", rows.shape[1:])
    example = tuple(int(length) for length in example)
    there = rows.shape[0]
    if there == 0 or 0 in example:
        raise DataError(f"{source} holds no {what}: its shape is {(there, *example)}")
    if count is not None and count > there:
        raise DataError(f"{count:,} {what} are asked for, but {source} holds {there:,}")
    flat = rows.reshape(there, -1) if isinstance(rows, np.ndarray) else rows
    steps, layout = [prepared] if prepared else [], _Layout(image=image)
    if not as_trained:
        layout = _layout(example, said, as_is)
        if not as_is and flat.dtype == np.uint8 and _highest(flat) > 1:
            divisor = 255.0
            steps.append("divided by 255")
        steps += [layout.step] if layout.step else []
    ready = PreparedRows(flat, there if count is None else count, divisor, layout.stored, layout.order)
    return Side(
        what, source, ready, example, layout.axes, str(rows.dtype), ", ".join(steps), layout.image,
        order_known=as_trained or layout.image is not None,
        quiet=quiet,
        examples_last=said is None and len(example) == 3 and there < example[-1] and example[-1] not in _CHANNELS,
    )  # fmt: skip


class _Layout(NamedTuple):
    """How an example lies in its row, as far as that is known: `Side.axes`, `PreparedRows`' arguments and its words."""

    axes: str = ""
    image: Image | None = None
    stored: tuple[int, ...] = ()
    order: tuple[int, ...] = (0, 1, 2)
    step: str = ""


def _layout(example: tuple[int, ...], said: Axes | None, as_is: bool) -> _Layout:
    """Return how an example lies in its row: as is said, else as the lengths of its axes tell."""
    known = _axes_of(example) if said is None else tuple(axis for axis in said if axis != "b")
    if not known:
        return _Layout()
    lengths = dict(zip(known, example, strict=True))
    axes, image = _text(said or ("b", *known)), (lengths.get("c", 1), lengths[0], lengths[1])
    order = tuple(known.index(axis) for axis in ("c", 0, 1)) if "c" in known else (0, 1, 2)
    if said is None and (as_is or image[0] == 1 or order == (0, 1, 2)):
        return _Layout(axes, image)
    step = "channels put first" if said is None else f"axes {axes} put as bc01" if axes != "bc01" else ""
    return _Layout(axes, image, example, order, step)


def _text(axes: Sequence[str | int]) -> str:
    return "".join(map(str, axes))


def _examples_first(rows: Any, axes: Axes, source: str) -> Any:
    """Return rows whose first axis counts the examples; read whole where it is another."""
    shape = rows.shape if isinstance(rows, np.ndarray) else (rows.shape[0], *getattr(rows, "example", rows.shape[1:]))
    if len(shape) != 4:
        raise DataError(f"{source} has the shape {tuple(shape)}, and not the four axes {_text(axes)}")
    first = axes.index("b")
    return rows if first == 0 else np.moveaxis(np.asarray(rows[: shape[0]]).reshape(shape), first, 0)


def _axes_of(example: tuple[int, ...]) -> tuple[str | int, ...]:
    """Return the order of an example's axes where its lengths tell it, else ()."""
    if len(example) == 2:
        return (0, 1)
    if len(example) != 3:
        return ()
    first, _, last = example
    if last == 1 or (last in _CHANNELS and first not in _CHANNELS):
        return (0, 1, "c")
    return ("c", 0, 1) if first == 1 or (first in _CHANNELS and last not in _CHANNELS) else ()


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
