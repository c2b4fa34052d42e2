"""Softmax: a distribution over classes, after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.special import Softmax as SoftmaxOp
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.models.affine import AffineLayer
from adversarial.models.layer import Layer, norm_channels
from adversarial.options import Count, Index, NonNegative, NormLimit, OptionError
from adversarial.space import Batch, Space, VectorSpace


class Softmax(AffineLayer):
    """A distribution over classes: y_k = exp z_k / sum_j exp z_j for z = x W + b, shape (batch, n_classes).

    Its cost is the negative log-likelihood of one-hot targets in nats, averaged over examples. After `Softmax` of
    Pylearn2's `models/mlp.py`, whose parameters too are named softmax_W and softmax_b whatever the layer's name.

    Parameters
    ----------
    n_classes : int
        Number of classes, at least 1.
    layer_name : str
        The layer's name, different from any other in its MLP.
    irange : float, optional
        Initial weights are uniform in (-irange, irange). Exactly one of `irange`, `istdev` and `sparse_init` is given,
        unless `no_affine`.
    istdev : float, optional
        Initial weights are normal with this standard deviation.
    sparse_init : int, optional
        Each class has this many normal initial weights; its others are 0.
    W_lr_scale : float, optional
        Factor on the learning rate of `W`, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of `b`, default 1.
    max_row_norm : float, optional
        Limit on the norm of each row of `W` (the weights of an input) after each update.
    no_affine : bool, default False
        Whether z is the input itself, without weights and biases.
    max_col_norm : float, optional
        Limit on the norm of each column of `W` (the weights of a class) after each update.
    init_bias_target_marginals : Dataset, optional
        A dataset with one-hot targets in which each class occurs; the initial bias makes their frequencies the
        output for an input of zeros. Default: the initial bias is 0.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> mlp = MLP([Softmax(n_classes=10, layer_name="y", irange=0.0)], nvis=4)
    >>> list(mlp.named_parameters())
    ['softmax_b', 'softmax_W']
    """

    output_range = (0.0, 1.0)

    def __init__(
        self,
        n_classes: Count,
        layer_name: str,
        irange: NonNegative | None = None,
        istdev: NonNegative | None = None,
        sparse_init: Index | None = None,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        max_row_norm: NormLimit | None = None,
        no_affine: bool = False,
        max_col_norm: NormLimit | None = None,
        init_bias_target_marginals: Dataset | None = None,
    ):
        self.n_classes = n_classes
        self.layer_name = layer_name
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.max_row_norm = max_row_norm
        self.max_col_norm = max_col_norm
        self.no_affine = no_affine
        self.output_space = VectorSpace(n_classes)
        if not no_affine:
            self._set_initialization(irange=irange, istdev=istdev, sparse_init=sparse_init)
            start = 0.0 if init_bias_target_marginals is None else marginal_bias(init_bias_target_marginals)
            self._make_bias(n_classes, start, "softmax_b")
        elif init_bias_target_marginals is not None:
            reason = "init_bias_target_marginals is given, but no_affine leaves no bias to set"
            raise OptionError(f"Softmax '{layer_name}'", "init_bias_target_marginals", reason)

    def set_input_space(self, space: Space) -> None:
        if not self.no_affine:
            self._make_weights(space, self.n_classes, "softmax_W")
            return
        if space.get_total_dimension() != self.n_classes:
            size = space.get_total_dimension()
            reason = f"n_classes is {self.n_classes}, but with no_affine it must be the input's {size}"
            raise OptionError(f"Softmax '{self.layer_name}'", "n_classes", reason)
        self.input_space = space
        self.desired_space = VectorSpace(self.n_classes)

    def get_params(self) -> list[TensorSharedVariable]:
        # 2014's order: the bias comes first.
        return [] if self.no_affine else super().get_params()[::-1]

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        return {} if self.no_affine else super().get_lr_scalers()

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        if not self.no_affine:
            super()._modify_updates(updates)

    def _decaying_weights(self) -> TensorVariable:
        return Layer._decaying_weights(self) if self.no_affine else self.W

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        if self.no_affine:
            self.input_space.validate(state_below)
            z = self.input_space.format_as(state_below, self.desired_space)
        else:
            z = self._linear_part(state_below)
        return pt.special.softmax(z, axis=1)

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """Return the mean over examples of -sum_k Y_k log Y_hat_k, computed from the logits."""
        return self.cost_matrix(Y, Y_hat).sum(axis=1).mean()

    def cost_matrix(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        node = Y_hat.owner
        if node is None or not isinstance(node.op, SoftmaxOp):
            raise ValueError("the cost of Softmax needs the symbolic output of a softmax, as made by Softmax.fprop")
        return -Y * pt.special.log_softmax(node.inputs[0], axis=1)

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels = {} if self.no_affine else norm_channels(self.W)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is None:
            return channels
        largest = state.max(axis=1)
        channels |= {
            "mean_max_class": largest.mean(),
            "max_max_class": largest.max(),
            "min_max_class": largest.min(),
        }
        if targets is not None:
            wrong = pt.neq(pt.argmax(targets, axis=1), pt.argmax(state, axis=1))
            channels["misclass"] = pt.cast(wrong.mean(), floatX())
            channels["nll"] = self.cost(Y_hat=state, Y=targets)
        return channels


def marginal_bias(dataset: Dataset) -> np.ndarray:
    """Return the biases, of mean 0, for which a softmax is the class frequencies of `dataset`'s one-hot targets."""
    frequencies = np.asarray(cast(DenseDesignMatrix, dataset).y).mean(axis=0)
    if frequencies.ndim != 1 or not np.all(frequencies > 0):
        raise OptionError(
            "Softmax",
            "init_bias_target_marginals",
            "init_bias_target_marginals must be a dataset with one-hot targets in which every class occurs",
        )
    logs = np.log(frequencies)
    return logs - logs.mean()
