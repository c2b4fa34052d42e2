"""The log-likelihood of data under a Parzen window of samples, as a graph: the channel `ll` of the monitor."""

from __future__ import annotations

import math

import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable


def theano_parzen(data: TensorVariable, mu: TensorVariable, sigma: float) -> TensorVariable:
    """Return the log-likelihood of data under the mean of isotropic Gaussians around samples (section 5).

    Parameters
    ----------
    data : TensorVariable
        Shape (examples, dimension).
    mu : TensorVariable
        The samples, shape (samples, dimension).
    sigma : float
        Standard deviation of each Gaussian, in the data's units.

    Returns
    -------
    TensorVariable
        Shape (examples,), in nats.

    Notes
    -----
    Squared distances come from one matrix product, not from every difference as in 2014. The samples' mean is
    subtracted from both first, so that little precision is lost in the product.

    Examples
    --------
    >>> theano_parzen(pt.matrix(), pt.matrix(), sigma=0.2).type.ndim
    1
    """
    centre = mu.mean(axis=0, keepdims=True)
    x, m = data - centre, mu - centre
    squared = pt.sqr(x).sum(axis=1, keepdims=True) - 2.0 * pt.dot(x, m.T) + pt.sqr(m).sum(axis=1)
    exponent = -0.5 / sigma**2 * pt.maximum(squared, 0.0)
    normalization = mu.shape[1] * math.log(sigma * math.sqrt(2.0 * math.pi))
    return log_mean_exp(exponent) - normalization


def log_mean_exp(a: TensorVariable) -> TensorVariable:
    """Return the log of the mean of exp(a) over the columns of each row, without overflow."""
    largest = a.max(axis=1)
    return largest + pt.log(pt.exp(a - largest[:, None]).mean(axis=1))
