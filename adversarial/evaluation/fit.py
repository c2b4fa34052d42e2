"""Whether samples and data are in one unit and order: what cannot be is refused, what seems not to be is said."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from math import isqrt, prod

import numpy as np

from adversarial.errors import DataError
from adversarial.evaluation.sides import Image, Side

#: What makes one unit of another, by the two.
_MEND = {
    ("unit", "signed"): "bring the data into [0, 1] by (x + 1) / 2",
    ("signed", "unit"): "bring the samples into [0, 1] by (x + 1) / 2",
    ("unit", "bytes"): "divide the data by 255",
    ("bytes", "unit"): "divide the samples by 255",
    ("signed", "bytes"): "bring the samples into [0, 1] by (x + 1) / 2, and divide the data by 255",
    ("bytes", "signed"): "divide the samples by 255, and bring the data into [0, 1] by (x + 1) / 2",
}
#: A mean that lies this many deviations from the other's is said, and a spread that is so many times the other's.
_FAR, _SPREAD = 3.0, 4.0
#: Values so far below 0, by the range, are more than what a model's last layer strays.
_BELOW = -0.1
#: Another order of an image's values is said where it explains so much of the difference between the means.
_BETTER = 0.5
#: An order that images have where examples are last.
_EXAMPLES_LAST = "c01b"
#: Rows of fewer values are not guessed to be images.
_LEAST_IMAGE = 64


def check_fit(samples: Side, data: Side, as_is: bool = False, same_origin: bool = False) -> list[str]:
    """Compare the two sides of an estimate.

    Parameters
    ----------
    samples, data : Side
        The sides.
    as_is : bool, optional
        Say what would be refused.
    same_origin : bool, optional
        Whether the samples are of a model that was trained on these data, so that their unit is the same.

    Returns
    -------
    list of str
        What should be known of the figure: a sentence for each sign of a mix-up.

    Raises
    ------
    DataError
        If the two have examples of other sizes, or are in units that differ.

    Examples
    --------
    >>> from adversarial.evaluation.sides import side_of
    >>> rows = np.linspace(0, 1, 400).reshape(100, 4)
    >>> check_fit(side_of("samples", "an array", rows), side_of("test data", "an array", rows))
    []
    >>> check_fit(side_of("samples", "an array", rows - 5), side_of("test data", "an array", rows))[0]
    'the range of the samples, -5 to -4, and that of the test data, 0 to 1, do not meet'
    """
    _check_size(samples, data)
    refused = [*_other_images(samples, data), *([] if same_origin else _other_units(samples, data))]
    if refused and not as_is:
        raise DataError(f"{refused[0]}, or insist by --as-is")
    return [
        *refused,
        *_drawn(data),
        *_examples_last(samples, data),
        *_unknown_order(samples, data),
        *_one_reordered(samples, data),
        *([] if same_origin else _signs(samples, data)),
        *_far_apart(samples, data),
        *_rearranged(samples, data),
    ]


def unit_of(side: Side) -> str:
    """Return the unit that the range of the numbers is typical of: 'unit', 'signed', 'bytes' or 'other'."""
    low, high = side.statistics.low, side.statistics.high
    if low >= -1e-3 and high <= 1.001:
        return "unit"
    if -1.001 <= low < -0.5 and 0.5 < high <= 1.001:
        return "signed"
    return "bytes" if low >= 0 and 2 < high <= 255 else "other"


def _drawn(data: Side) -> Iterator[str]:
    if data.instead and data.what == "test data":
        yield (
            "the test data are binarized at random, as the model's own YAML says, so that this figure does not compare "
            f"with one of the data themselves: {data.instead} to score these"
        )


def _one_reordered(samples: Side, data: Side) -> Iterator[str]:
    if len(samples.example) == 3 and samples.example == data.example and samples.rows.order != data.rows.order:
        one, other = (samples, data) if samples.rows.order != (0, 1, 2) else (data, samples)
        yield (
            f"the axes of the {one.what} were put as bc01 and those of the {other.what}, of the same shape "
            f"{' x '.join(map(str, other.example))}, were not: say the order of both, by --axes and --data-axes"
        )


def _other_images(samples: Side, data: Side) -> Iterator[str]:
    if samples.image and data.image and samples.image != data.image:
        yield f"the {samples.what} are {_of_image(samples.image)}, but the {data.what} {_of_image(data.image)}"


def _of_image(image: Image) -> str:
    return "images of {1} x {2} pixels with {0} channels".format(*image)


def _other_units(samples: Side, data: Side) -> Iterator[str]:
    mend = _MEND.get((unit_of(samples), unit_of(data)))
    if mend is not None:
        yield (
            f"the {samples.what} are in {_range(samples)} and the {data.what} in {_range(data)}, which seem to be two "
            f"units, and a density depends on the unit: {mend}"
        )


def _range(side: Side) -> str:
    return f"[{side.statistics.low:.4g}, {side.statistics.high:.4g}]"


def _check_size(samples: Side, data: Side) -> None:
    if samples.rows.shape[1] == data.rows.shape[1]:
        return
    whole = (samples.rows.shape[0], *samples.example)
    last = prod(whole[:-1]) == data.rows.shape[1] and len(whole) > 2
    mend = f"say {_option(samples)} {_EXAMPLES_LAST}" if len(whole) == 4 else "transpose it"
    hint = f"; their shape, {whole}, seems to have examples last: {mend}" if last else ""
    shapes = (f" ({' x '.join(map(str, side.example))})" if len(side.example) > 1 else "" for side in (samples, data))
    own, other = shapes
    raise DataError(
        f"the {samples.what} have {samples.rows.shape[1]} values each{own}, but the data to score have "
        f"{data.rows.shape[1]}{other}{hint}"
    )


def _examples_last(samples: Side, data: Side) -> Iterator[str]:
    """Say where what is taken for a few examples may be the channels of many."""
    for side in (samples, data):
        if side.examples_last:
            whole = " x ".join(map(str, (side.rows.shape[0], *side.example)))
            yield (
                f"the {side.what}, {whole}, are taken as {side.rows.shape[0]} examples: where the last axis counts "
                f"them, say {_option(side)} {_EXAMPLES_LAST}"
            )


def _option(side: Side) -> str:
    return "--axes" if side.what == "samples" else "--data-axes"


def _unknown_order(samples: Side, data: Side) -> Iterator[str]:
    """Say where images lie beside rows of an order that nothing says, unless both are alike."""
    if samples.example == data.example and samples.prepared == data.prepared:
        return
    for side, other in ((samples, data), (data, samples)):
        colour = side.image or other.image
        if side.order_known:
            continue
        if len(side.example) == 3:
            shape = " x ".join(map(str, side.example))
            yield f"which axis of the {side.what}, {shape}, has the channels is not known: say it by {_option(side)}"
        elif colour is not None and colour[0] > 1:
            yield (
                f"the order of the values in rows of the {side.what} is not known: they are taken as images channel "
                "after channel"
            )


def _signs(samples: Side, data: Side) -> Iterator[str]:
    """Say where pixels in [0, 1] lie beside such as go below 0, which may be in [-1, 1] and of low contrast."""
    for side, other in ((samples, data), (data, samples)):
        known = other.statistics
        signed = -1.001 <= known.low < _BELOW * (known.high - known.low) and known.high <= 1.001
        if signed and unit_of(side) == "unit":
            yield (
                f"the {side.what} are in {_range(side)}, and the {other.what}, in {_range(other)}, go below 0: are "
                "both in one unit?"
            )


def _far_apart(samples: Side, data: Side) -> Iterator[str]:
    own, other = samples.statistics, data.statistics
    if own.low > other.high or own.high < other.low:
        yield (
            f"the range of the {samples.what}, {own.low:.4g} to {own.high:.4g}, and that of the {data.what}, "
            f"{other.low:.4g} to {other.high:.4g}, do not meet"
        )
    usual = max(other.example_deviation, 0.1 * other.deviation)
    if abs(own.mean - other.mean) > _FAR * usual:
        yield (
            f"the mean of the {samples.what}, {own.mean:.4g}, is {abs(own.mean - other.mean) / max(usual, 1e-300):.3g} "
            f"deviations away from that of the {data.what}, {other.mean:.4g}"
        )
    if not own.deviation < _SPREAD * other.deviation or not other.deviation < _SPREAD * own.deviation:
        yield (
            f"the values of the {samples.what} have a deviation of {own.deviation:.4g}, those of the {data.what} "
            f"one of {other.deviation:.4g}"
        )


def _rearranged(samples: Side, data: Side) -> Iterator[str]:
    """Say where samples would be far more like the data if their values were in another order."""
    image = data.image or samples.image
    images = [image] if image is not None else _guesses(data.rows.shape[1])
    own, other = samples.statistics, data.statistics
    noise = (own.variances / samples.rows.shape[0] + other.variances / data.rows.shape[0]).sum()
    as_they_are = ((own.means - other.means) ** 2).sum()
    if as_they_are <= 2 * noise:
        return
    found = [
        (((means - other.means) ** 2).sum(), order)
        for image in images
        for order, means in _other_orders(own.means, image)
    ]
    if found and min(found)[0] < _BETTER * as_they_are:
        order = min(found)[1]
        yield f"the {samples.what} would be far more like the {data.what} {order}: look at the order of the axes"


def _guesses(dimension: int) -> list[Image]:
    """Return what rows of so many values may be as images: grey, or of three channels, square where that fits."""
    found = []
    for channels in (1, 3):
        side = isqrt(dimension // channels)
        if side * side * channels == dimension:
            found.append((channels, side, side))
        elif channels == 3 and dimension % 3 == 0:
            found.append((3, dimension // 3, 1))
    return found if dimension >= _LEAST_IMAGE else []


def _other_orders(means: np.ndarray, image: Image) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the means of the values as they would be in other orders, and what to call these."""
    channels, rows, columns = image
    whole = means.reshape(image)
    if channels > 1:
        yield "with their channels last", means.reshape(rows, columns, channels).transpose(2, 0, 1).ravel()
        yield "with channels put last", whole.transpose(1, 2, 0).ravel()
        for order in permutations(range(channels)):
            if order != tuple(range(channels)):
                yield f"with channels in the order {', '.join(map(str, order))}", whole[list(order)].ravel()
    yield "with rows and columns exchanged", means.reshape(channels, columns, rows).transpose(0, 2, 1).ravel()
    yield "upside down", whole[:, ::-1].ravel()
