"""Trained models that come with this package, opened by name: `parzen_ll.py adversarial:mnist`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import numpy as np

import adversarial
from adversarial.checkpoint.content import SavedModel
from adversarial.errors import CheckpointError
from adversarial.options import nearest

#: What the name of a published model begins with.
PREFIX = "adversarial:"
#: Ends of the names of the channels whose records a published model keeps.
KEPT_CHANNELS = (
    "objective_d", "objective_g", "gen_ll", "gen_ll_averaged", "false_positives", "false_negatives", "learning_rate",
    "momentum",
)  # fmt: skip


def is_published(path: str | os.PathLike) -> bool:
    """Return whether a path is the name of a published model, and no file of that name is there."""
    return os.fspath(path).startswith(PREFIX) and not os.path.exists(path)


def path_of(path: str | os.PathLike) -> str | os.PathLike:
    """Return the file of a published model for its name, and any other path as it is.

    Parameters
    ----------
    path : str or path
        Such as 'adversarial:mnist' or 'yaml/mnist.pkl'.

    Returns
    -------
    str or path
        The file.

    Raises
    ------
    CheckpointError
        If no model of that name was published.

    Examples
    --------
    >>> path_of("yaml/mnist.pkl")
    'yaml/mnist.pkl'
    """
    if not is_published(path):
        return path
    name = os.fspath(path).removeprefix(PREFIX)
    known = {found.stem: found for found in _folder().glob("*.pkl")}
    if name not in known:
        there = f"there are {', '.join(sorted(known))}" if known else "there is none"
        asked = f"no model of that name was published; {there}" if name else f"a name is missing behind it; {there}"
        raise CheckpointError(f"{asked}{nearest(name, known)}")
    return known[name]


def stem_of(path: str | os.PathLike) -> str:
    """Return what files made of a model are called, without an ending: a published one's are in the working directory.

    Examples
    --------
    >>> stem_of("adversarial:mnist"), stem_of("yaml/mnist.pkl.gz")
    ('mnist', 'yaml/mnist')
    """
    text = os.fspath(path)
    return text.removeprefix(PREFIX) if is_published(text) else os.path.splitext(text.removesuffix(".gz"))[0]


def published_content(content: SavedModel) -> SavedModel:
    """Return a model as it is published: parameters in half precision, few channels, nothing that only resuming needs.

    Parameters
    ----------
    content : SavedModel
        What `checkpoint.read` returned.

    Returns
    -------
    SavedModel
        For `checkpoint.write`. Its size is two bytes a parameter, and a little.

    Raises
    ------
    CheckpointError
        If a parameter is too large for half precision.
    """
    with np.errstate(over="ignore"):
        parameters = {name: value.astype(np.float16) for name, value in content["parameters"].items()}
    for name, value in parameters.items():
        if not np.isfinite(value).all():
            raise CheckpointError(f"the parameter {name} has values that half precision cannot hold")
    found: dict[str, Any] = {**content, "parameters": parameters, "training": None}
    if (monitor := content["monitor"]) is not None:
        channels = {name: each for name, each in monitor["channels"].items() if name.endswith(KEPT_CHANNELS)}
        found["monitor"] = {**monitor, "channels": channels}
    return cast(SavedModel, found)


def _folder() -> Path:
    return Path(adversarial.__file__).parent / "published"
