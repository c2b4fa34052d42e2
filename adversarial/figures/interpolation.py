"""Straight lines through points of z space: Figure 3 of the paper."""

from __future__ import annotations

import numpy as np

from adversarial.errors import ConfigurationError


def path_through(points: np.ndarray, steps: int) -> np.ndarray:
    """The straight lines from each point to the next, evenly divided.

    Parameters
    ----------
    points : (..., K, dimension), K >= 2
    steps : intervals from a point to the next, >= 1

    Returns
    -------
    array (..., (K - 1) * steps + 1, dimension), of the points' dtype; every `steps`-th is a point, to the bit

    Raises
    ------
    ConfigurationError
        Where there are fewer than two points or no step.
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
