"""Layers that are an affine map followed by a fixed elementwise function, after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytensor.tensor as pt
from pytensor.scalar.math import Sigmoid as ScalarSigmoid
from pytensor.tensor.elemwise import Elemwise
from pytensor.tensor.special import softmax
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import floatX
from adversarial.models.affine import AffineLayer
from adversarial.models.layer import activation_channels, norm_channels
from adversarial.names.slips import Slip
from adversarial.options import Count, Index, NonNegative, NormLimit, OptionError, Probability
from adversarial.space import Batch, Space, VectorSpace


class Linear(AffineLayer):
    """An affine layer: y = x W + b, with x of shape (batch, inputs) and y of shape (batch, dim).

    Its cost is the squared error, summed over units and averaged over examples.

    Parameters
    ----------
    dim : int
        Number of units, at least 1.
    layer_name : str
        The layer's name, different from any other in its MLP.
    irange : float, optional
        Initial weights are uniform in (-irange, irange). Exactly one of `irange`, `istdev` and `sparse_init` is given.
    istdev : float, optional
        Initial weights are normal with this standard deviation.
    sparse_init : int, optional
        Each unit has this many normal initial weights; its others are 0.
    sparse_stdev : float, default 1
        Standard deviation of the weights of `sparse_init`.
    include_prob : float, default 1
        With `irange`, the probability that an initial weight is not set to 0.
    init_bias : float or array of shape (dim,), default 0
        Initial bias; None is 0.
    W_lr_scale : float, optional
        Factor on the learning rate of `W`, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of `b`, default 1.
    mask_weights : array of shape (inputs, dim), optional
        Factor on `W` after each update, of zeros and ones: which weights exist.
    max_row_norm : float, optional
        Limit on the norm of each row of `W` (the weights of an input) after each update.
    max_col_norm : float, optional
        Limit on the norm of each column of `W` (the weights of a unit) after each update.
    min_col_norm : float, optional
        Lower limit on the norm of each column of `W` after each update.
    softmax_columns : bool, optional
        Whether inputs are multiplied by the softmax of each column of `W` instead of `W`; default false.
    copy_input : None, optional
        Nothing but null: an option that Pylearn2 had removed but for its name.
    use_abs_loss : bool, default False
        Whether the cost is the absolute error instead of the squared error.
    use_bias : bool, default True
        Whether there is a bias.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> mlp = MLP([Linear(dim=3, layer_name="y", irange=0.05)], nvis=4)
    >>> [(name, param.get_value().shape) for name, param in mlp.named_parameters().items()]
    [('y_W', (4, 3)), ('y_b', (3,))]
    """

    def __init__(
        self,
        dim: Count,
        layer_name: str,
        irange: NonNegative | None = None,
        istdev: NonNegative | None = None,
        sparse_init: Index | None = None,
        sparse_stdev: NonNegative = 1.0,
        include_prob: Probability = 1.0,
        init_bias: float | np.ndarray | None = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        mask_weights: np.ndarray | None = None,
        max_row_norm: NormLimit | None = None,
        max_col_norm: NormLimit | None = None,
        min_col_norm: NonNegative | None = None,
        softmax_columns: bool | None = None,
        copy_input: None = None,
        use_abs_loss: bool = False,
        use_bias: bool = True,
    ):
        self.dim = dim
        self.softmax_columns = softmax_columns
        self.layer_name = layer_name
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.mask_weights = mask_weights
        self.max_row_norm = max_row_norm
        self.max_col_norm = max_col_norm
        self.min_col_norm = min_col_norm
        self.use_abs_loss = use_abs_loss
        self._set_initialization(
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

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return self._linear_part(state_below)

    def _multiplier(self) -> TensorVariable:
        return softmax(self.W, axis=0) if self.softmax_columns else self.W

    def get_weights(self) -> np.ndarray:
        weights = super().get_weights()
        return np.exp(weights) / np.exp(weights).sum(axis=0) if self.softmax_columns else weights

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return self.cost_matrix(Y, Y_hat).sum(axis=1).mean()

    def cost_matrix(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return abs(Y - Y_hat) if self.use_abs_loss else pt.sqr(Y - Y_hat)

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels = norm_channels(self.W)
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels |= activation_channels(state)
        return channels


class ActivatedLinear(Linear):
    """An affine layer followed by an elementwise function; it has no cost, unlike `Linear`.

    Its options are those of `Linear`.
    """

    cost = AffineLayer.cost
    cost_matrix = AffineLayer.cost_matrix


class Tanh(ActivatedLinear):
    """Hyperbolic tangent units: y = tanh(x W + b), in (-1, 1).

    The options are those of `Linear`.

    Examples
    --------
    >>> Tanh(dim=3, layer_name="h0", irange=0.05).get_biases().tolist()
    [0.0, 0.0, 0.0]
    """

    output_range = (-1.0, 1.0)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return pt.tanh(self._linear_part(state_below))


class Softplus(ActivatedLinear):
    """Softplus units: y = log(1 + exp(x W + b)), above 0.

    The options are those of `Linear`.

    Examples
    --------
    >>> Softplus(dim=2, layer_name="h0", irange=0.05, init_bias=1.0).get_biases().tolist()
    [1.0, 1.0]
    """

    output_range = (0.0, math.inf)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return pt.softplus(self._linear_part(state_below))


class RectifiedLinear(ActivatedLinear):
    """Rectified linear units: y = max(0, x W + b); the hidden layers of the paper's generators (section 5).

    This is Pylearn2's layer, with weights and a bias. `adversarial.game.layers.RectifiedLinear`, which is 2014's
    `adversarial.RectifiedLinear`, is the activation alone.

    Parameters
    ----------
    left_slope : float, default 0
        Slope where x W + b is negative; above 0 the units leak.
    **kwargs : dict
        Options of `Linear`.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> mlp = MLP([RectifiedLinear(dim=3, layer_name="h0", irange=0.05)], nvis=4)
    >>> mlp.get_output_space()
    VectorSpace(3)
    """

    def __init__(self, left_slope: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.left_slope = left_slope
        if left_slope == 0.0:
            self.output_range = (0.0, math.inf)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return rectify(self._linear_part(state_below), self.left_slope)


class HardSigmoid(ActivatedLinear):
    """Piecewise linear sigmoid units: y = min(1, max(0, x W + b)), after goodfeli/adversarial.

    Parameters
    ----------
    left_slope : float, default 0
        Accepted and without effect, as in 2014.
    **kwargs : dict
        Options of `Linear`.

    Examples
    --------
    >>> HardSigmoid(dim=2, layer_name="y", irange=0.05, init_bias=0.5).get_biases().tolist()
    [0.5, 0.5]
    """

    output_range = (0.0, 1.0)

    def __init__(self, left_slope: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return pt.clip(self._linear_part(state_below), 0.0, 1.0)


class Sigmoid(Linear):
    """Logistic units: y = 1 / (1 + exp(-x W - b)), in (0, 1); the last layer of every discriminator.

    Its cost is the cross-entropy of binary targets, averaged over units and examples. In a discriminator with one
    unit, the target 1 gives the mean of -log D(x), and 0 that of -log(1 - D(x)): the two terms of equation (1).
    This is Pylearn2's layer, with weights and a bias. `adversarial.game.layers.Sigmoid`, which is 2014's
    `adversarial.Sigmoid`, is the activation alone.

    Parameters
    ----------
    monitor_style : {'detection', 'classification'}, default 'detection'
        What is monitored where there are targets: error rate, precision, recall and F1 of each bit, by minibatch
        ('detection'), or the fraction of examples with any bit wrong ('classification').
    **kwargs : dict
        Options of `Linear`.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> discriminator = MLP([Sigmoid(dim=1, layer_name="y", irange=0.05)], nvis=4)
    >>> discriminator.get_output_space()
    VectorSpace(1)
    """

    output_range = (0.0, 1.0)

    def __init__(self, monitor_style: Literal["detection", "classification"] = "detection", **kwargs: Any):
        super().__init__(**kwargs)
        self.monitor_style = monitor_style

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return pt.sigmoid(self._linear_part(state_below))

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """Return the mean over examples and units of the cross-entropy, computed from the logit."""
        return self.cost_matrix(Y, Y_hat).mean(axis=1).mean()

    def cost_matrix(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        return cross_entropy(Y, Y_hat)

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels = super().get_layer_monitoring_channels(state=state, targets=targets)
        if targets is None:
            return channels
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is None:
            return channels
        if self.monitor_style == "detection":
            return channels | self._detection_channels(state, targets)
        wrong = pt.neq(targets, pt.gt(state, 0.5)).max(axis=1)
        return channels | {"misclass": pt.cast(wrong, floatX()).mean()}

    def _detection_channels(self, state: TensorVariable, target: TensorVariable) -> dict[str, TensorVariable]:
        """Error rate, cross-entropy, and precision, recall and F1 of bits, over all and per output."""
        y_hat, y = pt.cast(state > 0.5, state.dtype), pt.cast(target > 0.5, state.dtype)
        channels = {"01_loss": pt.neq(y, y_hat).astype(state.dtype).mean(), "kl": self.cost(Y_hat=state, Y=target)}
        as_in_2014 = Slip.RECALL.repeated_by(self)
        channels |= detection_scores(y, y_hat, axis=None, as_in_2014=as_in_2014)
        for name, value in detection_scores(y, y_hat, axis=0, as_in_2014=as_in_2014).items():
            for statistic in ("max", "mean", "min"):
                channels[f"per_output_{name}_{statistic}"] = getattr(value, statistic)()
        return channels


def rectify(x: TensorVariable, left_slope: float) -> TensorVariable:
    """Return x where it is positive, and `left_slope` x elsewhere."""
    return pt.switch(x > 0.0, x, left_slope * x)


def detection_scores(
    y: TensorVariable, y_hat: TensorVariable, axis: int | None, as_in_2014: bool = False
) -> dict[str, TensorVariable]:
    """Return precision, recall and F1 of binary predictions.

    No divisor is below 1, as in Pylearn2: a score is 0 where it would be 0 / 0, and F1 is too small where precision
    and recall add up to less than 1.

    Parameters
    ----------
    y : TensorVariable
        Targets of zeros and ones, shape (batch, units).
    y_hat : TensorVariable
        Predictions of zeros and ones, of the same shape.
    axis : int or None
        The axis that is summed over: 0 for the scores of each unit, None for those of all units together.
    as_in_2014 : bool, default False
        Whether recall is what 2014 took for it: `Slip.RECALL`.

    Returns
    -------
    dict
        {name: scores}.
    """
    true_positives, false_positives = (y * y_hat).sum(axis=axis), ((1 - y) * y_hat).sum(axis=axis)
    precision = true_positives / pt.maximum(1.0, true_positives + false_positives)
    if as_in_2014:
        recall = (false_positives if axis is None else true_positives) / pt.maximum(1.0, y.sum())
    else:
        recall = true_positives / pt.maximum(1.0, y.sum(axis=axis))
    f1 = 2.0 * precision * recall / pt.maximum(1.0, precision + recall)
    return {"precision": precision, "recall": recall, "f1": f1}


def logit_of(Y_hat: TensorVariable) -> TensorVariable:
    """Return the z of Y_hat = sigmoid(z), found in the graph: so no cost takes the log of a rounded 0 or 1."""
    node = Y_hat.owner
    if node is None or not isinstance(node.op, Elemwise) or not isinstance(node.op.scalar_op, ScalarSigmoid):
        raise ValueError("the cross-entropy needs the symbolic output of a sigmoid, as made by Sigmoid.fprop")
    return node.inputs[0]


def cross_entropy(Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
    """Return the cross-entropy -Y log Y_hat - (1 - Y) log(1 - Y_hat), elementwise.

    It is computed as Y softplus(-z) + (1 - Y) softplus(z) from the logit z of Y_hat, which neither overflows nor
    rounds to 0. Where Y is 0 or 1, it is the Kullback-Leibler divergence KL(Y || Y_hat).

    Parameters
    ----------
    Y : TensorVariable
        Targets in [0, 1].
    Y_hat : TensorVariable
        The symbolic output of a sigmoid.

    Returns
    -------
    TensorVariable
        Nats, in the shape of `Y_hat`.
    """
    z = logit_of(Y_hat)
    return Y * pt.softplus(-z) + (1 - Y) * pt.softplus(z)
