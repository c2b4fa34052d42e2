"""Maxout: each unit is the largest of several linear pieces (Goodfellow et al., ICML 2013)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.models.affine import AffineLayer
from adversarial.models.layer import activation_channels, norm_channels
from adversarial.models.parameter_budget import spend
from adversarial.options import Count, NonNegative, OptionError, Positive, Probability
from adversarial.space import Space, VectorSpace


class Maxout(AffineLayer):
    """An affine map to num_units x num_pieces values, then the largest of each unit's pieces.

    Follows `Maxout` of Pylearn2's `models/maxout.py`; the pieces of a unit lie side by side.

    Parameters
    ----------
    layer_name : the layer's name, unlike any other in its MLP
    num_units : number of maxout units
    num_pieces : number of linear pieces of each
    pool_stride : distance between the first pieces of neighbouring units; below num_pieces, units share pieces
    randomize_pools : take each unit's pieces from the linear responses at random (with repetition)
    irange, sparse_init, sparse_stdev, include_prob : initial weights, as of Linear
    init_bias : initial bias, a number or one for each linear piece
    W_lr_scale, b_lr_scale : factors on the learning rate of W and b
    max_col_norm : limit on the norm of each column of W
    mask_weights : array (inputs, num_units x num_pieces) that W is multiplied by after each update
    min_zero : let each unit also choose 0
    """

    def __init__(
        self,
        layer_name: str,
        num_units: Count,
        num_pieces: Count,
        pool_stride: Count | None = None,
        randomize_pools: bool = False,
        irange: NonNegative | None = None,
        sparse_init: Count | None = None,
        sparse_stdev: NonNegative = 1.0,
        include_prob: Probability = 1.0,
        init_bias: float | np.ndarray = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        max_col_norm: Positive | None = None,
        max_row_norm: None = None,
        mask_weights: np.ndarray | None = None,
        min_zero: bool = False,
    ):
        self.layer_name = layer_name
        self.pool_size = num_pieces
        self.pool_stride = num_pieces if pool_stride is None else pool_stride
        self.detector_layer_dim = num_units * num_pieces
        self.randomize_pools = randomize_pools
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.max_col_norm = max_col_norm
        self.mask_weights = mask_weights
        self.min_zero = min_zero
        if (self.detector_layer_dim - self.pool_size) % self.pool_stride:
            reason = (
                f"pool_stride is {self.pool_stride}, which does not divide the {self.detector_layer_dim} linear "
                f"responses into whole pools of {self.pool_size}"
            )
            raise OptionError(f"Maxout '{layer_name}'", "pool_stride", reason)
        self._keep_initialization(
            irange=irange,
            sparse_init=sparse_init,
            sparse_stdev=sparse_stdev,
            include_prob=include_prob,
            mask_weights=mask_weights,
        )
        self._make_bias(self.detector_layer_dim, init_bias, f"{layer_name}_b")

    def set_input_space(self, space: Space) -> None:
        self._make_weights(space, self.detector_layer_dim, f"{self.layer_name}_W")
        self.output_space = VectorSpace((self.detector_layer_dim - self.pool_size) // self.pool_stride + 1)
        if self.randomize_pools:
            spend((self.detector_layer_dim, self.detector_layer_dim), f"{self.layer_name}_permute")
            permute = np.zeros((self.detector_layer_dim, self.detector_layer_dim))
            for column in range(self.detector_layer_dim):
                permute[self.mlp.rng.randint(self.detector_layer_dim), column] = 1
            self.permute = sharedX(permute, name=f"{self.layer_name}_permute")

    def fprop(self, state_below: Variable) -> TensorVariable:
        z = self._linear_part(state_below)
        if self.randomize_pools:
            z = pt.dot(z, self.permute)
        return self._largest_piece(z)

    def _largest_piece(self, z: TensorVariable) -> TensorVariable:
        """The maximum over each unit's pieces; where pieces tie, each gets the whole gradient, as in Theano."""
        units, pieces = self.output_space.dim, self.pool_size
        if self.pool_stride == pieces and not self.min_zero:
            return z.reshape((z.shape[0], units, pieces)).max(axis=2)
        last_start = self.detector_layer_dim - pieces
        responses = [z[:, piece : last_start + piece + 1 : self.pool_stride] for piece in range(pieces)]
        if self.min_zero:
            responses.append(pt.zeros_like(responses[0]))
        return pt.stack(responses, axis=2).max(axis=2)

    def get_weights(self) -> np.ndarray:
        weights = super().get_weights()
        return np.dot(weights, self.permute.get_value()) if self.randomize_pools else weights

    def get_weights_view_shape(self) -> tuple[int, int]:
        if self.pool_size == 1:
            return super().get_weights_view_shape()
        return -(-self.detector_layer_dim // self.pool_size), self.pool_size

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        channels = norm_channels(self.W)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels |= activation_channels(state, prefix="" if self.pool_size == 1 else "p_", separator=".")
        return channels
