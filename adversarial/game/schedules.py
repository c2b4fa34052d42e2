"""When each player learns: callbacks that turn the cost's switches."""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.options import Configurable, Count, Index
from adversarial.train_extensions import TrainExtension


class Cycler(Configurable):
    """An update callback: the generator learns at every k-th update only.

    Parameters
    ----------
    k : updates of the discriminator for each of the generator
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
        """Where in the cycle the next update falls."""
        return {"i": self.i}

    def set_state(self, state: dict[str, int]) -> None:
        """Take back what `get_state` gave."""
        self.i = int(state["i"])


class ActivateGenerator(TrainExtension):
    """An extension: the generator begins to learn (or to learn by `value`) after some epochs.

    Parameters
    ----------
    active_after : epochs before
    value : what the generator's gradient is multiplied by from then on
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
        """Epochs seen so far."""
        return {"cur_epoch": self.cur_epoch}

    def set_state(self, state: dict[str, int]) -> None:
        """Take back what `get_state` gave."""
        self.cur_epoch = int(state["cur_epoch"])
