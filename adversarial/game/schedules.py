"""When each player learns: callbacks that set the cost's switches."""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.options import Configurable, Count, Index
from adversarial.train_extensions import TrainExtension


class Cycler(Configurable):
    """An update callback: G learns at every k-th update only, as in Algorithm 1 of the paper.

    Parameters
    ----------
    k : int
        Updates of D for each update of G, at least 1.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from adversarial.game.costs import AdversaryCost2
    >>> algorithm, cycler, learns = SimpleNamespace(cost=AdversaryCost2()), Cycler(k=2), []
    >>> for _ in range(4):
    ...     cycler(algorithm)
    ...     learns.append(float(algorithm.cost.now_train_generator.get_value()))
    >>> learns
    [0.0, 1.0, 0.0, 1.0]
    """

    runs_ahead = True

    def __init__(self, k: Count):
        self.k = k
        self.i = 0

    def __call__(self, algorithm: Any) -> None:
        self.i = (self.i + 1) % self.k
        switch = algorithm.cost.now_train_generator
        switch.set_value(np.asarray(self.i == 0, dtype=switch.dtype))

    def get_state(self) -> dict[str, int]:
        """Return the place in the cycle."""
        return {"i": self.i}

    def set_state(self, state: dict[str, int]) -> None:
        """Restore the state that `get_state` returned."""
        self.i = int(state["i"])


class ActivateGenerator(TrainExtension):
    """A train extension: G begins to learn after some epochs.

    Parameters
    ----------
    active_after : int
        Number of epochs before.
    value : float, default 1
        Factor on G's gradient from then on.

    Examples
    --------
    >>> ActivateGenerator(active_after=10).get_state()
    {'cur_epoch': 0}
    """

    def __init__(self, active_after: Index, value: float = 1.0):
        self.active_after = active_after
        self.value = value
        self.cur_epoch = 0

    def on_monitor(self, model: Any, dataset: Any, algorithm: Any) -> None:
        if self.cur_epoch == self.active_after:
            switch = algorithm.cost.now_train_generator
            switch.set_value(np.asarray(self.value, dtype=switch.dtype))
        self.cur_epoch += 1

    def get_state(self) -> dict[str, int]:
        """Return the number of epochs so far."""
        return {"cur_epoch": self.cur_epoch}

    def set_state(self, state: dict[str, int]) -> None:
        """Restore the state that `get_state` returned."""
        self.cur_epoch = int(state["cur_epoch"])
