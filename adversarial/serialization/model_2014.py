"""A model that Pylearn2's Train pickled in 2014, as the content of a saved model of ours.

2014's objects kept their constructors' arguments as attributes, so the options of an object are those of its
attributes that our class of that name declares; the exceptions are in `_OPTIONS_OF`. Parameters are the shared
variables of each layer and of its linear transformation, under the names that 2014 gave them.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import numpy as np

from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.options import declared_options
from adversarial.serialization.pickle_2014 import Arrays, class_name, fields, is_array, mapping, records
from adversarial.serialization.pickle_machine import Record

#: The players of a pair, as attributes and in the names of parameters.
PLAYERS = {"generator": "gen", "discriminator": "dis", "inferer": "inf"}

#: The content's `origin`.
ORIGIN = "a pickle of 2014"

_RECORDS = {"val_record": np.float64, "time_record": np.float64} | dict.fromkeys(
    ("epoch_record", "batch_record", "example_record"), np.int64
)
_MAX_DEPTH = 20
#: What it takes to build an object, in values of a description.
_VALUES_OF_OBJECT = 50


def decode(data: bytes, resolve: Callable[[str], Callable]) -> dict[str, Any]:
    """Decode a pickle of 2014 as the content of a saved model; see `adversarial.checkpoint` for what it holds.

    Parameters
    ----------
    data : bytes
        The pickle.
    resolve : callable
        Returns our class for a dotted name of 2014's, or raises ConfigurationError.

    Returns
    -------
    dict
        The content: a `adversarial.checkpoint.SavedModel`.

    Raises
    ------
    CheckpointError
        If it is not a model, is damaged, asks to run something, or has a layer that this program does not know.
    """
    model = records(data)
    own = fields(model)
    known = class_name(model).startswith(("pylearn2.", "adversarial.", "galatea."))
    if not known or not ("layers" in own or "generator" in own):
        raise CheckpointError("it is a pickle, but not of a model that this program knows")
    try:
        return _content(model, own, Arrays(len(data)), resolve)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError("it is a damaged pickle of 2014: its objects are not as Pylearn2 made them") from error


def _content(model: Record, own: dict[str, Any], arrays: Arrays, resolve: Callable[[str], Callable]) -> dict[str, Any]:
    parameters = _Parameters(arrays)
    return {
        "origin": ORIGIN,
        "yaml_src": _text(own.get("yaml_src")),
        "dataset_yaml_src": _text(own.get("dataset_yaml_src")),
        "model": _Describer(resolve, arrays).value(model, 0),
        "parameters": parameters.of(model),
        "random_state": parameters.random_state,
        "monitor": _monitor(own.get("monitor"), arrays),
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class _Describer:
    """Describes records as `adversarial.serialization.description` describes objects."""

    def __init__(self, resolve: Callable[[str], Callable], arrays: Arrays):
        self.resolve = resolve
        self.arrays = arrays
        self.described, self.most = 0, arrays.most_values()
        #: Descriptions of objects that the model refers to more than once, each with its number of values.
        self.made: dict[int, tuple[dict[str, Any], int]] = {}

    def value(self, value: Any, depth: int) -> Any:
        self.count(1, depth)
        if is_array(value):
            return self.arrays.number(value)
        if isinstance(value, (list, tuple)):
            return type(value)([self.value(item, depth + 1) for item in value])
        if isinstance(value, dict) or class_name(value) == "collections.OrderedDict":
            return {"mapping": [[key, self.value(item, depth + 1)] for key, item in mapping(value).items()]}
        if isinstance(value, Record):
            return self.object(value, depth)
        if isinstance(value, (set, frozenset, memoryview)):
            raise CheckpointError("it is a damaged pickle of 2014: an option is not one")
        return value

    def count(self, values: int, depth: int) -> None:
        self.described += values
        if depth > _MAX_DEPTH or self.described > self.most:
            raise CheckpointError("it is a damaged pickle of 2014: its options go round in circles")

    def object(self, record: Record, depth: int) -> dict[str, Any]:
        """Describe an object, once; it counts as often as the model refers to it, as each becomes one of its own."""
        if id(record) in self.made:
            description, values = self.made[id(record)]
            self.count(values, depth)
            return description
        before = self.described
        description = self.description(record, depth)
        self.made[id(record)] = description, self.described - before + _VALUES_OF_OBJECT
        self.count(_VALUES_OF_OBJECT, depth)
        return description

    def description(self, record: Record, depth: int) -> dict[str, Any]:
        name = class_name(record)
        try:
            cls = self.resolve(name)
        except ConfigurationError as error:
            raise CheckpointError(f"it holds a {name or 'thing'}, which this program does not have") from error
        own = fields(record)
        if name in _OPTIONS_OF:
            own = _OPTIONS_OF[name](own)
        options = {}
        for key, option in (declared_options(cls) or {}).items():
            if key not in own:
                continue
            value = self.value(own[key], depth + 1)
            if option.required or not _same(value, option.default):
                options[key] = value
        return {"class": f"{cls.__module__}.{cls.__qualname__}", "options": options}


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, np.ndarray):
        return False
    return value == default or (value is None and default is None)


def _mlp_options(own: dict[str, Any]) -> dict[str, Any]:
    """Return an MLP's options: it stored its input space, whether given, made of nvis, or set by an outer MLP."""
    own = dict(own)
    space = own.get("input_space")
    if own.get("layer_name") is not None:
        own.pop("input_space", None)
    elif class_name(space) == "pylearn2.space.VectorSpace" and not fields(space).get("sparse"):
        own["nvis"] = fields(own.pop("input_space")).get("dim")
    names = [fields(layer).get("layer_name") for layer in own.get("layers", ()) if isinstance(layer, Record)]
    own["repeated_names"] = len(set(names)) < len(names)
    return own


