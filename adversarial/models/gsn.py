"""Generative stochastic networks: chains that are trained through time; after Pylearn2's `models/gsn.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import pytensor.tensor as pt
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.autoencoder import Autoencoder
from adversarial.models.blocks import StackedBlocks
from adversarial.models.corruption import Corruptor
from adversarial.options import OptionError
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Space

Layers = list[TensorVariable]


class GSN(StackedBlocks):
    """A generative stochastic network (Bengio and Thibodeau-Laufer, 2013).

    Layer 0 is visible; layer i + 1 is the code of autoencoder i. A step updates the even layers from their neighbours,
    then the odd ones. A layer's update adds the noise before its activation, applies the activation (the first
    autoencoder's ``act_dec`` for layer 0, else the ``act_enc`` of the one below), samples it, adds the noise after it.

    Parameters
    ----------
    autoencoders : list of Autoencoder
        From the visible layer up; each reads what the one below encodes.
    preact_cors : list of Corruptor or None, optional
        Noise before the activation of each layer, the visible one first; None is no noise.
    postact_cors : list of Corruptor or None, optional
        Noise after it.
    layer_samplers : list of Corruptor or None, optional
        How each layer is sampled, before the noise after it; None is not at all.
    corrupt_input : bool, optional
        Whether the first step sees the layers that are set with their noise after the activation, as in the code of
        Bengio et al. (2014); default false: Pylearn2's first step sees them as they are.
    one_bias : bool, optional
        Whether a layer between two autoencoders has one bias, the lower one's ``hidbias``, as in the code of Bengio et
        al. (2014); default false: Pylearn2's adds the upper one's ``visbias``, and so it learns at twice the rate.

    Notes
    -----
    Values that a step returns are those after the activation, before sampling and noise: means, not samples.

    Examples
    --------
    >>> from adversarial.models.corruption import BinomialSampler, SaltPepperCorruptor
    >>> autoencoder = Autoencoder(nvis=6, nhid=4, act_enc="tanh", act_dec="sigmoid", tied_weights=True)
    >>> noise, sampler = SaltPepperCorruptor(corruption_level=0.4), BinomialSampler()
    >>> GSN([autoencoder], postact_cors=[noise, None], layer_samplers=[sampler, None]).nlayers
    2
    """

    def __init__(
        self,
        autoencoders: list[Autoencoder],
        preact_cors: list[Corruptor | None] | None = None,
        postact_cors: list[Corruptor | None] | None = None,
        layer_samplers: list[Corruptor | None] | None = None,
        corrupt_input: bool = False,
        one_bias: bool = False,
    ):
        super().__init__(list(autoencoders))
        self.autoencoders = list(autoencoders)
        self.preact_cors = self._one_a_layer("preact_cors", preact_cors)
        self.postact_cors = self._one_a_layer("postact_cors", postact_cors)
        self.layer_samplers = self._one_a_layer("layer_samplers", layer_samplers)
        self.corrupt_input = corrupt_input
        self.one_bias = one_bias

    def get_params(self) -> list[TensorSharedVariable]:
        unused = [upper.visbias for upper in self.autoencoders[1:]] if self.one_bias else []
        return [param for param in super().get_params() if not any(param is bias for bias in unused)]

    @property
    def nlayers(self) -> int:
        """The number of layers, the visible one included."""
        return len(self.autoencoders) + 1

    def _one_a_layer(self, option: str, given: list[Corruptor | None] | None) -> list[Corruptor | None]:
        if given is None:
            return [None] * self.nlayers
        if len(given) != self.nlayers:
            reason = f"{option} has {len(given)} entries, but must have one for each of {self.nlayers} layers"
            raise OptionError("GSN", option, reason)
        return list(given)

    def layer_space(self, index: int) -> Space:
        """Return the space of a layer; 0 is the visible one."""
        return self.get_input_space() if index == 0 else self.autoencoders[index - 1].get_output_space()

    def steps(self, minibatch: Sequence[tuple[int, TensorVariable]], walkback: int = 0) -> list[Layers]:
        """Run the network from some layers' values, long enough to reach the top and come back.

        Parameters
        ----------
        minibatch : sequence of (int, tensor)
            Layers that are set, with their values (examples, units); the others start at 0, odd ones as computed
            from them.
        walkback : int, optional
            Steps beyond the number of autoencoders, default 0.

        Returns
        -------
        list of list of tensor
            For each step the means of all layers.
        """
        activations = self.first_activations(minibatch)
        self._sample_and_corrupt(activations, range(self.nlayers))
        return [self.step(activations) for _ in range(len(self.autoencoders) + walkback)]

    def first_activations(self, minibatch: Sequence[tuple[int, TensorVariable]]) -> Layers:
        """Return what the layers start from, before sampling and noise."""
        given = dict(minibatch)
        examples = next(iter(given.values())).shape[0]
        sizes = [self.layer_space(index).get_total_dimension() for index in range(self.nlayers)]
        activations = [
            given.get(index, pt.zeros((examples, size), dtype=next(iter(given.values())).dtype))
            for index, size in enumerate(sizes)
        ]
        if self.corrupt_input:
            self._apply(self.postact_cors, activations, given)
        self._activate(activations, [index for index in range(1, self.nlayers, 2) if index not in given])
        return activations

    def step(self, activations: Layers) -> Layers:
        """Move `activations` on by one step, in place, and return the means of all layers."""
        means = list(activations)
        for first in (0, 1):
            layers = range(first, self.nlayers, 2)
            self._activate(activations, layers)
            for index in layers:
                means[index] = activations[index]
            self._sample_and_corrupt(activations, layers)
        return means

    def visible_space(self) -> Space:
        """Return the space of an example."""
        return self.get_input_space()

    def chain_start(self, visible: TensorVariable, theano_rng: MRG_RandomStreams) -> Layers:
        """Return the state of chains: the odd layers, with noise; a step computes the even ones of them."""
        with self._noise_from(theano_rng):
            activations = self.first_activations([(0, visible)])
            self._sample_and_corrupt(activations, range(1, self.nlayers, 2))
        return activations[1::2]

    def chain_step(self, state: Layers, theano_rng: MRG_RandomStreams) -> tuple[TensorVariable, Layers]:
        """Take a step; see `chains.ChainModel`."""
        # Nothing reads the even layers before they are computed.
        activations = [state[max(index - 1, 0) // 2] for index in range(self.nlayers)]
        with self._noise_from(theano_rng):
            means = self.step(activations)
        return means[0], activations[1::2]

    @contextmanager
    def _noise_from(self, theano_rng: MRG_RandomStreams) -> Iterator[None]:
        """Let all noise of graphs built within come from one stream."""
        noises = [noise for noise in (*self.preact_cors, *self.postact_cors, *self.layer_samplers) if noise is not None]
        own = [noise.theano_rng for noise in noises]
        try:
            for noise in noises:
                noise.theano_rng = theano_rng
            yield
        finally:
            # From the last to the first: a noise that several layers share gets back what it had at first.
            for noise, stream in reversed(list(zip(noises, own, strict=True))):
                noise.theano_rng = stream

    def _activate(self, activations: Layers, layers: Iterable[int]) -> None:
        layers = list(layers)
        for index in layers:
            activations[index] = self._input_of(activations, index)
        self._apply(self.preact_cors, activations, layers)
        for index in layers:
            lower = self.autoencoders[max(index - 1, 0)]
            activations[index] = (lower.act_dec if index == 0 else lower.act_enc)(activations[index])

    def _input_of(self, activations: Layers, index: int) -> TensorVariable:
        """Return what a layer receives from the layers beside it."""
        received = []
        if index > 0:
            below = self.autoencoders[index - 1]
            received.append(below.hidbias + pt.dot(activations[index - 1], below.weights))
        if index < self.nlayers - 1:
            above = self.autoencoders[index]
            from_above = pt.dot(activations[index + 1], above.w_prime)
            received.append(from_above if self.one_bias and index > 0 else above.visbias + from_above)
        return received[0] if len(received) == 1 else received[0] + received[1]

    def _sample_and_corrupt(self, activations: Layers, layers: Iterable[int]) -> None:
        layers = list(layers)
        self._apply(self.layer_samplers, activations, layers)
        self._apply(self.postact_cors, activations, layers)

    @staticmethod
    def _apply(noises: Sequence[Corruptor | None], activations: Layers, layers: Iterable[int]) -> None:
        for index in layers:
            noise = noises[index]
            if noise is not None:
                activations[index] = noise(activations[index])
