"""A sheet of images side by side, as Pylearn2's PatchViewer drew it, written as a PNG."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Literal, NamedTuple, get_args

import numpy as np

from adversarial.errors import ConfigurationError, DataError
from adversarial.figures.exact import POINTS, figure_of, pixels_of, save_figure, wrapped

#: How values become brightness; `rescaled` says what each does.
Rescale = Literal["auto", "unit", "tanh", "all", "each"]
RESCALES: tuple[str, ...] = get_args(Rescale)

#: Colours between the images: the sheet, and the frame of an image that stands out (PatchViewer's yellow).
SHEET, FRAME = (255, 255, 255), (255, 225, 0)
#: Pixels between images, and of a frame around one.
GAP, FRAME_WIDTH = 2, 2
#: Images are enlarged by a whole number, to about this many pixels along a sheet's longer side.
COMFORTABLE = 1000
#: A picture is at least so wide, for its caption.
LEAST_WIDTH = 320
#: The most pixels of a picture.
MOST_PIXELS = 1 << 26


class ImageShape(NamedTuple):
    """Rows, columns and channels (1 for grey, 3 for colour) of an image.

    Examples
    --------
    >>> ImageShape(32, 32, 3).dimension
    3072
    """

    rows: int
    columns: int
    channels: int = 1

    @property
    def dimension(self) -> int:
        """Number of values."""
        return self.rows * self.columns * self.channels


def guess_shape(dimension: int) -> ImageShape:
    """Guess the shape of images from their number of values: square and grey, or else square and in colour.

    No number of values fits both, since 3 is no square.

    Parameters
    ----------
    dimension : int
        Number of values of an image.

    Returns
    -------
    ImageShape
        The shape, of 1 or 3 channels.

    Raises
    ------
    ConfigurationError
        If neither fits.

    Examples
    --------
    >>> guess_shape(784)
    ImageShape(rows=28, columns=28, channels=1)
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
    """Turn rows of a design matrix into images.

    Parameters
    ----------
    rows : ndarray of shape (count, dimension)
        Images as a DenseDesignMatrix flattens them: one channel after the other, each row by row.
    shape : ImageShape
        Rows, columns and channels of an image.

    Returns
    -------
    ndarray of shape (count, rows, columns, channels)
        The images, a view where NumPy can give one.

    Raises
    ------
    DataError
        If a row has another number of values.

    Examples
    --------
    >>> images_from_rows(np.zeros((5, 3072)), ImageShape(32, 32, 3)).shape
    (5, 32, 32, 3)
    """
    if rows.ndim != 2 or rows.shape[1] != shape.dimension:
        raise DataError(
            f"rows of {rows.shape[-1]} values are not images of {shape.rows} x {shape.columns} pixels and "
            f"{shape.channels} channel{'s' if shape.channels > 1 else ''}"
        )
    return rows.reshape(len(rows), shape.channels, shape.rows, shape.columns).transpose(0, 2, 3, 1)


def choose_rescale(low: float, high: float) -> Rescale:
    """Choose the rule by which values become brightness, from their range.

    2014 had a script for each data set instead; the rule is that of the script.

    Parameters
    ----------
    low, high : float
        The range of the values.

    Returns
    -------
    {'unit', 'tanh', 'all'}
        Respectively for probabilities (MNIST, TFD), for values in [-1, 1], and for all others (CIFAR-10 after
        contrast normalisation).

    See Also
    --------
    rescaled : Apply the rule.

    Examples
    --------
    >>> choose_rescale(0, 1), choose_rescale(-1, 1), choose_rescale(-3, 4)
    ('unit', 'tanh', 'all')
    """
    if low >= 0 and high <= 1:
        return "unit"
    return "tanh" if low >= -1 and high <= 1 else "all"


def rescaled(images: np.ndarray, rule: Rescale = "auto") -> np.ndarray:
    """Map values to brightness.

    Parameters
    ----------
    images : ndarray of shape (count, ...)
        Finite values of any range.
    rule : {'auto', 'unit', 'tanh', 'all', 'each'}, default 'auto'
        How. 'unit': 0 is black and 1 is white (2014's show_samples_mnist_paper.py and _tfd_paper.py). 'tanh': -1 is
        black and 1 is white. 'all': 0 is mid-grey, and the largest absolute value of all images is white or black
        (show_samples_cifar_*_paper.py). 'each': the same for each image by itself (show_samples.py,
        show_gen_weights.py). 'auto': the rule that `choose_rescale` gives for the range of all values.

    Returns
    -------
    ndarray of the same shape
        Brightness in [0, 1], float64; values beyond black and white are clipped.

    Raises
    ------
    DataError
        If a value is NaN or infinite.

    Examples
    --------
    >>> rescaled(np.array([[-2.0, 0.0, 1.0]]), "all")
    array([[0.  , 0.5 , 0.75]])
    """
    if not np.isfinite(images).all():
        raise DataError("the images have values that are NaN or infinite: they cannot be drawn")
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


def in_words(rule: Rescale, largest: float) -> str:
    """Return what a rule of `rescaled` draws black and white, for a caption.

    Parameters
    ----------
    rule : {'unit', 'tanh', 'all', 'each'}
        The rule.
    largest : float
        The largest absolute value of all images.

    Returns
    -------
    str
        A clause.

    Examples
    --------
    >>> in_words("unit", 1.0)
    'black is 0, white 1'
    """
    return {
        "unit": "black is 0, white 1",
        "tanh": "black is -1, white 1",
        "all": f"grey is 0, white {largest:.3g}, black its negative",
        "each": "grey is 0, each image to its own largest value",
    }[rule]


