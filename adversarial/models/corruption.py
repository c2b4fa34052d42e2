"""Noise that denoising autoencoders and stochastic networks learn to undo; after Pylearn2's `corruption.py`."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.special import softmax
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.options import Configurable, Fraction, NonNegative
from adversarial.random_streams import MRG_RandomStreams

#: 2014's seed of the numpy RandomState that draws the seed of a corruptor's stream.
SEED = 2001
#: The least value of a one-hot row with noise.
LEAST = 1e-5


class Corruptor(Configurable):
    """A noise process on a batch. A subclass gives ``_corrupt``.

    Parameters
    ----------
    corruption_level : float
        How much noise; what that means, each subclass says.
    rng : int or list of int, optional
        Seed of the numpy RandomState that draws the seed of the noise, default 2001 as in 2014.
    """

    def __init__(self, corruption_level: NonNegative, rng: int | list[int] = SEED):
        self.corruption_level = corruption_level
        self.theano_rng = MRG_RandomStreams(int(np.random.RandomState(rng).randint(2**30)))

    def __call__(self, inputs: TensorVariable) -> TensorVariable:
        """Return the symbolic batch with noise; each call takes variates of its own from the stream."""
        return self._corrupt(inputs)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        raise TypeError(f"{type(self).__name__} must define _corrupt")

    def _kept(self, x: TensorVariable) -> TensorVariable:
        """Draw 1 with the probability that a value stays, else 0."""
        return self.theano_rng.binomial(size=x.shape, p=1 - self.corruption_level, dtype=floatX())


class DummyCorruptor(Corruptor):
    """No noise.

    Parameters
    ----------
    corruption_level : float, optional
        Ignored.
    rng : int or list of int, optional
        Ignored.

    Examples
    --------
    >>> x = pt.matrix("x")
    >>> DummyCorruptor()(x) is x
    True
    """

    def __init__(self, corruption_level: NonNegative = 0.0, rng: int | list[int] = SEED):
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        return x


class BinomialCorruptor(Corruptor):
    """Masking noise: each value becomes 0 with a probability.

    Parameters
    ----------
    corruption_level : float
        That probability, from 0 to 1.
    rng : int or list of int, optional
        As of `Corruptor`.

    Examples
    --------
    >>> BinomialCorruptor(corruption_level=0.5).corruption_level
    0.5
    """

    def __init__(self, corruption_level: Fraction, rng: int | list[int] = SEED):
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        return self._kept(x) * x


class DropoutCorruptor(BinomialCorruptor):
    """Masking noise that keeps the mean: values that stay are divided by the probability to stay.

    Parameters
    ----------
    corruption_level : float
        Probability that a value becomes 0, from 0 to 1.
    rng : int or list of int, optional
        As of `Corruptor`.

    Examples
    --------
    >>> DropoutCorruptor(corruption_level=0.2).corruption_level
    0.2
    """

    def __init__(self, corruption_level: Fraction, rng: int | list[int] = SEED):
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        if self.corruption_level < 1e-5:
            return x
        return 1.0 / (1.0 - self.corruption_level) * super()._corrupt(x)


class GaussianCorruptor(Corruptor):
    """Gaussian noise of mean 0, added.

    Parameters
    ----------
    stdev : float
        Its standard deviation, in the unit of the data; at least 0.
    rng : int or list of int, optional
        As of `Corruptor`.

    Examples
    --------
    >>> GaussianCorruptor(stdev=2.0).corruption_level
    2.0
    """

    def __init__(self, stdev: NonNegative, rng: int | list[int] = SEED):
        super().__init__(stdev, rng)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        return self.theano_rng.normal(size=x.shape, avg=0.0, std=self.corruption_level, dtype=floatX()) + x

    def corruption_free_energy(self, corrupted_X: TensorVariable, X: TensorVariable) -> TensorVariable:
        """Return the free energy of each corrupted example (examples,): its negative log density but for a constant."""
        axes = tuple(range(1, X.ndim))
        return pt.sqr(corrupted_X - X).sum(axis=axes) / (2.0 * self.corruption_level**2)


class SaltPepperCorruptor(Corruptor):
    """Salt-and-pepper noise: each value is replaced with a probability, by 0 or by 1 alike.

    Parameters
    ----------
    corruption_level : float
        That probability, from 0 to 1.
    rng : int or list of int, optional
        As of `Corruptor`.

    Examples
    --------
    >>> SaltPepperCorruptor(corruption_level=0.4, rng=5).corruption_level
    0.4
    """

    def __init__(self, corruption_level: Fraction, rng: int | list[int] = SEED):
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        kept = self._kept(x)
        salt = self.theano_rng.binomial(size=x.shape, p=0.5, dtype=floatX())
        return x * kept + pt.eq(kept, 0) * salt


class SmoothOneHotCorruptor(Corruptor):
    """Noise on one-hot rows that leaves them near what they were: gaussian noise, then a softmax.

    Parameters
    ----------
    corruption_level : float
        Standard deviation of the noise, at least 0.
    rng : int or list of int, optional
        As of `Corruptor`.

    Notes
    -----
    No value falls below 1e-5, as a logarithm may be taken of it.

    Examples
    --------
    >>> SmoothOneHotCorruptor(corruption_level=0.5).corruption_level
    0.5
    """

    def __init__(self, corruption_level: NonNegative, rng: int | list[int] = SEED):
        super().__init__(corruption_level, rng)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        noise = self.theano_rng.normal(size=x.shape, avg=0.0, std=self.corruption_level, dtype=floatX())
        classes = pt.cast(x.shape[-1], floatX())
        return softmax(x + noise, axis=1) * (1 - classes * LEAST) + LEAST


class BinomialSampler(Corruptor):
    """A sample of binary units from their means: 1 with the probability that the value is, else 0.

    Parameters
    ----------
    rng : int or list of int, optional
        As of `Corruptor`.

    Examples
    --------
    >>> BinomialSampler().corruption_level
    0.0
    """

    def __init__(self, rng: int | list[int] = SEED):
        super().__init__(0.0, rng)

    def _corrupt(self, x: TensorVariable) -> TensorVariable:
        return pt.cast(self.theano_rng.uniform(size=x.shape, dtype=floatX()) < x, floatX())
