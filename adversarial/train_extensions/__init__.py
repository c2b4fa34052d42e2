"""TrainExtension: what Train calls at set-up, after each monitoring step, and before each save."""

from __future__ import annotations

from typing import Any

from adversarial.options import Configurable


class TrainExtension(Configurable):
    """A base for what goes on beside training: override any of its methods; each does nothing by default.

    An extension stops training by raising StopIteration in `on_monitor`. One that remembers anything from epoch to
    epoch says so in `get_state`, so that a resumed run goes on as a straight one. After Pylearn2's
    `train_extensions`.
    """

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Called once, when the training algorithm is set up, before anything is monitored."""

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Called after each monitoring step: once before training and at the end of each epoch."""

    def on_save(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Called just before the model is saved."""

    def get_state(self) -> dict[str, Any]:
        """What the extension remembers, as plain values and arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take back what `get_state` gave."""
