"""A sheet of images, as Pylearn2's PatchViewer drew, written as a PNG."""

from __future__ import annotations

import io
import os
import textwrap
from collections.abc import Collection
from typing import Literal, NamedTuple, get_args

import numpy as np

from adversarial.errors import ConfigurationError, DataError
from adversarial.files.whole_file import write_whole

#: How values become brightness; `rescaled` says what each does.
Rescale = Literal["auto", "unit", "tanh", "all", "each"]
RESCALES: tuple[str, ...] = get_args(Rescale)

#: Colours of what is not image: the sheet, and the frame of a patch that is set apart (PatchViewer's yellow).
SHEET, FRAME = (255, 255, 255), (255, 225, 0)
#: Pixels between images, and of a frame around one.
GAP, FRAME_WIDTH = 2, 2
#: Images are enlarged by a whole number, to about this many pixels along a sheet's longer side.
COMFORTABLE = 1000
#: The most pixels of a picture.
MOST_PIXELS = 1 << 26

_DPI, _POINTS = 100, 9


class ImageShape(NamedTuple):
    """Rows, columns and channels (1 grey, 3 colour) of an image."""

    rows: int
    columns: int
    channels: int = 1

    @property
    def dimension(self) -> int:
        """Number of values."""
        return self.rows * self.columns * self.channels


def guess_shape(dimension: int) -> ImageShape:
    """The shape of square grey images of `dimension` values, or else of square colour ones.

    No number of values is both, so nothing is ever taken for the wrong one.

    Raises
    ------
    ConfigurationError
        Where it is neither.
    """
    for channels in (1, 3):
        side = round((dimension / channels) ** 0.5)
        if side > 1 and side * side * channels == dimension:
            return ImageShape(side, side, channels)
    raise ConfigurationError(
        f"rows of {dimension} values are neither square grey images nor square colour ones; "
        f"give their shape, such as --shape 28x20 or --shape 28x20x3"
    )


def images_from_rows(rows: np.ndarray, shape: ImageShape) -> np.ndarray:
    """Rows of a design matrix, channel by channel as in a DenseDesignMatrix, as images.

    Parameters
    ----------
    rows : (count, dimension)
    shape : of an image

    Returns
    -------
    array (count, rows, columns, channels)

    Raises
    ------
    DataError
        Where a row has another number of values.
    """
    if rows.ndim != 2 or rows.shape[1] != shape.dimension:
        raise DataError(
            f"rows of {rows.shape[-1]} values are not images of {shape.rows} x {shape.columns} pixels and "
            f"{shape.channels} channel{'s' if shape.channels > 1 else ''}"
        )
    return rows.reshape(len(rows), shape.channels, shape.rows, shape.columns).transpose(0, 2, 3, 1)


def choose_rescale(low: float, high: float) -> Rescale:
    """The rule for values from `low` to `high`, as 2014's scripts chose: by the data set they were written for.

    'unit' for probabilities (MNIST, TFD), 'tanh' for values in [-1, 1], else 'all' (CIFAR-10, contrast normalised).
    """
    if low >= 0 and high <= 1:
        return "unit"
    return "tanh" if low >= -1 and high <= 1 else "all"


def rescaled(images: np.ndarray, rule: Rescale = "auto") -> np.ndarray:
    """Brightness in [0, 1], float64, of the same shape.

    Parameters
    ----------
    images : (count, ...)
    rule : 'unit': 0 is black and 1 white (show_samples_mnist_paper.py, _tfd_paper.py); 'tanh': -1 is black and 1
        white; 'all': 0 is mid-grey, and the largest absolute value of all is white or black
        (show_samples_cifar_*_paper.py); 'each': the same image by image (show_samples.py, show_gen_weights.py);
        'auto': as `choose_rescale` says of the lowest and highest of all

    Raises
    ------
    DataError
        Where a value is NaN or infinite.
    """
    if not np.isfinite(images).all():
        raise DataError("the images have values that are NaN or infinite: there is nothing to draw")
    if rule == "auto":
        rule = choose_rescale(images.min(), images.max())
    values = images.astype(np.float64)
    if rule == "unit":
        return values.clip(0, 1)
    if rule == "all":
        values /= np.abs(values).max() or 1.0
    elif rule == "each":
        largest = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True)
        values /= np.where(largest > 0, largest, 1.0)
    return ((values + 1) / 2).clip(0, 1)


