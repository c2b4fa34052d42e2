"""Panels of time against size, both logarithmic, so that a straight line is a power and its slope the exponent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from adversarial.errors import DataError
from adversarial.figures.curves import COLOURS
from adversarial.figures.exact import figure_of, save_figure
from adversarial.figures.grid import check_name

#: Pixels of a panel, and the most panels of a row.
_WIDTH, _HEIGHT, _COLUMNS = 400, 330, 4


class Line(NamedTuple):
    """A line of a panel: `y` (n,) measured at `x` (n,), all of them above 0; dashed where it is compared with."""

    label: str
    x: Sequence[float]
    y: Sequence[float]
    dashed: bool = False


class Panel(NamedTuple):
    """A panel: what `x` and `y` are, and lines."""

    x_label: str
    y_label: str
    lines: Sequence[Line]


def draw_growth(path: str | os.PathLike, panels: Sequence[Panel], title: str = "") -> None:
    """Draw panels beside and below each other, as a PNG; the file is complete, or is not there.

    Parameters
    ----------
    path : path-like
        Where, ending in .png.
    panels : sequence of Panel
        At least one.
    title : str, optional
        Text above them.

    Raises
    ------
    ConfigurationError
        If the name does not end in .png, or the folder does not exist.
    DataError
        If there is no panel.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> lines = [Line("ours", [100, 200], [0.01, 0.02]), Line("products", [100, 200], [0.02, 0.04], dashed=True)]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "growth.png")
    ...     draw_growth(path, [Panel("examples of a minibatch", "seconds", lines)])
    ...     os.path.exists(path)
    True
    """
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    check_name(path)
    if not panels:
        raise DataError("there is nothing to draw: no axis was measured")
    columns = min(len(panels), _COLUMNS)
    rows = -(-len(panels) // columns)
    figure = figure_of(columns * _WIDTH, rows * _HEIGHT + 30)
    figure.set_layout_engine("constrained")
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.set_xscale("log")
        axes.set_yscale("log")
        for place, line in enumerate(panel.lines):
            style, marker = ("--", "") if line.dashed else ("-", "o")
            colour = COLOURS[place % len(COLOURS)]
            axes.plot(line.x, line.y, color=colour, linestyle=style, marker=marker, markersize=4, label=line.label)
        ticks = sorted({x for line in panel.lines for x in line.x})
        axes.set_xticks(ticks)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel(panel.x_label)
        axes.set_ylabel(panel.y_label)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.3, which="both")
        axes.legend(fontsize=7)
    if title:
        figure.suptitle(title, fontsize=10, parse_math=False)
    save_figure(path, figure)
