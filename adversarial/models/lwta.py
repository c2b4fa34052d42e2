"""LWTA: of each block of units one wins; after Pylearn2's `models/lwta.py`."""

from __future__ import annotations

from typing import Any

import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.models.linear import Linear
from adversarial.options import Count, OptionError


class LWTA(Linear):
    """Linear units in blocks of which only the largest has an output, the others 0: local winner-take-all.

    Of equal ones the last wins.

    Parameters
    ----------
    block_size : int
        Units of a block, a divisor of `dim`.
    **kwargs : dict
        Options of `Linear`.

    References
    ----------
    Srivastava, Masci, Kazerounian, Gomez and Schmidhuber, *Compete to compute*, NIPS 2013.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> MLP([LWTA(block_size=2, dim=4, layer_name="h0", irange=0.05)], nvis=3).get_output_space()
    VectorSpace(4)
    """

    def __init__(self, block_size: Count, **kwargs: Any):
        super().__init__(**kwargs)
        self.block_size = block_size
        if self.dim % block_size:
            reason = f"block_size is {block_size}, which does not divide dim, {self.dim}"
            raise OptionError(f"LWTA '{self.layer_name}'", "block_size", reason)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        z = self._linear_part(state_below)
        blocks = z.reshape((z.shape[0], self.dim // self.block_size, self.block_size))
        # The last of equal ones is the first from behind.
        winner = self.block_size - 1 - pt.argmax(blocks[:, :, ::-1], axis=2, keepdims=True)
        return (blocks * pt.eq(pt.arange(self.block_size), winner)).reshape(z.shape)