def _vector_space_options(own: dict[str, Any]) -> dict[str, Any]:
    return {key: own[key] for key in ("dim", "sparse") if key in own}


def _conv2d_space_options(own: dict[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {key: own[key] for key in ("shape", "num_channels", "axes") if key in own}
    options["shape"] = list(options.get("shape", ()))
    options["axes"] = list(options.get("axes", ()))
    return options


#: Classes whose attributes are not simply their options.
_OPTIONS_OF: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "pylearn2.models.mlp.MLP": _mlp_options,
    "pylearn2.space.VectorSpace": _vector_space_options,
    "pylearn2.space.Conv2DSpace": _conv2d_space_options,
}


class _Parameters:
    """Collects the named shared variables of a model and its parts, and the states of their random numbers."""

    def __init__(self, arrays: Arrays):
        self.arrays = arrays
        self.found: dict[str, np.ndarray] = {}
        self.visited = self.taken = 0
        self.named: dict[int, list[tuple[str, np.ndarray]]] = {}
        #: Where the search for a name that is not taken goes on.
        self.numbers: dict[str, int] = {}
        #: By the attributes that lead to each: those of our objects are called alike.
        self.random_state: dict[str, Any] = {}

    def of(self, model: Any) -> dict[str, np.ndarray]:
        """Return those of `model`: of a pair's players, a generator's MLP, an MLP's layers."""
        self.visit(model, "", "", 0)
        return self.found

    def visit(self, model: Any, prefix: str, path: str, depth: int) -> None:
        self.visited += 1
        if depth > _MAX_DEPTH or self.visited > 10_000:
            raise CheckpointError("it is a damaged pickle of 2014: its layers go round in circles")
        own = fields(model)
        for name in ("theano_rng", "rng"):
            state = self.arrays.random_state(own.get(name))
            if state is not None:
                self.random_state[path + name] = state
        for player, short in PLAYERS.items():
            if isinstance(own.get(player), Record):
                self.visit(own[player], f"{short}/", f"{path}{player}.", depth + 1)
        # A layer's `mlp` is what it is part of; a generator's is a part of it.
        if "layer_name" not in own and isinstance(own.get("mlp"), Record):
            self.visit(own["mlp"], prefix, f"{path}mlp.", depth + 1)
        layers = own.get("layers")
        for number, layer in enumerate(layers if isinstance(layers, list) else ()):
            self.visit(layer, prefix, f"{path}layers.{number}.", depth + 1)
        if "layer_name" in own and not isinstance(layers, list):
            self.take(model, prefix)

    def take(self, layer: Record, prefix: str) -> None:
        named = self.named_in(layer)
        transformer = fields(layer).get("transformer")
        if isinstance(transformer, Record):
            named = named + self.named_in(transformer)
        self.taken += len(named)
        if self.taken > self.arrays.most_values():
            raise CheckpointError("it is a damaged pickle of 2014: its layers share more parameters than it has")
        for name, value in named:
            self.found[unique(prefix + name, self.found, self.numbers)] = value

    def named_in(self, owner: Record) -> list[tuple[str, np.ndarray]]:
        """Return the named shared variables among the attributes of `owner`, which several layers may share."""
        if id(owner) not in self.named:
            found = [self.arrays.shared_variable(part) for part in fields(owner).values()]
            self.named[id(owner)] = [each for each in found if each is not None and each[0]]
        return self.named[id(owner)]


def unique(name: str, taken: Container[str], numbers: dict[str, int] | None = None) -> str:
    """Return `name`, or where it is taken, `name#2`, `name#3` ...; `numbers` says where each name's search goes on."""
    numbers = {} if numbers is None else numbers
    number = numbers.get(name, 1)
    found = name if number == 1 else f"{name}#{number}"
    while found in taken:
        number += 1
        found = f"{name}#{number}"
    numbers[name] = number
    return found


def _monitor(monitor: Any, arrays: Arrays) -> dict[str, Any]:
    """Return the monitor's record: every channel's values, and how far training had gone."""
    own = fields(monitor)
    channels: dict[str, Any] = {}
    values_left = arrays.size
    for name, channel in mapping(own.get("channels", {})).items():
        record = fields(channel)
        values_left -= sum(len(record[key]) for key in _RECORDS if isinstance(record.get(key), list))
        if values_left < 0:
            raise CheckpointError("it is a damaged pickle of 2014: its channels have more values than it has bytes")
        arrays_of = {key: _record_of(record.get(key, []), dtype, arrays) for key, dtype in _RECORDS.items()}
        channels[str(name)] = arrays_of | {"doc": _text(record.get("doc"))}
    counts = {"epochs_seen": "_epochs_seen", "batches_seen": "_num_batches_seen", "examples_seen": "_examples_seen"}
    seen = {name: arrays.number(own.get(key, 0)) for name, key in counts.items()}
    if not all(type(value) is int for value in seen.values()):
        raise CheckpointError("it is a damaged pickle of 2014: its monitor counts no whole numbers")
    return seen | {"channels": channels}


def _record_of(values: Any, dtype: type, arrays: Arrays) -> np.ndarray:
    """Return a channel's list of numbers as an array; 2014 has None where an old file lacked a value."""
    if not isinstance(values, list):
        raise CheckpointError("it is a damaged pickle of 2014: a channel's record is not a list")
    missing = np.nan if dtype is np.float64 else -1
    plain = [missing if value is None else arrays.number(value) for value in values]
    if not all(isinstance(value, (int, float)) for value in plain):
        raise CheckpointError("it is a damaged pickle of 2014: a channel's record is not of numbers")
    return np.array(plain, dtype)
