"""Curves against epochs, as Pylearn2's plot_monitor drew them, as a PNG."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from adversarial.errors import DataError
from adversarial.figures.grid import check_name
from adversarial.files.whole_file import write_whole

#: Okabe and Ito's colours, which people of every kind of colour vision tell apart; their yellow, too pale for a line
#: on white, is left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
#: Lines of the same colour differ by these.
STYLES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
#: The most curves that are told apart in one plot.
MOST_CURVES = len(COLOURS) * len(STYLES)

#: Up to so many values are marked one by one.
_FEW_VALUES = 30


class Curve(NamedTuple):
    """A line of the plot: `y` (n,) measured at `x` (n,); a value that is not finite leaves a gap."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


class Level(NamedTuple):
    """What curves are compared with: a figure known to lie from `low` to `high`."""

    label: str
    low: float
    high: float


def write_curves(
    path: str | os.PathLike,
    curves: Sequence[Curve],
    x_label: str,
    y_label: str,
    title: str = "",
    level: Level | None = None,
) -> None:
    """Draw curves in one plot, and write it whole or not at all.

    Parameters
    ----------
    path : ending in .png
    curves : 1 to `MOST_CURVES` of them
    x_label, y_label : of the axes, with their units
    title : above the plot
    level : drawn as a band across the plot, in the last of the colours

    Raises
    ------
    ConfigurationError
        Where the name does not end in .png.
    DataError
        Where there are too many curves, or one has nothing finite to draw.
    FileError
        Where the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    check_name(path)
    _check(curves)
    # A legend is a line a curve below the plot, since names of channels are long.
    height = 4.2 + 0.2 * (len(curves) + (level is not None))
    figure = Figure(figsize=(7.5, height), dpi=120, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for number, (label, x, y) in enumerate(curves):
        colour, style = COLOURS[number % len(COLOURS)], STYLES[number // len(COLOURS)]
        marker = "o" if len(x) <= _FEW_VALUES else None
        shown = np.where(np.isfinite(y), y, np.nan)
        axes.plot(x, shown, color=colour, linestyle=style, marker=marker, markersize=4, label=label)
    if level is not None:
        axes.axhspan(level.low, level.high, color=COLOURS[-1], alpha=0.4, linewidth=0, label=level.label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label, parse_math=False)
    axes.grid(alpha=0.3)
    if title:
        axes.set_title(title, fontsize=10, parse_math=False)
    legend = figure.legend(loc="outside lower center", fontsize=8, frameon=False)
    for text in legend.get_texts():  # A dollar sign in a name is no formula.
        text.set_parse_math(False)
    buffer = io.BytesIO()
    canvas.print_png(buffer)
    write_whole(path, [buffer.getvalue()])


def _check(curves: Sequence[Curve]) -> None:
    if not 1 <= len(curves) <= MOST_CURVES:
        raise DataError(f"{len(curves)} curves cannot be told apart in one plot; choose from 1 to {MOST_CURVES}")
    for label, x, y in curves:
        if len(x) != len(y):
            raise DataError(f"'{label}' has {len(y)} values for {len(x)} epochs")
        if not np.isfinite(np.asarray(y, dtype=float)).any():
            raise DataError(f"'{label}' has no finite value to draw")
