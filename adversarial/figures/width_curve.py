"""A picture of mean log-likelihood against the width of the Parzen window."""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

from adversarial.errors import ConfigurationError
from adversarial.figures.grid import check_place
from adversarial.files.whole_file import write_whole
from adversarial.likelihood.cross_validation import WidthChoice

#: Okabe and Ito's blue and vermilion, which people of every kind of colour vision tell apart.
BLUE, VERMILION = "#0072B2", "#D55E00"

#: Kinds of pictures.
ENDINGS = (".png", ".svg", ".pdf")


def check_picture(path: str | os.PathLike) -> None:
    """Check, before any work is done, that a picture can be written at `path`.

    Parameters
    ----------
    path : path-like
        Where, ending in .png, .svg or .pdf.

    Raises
    ------
    ConfigurationError
        If it has another ending, or its folder does not exist.

    Examples
    --------
    >>> check_picture("widths.svg")
    """
    if os.path.splitext(path)[1].lower() not in ENDINGS:
        raise ConfigurationError(f"the picture {os.fspath(path)} must end in {', '.join(ENDINGS)}")
    check_place(path)


def draw_curves(path: str | os.PathLike, curves: dict[str, WidthChoice], what: str) -> None:
    """Draw mean log-likelihood against width, and mark the best width; the file is complete, or is not there.

    Parameters
    ----------
    path : path-like
        Where, ending in .png, .svg or .pdf, which chooses the format.
    curves : dict of {str: WidthChoice}
        The widths tried, by name: one for each fold, or for each draw of samples.
    what : str
        What was scored, for the label of the axis.

    Raises
    ------
    ConfigurationError
        If the ending is another, or the folder does not exist.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from adversarial.likelihood.parzen import Estimate
    >>> choice = WidthChoice(np.array([0.1, 0.2, 0.4]), [Estimate(mean, 0.1) for mean in (1.0, 3.0, 2.0)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "widths.png")
    ...     draw_curves(path, {"": choice}, "validation data")
    ...     os.path.exists(path)
    True
    """
    check_picture(path)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

    figure = Figure(figsize=(5.5, 3.8), dpi=150, layout="constrained")
    axes = FigureCanvasAgg(figure).figure.add_subplot()
    axes.set_xscale("log")
    near = []
    for number, (name, curve) in enumerate(curves.items()):
        means, errors = np.array(curve.estimates).T
        label = name if len(curves) > 1 else "mean and standard error"
        style: dict[str, Any] = {"color": BLUE, "marker": "o", "markersize": 4, "linewidth": 1.2, "capsize": 2}
        axes.errorbar(curve.sigmas, means, errors, linestyle=("-", "--", ":", "-.")[number % 4], label=label, **style)
        chosen = f"best width, {curve.sigma:.4g}" if number == 0 else None
        axes.plot(curve.sigma, means[curve.best], "*", color=VERMILION, markersize=13, label=chosen, zorder=3)
        near += list(means[(curve.sigmas > curve.sigma / 10) & (curve.sigmas < curve.sigma * 10)])
    # Far from the best width the curve falls steeply; the axis shows what is within a factor of 10 of it.
    margin = 0.08 * max(max(near) - min(near), 1.0)
    axes.set_ylim(min(near) - margin, max(near) + margin)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("width σ of the Gaussians (unit of the data)")
    axes.set_ylabel(f"mean log-likelihood of {what}\n(nats per example)")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=os.path.splitext(path)[1][1:].lower())
    write_whole(path, [buffer.getvalue()])
