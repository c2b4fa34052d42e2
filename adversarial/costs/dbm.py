"""How deep Boltzmann machines learn; after Pylearn2's `costs/dbm.py`."""

from __future__ import annotations

import functools
import operator
from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.cost import Cost, DefaultDataSpecsMixin, Gradients, NullDataSpecsMixin, Updates, gradients_of
from adversarial.models.deep_boltzmann import DBM
from adversarial.options import Count, Fraction, OptionError
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Batch

#: 2014's seed of the chains.
SEED = 2012 + 10 + 14


class VariationalPCD(DefaultDataSpecsMixin, Cost):
    """The variational bound on the log-likelihood: mean field at the data, and chains for the partition function.

    It has no value itself, only a gradient. With one hidden layer the bound is exact.

    Parameters
    ----------
    num_chains : int
        Number of chains.
    num_gibbs_steps : int
        Gibbs steps of each chain between two updates.

    References
    ----------
    Salakhutdinov and Hinton, *Deep Boltzmann machines*, 2009.

    Examples
    --------
    >>> VariationalPCD(num_chains=100, num_gibbs_steps=5).num_chains
    100
    """

    needs, trains = ("mf", "energy", "gibbs_step", "make_chains"), "a DBM"

    def __init__(self, num_chains: Count, num_gibbs_steps: Count):
        self.num_chains = num_chains
        self.num_gibbs_steps = num_gibbs_steps
        self.theano_rng = MRG_RandomStreams(SEED)
        self.chains: list[TensorSharedVariable] | None = None

    def expr(self, model: DBM, data: TensorVariable, **kwargs: Any) -> None:
        return None

    def get_gradients(self, model: DBM, data: TensorVariable, **kwargs: Any) -> tuple[Gradients, Updates]:
        params = model.get_params()
        means: list[Any] = [data, *model.mf(data)]
        positive = gradients_of(model.energy(means).mean(), params, consider_constant=means[1:])
        if self.chains is None:
            self.chains = model.make_chains(self.num_chains)
        states: list[Any] = list(self.chains)
        for _ in range(self.num_gibbs_steps):
            states = model.gibbs_step(states, self.theano_rng)
        negative = gradients_of(-model.energy(states).mean(), params, consider_constant=states)
        sums: Gradients = {param: down + up for param, down, up in zip(params, negative, positive, strict=True)}
        return sums, dict(zip(self.chains, states, strict=True))


class WeightDecay(NullDataSpecsMixin, Cost):
    """The sum over hidden layers of a coefficient times the sum of the squares of the layer's weights.

    Parameters
    ----------
    coeffs : list of float
        A coefficient for each hidden layer, from the visible one up.

    Examples
    --------
    >>> WeightDecay(coeffs=[0.0001]).coeffs
    [0.0001]
    """

    needs, trains = ("hidden_layers",), "a DBM"

    def __init__(self, coeffs: list[float]):
        self.coeffs = [float(coeff) for coeff in coeffs]

    def expr(self, model: DBM, data: Batch | None, **kwargs: Any) -> TensorVariable:
        terms = [
            layer.get_weight_decay(coeff)
            for layer, coeff in _each("WeightDecay", "coeffs", self.coeffs, model)
            if coeff != 0
        ]
        total = functools.reduce(operator.add, terms) if terms else pt.as_tensor_variable(0.0)
        # The monitor's channel of a sum of costs bears this name.
        total.name = "weight_decay"
        return total


class TorontoSparsity(DefaultDataSpecsMixin, Cost):
    """The squared distance of units' mean activity from a target, with the gradient that Salakhutdinov's code took.

    The value is, summed over layers, a coefficient times the mean over units of (mean over examples of mean-field means
    - target)^2. Its gradient goes from the means to the parameters as if units were linear in the layer below.

    Parameters
    ----------
    targets : list of float
        A target, from 0 to 1, for each hidden layer, from the visible one up.
    coeffs : list of float
        A coefficient for each hidden layer.

    Examples
    --------
    >>> TorontoSparsity(targets=[0.2], coeffs=[0.001]).targets
    [0.2]
    """

    needs, trains = ("mf", "hidden_layers"), "a DBM"

    def __init__(self, targets: list[Fraction], coeffs: list[float]):
        self.targets = [float(target) for target in targets]
        self.coeffs = [float(coeff) for coeff in coeffs]

    def _terms(self, model: DBM, data: TensorVariable) -> tuple[list[TensorVariable], list[TensorVariable]]:
        """The mean-field means of each hidden layer, and its term."""
        means = model.mf(data)
        _each("TorontoSparsity", "targets", self.targets, model)
        _each("TorontoSparsity", "coeffs", self.coeffs, model)
        weighed = zip(means, self.targets, self.coeffs, strict=True)
        return means, [pt.sqr(mean.mean(axis=0) - target).mean() * coeff for mean, target, coeff in weighed]

    def expr(self, model: DBM, data: TensorVariable, **kwargs: Any) -> TensorVariable:
        return functools.reduce(operator.add, self._terms(model, data)[1])

    def get_gradients(self, model: DBM, data: TensorVariable, **kwargs: Any) -> tuple[Gradients, Updates]:
        means, terms = self._terms(model, data)
        found: Gradients = {}
        for layer, below, mean, term in zip(model.hidden_layers, [data, *means], means, terms, strict=False):
            (wanted,) = gradients_of(term, [mean])
            response = layer.linear_response(below)
            params = [layer.W, layer.b]
            objective = (response * wanted).sum()
            found |= dict(zip(params, gradients_of(objective, params, consider_constant=[below, wanted]), strict=True))
        return found, {}


def _each(owner: str, option: str, values: list[float], model: DBM) -> list[tuple[Any, float]]:
    """The hidden layers of a machine, each with its own of `values`."""
    if len(values) != len(model.hidden_layers):
        layers = f"{len(model.hidden_layers)} hidden layer{'s' * (len(model.hidden_layers) != 1)}"
        numbers = f"{len(values)} number{'s' * (len(values) != 1)}"
        reason = f"{option} has {numbers}, but the DBM has {layers}"
        raise OptionError(owner, option, reason)
    return list(zip(model.hidden_layers, values, strict=True))
