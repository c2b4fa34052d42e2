"""What layers with one weight matrix share: its initial values, its norm limits, its learning-rate scales."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytensor.tensor as pt
from numpy.random import RandomState
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.errors import ConfigurationError
from adversarial.index_space import IndexSpace
from adversarial.models.layer import WeightedLayer
from adversarial.models.parameter_budget import spend
from adversarial.options import OptionError
from adversarial.space import Conv2DSpace, Space, VectorSpace


def initial_weights(
    rng: RandomState,
    shape: tuple[int, int],
    irange: float | None = None,
    istdev: float | None = None,
    sparse_init: int | None = None,
    sparse_stdev: float = 1.0,
    include_prob: float | None = None,
    mask_weights: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a weight matrix as Pylearn2 drew it.

    Exactly one of `irange`, `istdev` and `sparse_init` is given.

    Parameters
    ----------
    rng : RandomState
        The source of random numbers.
    shape : tuple of int
        (inputs, units).
    irange : float, optional
        Weights are uniform in (-irange, irange).
    istdev : float, optional
        Weights are normal with this standard deviation.
    sparse_init : int, optional
        Each unit has this many normal weights; its others are 0.
    sparse_stdev : float, default 1
        Standard deviation of the weights of `sparse_init`.
    include_prob : float, optional
        With `irange`, the probability that a weight is not set to 0. None is 1, without the random numbers that
        a probability of 1 draws.
    mask_weights : array of shape (inputs, units), optional
        With `sparse_init`, no weight is drawn where it is 0.

    Returns
    -------
    array of shape (inputs, units)
        The weights, float64.

    Examples
    --------
    >>> initial_weights(RandomState(0), (2, 3), irange=0.05).shape
    (2, 3)
    """
    if irange is not None:
        weights = rng.uniform(-irange, irange, shape)
        if include_prob is not None:
            weights *= rng.uniform(0.0, 1.0, shape) < include_prob
        return weights
    if istdev is not None:
        return rng.randn(*shape) * istdev
    if sparse_init is None:
        raise ConfigurationError("initial weights need one of irange, istdev and sparse_init")
    return _sparse_weights(rng, shape, sparse_init, mask_weights) * sparse_stdev


def _sparse_weights(
    rng: RandomState, shape: tuple[int, int], per_unit: int, mask_weights: np.ndarray | None
) -> np.ndarray:
    inputs, units = shape
    weights = np.zeros(shape)
    for unit in range(units):
        allowed = inputs if mask_weights is None else np.count_nonzero(mask_weights[:, unit])
        if per_unit > allowed:
            raise ConfigurationError(f"sparse_init is {per_unit}, but unit {unit} has only {allowed} inputs")
        for _ in range(per_unit):
            index = rng.randint(0, inputs)
            while weights[index, unit] != 0 or (mask_weights is not None and mask_weights[index, unit] == 0):
                index = rng.randint(0, inputs)
            weights[index, unit] = rng.randn()
    return weights


