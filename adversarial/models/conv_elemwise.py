"""Convolution, an elementwise function, then pooling: ConvElemwise; after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Literal, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.tensor.variable import TensorVariable

from adversarial.models.kernels import C01B, KernelLayer, pair
from adversarial.models.layer import activation_channels
from adversarial.models.linear import cross_entropy, detection_scores, rectify
from adversarial.ops.correlation import Correlation
from adversarial.ops.geometry import Geometry, Windows
from adversarial.ops.pooling import MaxPool
from adversarial.options import Configurable, Count, NonNegative, NormLimit, OptionError
from adversarial.space import Batch, Conv2DSpace, Space

#: Numbers of rows and of columns.
Lengths = tuple[Count, Count]
Normalization = Callable[[TensorVariable], TensorVariable]
#: The order of axes of the output, as in Theano.
BC01 = ("b", "c", 0, 1)


class ConvNonlinearity(Configurable):
    """The elementwise function of a convolutional layer; this one is the identity.

    Examples
    --------
    >>> float(ConvNonlinearity().apply(pt.constant(-2.0)).eval())
    -2.0
    """

    def apply(self, linear_response: TensorVariable) -> TensorVariable:
        """Return the function's value for what the convolution gives."""
        return linear_response


class IdentityConvNonlinearity(ConvNonlinearity):
    """No function: the layer is linear.

    Examples
    --------
    >>> float(IdentityConvNonlinearity().apply(pt.constant(-2.0)).eval())
    -2.0
    """


class RectifierConvNonlinearity(ConvNonlinearity):
    """The rectifier max(0, z).

    Parameters
    ----------
    left_slope : float, default 0
        Slope where z is negative.

    Examples
    --------
    >>> float(RectifierConvNonlinearity(left_slope=0.5).apply(pt.constant(-2.0)).eval())
    -1.0
    """

    def __init__(self, left_slope: float = 0.0):
        self.left_slope = left_slope

    def apply(self, linear_response: TensorVariable) -> TensorVariable:
        return rectify(linear_response, self.left_slope)


class SigmoidConvNonlinearity(ConvNonlinearity):
    """The logistic function 1 / (1 + exp(-z)).

    Parameters
    ----------
    monitor_style : {'classification', 'detection'}, default 'classification'
        Accepted and without effect, as in 2014.

    Examples
    --------
    >>> float(SigmoidConvNonlinearity().apply(pt.constant(0.0)).eval())
    0.5
    """

    def __init__(self, monitor_style: Literal["classification", "detection"] = "classification"):
        self.monitor_style = monitor_style

    def apply(self, linear_response: TensorVariable) -> TensorVariable:
        return pt.sigmoid(linear_response)


class TanhConvNonlinearity(ConvNonlinearity):
    """The hyperbolic tangent.

    Examples
    --------
    >>> float(TanhConvNonlinearity().apply(pt.constant(0.0)).eval())
    0.0
    """

    def apply(self, linear_response: TensorVariable) -> TensorVariable:
        return pt.tanh(linear_response)


