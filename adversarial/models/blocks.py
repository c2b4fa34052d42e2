"""Blocks: models whose output feeds the next model; after Pylearn2's `blocks.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX, function
from adversarial.models.model import Model
from adversarial.options import OptionError
from adversarial.space import Space


class Block(Model):
    """A model that gives a representation (examples, units) of a design matrix. A subclass gives ``__call__``."""

    _perform: Callable | None = None

    def __call__(self, inputs: TensorVariable) -> TensorVariable:
        """Return the symbolic representation of a symbolic batch."""
        raise TypeError(f"{type(self).__name__} must define __call__")

    def perform(self, X: np.ndarray) -> np.ndarray:
        """Return the representation of a design matrix (examples, features), as (examples, units).

        The function is compiled once; it reads the parameters as they are at each call.
        """
        if self._perform is None:
            batch = self.get_input_space().make_theano_batch(name="features")
            self._perform = function([batch], self(batch), name="representation")
        return self._perform(np.asarray(X, dtype=floatX()))


class StackedBlocks(Block):
    """Blocks one on the other: the output of each is the input of the next.

    Parameters
    ----------
    layers : list of Block
        From the input to the output; at least one, each of which reads what the one below gives.

    Examples
    --------
    >>> from adversarial.models.autoencoder import Autoencoder
    >>> lower, upper = (Autoencoder(nvis=n, nhid=m, act_enc="tanh", act_dec=None) for n, m in ((6, 4), (4, 2)))
    >>> StackedBlocks([lower, upper]).get_output_space()
    VectorSpace(2)
    """

    def __init__(self, layers: list[Block]):
        codes_of("StackedBlocks", layers, "layers")
        self.layers = list(layers)

    def __call__(self, inputs: TensorVariable) -> TensorVariable:
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def get_params(self) -> list[TensorSharedVariable]:
        return list(dict.fromkeys(param for layer in self.layers for param in layer.get_params()))

    def get_input_space(self) -> Space:
        return self.layers[0].get_input_space()

    def get_output_space(self) -> Space:
        return self.layers[-1].get_output_space()

    def representations(self, inputs: TensorVariable) -> list[TensorVariable]:
        """Return the symbolic input and the output of every block above it."""
        found = [inputs]
        for layer in self.layers:
            found.append(layer(found[-1]))
        return found


def codes_of(owner: str, layers: Sequence[Block], option: str = "below") -> int:
    """Return how many values the topmost of blocks gives; OptionError where they do not fit on each other."""
    if not layers:
        raise OptionError(owner, option, f"{option} is empty; a stack needs at least one block")
    for lower, upper in zip(layers, layers[1:], strict=False):
        if lower.get_output_space() != upper.get_input_space():
            reason = f"a block gives {lower.get_output_space()}, but the next reads {upper.get_input_space()}"
            raise OptionError(owner, option, reason)
    return layers[-1].get_output_space().get_total_dimension()