class AffineLayer(WeightedLayer):
    """A layer with weights `W` of shape (inputs, linear units) and, unless it is None, a bias `b` (linear units,).

    Its subclasses declare the options named here in their constructors and store them as attributes.
    """

    desired_space: VectorSpace

    W_lr_scale: float | None = None
    b_lr_scale: float | None = None
    max_row_norm: float | None = None
    max_col_norm: float | None = None
    min_col_norm: float | None = None
    mask_weights: np.ndarray | None = None

    def _set_initialization(self, **recipe: Any) -> None:
        """Store the options of `initial_weights`; exactly one kind of initial weights must be among them."""
        kinds = [kind for kind in ("irange", "istdev", "sparse_init") if recipe.get(kind) is not None]
        if len(kinds) != 1:
            found = "none is given" if not kinds else " and ".join(kinds) + " are given"
            choices = ", ".join(kind for kind in ("irange", "istdev", "sparse_init") if kind in recipe)
            owner = f"{type(self).__name__} '{self.layer_name}'"
            raise OptionError(owner, kinds[-1] if kinds else "irange", f"needs exactly one of {choices}, but {found}")
        if self.max_row_norm is not None and (self.max_col_norm is not None or self.min_col_norm is not None):
            raise OptionError(
                f"{type(self).__name__} '{self.layer_name}'",
                "max_row_norm",
                "max_row_norm cannot be combined with a limit on column norms",
            )
        self._initialization = recipe

    def _make_weights(self, space: Space, linear_units: int, name: str) -> None:
        """Set the input space and draw the weights from the MLP's random numbers."""
        if isinstance(space, IndexSpace):
            reason = f"its input must be numbers, not the labels of {space}: a VectorSpace, or a Conv2DSpace of images"
            raise OptionError(f"{type(self).__name__} '{self.layer_name}'", "layer_name", reason)
        self.input_space = space
        self.input_dim = space.get_total_dimension()
        self.desired_space = VectorSpace(self.input_dim)
        shape = (self.input_dim, linear_units)
        if self.mask_weights is not None:
            if np.shape(self.mask_weights) != shape:
                raise OptionError(
                    f"{type(self).__name__} '{self.layer_name}'",
                    "mask_weights",
                    f"mask_weights has shape {np.shape(self.mask_weights)}, but the weights have shape {shape}",
                )
            self.mask = sharedX(np.asarray(self.mask_weights), name=f"{self.layer_name}_mask")
        spend(shape, name)
        self.W = sharedX(initial_weights(self.mlp.rng, shape, **self._initialization), name=name)

    def _make_bias(self, linear_units: int, init_bias: float | np.ndarray, name: str) -> None:
        """Make the bias, a vector, with the given initial value or values."""
        if np.ndim(init_bias) and np.shape(init_bias) != (linear_units,):
            raise OptionError(
                f"{type(self).__name__} '{self.layer_name}'",
                "init_bias",
                f"init_bias has shape {np.shape(init_bias)}, but the layer has {linear_units} biases",
            )
        spend((linear_units,), name)
        self.b = sharedX(np.zeros((linear_units,)) + init_bias, name=name)

    def _linear_part(self, state_below: TensorVariable) -> TensorVariable:
        """z = x W + b for an input x of the layer's input space; shape (batch, linear units)."""
        self.input_space.validate(state_below)
        state_below = self.input_space.format_as(state_below, self.desired_space)
        z = pt.dot(state_below, self._multiplier())
        return z if self.b is None else z + self.b

    def _multiplier(self) -> TensorVariable:
        """The matrix that inputs are multiplied by: the weights."""
        return self.W

    def get_params(self) -> list[TensorSharedVariable]:
        return [self.W] if self.b is None else [self.W, self.b]

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        scalers = {self.W: self.W_lr_scale}
        if self.b is not None:
            scalers[self.b] = self.b_lr_scale
        return {param: scale for param, scale in scalers.items() if scale is not None}

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        if self.W not in updates:
            return
        W = cast(TensorVariable, updates[self.W])
        if self.mask_weights is not None:
            W = W * self.mask
        if self.max_row_norm is not None:
            W = limit_norms(W, 1, 0.0, self.max_row_norm)
        if self.max_col_norm is not None or self.min_col_norm is not None:
            W = limit_norms(W, 0, self.min_col_norm or 0.0, self.max_col_norm)
        updates[self.W] = W

    def get_weights(self) -> np.ndarray:
        if isinstance(self.input_space, Conv2DSpace):
            raise ConfigurationError(
                f"layer '{self.layer_name}' reads {self.input_space}, not vectors; ask for get_weights_topo"
            )
        return self.W.get_value()

    def get_weights_format(self) -> tuple[str, str]:
        return "v", "h"

    def get_weights_topo(self) -> np.ndarray:
        if not isinstance(self.input_space, Conv2DSpace):
            raise ConfigurationError(f"layer '{self.layer_name}' reads {self.input_space}, which is not made of images")
        images = self.desired_space.np_format_as(np.ascontiguousarray(self.W.get_value().T), self.input_space)
        return Conv2DSpace.convert_numpy(images, self.input_space.axes, ("b", 0, 1, "c"))


def limit_norms(W: TensorVariable, axis: int | tuple[int, ...], low: float, high: float | None) -> TensorVariable:
    """Return `W` with its norms limited: max-norm regularization (Srebro and Shraibman, 2005).

    Parameters
    ----------
    W : TensorVariable
        Weights.
    axis : int or tuple of int
        The axes that a norm sums over: 0 for a matrix's columns, 1 for its rows.
    low : float
        The smallest norm.
    high : float or None
        The largest norm; None is no limit.

    Returns
    -------
    TensorVariable
        Weights of the same shape. They are divided by norm + 1e-7, as in Pylearn2: so a vector within the limits
        shrinks a little as well.
    """
    norms = pt.sqrt(pt.sum(pt.sqr(W), axis=axis, keepdims=True))
    desired = pt.clip(norms, low, norms.max() if high is None else high)
    return W * (desired / (1e-7 + norms))
