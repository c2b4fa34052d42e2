"""Layer: one stage of a multilayer perceptron, and the monitoring channels that layers share."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.errors import ConfigurationError
from adversarial.models.model import Model
from adversarial.space import Space


class LayerParent(Protocol):
    """What a layer needs of the MLP that it is part of."""

    #: Weights and seeds of dropout are drawn from it.
    rng: np.random.RandomState
    batch_size: int | None


class Layer(Model):
    """One stage of an MLP; it belongs to one MLP only and takes its random numbers from it.

    A subclass gives `set_input_space` (which makes the parameters) and `fprop`, and, to be an output layer,
    `cost`. Follows `Layer` of Pylearn2's `models/mlp.py`.
    """

    layer_name: str | None
    mlp: LayerParent
    #: The value that dropout puts where it leaves an input of this layer out.
    dropout_input_mask_value = 0.0

    def get_mlp(self) -> LayerParent | None:
        """The MLP that this layer is part of, or None."""
        return getattr(self, "mlp", None)

    def set_mlp(self, mlp: LayerParent) -> None:
        """Make the layer part of `mlp`; once only."""
        if self.get_mlp() is not None:
            raise ConfigurationError(f"layer '{self.layer_name}' is already part of an MLP; give each MLP its own")
        self.mlp = mlp

    def set_input_space(self, space: Space) -> None:
        """Say what the layer's input looks like; makes (or makes anew) the layer's parameters."""
        raise TypeError(f"{type(self).__name__} must define set_input_space")

    def fprop(self, state_below: Variable) -> Variable:
        """The layer's output for an input in its input space."""
        raise TypeError(f"{type(self).__name__} must define fprop")

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """The scalar cost of predicting `Y_hat` (made by `fprop`) where the target is `Y`."""
        raise ConfigurationError(
            f"layer '{self.layer_name}' is a {type(self).__name__}, which has no cost: "
            "the last layer of a discriminator or inferer must be one that has (Linear, Sigmoid, Softmax)"
        )

    def cost_matrix(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """The cost of each example (row) and unit (column)."""
        return self.cost(Y, Y_hat)

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        """Channels of this layer, from its input, its output and, for an output layer, the targets."""
        return {}


class WeightedLayer(Layer):
    """A layer with weights `W` and, where it has one, a bias `b`."""

    W: SharedVariable
    b: SharedVariable | None = None

    def set_weights(self, weights: np.ndarray) -> None:
        """Replace the weights."""
        self.W.set_value(np.asarray(weights, dtype=self.W.dtype))

    def get_biases(self) -> np.ndarray:
        """A copy of the biases."""
        return self.b.get_value()

    def set_biases(self, biases: np.ndarray) -> None:
        """Replace the biases."""
        self.b.set_value(np.asarray(biases, dtype=self.b.dtype))


def norm_channels(W: TensorVariable) -> dict[str, TensorVariable]:
    """Smallest, mean and largest norm of the rows and of the columns of a weight matrix."""
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
    """How a layer's units respond over a batch: 12 channels.

    `max_x<separator>mean_u` is the mean over *u*nits of the maximum over e*x*amples, and so on for the maximum,
    minimum, mean and range over examples and the maximum, mean and minimum over units.

    Parameters
    ----------
    state : activations of a batch
    prefix : put before each name
    separator : '_' (2014's Linear) or '.' (2014's maxout layers)
    example_axes : the axes over which examples (and positions) run; the one left is that of units
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
