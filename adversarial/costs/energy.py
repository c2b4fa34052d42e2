"""How Boltzmann machines learn: contrastive divergence, stochastic maximum likelihood; Pylearn2's ebm_estimation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.cost import Cost, DefaultDataSpecsMixin, Gradients, Updates, gradients_of
from adversarial.datasets.data_specs import DataSpecs
from adversarial.models.corruption import Corruptor, GaussianCorruptor
from adversarial.models.rbm import RBM, BlockGibbsSampler
from adversarial.options import Count, OptionError
from adversarial.random_streams import MRG_RandomStreams


class _EnergyCost(Cost):
    """A cost whose gradient is that of a difference of free energies, and that has no value itself."""

    needs, trains = ("free_energy", "gibbs_step_for_v"), "an RBM or a GaussianBinaryRBM"

    def expr(self, model: RBM, data: TensorVariable, **kwargs: Any) -> None:
        return None

    def get_data_specs(self, model: RBM) -> DataSpecs:
        return model.get_input_space(), model.get_input_source()


def _free_energy_gradients(model: RBM, data: TensorVariable, particles: Variable) -> Gradients:
    return dict(zip(model.get_params(), model.ml_gradients(data, particles), strict=True))


class CDk(_EnergyCost):
    """Contrastive divergence: the negative phase starts at the data and takes a few Gibbs steps.

    Parameters
    ----------
    nsteps : int
        Gibbs steps, at least 1.
    seed : int, optional
        Of the stream that samples units, default 42.

    References
    ----------
    Hinton, *Training products of experts by minimizing contrastive divergence*, 2002.

    Examples
    --------
    >>> CDk(nsteps=1).nsteps
    1
    """

    def __init__(self, nsteps: Count, seed: int = 42):
        self.nsteps = nsteps
        self.theano_rng = MRG_RandomStreams(seed)

    def get_gradients(self, model: RBM, data: TensorVariable, **kwargs: Any) -> tuple[Gradients, Updates]:
        particles = data
        for _ in range(self.nsteps):
            particles = model.gibbs_step_for_v(particles, self.theano_rng).v_sample
        return _free_energy_gradients(model, data, particles), {}


class SML(_EnergyCost):
    """Stochastic maximum likelihood (persistent contrastive divergence): the negative phase is a chain that goes on.

    Parameters
    ----------
    batch_size : int
        Number of chains. All start at .5.
    nsteps : int
        Gibbs steps of each chain between two updates, at least 1.

    References
    ----------
    Younes 1998; Tieleman, *Training restricted Boltzmann machines using approximations to the likelihood
    gradient*, 2008.

    Examples
    --------
    >>> SML(batch_size=20, nsteps=2).nchains
    20
    """

    def __init__(self, batch_size: Count, nsteps: Count):
        self.nchains = batch_size
        self.nsteps = nsteps
        self.sampler: BlockGibbsSampler | None = None

    def get_gradients(self, model: RBM, data: TensorVariable, **kwargs: Any) -> tuple[Gradients, Updates]:
        if self.sampler is None:
            start = np.full((self.nchains, model.get_input_space().get_total_dimension()), 0.5)
            self.sampler = BlockGibbsSampler(model, start, model.rng, self.nsteps)
        # 2014's code built the chain's updates twice and used the second: the first draws its variates all the same.
        self.sampler.updates()
        gradients = _free_energy_gradients(model, data, self.sampler.particles)
        return gradients, self.sampler.updates()


class SMD(DefaultDataSpecsMixin, Cost):
    """Denoising score matching: the model's score of a corrupted example is to be that of the noise around the example.

    Parameters
    ----------
    corruptor : GaussianCorruptor
        The noise.

    Notes
    -----
    Eq. 4.3 of the paper below, with the mean of squares over features for half their sum, as in 2014.

    References
    ----------
    Vincent, *A connection between score matching and denoising autoencoders*, 2011.

    Examples
    --------
    >>> SMD(GaussianCorruptor(stdev=0.4)).corruptor.corruption_level
    0.4
    """

    needs, trains = ("score",), "a GaussianBinaryRBM"

    def __init__(self, corruptor: Corruptor):
        if not isinstance(corruptor, GaussianCorruptor):
            reason = f"corruptor is a {type(corruptor).__name__}, but the density of its noise must be known: "
            raise OptionError("SMD", "corruptor", f"{reason}give a GaussianCorruptor")
        self.corruptor = corruptor

    def expr(self, model: Any, data: TensorVariable, **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        corrupted = self.corruptor(data)
        score = model.score(corrupted)
        (wanted,) = gradients_of(-self.corruptor.corruption_free_energy(corrupted, data).sum(), [corrupted])
        value = pt.sqr(score - wanted).mean()
        # The monitor's channel of a sum of costs bears this name.
        value.name = f"SMD({data.name or 'X'})"
        return value
