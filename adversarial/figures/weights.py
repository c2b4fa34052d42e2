"""Weights as a sheet of images."""

from __future__ import annotations

import math

import numpy as np

from adversarial.errors import ConfigurationError

#: Images of a sheet, where nobody says how many.
USUAL = 400


def sheet_size(count: int, rows: int | None, columns: int | None) -> tuple[int, int]:
    """Rows and columns of a sheet of up to `count` images; what is not given is chosen, about square.

    Raises
    ------
    ConfigurationError
        Where there is nothing to show.
    """
    if min(count, rows or 1, columns or 1) < 1:
        raise ConfigurationError("a sheet has at least 1 row, 1 column and 1 image")
    shown = min(count, USUAL)
    if columns is None:
        columns = min(count, math.ceil(math.sqrt(shown) if rows is None else shown / rows))
    if rows is None:
        rows = math.ceil(shown / columns)
    return min(rows, math.ceil(count / columns)), columns


def strongest_first(images: np.ndarray) -> np.ndarray:
    """The order of `images` (count, ...) by norm, the largest first; equal ones stay in order."""
    norms = np.sqrt(np.square(images.reshape(len(images), -1), dtype=np.float64).sum(axis=1))
    return np.argsort(-norms, kind="stable")
