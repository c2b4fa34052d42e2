"""Samples of two values beside the data, and D's contours, as points of the plane."""

from __future__ import annotations

import io
import os

import numpy as np

from adversarial.figures.grid import check_name
from adversarial.figures.one_dimension import BLUE, GREEN
from adversarial.files.whole_file import write_whole

#: Values of D that contours are drawn at; at 1/2 it cannot tell data from samples.
LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)


def grid_around(*points: np.ndarray, side: int = 101) -> tuple[np.ndarray, np.ndarray]:
    """Return the coordinates of a grid that holds all but the outermost points, with a margin.

    Parameters
    ----------
    *points : ndarray of shape (count, 2)
        The points.
    side : int, default 101
        Points of a side of the grid.

    Returns
    -------
    x : ndarray of shape (side,)
        Increasing and evenly spaced.
    y : ndarray of shape (side,)
        The same of the second values.

    Examples
    --------
    >>> x, y = grid_around(np.array([[0.0, 0.0], [1.0, 2.0]]), side=3)
    >>> x.round(2).tolist(), y.round(2).tolist()
    ([-0.14, 0.5, 1.14], [-0.29, 1.0, 2.29])
    """
    low, high = np.percentile(np.concatenate(points).astype(float), [0.5, 99.5], axis=0)
    margin = np.maximum(0.15 * (high - low), 1e-6)
    x, y = np.linspace(low - margin, high + margin, side).T
    return x, y


def plane_png(
    samples: np.ndarray,
    data: np.ndarray | None = None,
    discriminator: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
) -> bytes:
    """Draw points of the plane as a PNG.

    Parameters
    ----------
    samples : ndarray of shape (count, 2)
        Samples, green.
    data : ndarray of shape (examples, 2), optional
        Data, black.
    discriminator : (x, y, values), optional
        The coordinates of a grid, (columns,) and (rows,), and D there, (rows, columns), whose contours are blue.

    Returns
    -------
    bytes
        The picture.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> plane_png(rng.normal(size=(50, 2)), rng.normal(size=(50, 2)))[:4]
    b'\\x89PNG'
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), dpi=150, layout="constrained")
    axes = FigureCanvasAgg(figure).figure.add_subplot()
    if data is not None:
        axes.plot(*data.T, ".", color="black", markersize=3, alpha=0.5, label="data")
    axes.plot(*samples.T, ".", color=GREEN, markersize=3, alpha=0.5, label="samples")
    x, y = grid_around(samples, *(() if data is None else (data,)))
    if discriminator is not None and np.ptp(discriminator[2]) > 0:
        contours = axes.contour(*discriminator, levels=LEVELS, colors=BLUE, linewidths=0.8)
        axes.clabel(contours, fmt="%g", fontsize=7)
        axes.plot([], [], color=BLUE, linewidth=0.8, label="D")
    axes.set_xlim(x[0], x[-1])
    axes.set_ylim(y[0], y[-1])
    axes.set_xlabel("first value")
    axes.set_ylabel("second value")
    axes.legend(fontsize=8, markerscale=3)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def write_plane(path: str | os.PathLike, picture: bytes) -> None:
    """Write what `plane_png` returned at `path`, which ends in .png; the file is complete, or is not there."""
    check_name(path)
    write_whole(path, [picture])
