"""Layer: one stage of a multilayer perceptron, and the monitoring channels that layers share."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.errors import ConfigurationError
from adversarial.models.model import Model
from adversarial.space import Batch, Space


class LayerParent(Protocol):
    """What a layer needs of the MLP that it is part of."""

    #: Initial weights and the seeds of dropout are drawn from it.
    rng: np.random.RandomState
    batch_size: int | None
    layers: list[Layer]


class Layer(Model):
    """One stage of an MLP; it belongs to one MLP only and draws its random numbers from it.

    A subclass defines `set_input_space` (which makes the parameters) and `fprop`, and, to be an output layer,
    `cost`. Follows `Layer` of Pylearn2's `models/mlp.py`.

    Attributes
    ----------
    layer_name : str or None
        The layer's name; monitoring channels and saved parameters begin with it.
    parent : LayerParent or None
        The MLP that the layer is part of; None until it is part of one.
    dropout_input_mask_value : float
        The value that dropout gives to a dropped input of this layer.
    output_range : (float, float)
        What the layer's output lies between, whatever its parameters are; all numbers by default.
    """

    layer_name: str | None
    parent: LayerParent | None = None
    dropout_input_mask_value: float = 0.0
    output_range: tuple[float, float] = (-math.inf, math.inf)

    def get_mlp(self) -> LayerParent | None:
        """Return the MLP that this layer is part of, or None."""
        return self.parent

    def set_mlp(self, mlp: LayerParent) -> None:
        """Make the layer part of `mlp`; possible once only."""
        if self.parent is not None:
            raise ConfigurationError(f"layer '{self.layer_name}' is already part of an MLP; give each MLP its own")
        self.parent = mlp

    @property
    def mlp(self) -> LayerParent:
        """The MLP that this layer is part of; layers written for Pylearn2 call it so."""
        if self.parent is None:
            raise AttributeError(f"layer '{self.layer_name}' is not part of an MLP yet")
        return self.parent

    def set_input_space(self, space: Space) -> None:
        """Set the space of the input; this makes (or makes anew) the layer's parameters."""
        raise TypeError(f"{type(self).__name__} must define set_input_space")

    def fprop(self, state_below: Batch) -> Batch:
        """Return the layer's output, symbolic, for an input of its input space."""
        raise TypeError(f"{type(self).__name__} must define fprop")

    def cost(self, Y: Batch, Y_hat: Batch) -> TensorVariable:
        """Return the scalar cost of predicting `Y_hat` (made by `fprop`) where the target is `Y`."""
        raise ConfigurationError(
            f"layer '{self.layer_name}' is a {type(self).__name__}, which has no cost: "
            "the last layer of a discriminator or inferer must be one that has (Linear, Sigmoid, Softmax)"
        )

    def cost_matrix(self, Y: Batch, Y_hat: Batch) -> TensorVariable:
        """Return the cost of each example (row) and unit (column)."""
        return self.cost(Y, Y_hat)

    def get_weight_decay(self, coeff: Any) -> TensorVariable:
        """Return `coeff` times the sum of the squares of the layer's weights."""
        return float(coeff) * pt.sqr(self._decaying_weights()).sum()

    def get_l1_weight_decay(self, coeff: Any) -> TensorVariable:
        """Return `coeff` times the sum of the absolute values of the layer's weights."""
        return float(coeff) * pt.abs(self._decaying_weights()).sum()

    def _decaying_weights(self) -> TensorVariable:
        raise ConfigurationError(
            f"layer '{self.layer_name}' is a {type(self).__name__} without weights that could decay; "
            "give it the coefficient 0"
        )

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        """Return this layer's channels, by name, from its input, its output and, in an output layer, the targets."""
        return {}


class WeightedLayer(Layer):
    """A layer with weights `W` and, unless it is None, a bias `b`."""

    W: TensorSharedVariable
    b: TensorSharedVariable | None = None

    def set_weights(self, weights: np.ndarray) -> None:
        """Replace the weights."""
        self.W.set_value(np.asarray(weights, dtype=self.W.dtype))

    def _decaying_weights(self) -> TensorVariable:
        return self.W

    def get_biases(self) -> np.ndarray:
        """Return a copy of the biases."""
        return self._biases().get_value()

    def set_biases(self, biases: np.ndarray) -> None:
        """Replace the biases."""
        self._biases().set_value(np.asarray(biases, dtype=self._biases().dtype))

    def _biases(self) -> TensorSharedVariable:
        if self.b is None:
            raise ConfigurationError(f"layer '{self.layer_name}' has no bias")
        return self.b


def sum_over(layers: list[Layer], coeff: Any, of_layer: Callable[[Layer, Any], TensorVariable]) -> TensorVariable:
    """Return the sum of a penalty over layers whose coefficient, one for all or one for each, is not 0."""
    each = list(coeff) if isinstance(coeff, (list, tuple)) else [coeff] * len(layers)
    if len(each) != len(layers):
        raise ConfigurationError(f"there are {len(each)} coefficients of decay for {len(layers)} layers")
    terms = [of_layer(layer, own) for layer, own in zip(layers, each, strict=True) if own != 0]
    return functools.reduce(operator.add, terms) if terms else pt.as_tensor_variable(0.0)


def norm_channels(W: TensorVariable) -> dict[str, TensorVariable]:
    """Return the smallest, mean and largest norm of the rows and of the columns of a weight matrix."""
    squared = pt.sqr(W)
    channels = {}
    for name, axis in (("row", 1), ("col", 0)):
        norms = pt.sqrt(squared.sum(axis=axis))
        channels[f"{name}_norms_min"] = norms.min()
        channels[f"{name}_norms_mean"] = norms.mean()
        channels[f"{name}_norms_max"] = norms.max()
    return channels


def activation_channels(
    state: TensorVariable, prefix: str = "", separator: str = "_", example_axes: int | tuple[int, ...] = 0
) -> dict[str, TensorVariable]:
    """Return 12 channels that summarise how a layer's units respond over a batch.

    `max_x<separator>mean_u` is the mean over *u*nits of the maximum over e*x*amples, and so on for the maximum,
    minimum, mean and range over examples and the maximum, mean and minimum over units.

    Parameters
    ----------
    state : TensorVariable
        Activations of a batch.
    prefix : str, default ""
        Prefix of each name.
    separator : str, default '_'
        '_' (2014's Linear) or '.' (2014's maxout layers).
    example_axes : int or tuple of int, default 0
        The axes of examples (and pixels); the axis that remains is that of units.

    Returns
    -------
    dict
        {name: scalar}.
    """
    over_examples = {
        "max": state.max(axis=example_axes),
        "min": state.min(axis=example_axes),
        "mean": state.mean(axis=example_axes),
    }
    over_examples["range"] = over_examples["max"] - over_examples["min"]
    return {
        f"{prefix}{first}_x{separator}{second}_u": getattr(value, second)()
        for first, value in over_examples.items()
        for second in ("max", "mean", "min")
    }
