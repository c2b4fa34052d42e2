"""Layers that are an affine map followed by a fixed elementwise function, after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.scalar.math import Sigmoid as ScalarSigmoid
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.models.affine import AffineLayer
from adversarial.models.layer import activation_channels, norm_channels
from adversarial.options import Count, NonNegative, OptionError, Positive, Probability
from adversarial.space import Space, VectorSpace


class Linear(AffineLayer):
    """An affine layer: output = input W + b.

    Parameters
    ----------
    dim : number of units
    layer_name : the layer's name, unlike any other in its MLP
    irange : weights start uniform in (-irange, irange)
    istdev : weights start normal with this standard deviation
    sparse_init : each unit starts with this many normal weights and zeros elsewhere
    sparse_stdev : standard deviation of those
    include_prob : with irange, the probability that a weight does not start at 0
    init_bias : initial bias, a number or one for each unit
    W_lr_scale, b_lr_scale : factors on the learning rate of W and b
    mask_weights : array (inputs, dim) that the weights are multiplied by after each update
    max_row_norm, max_col_norm, min_col_norm : limits on norms of W, kept after each update
    use_abs_loss : cost is the absolute instead of the squared error
    use_bias : whether there is a bias
    """

    def __init__(
        self,
        dim: Count,
        layer_name: str,
        irange: NonNegative | None = None,
        istdev: NonNegative | None = None,
        sparse_init: Count | None = None,
        sparse_stdev: NonNegative = 1.0,
        include_prob: Probability = 1.0,
        init_bias: float | np.ndarray | None = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        mask_weights: np.ndarray | None = None,
        max_row_norm: Positive | None = None,
        max_col_norm: Positive | None = None,
        min_col_norm: NonNegative | None = None,
        use_abs_loss: bool = False,
        use_bias: bool = True,
    ):
        self.dim = dim
        self.layer_name = layer_name
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.mask_weights = mask_weights
        self.max_row_norm = max_row_norm
        self.max_col_norm = max_col_norm
        self.min_col_norm = min_col_norm
        self.use_abs_loss = use_abs_loss
        self._keep_initialization(
            irange=irange,
            istdev=istdev,
            sparse_init=sparse_init,
            sparse_stdev=sparse_stdev,
            include_prob=include_prob,
            mask_weights=mask_weights,
        )
        if use_bias:
            self._make_bias(dim, 0.0 if init_bias is None else init_bias, f"{layer_name}_b")
        elif b_lr_scale is not None:
            raise OptionError(f"Linear '{layer_name}'", "b_lr_scale", "b_lr_scale is given, but use_bias is false")

    def set_input_space(self, space: Space) -> None:
        self._make_weights(space, self.dim, f"{self.layer_name}_W")
        self.output_space = VectorSpace(self.dim)

    def fprop(self, state_below: Variable) -> TensorVariable:
        return self._linear_part(state_below)

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return self.cost_matrix(Y, Y_hat).sum(axis=1).mean()

    def cost_matrix(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return abs(Y - Y_hat) if self.use_abs_loss else pt.sqr(Y - Y_hat)

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        channels = norm_channels(self.W)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels |= activation_channels(state)
        return channels


class ActivatedLinear(Linear):
    """A Linear layer with an elementwise function that takes its meaning of a cost away."""

    cost = AffineLayer.cost
    cost_matrix = AffineLayer.cost_matrix


class Tanh(ActivatedLinear):
    """An affine map, then the hyperbolic tangent. Options: Linear's."""

    def fprop(self, state_below: Variable) -> TensorVariable:
        return pt.tanh(self._linear_part(state_below))


class Softplus(ActivatedLinear):
    """An affine map, then log(1 + exp(x)). Options: Linear's."""

    def fprop(self, state_below: Variable) -> TensorVariable:
        return pt.softplus(self._linear_part(state_below))


class RectifiedLinear(ActivatedLinear):
    """An affine map, then x where it is positive and `left_slope` x elsewhere. Other options: Linear's."""

    def __init__(self, left_slope: float = 0.0, **kwargs):
        super().__init__(**kwargs)
        self.left_slope = left_slope

    def fprop(self, state_below: Variable) -> TensorVariable:
        return rectify(self._linear_part(state_below), self.left_slope)


