"""What layers with a stack of kernels share: initial values, norm limits, learning-rate scales, channels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.models.affine import limit_norms
from adversarial.models.layer import WeightedLayer, activation_channels
from adversarial.models.parameter_budget import spend
from adversarial.ops.geometry import Geometry
from adversarial.options import OptionError
from adversarial.space import Batch, Conv2DSpace, Space

#: The order of axes in which images are correlated and pooled; layers return their output in it.
C01B = ("c", 0, 1, "b")


class KernelLayer(WeightedLayer):
    """A layer with kernels `W`, here of shape (channels, rows, columns, filters), and biases `b`.

    It reads images with their axes in any order. Its subclasses declare the options named here in their constructors
    and store them as attributes.
    """

    #: The axes of `W` that the norm of a kernel sums over.
    norm_axes = (0, 1, 2)
    input_space: Conv2DSpace
    b: TensorSharedVariable
    geometry: Geometry
    irange: float
    init_bias: float | np.ndarray
    tied_b: bool
    W_lr_scale: float | None
    b_lr_scale: float | None
    max_kernel_norm: float | None

    def _option_error(self, option: str, reason: str) -> OptionError:
        return OptionError(f"{type(self).__name__} '{self.layer_name}'", option, reason)

    def _set_image_space(self, space: Space) -> Conv2DSpace:
        """Set the input space, which must be one of images, and return it."""
        if not isinstance(space, Conv2DSpace):
            reason = f"its input must be images, not {space}; a SpaceConverter below it makes images of vectors"
            raise self._option_error("layer_name", reason)
        self.input_space = space
        return space

    def _as_c01b(self, state_below: TensorVariable) -> TensorVariable:
        """An input of the layer's input space as images with axes ('c', 0, 1, 'b')."""
        self.input_space.validate(state_below)
        return Conv2DSpace.convert(state_below, self.input_space.axes, C01B)

    def _make_parameters(self, channels: int, filters: int, biased: Conv2DSpace) -> None:
        """Draw kernels from the MLP's random numbers; make biases for `biased`, one per channel or one per value."""
        shape = self._kernel_shape(channels, filters)
        spend(shape, f"{self.layer_name}_W")
        self.W = sharedX(self.mlp.rng.uniform(-self.irange, self.irange, shape), name=f"{self.layer_name}_W")
        shape = (biased.num_channels,) if self.tied_b else (biased.num_channels, *biased.shape)
        if np.ndim(self.init_bias) and np.shape(self.init_bias) != shape:
            reason = f"init_bias has shape {np.shape(self.init_bias)}, but the layer's biases have shape {shape}"
            raise self._option_error("init_bias", reason)
        spend(shape, f"{self.layer_name}_b")
        self.b = sharedX(np.zeros(shape) + self.init_bias, name=f"{self.layer_name}_b")

    def _kernel_shape(self, channels: int, filters: int) -> tuple[int, ...]:
        """The shape of `W`."""
        return (channels, *self.geometry.kernel_shape, filters)

    def _with_bias(self, z: TensorVariable) -> TensorVariable:
        return z + (self.b[:, None, None, None] if self.tied_b else self.b[..., None])

    def get_params(self) -> list[TensorSharedVariable]:
        return [self.W, self.b]

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        scalers = {self.W: self.W_lr_scale, self.b: self.b_lr_scale}
        return {param: scale for param, scale in scalers.items() if scale is not None}

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        if self.max_kernel_norm is not None and self.W in updates:
            W = cast(TensorVariable, updates[self.W])
            updates[self.W] = limit_norms(W, self.norm_axes, 0.0, self.max_kernel_norm)

    def get_weights_topo(self) -> np.ndarray:
        return np.transpose(self.W.get_value(), (3, 1, 2, 0))

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        norms = (cast(TensorVariable, self.W) ** 2).sum(axis=self.norm_axes) ** 0.5
        channels = {f"kernel_norms_{name}": getattr(norms, name)() for name in ("min", "mean", "max")}
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels |= self._activation_channels(state)
        return channels

    def _activation_channels(self, state: TensorVariable) -> dict[str, TensorVariable]:
        return activation_channels(state, separator=".", example_axes=(1, 2, 3))


def pair(lengths: Iterable[int]) -> tuple[int, int]:
    """Return numbers of rows and of columns as a tuple."""
    rows, columns = lengths
    return rows, columns
