"""The width of a Parzen window, chosen on validation data as 2014 did: the best of a logarithmic grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from adversarial.errors import DataError
from adversarial.likelihood.parzen import TILE, Estimate, ParzenWindow, blocks, check_widths

#: 2014's grid: logspace(-1, 0, 10).
GRID = (-1.0, 0.0, 10)
#: A best width beyond these, for data of any unit, means that something else is wrong.
NARROWEST, WIDEST = 1e-4, 1e4

Progress = Callable[[int], None] | None


@dataclass(frozen=True)
class WidthChoice:
    """Mean log-likelihoods of validation data over a grid of widths.

    Attributes
    ----------
    sigmas : (widths,), increasing, in the unit of the data
    estimates : mean and standard error at each, in nats
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
        """The edge of the grid that the best width is at: a better one may lie beyond it."""
        if self.best == 0:
            return "lower"
        return "upper" if self.best == len(self.sigmas) - 1 else None


def grid(start: float = GRID[0], end: float = GRID[1], count: int = GRID[2]) -> np.ndarray:
    """`count` widths from 10^start to 10^end, evenly apart in the logarithm.

    Raises
    ------
    DataError
        Where there is no width, or the ends are in the wrong order.
    """
    if count < 1:
        raise DataError(f"the grid has {count} widths, but needs at least 1")
    if not start < end and count > 1:
        raise DataError(f"the grid of widths starts at 10^{start:g}, which must be below its end, 10^{end:g}")
    return check_widths(np.logspace(start, end, num=count))


def choose_width(
    samples: Any, valid: np.ndarray, sigmas: Sequence[float], progress: Progress = None, tile: int = TILE
) -> WidthChoice:
    """Score `valid` at each width; see `parzen.log_likelihoods` for the arguments."""
    window = ParzenWindow(valid, sigmas, tile=tile)
    for block in blocks(samples):
        window.add(block)
        if progress is not None:
            progress(len(block))
    return WidthChoice(window.sigmas, window.estimates())


def choose_width_anywhere(
    samples: Any, valid: np.ndarray, sigmas: Sequence[float], progress: Progress = None, tile: int = TILE
) -> WidthChoice:
    """As `choose_width`, but while the best width is at an edge the grid goes on beyond it, by as many widths again.

    Ends at NARROWEST or WIDEST, with the best width then still at the edge.
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
