"""The state of a training run as plain values: what a resumed run needs to continue bit for bit.

Building a graph is deterministic, so a run that is built again from its YAML has the same compiled functions, with
the same shared variables in the same order; their values (velocities, learning rate, momentum, switches, the states
of the random streams) are what the two runs may differ in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import numpy as np
from pytensor.compile.executor import Function
from pytensor.compile.sharedvalue import SharedVariable

from adversarial.errors import CheckpointError


def shared_variables(
    functions: Iterable[Callable[..., Any]], exclude: Iterable[SharedVariable] = ()
) -> list[SharedVariable]:
    """List the shared variables that compiled functions read or change, each once, in the order of the graphs."""
    found = dict.fromkeys(variable for each in functions for variable in cast(Function, each).get_shared())
    for variable in exclude:
        found.pop(variable, None)
    return list(found)


def get_values(variables: Iterable[SharedVariable]) -> dict[str, list]:
    """Return the names and values of shared variables."""
    variables = list(variables)
    return {
        "names": [variable.name or "" for variable in variables],
        "values": [np.asarray(variable.get_value()) for variable in variables],
    }


def set_values(variables: Iterable[SharedVariable], state: dict[str, list], names: list[str] | None = None) -> None:
    """Set the values that `get_values` returned.

    Parameters
    ----------
    variables : iterable of SharedVariable
        The variables, in the order in which they were saved.
    state : dict
        What `get_values` returned.
    names : list of str, optional
        The names under which the variables were saved; their own where not given.

    Raises
    ------
    CheckpointError
        If the variables are not those that were saved, by number, name, shape or dtype.
    """
    variables = list(variables)
    names = [variable.name or "" for variable in variables] if names is None else names
    values = list(state["values"])
    different = "the saved run computes something else than this one: resume with the YAML that it was started with"
    if names != list(state["names"]) or len(values) != len(names):
        raise CheckpointError(different)
    for name, variable, value in zip(names, variables, values, strict=True):
        value, present = np.asarray(value), np.asarray(variable.get_value(borrow=True))
        if value.shape != present.shape or value.dtype != present.dtype:
            raise CheckpointError(
                f"{different} ({name} was {value.dtype} of shape {value.shape}, "
                f"and is {present.dtype} of shape {present.shape})"
            )
    for variable, value in zip(variables, values, strict=True):
        variable.set_value(np.array(value))


def restore_model(model: Any, content: Mapping[str, Any]) -> None:
    """Set the parameters and the monitor's record of a model to those of a saved one.

    Raises
    ------
    CheckpointError
        If the saved model is another one.
    """
    params, values = dict(model.named_parameters()), content["parameters"]
    different = sorted(params.keys() ^ values.keys())
    if different:
        raise CheckpointError(f"the saved model is another one: only one of the two has a parameter {different[0]}")
    set_values(params.values(), {"names": list(params), "values": [values[name] for name in params]}, list(params))
    model.monitor.set_state(content["monitor"])


def random_state(rng: np.random.RandomState) -> dict[str, Any]:
    """Return the state of a NumPy RandomState as plain values."""
    kind, keys, position, has_gauss, gauss = rng.get_state(legacy=True)
    return {"kind": kind, "keys": np.array(keys), "position": position, "has_gauss": has_gauss, "gauss": gauss}


def set_random_state(rng: np.random.RandomState, state: dict[str, Any]) -> None:
    """Set the state that `random_state` returned; ValueError where the position lies outside of it."""
    if not 0 <= state["position"] <= len(state["keys"]):
        raise ValueError("a RandomState's position is outside of its keys")
    rng.set_state((state["kind"], state["keys"], state["position"], state["has_gauss"], state["gauss"]))


def get_states(objects: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the states of callbacks or extensions; an empty one for an object that has no `get_state`."""
    return [each.get_state() if hasattr(each, "get_state") else {} for each in objects]


def set_states(objects: Iterable[Any], states: list[dict[str, Any]], kind: str) -> None:
    """Set the states that `get_states` returned; `kind` names the objects in errors.

    Raises
    ------
    CheckpointError
        If there are more or fewer objects than there were.
    """
    objects = list(objects)
    if len(objects) != len(states):
        raise CheckpointError(f"the saved run had {len(states)} {kind}, but this one has {len(objects)}")
    for each, state in zip(objects, states, strict=True):
        if state:
            each.set_state(state)
