"""Learning rules: from gradients to updates of parameters; after Pylearn2's module of this name."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.sharedvar import TensorSharedVariable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.datasets.dataset import Dataset
from adversarial.errors import ConfigurationError
from adversarial.monitor import NO_DATA, Monitor
from adversarial.options import Configurable, Momentum01, OptionError, Positive, UsuallyMomentum01
from adversarial.train_extensions import TrainExtension

#: Factors of the learning rate by parameter; 1 where a parameter is absent.
LrScalers: TypeAlias = dict[SharedVariable, float]


class LearningRule(Configurable):
    """A base for learning rules; a rule with a state has it in shared variables of its own."""

    def add_channels_to_monitor(self, monitor: Monitor, monitoring_dataset: Dataset) -> None:
        """Add channels to the monitor; none by default."""

    def get_updates(
        self,
        learning_rate: TensorSharedVariable,
        grads: dict[SharedVariable, TensorVariable],
        lr_scalers: LrScalers | None = None,
    ) -> dict[SharedVariable, Variable]:
        """Return the updates of the parameters and of the rule's own shared variables.

        Parameters
        ----------
        learning_rate : shared scalar
            Step size.
        grads : dict
            Gradient by parameter.
        lr_scalers : dict, optional
            Factors of the learning rate by parameter; 1 where a parameter is absent.

        Returns
        -------
        dict
            New value by shared variable.
        """
        scalers = lr_scalers or {}
        updates: dict[SharedVariable, Variable] = {}
        for param, grad in grads.items():
            updates |= self.updates_of(param, grad, learning_rate, scalers.get(param, 1.0))
        return updates

    def updates_of(
        self, param: SharedVariable, grad: TensorVariable, learning_rate: TensorSharedVariable, scale: float
    ) -> dict[SharedVariable, Variable]:
        """Return the updates of one parameter, those of the rule's shared variables for it first.

        Parameters
        ----------
        param : SharedVariable
            The parameter.
        grad : TensorVariable
            Its gradient.
        learning_rate : shared scalar
            Step size.
        scale : float
            Factor of the learning rate.

        Returns
        -------
        dict
            New value by shared variable.
        """
        raise NotImplementedError(f"{type(self).__name__} must define get_updates or updates_of")


def plain_updates(
    learning_rate: TensorSharedVariable,
    grads: dict[SharedVariable, TensorVariable],
    lr_scalers: LrScalers | None = None,
) -> dict[SharedVariable, Variable]:
    """Return the updates of gradient descent: param - learning_rate * scale * gradient."""
    scalers = lr_scalers or {}
    return {param: param - learning_rate * scalers.get(param, 1.0) * grad for param, grad in grads.items()}


class Momentum(LearningRule):
    """Gradient descent with momentum, as the paper trains both players (Algorithm 1).

    Parameters
    ----------
    init_momentum : float
        The momentum at first, from 0 up to, not including, 1; MomentumAdjustor changes it by the epoch.
    nesterov_momentum : bool, default False
        Whether the step looks ahead: Nesterov's accelerated gradient. Pylearn2 has it since 2015.

    Notes
    -----
    After section 9 of Hinton's *A practical guide to training restricted Boltzmann machines* (2010)::

        velocity <- momentum * velocity - learning_rate * scale * gradient
        param <- param + velocity

    With `nesterov_momentum`, where the parameters stand for those at which the gradient is taken::

        param <- param + momentum * velocity - learning_rate * scale * gradient

    Examples
    --------
    >>> param = sharedX(np.ones(2), name="b")
    >>> updates = Momentum(init_momentum=0.5).get_updates(sharedX(0.1), {param: pt.ones_like(param)})
    >>> [variable.name for variable in updates]
    ['inc_b', 'b']
    """

    def __init__(self, init_momentum: Momentum01, nesterov_momentum: bool = False):
        self.momentum = sharedX(init_momentum, name="momentum")
        self.nesterov_momentum = nesterov_momentum

    def add_channels_to_monitor(self, monitor: Monitor, monitoring_dataset: Dataset) -> None:
        """Add the channel 'momentum'."""
        monitor.add_channel("momentum", None, self.momentum, monitoring_dataset, data_specs=NO_DATA)

    def updates_of(
        self, param: SharedVariable, grad: TensorVariable, learning_rate: TensorSharedVariable, scale: float
    ) -> dict[SharedVariable, Variable]:
        updates: dict[SharedVariable, Variable] = {}
        velocity = _zeros_like(param, "inc_")
        step = learning_rate * scale * grad
        updates[velocity] = new_velocity = self.momentum * velocity - step
        updates[param] = param + (self.momentum * new_velocity - step if self.nesterov_momentum else new_velocity)
        return updates


class OptimisticMomentum(Momentum):
    """Optimistic gradient descent: a step goes along 2 g_t - g_(t-1), what the next gradient is expected to be.

    In a game of two players plain gradients circle around the equilibrium, and this damps the circling.

    Parameters
    ----------
    init_momentum : float, default 0
        The momentum at first, from 0 up to, not including, 1, as of `Momentum`; 0 is optimistic mirror descent alone.

    Notes
    -----
    Before the first update g is 0, and so it is at an update in which a player does not learn::

        velocity <- momentum * velocity - learning_rate * scale * (2 * gradient - previous gradient)
        param <- param + velocity

    References
    ----------
    Daskalakis, Ilyas, Syrgkanis and Zeng, *Training GANs with optimism*, 2018.

    Examples
    --------
    >>> param = sharedX(np.ones(2), name="b")
    >>> updates = OptimisticMomentum().get_updates(sharedX(0.1), {param: pt.ones_like(param)})
    >>> [variable.name for variable in updates]
    ['previous_grad_b', 'inc_b', 'b']
    """

    def __init__(self, init_momentum: Momentum01 = 0.0):
        super().__init__(init_momentum)

    def updates_of(
        self, param: SharedVariable, grad: TensorVariable, learning_rate: TensorSharedVariable, scale: float
    ) -> dict[SharedVariable, Variable]:
        previous = _zeros_like(param, "previous_grad_")
        return {previous: grad} | super().updates_of(param, 2.0 * grad - previous, learning_rate, scale)


class AdaDelta(LearningRule):
    """AdaDelta (Zeiler, 2012, Algorithm 1), with the learning rate in place of its constant epsilon.

    Parameters
    ----------
    decay : float
        Decay rho of the running means of squares, from 0 up to, not including, 1; default .95.

    Examples
    --------
    >>> param = sharedX(np.ones(2), name="b")
    >>> updates = AdaDelta().get_updates(sharedX(1e-6), {param: pt.ones_like(param)})
    >>> [variable.name for variable in updates]
    ['mean_square_grad_b', 'mean_square_dx_b', 'b']
    """

    def __init__(self, decay: Momentum01 = 0.95):
        self.decay = decay

    def updates_of(
        self, param: SharedVariable, grad: TensorVariable, learning_rate: TensorSharedVariable, scale: float
    ) -> dict[SharedVariable, Variable]:
        updates: dict[SharedVariable, Variable] = {}
        mean_square_grad = _zeros_like(param, "mean_square_grad_")
        mean_square_dx = _zeros_like(param, "mean_square_dx_")
        epsilon = scale * learning_rate
        new_mean_square_grad = self.decay * mean_square_grad + (1 - self.decay) * pt.sqr(grad)
        step = -pt.sqrt(mean_square_dx + epsilon) / pt.sqrt(new_mean_square_grad + epsilon) * grad
        updates[mean_square_grad] = new_mean_square_grad
        updates[mean_square_dx] = self.decay * mean_square_dx + (1 - self.decay) * pt.sqr(step)
        updates[param] = param + step
        return updates


class AdaGrad(LearningRule):
    """AdaGrad (Duchi, Hazan and Singer, 2011): steps shrink with the root of the sum of all squared gradients so far.

    As in Pylearn2 of March 2015, except that an element whose gradient has always been exactly 0 stays as it is; there
    it became NaN.

    Examples
    --------
    >>> param = sharedX(np.ones(2), name="b")
    >>> updates = AdaGrad().get_updates(sharedX(0.1), {param: 3.0 * pt.ones_like(param)})
    >>> [f"{value:.1f}" for value in updates[param].eval()]
    ['0.9', '0.9']
    """

    def updates_of(
        self, param: SharedVariable, grad: TensorVariable, learning_rate: TensorSharedVariable, scale: float
    ) -> dict[SharedVariable, Variable]:
        updates: dict[SharedVariable, Variable] = {}
        sum_square_grad = _zeros_like(param, "sum_square_grad_")
        updates[sum_square_grad] = total = sum_square_grad + pt.sqr(grad)
        # 1 in place of a root of 0, which is divided into a gradient of 0.
        root = pt.switch(total > 0.0, pt.sqrt(total), 1.0)
        updates[param] = param - scale * learning_rate / root * grad
        return updates


class RMSProp(LearningRule):
    """RMSProp (Hinton, lecture 6 of *Neural networks for machine learning*, 2012), as in Pylearn2 of March 2015.

    The gradient is divided by the root of a running mean of its square.

    Parameters
    ----------
    decay : float, default .9
        Decay of the running mean, from 0 up to, not including, 1.
    max_scaling : float, default 1e5
        The largest factor by which a gradient grows: no root below 1 / max_scaling is divided by. Above 0.

    Examples
    --------
    >>> param = sharedX(np.ones(2), name="b")
    >>> updates = RMSProp(decay=0.0).get_updates(sharedX(0.1), {param: 3.0 * pt.ones_like(param)})
    >>> [f"{value:.1f}" for value in updates[param].eval()]
    ['0.9', '0.9']
    """

    def __init__(self, decay: Momentum01 = 0.9, max_scaling: Positive = 1e5):
        self.decay = decay
        self.max_scaling = max_scaling

    def updates_of(
        self, param: SharedVariable, grad: TensorVariable, learning_rate: TensorSharedVariable, scale: float
    ) -> dict[SharedVariable, Variable]:
        updates: dict[SharedVariable, Variable] = {}
        mean_square_grad = _zeros_like(param, "mean_square_grad_")
        updates[mean_square_grad] = mean = self.decay * mean_square_grad + (1 - self.decay) * pt.sqr(grad)
        root = pt.maximum(pt.sqrt(mean), 1.0 / self.max_scaling)
        updates[param] = param - scale * learning_rate * grad / root
        return updates


def _zeros_like(param: SharedVariable, prefix: str) -> TensorSharedVariable:
    zeros = np.zeros_like(param.get_value(borrow=True))
    return sharedX(zeros, name=prefix + param.name if param.name else None)


class MomentumAdjustor(TrainExtension):
    """An extension: the momentum changes linearly by the epoch, from its initial value to `final_momentum`.

    Parameters
    ----------
    final_momentum : float
        The momentum at the end, from 0 up to, not including, 1 as a rule.
    start : float
        Monitoring step (1 is the one before training) until which the momentum stays.
    saturate : float
        Monitoring step from which it is final, at least `start`.

    Examples
    --------
    >>> MomentumAdjustor(final_momentum=0.7, start=1, saturate=250).saturate
    250
    """

    def __init__(self, final_momentum: UsuallyMomentum01, start: float, saturate: float):
        if saturate < start:
            reason = f"saturate is {saturate}, before start, {start}: momentum cannot be final before it grows"
            raise OptionError("MomentumAdjustor", "saturate", reason)
        self.final_momentum = final_momentum
        self.start = start
        self.saturate = saturate
        self._init_momentum: float | None = None
        self._count = 0

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        if getattr(getattr(algorithm, "learning_rule", None), "momentum", None) is None:
            raise ConfigurationError("MomentumAdjustor needs an algorithm whose learning_rule is Momentum")

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        momentum = algorithm.learning_rule.momentum
        if self._init_momentum is None:
            self._init_momentum = float(momentum.get_value())
        self._count += 1
        momentum.set_value(np.asarray(self.current_momentum(), dtype=momentum.dtype))

    def current_momentum(self) -> float:
        """Return the momentum of the present monitoring step."""
        assert self._init_momentum is not None  # `on_monitor` has seen to it
        width = self.saturate - self.start
        if width == 0:
            return self.final_momentum if self._count >= self.start else self._init_momentum
        alpha = min(max((self._count - self.start) / width, 0.0), 1.0)
        return self._init_momentum * (1.0 - alpha) + alpha * self.final_momentum

    def get_state(self) -> dict[str, Any]:
        return {"count": self._count, "init_momentum": self._init_momentum}

    def set_state(self, state: dict[str, Any]) -> None:
        self._count, self._init_momentum = int(state["count"]), state["init_momentum"]
