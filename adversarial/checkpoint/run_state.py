"""The state of a training run besides its parameters and its monitor's record: what it is made of, and its way back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from pytensor.compile.sharedvalue import SharedVariable

from adversarial.backend import floatX
from adversarial.checkpoint.averages import refitted_averages
from adversarial.checkpoint.own_state import OwnObjects
from adversarial.checkpoint.training_state import get_states, get_values, set_states, set_values, shared_variables
from adversarial.errors import CheckpointError

log = logging.getLogger(__name__)


class RunState:
    """The state of an experiment that has just been set up.

    Its shared variables are those that the compiled functions read or change, parameters aside: velocities, learning
    rate, momentum, switches, the states of the random streams.

    Parameters
    ----------
    model : Model
        What is trained.
    algorithm : TrainingAlgorithm
        How.
    extensions : list of TrainExtension
        What is called between epochs.
    dataset : Dataset
        What it is trained on.
    """

    def __init__(self, model: Any, algorithm: Any, extensions: list[Any], dataset: Any):
        self._model, self._algorithm, self._extensions = model, algorithm, extensions
        datasets = {id(each): each for each in (dataset, *model.monitor.datasets)}
        self._datasets = [each for each in datasets.values() if hasattr(each, "get_state")]
        roots = {
            "update_callbacks": algorithm.update_callbacks if hasattr(algorithm, "update_callbacks") else [],
            "extensions": extensions,
            "cost": getattr(algorithm, "cost", None),
            "learning_rule": getattr(algorithm, "learning_rule", None),
            "model": model,
        }
        self._own = OwnObjects(roots, ("update_callbacks", "extensions"), model.named_parameters().values())
        criterion = getattr(algorithm, "termination_criterion", None)
        self._own_criteria = OwnObjects({"termination_criterion": criterion}, ("termination_criterion",))
        self._told: set[str] = set()

    def get(self) -> dict[str, Any]:
        """Return the state as plain values and arrays; warn once of what cannot be saved."""
        own = self._own.get_state()
        self._tell(own["lost"])
        return {
            "floatX": floatX(),
            "shared": get_values(self._shared_variables()),
            "algorithm": self._algorithm.get_state(),
            "extensions": get_states(self._extensions),
            "datasets": get_states(self._datasets),
            "own": own,
        }

    def set(self, state: Mapping[str, Any]) -> None:
        """Restore what `get` returned; warn of what was not saved.

        Raises
        ------
        CheckpointError
            If the experiment is another one.
        """
        if state["floatX"] != floatX():
            raise CheckpointError(f"the saved run computed in {state['floatX']}, so it cannot go on in {floatX()}")
        set_values(self._shared_variables(), state["shared"])
        self._algorithm.set_state(state["algorithm"])
        set_states(self._extensions, state["extensions"], "extensions")
        # Runs saved before datasets had states have none.
        set_states(self._datasets, state.get("datasets", [{}] * len(self._datasets)), "datasets of random examples")
        # Runs saved before a user's own state was kept have none.
        own = state.get("own")
        if own is not None:
            self._own.set_state(own)
        self._tell(self._own.without_state() if own is None else own["lost"])

    def refitted(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the content of a saved run with the averages of parameters that this one keeps, and no others."""
        return refitted_averages(content, self._model, self._shared_variables())

    def get_termination(self) -> dict[str, Any]:
        """Return the state of the question whether to go on, as plain values."""
        own = self._own_criteria.get_state()
        self._tell(own["lost"])
        return {"criterion": self._algorithm.get_termination_state(), "own": own}

    def set_termination(self, state: Mapping[str, Any]) -> None:
        """Restore what `get_termination` returned."""
        if "own" not in state:
            self._algorithm.set_termination_state(state)
            return
        self._algorithm.set_termination_state(state["criterion"])
        self._own_criteria.set_state(state["own"])

    def _tell(self, sentences: Iterable[str]) -> None:
        for sentence in sentences:
            if sentence not in self._told:
                self._told.add(sentence)
                log.warning("%s", sentence)

    def _shared_variables(self) -> list[SharedVariable]:
        monitor = self._model.monitor
        monitor.compile()
        functions = [*self._algorithm.functions(), *monitor.functions()]
        return shared_variables(functions, exclude=self._model.named_parameters().values())
