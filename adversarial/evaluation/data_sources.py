"""The data that a likelihood is measured on: a data set by name, the one of a model's own YAML, or files."""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np

from adversarial import backend
from adversarial.config import yaml_parse
from adversarial.config.variables import training_file_variables
from adversarial.errors import ConfigurationError, DataError, UserError
from adversarial.files.rows import open_rows
from adversarial.names.allow_list import AllowList
from adversarial.options import nearest

Split = Literal["train", "valid", "test"]


class NamedSet(NamedTuple):
    """A data set that has a name: its class, the options of each split, and those that 2014 scored it with."""

    module: str
    cls: str
    splits: dict[Split, dict[str, Any]]
    usual: dict[str, Any]
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
        {},
    ),
    "cifar10": NamedSet(
        "adversarial.datasets.cifar10",
        "CIFAR10",
        {
            "train": {"which_set": "train", "start": 0, "stop": 40000},
            "valid": {"which_set": "train", "start": 40000, "stop": 50000},
            "test": {"which_set": "test"},
        },
        {"gcn": 55.0},
    ),
    "tfd": NamedSet(
        "adversarial.datasets.tfd",
        "TFD",
        {"train": {"which_set": "unlabeled"}, "valid": {"which_set": "valid"}, "test": {"which_set": "test"}},
        {"scale": True},
        folds=5,
    ),
}

#: Options that say which part of a data set is meant; all others say how it is prepared.
PART_OPTIONS = ("which_set", "start", "stop", "fold", "example_range", "one_hot", "shuffle")


class ScoringData:
    """Splits of a data set as design matrices in floatX.

    Parameters
    ----------
    name : for people
    load : gives the dataset of a split of a fold, or its design matrix where there is no more
    folds : number of folds
    """

    def __init__(self, name: str, load: Callable[[Split, int], Any], folds: int = 1):
        self.name = name
        self.folds = folds
        self._load = load

    def split(self, split: Split, fold: int = 0) -> np.ndarray:
        """The design matrix (examples, dim) of a split.

        Raises
        ------
        ConfigurationError
            Where there is no such fold.
        DataError
            Where there is no such split, or its files are not to be had.
        """
        loaded = self._loaded(split, fold)
        rows = loaded if isinstance(loaded, np.ndarray) else loaded.get_design_matrix()
        return np.ascontiguousarray(rows, dtype=backend.floatX())

    def classes(self, split: Split, fold: int = 0) -> np.ndarray:
        """The class (examples,) of each example of a split, int64; raises as `split`, and where none is known."""
        y = getattr(self._loaded(split, fold), "y", None)
        if y is None:
            raise DataError(f"{self.name} does not say what class its examples are of")
        y = np.asarray(y)
        return y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel().astype(np.int64)

    def _loaded(self, split: Split, fold: int) -> Any:
        if not 0 <= fold < self.folds:
            there_are = "has no folds" if self.folds == 1 else f"has the folds 0 to {self.folds - 1}"
            raise ConfigurationError(f"fold {fold} is asked for, but {self.name} {there_are}")
        return self._load(split, fold)


def named(name: str, options: Mapping[str, Any] | None = None) -> ScoringData:
    """A data set by its name, as 2014 scored it, or with the `options` that a model was trained with."""
    if name not in NAMED_SETS:
        raise ConfigurationError(
            f"the data set '{name}' is not known; known are {', '.join(NAMED_SETS)}{nearest(name, NAMED_SETS)}"
        )
    known = NAMED_SETS[name]
    prepared = dict(known.usual if options is None else options)

    def load(split: Split, fold: int) -> Any:
        cls = getattr(importlib.import_module(known.module), known.cls)
        part = known.splits[split] | ({"fold": fold} if known.folds > 1 else {})
        return cls(**prepared | part)

    return ScoringData(known.cls, load, known.folds)


