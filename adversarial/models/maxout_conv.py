"""Convolutional maxout: correlation with kernels, the largest of each unit's pieces, then of each pool's pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.kernels import C01B, KernelLayer
from adversarial.ops.correlation import Correlation
from adversarial.ops.geometry import Geometry, Windows
from adversarial.ops.pooling import MaxPool
from adversarial.options import Count, Index, NonNegative, Positive
from adversarial.space import Conv2DSpace, Space

Lengths = tuple[Count, Count]
Normalization = Callable[[TensorVariable], TensorVariable]


class MaxoutConvC01B(KernelLayer):
    """Maxout units that look at a window of the image each, then spatial max pooling.

    Follows `MaxoutConvC01B` of Pylearn2's `models/maxout.py`; the pieces of a channel lie side by side. What
    cuda-convnet could not do is possible here: any number of channels, kernels, pools and strides that are not square.

    Parameters
    ----------
    num_channels : number of channels of the output
    num_pieces : number of linear pieces of each
    kernel_shape : [rows, columns] of the kernels
    pool_shape, pool_stride : [rows, columns] of pools, and from one to the next; the last may reach over the edge
    layer_name : the layer's name, unlike any other in its MLP
    irange : kernels start uniform in (-irange, irange)
    init_bias : initial bias, a number or one for each bias
    W_lr_scale, b_lr_scale : factors on the learning rate of W and b
    pad : width of the border of zeros around the input
    fix_pool_shape, fix_pool_stride, fix_kernel_shape : shrink what is too large for the input, in place of refusing it
    partial_sum : accepted and without effect: it told cuda-convnet how much memory to spend on the kernels' gradient
    tied_b : one bias for each channel, in place of one for each pixel of each channel
    max_kernel_norm : limit on the norm of each kernel, kept after each update
    input_normalization, detector_normalization, output_normalization : functions put before the layer, between
        maxout and pooling, and after the layer
    min_zero : let each output also be 0
    kernel_stride : [rows, columns] from one window of the kernels to the next
    """

    def __init__(
        self,
        num_channels: Count,
        num_pieces: Count,
        kernel_shape: Lengths,
        pool_shape: Lengths,
        pool_stride: Lengths,
        layer_name: str,
        irange: NonNegative,
        init_bias: float | np.ndarray = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        pad: Index = 0,
        fix_pool_shape: bool = False,
        fix_pool_stride: bool = False,
        fix_kernel_shape: bool = False,
        partial_sum: Count | None = 1,
        tied_b: bool = False,
        max_kernel_norm: Positive | None = None,
        input_normalization: Normalization | None = None,
        detector_normalization: Normalization | None = None,
        min_zero: bool = False,
        output_normalization: Normalization | None = None,
        kernel_stride: Lengths = (1, 1),
    ):
        self.num_channels = num_channels
        self.num_pieces = num_pieces
        self.kernel_shape = tuple(kernel_shape)
        self.pool_shape = tuple(pool_shape)
        self.pool_stride = tuple(pool_stride)
        self.layer_name = layer_name
        self.irange = irange
        self.init_bias = init_bias
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.pad = pad
        self.fix_pool_shape = fix_pool_shape
        self.fix_pool_stride = fix_pool_stride
        self.fix_kernel_shape = fix_kernel_shape
        self.tied_b = tied_b
        self.max_kernel_norm = max_kernel_norm
        self.input_normalization = input_normalization
        self.detector_normalization = detector_normalization
        self.min_zero = min_zero
        self.output_normalization = output_normalization
        self.kernel_stride = tuple(kernel_stride)

    def set_input_space(self, space: Space) -> None:
        self._take_images(space)
        self.geometry = self._fit_kernels(space)
        detector_shape = self.geometry.map_shape
        self.windows = self._fit_pools(detector_shape)
        linear_channels = self.num_channels * self.num_pieces
        self.detector_space = Conv2DSpace(shape=detector_shape, num_channels=linear_channels, axes=C01B)
        self.output_space = Conv2DSpace(shape=self.windows.pooled_shape, num_channels=self.num_channels, axes=C01B)
        self._make_parameters(space.num_channels, linear_channels, self.detector_space)

    def _fit_kernels(self, space: Conv2DSpace) -> Geometry:
        kernel_shape = self.kernel_shape
        if self.fix_kernel_shape:
            kernel_shape = tuple(min(k, n + 2 * self.pad) for k, n in zip(kernel_shape, space.shape, strict=True))
        try:
            return Geometry(space.shape, kernel_shape, self.pad, self.kernel_stride)
        except ValueError as error:
            raise self._refuse("kernel_shape", f"{error}; a smaller kernel_shape or a larger pad fits") from error

    def _fit_pools(self, detector_shape: tuple[int, int]) -> Windows:
        pool_shape, pool_stride = self.pool_shape, self.pool_stride
        if self.fix_pool_shape:
            pool_shape = tuple(map(min, pool_shape, detector_shape))
        if self.fix_pool_stride:
            pool_stride = tuple(map(min, pool_stride, pool_shape))
        try:
            return Windows(detector_shape, pool_shape, pool_stride, self.num_pieces)
        except ValueError as error:
            option = "pool_shape" if any(map(int.__gt__, pool_shape, detector_shape)) else "pool_stride"
            raise self._refuse(option, str(error)) from error

    def fprop(self, state_below: Variable) -> TensorVariable:
        images = self._in_order(state_below)
        if self.input_normalization is not None:
            images = self.input_normalization(images)
        z = self._with_bias(Correlation(self.geometry)(images, self.W))
        p = self._largest(z)
        if self.min_zero:
            p = p * (p > 0.0)
        return p if self.output_normalization is None else self.output_normalization(p)

    def _largest(self, z: TensorVariable) -> TensorVariable:
        """The maximum over pieces and pools, at once where nothing comes between; each that ties gets the gradient."""
        if self.detector_normalization is None:
            return MaxPool(self.windows)(z)
        one = (1, 1)
        maxout = MaxPool(Windows(self.windows.image_shape, one, one, self.num_pieces))(z)
        pools = Windows(self.windows.image_shape, self.windows.pool_shape, self.windows.stride)
        return MaxPool(pools)(self.detector_normalization(maxout))

    def get_weights_view_shape(self) -> tuple[int, int]:
        if self.num_pieces == 1:
            return super().get_weights_view_shape()
        return self.num_channels, self.num_pieces
