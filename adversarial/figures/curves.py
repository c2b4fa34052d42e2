"""Curves against epochs, as Pylearn2's plot_monitor drew them, as a PNG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from adversarial.errors import DataError
from adversarial.figures.exact import save_figure
from adversarial.figures.grid import check_name

#: Okabe and Ito's colours, which people of every kind of colour vision tell apart; their yellow, too pale for a line
#: on white, is left out.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
#: Lines of the same colour differ by these.
STYLES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 3)))
#: The most curves of one plot: the number of combinations of colour and style.
MOST_CURVES = len(COLOURS) * len(STYLES)

#: Up to this number of values each gets a marker.
_FEW_VALUES = 30


class Curve(NamedTuple):
    """A line of a plot: `y` (n,) measured at `x` (n,); a value that is not finite leaves a gap."""

    label: str
    x: Sequence[float]
    y: Sequence[float]


class Level(NamedTuple):
    """A figure that curves are compared with, known to be between `low` and `high`."""

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
    logarithmic: bool = False,
) -> None:
    """Draw curves in one plot, as a PNG; the file is complete, or is not there.

    Parameters
    ----------
    path : path-like
        Where, ending in .png.
    curves : sequence of Curve
        1 to `MOST_CURVES` lines.
    x_label, y_label : str
        Labels of the axes, with their units.
    title : str, optional
        Text above the plot.
    level : Level, optional
        A band across the plot, in the last of the colours.
    logarithmic : bool, optional
        Whether the axis of `x`, whole numbers from 0 on, is logarithmic above 1; default false.

    Raises
    ------
    ConfigurationError
        If the name does not end in .png, or the folder does not exist.
    DataError
        If there are too many curves, or one has no finite value.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "plot.png")
    ...     write_curves(path, [Curve("D", [0, 1, 2], [0.69, 0.12, 0.06])], "epochs", "objective, nats")
    ...     os.path.exists(path)
    True
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    check_name(path)
    _check(curves)
    # A legend is a line a curve below the plot, since names of channels are long.
    height = 4.2 + 0.2 * (len(curves) + (level is not None))
    figure = Figure(figsize=(7.5, height), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    for number, (label, x, y) in enumerate(curves):
        colour, style = COLOURS[number % len(COLOURS)], STYLES[number // len(COLOURS)]
        marker = "o" if len(x) <= _FEW_VALUES else None
        shown = np.where(np.isfinite(y), y, np.nan)
        axes.plot(x, shown, color=colour, linestyle=style, marker=marker, markersize=4, label=label)
    if level is not None:
        axes.axhspan(level.low, level.high, color=COLOURS[-1], alpha=0.4, linewidth=0, label=level.label)
    if logarithmic:
        ticks = sorted({value for curve in curves for value in curve.x})
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xticks(ticks, [f"{value:g}" for value in ticks])
    else:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label, parse_math=False)
    axes.grid(alpha=0.3)
    if title:
        axes.set_title(title, fontsize=10, parse_math=False)
    legend = figure.legend(loc="outside lower center", fontsize=8, frameon=False)
    for text in legend.get_texts():  # a dollar sign in a name does not begin a formula
        text.set_parse_math(False)
    save_figure(path, figure)


def _check(curves: Sequence[Curve]) -> None:
    if not 1 <= len(curves) <= MOST_CURVES:
        raise DataError(f"{len(curves)} curves cannot be told apart in one plot; choose from 1 to {MOST_CURVES}")
    for label, x, y in curves:
        if len(x) != len(y):
            raise DataError(f"'{label}' has {len(y)} values for {len(x)} epochs")
        if not np.isfinite(np.asarray(y, dtype=float)).any():
            raise DataError(f"'{label}' has no finite value to draw")
