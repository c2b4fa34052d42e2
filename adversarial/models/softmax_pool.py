"""SoftmaxPool: probabilistic max pooling of units, after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.models.affine import AffineLayer
from adversarial.models.layer import activation_channels, norm_channels
from adversarial.options import Count, Index, NonNegative, NormLimit, OptionError, Probability
from adversarial.space import Batch, Space, VectorSpace


class SoftmaxPool(AffineLayer):
    """Groups of units of which at most one is on: the output is the probability that any of a group is.

    For z = x W + b, of which each group has `pool_size` adjacent values, it is 1 - 1 / (1 + sum over the group of
    exp z). With groups of one it is the sigmoid.

    Parameters
    ----------
    detector_layer_dim : int
        Number of units, at least 1: of groups times `pool_size`.
    layer_name : str
        The layer's name, different from any other in its MLP.
    pool_size : int, default 1
        Units of a group.
    irange : float, optional
        Initial weights are uniform in (-irange, irange). Exactly one of `irange` and `sparse_init` is given.
    sparse_init : int, optional
        Each unit has this many normal initial weights; its others are 0.
    sparse_stdev : float, default 1
        Standard deviation of the weights of `sparse_init`.
    include_prob : float, default 1
        With `irange`, the probability that an initial weight is not set to 0.
    init_bias : float or array of shape (detector_layer_dim,), default 0
        Initial bias.
    W_lr_scale : float, optional
        Factor on the learning rate of `W`, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of `b`, default 1.
    mask_weights : array of shape (inputs, detector_layer_dim), optional
        Factor on `W` after each update, of zeros and ones: which weights exist.
    max_col_norm : float, optional
        Limit on the norm of each column of `W` (the weights of a unit) after each update.

    References
    ----------
    Lee, Grosse, Ranganath and Ng, *Convolutional deep belief networks*, ICML 2009: probabilistic max pooling.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> layer = SoftmaxPool(detector_layer_dim=6, pool_size=2, layer_name="h0", irange=0.05)
    >>> MLP([layer], nvis=4).get_output_space()
    VectorSpace(3)
    """

    def __init__(
        self,
        detector_layer_dim: Count,
        layer_name: str,
        pool_size: Count = 1,
        irange: NonNegative | None = None,
        sparse_init: Index | None = None,
        sparse_stdev: NonNegative = 1.0,
        include_prob: Probability = 1.0,
        init_bias: float | np.ndarray = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        mask_weights: np.ndarray | None = None,
        max_col_norm: NormLimit | None = None,
    ):
        self.detector_layer_dim = detector_layer_dim
        self.layer_name = layer_name
        self.pool_size = pool_size
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.mask_weights = mask_weights
        self.max_col_norm = max_col_norm
        if detector_layer_dim % pool_size:
            reason = f"pool_size is {pool_size}, which does not divide detector_layer_dim, {detector_layer_dim}"
            raise OptionError(f"SoftmaxPool '{layer_name}'", "pool_size", reason)
        self.output_space = VectorSpace(detector_layer_dim // pool_size)
        self._set_initialization(
            irange=irange,
            sparse_init=sparse_init,
            sparse_stdev=sparse_stdev,
            include_prob=include_prob,
            mask_weights=mask_weights,
        )
        self._make_bias(detector_layer_dim, init_bias, f"{layer_name}_b")

    def set_input_space(self, space: Space) -> None:
        self._make_weights(space, self.detector_layer_dim, f"{self.layer_name}_W")

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        z = self._linear_part(state_below)
        if self.pool_size == 1:
            return pt.sigmoid(z)
        return pt.sigmoid(pt.logsumexp(z.reshape((z.shape[0], -1, self.pool_size)), axis=2))

    def get_weights_view_shape(self) -> tuple[int, int]:
        if self.pool_size == 1:
            return super().get_weights_view_shape()
        return self.detector_layer_dim // self.pool_size, self.pool_size

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels = norm_channels(self.W)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels |= activation_channels(state, prefix="" if self.pool_size == 1 else "p_", separator=".")
        return channels
