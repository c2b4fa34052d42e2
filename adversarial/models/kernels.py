"""What layers with a stack of kernels share: initial values, norm limits, learning-rate scales, channels."""

from __future__ import annotations

from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.models.affine import limit_norms
from adversarial.models.layer import WeightedLayer, activation_channels
from adversarial.models.parameter_budget import spend
from adversarial.ops.geometry import Geometry
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace, Space

#: The order of axes in which images are correlated and pooled; layers give their output in it.
C01B = ("c", 0, 1, "b")


class KernelLayer(WeightedLayer):
    """A layer with kernels `W` (channels, rows, columns, filters) and biases `b`, which reads images in any order.

    Its subclasses declare the options named here in their constructors and keep them as attributes.
    """

    geometry: Geometry
    irange: float
    init_bias: float | np.ndarray
    tied_b: bool
    W_lr_scale: float | None
    b_lr_scale: float | None
    max_kernel_norm: float | None

    def _refuse(self, option: str, reason: str) -> OptionError:
        return OptionError(f"{type(self).__name__} '{self.layer_name}'", option, reason)

    def _take_images(self, space: Space) -> None:
        if not isinstance(space, Conv2DSpace):
            reason = f"its input must be images, not {space}; a SpaceConverter below it makes images of vectors"
            raise self._refuse("layer_name", reason)
        self.input_space = space

    def _in_order(self, state_below: Variable) -> TensorVariable:
        """An input of the layer's input space as c01b images."""
        self.input_space.validate(state_below)
        return Conv2DSpace.convert(state_below, self.input_space.axes, C01B)

    def _make_parameters(self, channels: int, filters: int, biased: Conv2DSpace) -> None:
        """Draw kernels from the MLP's random numbers; make biases for `biased`, one a channel or one a value."""
        shape = (channels, *self.geometry.kernel_shape, filters)
        spend(shape, f"{self.layer_name}_W")
        self.W = sharedX(self.mlp.rng.uniform(-self.irange, self.irange, shape), name=f"{self.layer_name}_W")
        shape = (biased.num_channels,) if self.tied_b else (biased.num_channels, *biased.shape)
        if np.ndim(self.init_bias) and np.shape(self.init_bias) != shape:
            reason = f"init_bias has shape {np.shape(self.init_bias)}, but the layer's biases have shape {shape}"
            raise self._refuse("init_bias", reason)
        spend(shape, f"{self.layer_name}_b")
        self.b = sharedX(np.zeros(shape) + self.init_bias, name=f"{self.layer_name}_b")

    def _with_bias(self, z: TensorVariable) -> TensorVariable:
        return z + (self.b[:, None, None, None] if self.tied_b else self.b[..., None])

    def get_params(self) -> list[SharedVariable]:
        return [self.W, self.b]

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        scalers = {self.W: self.W_lr_scale, self.b: self.b_lr_scale}
        return {param: scale for param, scale in scalers.items() if scale is not None}

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        if self.max_kernel_norm is not None and self.W in updates:
            updates[self.W] = limit_norms(updates[self.W], (0, 1, 2), 0.0, self.max_kernel_norm)

    def get_weights_topo(self) -> np.ndarray:
        return np.transpose(self.W.get_value(), (3, 1, 2, 0))

    def get_layer_monitoring_channels(
        self, state_below: Any = None, state: Any = None, targets: Any = None
    ) -> dict[str, TensorVariable]:
        norms = (self.W**2).sum(axis=(0, 1, 2)) ** 0.5
        channels = {f"kernel_norms_{name}": getattr(norms, name)() for name in ("min", "mean", "max")}
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if state is not None:
            channels |= activation_channels(state, separator=".", example_axes=(1, 2, 3))
        return channels
