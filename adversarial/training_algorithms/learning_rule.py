"""Learning rules: from gradients to the new values of parameters; after Pylearn2's module of this name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.backend import sharedX
from adversarial.errors import ConfigurationError
from adversarial.monitor import NO_DATA, Monitor
from adversarial.options import Configurable, Momentum01, OptionError
from adversarial.train_extensions import TrainExtension

LrScalers = dict[SharedVariable, float]


class LearningRule(Configurable):
    """A base for learning rules. What one remembers from update to update, it keeps in shared variables."""

    def add_channels_to_monitor(self, monitor: Monitor, monitoring_dataset: Any) -> None:
        """Add what is worth monitoring; nothing by default."""

    def get_updates(
        self,
        learning_rate: SharedVariable,
        grads: dict[SharedVariable, TensorVariable],
        lr_scalers: LrScalers | None = None,
    ) -> dict[SharedVariable, Variable]:
        """New values of parameters, and of whatever the rule remembers.

        Parameters
        ----------
        learning_rate : shared scalar
        grads : gradient by parameter
        lr_scalers : factor of the learning rate by parameter; 1 where a parameter is absent
        """
        raise NotImplementedError(f"{type(self).__name__} must define get_updates")


def plain_updates(
    learning_rate: SharedVariable, grads: dict[SharedVariable, TensorVariable], lr_scalers: LrScalers | None = None
) -> dict[SharedVariable, Variable]:
    """Gradient descent: param - learning_rate * scale * gradient."""
    scalers = lr_scalers or {}
    return {param: param - learning_rate * scalers.get(param, 1.0) * grad for param, grad in grads.items()}


class Momentum(LearningRule):
    """Gradient descent with momentum (section 9 of Hinton's guide to training restricted Boltzmann machines).

        velocity <- momentum * velocity - learning_rate * scale * gradient
        param <- param + velocity

    Parameters
    ----------
    init_momentum : the momentum at first; MomentumAdjustor changes it by the epoch
    """

    def __init__(self, init_momentum: Momentum01):
        self.momentum = sharedX(init_momentum, name="momentum")

    def add_channels_to_monitor(self, monitor: Monitor, monitoring_dataset: Any) -> None:
        """The channel 'momentum'."""
        monitor.add_channel("momentum", None, self.momentum, monitoring_dataset, data_specs=NO_DATA)

    def get_updates(
        self,
        learning_rate: SharedVariable,
        grads: dict[SharedVariable, TensorVariable],
        lr_scalers: LrScalers | None = None,
    ) -> dict[SharedVariable, Variable]:
        scalers = lr_scalers or {}
        updates: dict[SharedVariable, Variable] = {}
        for param, grad in grads.items():
            velocity = _zeros_like(param, "inc_")
            new_velocity = self.momentum * velocity - learning_rate * scalers.get(param, 1.0) * grad
            updates[velocity] = new_velocity
            updates[param] = param + new_velocity
        return updates


class AdaDelta(LearningRule):
    """AdaDelta (Zeiler, 2012, algorithm 1), with the learning rate in the place of its constant epsilon.

    Parameters
    ----------
    decay : rho, by which the running means of squares forget
    """

    def __init__(self, decay: Momentum01 = 0.95):
        self.decay = decay

    def get_updates(
        self,
        learning_rate: SharedVariable,
        grads: dict[SharedVariable, TensorVariable],
        lr_scalers: LrScalers | None = None,
    ) -> dict[SharedVariable, Variable]:
        scalers = lr_scalers or {}
        updates: dict[SharedVariable, Variable] = {}
        for param, grad in grads.items():
            mean_square_grad = _zeros_like(param, "mean_square_grad_")
            mean_square_dx = _zeros_like(param, "mean_square_dx_")
            epsilon = scalers.get(param, 1.0) * learning_rate
            new_mean_square_grad = self.decay * mean_square_grad + (1 - self.decay) * pt.sqr(grad)
            step = -pt.sqrt(mean_square_dx + epsilon) / pt.sqrt(new_mean_square_grad + epsilon) * grad
            updates[mean_square_grad] = new_mean_square_grad
            updates[mean_square_dx] = self.decay * mean_square_dx + (1 - self.decay) * pt.sqr(step)
            updates[param] = param + step
        return updates


def _zeros_like(param: SharedVariable, prefix: str) -> SharedVariable:
    zeros = np.zeros_like(param.get_value(borrow=True))
    return sharedX(zeros, name=prefix + param.name if param.name else None)


class MomentumAdjustor(TrainExtension):
    """Moves the momentum linearly from where it was to `final_momentum`.

    Parameters
    ----------
    final_momentum : the momentum at the end
    start : the monitoring step (the one before training is the first) until which the momentum stays
    saturate : the monitoring step from which it is final
    """

    def __init__(self, final_momentum: Momentum01, start: float, saturate: float):
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
        """The momentum that the schedule asks for now."""
        width = self.saturate - self.start
        if width == 0:
            return self.final_momentum if self._count >= self.start else self._init_momentum
        alpha = min(max((self._count - self.start) / width, 0.0), 1.0)
        return self._init_momentum * (1.0 - alpha) + alpha * self.final_momentum

    def get_state(self) -> dict[str, Any]:
        return {"count": self._count, "init_momentum": self._init_momentum}

    def set_state(self, state: dict[str, Any]) -> None:
        self._count, self._init_momentum = int(state["count"]), state["init_momentum"]
