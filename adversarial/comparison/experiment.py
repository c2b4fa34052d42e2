"""An experiment as a tree, with nothing of it built: parts (what `!obj:` names), lists and plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adversarial import checkpoint
from adversarial.config import overrides as values_put_in
from adversarial.config.build import Builder, Proxy
from adversarial.config.reader import read
from adversarial.config.variables import AsWritten
from adversarial.config.yaml_parse import read_text
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.names.allow_list import AllowList
from adversarial.names.names_2014 import NAMES_2014

_TRAIN, _PAIR = "adversarial.train.Train", "adversarial.game.pair.AdversaryPair"


@dataclass
class Part:
    """An object that a file describes: the dotted name of its class here, and the options given."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The class's own name."""
        return self.name.rpartition(".")[2]


@dataclass(frozen=True)
class Same:
    """An alias of YAML: the object at `key`, which is `part`."""

    key: str
    part: Part = field(compare=False, repr=False)


@dataclass
class Experiment:
    """An experiment in a file: YAML, or a saved model that holds its YAML.

    Attributes
    ----------
    name : str
        Of the file.
    text, overrides : str, dict
        Its YAML, and what replaces values in it.
    part : Part
        What the YAML says.
    content : dict or None
        Of a saved model; None for YAML.
    """

    name: str
    text: str
    overrides: dict[str, str]
    part: Part
    content: dict[str, Any] | None

    @property
    def data_set(self) -> str:
        """The data set that it trains on: mnist, tfd, cifar10 ...; "" where it does not say."""
        dataset = self.part.options.get("dataset")
        return dataset.kind.lower() if isinstance(dataset, Part) else ""

    @property
    def other_model(self) -> str:
        """The class of a model that is no pair of G and D, as all of 2014's are; "" of a pair, or if it is not said."""
        model = self.part if is_model_only(self.part) else self.part.options.get("model")
        return model.kind if isinstance(model, Part) and "generator" not in model.options else ""


def open_experiment(path: str, overrides: Mapping[str, str] | None = None, allow: Iterable[str] = ()) -> Experiment:
    """Return the experiment of a YAML file, or the one that made a saved model.

    Parameters
    ----------
    path : str
        A .yaml or .yml file, or a saved model.
    overrides : dict, optional
        What replaces values in it, as by `--set`.
    allow : iterable of str, optional
        Modules of the user's own that it may name.

    Returns
    -------
    Experiment
        What the file says; nothing is built.

    Raises
    ------
    ConfigurationError, CheckpointError
        If it cannot be read, or the saved model does not hold its YAML.
    """
    given = dict(overrides or {})
    if Path(path).suffix.lower() in (".yaml", ".yml"):
        text = read_text(path)
        return Experiment(path, text, given, read_experiment(text, path, given, allow), None)
    content = checkpoint.read(path)
    text = content.get("yaml_src") or ""
    if not text.strip():
        raise CheckpointError(f"{path} does not hold the YAML that it was made from, so there is nothing to compare")
    replaced = dict(content.get("overrides") or {}) | given
    return Experiment(path, text, replaced, read_experiment(text, path, replaced, allow), content)


def name_here(name: str) -> str:
    """Return the dotted name here of a class, from its name of 2014 or its own."""
    return NAMES_2014.get(name, name)


def read_experiment(
    text: str, name: str, overrides: Mapping[str, str] | None = None, allow: Iterable[str] = ()
) -> Part:
    """Read an experiment from YAML: a Train, or the AdversaryPair of a model saved without one.

    Parameters
    ----------
    text : str
        The YAML document.
    name : str
        What to call it in errors.
    overrides : dict of {str: str}, optional
        Values to replace, by key, as `--set` takes them.
    allow : iterable of str, optional
        Modules of the user's own that it may name.

    Returns
    -------
    Part
        The experiment; nothing of it is built.

    Raises
    ------
    ConfigurationError
        If the text cannot be read, or describes something else.

    Examples
    --------
    >>> read_experiment("!obj:pylearn2.train.Train { save_freq: 5 }", "an example")
    Part(name='adversarial.train.Train', options={'save_freq': 5})
    """
    root = read(text, name)
    if overrides:
        root = values_put_in.apply(root, overrides)
    described = Builder(AsWritten(), AllowList(allow), instantiate=False).build_document(root)
    if isinstance(described, list):
        raise ConfigurationError(f"{name} describes {len(described)} phases; give each a file of its own to compare it")
    part = _part(described, "", {})
    if not isinstance(part, Part) or part.name not in (_TRAIN, _PAIR):
        found = part.name if isinstance(part, Part) else f"a {type(part).__name__}"
        raise ConfigurationError(f"{name} describes {found}, not an experiment (!obj:{_TRAIN}) or its model")
    return part


def is_model_only(part: Part) -> bool:
    """Return whether a document describes the model of an experiment, and not how it is trained."""
    return part.name == _PAIR


def _part(value: Any, key: str, seen: dict[int, tuple[str, Part]]) -> Any:
    if isinstance(value, Proxy):
        if id(value) in seen:
            return Same(*seen[id(value)])
        part = Part(name_here(value.name))
        seen[id(value)] = key, part
        part.options = {option: _part(inner, joined(key, option), seen) for option, inner in value.keywords.items()}
        return part
    if isinstance(value, list):
        return [_part(inner, joined(key, number), seen) for number, inner in enumerate(value)]
    if isinstance(value, dict):
        return {name: _part(inner, joined(key, name), seen) for name, inner in value.items()}
    return value


def part_of_facts(facts: Any) -> Any:
    """Convert the tree of a data file of facts, in which `kind` names a class and `same_as` an object before it."""
    root: list[Part] = []

    def converted(value: Any) -> Any:
        if isinstance(value, list):
            return [converted(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        if "same_as" in value:
            return Same(value["same_as"], at(root[0], value["same_as"]))
        if "kind" not in value:
            return {name: converted(inner) for name, inner in value.items()}
        part = Part(name_here(value["kind"]))
        root.append(part)
        for option, inner in value.items():
            if option != "kind":
                part.options[option] = converted(inner)
        return part

    return converted(facts)


def at(root: Part, key: str) -> Any:
    """Look a value up.

    Parameters
    ----------
    root : Part
        The experiment.
    key : str
        A path of options and list positions joined by dots, as `--set` takes it.

    Returns
    -------
    object
        The part, list or plain value there.

    Examples
    --------
    >>> at(Part("adversarial.train.Train", {"extensions": [Part("x.Y", {"stop": 3})]}), "extensions.0.stop")
    3
    """
    value: Any = root
    for step in key.split("."):
        if isinstance(value, Part):
            value = value.options[step]
        else:
            value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def joined(key: str, step: str | int) -> str:
    """Return the key of option or list position `step` of what is at `key`, as `--set` takes it."""
    return f"{key}.{step}" if key else str(step)