def sheet(brightness: np.ndarray, columns: int, framed: Collection[int] = (), zoom: int | None = None) -> np.ndarray:
    """Images side by side, row by row.

    Parameters
    ----------
    brightness : (count, rows, columns, channels) in [0, 1], of 1 or 3 channels
    columns : images in a row of the sheet; the last row may be shorter
    framed : numbers of the images to set in a yellow frame
    zoom : pixels a side for each of an image's; None: what makes a sheet of a comfortable size

    Returns
    -------
    array (height, width, 3), uint8

    Raises
    ------
    ConfigurationError
        Where the picture would be too large, or the images are neither grey nor of three colours.
    """
    count, height, width, channels = brightness.shape
    if channels not in (1, 3):
        raise ConfigurationError(f"images of {channels} channels cannot be drawn: 1 is grey and 3 is colour")
    rows = -(-count // columns)
    if zoom is None:
        zoom = max(1, min(16, COMFORTABLE // max(rows * height, columns * width)))
    border = FRAME_WIDTH + GAP
    cell = height * zoom + border + FRAME_WIDTH, width * zoom + border + FRAME_WIDTH
    if (pixels := rows * cell[0] * columns * cell[1]) > MOST_PIXELS:
        raise ConfigurationError(
            f"the picture would have {pixels / 1e6:.0f} million pixels; ask for fewer rows or columns"
        )
    made = np.full((rows * cell[0] + GAP, columns * cell[1] + GAP, 3), SHEET, dtype=np.uint8)
    patches = np.rint(brightness * 255).astype(np.uint8).repeat(zoom, axis=1).repeat(zoom, axis=2)
    for number, patch in enumerate(patches):
        top, left = (number // columns) * cell[0] + border, (number % columns) * cell[1] + border
        bottom, right = top + height * zoom, left + width * zoom
        if number in framed:
            made[top - FRAME_WIDTH : bottom + FRAME_WIDTH, left - FRAME_WIDTH : right + FRAME_WIDTH] = FRAME
        made[top:bottom, left:right] = patch
    return made


def check_size(count: int, shape: ImageShape) -> None:
    """Refuse, before they are made, more images than a picture holds.

    Raises
    ------
    ConfigurationError
        Where there would be more than MOST_PIXELS.
    """
    if (pixels := count * shape.rows * shape.columns) > MOST_PIXELS:
        raise ConfigurationError(
            f"the picture would have {pixels / 1e6:.0f} million pixels; ask for fewer rows or columns"
        )


def write_png(path: str | os.PathLike, pixels: np.ndarray, caption: str = "") -> None:
    """Write a sheet, pixel for pixel, with a caption below; whole, or not at all.

    Parameters
    ----------
    path : ending in .png
    pixels : (height, width, 3) uint8, the first row on top
    caption : wrapped to the sheet's width

    Raises
    ------
    ConfigurationError
        Where the name does not end in .png.
    FileError
        Where the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    check_name(path)
    height, width = pixels.shape[:2]
    full_width = max(width, 320)
    line = _POINTS * _DPI / 72 * 1.4
    lines = textwrap.wrap(caption, max(20, int((full_width - 16) / (_POINTS * _DPI / 72 * 0.55))))
    strip = round(len(lines) * line + 10) if lines else 0
    # A hair more than the whole number of pixels: matplotlib cuts off what rounding leaves below it.
    figure = Figure(figsize=((full_width + 0.01) / _DPI, (height + strip + 0.01) / _DPI), dpi=_DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    figure.figimage(pixels, xo=(full_width - width) // 2, yo=strip, origin="upper")
    for number, text in enumerate(lines):
        top = strip - 4 - number * line
        figure.text(8 / full_width, top / (height + strip), text, fontsize=_POINTS, va="top", parse_math=False)
    buffer = io.BytesIO()
    canvas.print_png(buffer)
    write_whole(path, [buffer.getvalue()])


def check_name(path: str | os.PathLike) -> None:
    """Refuse a picture's name that does not end in .png, or a place where it cannot be written."""
    path = os.fspath(path)
    if not path.lower().endswith(".png"):
        raise ConfigurationError(f"pictures are PNG files: end the name {path} in .png")
    check_place(path)


def check_place(path: str | os.PathLike) -> None:
    """Refuse, before any work is done, a place where no picture can be written."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise ConfigurationError(f"the picture {path} cannot be written: there is no folder {folder}")
    if os.path.isdir(path) or not os.access(folder, os.W_OK | os.X_OK):
        reason = "that is a folder" if os.path.isdir(path) else f"nothing may be written in {folder}"
        raise ConfigurationError(f"the picture {path} cannot be written: {reason}; name another place")
