"""What a classifier minimises: its output's cost, with or without dropout, and decay of weights; after `costs/mlp`."""

from __future__ import annotations

from typing import Any

from pytensor.tensor.variable import TensorVariable

from adversarial.cost import Cost, DefaultDataSpecsMixin, NullDataSpecsMixin
from adversarial.errors import ConfigurationError
from adversarial.models import dropout
from adversarial.models.mlp import MLP
from adversarial.options import Probability
from adversarial.space import Batch


class Default(DefaultDataSpecsMixin, Cost):
    """The cost of an MLP's output layer, without dropout: what an experiment that names no cost minimises.

    Examples
    --------
    >>> Default().supervised
    True
    """

    supervised = True
    needs, trains = ("cost_from_X",), "an MLP"

    def expr(self, model: Any, data: tuple[Batch, Batch], **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        return model.cost_from_X(data)


class Dropout(DefaultDataSpecsMixin, Cost):
    """The cost of an MLP's output layer where inputs of its layers are left out at random.

    Parameters
    ----------
    default_input_include_prob : float or None, default .5
        Probability, above 0 and at most 1, that an input of a layer is included; None is 1.
    input_include_probs : dict, optional
        {layer name: probability} for layers that differ from the default.
    default_input_scale : float, default 2
        Factor on the inputs that are included; 1 over the probability preserves their mean.
    input_scales : dict, optional
        {layer name: factor} for layers that differ from the default.
    per_example : bool, default True
        Whether each example has a mask of its own, or the minibatch shares one.

    See Also
    --------
    adversarial.models.dropout.Dropout : What the options mean.

    References
    ----------
    Hinton, Srivastava, Krizhevsky, Sutskever and Salakhutdinov, *Improving neural networks by preventing co-adaptation
    of feature detectors*, 2012. They divide the weights after training; here the inputs grow in training.

    Examples
    --------
    That of the maxout paper's MNIST experiment:

    >>> Dropout(input_include_probs={"h0": 0.8}, input_scales={"h0": 1.0}).dropout.scale("h0")
    1.0
    """

    supervised = True
    needs, trains = ("cost", "fprop"), "an MLP"

    def __init__(
        self,
        default_input_include_prob: Probability | None = 0.5,
        input_include_probs: dict[str, Probability] | None = None,
        default_input_scale: float = 2.0,
        input_scales: dict[str, float] | None = None,
        per_example: bool = True,
    ):
        self.dropout = dropout.Dropout(
            default_input_include_prob, default_input_scale, input_include_probs or {}, input_scales or {}
        )
        self.per_example = per_example

    def expr(self, model: Any, data: tuple[Batch, Batch], **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        X, Y = data
        return model.cost(Y, model.fprop(X, dropout=self.dropout, per_example=self.per_example))


class WeightDecay(NullDataSpecsMixin, Cost):
    """The sum over an MLP's layers of a coefficient times the sum of the squares of the layer's weights.

    Parameters
    ----------
    coeffs : list of float, or float
        A coefficient for each layer, from input to output; for a layer that has layers itself, a number or a list.
        One number stands for all layers.

    Examples
    --------
    >>> from adversarial.models.linear import Linear
    >>> mlp = MLP([Linear(dim=2, layer_name="y", irange=0.0)], nvis=3)
    >>> mlp.layers[0].set_weights([[1, 0], [2, 0], [0, 0]])
    >>> float(WeightDecay([0.5]).expr(mlp, None).eval())
    2.5
    """

    needs, trains = ("get_weight_decay",), "an MLP"

    def __init__(self, coeffs: Any):
        self.coeffs = coeffs

    def expr(self, model: MLP, data: Batch | None, **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        decay = model.get_weight_decay(self.coeffs)
        # The monitor's channel of a sum of costs bears this name.
        decay.name = "weight_decay"
        return decay


class L1WeightDecay(NullDataSpecsMixin, Cost):
    """The sum over an MLP's layers of a coefficient times the sum of the absolute values of the layer's weights.

    Parameters
    ----------
    coeffs : list of float, or float
        As of WeightDecay.

    Examples
    --------
    >>> from adversarial.models.linear import Linear
    >>> mlp = MLP([Linear(dim=2, layer_name="y", irange=0.0)], nvis=3)
    >>> mlp.layers[0].set_weights([[1, 0], [-2, 0], [0, 0]])
    >>> float(L1WeightDecay([0.5]).expr(mlp, None).eval())
    1.5
    """

    needs, trains = ("get_l1_weight_decay",), "an MLP"

    def __init__(self, coeffs: Any):
        self.coeffs = coeffs

    def expr(self, model: MLP, data: Batch | None, **kwargs: Any) -> TensorVariable:
        self.get_data_specs(model)[0].validate(data)
        decay = model.get_l1_weight_decay(self.coeffs)
        decay.name = "l1_penalty"
        return decay


def default_cost(model: Any) -> Cost:
    """Return what a model minimises where an experiment names no cost.

    Parameters
    ----------
    model : Model
        What is trained; its own `get_default_cost`, if it has that, says it.

    Returns
    -------
    Cost
        `Default` for an MLP without that method.
    """
    own = getattr(model, "get_default_cost", None)
    if own is not None:
        return own()
    if isinstance(model, MLP):
        return Default()
    raise ConfigurationError(f"a {type(model).__name__} has no default cost; give the algorithm a cost")
