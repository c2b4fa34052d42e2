"""What the five files of 2014 set, the defaults of their classes, and what the paper reported: data, with sources."""

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
    """A file of 2014: its name, its source (repository and commit), and its experiment."""

    file: str
    source: str
    experiment: Part


@dataclass(frozen=True)
class PanelFacts:
    """A panel of Figure 2: title, experiment (of `FILES`, without .yaml), rows x columns x channels, what is seen."""

    title: str
    experiment: str
    image: list[int]
    paper: str


@dataclass(frozen=True)
class FigureFacts:
    """What the paper's Figures 2 and 3 show: their source, what samples and lines are of, and the panels by letter."""

    source: str
    samples: str
    lines: str
    panels: dict[str, PanelFacts]


@dataclass(frozen=True)
class Reported:
    """A row of Table 1: a model, and for each data set its log-likelihood and the error of that, in nats."""

    model: str
    results: dict[str, tuple[float, float]]


def _read(name: str) -> Any:
    return yaml.safe_load((resources.files(__package__) / "facts_2014" / name).read_text(encoding="utf-8"))


@cache
def recorded(file: str) -> Recorded:
    """Return what one of `FILES` sets.

    Parameters
    ----------
    file : str
        One of `FILES`.

    Returns
    -------
    Recorded
        The experiment and its source.

    Examples
    --------
    >>> recorded("mnist.yaml").experiment.options["algorithm"].options["batch_size"]
    100
    """
    found = _read(file.replace("/", "_"))
    return Recorded(found["file"], found["source"], part_of_facts(found["experiment"]))


@cache
def defaults_2014() -> dict[str, dict[str, Any]]:
    """Return {class, by its name here: {'source', 'defaults', 'null_means', 'fixed'}}.

    `null_means` is the value that the code of 2014 used for null; `fixed` is what it set and no file could change,
    with the name of the constant that replaces it here.
    """
    from adversarial.comparison.experiment import name_here

    return {name_here(name): found for name, found in _read("defaults.yaml").items()}


@cache
def table_1() -> tuple[str, tuple[Reported, ...]]:
    """Return Table 1 of the paper.

    Returns
    -------
    source : str
        The paper, and the table's number.
    rows : tuple of Reported
        The models, in the order of the table.

    Examples
    --------
    >>> source, rows = table_1()
    >>> rows[-1]
    Reported(model='Adversarial nets', results={'mnist': (225, 2), 'tfd': (2057, 26)})
    """
    found = _read("table_1.yaml")
    rows = (
        Reported(model, {data: (mean, error) for data, (mean, error) in results.items()})
        for model, results in found["log_likelihood"].items()
    )
    return found["source"], tuple(rows)


@cache
def figures() -> FigureFacts:
    """Return what Figures 2 and 3 of the paper show, in words of this project.

    Returns
    -------
    FigureFacts
        Their panels, by letter.

    Examples
    --------
    >>> figures().panels["a"].experiment
    'mnist'
    """
    found = _read("figures.yaml")
    panels = {letter: PanelFacts(**panel) for letter, panel in found.pop("panels").items()}
    return FigureFacts(**found, panels=panels)
