"""Distributions that a conditional generator draws its conditions from; after hans/adversarial's `distributions.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, sharedX
from adversarial.errors import DataError
from adversarial.options import Configurable, OptionError, Positive
from adversarial.random_streams import RandomStreams
from adversarial.space import Space, VectorSpace

#: A number of conditions, known or symbolic.
Length = int | TensorVariable


class ConditionDistribution(Configurable):
    """A distribution of conditions; a subclass defines `sample` and `centres`."""

    space: Space

    def get_space(self) -> Space:
        """Return the space of conditions."""
        return self.space

    def sample(self, n: Length) -> TensorVariable:
        """Draw `n` conditions, a batch of the space; each call is a new variate."""
        raise TypeError(f"{type(self).__name__} must define sample")

    def centres(self) -> np.ndarray:
        """Return the conditions that a number can name, a row each: every class, or every example."""
        raise TypeError(f"{type(self).__name__} must define centres")


class OneHotDistribution(ConditionDistribution):
    """Classes with equal probability, as rows with a 1 at the class.

    Parameters
    ----------
    space : VectorSpace
        The space of conditions; its dimension is the number of classes.
    rng : RandomStreams, optional
        Source of random numbers, default RandomStreams().

    Examples
    --------
    >>> labels = OneHotDistribution(VectorSpace(10))
    >>> labels.sample(100).type.ndim
    2
    >>> labels.centres()[3].astype(int).tolist()
    [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    """

    def __init__(self, space: Space, rng: RandomStreams | None = None):
        self.space = space
        self.rng = RandomStreams() if rng is None else rng

    def sample(self, n: Length) -> TensorVariable:
        """Draw `n` conditions, shape (n, classes); each call is a new variate."""
        classes = self.space.get_total_dimension()
        labels = self.rng.integers((n,), classes)
        rows = pt.cast(pt.eq(labels[:, None], np.arange(classes, dtype="int32")), floatX())
        return VectorSpace(classes).format_as(rows, self.space)

    def centres(self) -> np.ndarray:
        """Return all conditions, a row each, in the order of the classes."""
        return np.eye(self.space.get_total_dimension(), dtype=floatX())


class KernelDensityEstimateDistribution(ConditionDistribution):
    """A gaussian kernel density estimate: an example drawn at random, plus gaussian noise.

    Parameters
    ----------
    X : array of shape (examples, dimension)
        The examples, such as `load_numpy_obj` reads.
    bandwidth : float, default 1
        Standard deviation of the noise, in the units of `X`.
    space : VectorSpace, optional
        The space of conditions, default VectorSpace(dimension).
    rng : RandomStreams, optional
        Source of random numbers, default RandomStreams().

    Examples
    --------
    >>> KernelDensityEstimateDistribution(np.zeros((50, 3)), bandwidth=0.2).get_space()
    VectorSpace(3)
    """

    def __init__(
        self,
        X: np.ndarray,
        bandwidth: Positive = 1.0,
        space: Space | None = None,
        rng: RandomStreams | None = None,
    ):
        if X.ndim != 2 or not len(X):
            raise DataError(f"a density is estimated from a matrix (examples, dimension), not from shape {X.shape}")
        if space is not None and space.get_total_dimension() != X.shape[1]:
            reason = f"space is {space}, but the examples have {X.shape[1]} values each"
            raise OptionError(type(self).__name__, "space", reason)
        self.X = sharedX(X, name="KDE_X")
        self.bandwidth = bandwidth
        self.space = VectorSpace(X.shape[1]) if space is None else space
        self.rng = RandomStreams() if rng is None else rng

    def sample(self, n: Length) -> TensorVariable:
        """Draw `n` conditions, shape (n, dimension); each call is a new variate."""
        examples, dimension = self.X.get_value(borrow=True).shape
        nearest = self.X[self.rng.integers((n,), examples)]
        noise = self.rng.normal((n, dimension))
        bandwidth: Any = np.asarray(self.bandwidth, dtype=floatX())
        return VectorSpace(dimension).format_as(nearest + bandwidth * noise, self.space)

    def centres(self) -> np.ndarray:
        """Return the examples, a row each."""
        return np.asarray(self.X.get_value())
