"""When to stop training: criteria evaluated after each epoch; after Pylearn2's `termination_criteria`."""

from __future__ import annotations

import math
from typing import Any

from adversarial.monitor import find_channel
from adversarial.names.slips import Slip
from adversarial.options import Configurable, Count, Fraction, OptionError, Positive, UsuallyCount


class TerminationCriterion(Configurable):
    """A base for criteria that say after each epoch whether to continue.

    Plain attributes of a subclass that change are saved, so that a resumed run continues as an uninterrupted one; what
    is not plain it returns from `get_state`.
    """

    def check_channels(self, model: Any) -> None:
        """Raise OptionError where the criterion names a channel that is not there; called once all channels are."""

    def counts_values(self) -> str | None:
        """Return the name of a criterion that needs a new value of its channel after each epoch; None if none does."""
        return None

    def continue_learning(self, model: Any) -> bool:
        """Return whether to continue; called once after each epoch, when the monitor has run."""
        raise NotImplementedError(f"{type(self).__name__} must define continue_learning")

    def get_state(self) -> dict[str, Any]:
        """Return the criterion's own state, as plain values."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned."""


class EpochCounter(TerminationCriterion):
    """Train for `max_epochs` epochs.

    Parameters
    ----------
    max_epochs : int
        Epochs, at least 1 as a rule; with fewer, one is trained, as in 2014.
    new_epochs : bool
        Whether to count the epochs of this run only (default), or also those that the model has seen before.

    Examples
    --------
    >>> criterion = EpochCounter(max_epochs=2)
    >>> [criterion.continue_learning(model=None) for epoch in range(2)]
    [True, False]
    """

    def __init__(self, max_epochs: UsuallyCount, new_epochs: bool = True):
        self._max_epochs = max_epochs
        self._new_epochs = new_epochs
        self._epochs_done: int | None = None

    def continue_learning(self, model: Any) -> bool:
        if self._epochs_done is None:
            self._epochs_done = 0 if self._new_epochs else model.monitor.get_epochs_seen() - 1
        self._epochs_done += 1
        return self._epochs_done < self._max_epochs

    def get_state(self) -> dict[str, Any]:
        return {"epochs_done": self._epochs_done}

    def set_state(self, state: dict[str, Any]) -> None:
        self._epochs_done = state["epochs_done"]


class MonitorBased(TerminationCriterion):
    """Stop when a channel has not decreased enough for N epochs.

    Parameters
    ----------
    prop_decrease : float
        Fraction of the lowest value so far, 0 to 1, by which the channel must fall below it; default .01.
    N : int
        Epochs without such a fall after which to stop, at least 1 as a rule, default 5.
    channel_name : str, optional
        The channel, default 'objective'.

    Examples
    --------
    >>> MonitorBased(prop_decrease=0.0, N=100, channel_name="valid_objective").countdown
    100
    """

    def __init__(self, prop_decrease: Fraction = 0.01, N: UsuallyCount = 5, channel_name: str | None = None):
        self.prop_decrease = prop_decrease
        self.N = N
        self.channel_name = "objective" if channel_name is None else channel_name
        self.countdown = N
        self.best_value = math.inf

    def check_channels(self, model: Any) -> None:
        find_channel(model.monitor, self.channel_name, "MonitorBased")

    def counts_values(self) -> str | None:
        return "MonitorBased"

    def continue_learning(self, model: Any) -> bool:
        value = find_channel(model.monitor, self.channel_name, "MonitorBased").val_record[-1]
        self.countdown = self.N if value < (1.0 - self.prop_decrease) * self.best_value else self.countdown - 1
        self.best_value = min(self.best_value, value)
        return self.countdown > 0

    def get_state(self) -> dict[str, Any]:
        return {"countdown": self.countdown, "best_value": self.best_value}

    def set_state(self, state: dict[str, Any]) -> None:
        self.countdown, self.best_value = int(state["countdown"]), float(state["best_value"])


class PatienceBasedTermCrit(TerminationCriterion):
    """Stop when the epochs exceed a patience that grows with each improvement of a channel.

    Pylearn2 had this one beside SGD, with an interface that SGD no longer called; here it works.

    Parameters
    ----------
    prop_decrease : float
        Fraction of the lowest value so far, 0 to 1, by which the channel must fall below it to improve.
    initial_patience : int
        Records of the monitor before which not to stop, at least 1.
    patience_increase : float
        At an improvement the patience becomes at least this many times the records so far; above 0, default 2.
    channel_name : str, optional
        The channel; may be left out if the monitor has only one.

    Examples
    --------
    >>> PatienceBasedTermCrit(prop_decrease=0.01, initial_patience=10, channel_name="valid_objective").patience
    10
    """

    def __init__(
        self,
        prop_decrease: Fraction,
        initial_patience: Count,
        patience_increase: Positive = 2.0,
        channel_name: str | None = None,
    ):
        self.prop_decrease = prop_decrease
        self.patience: float = initial_patience
        self.patience_increase = patience_increase
        self.channel_name = channel_name
        self.best_value = math.inf

    def check_channels(self, model: Any) -> None:
        self._channel(model)

    def _channel(self, model: Any) -> Any:
        name = self.channel_name
        if name is None:
            if len(model.monitor.channels) != 1:
                reason = f"needs channel_name, since the monitor has {len(model.monitor.channels)} channels"
                raise OptionError("PatienceBasedTermCrit", "channel_name", reason)
            (name,) = model.monitor.channels
        return find_channel(model.monitor, name, "PatienceBasedTermCrit")

    def continue_learning(self, model: Any) -> bool:
        record = self._channel(model).val_record
        if record[-1] < self.best_value * (1.0 - self.prop_decrease):
            self.patience = max(self.patience, len(record) * self.patience_increase)
            self.best_value = record[-1]
        return len(record) < self.patience

    def get_state(self) -> dict[str, Any]:
        return {"patience": self.patience, "best_value": self.best_value}

    def set_state(self, state: dict[str, Any]) -> None:
        self.patience, self.best_value = state["patience"], float(state["best_value"])


