"""An object as the options that rebuild it.

An object that YAML can build stores the options it was built with (see `adversarial.options.Configurable`). Its
description is ``{"class": "adversarial.models.mlp.MLP", "options": {"layers": [...], "nvis": 100}}``, in which
options that are such objects are described likewise; a dict becomes ``{"mapping": [[key, value], ...]}``, and
plain values, lists and arrays are unchanged. An object that has changed since it was built gives its present
options by a method `describe_options`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from adversarial.errors import CheckpointError
from adversarial.options import Configurable
from adversarial.serialization.plain import MAX_DEPTH


def describe(value: Any) -> Any:
    """Describe `value`, an object that YAML can build or a plain value, by plain values and arrays.

    Raises
    ------
    CheckpointError
        If an option is neither, so that no file could rebuild it.

    Examples
    --------
    >>> from adversarial.space import VectorSpace
    >>> describe(VectorSpace(dim=784))
    {'class': 'adversarial.space.VectorSpace', 'options': {'dim': 784}}
    """
    return _describe(value, type(value).__name__, 0)


def _describe(value: Any, place: str, depth: int) -> Any:
    if depth > MAX_DEPTH // 4:
        raise CheckpointError(f"{place[:60]}... is nested too deep to be saved (or holds itself)")
    if value is None or isinstance(value, (bool, int, float, str, bytes, np.ndarray, np.generic)):
        return value
    if isinstance(value, Configurable):
        cls = type(value)
        options = value.describe_options() if hasattr(value, "describe_options") else value.options
        described = {key: _describe(item, f"{place}.{key}", depth + 1) for key, item in options.items()}
        return {"class": f"{cls.__module__}.{cls.__qualname__}", "options": described}
    if isinstance(value, Mapping):
        return {"mapping": [[key, _describe(item, f"{place}[{key!r}]", depth + 1)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return type(value)([_describe(item, f"{place}[{i}]", depth + 1) for i, item in enumerate(value)])
    raise CheckpointError(f"{place} is a {type(value).__name__}, which a saved model has no way to describe")


def rebuild(description: Any, resolve: Callable[[str], Callable]) -> Any:
    """Build the object that `description` describes.

    Parameters
    ----------
    description : object
        What `describe` returned.
    resolve : callable
        Returns the class of a dotted name, or raises for one that may not be built.

    Returns
    -------
    object
        A new object, of the same options.

    Raises
    ------
    CheckpointError
        If it is not a description.
    ConfigurationError
        From `resolve`, or where a class does not take the options.
    """
    return _rebuild(description, resolve, 0)


def _rebuild(value: Any, resolve: Callable[[str], Callable], depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise CheckpointError("the model's description is nested too deep")
    if isinstance(value, dict):
        if set(value) == {"class", "options"} and type(value["class"]) is str and type(value["options"]) is dict:
            options = {key: _rebuild(item, resolve, depth + 1) for key, item in value["options"].items()}
            return resolve(value["class"])(**options)
        if set(value) == {"mapping"} and _are_pairs(value["mapping"]):
            return {key: _rebuild(item, resolve, depth + 1) for key, item in value["mapping"]}
        raise CheckpointError("the model's description is not one that this program wrote")
    if isinstance(value, (list, tuple)):
        return type(value)([_rebuild(item, resolve, depth + 1) for item in value])
    return value


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], (str, int, float, bool, type(None)))
        for pair in value
    )
