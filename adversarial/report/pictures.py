"""Images for a page: many in one PNG, side by side and without gaps, which pictures.js lays out."""

from __future__ import annotations

import base64
import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from adversarial.figures.grid import ImageShape, choose_rescale, images_from_rows, rescaled


class Shades(NamedTuple):
    """How values become brightness: a rule of `figures.grid`, and the values that are black and white by it."""

    rule: str
    black: float
    white: float


def shades_of(rows: np.ndarray, data: np.ndarray | None = None) -> Shades:
    """The shades for rows of a design matrix, by the rule that fits the range of what they should be like.

    Parameters
    ----------
    rows : (count, dimension), whose largest size is white where the rule is 'all'
    data : what they should be like; None: the rows themselves
    """
    by = rows if data is None else data
    rule = choose_rescale(by.min(), by.max())
    if rule == "unit":
        return Shades(rule, 0.0, 1.0)
    largest = 1.0 if rule == "tanh" else float(np.abs(rows).max()) or 1.0
    return Shades(rule, -largest, largest)


def packed(rows: np.ndarray, shape: ImageShape, columns: int, shades: Shades) -> dict[str, Any]:
    """A sheet for pictures.js.

    Parameters
    ----------
    rows : (count, dimension), images of `shape`; count is a multiple of `columns`
    columns : images in a row
    shades : how bright values are
    """
    # Brought to [-1, 1] or [0, 1] first, so that all sheets of a page share their black and white.
    scaled = rows if shades.rule == "unit" else rows / shades.white
    images = rescaled(images_from_rows(scaled, shape), "unit" if shades.rule == "unit" else "tanh")
    count, height, width, channels = images.shape
    tiled = images.reshape(count // columns, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    pixels = np.rint(tiled.reshape(-1, columns * width, channels) * 255).astype(np.uint8)
    return {"picture": _png(pixels), "columns": columns, "rows": count // columns}


def _png(pixels: np.ndarray) -> str:
    """A PNG as a data URI; pixels are (height, width, 1 or 3) uint8."""
    buffer = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
