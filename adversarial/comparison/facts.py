"""What the five files of 2014 set, what their classes took unasked, and what the paper reported: data, with sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from adversarial.comparison.experiment import Part, part_of_facts

#: The experiments of 2014, as goodfeli/adversarial named their files.
FILES = (
    "mnist.yaml",
    "cifar10_fully_connected.yaml",
    "cifar10_convolutional.yaml",
    "tfd_pretrain/pretrain.yaml",
    "tfd_pretrain/train.yaml",
)


@dataclass(frozen=True)
class Recorded:
    """One file of 2014: its name, its source (repository and commit), and its experiment."""

    file: str
    source: str
    experiment: Part


@dataclass(frozen=True)
class Reported:
    """A row of Table 1: a model, and for each data set its log-likelihood and that one's error, in nats."""

    model: str
    results: dict[str, tuple[float, float]]


def _read(name: str) -> Any:
    return yaml.safe_load((resources.files(__package__) / "facts_2014" / name).read_text(encoding="utf-8"))


@cache
def recorded(file: str) -> Recorded:
    """The facts of one of `FILES`."""
    found = _read(file.replace("/", "_"))
    return Recorded(found["file"], found["source"], part_of_facts(found["experiment"]))


@cache
def defaults_2014() -> dict[str, dict[str, Any]]:
    """{class, by its name here: {'source', 'defaults', 'null_means', 'fixed'}}.

    `null_means` is what the code put in the place of null; `fixed` is what it set and no file could, with the name of
    the constant that stands for it here.
    """
    from adversarial.comparison.experiment import name_here

    return {name_here(name): found for name, found in _read("defaults.yaml").items()}


@cache
def table_1() -> tuple[str, tuple[Reported, ...]]:
    """Where Table 1 stands, and its rows."""
    found = _read("table_1.yaml")
    rows = (
        Reported(model, {data: (mean, error) for data, (mean, error) in results.items()})
        for model, results in found["log_likelihood"].items()
    )
    return found["source"], tuple(rows)
