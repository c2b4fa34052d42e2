"""Which of many to show, evenly spaced, so that a page stays small: the first and the last are always among them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def evenly(count: int, most: int) -> list[int]:
    """Return the numbers, from 0, of at most so many of a row, the first and the last included.

    Parameters
    ----------
    count : int
        Of the row.
    most : int
        To choose; of a row of two or more the first and the last are chosen even if it is less than two.

    Returns
    -------
    list of int
        Increasing numbers.

    Examples
    --------
    >>> evenly(10, 4), evenly(3, 4), evenly(10, 1)
    ([0, 3, 6, 9], [0, 1, 2], [0, 9])
    """
    if count <= most:
        return list(range(count))
    return np.unique(np.linspace(0, count - 1, max(2, most)).round().astype(int)).tolist()


def as_fit(sizes: Sequence[int], room: int) -> list[int]:
    """Return the numbers of as many of a row as have room together, evenly spaced.

    Parameters
    ----------
    sizes : sequence of int
        Of each, in bytes.
    room : int
        In bytes; the first and the last are chosen even if they have no room.

    Returns
    -------
    list of int
        Increasing numbers.

    Examples
    --------
    >>> as_fit([10] * 7, 45), as_fit([10, 10], 0)
    ([0, 2, 4, 6], [0, 1])
    """
    for most in range(len(sizes), 2, -1):
        chosen = evenly(len(sizes), most)
        if sum(sizes[number] for number in chosen) <= room:
            return chosen
    return evenly(len(sizes), 2)