def sheet(brightness: np.ndarray, columns: int, framed: Collection[int] = (), zoom: int | None = None) -> np.ndarray:
    """Lay images out side by side, row by row.

    Parameters
    ----------
    brightness : ndarray of shape (count, rows, columns, channels)
        Images in [0, 1], of 1 or 3 channels.
    columns : int
        Images in a row of the sheet; the last row may be shorter.
    framed : collection of int, optional
        Indices of the images that get a yellow frame.
    zoom : int, optional
        Pixels of the sheet along each side of a pixel of an image. The default makes the longer side of the sheet
        about 1,000 pixels.

    Returns
    -------
    ndarray of shape (height, width, 3)
        The sheet in RGB, uint8, the first row on top.

    Raises
    ------
    ConfigurationError
        If the picture would have more than `MOST_PIXELS`, or images have other than 1 or 3 channels.

    See Also
    --------
    write_png : Write the sheet to a file.

    Examples
    --------
    >>> images = images_from_rows(np.random.default_rng(0).random((6, 784)), guess_shape(784))
    >>> sheet(rescaled(images), columns=3, framed=[5], zoom=2).shape
    (126, 188, 3)
    """
    count, height, width, channels = brightness.shape
    if channels not in (1, 3):
        raise ConfigurationError(f"images of {channels} channels cannot be drawn: 1 is grey and 3 is colour")
    rows = -(-count // columns)
    if zoom is None:
        zoom = max(1, min(16, COMFORTABLE // max(rows * height, columns * width)))
    border = FRAME_WIDTH + GAP
    cell = height * zoom + border + FRAME_WIDTH, width * zoom + border + FRAME_WIDTH
    if (pixels := rows * cell[0] * max(columns * cell[1], LEAST_WIDTH)) > MOST_PIXELS:
        raise ConfigurationError(
            f"the picture would have {pixels / 1e6:.0f} million pixels; choose fewer rows or columns"
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
    """Check, before images are made, that a picture can show all of them.

    Parameters
    ----------
    count : int
        Number of images.
    shape : ImageShape
        Rows, columns and channels of one.

    Raises
    ------
    ConfigurationError
        If they have more than `MOST_PIXELS` in all.

    Examples
    --------
    >>> check_size(100, ImageShape(28, 28))
    """
    if (pixels := count * shape.rows * shape.columns) > MOST_PIXELS:
        raise ConfigurationError(
            f"the picture would have {pixels / 1e6:.0f} million pixels; choose fewer rows or columns"
        )


def write_png(path: str | os.PathLike, pixels: np.ndarray, caption: str = "") -> None:
    """Write a sheet, pixel for pixel, with a caption below it; the file is complete, or is not there.

    Parameters
    ----------
    path : path-like
        Where, ending in .png.
    pixels : ndarray of shape (height, width, 3)
        The picture in RGB, uint8, the first row on top.
    caption : str, optional
        Text, wrapped to the sheet's width.

    Raises
    ------
    ConfigurationError
        If the name does not end in .png, or the folder does not exist.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "samples.png")
    ...     write_png(path, sheet(np.zeros((6, 28, 28, 1)), columns=3), "Six black images")
    ...     os.path.exists(path)
    True
    """
    check_name(path)
    height, width = pixels.shape[:2]
    full_width = max(width, LEAST_WIDTH)
    line = pixels_of(POINTS) * 1.4
    lines = wrapped(caption, full_width - 16)
    strip = round(len(lines) * line + 10) if lines else 0
    figure = figure_of(full_width, height + strip)
    figure.figimage(pixels, xo=(full_width - width) // 2, yo=strip, origin="upper")
    for number, text in enumerate(lines):
        top = strip - 4 - number * line
        figure.text(8 / full_width, top / (height + strip), text, fontsize=POINTS, va="top", parse_math=False)
    save_figure(path, figure)


def check_name(path: str | os.PathLike) -> None:
    """Check, before any work is done, that a PNG can be written at `path`.

    Parameters
    ----------
    path : path-like
        Where the picture is to be written.

    Raises
    ------
    ConfigurationError
        If the name does not end in .png, or `check_place` fails.

    Examples
    --------
    >>> check_name("samples.jpg")
    Traceback (most recent call last):
    adversarial.errors.ConfigurationError: pictures are PNG files: end the name samples.jpg in .png
    """
    path = os.fspath(path)
    if not path.lower().endswith(".png"):
        raise ConfigurationError(f"pictures are PNG files: end the name {path} in .png")
    check_place(path)


def check_place(path: str | os.PathLike) -> None:
    """Check, before any work is done, that a file can be written at `path`.

    Parameters
    ----------
    path : path-like
        Where the picture is to be written.

    Raises
    ------
    ConfigurationError
        If its folder does not exist or is read-only, or the path is a folder.

    Examples
    --------
    >>> check_place("samples.png")
    """
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise ConfigurationError(f"the picture {path} cannot be written: there is no folder {folder}")
    if os.path.isdir(path) or not os.access(folder, os.W_OK | os.X_OK):
        reason = "that is a folder" if os.path.isdir(path) else f"nothing may be written in {folder}"
        raise ConfigurationError(f"the picture {path} cannot be written: {reason}; name another place")
