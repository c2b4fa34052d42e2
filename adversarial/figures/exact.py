"""Pictures of an exact number of pixels, with words wrapped to their width, and PNG files of any figure."""

from __future__ import annotations

import io
import os
import textwrap
from typing import TYPE_CHECKING

from adversarial.files.whole_file import write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Pixels an inch, and the size of words in points.
DPI, POINTS = 100, 9
#: A character's width on average, and the least number of them in a line.
_CHARACTER, _LEAST = 0.55, 20


def figure_of(width: int, height: int) -> Figure:
    """Return an empty white figure of so many pixels.

    Parameters
    ----------
    width, height : int
        Pixels.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> figure_of(320, 200).bbox.size.astype(int).tolist()
    [320, 200]
    """
    from matplotlib.figure import Figure

    # A little more than the whole number of pixels: matplotlib truncates a size that rounding left just below it.
    return Figure(figsize=((width + 0.01) / DPI, (height + 0.01) / DPI), dpi=DPI, facecolor="white")


def pixels_of(points: float) -> float:
    """Return how many pixels so many points are."""
    return points * DPI / 72


def wrapped(text: str, width: int) -> list[str]:
    """Return lines of about so many pixels of words; a line of the text stays one of its own.

    Examples
    --------
    >>> wrapped("black is 0, white 1", 100)
    ['black is 0, white 1']
    """
    most = max(_LEAST, int(width / (pixels_of(POINTS) * _CHARACTER)))
    return [part for line in text.splitlines() for part in textwrap.wrap(line, most)]


def save_figure(path: str | os.PathLike, figure: Figure) -> None:
    """Write a figure as a PNG; the file is complete, or is not there.

    Parameters
    ----------
    path : path-like
        Where; `grid.check_name` says whether it can be.
    figure : matplotlib.figure.Figure
        The figure.

    Raises
    ------
    FileError
        If the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    write_whole(path, [buffer.getvalue()])
