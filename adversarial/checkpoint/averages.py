"""Averages of parameters where a run goes on that kept none, or keeps none any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from pytensor.compile.sharedvalue import SharedVariable

_PREFIX, _WEIGHT, _CHANNEL = "averaged_", "average_weight", "ll_averaged"


def is_average(name: str) -> bool:
    """Return whether a saved parameter of this name is an average of another.

    Examples
    --------
    >>> is_average("gen/averaged_h0_W"), is_average("gen/h0_W")
    (True, False)
    """
    return name.rpartition("/")[2].startswith(_PREFIX)


def refitted_averages(content: Mapping[str, Any], model: Any, shared: Iterable[SharedVariable]) -> Mapping[str, Any]:
    """Return the content of a saved run as if it had kept the averages that a model keeps, begun where it ends.

    Parameters
    ----------
    content : mapping
        What `checkpoint.read` returned, with a state of training.
    model : Model
        That of the run that goes on, set up.
    shared : iterable of SharedVariable
        What `RunState` saves of that run.

    Returns
    -------
    mapping
        The content with averages that are the parameters, of weight 0, and NaN for what was not monitored; or without
        those that the model does not keep. Where both keep averages or neither does, the content itself.

    Examples
    --------
    >>> from adversarial.models.linear import Sigmoid
    >>> from adversarial.models.mlp import MLP
    >>> model = MLP([Sigmoid(layer_name="y", dim=1, irange=0.1)], nvis=2)
    >>> content = {"parameters": dict.fromkeys(model.named_parameters())}
    >>> refitted_averages(content, model, []) is content
    True
    """
    saved, names = content["parameters"], list(model.named_parameters())
    different = [name for name in saved.keys() ^ set(names) if is_average(name)]
    if not different:
        return content
    new = {name: saved[source] for name in different if name in names and (source := _of(name)) in saved}
    state = content["training"]
    return {
        **content,
        "parameters": {name: value for name, value in saved.items() if name not in different} | new,
        "monitor": _channels(content["monitor"], model.monitor.channels),
        "training": {**state, "shared": _weight(state["shared"], list(shared))},
    }


def _of(name: str) -> str:
    """The parameter of which a name is that of the average."""
    return name.replace(_PREFIX, "", 1)


def _channels(record: Mapping[str, Any], channels: Iterable[str]) -> dict[str, Any]:
    """The record with the channels of averages that there are; a value that was not measured is NaN."""
    kept = {name: each for name, each in record["channels"].items() if name in channels or _CHANNEL not in name}
    for name in channels:
        raw = record["channels"].get(name.replace(_CHANNEL, "ll", 1)) if _CHANNEL in name else None
        if name not in kept and raw is not None:
            kept[name] = {**raw, "val_record": np.full(len(raw["val_record"]), np.nan)}
    return {**record, "channels": kept}


def _weight(state: Mapping[str, list], shared: list[SharedVariable]) -> dict[str, list]:
    """The values of shared variables with that of the averages' weight, which begins at 0, where there is one."""
    pairs = [pair for pair in zip(state["names"], state["values"], strict=True) if pair[0] != _WEIGHT]
    for place, variable in enumerate(shared):
        if variable.name == _WEIGHT:
            pairs.insert(place, (_WEIGHT, np.zeros_like(variable.get_value())))
    return {"names": [name for name, _ in pairs], "values": [value for _, value in pairs]}
