"""Convolutional maxout: correlation with kernels, the largest of each unit's pieces, then of each pool's pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.models.kernels import C01B, KernelLayer, pair
from adversarial.ops.correlation import Correlation
from adversarial.ops.geometry import Geometry, Windows
from adversarial.ops.pooling import MaxPool
from adversarial.options import Count, Index, NonNegative, NormLimit
from adversarial.space import Conv2DSpace, Space

#: Numbers of rows and of columns.
Lengths = tuple[Count, Count]
Normalization = Callable[[TensorVariable], TensorVariable]


class MaxoutConvC01B(KernelLayer):
    """Convolutional maxout, then spatial max pooling: the hidden layers of the paper's CIFAR-10 discriminator.

    Each linear piece is the correlation of the image with a kernel; the `num_pieces` pieces of a channel are adjacent.
    Where pieces or pixels tie, each gets the whole gradient, as in Theano. Follows `MaxoutConvC01B` of Pylearn2's
    `models/maxout.py`. Any number of channels, and kernels, pools and strides that are not square, are allowed here,
    unlike on cuda-convnet. The output has the axes ('c', 0, 1, 'b'). An input of more than 3 channels is padded with
    channels of zeros to a multiple of 4, as 2014 did for cuda-convnet, since the initial kernels of later layers and
    the norms of kernels depend on it.

    Parameters
    ----------
    num_channels : int
        Number of channels of the output, at least 1.
    num_pieces : int
        Number of linear pieces of each channel, at least 1.
    kernel_shape : [int, int]
        Rows and columns of the kernels.
    pool_shape : [int, int]
        Rows and columns of the pools.
    pool_stride : [int, int]
        Rows and columns from one pool to the next. The last pool may extend beyond the edge.
    layer_name : str
        The layer's name, different from any other in its MLP.
    irange : float
        Initial kernels are uniform in (-irange, irange).
    init_bias : float or array, default 0
        Initial bias: one number, or one for each bias.
    W_lr_scale : float, optional
        Factor on the learning rate of `W`, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of `b`, default 1.
    pad : int, default 0
        Width of the border of zeros around the input, in pixels.
    fix_pool_shape : bool, default False
        Whether a pool that is larger than its input is made smaller; else it is an error.
    fix_pool_stride : bool, default False
        Whether a stride that is larger than the pool is made smaller; else it is an error.
    fix_kernel_shape : bool, default False
        Whether a kernel that is larger than its input is made smaller; else it is an error.
    partial_sum : int or None, default 1
        Accepted and without effect: it set the memory that cuda-convnet spent on the gradient of the kernels.
    tied_b : bool, default False
        Whether there is one bias for each channel, instead of one for each pixel of each channel.
    max_kernel_norm : float, optional
        Limit on the norm of each kernel after each update.
    input_normalization : callable, optional
        Applied to the input: a function from images to images, axes ('c', 0, 1, 'b').
    detector_normalization : callable, optional
        Applied between maxout and pooling.
    min_zero : bool, default False
        Whether 0 is one more piece of each unit.
    output_normalization : callable, optional
        Applied to the output.
    kernel_stride : [int, int], default [1, 1]
        Rows and columns from one position of a kernel to the next.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> layer = MaxoutConvC01B(
    ...     layer_name="h0", num_channels=32, num_pieces=2, kernel_shape=[8, 8], pool_shape=[4, 4],
    ...     pool_stride=[2, 2], irange=0.005, pad=4,
    ... )
    >>> images = Conv2DSpace(shape=[32, 32], num_channels=3, axes=["c", 0, 1, "b"])
    >>> MLP([layer], input_space=images).get_output_space()
    Conv2DSpace(16x16, 32 channels, c01b)
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
        max_kernel_norm: NormLimit | None = None,
        input_normalization: Normalization | None = None,
        detector_normalization: Normalization | None = None,
        min_zero: bool = False,
        output_normalization: Normalization | None = None,
        kernel_stride: Lengths = (1, 1),
    ):
        self.num_channels = num_channels
        self.num_pieces = num_pieces
        self.kernel_shape = pair(kernel_shape)
        self.pool_shape = pair(pool_shape)
        self.pool_stride = pair(pool_stride)
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
        self.kernel_stride = pair(kernel_stride)

    def set_input_space(self, space: Space) -> None:
        images = self._set_image_space(space)
        self.geometry = self._fit_kernels(images)
        detector_shape = self.geometry.map_shape
        self.windows = self._fit_pools(detector_shape)
        linear_channels = self.num_channels * self.num_pieces
        self.detector_space = Conv2DSpace(shape=detector_shape, num_channels=linear_channels, axes=C01B)
        self.output_space = Conv2DSpace(shape=self.windows.pooled_shape, num_channels=self.num_channels, axes=C01B)
        self._dummy_channels = -images.num_channels % 4 if images.num_channels > 3 else 0
        self._make_parameters(images.num_channels + self._dummy_channels, linear_channels, self.detector_space)

    def _fit_kernels(self, space: Conv2DSpace) -> Geometry:
        kernel_shape = self.kernel_shape
        if self.fix_kernel_shape:
            kernel_shape = pair(min(k, n + 2 * self.pad) for k, n in zip(kernel_shape, space.shape, strict=True))
        try:
            return Geometry(pair(space.shape), kernel_shape, self.pad, self.kernel_stride)
        except ValueError as error:
            raise self._option_error("kernel_shape", f"{error}; a smaller kernel_shape or a larger pad fits") from error

    def _fit_pools(self, detector_shape: tuple[int, int]) -> Windows:
        pool_shape, pool_stride = self.pool_shape, self.pool_stride
        if self.fix_pool_shape:
            pool_shape = pair(map(min, pool_shape, detector_shape))
        if self.fix_pool_stride:
            pool_stride = pair(map(min, pool_stride, pool_shape))
        try:
            return Windows(detector_shape, pool_shape, pool_stride, self.num_pieces)
        except ValueError as error:
            option = "pool_shape" if any(map(int.__gt__, pool_shape, detector_shape)) else "pool_stride"
            raise self._option_error(option, str(error)) from error

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        images = self._as_c01b(state_below)
        if self.input_normalization is not None:
            images = self.input_normalization(images)
        if self._dummy_channels:
            images = pt.concatenate([images, pt.zeros_like(images[: self._dummy_channels])])
        z = self._with_bias(Correlation(self.geometry)(images, self.W))
        p = self._largest(z)
        if self.min_zero:
            p = p * (p > 0.0)
        return p if self.output_normalization is None else self.output_normalization(p)

    def _largest(self, z: TensorVariable) -> TensorVariable:
        """The maximum over pieces and pools; both in one pass where there is no normalization between them."""
        if self.detector_normalization is None:
            return _max_pool(z, self.windows)
        one = (1, 1)
        maxout = _max_pool(z, Windows(self.windows.image_shape, one, one, self.num_pieces))
        pools = Windows(self.windows.image_shape, self.windows.pool_shape, self.windows.stride)
        return _max_pool(self.detector_normalization(maxout), pools)

    def get_weights_view_shape(self) -> tuple[int, int]:
        if self.num_pieces == 1:
            return super().get_weights_view_shape()
        return self.num_channels, self.num_pieces


def _max_pool(images: TensorVariable, windows: Windows) -> TensorVariable:
    return cast(TensorVariable, MaxPool(windows)(images))
