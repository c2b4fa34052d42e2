"""TrainExtension: what Train calls at set-up, after each monitoring step, and before each save."""

from __future__ import annotations

from typing import Any

from adversarial.options import Configurable


class TrainExtension(Configurable):
    """A base for what happens between epochs: override any of its methods; each does nothing by default.

    An extension stops training by raising StopIteration in `on_monitor`. Plain attributes of a subclass that change are
    saved, so that a resumed run continues as an uninterrupted one; what is not plain it returns from `get_state`.
    After Pylearn2's `train_extensions`.

    Examples
    --------
    >>> class Epochs(TrainExtension):
    ...     def on_monitor(self, model, dataset, algorithm):
    ...         print(f"epoch {model.monitor.get_epochs_seen()} is over")
    >>> Epochs().get_state()
    {}
    """

    def setup(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Prepare; called once, after the training algorithm is set up and before anything is monitored."""

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Act after a monitoring step: once before training and at the end of each epoch."""

    def on_save(self, model: Any, dataset: Any, algorithm: Any) -> None:
        """Act just before the model is saved."""

    def get_state(self) -> dict[str, Any]:
        """Return the extension's own state, as plain values and arrays."""
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned."""
