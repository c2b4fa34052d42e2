"""The width of a Parzen window, chosen on validation data as 2014 did: the best of a logarithmic grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from adversarial.errors import DataError
from adversarial.likelihood.parzen import TILE, Estimate, ParzenWindow, Progress, Rows, Widths, blocks, check_widths

#: 2014's grid: logspace(-1, 0, 10).
GRID = (-1.0, 0.0, 10)
#: A best width beyond these, for data of any unit, means that something else is wrong.
NARROWEST, WIDEST = 1e-4, 1e4


@dataclass(frozen=True)
class WidthChoice:
    """Mean log-likelihoods of validation data over a grid of widths.

    Attributes
    ----------
    sigmas : ndarray of shape (widths,)
        Widths, increasing, in the unit of the data.
    estimates : list of Estimate
        Mean and standard error at each width, in nats.

    Examples
    --------
    >>> choice = WidthChoice(np.array([0.1, 0.2, 0.4]), [Estimate(mean, 0.1) for mean in (1.0, 3.0, 2.0)])
    >>> choice.sigma, choice.edge
    (0.2, None)
    """

    sigmas: np.ndarray
    estimates: list[Estimate]

    @property
    def best(self) -> int:
        """Index of the width of the largest mean."""
        return int(np.argmax([estimate.mean for estimate in self.estimates]))

    @property
    def sigma(self) -> float:
        """The width of the largest mean."""
        return float(self.sigmas[self.best])

    @property
    def edge(self) -> Literal["lower", "upper"] | None:
        """The edge of the grid that the best width is at: a better one may be beyond it."""
        if self.best == 0:
            return "lower"
        return "upper" if self.best == len(self.sigmas) - 1 else None


def grid(start: float = GRID[0], end: float = GRID[1], count: int = GRID[2]) -> np.ndarray:
    """Return widths from 10^start to 10^end, evenly spaced in the logarithm; the defaults are 2014's.

    Parameters
    ----------
    start : float, default -1
        Logarithm to base 10 of the first width, in the unit of the data.
    end : float, default 0
        Logarithm of the last one.
    count : int, default 10
        Number of widths, at least 1.

    Returns
    -------
    ndarray of shape (count,)
        Widths, increasing, float64.

    Raises
    ------
    DataError
        If there is no width, or the ends are in the wrong order.

    Examples
    --------
    >>> grid(-2, 0, 3)
    array([0.01, 0.1 , 1.  ])
    """
    if count < 1:
        raise DataError(f"the grid has {count} widths, but needs at least 1")
    if not start < end and count > 1:
        raise DataError(f"the grid of widths starts at 10^{start:g}, which must be below its end, 10^{end:g}")
    return check_widths(np.logspace(start, end, num=count))


def choose_width(
    samples: Rows, valid: np.ndarray, sigmas: Widths, progress: Progress | None = None, tile: int = TILE
) -> WidthChoice:
    """Score validation data at each width.

    Parameters
    ----------
    samples : array-like of shape (samples, dimension)
        As `parzen.log_likelihoods` takes them.
    valid : ndarray of shape (points, dimension)
        The validation data.
    sigmas : sequence of float
        Widths to try, increasing, in the unit of the data, such as a `grid`.
    progress : callable, optional
        Called with the number of samples of each block, once it is done.
    tile : int, default 2048
        Number of points whose distances are in memory at a time.

    Returns
    -------
    WidthChoice
        The mean at each width, and which one is best.

    See Also
    --------
    choose_width_anywhere : The same, with a grid that grows where it ends too soon.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> choice = choose_width(rng.normal(size=(400, 1)), rng.normal(size=(100, 1)), [0.01, 0.3, 10.0])
    >>> choice.sigma
    0.3
    """
    window = ParzenWindow(valid, sigmas, tile=tile)
    for block in blocks(samples):
        window.add(block)
        if progress is not None:
            progress(len(block))
    return WidthChoice(window.sigmas, window.estimates())


def choose_width_anywhere(
    samples: Rows, valid: np.ndarray, sigmas: Widths, progress: Progress | None = None, tile: int = TILE
) -> WidthChoice:
    """Choose a width as `choose_width` does, and extend the grid while the best width is at its edge.

    Each extension adds as many widths again. They end at NARROWEST and WIDEST; the best width may then still be at
    the edge.

    Parameters
    ----------
    samples : array-like of shape (samples, dimension)
        As `parzen.log_likelihoods` takes them.
    valid : ndarray of shape (points, dimension)
        The validation data.
    sigmas : sequence of float
        Widths to begin with, increasing and evenly spaced in the logarithm, in the unit of the data.
    progress : callable, optional
        Called with the number of samples of each block, once it is done; samples are read once an extension.
    tile : int, default 2048
        Number of points whose distances are in memory at a time.

    Returns
    -------
    WidthChoice
        All widths that were tried.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> choice = choose_width_anywhere(rng.normal(size=(400, 1)), rng.normal(size=(100, 1)), grid(1, 2, 3))
    >>> choice.edge is None, bool(0.1 < choice.sigma < 1)
    (True, True)
    """
    choice = choose_width(samples, valid, sigmas, progress, tile)
    count = max(len(choice.sigmas), 2)
    step = choice.sigmas[1] / choice.sigmas[0] if len(choice.sigmas) > 1 else 10 ** (1 / (GRID[2] - 1))
    while choice.edge is not None:
        below = choice.edge == "lower"
        powers = np.arange(1, count + 1)
        more = choice.sigmas[0] / step ** powers[::-1] if below else choice.sigmas[-1] * step**powers
        more = more[(more >= NARROWEST) & (more <= WIDEST)]
        if len(more) == 0:
            break
        beyond = choose_width(samples, valid, more, progress, tile)
        first, second = (beyond, choice) if below else (choice, beyond)
        choice = WidthChoice(np.append(first.sigmas, second.sigmas), [*first.estimates, *second.estimates])
    return choice
