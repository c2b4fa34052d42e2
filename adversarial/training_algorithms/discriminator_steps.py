"""SGD with k steps of the discriminator for each of the generator: algorithm 1 of the paper.

After `sgd.py` of goodfeli/adversarial.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.graph.basic import Variable
from pytensor.tensor.variable import TensorVariable

from adversarial.errors import ConfigurationError
from adversarial.options import Count
from adversarial.training_algorithms import sgd
from adversarial.training_algorithms.learning_rule import LrScalers


class SGD(sgd.SGD):
    """SGD that updates the players in turn, each by a function of its own.

    The generator learns after every `discriminator_steps` minibatches, and from the last of them; an inferer does
    not learn. 2014, without a learning rule, let each function update both players; here each updates its own.

    Parameters
    ----------
    discriminator_steps : minibatches for the discriminator before each update of the generator: the paper's k
    **options : as of `adversarial.training_algorithms.sgd.SGD`
    """

    def __init__(self, discriminator_steps: Count = 1, **options: Any):
        super().__init__(**options)
        self.discriminator_steps = discriminator_steps
        self._steps = 0

    def _compile(
        self,
        inputs: tuple[Variable, ...],
        grads: dict[SharedVariable, TensorVariable],
        updates: dict[SharedVariable, Variable],
        lr_scalers: LrScalers,
    ) -> None:
        for player in ("discriminator", "generator"):
            if not hasattr(self.model, player):
                raise ConfigurationError(f"discriminator_steps needs a model with a {player}, such as AdversaryPair")
        if updates:
            raise ConfigurationError(f"{type(self.cost).__name__} has updates of its own, which do not go with turns")

        def update_of(player: Any, name: str) -> Callable[..., None]:
            own = {param: grads[param] for param in player.get_params()}
            return self._compile_update(inputs, own, {}, lr_scalers, name)

        self.d_func = update_of(self.model.discriminator, "discriminator_update")
        self.g_func = update_of(self.model.generator, "generator_update")

    def functions(self) -> list[Callable]:
        return [self.d_func, self.g_func]

    def _update(self, batch: tuple[np.ndarray, ...]) -> None:
        self.d_func(*batch)
        self._steps += 1
        if self._steps == self.discriminator_steps:
            # The generator reads none of it; the minibatch only says how many samples to draw.
            self.g_func(*batch)
            self._steps = 0

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"steps": self._steps}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self._steps = int(state["steps"])
