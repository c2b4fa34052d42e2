"""How far runs have come against what they took, their spread as bars: one panel for each measure, as a PNG."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from adversarial.errors import DataError
from adversarial.figures.curves import COLOURS, MOST_CURVES, STYLES
from adversarial.figures.exact import save_figure
from adversarial.figures.grid import check_name


class Progress(NamedTuple):
    """What some runs reached: `mean` (n,) with `deviation` (n,), at `taken[measure]` (n,) of each measure."""

    label: str
    taken: Mapping[str, Sequence[float]]
    mean: Sequence[float]
    deviation: Sequence[float]


def write_progress(path: str | os.PathLike, lines: Sequence[Progress], y_label: str, title: str = "") -> None:
    """Draw lines in a panel for each measure of what was taken; the file is complete, or is not there.

    Parameters
    ----------
    path : path-like
        Where, ending in .png.
    lines : sequence of Progress
        1 to 42, of the same measures, such as 'updates' and 'seconds'.
    y_label : str
        Label of the other axis.
    title : str, optional
        Text above the panels.

    Raises
    ------
    ConfigurationError
        If the name does not end in .png, or the folder does not exist.
    DataError
        If there are too many lines, or nothing finite.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "plot.png")
    ...     write_progress(path, [Progress("ours", {"seconds": [1, 2]}, [3.0, 4.0], [0.0, 0.5])], "nats")
    ...     os.path.exists(path)
    True
    """
    from matplotlib.figure import Figure

    check_name(path)
    shown = [line for line in lines if np.isfinite(line.mean).any()]
    if not 1 <= len(shown) <= MOST_CURVES:
        raise DataError(f"{len(shown)} lines with finite values cannot be drawn; choose from 1 to {MOST_CURVES}")
    measures = list(shown[0].taken)
    figure = Figure(figsize=(6.0 * len(measures), 4.4 + 0.2 * len(shown)), dpi=100, layout="constrained")
    for axes, measure in zip(figure.subplots(1, len(measures), sharey=True, squeeze=False)[0], measures, strict=True):
        for number, line in enumerate(shown):
            value = np.where(np.isfinite(line.mean), line.mean, np.nan)
            axes.errorbar(
                line.taken[measure], value, yerr=line.deviation, marker="o", markersize=4, capsize=3,
                color=COLOURS[number % len(COLOURS)], linestyle=STYLES[number // len(COLOURS)],
                label=line.label if measure == measures[0] else None,
            )  # fmt: skip
        axes.set_xlabel(measure, parse_math=False)
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel(y_label, parse_math=False)
    if title:
        figure.suptitle(title, fontsize=10, parse_math=False)
    for text in figure.legend(loc="outside lower center", fontsize=8, frameon=False).get_texts():
        text.set_parse_math(False)
    save_figure(path, figure)
