"""Deconv: the transpose of a convolution, after goodfeli/adversarial's `deconv.py`."""

from __future__ import annotations

import numpy as np
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.models.kernels import C01B, KernelLayer
from adversarial.ops.correlation import ImagesFromMaps
from adversarial.ops.geometry import Geometry
from adversarial.options import Count, Index, NonNegative, Positive
from adversarial.space import Conv2DSpace, Space


class Deconv(KernelLayer):
    """Each input value puts its kernel, weighted, onto a larger image; what overlaps adds up.

    Of an input of n rows come output_stride (n - 1) - 2 pad_out + kernel rows, and of columns likewise. The kernels are
    (channels of the output, rows, columns, channels of the input), as those of the convolution of which it is the
    transpose with respect to images. Any number of channels and any strides will do, unlike on cuda-convnet.

    Parameters
    ----------
    num_channels : number of channels of the output
    kernel_shape : [rows, columns] of the kernels
    layer_name : the layer's name, unlike any other in its MLP
    irange : kernels start uniform in (-irange, irange)
    init_bias : initial bias, a number or one for each bias
    W_lr_scale, b_lr_scale : factors on the learning rate of W and b
    pad_out : width of the border that is cut off the output
    fix_kernel_shape : accepted, and without effect, as in 2014
    partial_sum : accepted and without effect: it told cuda-convnet how much memory to spend on the kernels' gradient
    tied_b : one bias for each channel, in place of one for each pixel of each channel
    max_kernel_norm : limit on the norm of the kernels of each input channel, kept after each update
    output_stride : [rows, columns] by which neighbouring inputs lie apart in the output
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
        max_kernel_norm: Positive | None = None,
        output_stride: tuple[Count, Count] = (1, 1),
    ):
        self.num_channels = num_channels
        self.kernel_shape = tuple(kernel_shape)
        self.layer_name = layer_name
        self.irange = irange
        self.init_bias = init_bias
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.pad_out = pad_out
        self.tied_b = tied_b
        self.max_kernel_norm = max_kernel_norm
        self.output_stride = tuple(output_stride)

    def set_input_space(self, space: Space) -> None:
        self._take_images(space)
        lengths = zip(self.output_stride, space.shape, self.kernel_shape, strict=True)
        shape = tuple(stride * (n - 1) - 2 * self.pad_out + kernel for stride, n, kernel in lengths)
        if min(shape) < 1:
            reason = f"pad_out is {self.pad_out}, which leaves nothing of an output of {shape[0]}x{shape[1]}"
            raise self._refuse("pad_out", reason)
        self.output_space = Conv2DSpace(shape=shape, num_channels=self.num_channels, axes=C01B)
        self.geometry = Geometry(shape, self.kernel_shape, self.pad_out, self.output_stride)
        self._make_parameters(self.num_channels, space.num_channels, self.output_space)

    def fprop(self, state_below: Variable) -> TensorVariable:
        maps = self._in_order(state_below)
        return self._with_bias(ImagesFromMaps(self.geometry)(self.W, maps))
