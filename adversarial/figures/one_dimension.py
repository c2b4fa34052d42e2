"""A game on the line as Figure 1 of the paper shows it, as a PNG."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from adversarial.errors import DataError
from adversarial.figures.exact import save_figure
from adversarial.figures.grid import check_name

#: Okabe and Ito's blue and green; the paper's data are black dots, its model solid green, its D dashed blue.
BLUE, GREEN = "#0072B2", "#009E73"
#: Of D*, which the paper does not draw.
PINK = "#A8538A"


class Moment(Protocol):
    """The state of a game: samples (count,) of G, D(x) (points,) on the line, G(z) (arrows,) of some z.

    `value` is V(D, G) in nats, `distance` the total variation between the densities.
    """

    title: str
    samples: np.ndarray
    discriminator: np.ndarray
    mapped: np.ndarray
    value: float
    distance: float


def density(samples: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Estimate the density of one-dimensional samples, by Gaussians of Silverman's bandwidth around them.

    Parameters
    ----------
    samples : ndarray of shape (count,)
        Finite numbers.
    points : ndarray of shape (points,)
        Where to estimate it, increasing and evenly spaced.

    Returns
    -------
    ndarray of shape (points,)
        Density per unit of x.

    Raises
    ------
    DataError
        If a sample is not finite.

    Examples
    --------
    >>> density(np.random.default_rng(0).normal(size=10_000), np.linspace(-3, 3, 61))[::30].round(1)
    array([0. , 0.4, 0. ])
    """
    if not np.isfinite(samples).all():
        raise DataError("samples that are not finite have no density")
    quartiles = np.percentile(samples, [75, 25])
    spread = min(samples.std(), (quartiles[0] - quartiles[1]) / 1.34) or samples.std()
    # At least the spacing of the points, or a spike could fall between two of them.
    width = max(0.9 * spread * len(samples) ** -0.2, points[1] - points[0])
    distances = (points[:, None] - samples[None, :].astype(float)) / width
    return np.exp(-0.5 * distances**2).mean(axis=1) / (width * np.sqrt(2 * np.pi))


def write_figure(
    path: str | os.PathLike,
    points: np.ndarray,
    data_density: np.ndarray,
    z: np.ndarray,
    moments: Sequence[Moment],
) -> None:
    """Draw moments of a game side by side, as Figure 1 of the paper; the file is complete, or is not there.

    Each panel shows above the densities, D and the best D for this G, D* = p_data / (p_data + p_g), with V(D, G) beside
    its value at the end of the game, -log 4; and below the map from z to x = G(z) as arrows.

    Parameters
    ----------
    path : path-like
        Where, ending in .png.
    points : ndarray of shape (points,)
        The line, x, increasing and evenly spaced.
    data_density : ndarray of shape (points,)
        The density p_data at the points, per unit of x.
    z : ndarray of shape (arrows,)
        Where the arrows start.
    moments : sequence of Moment
        One panel each, at least one.

    Raises
    ------
    ConfigurationError
        If the name does not end in .png, or the folder does not exist.
    FileError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> from types import SimpleNamespace
    >>> x, z = np.linspace(-3, 3, 61), np.linspace(-1, 1, 5)
    >>> moment = SimpleNamespace(
    ...     title="start", samples=z, discriminator=np.full(61, 0.5), mapped=2 * z, value=-1.4, distance=0.5
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "figure1.png")
    ...     write_figure(path, x, np.exp(-(x**2) / 2), z, [moment])
    ...     os.path.exists(path)
    True
    """
    from matplotlib.figure import Figure

    check_name(path)
    figure = Figure(figsize=(3.0 * len(moments) + 1, 4.8), dpi=120, layout="constrained")
    above, below = figure.subplots(2, len(moments), sharex=True, squeeze=False, height_ratios=(2, 1))
    models = [density(moment.samples, points) for moment in moments]
    # A spike of the model may be clipped; the data's density and D never are.
    top = max(1.05, 1.1 * data_density.max(), min(1.1 * max(map(np.max, models)), 3 * data_density.max()))
    for place, (moment, model) in enumerate(zip(moments, models, strict=True)):
        axes = above[place]
        lines = _curves(axes, points, data_density, model, moment.discriminator)
        axes.set_ylim(0, top)
        said = f"V(D, G) = {moment.value:.3f}; -log 4 = {-np.log(4):.3f}\ntotal variation to data {moment.distance:.3f}"
        axes.set_title(f"({chr(ord('a') + place)}) {moment.title}\n{said}", fontsize=9)
        _arrows(below[place], points, z, moment.mapped)
        for other in (above[place], below[place]):
            other.label_outer()
    above[0].set_ylabel("density (per unit of x);\nD(x) (probability)")
    below[0].set_ylabel("z to x = G(z)")
    figure.supxlabel("x (unit of the data); z is spread over the same axis", fontsize=9)
    names = ["data density", "model density, from samples of G", "D(x), probability that x is data", "D*, the best D"]
    figure.legend(lines, names, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
    save_figure(path, figure)


def _curves(axes: Any, x: np.ndarray, data: np.ndarray, model: np.ndarray, discriminator: np.ndarray) -> list:
    # Where neither density is to be seen, D* is anything.
    seen = data + model > 1e-2
    best = np.where(seen, data / np.where(seen, data + model, 1), np.nan)
    return [
        *axes.plot(x, data, color="black", linestyle=":", linewidth=2),
        *axes.plot(x, model, color=GREEN, linestyle="-", linewidth=1.8),
        *axes.plot(x, discriminator, color=BLUE, linestyle="--", linewidth=1.6),
        *axes.plot(x, best, color=PINK, linestyle="-", linewidth=0.9),
    ]


def _arrows(axes: Any, points: np.ndarray, z: np.ndarray, mapped: np.ndarray) -> None:
    """Draw arrows from z on the lower line to G(z) on the upper one, clipped at the ends of the axis."""
    axes.set_xlim(points[0], points[-1])
    axes.set_ylim(-0.08, 1.08)
    axes.axhline(0, color="black", linewidth=1)
    axes.axhline(1, color="black", linewidth=1)
    for start, end in zip(z, mapped, strict=True):
        style = {"arrowstyle": "->", "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "color": "black"}
        axes.annotate("", xy=(end, 1), xytext=(start, 0), arrowprops=style, annotation_clip=False, clip_on=True)
    axes.set_yticks([0, 1], ["z", "x"])
