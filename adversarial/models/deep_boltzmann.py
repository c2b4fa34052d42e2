"""Deep Boltzmann machines of binary units; after Pylearn2's `models/dbm`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, function, sharedX
from adversarial.datasets.data_specs import DataSpecs
from adversarial.datasets.dataset import Dataset
from adversarial.models.blocks import Block
from adversarial.models.dbm import init_sigmoid_bias_from_marginals
from adversarial.models.layer import activation_channels, norm_channels
from adversarial.options import Configurable, Count, NonNegative, NormLimit, OptionError, Positive
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Space, VectorSpace

#: 2014's seed of the weights, and of the seeds of chains.
SEED = [2012, 10, 17]


class BinaryVector(Configurable):
    """The visible layer of a `DBM`: binary units.

    Parameters
    ----------
    nvis : int
        Number of units.
    bias_from_marginals : Dataset, optional
        Data from 0 to 1 whose means, as logits, the biases start from; default 0.

    Examples
    --------
    >>> BinaryVector(nvis=3).bias.get_value().tolist()
    [0.0, 0.0, 0.0]
    """

    def __init__(self, nvis: Count, bias_from_marginals: Dataset | None = None):
        self.nvis = nvis
        initial = (
            np.zeros(nvis) if bias_from_marginals is None else init_sigmoid_bias_from_marginals(bias_from_marginals)
        )
        if np.shape(initial) != (nvis,):
            reason = f"bias_from_marginals has {len(initial)} features, but nvis is {nvis}"
            raise OptionError("BinaryVector", "bias_from_marginals", reason)
        self.bias = sharedX(initial, name="visible_bias")

    def describe_options(self) -> dict[str, Any]:
        """Return the options for a saved model, which has the biases themselves and not the data that they are of."""
        return {name: value for name, value in self.options.items() if name != "bias_from_marginals"}


class BinaryVectorMaxPool(Configurable):
    """A hidden layer of a `DBM`: binary units.

    Parameters
    ----------
    layer_name : str
        Prefix of the names of its parameters and channels; those of a machine differ.
    detector_layer_dim : int
        Number of units.
    irange : float
        Weights start uniform in (-irange, irange); at least 0.
    pool_size : int, default 1
        2014's number of units that share a pooled one; here only 1, where the layer is its own pool.
    init_bias : float, default 0
        Initial biases.
    include_prob : float, default 1
        Probability that a weight does not start at 0; above 0, at most 1.
    max_col_norm : float, optional
        Largest norm of the weights of a unit, above 0.

    Examples
    --------
    >>> BinaryVectorMaxPool(layer_name="h", detector_layer_dim=4, pool_size=1, irange=0.05, init_bias=-2.0).layer_name
    'h'
    """

    W: TensorSharedVariable

    def __init__(
        self,
        layer_name: str,
        detector_layer_dim: Count,
        irange: NonNegative,
        pool_size: Count = 1,
        init_bias: float = 0.0,
        include_prob: Positive = 1.0,
        max_col_norm: NormLimit | None = None,
    ):
        if pool_size != 1:
            raise OptionError(
                "BinaryVectorMaxPool",
                "pool_size",
                f"pool_size is {pool_size}, but probabilistic max-pooling is out of scope: give 1",
            )
        self.layer_name = layer_name
        self.dim = detector_layer_dim
        self.irange, self.include_prob, self.max_col_norm = irange, include_prob, max_col_norm
        self.b = sharedX(np.zeros(detector_layer_dim) + init_bias, name=f"{layer_name}_b")

    def draw_weights(self, inputs: int, rng: np.random.RandomState) -> None:
        """Make the weights of so many inputs, in the order of draws of 2014."""
        shape = (inputs, self.dim)
        W = rng.uniform(-self.irange, self.irange, shape)
        self.W = sharedX(W * (rng.uniform(0.0, 1.0, shape) < self.include_prob), name=f"{self.layer_name}_W")

    def get_weight_decay(self, coeff: float) -> TensorVariable:
        """Return a coefficient times the sum of the squares of the weights."""
        return coeff * pt.sqr(self.W).sum()

    def linear_response(self, below: Variable) -> TensorVariable:
        """Return what the units receive from the layer below and their biases."""
        return pt.dot(below, self.W) + self.b


class DBM(Block):
    """A deep Boltzmann machine: layers of binary units, each connected to the next; with one, a restricted one.

    Its energy is -b_0 v - sum_l (h_{l-1} W_l h_l + b_l h_l), with h_0 = v.

    Parameters
    ----------
    batch_size : int
        Examples of a minibatch.
    visible_layer : BinaryVector
        The visible layer.
    hidden_layers : list of BinaryVectorMaxPool
        The hidden layers, from the visible one up; at least one.
    niter : int
        Mean-field iterations of inference; with more than one hidden layer, at least 2.

    References
    ----------
    Salakhutdinov and Hinton, *Deep Boltzmann machines*, 2009.

    Examples
    --------
    >>> hidden = BinaryVectorMaxPool(layer_name="h", detector_layer_dim=4, irange=0.05)
    >>> machine = DBM(batch_size=20, visible_layer=BinaryVector(nvis=6), hidden_layers=[hidden], niter=1)
    >>> [param.name for param in machine.get_params()]
    ['visible_bias', 'h_W', 'h_b']
    """

    def __init__(
        self,
        batch_size: Count,
        visible_layer: BinaryVector,
        hidden_layers: list[BinaryVectorMaxPool],
        niter: Count,
    ):
        names = [layer.layer_name for layer in hidden_layers]
        if not names or len(set(names)) < len(names):
            reason = f"hidden_layers are {names}, but must be one or more, each of its own layer_name"
            raise OptionError("DBM", "hidden_layers", reason)
        if len(names) > 1 and niter < 2:
            reason = f"niter is {niter}, but mean-field inference of {len(names)} hidden layers needs 2 or more"
            raise OptionError("DBM", "niter", reason)
        self.force_batch_size = batch_size
        self.visible_layer, self.hidden_layers, self.niter = visible_layer, list(hidden_layers), niter
        self.rng = np.random.RandomState(SEED)
        self.input_space = VectorSpace(visible_layer.nvis)
        self.output_space = VectorSpace(hidden_layers[-1].dim)
        inputs = visible_layer.nvis
        self._params: list[TensorSharedVariable] = [visible_layer.bias]
        for layer in self.hidden_layers:
            layer.draw_weights(inputs, self.rng)
            inputs = layer.dim
            self._params += [layer.W, layer.b]

    def set_batch_size(self, batch_size: int) -> None:
        self.force_batch_size = batch_size

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        for layer in self.hidden_layers:
            if layer.max_col_norm is not None and layer.W in updates:
                W: Any = updates[layer.W]
                norms = pt.sqrt(pt.sqr(W).sum(axis=0))
                updates[layer.W] = W * (pt.clip(norms, 0, layer.max_col_norm) / (1e-7 + norms))

    def _input_of(self, number: int, states: list[Any]) -> TensorVariable:
        """What layer `number` of `states`, the visible one first, receives from the layers at its sides."""
        received: TensorVariable = self.visible_layer.bias
        if number > 0:
            received = self.hidden_layers[number - 1].linear_response(states[number - 1])
        if number < len(self.hidden_layers):
            received = pt.dot(states[number + 1], self.hidden_layers[number].W.T) + received
        return received

    def mf(self, v: Variable) -> list[TensorVariable]:
        """Return the mean-field means of each hidden layer given visible units, each (examples, units).

        The first pass goes up with weights doubled in all but the topmost layer, which stand for what is not known
        yet from above; then even and odd layers take turns.
        """
        states: list[Any] = [v]
        for layer in self.hidden_layers[:-1]:
            states.append(pt.sigmoid(layer.linear_response(2.0 * states[-1])))
        states.append(pt.sigmoid(self.hidden_layers[-1].linear_response(states[-1])))
        depth = len(self.hidden_layers)
        for _ in range(1, self.niter if depth > 1 else 1):
            for number in [*range(1, depth + 1, 2), *range(2, depth + 1, 2)]:
                states[number] = pt.sigmoid(self._input_of(number, states))
        return states[1:]

    def energy(self, states: list[Variable]) -> TensorVariable:
        """Return the energy (examples,) of the states of all layers, or of means of independent units the mean energy.

        Parameters
        ----------
        states : list
            The visible units and those of each hidden layer, each (examples, units).

        Returns
        -------
        TensorVariable
            The energy of each example.
        """
        total = -pt.dot(states[0], self.visible_layer.bias)
        for layer, below, state in zip(self.hidden_layers, states, states[1:], strict=False):
            total = total + (-pt.dot(state, layer.b) - (pt.dot(below, layer.W) * state).sum(axis=1))
        return total

    def gibbs_step(self, states: list[Any], theano_rng: MRG_RandomStreams) -> list[TensorVariable]:
        """Sample hidden layers 1, 3, ..., then the visible one and 2, 4, ..., each given its neighbours."""
        states = list(states)
        for number in [*range(1, len(states), 2), *range(0, len(states), 2)]:
            states[number] = _sampled(pt.sigmoid(self._input_of(number, states)), theano_rng)
        return states

    def make_chains(self, chains: int) -> list[TensorSharedVariable]:
        """Return states of all layers, each (chains, units), drawn as if layers were not connected."""
        visible, bias = self.visible_layer, self.visible_layer.bias.get_value()
        drawn = self.rng.uniform(0.0, 1.0, (chains, visible.nvis)) < 1.0 / (1.0 + np.exp(-bias))
        states = [sharedX(drawn, name="v_chains")]
        for layer in self.hidden_layers:
            theano_rng = MRG_RandomStreams(int(self.rng.randint(2**16)))
            means = pt.sigmoid(pt.zeros((chains, layer.dim), dtype=floatX()) + layer.b)
            states.append(sharedX(function([], _sampled(means, theano_rng))(), name=f"{layer.layer_name}_chains"))
        return states

    def __call__(self, inputs: TensorVariable) -> TensorVariable:
        return self.mf(inputs)[-1]

    def visible_space(self) -> Space:
        """Return the space of an example."""
        return self.get_input_space()

    def chain_start(self, visible: TensorVariable, theano_rng: MRG_RandomStreams) -> list[TensorVariable]:
        """Return the state of chains: visible units, and those of hidden layers 2, 4, ... by their mean-field means."""
        return [visible, *self.mf(visible)[1::2]]

    def chain_step(
        self, state: list[TensorVariable], theano_rng: MRG_RandomStreams
    ) -> tuple[TensorVariable, list[TensorVariable]]:
        """Take a step of `gibbs_step`; see `chains.ChainModel`."""
        states: list[Any] = [None] * (len(self.hidden_layers) + 1)
        states[::2] = state
        after = self.gibbs_step(states, theano_rng)
        return pt.sigmoid(self._input_of(0, after)), after[::2]

    def get_monitoring_data_specs(self) -> DataSpecs:
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: TensorVariable) -> dict[str, TensorVariable]:
        channels: dict[str, TensorVariable] = {}
        for layer, means in zip(self.hidden_layers, self.mf(data), strict=True):
            channels |= {f"{layer.layer_name}_{name}": value for name, value in norm_channels(layer.W).items()}
            channels |= activation_channels(means, f"mf_{layer.layer_name}_", ".")
        return channels

    def get_weights(self) -> np.ndarray:
        return self.hidden_layers[0].W.get_value()

    def get_weights_format(self) -> tuple[str, str]:
        return "v", "h"


def _sampled(means: TensorVariable, theano_rng: MRG_RandomStreams) -> TensorVariable:
    """Binary units of these means."""
    return pt.cast(theano_rng.uniform(size=means.shape, dtype=floatX()) < means, floatX())
