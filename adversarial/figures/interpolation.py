"""Straight lines through points of z space: Figure 3 of the paper."""

from __future__ import annotations

import numpy as np

from adversarial.errors import ConfigurationError


def path_through(points: np.ndarray, steps: int) -> np.ndarray:
    """Interpolate linearly from each point to the next, as Figure 3 of the paper does in z space.

    Parameters
    ----------
    points : ndarray of shape (..., K, dimension)
        The points, at least 2, of a float dtype.
    steps : int
        Intervals from a point to the next, at least 1.

    Returns
    -------
    ndarray of shape (..., (K - 1) * steps + 1, dimension)
        Points on the lines, of the same dtype; each `steps`-th of them is a given point, equal to the bit.

    Raises
    ------
    ConfigurationError
        If there are fewer than two points or no step.

    Examples
    --------
    >>> path_through(np.array([[0.0], [1.0], [5.0]]), 2).ravel()
    array([0. , 0.5, 1. , 3. , 5. ])
    """
    if points.shape[-2] < 2:
        raise ConfigurationError("a line takes at least 2 points")
    if steps < 1:
        raise ConfigurationError(f"there must be at least 1 step from a point to the next, not {steps}")
    weight = (np.arange(steps, dtype=points.dtype) / points.dtype.type(steps))[:, None]
    start, end = points[..., :-1, None, :], points[..., 1:, None, :]
    # Weight 0 is the start itself: (1 - 0) * start + 0 * end.
    between = (1 - weight) * start + weight * end
    flat = between.reshape(*points.shape[:-2], -1, points.shape[-1])
    return np.concatenate([flat, points[..., -1:, :]], axis=-2)
