"""Max pooling as a layer of its own; of hans/adversarial."""

from __future__ import annotations

from typing import cast

from pytensor.tensor.variable import TensorVariable

from adversarial.models.kernels import C01B, pair
from adversarial.models.layer import Layer
from adversarial.ops.geometry import Windows
from adversarial.ops.pooling import MaxPool
from adversarial.options import Count, OptionError
from adversarial.space import Conv2DSpace, Space


class MaxPoolC01BLayer(Layer):
    """Spatial max pooling of images; the output has the axes ('c', 0, 1, 'b').

    In 2015 its output space was that of its input, which is wrong for any pool that makes images smaller.

    Parameters
    ----------
    layer_name : str
        The layer's name, different from any other in its MLP.
    pool_shape : [int, int]
        Rows and columns of the pools.
    pool_stride : [int, int]
        Rows and columns from one pool to the next. The last pool may extend beyond the edge.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> images = Conv2DSpace(shape=[8, 8], num_channels=3)
    >>> pool = MaxPoolC01BLayer(layer_name="pool", pool_shape=[2, 2], pool_stride=[2, 2])
    >>> MLP([pool], input_space=images).get_output_space()
    Conv2DSpace(4x4, 3 channels, c01b)
    """

    def __init__(self, layer_name: str, pool_shape: tuple[Count, Count], pool_stride: tuple[Count, Count]):
        self.layer_name = layer_name
        self.pool_shape = pair(pool_shape)
        self.pool_stride = pair(pool_stride)
        self._params = []

    def set_input_space(self, space: Space) -> None:
        owner = f"MaxPoolC01BLayer '{self.layer_name}'"
        if not isinstance(space, Conv2DSpace):
            raise OptionError(owner, "layer_name", f"its input must be images, not {space}")
        try:
            self.windows = Windows(pair(space.shape), self.pool_shape, self.pool_stride)
        except ValueError as error:
            raise OptionError(owner, "pool_shape", str(error)) from error
        self.input_space = space
        self.output_space = Conv2DSpace(self.windows.pooled_shape, num_channels=space.num_channels, axes=C01B)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        assert isinstance(self.input_space, Conv2DSpace)
        self.input_space.validate(state_below)
        images = Conv2DSpace.convert(state_below, self.input_space.axes, C01B)
        return cast(TensorVariable, MaxPool(self.windows)(images))
