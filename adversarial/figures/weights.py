"""Weights as a sheet of images."""

from __future__ import annotations

import math

import numpy as np

from adversarial.errors import ConfigurationError

#: Images of a sheet by default.
USUAL = 400


def sheet_size(count: int, rows: int | None, columns: int | None) -> tuple[int, int]:
    """Choose rows and columns of a sheet, about square by default.

    Parameters
    ----------
    count : int
        Number of images to choose from, at least 1.
    rows, columns : int or None
        The user's choice, at least 1; None leaves it to this function, which shows up to 400 images.

    Returns
    -------
    tuple of (int, int)
        Rows and columns of the sheet, without empty rows.

    Raises
    ------
    ConfigurationError
        If there is nothing to show.

    Examples
    --------
    >>> sheet_size(1200, None, None)
    (20, 20)
    >>> sheet_size(1200, None, 50)
    (8, 50)
    """
    if min([count, *(number for number in (rows, columns) if number is not None)]) < 1:
        raise ConfigurationError("a sheet has at least 1 row, 1 column and 1 image")
    shown = min(count, USUAL)
    if columns is None:
        columns = min(count, math.ceil(math.sqrt(shown) if rows is None else shown / rows))
    if rows is None:
        rows = math.ceil(shown / columns)
    return min(rows, math.ceil(count / columns)), columns


def strongest_first(images: np.ndarray) -> np.ndarray:
    """Return the order of images by norm, the largest first.

    Parameters
    ----------
    images : ndarray of shape (count, ...)
        Images of any shape.

    Returns
    -------
    ndarray of shape (count,)
        Indices; images of equal norm stay in order.

    Examples
    --------
    >>> strongest_first(np.array([[1.0], [-3.0], [2.0]]))
    array([1, 2, 0])
    """
    norms = np.sqrt(np.square(images.reshape(len(images), -1), dtype=np.float64).sum(axis=1))
    return np.argsort(-norms, kind="stable")
