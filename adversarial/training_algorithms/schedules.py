"""Schedules of the learning rate: by the update (callbacks of SGD) and by the epoch (extensions of Train).

After Pylearn2's `training_algorithms/sgd.py`. A schedule computes in double precision from the rate at its first
call, and rounds only what it sets.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from adversarial import checkpoint
from adversarial.checkpoint.paths import check_save_path
from adversarial.errors import ConfigurationError
from adversarial.monitor import find_channel
from adversarial.names.slips import Slip
from adversarial.options import Configurable, Count, Index, OptionError, Positive, UsuallyPositive
from adversarial.train_extensions import TrainExtension


def _set_rate(algorithm: Any, rate: float) -> None:
    shared = algorithm.learning_rate
    shared.set_value(np.asarray(rate, dtype=shared.dtype))


class _Schedule(Configurable):
    """What schedules share: the initial rate and a count of calls."""

    runs_ahead = True

    _initial: float | None = None
    _count: int = 0

    def _advance(self, algorithm: Any) -> float:
        """Count a call and return the initial rate."""
        if self._initial is None:
            self._initial = float(algorithm.learning_rate.get_value())
        self._count += 1
        return self._initial

    def get_state(self) -> dict[str, Any]:
        """Return the count of calls and the initial rate."""
        return {"count": self._count, "initial": self._initial}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned."""
        self._count, self._initial = int(state["count"]), state["initial"]


class ExponentialDecay(_Schedule):
    """A callback: the learning rate falls exponentially, initial / decay_factor ** t at update t.

    Parameters
    ----------
    decay_factor : float
        What to divide by after each update, above 0; 1.000004 in the paper's experiments.
    min_lr : float
        The learning rate does not fall below this; above 0 as a rule.

    Examples
    --------
    >>> from adversarial.training_algorithms.sgd import SGD
    >>> decay = ExponentialDecay(decay_factor=2.0, min_lr=1e-6)
    >>> algorithm = SGD(learning_rate=0.1, update_callbacks=decay)
    >>> decay(algorithm)
    >>> f"{algorithm.learning_rate.get_value():.3f}"
    '0.050'
    """

    def __init__(self, decay_factor: Positive, min_lr: UsuallyPositive):
        self.decay_factor = float(decay_factor)
        self.min_lr = float(min_lr)
        self._min_reached = False

    def __call__(self, algorithm: Any) -> None:
        initial = self._advance(algorithm)
        rate = self.min_lr
        if not self._min_reached:
            # After the minimum the power is no longer computed, as it would overflow in the end.
            rate = initial / self.decay_factor**self._count
            if rate <= self.min_lr:
                self._min_reached, rate = True, self.min_lr
        _set_rate(algorithm, rate)

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"min_reached": self._min_reached}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self._min_reached = bool(state["min_reached"])


class AnnealedLearningRate(_Schedule):
    """A callback: the learning rate falls as 1 / t, initial * min(1, anneal_start / t) at update t.

    Parameters
    ----------
    anneal_start : float
        The update at which it begins to fall, above 0.

    Examples
    --------
    >>> from adversarial.training_algorithms.sgd import SGD
    >>> annealing = AnnealedLearningRate(anneal_start=1)
    >>> algorithm = SGD(learning_rate=0.1, update_callbacks=annealing)
    >>> annealing(algorithm), annealing(algorithm)
    (None, None)
    >>> f"{algorithm.learning_rate.get_value():.3f}"
    '0.050'
    """

    def __init__(self, anneal_start: Positive):
        self._anneal_start = anneal_start
        self._compounds = Slip.ANNEALING.repeated_by(self)

    def __call__(self, algorithm: Any) -> None:
        initial = self._advance(algorithm)
        if self._compounds:
            initial = float(algorithm.learning_rate.get_value())
        _set_rate(algorithm, initial * min(1.0, self._anneal_start / self._count))


class _LinearSchedule(_Schedule):
    """From the initial rate at `start` linearly to `decay_factor` times it at `saturate`."""

    def __init__(self, start: float, saturate: float, decay_factor: Positive):
        if saturate <= start:
            reason = f"saturate is {saturate}, but must be after start, which is {start}"
            raise OptionError(type(self).__name__, "saturate", reason)
        self.start = start
        self.saturate = saturate
        self.decay_factor = float(decay_factor)

    def _rate(self, initial: float) -> float:
        if self._count < self.start:
            return initial
        if self._count >= self.saturate:
            return initial * self.decay_factor
        step = (initial - initial * self.decay_factor) / (self.saturate - self.start + 1)
        return initial - step * (self._count - self.start + 1)


