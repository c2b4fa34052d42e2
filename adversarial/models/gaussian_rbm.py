"""Restricted Boltzmann machines of real visible units; after Pylearn2's `GaussianBinaryRBM` and `rbm_energy.py`."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, sharedX
from adversarial.models.rbm import RBM, SEED
from adversarial.options import Configurable, Count, NonNegative, OptionError, Positive
from adversarial.random_streams import MRG_RandomStreams


class GRBM_Type_1(Configurable):
    """The energy E(v, h) = -(b_vis v + v W h + b_hid h - v v / 2) / sigma^2, with one sigma for all units.

    Its score, the gradient of the log density, is that of a denoising autoencoder divided by sigma^2.

    Examples
    --------
    >>> rbm = GaussianBinaryRBM(GRBM_Type_1(), nvis=3, nhid=2, irange=0.0, init_bias_hid=-2.0, init_sigma=0.5)
    >>> [f"{value:.6f}" for value in rbm.perform([[0.2, 0.4, 0.6]])[0]]
    ['0.000335', '0.000335']
    """

    def mean_h_given_v(self, rbm: GaussianBinaryRBM, v: Variable) -> TensorVariable:
        """Return P(h = 1 | v)."""
        return pt.sigmoid(rbm.input_to_h_from_v(v) / pt.sqr(rbm.sigma))

    def mean_v_given_h(self, rbm: GaussianBinaryRBM, h: Variable) -> TensorVariable:
        """Return the mean of the visible units given hidden ones."""
        return rbm.input_to_v_from_h(h)

    def free_energy(self, rbm: GaussianBinaryRBM, v: Variable) -> TensorVariable:
        """Return the free energy (examples,) of visible units."""
        variance = pt.sqr(rbm.sigma)
        hidden = pt.softplus(rbm.input_to_h_from_v(v) / variance).sum(axis=1)
        return (0.5 * pt.sqr(v).sum(axis=1) - pt.dot(v, rbm.bias_vis)) / variance - hidden

    def score(self, rbm: GaussianBinaryRBM, v: Variable) -> TensorVariable:
        """Return the gradient of the log density at each example: (what is made of it - itself) / sigma^2."""
        return -(v - self.mean_v_given_h(rbm, self.mean_h_given_v(rbm, v))) / pt.sqr(rbm.sigma)


class GaussianBinaryRBM(RBM):
    """A restricted Boltzmann machine of normally distributed visible units and binary hidden ones.

    Parameters
    ----------
    energy_function_class : GRBM_Type_1
        The energy; in a file of 2014 ``!obj:pylearn2.energy_functions.rbm_energy.grbm_type_1 {}``.
    nvis : int
        Number of visible units.
    nhid : int
        Number of hidden units.
    irange : float, optional
        Weights start uniform in (-irange, irange); at least 0, default .5.
    rng : int or list of int, optional
        Seed of the weights and then of chains; default 1001 as in 2014.
    mean_vis : bool, optional
        Whether the mean stands for a sample of the visible units, default false.
    init_sigma : float, optional
        Standard deviation of the visible units to begin with, above 0, default 2.
    learn_sigma : bool, optional
        Whether it is trained, default false.
    sigma_lr_scale : float, optional
        What is trained is sigma divided by this, so that sigma's learning rate is that of the weights times its square;
        above 0, default 1.
    init_bias_hid : float or array, optional
        Initial biases of hidden units; default 0.
    min_sigma, max_sigma : float, optional
        After each update sigma is brought into this range; default .1 and 10.

    Examples
    --------
    >>> rbm = GaussianBinaryRBM(GRBM_Type_1(), nvis=6, nhid=4, learn_sigma=True)
    >>> [param.name for param in rbm.get_params()]
    ['W', 'bias_vis', 'bias_hid', 'sigma_driver']
    """

    def __init__(
        self,
        energy_function_class: GRBM_Type_1,
        nvis: Count,
        nhid: Count,
        irange: NonNegative = 0.5,
        rng: int | list[int] = SEED,
        mean_vis: bool = False,
        init_sigma: Positive = 2.0,
        learn_sigma: bool = False,
        sigma_lr_scale: Positive = 1.0,
        init_bias_hid: float | list[float] = 0.0,
        min_sigma: Positive = 0.1,
        max_sigma: Positive = 10.0,
    ):
        if min_sigma > max_sigma:
            reason = f"min_sigma is {min_sigma}, but must be at most max_sigma, which is {max_sigma}"
            raise OptionError("GaussianBinaryRBM", "min_sigma", reason)
        super().__init__(nvis, nhid, irange, rng, init_bias_hid=init_bias_hid)
        self.energy = energy_function_class
        self.mean_vis = mean_vis
        self.sigma_lr_scale = float(sigma_lr_scale)
        self.sigma_range = min_sigma / self.sigma_lr_scale, max_sigma / self.sigma_lr_scale
        self.sigma_driver = sharedX(init_sigma / self.sigma_lr_scale, name="sigma_driver")
        if learn_sigma:
            self._params.append(self.sigma_driver)

    @property
    def sigma(self) -> TensorVariable:
        """The standard deviation of each visible unit."""
        return self.sigma_driver * self.sigma_lr_scale

    def mean_h_given_v(self, v: Variable) -> TensorVariable:
        return self.energy.mean_h_given_v(self, v)

    def mean_v_given_h(self, h: Variable) -> TensorVariable:
        return self.energy.mean_v_given_h(self, h)

    def sample_v(self, v_mean: TensorVariable, theano_rng: MRG_RandomStreams) -> TensorVariable:
        if self.mean_vis:
            return v_mean
        return theano_rng.normal(size=v_mean.shape, dtype=floatX()) * self.sigma + v_mean

    def free_energy(self, v: Variable) -> TensorVariable:
        return self.energy.free_energy(self, v)

    def score(self, v: Variable) -> TensorVariable:
        """Return the gradient of the log density at each example, by the visible units."""
        return self.energy.score(self, v)

    def free_energy_given_h(self, h: Variable) -> TensorVariable:
        raise TypeError("the free energy of hidden units is not known where visible ones are real")

    def modify_updates(self, updates: dict[SharedVariable, Any]) -> None:
        if self.sigma_driver in updates:
            updates[self.sigma_driver] = pt.clip(updates[self.sigma_driver], *self.sigma_range)
