"""How a log-likelihood estimated from samples moves as their number grows, and when it has come to rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from adversarial.likelihood.parzen import Estimate, ParzenWindow, Progress, Rows, blocks, estimate


class RunningWindow(Protocol):
    """A mixture that samples are added to: a ParzenWindow or a BernoulliMixture."""

    count: int

    def add(self, samples: np.ndarray) -> None: ...

    def log_likelihoods(self) -> np.ndarray: ...


def running_estimates(
    window: RunningWindow, batches: Iterable[np.ndarray], counts: Iterable[int]
) -> Iterator[tuple[int, Estimate]]:
    """Yield the estimate after each of `counts` samples, or after all of them where `batches` end before.

    As in 2014's ll.py the value after n samples is that of the first n alone; samples are added in batches.

    Parameters
    ----------
    window : ParzenWindow or BernoulliMixture
        Scores its points under the samples added so far; if it has several widths, the first one counts.
    batches : iterable of ndarray of shape (count, dimension)
        The samples, some at a time.
    counts : iterable of int
        Numbers of samples, increasing.

    Yields
    ------
    tuple of (int, Estimate)
        The number of samples added so far, and the estimate from them.

    Examples
    --------
    >>> window = ParzenWindow(np.zeros((2, 1)), 1.0)
    >>> [count for count, _ in running_estimates(window, [np.zeros((4, 1)), np.ones((3, 1))], [2, 5, 9])]
    [2, 5, 7]
    """
    batches = iter(batches)
    rest = np.zeros((0, 0))
    for count in counts:
        before = window.count
        while window.count < count:
            if len(rest) == 0:
                rest = next(batches, rest)
            if len(rest) == 0:
                break
            wanted = count - window.count
            window.add(rest[:wanted])
            rest = rest[wanted:]
        if window.count > before:
            yield window.count, estimate(window.log_likelihoods()[0])
        if window.count < count:
            return


@dataclass(frozen=True)
class Convergence:
    """Estimates from the first n samples, for each n of `counts`.

    Attributes
    ----------
    counts : list of int
        Numbers of samples, increasing, each about twice the one before.
    estimates : list of Estimate
        Mean log-likelihood and its standard error from that many samples, in nats.

    Examples
    --------
    >>> found = Convergence([50, 100, 200, 400], [Estimate(mean, 0.5) for mean in (0.0, 9.0, 10.4, 10.0)])
    >>> found.stable_from()
    200
    >>> round(found.last_doubling(), 3)
    -0.4
    """

    counts: list[int]
    estimates: list[Estimate]

    def last_doubling(self) -> float:
        """Return what the last doubling of the number of samples added to the mean, in nats; inf if there was none."""
        return self.estimates[-1].mean - self.estimates[-2].mean if len(self.estimates) > 1 else np.inf

    def stable_from(self, tolerance: float | None = None) -> int | None:
        """Return the least of `counts` from which on every mean is within `tolerance` of the last one.

        Parameters
        ----------
        tolerance : float, optional
            Nats; the default is the standard error of the last estimate.

        Returns
        -------
        int or None
            A number of samples, below the last of `counts`; None if the last doubling moved the mean by more.
        """
        tolerance = self.estimates[-1].standard_error if tolerance is None else tolerance
        far = [abs(estimate.mean - self.estimates[-1].mean) > tolerance for estimate in self.estimates]
        first = max((i + 1 for i, is_far in enumerate(far) if is_far), default=0)
        return self.counts[first] if first < len(self.counts) - 1 else None


def doublings(total: int, first: int = 10) -> list[int]:
    """Return total, total / 2, total / 4 ... down to about `first`, in increasing order.

    Parameters
    ----------
    total : int
        The largest number.
    first : int, default 10
        The smallest is at least this, and below twice of it.

    Returns
    -------
    list of int
        The numbers, each half the next one, rounded down.

    Examples
    --------
    >>> doublings(100)
    [12, 25, 50, 100]
    """
    counts = [total]
    while counts[-1] >= 2 * first:
        counts.append(counts[-1] // 2)
    return counts[::-1]


def convergence(samples: Rows, points: np.ndarray, sigma: float, progress: Progress | None = None) -> Convergence:
    """Score points under the first n samples, for n that doubles until it is all of them.

    Parameters
    ----------
    samples : array-like of shape (samples, dimension)
        As `parzen.log_likelihoods` takes them.
    points : ndarray of shape (points, dimension)
        The data to score.
    sigma : float
        Width of the Parzen window, above 0, in the unit of the data.
    progress : callable, optional
        Called with the number of samples of each step, once it is done.

    Returns
    -------
    Convergence
        The estimate for each number of samples.

    Examples
    --------
    >>> convergence(np.zeros((40, 1)), np.zeros((5, 1)), 1.0).counts
    [10, 20, 40]
    """
    window = ParzenWindow(points, sigma)
    found: list[tuple[int, Estimate]] = []
    for count, value in running_estimates(window, blocks(samples), doublings(samples.shape[0])):
        if progress is not None:
            progress(count - (found[-1][0] if found else 0))
        found.append((count, value))
    return Convergence([count for count, _ in found], [value for _, value in found])
