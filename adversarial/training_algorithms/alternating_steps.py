"""SGD with epochs of the discriminator alone between epochs of both players.

After `sgd_alt.py` of goodfeli/adversarial.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.training_algorithms import discriminator_steps


class SGD(discriminator_steps.SGD):
    """SGD whose generator learns in every other epoch only, from the second on.

    In such an epoch the generator takes one minibatch after every `discriminator_steps` of the discriminator's.

    Parameters
    ----------
    **options : as of `adversarial.training_algorithms.discriminator_steps.SGD`
    """

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.train_generator = False

    def _update(self, batch: tuple[np.ndarray, ...]) -> None:
        if self.train_generator and self._steps == self.discriminator_steps:
            self.g_func(*batch)
            self._steps = 0
        else:
            self.d_func(*batch)
            self._steps += 1

    def _end_epoch(self) -> None:
        super()._end_epoch()
        self._steps = 0
        self.train_generator = not self.train_generator

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"train_generator": self.train_generator}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.train_generator = bool(state["train_generator"])