def in_files(files: Mapping[Split, str]) -> ScoringData:
    """Data in files of the user's own; a missing validation split is the end of the training one."""

    def load(split: Split, fold: int) -> np.ndarray:
        if split in files:
            rows = open_rows(files[split])
            return rows[: len(rows)]
        if split == "valid" and "train" in files:
            rows = open_rows(files["train"])
            return rows[len(rows) - max(1, len(rows) // 6) :]
        raise DataError(f"there is no {split} data: give --{split} FILE")

    return ScoringData(", ".join(files.values()), load)


def of_model(
    content: Mapping[str, Any], path: str, allow: tuple[str, ...] = (), name: str | None = None
) -> ScoringData:
    """The data set that a saved model was trained on, read from the YAML in it.

    Parameters
    ----------
    content : what `checkpoint.read` gave
    path : of the saved model
    allow : modules of the user's own that the YAML may name
    name : a named data set to take instead; prepared as the model's own if that is of the same class
    """
    tree = _tree(content.get("yaml_src") or "", path)
    dataset = _tree(content.get("dataset_yaml_src") or "", path) or _under(tree, "dataset")
    cls = dataset.name.rpartition(".")[2] if isinstance(dataset, yaml_parse.Proxy) else None
    own = next((key for key, known in NAMED_SETS.items() if known.cls == cls), None)
    if name is not None and name != own:
        return named(name)
    if cls is None:
        raise DataError(
            f"{path} does not say what data it was trained on; name them by -d {'|'.join(NAMED_SETS)}, "
            f"or give --valid FILE and --test FILE"
        )
    if own is not None:
        options = {key: value for key, value in dataset.keywords.items() if key not in PART_OPTIONS}
        return named(own, {key: _build(value, AllowList(allow)) for key, value in options.items()})
    return _any_dataset(dataset, _under(tree, "algorithm", "monitoring_dataset"), path, AllowList(allow))


def _built(proxy: yaml_parse.Proxy, allow_list: AllowList, split: Split, path: str) -> Any:
    """The dataset that the YAML in a saved model names."""
    try:
        return _build(proxy, allow_list)
    except DataError as error:
        advice = f"{path} was trained on these data: run where they are, or give --{split} FILE"
        raise DataError(f"{error} ({advice})") from error


def _any_dataset(dataset: yaml_parse.Proxy, monitored: Any, path: str, allow_list: AllowList) -> ScoringData:
    """A data set of any class: test by its get_test_set, valid by what the model was monitored on."""

    def load(split: Split, fold: int) -> Any:
        if split == "valid":
            proxy = monitored.get("valid") if isinstance(monitored, dict) else monitored
            if not isinstance(proxy, yaml_parse.Proxy):
                raise DataError(f"the YAML in {path} names no validation data: give --valid FILE")
            return _built(proxy, allow_list, split, path)
        built = _built(dataset, allow_list, split, path)
        if split == "train":
            return built
        if not hasattr(built, "get_test_set"):
            raise DataError(f"the data set in {path}, {type(built).__name__}, has no test set: give --test FILE")
        return built.get_test_set()

    return ScoringData(dataset.name.rpartition(".")[2], load)


def _tree(text: str, path: str) -> Any:
    """What a YAML text says, nothing built; None where there is no text."""
    if not text.strip():
        return None
    stem = os.path.splitext(path)[0]
    try:
        return yaml_parse.load(text, training_file_variables(f"{stem}.yaml"), instantiate=False, path=path)
    except UserError as error:
        raise DataError(f"the YAML in {path} cannot be read: {error}") from error


def _under(tree: Any, *keys: str) -> Any:
    for key in keys:
        options = tree.keywords if isinstance(tree, yaml_parse.Proxy) else tree
        tree = options.get(key) if isinstance(options, dict) else None
    return tree


def _build(tree: Any, allow_list: AllowList) -> Any:
    if isinstance(tree, yaml_parse.Proxy):
        return allow_list.resolve(tree.name)(**{key: _build(value, allow_list) for key, value in tree.keywords.items()})
    if isinstance(tree, dict):
        return {key: _build(value, allow_list) for key, value in tree.items()}
    return [_build(value, allow_list) for value in tree] if isinstance(tree, list) else tree


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that say what data to score."""
    group = parser.add_argument_group("the data (default: those of the model's own YAML)")
    group.add_argument("-d", "--dataset", metavar="NAME", help=f"a data set by its name: {', '.join(NAMED_SETS)}")
    group.add_argument("-f", "--fold", type=int, default=0, metavar="N", help="the fold, where there are folds")
    group.add_argument("--folds", choices=["all"], help="score each fold, its width its own; error across folds")
    for split, use in (("train", "for --anchor train"), ("test", "to score")):
        group.add_argument(f"--{split}", dest=f"{split}_file", metavar="FILE", help=f"a .npy, .npz or .h5 array {use}")
    group.add_argument(
        "--valid",
        dest="valid_file",
        metavar="FILE",
        nargs="?",
        const="",
        help="an array to choose the width on; without FILE it is -v, as in 2014",
    )


def of_arguments(given: argparse.Namespace, content: Mapping[str, Any] | None, path: str) -> ScoringData:
    """The data that the command line names; `content` and `path` are the saved model's, where there is one.

    Raises
    ------
    ConfigurationError
        Where it names none, or both a data set and files.
    """
    if given.valid_file == "":
        given.score_valid, given.valid_file = True, None
    splits = ("train", "valid", "test")
    files = {split: name for split in splits if (name := getattr(given, f"{split}_file")) is not None}
    if files:
        if given.dataset is not None:
            raise ConfigurationError("give a data set by name (-d) or files (--valid, --test), not both")
        return in_files(files)
    if content is not None:
        return of_model(content, path, tuple(given.allow), given.dataset)
    if given.dataset is None:
        raise ConfigurationError(f"say what data to score: -d {'|'.join(NAMED_SETS)}, or --valid FILE and --test FILE")
    return named(given.dataset)
