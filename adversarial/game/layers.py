"""Layers that goodfeli/adversarial added to Pylearn2's: noise inside a network, activations alone, fixed shifts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.datasets.dataset import Dataset
from adversarial.models.layer import Layer, activation_channels
from adversarial.models.linear import rectify
from adversarial.options import Count, NonNegative, OptionError
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import CompositeSpace, Space, VectorSpace


class ElementwiseLayer(Layer):
    """A layer without parameters whose output lies in its input's space."""

    def __init__(self, layer_name: str):
        self.layer_name = layer_name
        self._params = []

    def set_input_space(self, space: Space) -> None:
        self.input_space = space
        self.output_space = space


class RectifiedLinear(ElementwiseLayer):
    """x where it is positive, `left_slope` x elsewhere, and nothing else."""

    def __init__(self, layer_name: str, left_slope: float = 0.0):
        super().__init__(layer_name)
        self.left_slope = left_slope

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return rectify(state_below, self.left_slope)


class Sigmoid(ElementwiseLayer):
    """The logistic function and nothing else. `left_slope` has no effect, as in 2014."""

    def __init__(self, layer_name: str, left_slope: float = 0.0):
        super().__init__(layer_name)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return pt.sigmoid(state_below)


class _ShiftLayer(ElementwiseLayer):
    """A fixed shift of the input; weights to show are those of the layer above."""

    def get_weights(self) -> np.ndarray:
        return self.mlp.layers[1].get_weights()

    def get_weights_format(self) -> tuple[str, str]:
        return self.mlp.layers[1].get_weights_format()

    def get_weights_view_shape(self) -> tuple[int, int]:
        return self.mlp.layers[1].get_weights_view_shape()


class SubtractHalf(_ShiftLayer):
    """x - 1/2. `left_slope` has no effect, as in 2014."""

    def __init__(self, layer_name: str, left_slope: float = 0.0):
        super().__init__(layer_name)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return state_below - 0.5


class SubtractRealMean(_ShiftLayer):
    """x less the mean of a dataset's features, over their standard deviation if `also_sd`.

    Parameters
    ----------
    layer_name : the layer's name
    dataset : a dataset with a design matrix
    also_sd : whether to divide as well; 2014's layer failed without
    """

    def __init__(self, layer_name: str, dataset: Dataset, also_sd: bool = False):
        super().__init__(layer_name)
        X = dataset.get_design_matrix()
        self.mean = sharedX(X.mean(axis=0), name=f"{layer_name}_mean")
        self.sd = sharedX(X.std(axis=0), name=f"{layer_name}_sd") if also_sd else None
        if also_sd and not np.all(self.sd.get_value() > 0):
            reason = "also_sd is true, but some features of the dataset never change and cannot be divided by"
            raise OptionError(f"SubtractRealMean '{layer_name}'", "also_sd", reason)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        centred = state_below - self.mean
        return centred if self.sd is None else centred / self.sd


class _NoisyLayer(Layer):
    """A layer with random numbers of its own, seeded from its MLP's."""

    def __init__(self, layer_name: str):
        self.layer_name = layer_name
        self._params = []

    def _take_vectors(self, space: Space) -> None:
        if not isinstance(space, VectorSpace):
            reason = f"its input must be vectors, not {space}"
            raise OptionError(f"{type(self).__name__} '{self.layer_name}'", "layer_name", reason)
        self.input_space = space
        self.theano_rng = MRG_RandomStreams(int(self.mlp.rng.randint(2**16)))


class NoiseCat(_NoisyLayer):
    """The input with gaussian noise appended.

    Parameters
    ----------
    new_dim : number of noise values
    std : their standard deviation
    layer_name : the layer's name
    """

    def __init__(self, new_dim: Count, std: NonNegative, layer_name: str):
        super().__init__(layer_name)
        self.new_dim = new_dim
        self.std = std

    def set_input_space(self, space: Space) -> None:
        self._take_vectors(space)
        self.output_space = VectorSpace(space.dim + self.new_dim)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        size = (state_below.shape[0], self.new_dim)
        noise = self.theano_rng.normal(std=self.std, avg=0.0, size=size, dtype=state_below.dtype)
        return pt.concatenate((state_below, noise), axis=1)


class Clusterize(_NoisyLayer):
    """The input plus or minus `scale`, each value by a fair coin.

    Parameters
    ----------
    scale : how far
    layer_name : the layer's name
    """

    def __init__(self, scale: float, layer_name: str):
        super().__init__(layer_name)
        self.scale = scale

    def set_input_space(self, space: Space) -> None:
        self._take_vectors(space)
        self.output_space = space

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        coin = self.theano_rng.binomial(size=state_below.shape, p=0.5, dtype=state_below.dtype)
        return state_below + self.scale * (coin * 2.0 - 1.0)


class Sum(Layer):
    """The sum of the parts of a composite input, which must be alike. Its channels take c01b images."""

    def __init__(self, layer_name: str):
        self.layer_name = layer_name
        self._params = []

    def set_input_space(self, space: Space) -> None:
        if not isinstance(space, CompositeSpace):
            reason = f"its input must be composite, such as CompositeLayer's output, not {space}"
            raise OptionError(f"Sum '{self.layer_name}'", "layer_name", reason)
        self.input_space = space
        self.output_space = space.components[0]

    def fprop(self, state_below: tuple[TensorVariable, ...]) -> TensorVariable:
        total = state_below[0]
        for part in state_below[1:]:
            total = total + part
        return total

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        if state is None:
            state = self.fprop(state_below)
        axes = (1, 2, 3) if state.ndim == 4 else 0
        return activation_channels(state, separator=".", example_axes=axes)
