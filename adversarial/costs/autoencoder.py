"""What autoencoders minimise: errors of reconstruction, a penalty on dense codes; after Pylearn2's namesake."""

from __future__ import annotations

from typing import Annotated, Any

import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.cost import Cost, DefaultDataSpecsMixin
from adversarial.options import Range

#: A mean activation that a unit can have without being always 0 or always 1.
_Open = Annotated[float, Range(0, 1, low_open=True, high_open=True)]


class ReconstructionCost(DefaultDataSpecsMixin, Cost):
    """A cost of what the model makes of its input; a subclass gives ``cost``."""

    needs, trains = ("reconstruct",), "an autoencoder"

    @staticmethod
    def cost(target: TensorVariable, output: TensorVariable) -> TensorVariable:
        """Return the scalar cost of ``output`` where ``target`` is right, both (examples, features)."""
        raise TypeError("a reconstruction cost must define cost")

    def expr(self, model: Any, data: TensorVariable, **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        value = self.cost(data, model.reconstruct(data))
        # PyTensor names a mean "mean", Theano did not; a sum of costs makes the name part of a channel's.
        value.name = None
        return value


class MeanSquaredReconstructionError(ReconstructionCost):
    """The squared error, summed over features, averaged over examples.

    Examples
    --------
    >>> import numpy as np
    >>> ones = pt.as_tensor_variable(np.ones((4, 3)))
    >>> float(MeanSquaredReconstructionError.cost(ones, 0 * ones).eval())
    3.0
    """

    @staticmethod
    def cost(target: TensorVariable, output: TensorVariable) -> TensorVariable:
        return pt.sqr(target - output).sum(axis=1).mean()


class MeanBinaryCrossEntropy(ReconstructionCost):
    """The binary cross-entropy in nats, summed over features, averaged over examples.

    Examples
    --------
    >>> import numpy as np
    >>> half = pt.as_tensor_variable(np.full((2, 3), 0.5))
    >>> round(float(MeanBinaryCrossEntropy.cost(half, half).eval()), 4)
    2.0794
    """

    @staticmethod
    def cost(target: TensorVariable, output: TensorVariable) -> TensorVariable:
        each = -(target * pt.log(output) + (1.0 - target) * pt.log(1.0 - output))
        return each.sum(axis=1).mean()


class SparseActivation(DefaultDataSpecsMixin, Cost):
    """The Kullback-Leibler divergence of every hidden unit's mean activation from a small one, summed over units.

    Parameters
    ----------
    coeff : float
        Factor on the penalty.
    p : float
        The mean activation that is wanted, above 0 and below 1.

    Notes
    -----
    Sparse autoencoder of A. Ng's lecture notes CS294A. The mean is over the minibatch.

    Examples
    --------
    >>> SparseActivation(coeff=1.0, p=0.05).p
    0.05
    """

    needs, trains = ("encode",), "an autoencoder"

    def __init__(self, coeff: float, p: _Open):
        self.coeff = coeff
        self.p = p

    def expr(self, model: Any, data: TensorVariable, **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        mean = pt.abs(model.encode(data)).mean(axis=0)
        divergence = self.p * pt.log(self.p / mean) + (1.0 - self.p) * pt.log((1.0 - self.p) / (1.0 - mean))
        penalty = self.coeff * divergence.sum()
        # The monitor's channel of a sum of costs bears this name.
        penalty.name = "sparse_activation_penalty"
        return penalty
