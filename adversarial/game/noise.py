"""The distributions p_z that a generator's noise may have, what of them is left by truncation, and one that is learned.

Section 7 of the paper asks for "better distributions to sample z from"; these are to try, the first three 2014's.
"""

from __future__ import annotations

from math import erf, sqrt
from typing import Literal, TypeAlias

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, sharedX
from adversarial.errors import ConfigurationError
from adversarial.options import Configurable, Count, NonNegative
from adversarial.random_streams import MRG_RandomStreams

#: Distributions by name: uniform on (-sqrt 3, sqrt 3), standard normal, that on the unit sphere, uniform on (0, 1).
Kind: TypeAlias = Literal["uniform", "gaussian", "spherical", "unit_cube"]
#: Ends of the two that are uniform.
ENDS: dict[str, tuple[float, float]] = {"uniform": (-np.sqrt(3), np.sqrt(3)), "unit_cube": (0.0, 1.0)}
#: The most standard deviations that truncation may leave: one value in 15,000 of a normal is further from its mean.
MOST_DEVIATIONS = 4.0
#: The seed of a mixture's first means.
MIXTURE_SEED = 2014


def draw_noise(kind: Kind, streams: MRG_RandomStreams, size: tuple, truncation: float | None = None) -> TensorVariable:
    """Draw z of a distribution, the next variate of a stream.

    Parameters
    ----------
    kind : {'uniform', 'gaussian', 'spherical', 'unit_cube'}
        The distribution.
    streams : MRG_RandomStreams
        The stream.
    size : tuple
        Examples and dimension, each an int or symbolic.
    truncation : float, optional
        Draw each value from what of its distribution is at most so many standard deviations from its mean.

    Returns
    -------
    TensorVariable
        Shape (examples, dimension), float32.

    Examples
    --------
    >>> draw_noise("unit_cube", MRG_RandomStreams(1), (5, 3)).type.dtype
    'float32'
    """
    if kind in ENDS:
        low, high = truncated_ends(kind, truncation)
        return streams.uniform(low=low, high=high, size=size, dtype="float32")
    z = gaussian(streams, size, truncation)
    return on_sphere(z) if kind == "spherical" else z


def truncated_ends(kind: str, truncation: float | None) -> tuple[float, float]:
    """Return the ends of a uniform distribution that is truncated to so many standard deviations."""
    low, high = ENDS[kind]
    if truncation is None:
        return low, high
    reach = min((high - low) / 2, truncation * (high - low) / sqrt(12))
    return (low + high) / 2 - reach, (low + high) / 2 + reach


def gaussian(streams: MRG_RandomStreams, size: tuple, truncation: float | None = None) -> TensorVariable:
    """Draw standard normal values, float32; `truncation` as of `draw_noise`.

    Values beyond it are not drawn again one by one: those within are made of a uniform variate by the inverse of their
    distribution function, which is the same distribution by one draw on every backend.
    """
    if truncation is None:
        return streams.normal(size=size, dtype="float32")
    share = erf(truncation / sqrt(2))
    uniform = streams.uniform(low=-share, high=share, size=size, dtype="float32")
    return pt.clip(np.float32(sqrt(2)) * pt.erfinv(uniform), np.float32(-truncation), np.float32(truncation))


def on_sphere(z: TensorVariable) -> TensorVariable:
    """Scale rows to norm 1."""
    return z / pt.maximum(np.float32(1e-7), pt.sqrt(pt.sqr(z).sum(axis=1, keepdims=True)))


def back_into_range(noise: Kind | LearnedMixture, z: TensorVariable) -> TensorVariable:
    """Return z that was moved, brought back to where its distribution has any: clipped to the ends, or to norm 1."""
    if isinstance(noise, str) and noise in ENDS:
        low, high = (np.asarray(end, dtype=z.dtype) for end in ENDS[noise])
        return pt.clip(z, low, high)
    return on_sphere(z) if noise == "spherical" else z


def check_truncation(noise: Kind | LearnedMixture, truncation: float) -> None:
    """Raise ConfigurationError where a distribution has no truncation, or none to so many standard deviations."""
    if noise == "spherical":
        raise ConfigurationError("this generator's z are spherical: all have norm 1, so that there is none to truncate")
    if not 0 < truncation <= MOST_DEVIATIONS:
        raise ConfigurationError(
            f"z is to be truncated to {truncation:g} standard deviations, but that must be above 0 and at most "
            f"{MOST_DEVIATIONS:g}"
        )


class LearnedMixture(Configurable):
    """A mixture of gaussians that G learns with its weights: z = mu_i + sigma_i eps, i drawn anew for each example.

    All components are equally probable. mu and sigma are parameters of the generator that has it: they are trained,
    averaged, saved and resumed as its weights are.

    Parameters
    ----------
    components : int, default 50
        Number of components.
    irange : float, default 1
        First means are uniform in (-irange, irange); with 0 all are 0.
    sigma : float, default .2
        First standard deviation of each value of each component.
    learn : bool, default True
        Whether training changes mu and sigma.

    Attributes
    ----------
    mu, sigma : shared matrix
        Of shape (components, dimension); there once the dimension of z is known.

    References
    ----------
    Gurumurthy, Sarvadevabhatla and Babu, *DeLiGAN*, 2017. Their penalty on sigma is not here.

    Examples
    --------
    >>> mixture = LearnedMixture(components=3)
    >>> mixture.set_dimension(2)
    >>> [param.name for param in mixture.get_params()], mixture.mu.get_value().shape
    (['mixture_mu', 'mixture_sigma'], (3, 2))
    """

    mu: TensorSharedVariable
    sigma: TensorSharedVariable

    def __init__(self, components: Count = 50, irange: NonNegative = 1.0, sigma: NonNegative = 0.2, learn: bool = True):
        self.components = components
        self.irange = irange
        self.initial_sigma = sigma
        self.learn = learn

    def set_dimension(self, dimension: int) -> None:
        """Make the parameters, for z of this dimension."""
        shape = self.components, dimension
        means = np.random.RandomState(MIXTURE_SEED).uniform(-1, 1, shape) * self.irange
        self.mu = sharedX(means, name="mixture_mu")
        self.sigma = sharedX(np.full(shape, self.initial_sigma), name="mixture_sigma")

    def all_params(self) -> list[TensorSharedVariable]:
        """Return mu and sigma."""
        return [self.mu, self.sigma]

    def get_params(self) -> list[TensorSharedVariable]:
        """Return those that training changes."""
        return self.all_params() if self.learn else []

    def draw(self, streams: MRG_RandomStreams, size: tuple, truncation: float | None = None) -> TensorVariable:
        """Draw z, shape `size` in floatX; `truncation` is of eps. One component draws eps alone, as gaussian noise."""
        eps = pt.cast(gaussian(streams, size, truncation), floatX())
        if self.components == 1:
            return self.mu[0] + self.sigma[0] * eps
        place = pt.floor(streams.uniform(size=(size[0],), dtype="float32") * np.float32(self.components))
        # In float32 a number just below 1 times the number of components may be that number.
        chosen = pt.minimum(pt.cast(place, "int64"), self.components - 1)
        return self.mu[chosen] + self.sigma[chosen] * eps
