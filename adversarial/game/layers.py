"""Layers that goodfeli/adversarial added to Pylearn2's: noise within a network, bare activations, fixed shifts."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.datasets.dataset import Dataset
from adversarial.models.layer import Layer, activation_channels
from adversarial.models.linear import ActivatedLinear, rectify
from adversarial.options import Count, NonNegative, OptionError
from adversarial.random_streams import MRG_RandomStreams
from adversarial.space import Batch, CompositeSpace, Space, VectorSpace


class ElementwiseLayer(Layer):
    """A layer without parameters whose output has the space of its input.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    """

    def __init__(self, layer_name: str):
        self.layer_name = layer_name
        self._params = []

    def set_input_space(self, space: Space) -> None:
        self.input_space = space
        self.output_space = space


class RectifiedLinear(ElementwiseLayer):
    """The rectifier alone: y = max(0, x); 2014's `adversarial.RectifiedLinear`.

    Not to be confused with `adversarial.models.linear.RectifiedLinear` (Pylearn2's), which has weights and a bias.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    left_slope : float, default 0
        Slope where x is negative.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> MLP([RectifiedLinear(layer_name="r")], nvis=4).get_params()
    []
    """

    def __init__(self, layer_name: str, left_slope: float = 0.0):
        super().__init__(layer_name)
        self.left_slope = left_slope

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return rectify(state_below, self.left_slope)


class Disconnector(ActivatedLinear):
    """Rectified linear units that jump: y = x W + b + ofs where x W + b > 0; `galatea.adversarial.disco.Disconnector`.

    Parameters
    ----------
    ofs : float, default .1
        What is added where x W + b is positive.
    left_slope : float, default 0
        Slope where it is not.
    **kwargs : dict
        Options of `adversarial.models.linear.Linear`.

    Examples
    --------
    >>> Disconnector(dim=3, layer_name="h0", irange=0.05).ofs
    0.1
    """

    def __init__(self, ofs: float = 0.1, left_slope: float = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.ofs = ofs
        self.left_slope = left_slope

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        z = super().fprop(state_below)
        return pt.switch(z > 0.0, z + self.ofs, self.left_slope * z)


class Sigmoid(ElementwiseLayer):
    """The logistic function alone: y = 1 / (1 + exp(-x)); 2014's `adversarial.Sigmoid`.

    Not to be confused with `adversarial.models.linear.Sigmoid` (Pylearn2's), which has weights, a bias and a cost.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    left_slope : float, default 0
        Accepted and without effect, as in 2014.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> MLP([Sigmoid(layer_name="s")], nvis=4).get_output_space()
    VectorSpace(4)
    """

    output_range = (0.0, 1.0)

    def __init__(self, layer_name: str, left_slope: float = 0.0):
        super().__init__(layer_name)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return pt.sigmoid(state_below)


class _ShiftLayer(ElementwiseLayer):
    """A fixed shift of the input; the weights that are shown are those of the layer above."""

    def get_weights(self) -> np.ndarray:
        return self.mlp.layers[1].get_weights()

    def get_weights_format(self) -> tuple[str, str]:
        return self.mlp.layers[1].get_weights_format()

    def get_weights_view_shape(self) -> tuple[int, int]:
        return self.mlp.layers[1].get_weights_view_shape()


class SubtractHalf(_ShiftLayer):
    """A shift by one half: y = x - 1/2, which centres pixels in [0, 1].

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    left_slope : float, default 0
        Accepted and without effect, as in 2014.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> MLP([SubtractHalf(layer_name="s")], nvis=4).get_output_space()
    VectorSpace(4)
    """

    def __init__(self, layer_name: str, left_slope: float = 0.0):
        super().__init__(layer_name)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        return state_below - 0.5


class SubtractRealMean(_ShiftLayer):
    """Standardization: y = x - m, or (x - m) / s, with the mean m and deviation s of each feature of a dataset.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    dataset : Dataset
        A dataset with a design matrix.
    also_sd : bool, default False
        Whether to divide by the standard deviation; 2014's layer failed without.

    Examples
    --------
    >>> from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
    >>> layer = SubtractRealMean(layer_name="s", dataset=DenseDesignMatrix(X=np.array([[0.0, 1.0], [1.0, 3.0]])))
    >>> layer.mean.get_value().tolist()
    [0.5, 2.0]
    """

    def __init__(self, layer_name: str, dataset: Dataset, also_sd: bool = False):
        super().__init__(layer_name)
        X = dataset.get_design_matrix()
        self.mean = sharedX(X.mean(axis=0), name=f"{layer_name}_mean")
        self.sd = sharedX(X.std(axis=0), name=f"{layer_name}_sd") if also_sd else None
        if self.sd is not None and not np.all(self.sd.get_value() > 0):
            reason = "also_sd is true, but some features of the dataset never change and cannot be divided by"
            raise OptionError(f"SubtractRealMean '{layer_name}'", "also_sd", reason)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        centred = state_below - self.mean
        return centred if self.sd is None else centred / self.sd


class _NoisyLayer(Layer):
    """A layer with its own stream of random numbers, whose seed is drawn from its MLP's.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    """

    def __init__(self, layer_name: str):
        self.layer_name = layer_name
        self._params = []

    def _set_vector_space(self, space: Space) -> VectorSpace:
        """Set the input space, which must be one of vectors, and return it."""
        if not isinstance(space, VectorSpace):
            reason = f"its input must be vectors, not {space}"
            raise OptionError(f"{type(self).__name__} '{self.layer_name}'", "layer_name", reason)
        self.input_space = space
        self.theano_rng = MRG_RandomStreams(int(self.mlp.rng.randint(2**16)))
        return space


class NoiseCat(_NoisyLayer):
    """The input with gaussian noise concatenated to it.

    Parameters
    ----------
    new_dim : int
        Number of noise values, at least 1.
    std : float
        Their standard deviation.
    layer_name : str
        The layer's name, different from any other in its MLP.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> MLP([NoiseCat(new_dim=2, std=1.0, layer_name="n")], nvis=4).get_output_space()
    VectorSpace(6)
    """

    def __init__(self, new_dim: Count, std: NonNegative, layer_name: str):
        super().__init__(layer_name)
        self.new_dim = new_dim
        self.std = std

    def set_input_space(self, space: Space) -> None:
        self.output_space = VectorSpace(self._set_vector_space(space).dim + self.new_dim)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        size = (state_below.shape[0], self.new_dim)
        noise = self.theano_rng.normal(std=self.std, avg=0.0, size=size, dtype=state_below.dtype)
        return pt.concatenate((state_below, noise), axis=1)


class Clusterize(_NoisyLayer):
    """A random step: y = x + scale or x - scale, each with probability 1/2 for each value.

    Parameters
    ----------
    scale : float
        The distance, in units of the input.
    layer_name : str
        The layer's name, different from any other in its MLP.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> MLP([Clusterize(scale=0.5, layer_name="c")], nvis=4).get_output_space()
    VectorSpace(4)
    """

    def __init__(self, scale: float, layer_name: str):
        super().__init__(layer_name)
        self.scale = scale

    def set_input_space(self, space: Space) -> None:
        self.output_space = self._set_vector_space(space)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        coin = self.theano_rng.binomial(size=state_below.shape, p=0.5, dtype=state_below.dtype)
        return state_below + self.scale * (coin * 2.0 - 1.0)


class Sum(Layer):
    """The sum of the parts of a composite input, which must have the same space.

    Its monitoring channels take four axes for images with the axes ('c', 0, 1, 'b').

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.

    Examples
    --------
    >>> from adversarial.models.composite import CompositeLayer
    >>> from adversarial.models.linear import Linear
    >>> from adversarial.models.mlp import MLP
    >>> both = [Linear(dim=3, layer_name="a", irange=0.1), Linear(dim=3, layer_name="b", irange=0.1)]
    >>> MLP([CompositeLayer(layer_name="both", layers=both), Sum(layer_name="s")], nvis=4).get_output_space()
    VectorSpace(3)
    """

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
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        total: TensorVariable = self.fprop(cast(tuple, state_below)) if state is None else state
        axes = (1, 2, 3) if total.ndim == 4 else 0
        return activation_channels(total, separator=".", example_axes=axes)
