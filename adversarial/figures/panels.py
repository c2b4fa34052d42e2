"""Several sheets as one picture, as the panels of a figure: each with a title above it and words below."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adversarial.figures.exact import POINTS, figure_of, pixels_of, save_figure, wrapped
from adversarial.figures.grid import check_name

#: A panel that has no sheet is a grey field of this height, in pixels.
EMPTY_HEIGHT = 120
#: Pixels around a panel, and the least width of one.
_MARGIN, _LEAST_WIDTH = 14, 420
_TITLE_POINTS = 11


@dataclass(frozen=True)
class DrawnPanel:
    """A panel.

    Attributes
    ----------
    title : str
        Above it.
    pixels : ndarray of shape (height, width, 3) or None
        The sheet, uint8; None where there is none.
    words : str
        Below it, wrapped.
    """

    title: str
    pixels: np.ndarray | None
    words: str


def write_panels(path: str | os.PathLike, panels: Sequence[DrawnPanel], across: int = 2, heading: str = "") -> None:
    """Write panels as a PNG, row by row; the file is complete, or is not there.

    Parameters
    ----------
    path : path-like
        Where, ending in .png.
    panels : sequence of DrawnPanel
        The panels, at least one.
    across : int, optional
        Panels in a row.
    heading : str, optional
        Words above all of them, wrapped.

    Raises
    ------
    ConfigurationError
        If the name does not end in .png, or the folder does not exist.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "figure.png")
    ...     write_panels(path, [DrawnPanel("a)", np.zeros((50, 60, 3), "uint8"), "black"), DrawnPanel("b)", None, "")])
    ...     os.path.exists(path)
    True
    """
    check_name(path)
    width = max([_LEAST_WIDTH, *(panel.pixels.shape[1] for panel in panels if panel.pixels is not None)])
    line, title = (round(pixels_of(points) * 1.5) for points in (POINTS, _TITLE_POINTS))
    words = [wrapped(panel.words, width) for panel in panels]
    rows = [range(start, min(start + across, len(panels))) for start in range(0, len(panels), across)]
    tallest = [max(_height(panels[number]) for number in row) for row in rows]
    most_lines = [max(len(words[number]) for number in row) for row in rows]
    total_width = across * (width + _MARGIN) + _MARGIN
    above = wrapped(heading, total_width - 2 * _MARGIN)
    top = len(above) * line + _MARGIN
    total = top + sum(
        title + height + lines * line + 2 * _MARGIN for height, lines in zip(tallest, most_lines, strict=True)
    )
    figure = figure_of(total_width, total)

    def say(text: str, x: int, y: int, points: int, weight: str = "normal") -> None:
        place = (x / total_width, 1 - y / total)
        figure.text(*place, text, fontsize=points, va="top", weight=weight, parse_math=False)

    for number, text in enumerate(above):
        say(text, _MARGIN, _MARGIN // 2 + number * line, POINTS)
    for row, height, lines in zip(rows, tallest, most_lines, strict=True):
        for place, number in enumerate(row):
            panel, left = panels[number], _MARGIN + place * (width + _MARGIN)
            say(panel.title, left, top, _TITLE_POINTS, "bold")
            pixels = np.full((EMPTY_HEIGHT, width, 3), 235, np.uint8) if panel.pixels is None else panel.pixels
            figure.figimage(pixels, xo=left, yo=total - top - title - len(pixels), origin="upper")
            for at, text in enumerate(words[number]):
                say(text, left, top + title + len(pixels) + 4 + at * line, POINTS)
        top += title + height + lines * line + 2 * _MARGIN
    save_figure(path, figure)


def _height(panel: DrawnPanel) -> int:
    return EMPTY_HEIGHT if panel.pixels is None else len(panel.pixels)
