"""Restricted Boltzmann machines and their chains; after Pylearn2's `models/rbm.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, function, sharedX
from adversarial.datasets.data_specs import DataSpecs
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.models.blocks import Block
from adversarial.options import Count, NonNegative, OptionError, Positive
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Space, VectorSpace

#: 2014's seed of the weights, and of the stream of the monitor.
SEED, MONITOR_SEED = 1001, 42


class GibbsStep(NamedTuple):
    """What one round of block Gibbs sampling makes of visible units, each (examples, units)."""

    h_mean: TensorVariable
    h_sample: TensorVariable
    v_mean: TensorVariable
    v_sample: TensorVariable


class RBM(Block):
    """A restricted Boltzmann machine of binary units: E(v, h) = -v W h - b_vis v - b_hid h.

    Parameters
    ----------
    nvis : int
        Number of visible units.
    nhid : int
        Number of hidden units.
    irange : float, optional
        Weights start uniform in (-irange, irange); at least 0, default .5.
    rng : int or list of int, optional
        Seed of the numpy RandomState that draws weights, and then seeds of chains; default 1001 as in 2014.
    init_bias_vis : float or array, optional
        Initial biases of visible units, a number or one for each; default 0.
    init_bias_vis_marginals : Dataset, optional
        Data in [0, 1] whose means, as logits, the visible biases start from; instead of init_bias_vis.
    init_bias_hid : float or array, optional
        Initial biases of hidden units; default 0.
    base_lr : float, optional
        Learning rate of `train_batch`, above 0, default .001.
    anneal_start : float, optional
        From this update on the rate of `train_batch` is at most ``anneal_start / updates``; default: it stays.
    nchains : int, optional
        Persistent chains of `train_batch`, default 100.
    sml_gibbs_steps : int, optional
        Gibbs steps of each chain in an update of `train_batch`, default 1.

    Examples
    --------
    >>> rbm = RBM(nvis=6, nhid=4, irange=0.1)
    >>> [param.name for param in rbm.get_params()]
    ['W', 'bias_vis', 'bias_hid']
    """

    def __init__(
        self,
        nvis: Count,
        nhid: Count,
        irange: NonNegative = 0.5,
        rng: int | list[int] = SEED,
        init_bias_vis: float | list[float] | np.ndarray | None = None,
        init_bias_vis_marginals: Dataset | None = None,
        init_bias_hid: float | list[float] | np.ndarray = 0.0,
        base_lr: Positive = 1e-3,
        anneal_start: Positive | None = None,
        nchains: Count = 100,
        sml_gibbs_steps: Count = 1,
    ):
        if init_bias_vis_marginals is not None:
            if init_bias_vis is not None:
                reason = "init_bias_vis and init_bias_vis_marginals say the same thing; give one of them"
                raise OptionError("RBM", "init_bias_vis", reason)
            init_bias_vis = _logits_of_marginals(init_bias_vis_marginals.get_design_matrix())
        self.rng = np.random.RandomState(rng)
        self.input_space = VectorSpace(nvis)
        self.output_space = VectorSpace(nhid)
        self.weights = sharedX(self.rng.uniform(-irange, irange, (nvis, nhid)), name="W")
        self.bias_vis = _bias("bias_vis", nvis, 0.0 if init_bias_vis is None else init_bias_vis)
        self.bias_hid = _bias("bias_hid", nhid, init_bias_hid)
        self._params: list[TensorSharedVariable] = [self.weights, self.bias_vis, self.bias_hid]
        self.base_lr, self.anneal_start = base_lr, anneal_start
        self.nchains, self.sml_gibbs_steps = nchains, sml_gibbs_steps
        self._learn: Callable | None = None

    def describe_options(self) -> dict[str, Any]:
        """Return the options for a saved model, which has the biases themselves and not the data that they are of."""
        return {name: value for name, value in self.options.items() if name != "init_bias_vis_marginals"}

    def input_to_h_from_v(self, v: Variable) -> TensorVariable:
        """Return what hidden units receive from visible ones: v W + b_hid."""
        return self.bias_hid + pt.dot(v, self.weights)

    def input_to_v_from_h(self, h: Variable) -> TensorVariable:
        """Return what visible units receive from hidden ones: h W^T + b_vis."""
        return self.bias_vis + pt.dot(h, self.weights.T)

    def mean_h_given_v(self, v: Variable) -> TensorVariable:
        """Return P(h = 1 | v)."""
        return pt.sigmoid(self.input_to_h_from_v(v))

    def mean_v_given_h(self, h: Variable) -> TensorVariable:
        """Return P(v = 1 | h)."""
        return pt.sigmoid(self.input_to_v_from_h(h))

    def __call__(self, inputs: Variable) -> TensorVariable:
        return self.mean_h_given_v(inputs)

    def upward_pass(self, inputs: Variable) -> TensorVariable:
        """Return P(h = 1 | v), as `PretrainedLayer` calls it."""
        return self.mean_h_given_v(inputs)

    def gibbs_step_for_v(self, v: Variable, theano_rng: MRG_RandomStreams) -> GibbsStep:
        """Sample hidden units given visible ones, then visible ones given those."""
        h_mean = self.mean_h_given_v(v)
        h_sample = pt.cast(theano_rng.uniform(size=h_mean.shape, dtype=floatX()) < h_mean, floatX())
        v_mean = self.mean_v_given_h(h_sample)
        return GibbsStep(h_mean, h_sample, v_mean, self.sample_v(v_mean, theano_rng))

    def sample_v(self, v_mean: TensorVariable, theano_rng: MRG_RandomStreams) -> TensorVariable:
        """Sample visible units given their means."""
        return pt.cast(theano_rng.uniform(size=v_mean.shape, dtype=floatX()) < v_mean, floatX())

    def visible_space(self) -> Space:
        """Return the space of an example."""
        return self.get_input_space()

    def chain_start(self, visible: TensorVariable, theano_rng: MRG_RandomStreams) -> list[TensorVariable]:
        """Return the state of chains: visible units."""
        return [visible]

    def chain_step(
        self, state: list[TensorVariable], theano_rng: MRG_RandomStreams
    ) -> tuple[TensorVariable, list[TensorVariable]]:
        """Take a round of block Gibbs sampling; see `chains.ChainModel`."""
        step = self.gibbs_step_for_v(state[0], theano_rng)
        return step.v_mean, [step.v_sample]

    def free_energy(self, v: Variable) -> TensorVariable:
        """Return the free energy (examples,) of visible units: -log of the sum of exp(-E) over hidden ones."""
        return -pt.dot(v, self.bias_vis) - pt.softplus(self.input_to_h_from_v(v)).sum(axis=1)

    def free_energy_given_h(self, h: Variable) -> TensorVariable:
        """Return the free energy (examples,) of hidden units, visible ones summed out."""
        return -pt.dot(h, self.bias_hid) - pt.softplus(self.input_to_v_from_h(h)).sum(axis=1)

    def reconstruction_error(self, v: Variable, theano_rng: MRG_RandomStreams) -> TensorVariable:
        """Return the squared error of P(v | h), h sampled given v: summed over units, averaged over examples."""
        return pt.sqr(self.gibbs_step_for_v(v, theano_rng).v_mean - v).sum(axis=1).mean()

    def ml_gradients(self, pos_v: Variable, neg_v: Variable) -> list[TensorVariable]:
        """Return the gradients, in the order of `get_params`, of the mean free energy of data less that of particles.

        Both are taken for constants, and may have different numbers of examples.
        """
        objective = self.free_energy(pos_v).mean() - self.free_energy(neg_v).mean()
        gradients = pytensor.grad(
            objective, self.get_params(), consider_constant=[pos_v, neg_v], disconnected_inputs="ignore"
        )
        return cast(list[TensorVariable], gradients)

    def train_batch(self, dataset: DenseDesignMatrix, batch_size: int) -> bool:
        """Learn from a random batch by stochastic maximum likelihood, as before there were costs.

        Parameters
        ----------
        dataset : DenseDesignMatrix
            Draws the batch: `get_batch_design`.
        batch_size : int
            How many examples.

        Returns
        -------
        bool
            True: to be called again; see `DefaultTrainingAlgorithm`.
        """
        (learn,) = self.training_functions()
        learn(dataset.get_batch_design(batch_size))
        return True

    def training_functions(self) -> list[Callable]:
        """Return the compiled function of `train_batch`, with its chains, which start at .5 as in 2014."""
        if self._learn is None:
            batch = self.get_input_space().make_theano_batch(name="minibatch")
            start = np.full((self.nchains, self.get_input_space().get_total_dimension()), 0.5)
            sampler = BlockGibbsSampler(self, start, self.rng, self.sml_gibbs_steps)
            rate, updates = self._annealed_rate()
            gradients = self.ml_gradients(batch, sampler.particles)
            updates |= {param: param - rate * grad for param, grad in zip(self._params, gradients, strict=True)}
            self._learn = function([batch], updates=updates | sampler.updates(), name="learn")
        return [self._learn]

    def _annealed_rate(self) -> tuple[Variable, dict[SharedVariable, Variable]]:
        """Return min(base_lr, anneal_start / update), updates counted from 1, and the update of that count."""
        if self.anneal_start is None:
            return pt.constant(self.base_lr, dtype=floatX()), {}
        count = sharedX(0.0, name="iter")
        rate = pt.minimum(pt.cast(self.anneal_start, floatX()) / (count + 1), pt.cast(self.base_lr, floatX()))
        return rate, {count: count + 1}

    def get_monitoring_data_specs(self) -> DataSpecs:
        return self.get_input_space(), self.get_input_source()

    def get_monitoring_channels(self, data: TensorVariable) -> dict[str, TensorVariable]:
        activity = self.mean_h_given_v(data).mean(axis=0)
        channels: dict[str, TensorVariable] = {}
        for name, values in (("bias_hid", self.bias_hid), ("bias_vis", self.bias_vis), ("h", activity)):
            channels |= {f"{name}_min": values.min(), f"{name}_mean": values.mean(), f"{name}_max": values.max()}
        channels["reconstruction_error"] = self.reconstruction_error(data, MRG_RandomStreams(MONITOR_SEED))
        return channels

    def get_weights(self) -> np.ndarray:
        return self.weights.get_value()

    def get_weights_format(self) -> tuple[str, str]:
        return "v", "h"


class BlockGibbsSampler:
    """Chains of an RBM that go on from update to update.

    Parameters
    ----------
    rbm : RBM
        The machine; its parameters as they are at each step.
    particles : array
        Where the chains start, (chains, visible units).
    rng : numpy.random.RandomState
        Draws the seed of the chains' stream.
    steps : int, optional
        Gibbs steps between two updates, default 1.
    """

    def __init__(self, rbm: RBM, particles: np.ndarray, rng: np.random.RandomState, steps: int = 1):
        self.rbm = rbm
        self.steps = steps
        self.theano_rng = MRG_RandomStreams(int(rng.randint(2**30)))
        self.particles = sharedX(particles, name="particles")

    def updates(self) -> dict[SharedVariable, Variable]:
        """Return the update that moves every chain by `steps` steps; each call takes variates of its own."""
        particles: Any = self.particles
        for _ in range(self.steps):
            particles = self.rbm.gibbs_step_for_v(particles, self.theano_rng).v_sample
        return {self.particles: particles}


def _bias(name: str, units: int, initial: float | list[float] | np.ndarray) -> TensorSharedVariable:
    values = np.asarray(initial, dtype=float)
    if values.shape not in ((), (units,)):
        reason = f"init_{name} has shape {values.shape}, but must be a number or one for each of {units} units"
        raise OptionError("RBM", f"init_{name}", reason)
    return sharedX(np.zeros(units) + values, name=name)


def _logits_of_marginals(X: np.ndarray) -> np.ndarray:
    if X.min() < 0 or X.max() > 1:
        reason = f"init_bias_vis_marginals has values from {X.min():g} to {X.max():g}, but must be from 0 to 1"
        raise OptionError("RBM", "init_bias_vis_marginals", reason)
    means = 0.01 + 0.98 * X.mean(axis=0)
    return np.log(means) - np.log(1.0 - means)
