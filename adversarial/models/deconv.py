"""Deconv: the transpose of a convolution, after goodfeli/adversarial's `deconv.py`."""

from __future__ import annotations

import numpy as np
from pytensor.tensor.variable import TensorVariable

from adversarial.models.kernels import C01B, KernelLayer, pair
from adversarial.ops.correlation import ImagesFromMaps
from adversarial.ops.geometry import Geometry
from adversarial.options import Count, Index, NonNegative, NormLimit
from adversarial.space import Conv2DSpace, Space


class Deconv(KernelLayer):
    """The transpose of a convolution: each input value adds its kernel, weighted by the value, to a larger image.

    The output of n rows has output_stride (n - 1) - 2 pad_out + kernel rows, and of columns likewise, with the axes
    ('c', 0, 1, 'b'). The kernels have the shape (channels of the output, rows, columns, channels of the input), like
    those of the convolution whose transpose (with respect to its images) this is. Any number of channels and any
    strides are allowed, unlike on cuda-convnet. The paper's CIFAR-10 generator has such a layer.

    Parameters
    ----------
    num_channels : int
        Number of channels of the output, at least 1.
    kernel_shape : [int, int]
        Rows and columns of the kernels.
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
    pad_out : int, default 0
        Width of the border that is cut off the output, in pixels.
    fix_kernel_shape : bool, default False
        Accepted and without effect, as in 2014.
    partial_sum : int or None, default 1
        Accepted and without effect: it set the memory that cuda-convnet spent on the gradient of the kernels.
    tied_b : bool, default False
        Whether there is one bias for each channel, instead of one for each pixel of each channel.
    max_kernel_norm : float, optional
        Limit on the norm of the kernels of each input channel after each update.
    output_stride : [int, int], default [1, 1]
        Rows and columns between neighbouring inputs in the output.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> layer = Deconv(layer_name="y", num_channels=3, kernel_shape=[5, 5], output_stride=[3, 3], irange=0.05)
    >>> maps = Conv2DSpace(shape=[10, 10], num_channels=80, axes=["c", 0, 1, "b"])
    >>> MLP([layer], input_space=maps).get_output_space()
    Conv2DSpace(32x32, 3 channels, c01b)
    """

    def __init__(
        self,
        num_channels: Count,
        kernel_shape: tuple[Count, Count],
        layer_name: str,
        irange: NonNegative,
        init_bias: float | np.ndarray = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        pad_out: Index = 0,
        fix_kernel_shape: bool = False,
        partial_sum: Count | None = 1,
        tied_b: bool = False,
        max_kernel_norm: NormLimit | None = None,
        output_stride: tuple[Count, Count] = (1, 1),
    ):
        self.num_channels = num_channels
        self.kernel_shape = pair(kernel_shape)
        self.layer_name = layer_name
        self.irange = irange
        self.init_bias = init_bias
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.pad_out = pad_out
        self.tied_b = tied_b
        self.max_kernel_norm = max_kernel_norm
        self.output_stride = pair(output_stride)

    def set_input_space(self, space: Space) -> None:
        maps = self._set_image_space(space)
        lengths = zip(self.output_stride, maps.shape, self.kernel_shape, strict=True)
        shape = pair(stride * (n - 1) - 2 * self.pad_out + kernel for stride, n, kernel in lengths)
        if min(shape) < 1:
            reason = f"pad_out is {self.pad_out}, which leaves nothing of an output of {shape[0]}x{shape[1]}"
            raise self._option_error("pad_out", reason)
        self.output_space = Conv2DSpace(shape=shape, num_channels=self.num_channels, axes=C01B)
        self.geometry = Geometry(shape, self.kernel_shape, self.pad_out, self.output_stride)
        self._make_parameters(self.num_channels, maps.num_channels, self.output_space)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        maps = self._as_c01b(state_below)
        return self._with_bias(ImagesFromMaps(self.geometry)(self.W, maps))
