"""Images for a page: many in one PNG, side by side and without gaps, for pictures.js to lay out."""

from __future__ import annotations

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from adversarial.figures.grid import ImageShape, Rescale, choose_rescale, images_from_rows, in_words, rescaled


class Shades(NamedTuple):
    """A map from values to brightness: a rule of `figures.grid`, and the values that it draws black and white."""

    rule: Rescale
    black: float
    white: float

    def in_words(self) -> str:
        """Return what is black and white, for a caption.

        Examples
        --------
        >>> Shades("all", -3.25, 3.25).in_words()
        'grey is 0, white 3.25, black its negative'
        """
        return in_words(self.rule, self.white)


def shades_of(rows: np.ndarray, data: np.ndarray | None = None) -> Shades:
    """Choose shades for images, by the rule that fits the range of the data that they imitate.

    Parameters
    ----------
    rows : ndarray of shape (count, dimension)
        Images; their largest magnitude is white if the rule is 'all'.
    data : ndarray, optional
        The data they imitate; the default is the rows themselves.

    Returns
    -------
    Shades
        The rule, and the values that are black and white.

    Examples
    --------
    >>> shades_of(np.array([[0.2, 0.9]]))
    Shades(rule='unit', black=0.0, white=1.0)
    """
    by = rows if data is None else data
    rule = choose_rescale(by.min(), by.max())
    if rule == "unit":
        return Shades(rule, 0.0, 1.0)
    largest = 1.0 if rule == "tanh" else float(np.abs(rows).max()) or 1.0
    return Shades(rule, -largest, largest)


def packed(rows: np.ndarray, shape: ImageShape, columns: int, shades: Shades) -> dict[str, Any]:
    """Pack images into one PNG for pictures.js.

    Parameters
    ----------
    rows : ndarray of shape (count, dimension)
        Images; count is a multiple of `columns`.
    shape : ImageShape
        Rows, columns and channels of an image.
    columns : int
        Images in a row of the sheet.
    shades : Shades
        The map from values to brightness.

    Returns
    -------
    dict
        `picture`, a data URI; `columns` and `rows`, in images.

    Examples
    --------
    >>> sheet = packed(np.zeros((6, 784)), ImageShape(28, 28), 3, Shades("unit", 0.0, 1.0))
    >>> sheet["columns"], sheet["rows"], sheet["picture"][:22]
    (3, 2, 'data:image/png;base64,')
    """
    # Scaled to [-1, 1] or [0, 1] first, so that black and white are the same in all sheets of a page.
    scaled = rows if shades.rule == "unit" else rows / shades.white
    images = rescaled(images_from_rows(scaled, shape), "unit" if shades.rule == "unit" else "tanh")
    count, height, width, channels = images.shape
    tiled = images.reshape(count // columns, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    pixels = np.rint(tiled.reshape(-1, columns * width, channels) * 255).astype(np.uint8)
    return {"picture": _png(pixels), "columns": columns, "rows": count // columns}


def _png(pixels: np.ndarray) -> str:
    """Return a PNG as a data URI; pixels are (height, width, 1 or 3) uint8."""
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