class HardSigmoid(ActivatedLinear):
    """An affine map, then a clip to [0, 1], after goodfeli/adversarial.

    `left_slope` is accepted as in 2014, where it had no effect either. Other options: Linear's.
    """

    def __init__(self, left_slope: float = 0.0, **kwargs):
        super().__init__(**kwargs)

    def fprop(self, state_below: Variable) -> TensorVariable:
        return pt.clip(self._linear_part(state_below), 0.0, 1.0)


class Sigmoid(Linear):
    """An affine map, then the logistic function; its cost is the cross-entropy of binary targets.

    Parameters
    ----------
    monitor_style : what is monitored where there are targets: 'detection' (error rate, precision, recall and F1
        of each bit, of each batch) or 'classification' (share of examples with any bit wrong)
    """

    def __init__(self, monitor_style: Literal["detection", "classification"] = "detection", **kwargs):
        super().__init__(**kwargs)
        self.monitor_style = monitor_style

    def fprop(self, state_below: Variable) -> TensorVariable:
        return pt.sigmoid(self._linear_part(state_below))

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """Mean over examples and units of the cross-entropy, computed from the logit."""
        return self.cost_matrix(Y, Y_hat).mean(axis=1).mean()

    def cost_matrix(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return cross_entropy(Y, Y_hat)

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        channels = super().get_layer_monitoring_channels(state=state, targets=targets)
        if targets is None or (state is None and state_below is None):
            return channels
        if state is None:
            state = self.fprop(state_below)
        if self.monitor_style == "detection":
            return channels | self._detection_channels(state, targets)
        wrong = pt.neq(targets, pt.gt(state, 0.5)).max(axis=1)
        return channels | {"misclass": pt.cast(wrong, floatX()).mean()}

    def _detection_channels(self, state: TensorVariable, target: TensorVariable) -> dict[str, TensorVariable]:
        """Error rate, cross-entropy, and precision, recall and F1 of bits, over all and per output."""
        y_hat, y = pt.cast(state > 0.5, state.dtype), pt.cast(target > 0.5, state.dtype)
        channels = {"01_loss": pt.neq(y, y_hat).astype(state.dtype).mean(), "kl": self.cost(Y_hat=state, Y=target)}
        channels |= detection_scores(y, y_hat, axis=None)
        for name, value in detection_scores(y, y_hat, axis=0).items():
            for statistic in ("max", "mean", "min"):
                channels[f"per_output_{name}_{statistic}"] = getattr(value, statistic)()
        return channels


def rectify(x: TensorVariable, left_slope: float) -> TensorVariable:
    """x where it is positive, `left_slope` x elsewhere."""
    return pt.switch(x > 0.0, x, left_slope * x)


def detection_scores(y: TensorVariable, y_hat: TensorVariable, axis: int | None) -> dict[str, TensorVariable]:
    """Precision, recall and F1 of binary predictions `y_hat` of `y`, summed over `axis`.

    Divisors are kept at 1 or above, as Pylearn2 had it: a score is 0 where there is nothing to divide by, and F1
    is too small where precision and recall add up to less than 1.
    """
    true_positives, false_positives = (y * y_hat).sum(axis=axis), ((1 - y) * y_hat).sum(axis=axis)
    precision = true_positives / pt.maximum(1.0, true_positives + false_positives)
    recall = true_positives / pt.maximum(1.0, y.sum(axis=axis))
    f1 = 2.0 * precision * recall / pt.maximum(1.0, precision + recall)
    return {"precision": precision, "recall": recall, "f1": f1}


def logit_of(Y_hat: TensorVariable) -> TensorVariable:
    """The z of Y_hat = sigmoid(z), read from the graph, so that a cost never takes the log of a rounded 0 or 1."""
    node = Y_hat.owner
    if node is None or not isinstance(node.op, Elemwise) or not isinstance(node.op.scalar_op, ScalarSigmoid):
        raise ValueError("the cross-entropy needs the symbolic output of a sigmoid, as made by Sigmoid.fprop")
    return node.inputs[0]


def cross_entropy(Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
    """Y softplus(-z) + (1 - Y) softplus(z) for Y_hat = sigmoid(z), elementwise.

    Equal to -Y log Y_hat - (1 - Y) log(1 - Y_hat), and to KL(Y || Y_hat) where Y is 0 or 1; stable at both ends.
    """
    z = logit_of(Y_hat)
    return Y * pt.softplus(-z) + (1 - Y) * pt.softplus(z)
