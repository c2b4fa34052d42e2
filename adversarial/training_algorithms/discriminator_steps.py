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
from adversarial.names.slips import Slip
from adversarial.options import Count
from adversarial.training_algorithms import sgd
from adversarial.training_algorithms.learning_rule import LrScalers


class DiscriminatorStepsSGD(sgd.SGD):
    """SGD that updates the players in turn, each by a compiled function of its own: Algorithm 1 with any k.

    The generator is updated after every `discriminator_steps` minibatches, on the last of them; an inferer is not
    trained.
    YAML files name this class `adversarial.training_algorithms.discriminator_steps.SGD`.

    Parameters
    ----------
    discriminator_steps : int
        Minibatches for the discriminator before each update of the generator, the paper's k; at least 1, default 1.
    **options : dict
        Options of `adversarial.training_algorithms.sgd.SGD`.

    See Also
    --------
    adversarial.training_algorithms.sgd.SGD : Both players at once.

    Examples
    --------
    >>> DiscriminatorStepsSGD(discriminator_steps=5, learning_rate=0.1, batch_size=100).discriminator_steps
    5
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
            if self.learning_rule is None and Slip.BOTH_PLAYERS.repeated_by(self):
                return self._compile_update(inputs, grads, {}, lr_scalers, name)
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


#: The name that YAML files use, of ours and of 2014.
SGD = DiscriminatorStepsSGD
