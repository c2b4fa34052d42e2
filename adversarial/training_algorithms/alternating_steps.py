"""SGD with epochs of the discriminator alone between epochs of both players.

After `sgd_alt.py` of goodfeli/adversarial.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from adversarial.training_algorithms.discriminator_steps import DiscriminatorStepsSGD


class AlternatingEpochsSGD(DiscriminatorStepsSGD):
    """SGD that trains the generator in every other epoch only, from the second on.

    In such an epoch each minibatch updates one player: the generator after every `discriminator_steps` of the
    discriminator's. YAML files name this class `adversarial.training_algorithms.alternating_steps.SGD`.

    Parameters
    ----------
    **options : dict
        Options of `adversarial.training_algorithms.discriminator_steps.SGD`.

    See Also
    --------
    adversarial.training_algorithms.discriminator_steps.DiscriminatorStepsSGD : The generator in every epoch.

    Examples
    --------
    >>> AlternatingEpochsSGD(discriminator_steps=1, learning_rate=0.1, batch_size=100).train_generator
    False
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


#: The name that YAML files use, of ours and of 2014.
SGD = AlternatingEpochsSGD
