"""Maxout: each unit is the largest of several linear pieces (Goodfellow et al., ICML 2013)."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.models.affine import AffineLayer
from adversarial.models.layer import activation_channels, norm_channels
from adversarial.models.parameter_budget import spend
from adversarial.options import Count, Index, NonNegative, NormLimit, OptionError, Probability
from adversarial.space import Batch, Space, VectorSpace


class Maxout(AffineLayer):
    """The largest of several linear functions: y_i = max_k (x W + b)_(i, k), shape (batch, num_units).

    The hidden layers of the paper's discriminators (section 5). The `num_pieces` columns of `W` that belong to a unit
    are adjacent. Where pieces tie, each gets the whole gradient, as in Theano. Follows `Maxout` of Pylearn2's
    `models/maxout.py`.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    num_units : int
        Number of units, at least 1.
    num_pieces : int
        Number of linear pieces of each unit, at least 1.
    pool_stride : int, optional
        Distance between the first pieces of neighbouring units; default `num_pieces`. Below that, units share
        pieces, and there are more units than `num_units`.
    randomize_pools : bool, default False
        Whether each unit's pieces are chosen from the linear functions at random, with repetition.
    irange : float, optional
        Initial weights are uniform in (-irange, irange). Exactly one of `irange` and `sparse_init` is given.
    sparse_init : int, optional
        Each piece has this many normal initial weights; its others are 0.
    sparse_stdev : float, default 1
        Standard deviation of the weights of `sparse_init`.
    include_prob : float, default 1
        With `irange`, the probability that an initial weight is not set to 0.
    init_bias : float or array of shape (num_units x num_pieces,), default 0
        Initial bias.
    W_lr_scale : float, optional
        Factor on the learning rate of `W`, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of `b`, default 1.
    max_col_norm : float, optional
        Limit on the norm of each column of `W` (the weights of a piece) after each update.
    max_row_norm : None
        Accepted as None only, as in 2014.
    mask_weights : array of shape (inputs, num_units x num_pieces), optional
        Factor on `W` after each update, of zeros and ones: which weights exist.
    min_zero : bool, default False
        Whether 0 is one more piece of each unit.
    monitor_row_norm : bool, default True
        Whether the norms of the rows of `W` are channels; files of the paper's authors turn them off.

    References
    ----------
    Goodfellow, Warde-Farley, Mirza, Courville and Bengio, Maxout Networks, ICML 2013.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> mlp = MLP([Maxout(layer_name="h0", num_units=240, num_pieces=5, irange=0.005)], nvis=784)
    >>> mlp.get_output_space()
    VectorSpace(240)
    >>> mlp.layers[0].get_weights().shape
    (784, 1200)
    """

    output_space: VectorSpace

    def __init__(
        self,
        layer_name: str,
        num_units: Count,
        num_pieces: Count,
        pool_stride: Count | None = None,
        randomize_pools: bool = False,
        irange: NonNegative | None = None,
        sparse_init: Index | None = None,
        sparse_stdev: NonNegative = 1.0,
        include_prob: Probability = 1.0,
        init_bias: float | np.ndarray = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        max_col_norm: NormLimit | None = None,
        max_row_norm: None = None,
        mask_weights: np.ndarray | None = None,
        min_zero: bool = False,
        monitor_row_norm: bool = True,
    ):
        self.layer_name = layer_name
        self.num_pieces = num_pieces
        self.pool_stride = num_pieces if pool_stride is None else pool_stride
        self.detector_layer_dim = num_units * num_pieces
        self.randomize_pools = randomize_pools
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.max_col_norm = max_col_norm
        self.mask_weights = mask_weights
        self.min_zero = min_zero
        self.monitor_row_norm = monitor_row_norm
        if (self.detector_layer_dim - self.num_pieces) % self.pool_stride:
            reason = (
                f"pool_stride is {self.pool_stride}, which does not divide the {self.detector_layer_dim} linear "
                f"responses into whole pools of {self.num_pieces}"
            )
            raise OptionError(f"Maxout '{layer_name}'", "pool_stride", reason)
        self._set_initialization(
            irange=irange,
            sparse_init=sparse_init,
            sparse_stdev=sparse_stdev,
            include_prob=include_prob,
            mask_weights=mask_weights,
        )
        self._make_bias(self.detector_layer_dim, init_bias, f"{layer_name}_b")

    @property
    def pool_size(self) -> int:
        """`num_pieces`, under its other name of 2014."""
        return self.num_pieces

    def set_input_space(self, space: Space) -> None:
        self._make_weights(space, self.detector_layer_dim, f"{self.layer_name}_W")
        self.output_space = VectorSpace((self.detector_layer_dim - self.num_pieces) // self.pool_stride + 1)
        if self.randomize_pools:
            spend((self.detector_layer_dim, self.detector_layer_dim), f"{self.layer_name}_permute")
            permute = np.zeros((self.detector_layer_dim, self.detector_layer_dim))
            for column in range(self.detector_layer_dim):
                permute[self.mlp.rng.randint(self.detector_layer_dim), column] = 1
            self.permute = sharedX(permute, name=f"{self.layer_name}_permute")

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        z = self._linear_part(state_below)
        if self.randomize_pools:
            z = pt.dot(z, self.permute)
        return self._largest_piece(z)

    def _largest_piece(self, z: TensorVariable) -> TensorVariable:
        """The maximum over each unit's pieces."""
        units, num_pieces = self.output_space.dim, self.num_pieces
        if self.pool_stride == num_pieces and not self.min_zero:
            return z.reshape((z.shape[0], units, num_pieces)).max(axis=2)
        last_start = self.detector_layer_dim - num_pieces
        responses = [z[:, piece : last_start + piece + 1 : self.pool_stride] for piece in range(num_pieces)]
        if self.min_zero:
            responses.append(pt.zeros_like(responses[0]))
        return pt.stack(responses, axis=2).max(axis=2)

    def get_weights(self) -> np.ndarray:
        weights = super().get_weights()
        return np.dot(weights, self.permute.get_value()) if self.randomize_pools else weights

    def get_weights_view_shape(self) -> tuple[int, int]:
        if self.num_pieces == 1:
            return super().get_weights_view_shape()
        return -(-self.detector_layer_dim // self.num_pieces), self.num_pieces

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels = norm_channels(self.W)
        if not self.monitor_row_norm:
            channels = {name: value for name, value in channels.items() if not name.startswith("row_")}
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels |= activation_channels(state, prefix="" if self.num_pieces == 1 else "p_", separator=".")
        return channels
