"""TrainingAlgorithm: what Train asks of whatever changes the parameters; after Pylearn2's module of this name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from adversarial.options import Configurable


class TrainingAlgorithm(Configurable):
    """A base for training algorithms.

    Attributes
    ----------
    update_callbacks : called with the algorithm after each update; one whose attribute `runs_ahead` is true may be
        called before it, together with those of further updates: it reads no parameter, and sets only scalar shared
        variables that updates read
    between_updates : set by Train: called after each update and its callbacks, or after several that a backend makes
        at once; true asks to leave the epoch there
    epoch_unfinished : whether the last call of `train` left its epoch before the end
    find_nan : set by Train before `setup`: whether to look for the first NaN or infinity, at whatever cost
    """

    update_callbacks: list[Callable[[Any], None]]
    between_updates: Callable[[], bool] | None = None
    epoch_unfinished: bool = False
    find_nan: bool = False

    def setup(self, model: Any, dataset: Any) -> None:
        """Get ready to train `model` on `dataset`: called once, before anything is monitored."""
        self.model = model

    def train(self, dataset: Any) -> None:
        """Train for one epoch, or for what is left of one that was left early."""
        raise NotImplementedError(f"{type(self).__name__} must define train")

    def continue_learning(self, model: Any) -> bool:
        """Whether to train for another epoch; asked after each, when the monitor has run."""
        raise NotImplementedError(f"{type(self).__name__} must define continue_learning")

    def functions(self) -> list[Callable]:
        """The compiled functions that change the parameters, in a fixed order."""
        return []

    def get_state(self) -> dict[str, Any]:
        """What the algorithm remembers besides shared variables, as plain values and arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""

    def get_termination_state(self) -> dict[str, Any]:
        """What `continue_learning` remembers, as plain values."""
        return {}

    def set_termination_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_termination_state` gave."""


def as_callbacks(update_callbacks: Any) -> list[Callable[[Any], None]]:
    """A list of callbacks from one, several or None."""
    if update_callbacks is None:
        return []
    callbacks = list(update_callbacks) if isinstance(update_callbacks, Iterable) else [update_callbacks]
    for callback in callbacks:
        if not callable(callback):
            raise TypeError(f"update_callbacks holds {type(callback).__name__}, which cannot be called")
    return callbacks
