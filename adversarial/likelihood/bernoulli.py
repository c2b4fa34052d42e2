"""Log-likelihoods of binary data where a sample gives each value's probability; after 2014's ll_mnist.py.

log p(x) = log (1/N) sum_j prod_i sigmoid((2 x_i - 1) A_ji), with A_j the logits of sample j: for x of 0 and 1 this is
the log of the mean of exp(x.A_j - sum_i softplus(A_ji)).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Literal

import numpy as np
import pytensor.tensor as pt

from adversarial import backend
from adversarial.errors import DataError
from adversarial.likelihood.parzen import TILE, blocks, check_rows
from adversarial.random_streams import MRG_RandomStreams

Binarisation = Literal["sampled", "threshold"]

#: ll_mnist.py's seed.
SEED = 2014 + 6 * 24


def binarise(points: np.ndarray, how: Binarisation, seed: int = SEED) -> tuple[np.ndarray, str]:
    """Points of 0 and 1, and a sentence that says how they came to be.

    Parameters
    ----------
    points : (points, dim) in [0, 1]
    how : 'sampled', each value being 1 with itself as probability (2014's way), or 'threshold', 1 from .5 on; data that
        are 0 and 1 already are left alone
    seed : of the stream that 'sampled' draws from

    Raises
    ------
    DataError
        Where a value is not in [0, 1].
    """
    points = check_rows(points, "the data to score")
    if points.min() < 0 or points.max() > 1:
        raise DataError(
            f"the data to score go from {points.min():g} to {points.max():g}, "
            f"but only values from 0 to 1 can be made binary"
        )
    if np.isin(points, (0, 1)).all():
        return points, "the data are binary as they are"
    if how == "threshold":
        return (points >= 0.5).astype(points.dtype), "the data were made binary by a threshold: 1 from .5 on"
    p = pt.fmatrix("p")
    drawn = pt.cast(MRG_RandomStreams(seed).uniform(size=p.shape, dtype="float32") < p, "float32")
    said = f"the data were made binary by one draw, each value its own probability (MRG31k3p, seed {seed})"
    return np.asarray(backend.function([p], drawn)(points.astype(np.float32))), said


def logits(probabilities: np.ndarray) -> np.ndarray:
    """log(p / (1 - p)) in float64; p is kept from 0 and 1 by half a unit in the last place of its dtype at 1."""
    tiny = np.finfo(probabilities.dtype).eps / 2 if probabilities.dtype.kind == "f" else 2.0**-25
    p = np.clip(probabilities.astype(np.float64), tiny, 1 - tiny)
    return np.log(p) - np.log1p(-p)


@cache
def _compiled() -> Callable:
    x, A, largest, sums = pt.dmatrix("x"), pt.dmatrix("A"), pt.dvector("largest"), pt.dvector("sums")
    exponents = pt.dot(x, A.T) - pt.softplus(A).sum(axis=1)
    new_largest = pt.maximum(largest, exponents.max(axis=1))
    new_sums = sums * pt.exp(largest - new_largest) + pt.exp(exponents - new_largest[:, None]).sum(axis=1)
    mode = {"mode": "CVM"} if backend.backend_name() == "jax" else {}
    return backend.function([x, A, largest, sums], [new_largest, new_sums], **mode)


class BernoulliMixture:
    """Log-likelihoods of binary `points` under the samples added so far, given by their logits.

    Parameters
    ----------
    points : (points, dim) of 0 and 1

    Raises
    ------
    DataError
        Where there are no points, or one has another value.
    """

    def __init__(self, points: np.ndarray):
        points = check_rows(points, "the data to score")
        if not np.isin(points, (0, 1)).all():
            raise DataError("the data to score must be 0 and 1 throughout")
        self.count = 0
        self._points = points
        self._largest = np.full(len(points), -np.inf)
        self._sums = np.zeros(len(points))

    def add(self, samples: np.ndarray) -> None:
        """Add samples by their logits (count, dim); raises DataError where their width is not that of the points."""
        samples = check_rows(samples, "the logits of the samples", first=self.count)
        if samples.shape[1] != self._points.shape[1]:
            raise DataError(
                f"the samples have {samples.shape[1]} values each, but the data to score have {self._points.shape[1]}"
            )
        update = _compiled()
        for first in range(0, len(self._points), TILE):
            part = slice(first, first + TILE)
            x = self._points[part].astype(np.float64)
            for block in blocks(samples):
                self._largest[part], self._sums[part] = update(
                    x, block.astype(np.float64), self._largest[part], self._sums[part]
                )
        self.count += len(samples)

    def log_likelihoods(self) -> np.ndarray:
        """log p(x), (1, points) float64, in nats."""
        if self.count == 0:
            raise DataError("there are no samples yet, so that there is no likelihood")
        return (self._largest + np.log(self._sums / self.count))[None]
