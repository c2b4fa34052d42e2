"""A picture of mean log-likelihood against the width of the Parzen window."""

from __future__ import annotations

import io
import os

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
    """Refuse, before any work is done, a picture that could not be written.

    Raises
    ------
    ConfigurationError
        For another ending, or a folder that is not there.
    """
    if os.path.splitext(path)[1].lower() not in ENDINGS:
        raise ConfigurationError(f"the picture {os.fspath(path)} must end in {', '.join(ENDINGS)}")
    check_place(path)


def draw_curves(path: str | os.PathLike, curves: dict[str, WidthChoice], what: str) -> None:
    """Write a picture, whole or not at all, of the kind that its name's ending says.

    Parameters
    ----------
    path : such as curve.png
    curves : the widths tried, by name: one a fold or a draw of samples
    what : what was scored, for the axis

    Raises
    ------
    ConfigurationError, FileError
        Where the file cannot be written.
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
        style = {"color": BLUE, "marker": "o", "markersize": 4, "linewidth": 1.2, "capsize": 2}
        axes.errorbar(curve.sigmas, means, errors, linestyle=("-", "--", ":", "-.")[number % 4], label=label, **style)
        chosen = f"best width, {curve.sigma:.4g}" if number == 0 else None
        axes.plot(curve.sigma, means[curve.best], "*", color=VERMILION, markersize=13, label=chosen, zorder=3)
        near += list(means[(curve.sigmas > curve.sigma / 10) & (curve.sigmas < curve.sigma * 10)])
    # Far from the best width the curve falls without end; what is within a factor of 10 is what there is to see.
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
