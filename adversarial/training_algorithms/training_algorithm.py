"""TrainingAlgorithm: the interface that Train uses to change parameters; after Pylearn2's module of this name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from adversarial.options import Configurable

#: Called with the algorithm after each update.
UpdateCallback: TypeAlias = Callable[[Any], None]
#: Called after each update; true ends the epoch early.
UpdateHook: TypeAlias = Callable[[], bool]


class TrainingAlgorithm(Configurable):
    """A base for training algorithms.

    Attributes
    ----------
    update_callbacks : list of callable
        Called with the algorithm after each update. One whose attribute `runs_ahead` is true may be called before
        it, together with those of further updates: it reads no parameter, and sets only scalar shared variables that
        updates read.
    find_nan : bool
        Whether to search for the first NaN or infinity, which is slow; takes effect if set before `setup`.
    monitor_every : int
        Epochs from one monitoring step to the next; 1: one after each epoch.
    updates_this_epoch : int
        Updates since the epoch began.
    updates_per_epoch : int or None
        Updates of a whole epoch; None if not known.
    """

    update_callbacks: list[UpdateCallback]
    find_nan: bool = False
    monitor_every: int = 1
    updates_this_epoch: int = 0
    updates_per_epoch: int | None = None
    _update_hook: UpdateHook | None = None

    def check_model(self, model: Any) -> None:
        """Raise ConfigurationError where the model is not of a kind that is trained; called before `setup`."""

    def setup(self, model: Any, dataset: Any) -> None:
        """Prepare to train `model` on `dataset`; called once, before anything is monitored."""
        self.model = model

    def check_channels(self) -> None:
        """Raise OptionError where an option names a channel that is not there; called once all channels are."""

    def set_update_hook(self, hook: UpdateHook | None) -> None:
        """Set what `train` calls after each update and its callbacks, or after several that a backend runs at once.

        Parameters
        ----------
        hook : callable or None
            Without arguments; if it returns true, `train` returns at once.
        """
        self._update_hook = hook

    def train(self, dataset: Any) -> bool | None:
        """Train for one epoch, or for the rest of one that was left early.

        Parameters
        ----------
        dataset : Dataset
            The training data.

        Returns
        -------
        bool or None
            False if the update hook ended the epoch early.
        """
        raise NotImplementedError(f"{type(self).__name__} must define train")

    def continue_learning(self, model: Any) -> bool:
        """Return whether to train for another epoch; called after each, when the monitor has run."""
        raise NotImplementedError(f"{type(self).__name__} must define continue_learning")

    def functions(self) -> list[Callable]:
        """Return the compiled functions that change the parameters, in a fixed order."""
        return []

    def get_state(self) -> dict[str, Any]:
        """Return the algorithm's own state besides shared variables, as plain values and arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned."""

    def get_termination_state(self) -> dict[str, Any]:
        """Return the state of `continue_learning`, as plain values."""
        return {}

    def set_termination_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_termination_state` returned."""


def as_callbacks(update_callbacks: Any) -> list[UpdateCallback]:
    """Return a list of callbacks from one, several or None."""
    if update_callbacks is None:
        return []
    callbacks = list(update_callbacks) if isinstance(update_callbacks, Iterable) else [update_callbacks]
    for callback in callbacks:
        if not callable(callback):
            raise TypeError(f"update_callbacks holds {type(callback).__name__}, which cannot be called")
    return callbacks