class ConvElemwise(KernelLayer):
    """The convolution of images with kernels, an elementwise function, then pooling.

    As in Theano, kernels `W` have the shape (output channels, input channels, rows, columns) and are flipped, and the
    output has the axes ('b', 'c', 0, 1).

    Parameters
    ----------
    output_channels : int
        Number of channels of the output, at least 1.
    kernel_shape : [int, int]
        Rows and columns of the kernels.
    layer_name : str
        The layer's name, different from any other in its MLP.
    nonlinearity : ConvNonlinearity
        The elementwise function.
    irange : float
        Initial kernels are uniform in (-irange, irange).
    border_mode : {'valid', 'full'}, default 'valid'
        Whether kernels stay within the image or meet it wherever they touch it, with zeros around it.
    include_prob : float, default 1
        Accepted and without effect, as in 2014.
    init_bias : float or array, default 0
        Initial bias: one number, or one for each bias.
    W_lr_scale : float, optional
        Factor on the learning rate of `W`, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of `b`, default 1.
    max_kernel_norm : float, optional
        Limit on the norm of the kernels of each output channel after each update.
    pool_type : {'max', 'mean'}, optional
        What pools give; by default there are none.
    pool_shape : [int, int], optional
        Rows and columns of the pools.
    pool_stride : [int, int], optional
        Rows and columns from one pool to the next. The last pool may extend beyond the edge, where it sees nothing.
    tied_b : bool, default False
        Whether there is one bias for each channel, instead of one for each pixel of each channel.
    detector_normalization : callable, optional
        Applied before pooling: a function from images to images, axes ('b', 'c', 0, 1).
    output_normalization : callable, optional
        Applied to the output.
    kernel_stride : [int, int], default [1, 1]
        Rows and columns from one position of a kernel to the next.
    monitor_style : {'classification', 'detection'}, default 'classification'
        Accepted and without effect, as in 2014.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> layer = ConvElemwise(
    ...     output_channels=4, kernel_shape=[5, 5], layer_name="h0", nonlinearity=TanhConvNonlinearity(), irange=0.05,
    ...     pool_type="max", pool_shape=[4, 4], pool_stride=[2, 2],
    ... )
    >>> MLP([layer], input_space=Conv2DSpace(shape=[28, 28], num_channels=1)).get_output_space()
    Conv2DSpace(11x11, 4 channels, bc01)
    """

    norm_axes = (1, 2, 3)
    output_space: Conv2DSpace

    def __init__(
        self,
        output_channels: Count,
        kernel_shape: Lengths,
        layer_name: str,
        nonlinearity: ConvNonlinearity,
        irange: NonNegative,
        border_mode: Literal["valid", "full"] = "valid",
        include_prob: float = 1.0,
        init_bias: float | np.ndarray = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        max_kernel_norm: NormLimit | None = None,
        pool_type: Literal["max", "mean"] | None = None,
        pool_shape: Lengths | None = None,
        pool_stride: Lengths | None = None,
        tied_b: bool = False,
        detector_normalization: Normalization | None = None,
        output_normalization: Normalization | None = None,
        kernel_stride: Lengths = (1, 1),
        monitor_style: Literal["classification", "detection"] = "classification",
    ):
        self.output_channels = output_channels
        self.kernel_shape = pair(kernel_shape)
        self.layer_name = layer_name
        self.nonlinearity = nonlinearity
        self.irange = irange
        self.border_mode = border_mode
        self.init_bias = init_bias
        self.W_lr_scale = W_lr_scale
        self.b_lr_scale = b_lr_scale
        self.max_kernel_norm = max_kernel_norm
        self.pool_type = pool_type
        self.pool_shape = pool_shape
        self.pool_stride = pool_stride
        self.tied_b = tied_b
        self.detector_normalization = detector_normalization
        self.output_normalization = output_normalization
        self.kernel_stride = pair(kernel_stride)
        self._windows: Windows | None = None

    def set_input_space(self, space: Space) -> None:
        images = self._set_image_space(space)
        self.geometry = self._geometry(pair(images.shape))
        detector_space = Conv2DSpace(shape=self.geometry.map_shape, num_channels=self.output_channels, axes=BC01)
        self._make_parameters(images.num_channels, self.output_channels, detector_space)
        self.output_space = detector_space
        if self.pool_type is not None:
            self._windows = self._pools(self.geometry.map_shape)
            shape = self._windows.pooled_shape
            self.output_space = Conv2DSpace(shape=shape, num_channels=self.output_channels, axes=BC01)

    def _geometry(self, shape: tuple[int, int]) -> Geometry:
        """The places of kernels in what of an image, with zeros around it, whole strides reach."""
        border = pair(0 if self.border_mode == "valid" else k - 1 for k in self.kernel_shape)
        padded = pair(n + 2 * b for n, b in zip(shape, border, strict=True))
        lengths = zip(padded, self.kernel_shape, self.kernel_stride, strict=True)
        reached = pair((n - k) // s * s + k for n, k, s in lengths)
        self._border = border
        try:
            return Geometry(reached, self.kernel_shape, 0, self.kernel_stride)
        except ValueError as error:
            raise self._option_error("kernel_shape", f"{error}; a smaller kernel_shape fits") from error

    def _pools(self, shape: tuple[int, int]) -> Windows:
        if self.pool_shape is None or self.pool_stride is None:
            option = "pool_shape" if self.pool_shape is None else "pool_stride"
            raise self._option_error(option, f"needs the option '{option}', as pool_type is given")
        try:
            return Windows(shape, pair(self.pool_shape), pair(self.pool_stride))
        except ValueError as error:
            raise self._option_error("pool_shape", str(error)) from error

    def _kernel_shape(self, channels: int, filters: int) -> tuple[int, ...]:
        return (filters, channels, *self.kernel_shape)

    def fprop(self, state_below: TensorVariable) -> TensorVariable:
        images = self._framed(self._as_c01b(state_below))
        kernels = self.W[:, :, ::-1, ::-1].transpose(1, 2, 3, 0)
        state = self.nonlinearity.apply(self._with_bias(Correlation(self.geometry)(images, kernels)))
        if self._windows is not None:
            if self.detector_normalization is not None:
                state = _bc01(self.detector_normalization(_bc01(state)), back=True)
            pool = max_pool if self.pool_type == "max" else mean_pool
            state = pool(state, self._windows)
        output = _bc01(state)
        return output if self.output_normalization is None else self.output_normalization(output)

    def _framed(self, images: TensorVariable) -> TensorVariable:
        """What of images, with zeros around them, kernels meet."""
        rows, columns = self.geometry.image_shape
        (above, left), shape = self._border, pair(self.input_space.shape)
        if above or left:
            wide = pt.zeros((images.shape[0], shape[0] + 2 * above, shape[1] + 2 * left, images.shape[3]), images.dtype)
            images = wide[:, above : above + shape[0], left : left + shape[1]].set(images)
        return images[:, :rows, :columns]

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """Return the mean over examples, channels and pixels of the cross-entropy; for sigmoids without pools only."""
        if not isinstance(self.nonlinearity, SigmoidConvNonlinearity) or self._windows is not None:
            reason = f"nonlinearity is {type(self.nonlinearity).__name__}, but only sigmoids without pools have a cost"
            raise OptionError(f"{type(self).__name__} '{self.layer_name}'", "nonlinearity", reason)
        # The sigmoid, whose logit is in the graph, is below the exchange of axes.
        return cross_entropy(_bc01(Y, back=True), Y_hat.owner.inputs[0]).mean()

    def get_weights_topo(self) -> np.ndarray:
        return np.transpose(self.W.get_value(), (0, 2, 3, 1))

    def _activation_channels(self, state: TensorVariable) -> dict[str, TensorVariable]:
        return activation_channels(state)

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels = super().get_layer_monitoring_channels(state_below, state, targets)
        if isinstance(self.nonlinearity, SigmoidConvNonlinearity) and targets is not None and state is not None:
            y_hat, y = pt.cast(state > 0.5, state.dtype), pt.cast(targets > 0.5, state.dtype)
            channels |= {"01_loss": pt.neq(y, y_hat).astype(state.dtype).mean(), "kl": self.cost(targets, state)}
            channels |= detection_scores(y, y_hat, axis=None)
        return channels


class ConvRectifiedLinear(ConvElemwise):
    """A convolution with rectified linear units and pools: that of Pylearn2's convolutional tutorial.

    Parameters
    ----------
    output_channels : int
        Number of channels of the output, at least 1.
    kernel_shape : [int, int]
        Rows and columns of the kernels.
    pool_shape : [int, int]
        Rows and columns of the pools.
    pool_stride : [int, int]
        Rows and columns from one pool to the next.
    layer_name : str
        The layer's name, different from any other in its MLP.
    irange : float
        Initial kernels are uniform in (-irange, irange).
    border_mode : {'valid', 'full'}, default 'valid'
        Whether kernels stay within the image or meet it wherever they touch it.
    include_prob : float, default 1
        Accepted and without effect, as in 2014.
    init_bias : float or array, default 0
        Initial bias: one number, or one for each bias.
    W_lr_scale : float, optional
        Factor on the learning rate of `W`, default 1.
    b_lr_scale : float, optional
        Factor on the learning rate of `b`, default 1.
    left_slope : float, default 0
        Slope of the rectifier where its input is negative.
    max_kernel_norm : float, optional
        Limit on the norm of the kernels of each output channel after each update.
    pool_type : {'max', 'mean'}, optional
        What pools give, default 'max'; None is no pools.
    tied_b : bool, default False
        Whether there is one bias for each channel, instead of one for each pixel of each channel.
    detector_normalization : callable, optional
        Applied before pooling.
    output_normalization : callable, optional
        Applied to the output.
    kernel_stride : [int, int], default [1, 1]
        Rows and columns from one position of a kernel to the next.
    monitor_style : {'classification', 'detection'}, default 'classification'
        Accepted and without effect, as in 2014.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> layer = ConvRectifiedLinear(
    ...     output_channels=64, kernel_shape=[5, 5], pool_shape=[4, 4], pool_stride=[2, 2], layer_name="h2", irange=0.05
    ... )
    >>> MLP([layer], input_space=Conv2DSpace(shape=[28, 28], num_channels=1)).get_output_space()
    Conv2DSpace(11x11, 64 channels, bc01)
    """

    def __init__(
        self,
        output_channels: Count,
        kernel_shape: Lengths,
        pool_shape: Lengths,
        pool_stride: Lengths,
        layer_name: str,
        irange: NonNegative,
        border_mode: Literal["valid", "full"] = "valid",
        include_prob: float = 1.0,
        init_bias: float | np.ndarray = 0.0,
        W_lr_scale: NonNegative | None = None,
        b_lr_scale: NonNegative | None = None,
        left_slope: float = 0.0,
        max_kernel_norm: NormLimit | None = None,
        pool_type: Literal["max", "mean"] | None = "max",
        tied_b: bool = False,
        detector_normalization: Normalization | None = None,
        output_normalization: Normalization | None = None,
        kernel_stride: Lengths = (1, 1),
        monitor_style: Literal["classification", "detection"] = "classification",
    ):
        super().__init__(
            output_channels=output_channels,
            kernel_shape=kernel_shape,
            layer_name=layer_name,
            nonlinearity=RectifierConvNonlinearity(left_slope),
            irange=irange,
            border_mode=border_mode,
            init_bias=init_bias,
            W_lr_scale=W_lr_scale,
            b_lr_scale=b_lr_scale,
            max_kernel_norm=max_kernel_norm,
            pool_type=pool_type,
            pool_shape=pool_shape,
            pool_stride=pool_stride,
            tied_b=tied_b,
            detector_normalization=detector_normalization,
            output_normalization=output_normalization,
            kernel_stride=kernel_stride,
        )


def max_pool(images: TensorVariable, windows: Windows) -> TensorVariable:
    """Return the largest value of each window of c01b images."""
    return cast(TensorVariable, MaxPool(windows)(images))


def mean_pool(images: TensorVariable, windows: Windows) -> TensorVariable:
    """Return the mean of each window of c01b images over the pixels that it sees."""
    rows, columns = windows.image_shape
    shape = images.shape[0], *windows.covered_shape, images.shape[3]
    covered = pt.zeros(shape, images.dtype)[:, :rows, :columns].set(images)
    seen = np.zeros(windows.covered_shape, images.dtype)
    seen[:rows, :columns] = 1.0
    total = functools.reduce(operator.add, [covered[:, own, others] for own, others in windows.slices()])
    count = functools.reduce(operator.add, [seen[own, others] for own, others in windows.slices()])
    return total / count[None, :, :, None]


def _bc01(images: TensorVariable, back: bool = False) -> TensorVariable:
    """Return c01b images with Theano's order of axes, or the reverse."""
    return Conv2DSpace.convert(images, BC01, C01B) if back else Conv2DSpace.convert(images, C01B, BC01)
