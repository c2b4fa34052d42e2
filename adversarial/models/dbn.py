"""Deep belief nets: a restricted Boltzmann machine on the codes of others, trained layer by layer."""

from __future__ import annotations

import numpy as np
from pytensor.tensor.variable import TensorVariable

from adversarial.models.blocks import codes_of
from adversarial.models.model import Model
from adversarial.models.rbm import RBM, SEED
from adversarial.options import Count, NonNegative
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Space


class DBN(RBM):
    """A deep belief net (Hinton, Osindero and Teh, 2006): its top machine, with those below it that are trained.

    It is the restricted Boltzmann machine at the top, and trained as one, on a `TransformerDataset` of those below.
    Its samples are visible: Gibbs steps in the top machine, then means down through the others.

    Parameters
    ----------
    below : list of RBM
        The machines below, from the visible layer up; each reads the codes of the one below. They stay as they are.
    nhid : int
        Number of hidden units at the top.
    irange : float, optional
        Weights start uniform in (-irange, irange); at least 0, default .5.
    rng : int or list of int, optional
        Seed of the numpy RandomState that draws the weights; default 1001 as that of `RBM`.
    init_bias_vis, init_bias_hid : float or array, optional
        Initial biases, a number or one for each unit; default 0.

    Examples
    --------
    >>> net = DBN(below=[RBM(nvis=6, nhid=4)], nhid=3, irange=0.1)
    >>> net.get_input_space(), net.visible_space()
    (VectorSpace(4), VectorSpace(6))
    """

    def __init__(
        self,
        below: list[RBM],
        nhid: Count,
        irange: NonNegative = 0.5,
        rng: int | list[int] = SEED,
        init_bias_vis: float | list[float] | np.ndarray = 0.0,
        init_bias_hid: float | list[float] | np.ndarray = 0.0,
    ):
        super().__init__(codes_of("DBN", below), nhid, irange, rng, init_bias_vis, init_bias_hid=init_bias_hid)
        self.below = list(below)

    def _named_parts(self) -> dict[str, Model]:
        return {"": self} | {f"below{number}/": machine for number, machine in enumerate(self.below)}

    def visible_space(self) -> Space:
        """Return the space of an example."""
        return self.below[0].get_input_space()

    def chain_start(self, visible: TensorVariable, theano_rng: MRG_RandomStreams) -> list[TensorVariable]:
        """Return the state of chains: the visible units of the top machine, means given the examples."""
        for machine in self.below:
            visible = machine.mean_h_given_v(visible)
        return [visible]

    def chain_step(
        self, state: list[TensorVariable], theano_rng: MRG_RandomStreams
    ) -> tuple[TensorVariable, list[TensorVariable]]:
        """Take a round of block Gibbs sampling in the top machine; see `chains.ChainModel`."""
        means, after = super().chain_step(state, theano_rng)
        for machine in reversed(self.below):
            means = machine.mean_v_given_h(means)
        return means, after
