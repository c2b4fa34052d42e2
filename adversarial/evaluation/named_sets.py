"""Data sets that have a name where samples are scored: their classes, splits and forms."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Split = Literal["train", "valid", "test"]


class Form(NamedTuple):
    """How examples are prepared: options of a data set's class, and what its numbers are divided by."""

    options: dict[str, Any]
    divisor: float = 1.0


class NamedSet(NamedTuple):
    """A data set that has a name: its class, the options of each split, and its forms, the one of 2014 first."""

    module: str
    cls: str
    splits: dict[Split, dict[str, Any]]
    forms: dict[str, Form]
    folds: int = 1


NAMED_SETS = {
    "mnist": NamedSet(
        "adversarial.datasets.mnist",
        "MNIST",
        {
            "train": {"which_set": "train", "start": 0, "stop": 50000},
            "valid": {"which_set": "train", "start": 50000, "stop": 60000},
            "test": {"which_set": "test"},
        },
        {"pixels": Form({})},
    ),
    "cifar10": NamedSet(
        "adversarial.datasets.cifar10",
        "CIFAR10",
        {
            "train": {"which_set": "train", "start": 0, "stop": 40000},
            "valid": {"which_set": "train", "start": 40000, "stop": 50000},
            "test": {"which_set": "test"},
        },
        {"gcn": Form({"gcn": 55.0}), "pixels": Form({}, 255.0)},
    ),
    "tfd": NamedSet(
        "adversarial.datasets.tfd",
        "TFD",
        {"train": {"which_set": "unlabeled"}, "valid": {"which_set": "valid"}, "test": {"which_set": "test"}},
        {"pixels": Form({"scale": True})},
        folds=5,
    ),
}

#: Options that say which part of a data set is meant; all others say how it is prepared.
PART_OPTIONS = ("which_set", "start", "stop", "fold", "example_range", "one_hot", "shuffle")
