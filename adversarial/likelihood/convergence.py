"""How a log-likelihood estimated from samples moves as their number grows, and when it has come to rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from adversarial.likelihood.parzen import TILE, Estimate, ParzenWindow, estimate


class RunningWindow(Protocol):
    """What adds up over samples: a ParzenWindow or a BernoulliMixture."""

    count: int

    def add(self, samples: np.ndarray) -> None: ...

    def log_likelihoods(self) -> np.ndarray: ...


def running_estimates(
    window: RunningWindow, batches: Iterable[np.ndarray], counts: Iterable[int]
) -> Iterator[tuple[int, Estimate]]:
    """The estimate after each of `counts` samples (increasing), or after all where `batches` end before.

    As in 2014's ll.py the value after n samples is that of the first n alone; the work is done by the batch.
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
    """Estimates from the first n samples, for each n of `counts` (increasing, each about twice the one before)."""

    counts: list[int]
    estimates: list[Estimate]

    def last_doubling(self) -> float:
        """What the last doubling of the number of samples added to the mean, in nats; infinite where there was none."""
        return self.estimates[-1].mean - self.estimates[-2].mean if len(self.estimates) > 1 else np.inf

    def stable_from(self, tolerance: float | None = None) -> int | None:
        """The least of `counts` from which on no mean is further than `tolerance` from the last; None if none is.

        At least the last doubling must lie within it. `tolerance` is in nats; None is the standard error of the last.
        """
        tolerance = self.estimates[-1].standard_error if tolerance is None else tolerance
        far = [abs(estimate.mean - self.estimates[-1].mean) > tolerance for estimate in self.estimates]
        first = max((i + 1 for i, is_far in enumerate(far) if is_far), default=0)
        return self.counts[first] if first < len(self.counts) - 1 else None


def doublings(total: int, first: int = 10) -> list[int]:
    """total, total / 2, total / 4 ... down to about `first`, in increasing order."""
    counts = [total]
    while counts[-1] >= 2 * first:
        counts.append(counts[-1] // 2)
    return counts[::-1]


def convergence(
    samples: Any, points: np.ndarray, sigma: float, progress: Callable[[int], None] | None = None
) -> Convergence:
    """The Convergence of a Parzen window of width `sigma` at `points`; see `parzen.log_likelihoods`."""
    window = ParzenWindow(points, sigma)
    found = []
    starts = range(0, samples.shape[0], TILE)
    batches = (np.asarray(samples[start : start + TILE]) for start in starts)
    for count, value in running_estimates(window, batches, doublings(samples.shape[0])):
        if progress is not None:
            progress(count - (found[-1][0] if found else 0))
        found.append((count, value))
    return Convergence([count for count, _ in found], [value for _, value in found])