class MatchChannel(TerminationCriterion):
    """Stop when a channel has fallen to the last value of a channel of an earlier training.

    Parameters
    ----------
    channel_name : str
        The channel that falls.
    prev_channel_name : str
        The channel of the earlier training.
    prev_monitor_name : str
        The model's attribute in which `push_monitor` stored the earlier monitor.

    See Also
    --------
    adversarial.monitor.push_monitor : Keeps the monitor of an earlier training.

    Examples
    --------
    >>> criterion = MatchChannel("valid_objective", prev_channel_name="train_objective", prev_monitor_name="first")
    >>> criterion.prev_monitor_name
    'first'
    """

    def __init__(self, channel_name: str, prev_channel_name: str, prev_monitor_name: str):
        self.channel_name = channel_name
        self.prev_channel_name = prev_channel_name
        self.prev_monitor_name = prev_monitor_name

    def check_channels(self, model: Any) -> None:
        self._channels(model)

    def _channels(self, model: Any) -> tuple[Any, Any]:
        """Return the channel, and that of the earlier training."""
        previous = getattr(model, self.prev_monitor_name, None)
        if previous is None:
            reason = f"the model has no earlier monitor '{self.prev_monitor_name}'; make one with push_monitor"
            raise OptionError("MatchChannel", "prev_monitor_name", reason)
        own = find_channel(model.monitor, self.channel_name, "MatchChannel")
        return own, find_channel(previous, self.prev_channel_name, "MatchChannel", "prev_channel_name")

    def continue_learning(self, model: Any) -> bool:
        own, earlier = self._channels(model)
        return own.val_record[-1] > earlier.val_record[-1]


class ChannelTarget(TerminationCriterion):
    """Stop when a channel is at or below a target.

    Parameters
    ----------
    channel_name : str
        The channel.
    target : float
        The value, in the channel's unit.

    Examples
    --------
    >>> ChannelTarget(channel_name="valid_objective", target=0.1).target
    0.1
    """

    def __init__(self, channel_name: str, target: float):
        self.channel_name = channel_name
        self.target = float(target)

    def check_channels(self, model: Any) -> None:
        find_channel(model.monitor, self.channel_name, "ChannelTarget")

    def continue_learning(self, model: Any) -> bool:
        return find_channel(model.monitor, self.channel_name, "ChannelTarget").val_record[-1] > self.target


class ChannelInf(TerminationCriterion):
    """Stop when a channel is infinite.

    Parameters
    ----------
    channel_name : str
        The channel.

    Examples
    --------
    >>> ChannelInf(channel_name="valid_objective").channel_name
    'valid_objective'
    """

    def __init__(self, channel_name: str):
        self.channel_name = channel_name
        self._goes_on_at_infinity = Slip.CHANNEL_INF.repeated_by(self)

    def check_channels(self, model: Any) -> None:
        find_channel(model.monitor, self.channel_name, "ChannelInf")

    def continue_learning(self, model: Any) -> bool:
        last = find_channel(model.monitor, self.channel_name, "ChannelInf").val_record[-1]
        return math.isinf(last) == self._goes_on_at_infinity


class _Combination(TerminationCriterion):
    """What And and Or share."""

    def __init__(self, criteria: list[TerminationCriterion]):
        self._criteria = list(criteria)

    def check_channels(self, model: Any) -> None:
        for criterion in self._criteria:
            criterion.check_channels(model)

    def counts_values(self) -> str | None:
        return next(filter(None, (criterion.counts_values() for criterion in self._criteria)), None)

    def get_state(self) -> dict[str, Any]:
        return {"criteria": [criterion.get_state() for criterion in self._criteria]}

    def set_state(self, state: dict[str, Any]) -> None:
        for criterion, own in zip(self._criteria, state["criteria"], strict=True):
            criterion.set_state(own)


class And(_Combination):
    """Continue while all criteria do.

    As in 2014 they are evaluated in order up to the first that stops; those after it are not called.

    Parameters
    ----------
    criteria : list of TerminationCriterion
        The criteria.

    Examples
    --------
    >>> criterion = And([EpochCounter(max_epochs=2), EpochCounter(max_epochs=3)])
    >>> [criterion.continue_learning(model=None) for epoch in range(2)]
    [True, False]
    """

    def __init__(self, criteria: list[TerminationCriterion]):
        super().__init__(criteria)

    def continue_learning(self, model: Any) -> bool:
        return all(criterion.continue_learning(model) for criterion in self._criteria)


class Or(_Combination):
    """Continue while any criterion does.

    As in 2014 they are evaluated in order up to the first that continues; those after it are not called, so an
    EpochCounter among them does not count.

    Parameters
    ----------
    criteria : list of TerminationCriterion
        The criteria.

    Examples
    --------
    >>> criterion = Or([EpochCounter(max_epochs=1), EpochCounter(max_epochs=3)])
    >>> [criterion.continue_learning(model=None) for epoch in range(3)]
    [True, True, False]
    """

    def __init__(self, criteria: list[TerminationCriterion]):
        super().__init__(criteria)

    def continue_learning(self, model: Any) -> bool:
        return any(criterion.continue_learning(model) for criterion in self._criteria)