class LinearDecay(_LinearSchedule):
    """A callback: the learning rate falls linearly by the update.

    Parameters
    ----------
    start : float
        The update at which it begins to fall, above 0.
    saturate : float
        The update from which it stays, after `start`.
    decay_factor : float
        Ratio of the final rate to the initial one, above 0.

    Examples
    --------
    >>> LinearDecay(start=1, saturate=1000, decay_factor=0.1).decay_factor
    0.1
    """

    def __init__(self, start: Positive, saturate: Positive, decay_factor: Positive):
        super().__init__(start, saturate, decay_factor)

    def __call__(self, algorithm: Any) -> None:
        _set_rate(algorithm, self._rate(self._advance(algorithm)))


class DecayToZero(_Schedule):
    """A callback: the learning rate falls to zero at a stated update, and stays there.

    Parameters
    ----------
    updates : int
        The update from which the rate is 0, at least 1: of mnist.yaml 500 are an epoch.
    start : int, default 0
        The update until which the rate stays as it is, before `updates`.
    shape : {'linear', 'cosine'}, default 'linear'
        How it falls between the two: in a line, or as half a period of a cosine.

    Examples
    --------
    >>> from adversarial.training_algorithms.sgd import SGD
    >>> decay = DecayToZero(updates=4)
    >>> algorithm = SGD(learning_rate=0.1, update_callbacks=decay)
    >>> decay(algorithm)
    >>> f"{algorithm.learning_rate.get_value():.3f}"
    '0.075'
    """

    def __init__(self, updates: Count, start: Index = 0, shape: Literal["linear", "cosine"] = "linear"):
        if start >= updates:
            raise OptionError(
                "DecayToZero", "start", f"start is {start}, but must be before updates, which is {updates}"
            )
        self.updates = updates
        self.start = start
        self.shape = shape

    def __call__(self, algorithm: Any) -> None:
        initial = self._advance(algorithm)
        left = min(max((self.updates - self._count) / (self.updates - self.start), 0.0), 1.0)
        _set_rate(algorithm, initial * (left if self.shape == "linear" else math.sin(0.5 * math.pi * left) ** 2))


class LinearDecayOverEpoch(_LinearSchedule, TrainExtension):
    """An extension: the learning rate falls linearly by the epoch.

    Parameters
    ----------
    start : float
        Monitoring step (1 is the one before training) at which it begins to fall.
    saturate : float
        Monitoring step from which it stays, after `start`.
    decay_factor : float
        Ratio of the final rate to the initial one, above 0.

    Examples
    --------
    >>> LinearDecayOverEpoch(start=1, saturate=250, decay_factor=0.01).saturate
    250
    """

    def __init__(self, start: float, saturate: float, decay_factor: Positive):
        super().__init__(start, saturate, decay_factor)

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        _set_rate(algorithm, self._rate(self._advance(algorithm)))


class OneOverEpoch(_Schedule, TrainExtension):
    """An extension: the learning rate falls as one over the epochs.

    Parameters
    ----------
    start : float
        Monitoring step (1 is the one before training) after which it begins to fall, at least 0.
    half_life : float, optional
        Epochs until it is halved for the first time, above 0, default `start` + 1.
    min_lr : float
        The learning rate does not fall below this; above 0 as a rule, default 1e-6.

    Examples
    --------
    >>> OneOverEpoch(start=10).half_life
    11
    """

    def __init__(self, start: float, half_life: Positive | None = None, min_lr: UsuallyPositive = 1e-6):
        if start < 0:
            raise OptionError("OneOverEpoch", "start", f"start is {start}, but must be a number of at least 0")
        self.start = start
        self.half_life = start + 1 if half_life is None else half_life
        self.min_lr = min_lr

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        initial = self._advance(algorithm)
        if initial < self.min_lr:
            raise ConfigurationError(
                f"OneOverEpoch: the initial learning rate, {initial:g}, is below min_lr, {self.min_lr:g}"
            )
        scale = 1.0
        if self._count >= self.start:
            scale = self.half_life / (self._count - self.start + self.half_life)
        _set_rate(algorithm, max(self.min_lr, initial * scale))


