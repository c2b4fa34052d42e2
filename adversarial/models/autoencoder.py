"""Autoencoders, plain, denoising and contractive; after Pylearn2's `models/autoencoder.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, cast

import numpy as np
import pytensor
import pytensor.tensor as pt
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, sharedX
from adversarial.datasets.data_specs import DataSpecs
from adversarial.models.blocks import Block, codes_of
from adversarial.models.corruption import Corruptor
from adversarial.models.model import Model
from adversarial.options import Count, NonNegative
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Space, VectorSpace

#: 2014's seed of the weights.
SEED = 9001

Activation = Literal["linear", "sigmoid", "tanh", "softplus"]
_ACTIVATIONS: dict[str, Callable[[TensorVariable], TensorVariable]] = {
    "linear": lambda x: x,
    "sigmoid": pt.sigmoid,
    "tanh": pt.tanh,
    "softplus": pt.softplus,
}


class Autoencoder(Block):
    """An affine encoder and an affine decoder, each followed by a fixed function of single values.

    Parameters
    ----------
    nvis : int
        Number of visible units: features of an example.
    nhid : int
        Number of hidden units.
    act_enc : {'linear', 'sigmoid', 'tanh', 'softplus'} or None
        Function of the encoder; None is linear.
    act_dec : {'linear', 'sigmoid', 'tanh', 'softplus'} or None
        Function of the decoder; None is linear.
    tied_weights : bool, optional
        Whether the decoder's weights are the encoder's, transposed; default false.
    irange : float, optional
        Width of the interval around 0 from which weights are drawn, at least 0, default .001: half the range that
        other models of Pylearn2 give that name.
    rng : int or list of int, optional
        Seed of the numpy RandomState that draws the weights, default 9001 as in 2014.

    Notes
    -----
    The code is h = act_enc(x W + hb), the reconstruction act_dec(h W' + vb).

    Examples
    --------
    >>> autoencoder = Autoencoder(nvis=6, nhid=4, act_enc="sigmoid", act_dec="sigmoid", tied_weights=True)
    >>> [param.name for param in autoencoder.get_params()]
    ['vb', 'hb', 'W']
    """

    def __init__(
        self,
        nvis: Count,
        nhid: Count,
        act_enc: Activation | None,
        act_dec: Activation | None,
        tied_weights: bool = False,
        irange: NonNegative = 1e-3,
        rng: int | list[int] = SEED,
    ):
        self.input_space = VectorSpace(nvis)
        self.output_space = VectorSpace(nhid)
        self.act_enc = _ACTIVATIONS[act_enc or "linear"]
        self.act_dec = _ACTIVATIONS[act_dec or "linear"]
        self.rng = np.random.RandomState(rng)
        self.hidbias = sharedX(np.zeros(nhid), name="hb")
        self.visbias = sharedX(np.zeros(nvis), name="vb")
        self.weights = self._drawn("W", (nvis, nhid), irange)
        self._params: list[TensorSharedVariable] = [self.visbias, self.hidbias, self.weights]
        # 2014 drew a seed here for a stream that nothing used.
        self.rng.randint(2**30)
        self.w_prime: TensorVariable = self.weights.T
        if not tied_weights:
            untied = self._drawn("Wprime", (nhid, nvis), irange)
            self._params.append(untied)
            self.w_prime = untied

    def _drawn(self, name: str, shape: tuple[int, int], irange: float) -> TensorSharedVariable:
        return sharedX((0.5 - self.rng.rand(*shape)) * irange, name=name)

    def _hidden_input(self, x: TensorVariable) -> TensorVariable:
        return self.hidbias + pt.dot(x, self.weights)

    def encode(self, inputs: TensorVariable) -> TensorVariable:
        """Return the codes (examples, nhid) of inputs (examples, nvis)."""
        return self.act_enc(self._hidden_input(inputs))

    def decode(self, hiddens: TensorVariable) -> TensorVariable:
        """Return the reconstructions (examples, nvis) of codes (examples, nhid)."""
        return self.act_dec(self.visbias + pt.dot(hiddens, self.w_prime))

    def reconstruct(self, inputs: TensorVariable) -> TensorVariable:
        """Return what the decoder makes of the code of the inputs."""
        return self.decode(self.encode(inputs))

    def __call__(self, inputs: TensorVariable) -> TensorVariable:
        return self.encode(inputs)

    def upward_pass(self, inputs: TensorVariable) -> TensorVariable:
        """Return the codes, as `PretrainedLayer` calls them."""
        return self.encode(inputs)

    def get_weights(self) -> np.ndarray:
        return self.weights.get_value()

    def get_weights_format(self) -> tuple[str, str]:
        return "v", "h"


class DenoisingAutoencoder(Autoencoder):
    """An autoencoder that reconstructs an example from a corrupted one (Vincent et al., 2008).

    Parameters
    ----------
    corruptor : Corruptor
        The noise on its input.
    **kwargs : dict
        Options of `Autoencoder`.

    Examples
    --------
    >>> from adversarial.models.corruption import BinomialCorruptor
    >>> noise = BinomialCorruptor(corruption_level=0.5)
    >>> DenoisingAutoencoder(corruptor=noise, nvis=6, nhid=4, act_enc="tanh", act_dec=None).get_input_space()
    VectorSpace(6)
    """

    def __init__(self, corruptor: Corruptor, **kwargs: Any):
        super().__init__(**kwargs)
        self.corruptor = corruptor

    def reconstruct(self, inputs: TensorVariable) -> TensorVariable:
        return super().reconstruct(self.corruptor(inputs))


class ContractiveAutoencoder(Autoencoder):
    """An autoencoder whose cost can punish how far codes move with their inputs (Rifai et al., 2011).

    The penalty is a cost of its own: ``MethodCost { method: 'contraction_penalty' }``.

    Parameters
    ----------
    sampling_stdev : float, optional
        Standard deviation, at least 0, of the noise on codes in a step of the sampling chain; default 1, as in the
        code of Rifai et al. (2012).
    **kwargs : dict
        Options of `Autoencoder`.

    Examples
    --------
    >>> ContractiveAutoencoder(nvis=6, nhid=4, act_enc="sigmoid", act_dec="sigmoid").get_output_space()
    VectorSpace(4)
    """

    def __init__(self, sampling_stdev: NonNegative = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.sampling_stdev = sampling_stdev

    def _activation_grad(self, inputs: TensorVariable) -> TensorVariable:
        """Differentiate every code by its own input: (examples, nhid)."""
        acts = self._hidden_input(inputs)
        return cast(TensorVariable, pytensor.grad(self.act_enc(acts).sum(), acts))

    def jacobian_h_x(self, inputs: TensorVariable) -> TensorVariable:
        """Return the Jacobian of the code for each example: (examples, nvis, nhid)."""
        return self.weights * self._activation_grad(inputs).dimshuffle(0, "x", 1)

    def contraction_penalty(self, data: TensorVariable) -> TensorVariable:
        """Return the squared Frobenius norm of the Jacobian, averaged over examples."""
        norms = pt.dot(pt.sqr(self._activation_grad(data)), pt.sqr(self.weights).sum(axis=0))
        # PyTensor's numba would round the reciprocal of the shape, an integer, to float32.
        return cast(TensorVariable, norms.sum() / pt.cast(data.shape[0], norms.dtype))

    def contraction_penalty_data_specs(self) -> DataSpecs:
        """Return the (space, source) that `contraction_penalty` reads."""
        return self.get_input_space(), self.get_input_source()

    def layers(self) -> list[ContractiveAutoencoder]:
        """Return the autoencoders that an example passes through, from the visible layer up."""
        return [self]

    def sample_step(self, x: TensorVariable, sigma: float, theano_rng: MRG_RandomStreams) -> TensorVariable:
        """Return means of the next step of the sampling chain of Rifai et al. (2012), from examples (examples, nvis).

        The topmost code moves by J J^T alpha, where alpha is gaussian of deviation ``sigma`` and J the Jacobian of
        that code: along directions in which the data vary, hardly in others.
        """
        code, slopes = x, []
        for layer in self.layers():
            slopes.append(layer._activation_grad(code))
            code = layer.encode(code)
        moved = theano_rng.normal(size=code.shape, std=sigma, dtype=floatX())
        for layer, slope in zip(reversed(self.layers()), reversed(slopes), strict=True):
            moved = pt.dot(slope * moved, layer.weights.T)
        for layer, slope in zip(self.layers(), slopes, strict=True):
            moved = slope * pt.dot(moved, layer.weights)
        values = code + moved
        for layer in reversed(self.layers()):
            values = layer.decode(values)
        return values

    def visible_space(self) -> Space:
        """Return the space of an example."""
        return self.layers()[0].get_input_space()

    def chain_start(self, visible: TensorVariable, theano_rng: MRG_RandomStreams) -> list[TensorVariable]:
        """Return the state of chains: the examples."""
        return [visible]

    def chain_step(
        self, state: list[TensorVariable], theano_rng: MRG_RandomStreams
    ) -> tuple[TensorVariable, list[TensorVariable]]:
        """Take a `sample_step`, from means to means; see `chains.ChainModel`."""
        means = self.sample_step(state[0], self.sampling_stdev, theano_rng)
        return means, [means]


class StackedContractiveAutoencoder(ContractiveAutoencoder):
    """A contractive autoencoder on the codes of others, trained before it, with which it is sampled as one model.

    It is trained on a `TransformerDataset` of the others.

    Parameters
    ----------
    below : list of ContractiveAutoencoder
        The others, from the visible layer up; each reads the codes of the one below. They stay as they are.
    nhid : int
        Number of hidden units.
    act_enc, act_dec : {'linear', 'sigmoid', 'tanh', 'softplus'} or None
        Functions of the encoder and the decoder; None is linear.
    tied_weights : bool, optional
        Whether the decoder's weights are the encoder's, transposed; default false.
    irange : float, optional
        Width of the interval around 0 from which weights are drawn, at least 0, default .001.
    rng : int or list of int, optional
        Seed of the numpy RandomState that draws the weights, default 9001 as that of `Autoencoder`.
    sampling_stdev : float, optional
        Standard deviation, at least 0, of the noise on the topmost codes in a step of the sampling chain; default 1.

    Examples
    --------
    >>> lower = ContractiveAutoencoder(nvis=6, nhid=4, act_enc="sigmoid", act_dec="sigmoid")
    >>> upper = StackedContractiveAutoencoder([lower], nhid=3, act_enc="sigmoid", act_dec="sigmoid")
    >>> upper.get_input_space(), upper.visible_space()
    (VectorSpace(4), VectorSpace(6))
    """

    def __init__(
        self,
        below: list[ContractiveAutoencoder],
        nhid: Count,
        act_enc: Activation | None,
        act_dec: Activation | None,
        tied_weights: bool = False,
        irange: NonNegative = 1e-3,
        rng: int | list[int] = SEED,
        sampling_stdev: NonNegative = 1.0,
    ):
        super().__init__(
            sampling_stdev,
            nvis=codes_of("StackedContractiveAutoencoder", below),
            nhid=nhid,
            act_enc=act_enc,
            act_dec=act_dec,
            tied_weights=tied_weights,
            irange=irange,
            rng=rng,
        )
        self.below = list(below)

    def _named_parts(self) -> dict[str, Model]:
        return {"": self} | {f"below{number}/": layer for number, layer in enumerate(self.below)}

    def layers(self) -> list[ContractiveAutoencoder]:
        return [*self.below, self]


class HigherOrderContractiveAutoencoder(ContractiveAutoencoder):
    """A contractive autoencoder with a penalty on how the Jacobian changes nearby (Rifai et al., 2011b).

    Parameters
    ----------
    corruptor : Corruptor
        Noise that makes the points nearby.
    num_corruptions : int
        How many points nearby of each example, at least 1.
    **kwargs : dict
        Options of `Autoencoder`.

    Examples
    --------
    >>> from adversarial.models.corruption import GaussianCorruptor
    >>> model = HigherOrderContractiveAutoencoder(
    ...     corruptor=GaussianCorruptor(stdev=0.1), num_corruptions=2, nvis=6, nhid=4, act_enc="tanh", act_dec=None
    ... )
    >>> model.num_corruptions
    2
    """

    def __init__(self, corruptor: Corruptor, num_corruptions: Count, **kwargs: Any):
        super().__init__(**kwargs)
        self.corruptor = corruptor
        self.num_corruptions = num_corruptions

    def higher_order_penalty(self, data: TensorVariable) -> TensorVariable:
        """Return the mean square of the Jacobian's change from an example to points nearby."""
        nearby = [self.corruptor(data) for _ in range(self.num_corruptions)]
        changes = [self.jacobian_h_x(data) - self.jacobian_h_x(points) for points in nearby]
        return pt.sqr(pt.concatenate(changes)).mean()

    def higher_order_penalty_data_specs(self) -> DataSpecs:
        """Return the (space, source) that `higher_order_penalty` reads."""
        return self.get_input_space(), self.get_input_source()
