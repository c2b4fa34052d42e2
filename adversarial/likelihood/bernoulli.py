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
from adversarial.likelihood.parzen import TILE, blocks, check_rows, float64_options
from adversarial.random_streams import MRG_RandomStreams

Binarisation = Literal["sampled", "threshold"]

#: ll_mnist.py's seed.
SEED = 2014 + 6 * 24


def binarise(points: np.ndarray, how: Binarisation, seed: int = SEED) -> tuple[np.ndarray, str]:
    """Make data binary, and say in a sentence how that was done; data that are 0 and 1 already stay as they are.

    Parameters
    ----------
    points : ndarray of shape (points, dimension)
        Values in [0, 1].
    how : {'sampled', 'threshold'}
        With 'sampled', as in 2014, each value is the probability of its 1; with 'threshold' values from .5 on are 1.
    seed : int, default 2158
        Seed of the MRG31k3p stream that 'sampled' draws from; the default is that of 2014's ll_mnist.py.

    Returns
    -------
    values : ndarray of shape (points, dimension)
        Data of 0 and 1.
    sentence : str
        How they became binary, for people.

    Raises
    ------
    DataError
        If a value is not in [0, 1].

    Examples
    --------
    >>> values, sentence = binarise(np.array([[0.2, 0.5, 0.7]]), "threshold")
    >>> values
    array([[0., 1., 1.]])
    >>> sentence
    'the data were made binary by a threshold: 1 from .5 on'
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
    sentence = f"the data were made binary by one draw, each value its own probability (MRG31k3p, seed {seed})"
    return np.asarray(backend.function([p], drawn)(points.astype(np.float32))), sentence


def logits(probabilities: np.ndarray) -> np.ndarray:
    """Return log(p / (1 - p)) in float64.

    Parameters
    ----------
    probabilities : ndarray
        Values p in [0, 1]. They are clipped by half a unit in the last place of their dtype at 1, so that no
        logit is infinite.

    Returns
    -------
    ndarray of the same shape
        The logits, float64.

    Examples
    --------
    >>> logits(np.array([0.0, 0.5, 1.0])).round(2)
    array([-36.74,   0.  ,  36.74])
    """
    tiny = np.finfo(probabilities.dtype).eps / 2 if probabilities.dtype.kind == "f" else 2.0**-25
    p = np.clip(probabilities.astype(np.float64), tiny, 1 - tiny)
    return np.log(p) - np.log1p(-p)


@cache
def _compiled() -> Callable:
    x, A, largest, sums = pt.dmatrix("x"), pt.dmatrix("A"), pt.dvector("largest"), pt.dvector("sums")
    exponents = pt.dot(x, A.T) - pt.softplus(A).sum(axis=1)
    new_largest = pt.maximum(largest, exponents.max(axis=1))
    new_sums = sums * pt.exp(largest - new_largest) + pt.exp(exponents - new_largest[:, None]).sum(axis=1)
    return backend.function([x, A, largest, sums], [new_largest, new_sums], **float64_options())


class BernoulliMixture:
    """Log-likelihoods of binary `points` under the samples added so far, which are given by their logits.

    Parameters
    ----------
    points : ndarray of shape (points, dimension)
        The data to score, values of 0 and 1.

    Raises
    ------
    DataError
        If there are no points, or one has another value.

    See Also
    --------
    binarise : Make data binary.
    adversarial.likelihood.parzen.ParzenWindow : The same for real data.

    Examples
    --------
    Two coins that show 1 with probability .9 and .5; the mean over both is .7:

    >>> mixture = BernoulliMixture(np.array([[1]]))
    >>> mixture.add(logits(np.array([[0.9], [0.5]])))
    >>> np.exp(mixture.log_likelihoods()).round(6)
    array([[0.7]])
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
        """Add samples to the mixture.

        Parameters
        ----------
        samples : ndarray of shape (count, dimension)
            Logits of the probability that each value is 1.

        Raises
        ------
        DataError
            If their dimension is not that of the points.
        """
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
        """Return log p(x), (1, points) float64, in nats."""
        if self.count == 0:
            raise DataError("there are no samples yet, so that there is no likelihood")
        return (self._largest + np.log(self._sums / self.count))[None]