class MonitorBasedLRAdjuster(TrainExtension):
    """An extension: the learning rate shrinks if a channel rises, and grows if it hardly falls.

    Parameters
    ----------
    high_trigger : float
        Shrink if the channel is above this times its last value, default 1.
    shrink_amt : float
        Factor of the rate then, above 0, default .99.
    low_trigger : float
        Otherwise grow if the channel is above this times its last value, default .99.
    grow_amt : float
        Factor of the rate then, above 0, default 1.01.
    min_lr : float
        Lower bound of the rate, above 0, default 1e-7.
    max_lr : float
        Upper bound of the rate, above 0, default 1.
    dataset_name : str, optional
        Follow the channel '<dataset_name>_objective'.
    channel_name : str, optional
        Follow this channel; if neither is given, the only channel whose name ends in 'objective'.

    Examples
    --------
    >>> MonitorBasedLRAdjuster(dataset_name="valid").channel_name
    'valid_objective'
    """

    def __init__(
        self,
        high_trigger: float = 1.0,
        shrink_amt: Positive = 0.99,
        low_trigger: float = 0.99,
        grow_amt: Positive = 1.01,
        min_lr: UsuallyPositive = 1e-7,
        max_lr: Positive = 1.0,
        dataset_name: str | None = None,
        channel_name: str | None = None,
    ):
        self.high_trigger = high_trigger
        self.shrink_amt = shrink_amt
        self.low_trigger = low_trigger
        self.grow_amt = grow_amt
        self.min_lr = min_lr
        self.max_lr = max_lr
        self.channel_name = channel_name
        if channel_name is None and dataset_name is not None:
            self.channel_name = f"{dataset_name}_objective"

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        if (every := getattr(algorithm, "monitor_every", 1)) > 1:
            reason = f"compares the channel after each epoch, but the algorithm's monitor_every is {every}"
            raise OptionError("MonitorBasedLRAdjuster", "channel_name", reason)
        channels = model.monitor.channels
        if self.channel_name is None:
            objectives = [name for name in channels if name.endswith("objective")]
            if len(objectives) != 1:
                found = ", ".join(objectives) or "none"
                reason = f"needs channel_name or dataset_name: channels that end in 'objective' are {found}"
                raise OptionError("MonitorBasedLRAdjuster", "channel_name", reason)
            (self.channel_name,) = objectives
        find_channel(model.monitor, self.channel_name, "MonitorBasedLRAdjuster")

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        record = model.monitor.channels[self.channel_name].val_record
        if len(record) < 2:
            return
        rate = float(algorithm.learning_rate.get_value())
        if record[-1] > self.high_trigger * record[-2]:
            rate *= self.shrink_amt
        elif record[-1] > self.low_trigger * record[-2]:
            rate *= self.grow_amt
        _set_rate(algorithm, min(max(rate, self.min_lr), self.max_lr))


class PolyakAveraging(TrainExtension):
    """An extension: a running mean of the parameters over the updates, saved beside the model.

    The trained parameters themselves are not changed.

    Parameters
    ----------
    start : int
        Monitoring step (0 is the one before training) after which to average, at least 0.
    save_path : str, optional
        Where to save the model with the mean parameters, .pkl or .h5; by default it is not saved.
    save_freq : int
        Monitoring steps between saves, at least 1, default 1.

    Attributes
    ----------
    means : list of array
        The mean of each parameter, in the order of `model.get_params()`; empty before the first update averaged.

    References
    ----------
    Swersky et al., *A tutorial on stochastic approximation algorithms for training restricted Boltzmann machines and
    deep belief nets*, 2010.

    Examples
    --------
    >>> PolyakAveraging(start=10, save_path="mean.pkl").save_freq
    1
    """

    def __init__(self, start: int, save_path: str | None = None, save_freq: Count = 1):
        if start < 0:
            raise OptionError("PolyakAveraging", "start", f"start is {start}, but must be a whole number of at least 0")
        self.start = start
        self.save_path = save_path
        self.save_freq = save_freq
        self.means: list[np.ndarray] = []
        self._averaged = 0
        self._count = 0

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        if self.save_path is not None:
            check_save_path(type(self).__name__, self.save_path)
        algorithm.update_callbacks.append(self._average)

    def _average(self, algorithm: Any) -> None:
        if self._count <= self.start:
            return
        params = algorithm.model.get_params()
        if not self.means:
            self.means = [np.zeros(param.get_value(borrow=True).shape, param.dtype) for param in params]
        self._averaged += 1
        for mean, param in zip(self.means, params, strict=True):
            mean += (np.asarray(param.get_value(borrow=True)) - mean) / self._averaged

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        due = self.means and self._count > self.start and self._count % self.save_freq == 0
        if self.save_path is not None and due:
            self._save(model, self.save_path)
        self._count += 1

    def _save(self, model: Any, path: str) -> None:
        trained = model.get_param_values()
        model.set_param_values(self.means)
        try:
            checkpoint.save_model(path, model)
        finally:
            model.set_param_values(trained)

    def get_state(self) -> dict[str, Any]:
        return {"count": self._count, "averaged": self._averaged, "means": list(self.means)}

    def set_state(self, state: dict[str, Any]) -> None:
        self._count, self._averaged = int(state["count"]), int(state["averaged"])
        self.means = [np.array(mean) for mean in state["means"]]
