"""LinearGaussian: a normal distribution with its own precision for each output; after Pylearn2's `models/mlp.py`."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.datasets.dataset import Dataset
from adversarial.datasets.dense_design_matrix import DenseDesignMatrix
from adversarial.models.linear import Linear
from adversarial.options import NonNegative, Positive, configurable
from adversarial.space import Batch, Space


class LinearGaussian(Linear):
    """A normal distribution whose mean is affine: y ~ N(x W + b, 1 / beta), with a precision beta for each unit.

    Its cost is the negative log-likelihood of the target in nats, but for a constant, averaged over examples.

    Parameters
    ----------
    init_beta : float or array of shape (dim,)
        Initial precision, above 0; `beta_from_targets` gives a good one.
    min_beta : float or array of shape (dim,)
        The precision does not fall below this; above 0.
    max_beta : float or array of shape (dim,)
        The precision does not rise above this, as it would without end where targets can be predicted exactly.
    beta_lr_scale : float or None
        Factor on the learning rate of `beta`; None is 1.
    **kwargs : dict
        Options of `Linear`.

    Examples
    --------
    >>> from adversarial.models.mlp import MLP
    >>> layer = LinearGaussian(1.0, 0.1, 100.0, None, dim=2, layer_name="y", irange=0.05)
    >>> [param.name for param in MLP([layer], nvis=3).get_params()]
    ['y_W', 'y_b', 'beta']
    """

    def __init__(
        self,
        init_beta: Positive | np.ndarray,
        min_beta: Positive | np.ndarray,
        max_beta: Positive | np.ndarray,
        beta_lr_scale: NonNegative | None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.init_beta = init_beta
        self.min_beta = min_beta
        self.max_beta = max_beta
        self.beta_lr_scale = beta_lr_scale

    def set_input_space(self, space: Space) -> None:
        super().set_input_space(space)
        self.beta = sharedX(np.zeros(self.dim) + self.init_beta, name="beta")

    def cost(self, Y: TensorVariable, Y_hat: TensorVariable) -> TensorVariable:
        """Return half of the mean over examples of (Y - Y_hat)^2 . beta, less half of the sum of log beta."""
        return 0.5 * pt.dot(pt.sqr(Y - Y_hat), self.beta).mean() - 0.5 * pt.log(self.beta).sum()

    def get_params(self) -> list[TensorSharedVariable]:
        return [*super().get_params(), self.beta]

    def get_lr_scalers(self) -> dict[SharedVariable, float]:
        own = {} if self.beta_lr_scale is None else {self.beta: self.beta_lr_scale}
        return super().get_lr_scalers() | own

    def _modify_updates(self, updates: dict[SharedVariable, Variable]) -> None:
        super()._modify_updates(updates)
        if self.beta in updates:
            beta = cast(TensorVariable, updates[self.beta])
            updates[self.beta] = pt.cast(pt.clip(beta, self.min_beta, self.max_beta), beta.dtype)

    def get_layer_monitoring_channels(
        self, state_below: Batch | None = None, state: Batch | None = None, targets: Batch | None = None
    ) -> dict[str, TensorVariable]:
        channels = super().get_layer_monitoring_channels(state_below, state, targets)
        channels |= {f"beta_{name}": getattr(self.beta, name)() for name in ("min", "mean", "max")}
        if state is None and state_below is not None:
            state = self.fprop(state_below)
        if targets is not None and state is not None:
            channels["mse"] = pt.sqr(state - targets).mean()
        return channels


def _precision(design: np.ndarray | None, min_var: float, max_var: float) -> np.ndarray:
    return 1.0 / np.clip(np.asarray(design).var(axis=0), min_var, max_var)


@configurable
def beta_from_targets(dataset: Dataset, min_var: Positive = 1e-6, max_var: Positive = 1e6) -> np.ndarray:
    """Return the precision of each target: 1 over its variance in a dataset.

    Parameters
    ----------
    dataset : Dataset
        A dataset with targets.
    min_var : float, default 1e-6
        Variances below this are taken for it; above 0.
    max_var : float, default 1e6
        Variances above this are taken for it; above 0.

    Returns
    -------
    array of shape (targets,)
        The precisions.

    Examples
    --------
    >>> data = DenseDesignMatrix(X=np.zeros((2, 1)), y=np.array([[1.0], [5.0]]))
    >>> beta_from_targets(data)
    array([0.25])
    """
    return _precision(cast(DenseDesignMatrix, dataset).y, min_var, max_var)


@configurable
def beta_from_features(dataset: Dataset, min_var: Positive = 1e-6, max_var: Positive = 1e6) -> np.ndarray:
    """Return the precision of each feature: 1 over its variance in a dataset.

    Parameters
    ----------
    dataset : Dataset
        A dataset with a design matrix.
    min_var : float, default 1e-6
        Variances below this are taken for it; above 0.
    max_var : float, default 1e6
        Variances above this are taken for it; above 0.

    Returns
    -------
    array of shape (features,)
        The precisions.

    Examples
    --------
    >>> beta_from_features(DenseDesignMatrix(X=np.array([[1.0], [5.0]])))
    array([0.25])
    """
    return _precision(dataset.get_design_matrix(), min_var, max_var)


@configurable
def mean_of_targets(dataset: Dataset) -> np.ndarray:
    """Return the mean of each target in a dataset, a good initial bias of a regression.

    Parameters
    ----------
    dataset : Dataset
        A dataset with targets.

    Returns
    -------
    array of shape (targets,)
        The means.

    Examples
    --------
    >>> mean_of_targets(DenseDesignMatrix(X=np.zeros((2, 1)), y=np.array([[1.0], [5.0]])))
    array([3.])
    """
    return np.asarray(cast(DenseDesignMatrix, dataset).y).mean(axis=0)
