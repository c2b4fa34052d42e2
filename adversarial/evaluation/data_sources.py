"""The data that a likelihood is measured on: a data set by name, the one of a model's own YAML, or files."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeAlias

import numpy as np
import yaml

from adversarial.checkpoint import slips_of
from adversarial.datasets.binarizer import Binarizer
from adversarial.errors import ConfigurationError, DataError
from adversarial.evaluation.fit import unit_of
from adversarial.evaluation.named_in_model import DocumentInModel, name_of, options_of
from adversarial.evaluation.named_sets import NAMED_SETS, PART_OPTIONS, Split
from adversarial.evaluation.sides import AxesSaid, Side, side_of
from adversarial.options import nearest
from adversarial.serialization.tables import is_table, open_table


class HasRows(Protocol):
    """A dataset, as far as scoring reads it."""

    def get_design_matrix(self) -> np.ndarray:
        """Return the examples as rows."""
        ...


#: Examples in a file, or an array of them, one a row.
RowsOrFile: TypeAlias = str | os.PathLike | np.ndarray


class ScoringData:
    """Splits of a data set as design matrices in floatX.

    Parameters
    ----------
    name : str
        What to call the data in sentences.
    load : callable
        Takes a split and a fold; returns the dataset, or an array of its examples where there is no dataset.
    folds : int, optional
        Number of folds.
    sources : dict, optional
        What to call each split in sentences, where some are files or arrays; the default is `name`.
    prepared : str, optional
        How the examples of the dataset are prepared, for people.
    divisor : float, optional
        What the numbers of the dataset are divided by.

    Attributes
    ----------
    as_is : bool
        Whether the numbers of files and arrays stay as they are, default false: bytes become pixels in [0, 1], and
        images channel after channel.
    axes : str, sequence or None
        The order of the four axes of files and arrays, default None: what their lengths say.
    of_model : bool
        Whether they are what the model of the samples was trained on, default false.
    undecided : str
        The name of a data set of several forms, none of which was asked for, or ''; see `suited_to`.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[Split, int], HasRows | np.ndarray],
        folds: int = 1,
        sources: Mapping[Split, str] | None = None,
        prepared: str = "",
        divisor: float = 1.0,
    ):
        self.name = name
        self.folds = folds
        self.as_is = False
        self.axes: AxesSaid | None = None
        self.of_model = False
        self.undecided = ""
        self._load = load
        self._sources = sources or {}
        self._prepared, self._divisor = prepared, divisor

    def side(self, split: Split, fold: int = 0) -> Side:
        """Return the examples of a split and what they are.

        Parameters
        ----------
        split : {'train', 'valid', 'test'}
            The split.
        fold : int, optional
            The fold, counted from 0.

        Returns
        -------
        Side
            Rows in floatX.

        Raises
        ------
        ConfigurationError
            If there is no such fold, or the order of axes is said of a data set.
        DataError
            If there is no such split, or its files cannot be read.
        """
        loaded, what, source = self._loaded(split, fold), f"{split} data", self._sources.get(split, self.name)
        if isinstance(loaded, np.ndarray):
            return side_of(what, source, loaded, as_is=self.as_is, axes=self.axes)
        if self.axes is not None and not self._sources:
            raise ConfigurationError(f"--data-axes is of images in files, but {source} is a data set with its own")
        shape = getattr(getattr(loaded, "view_converter", None), "shape", None)
        image = None if shape is None else (shape[2], shape[0], shape[1])
        rows, prepared, instead = loaded.get_design_matrix(), self._prepared, ""
        if isinstance(loaded, Binarizer):
            raw = type(loaded.raw).__name__
            name = next((key for key, known in NAMED_SETS.items() if known.cls == raw), None)
            prepared, instead = "binarized at random", "give --test FILE" if name is None else f"give -d {name}"
        side = side_of(what, source, rows, as_trained=True, image=image, divisor=self._divisor, prepared=prepared)
        return replace(side, instead=instead)

    def split(self, split: Split, fold: int = 0) -> np.ndarray:
        """Return the design matrix of a split, (examples, dimension) in floatX; raises as `side` does."""
        return self.side(split, fold).rows[:]

    def suited_to(self, samples: Side) -> ScoringData:
        """Return the form of the data that samples are in, where none was asked for: pixels unless they go beyond."""
        if not self.undecided:
            return self
        form = "gcn" if unit_of(samples) == "other" else "pixels"
        return named(f"{self.undecided}:{form}")

    def classes(self, split: Split, fold: int = 0) -> np.ndarray:
        """Return the class of each example of a split.

        Parameters
        ----------
        split : {'train', 'valid', 'test'}
            The split.
        fold : int, optional
            The fold, counted from 0.

        Returns
        -------
        numpy.ndarray
            Of shape (examples,), int64.

        Raises
        ------
        DataError
            As `split` does, and if the data have no labels.
        """
        y = getattr(self._loaded(split, fold), "y", None)
        if y is None:
            raise DataError(f"{self.name} does not say what class its examples are of")
        y = np.asarray(y)
        return y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel().astype(np.int64)

    def _loaded(self, split: Split, fold: int) -> HasRows | np.ndarray:
        if not 0 <= fold < self.folds:
            there_are = "has no folds" if self.folds == 1 else f"has the folds 0 to {self.folds - 1}"
            raise ConfigurationError(f"fold {fold} is asked for, but {self.name} {there_are}")
        return self._load(split, fold)


def named(name: str, options: Mapping[str, Any] | None = None) -> ScoringData:
    """Return a data set by its name.

    Parameters
    ----------
    name : {'mnist', 'cifar10', 'tfd'}
        The data set. `cifar10:pixels` has pixels in [0, 1], `cifar10:gcn` images contrast-normalised to length 55.
    options : dict, optional
        How its examples are prepared, as options of its class. The default is what 2014 scored it with.

    Returns
    -------
    ScoringData
        Its splits.

    Raises
    ------
    ConfigurationError
        If the name is not known.
    """
    name, _, form = name.partition(":")
    if name not in NAMED_SETS:
        raise ConfigurationError(
            f"the data set '{name}' is not known; known are {', '.join(NAMED_SETS)}{nearest(name, NAMED_SETS)}"
        )
    known = NAMED_SETS[name]
    if form and form not in known.forms:
        raise ConfigurationError(f"{name} has no form '{form}', but {' and '.join(known.forms)}")
    chosen = known.forms[form or next(iter(known.forms))]
    prepared, divisor = (chosen.options, chosen.divisor) if options is None else (dict(options), 1.0)

    def load(split: Split, fold: int) -> HasRows | np.ndarray:
        cls = getattr(importlib.import_module(known.module), known.cls)
        part = known.splits[split] | ({"fold": fold} if known.folds > 1 else {})
        return cls(**prepared | part)

    steps = [f"{key}: {value}" for key, value in prepared.items()] + ["divided by 255"] * (divisor > 1)
    found = ScoringData(known.cls, load, known.folds, prepared=", ".join(steps), divisor=divisor)
    if options is None and not form and len(known.forms) > 1:
        found.undecided = name
    return found


def of_splits(splits: Mapping[Split, RowsOrFile], otherwise: ScoringData | None = None) -> ScoringData:
    """Return data of the user's own, split by split.

    Parameters
    ----------
    splits : dict
        A file or an array for each split. Without 'valid', the last sixth of 'train' takes its place.
    otherwise : ScoringData, optional
        Has the splits that are not given, such as the data of the model that is scored.

    Returns
    -------
    ScoringData
        The splits. What is not there raises a DataError when it is asked for.
    """

    def load(split: Split, fold: int) -> HasRows | np.ndarray:
        if split in splits:
            return _read(splits[split])
        if split == "valid" and "train" in splits:
            rows = _read(splits["train"])
            return rows[len(rows) - max(1, len(rows) // 6) :]
        if otherwise is not None:
            return otherwise._load(split, fold)
        raise DataError(f"there is no {split} data: give --{split} FILE")

    sources = {split: "an array" if isinstance(each, np.ndarray) else os.fspath(each) for split, each in splits.items()}
    if "train" in sources:
        sources.setdefault("valid", f"the last sixth of {sources['train']}")
    if otherwise is not None:
        every: tuple[Split, ...] = ("train", "valid", "test")
        sources = dict.fromkeys(every, otherwise.name) | sources
    files = [os.fspath(each) for each in splits.values() if not isinstance(each, np.ndarray)]
    return ScoringData(", ".join(files) or "arrays", load, sources=sources)


def _read(source: RowsOrFile) -> np.ndarray:
    """Return examples in their own shape and kind of number."""
    if isinstance(source, np.ndarray):
        return source
    rows = open_table(source)
    return rows[: len(rows)].reshape(len(rows), *rows.example)


def of_model(
    content: Mapping[str, Any], path: str, allow: tuple[str, ...] = (), name: str | None = None
) -> ScoringData:
    """Return the data set that a saved model was trained on, read from the YAML in it.

    Parameters
    ----------
    content : dict
        What `checkpoint.read` returned.
    path : str
        The saved model's, for sentences.
    allow : tuple of str, optional
        Modules of the user's own that the YAML may name.
    name : str, optional
        A named data set to use instead. It is prepared as the model's own if that is of the same class.

    Returns
    -------
    ScoringData
        Its splits.

    Raises
    ------
    DataError
        If the YAML cannot be read, or names no data.
    """
    slips = slips_of(content)
    document = DocumentInModel(content.get("yaml_src") or "", path, allow, slips)
    of_dataset = DocumentInModel(content.get("dataset_yaml_src") or "", path, allow, slips)
    if of_dataset.root is None:
        of_dataset, dataset = document, document.under("dataset")
    else:
        dataset = of_dataset.root
    cls = name_of(dataset).rpartition(".")[2] or None
    own = next((key for key, known in NAMED_SETS.items() if known.cls == cls), None)
    if name is not None and name != own:
        return named(name)
    if cls is None or dataset is None:
        raise DataError(
            f"{path} does not say what data it was trained on; name them by -d {'|'.join(NAMED_SETS)}, "
            f"or give --valid FILE and --test FILE"
        )
    if own is not None:
        options = {key: value for key, value in options_of(dataset).items() if key not in PART_OPTIONS}
        return named(own, {key: of_dataset.build(value) for key, value in options.items()})
    return _any_dataset(of_dataset, dataset, document)


def _built(document: DocumentInModel, node: yaml.Node, split: Split) -> Any:
    """Return the dataset that the YAML in a saved model names."""
    try:
        return document.build_dataset(node)
    except (ConfigurationError, DataError) as error:
        advice = f"{document.path} was trained on these data: run where they are, or give --{split} FILE"
        raise DataError(f"{error} ({advice})") from error


def _any_dataset(of_dataset: DocumentInModel, dataset: yaml.Node, document: DocumentInModel) -> ScoringData:
    """Return a data set of any class: test by its get_test_set, valid by what the model was monitored on."""
    path = document.path

    def load(split: Split, fold: int) -> HasRows | np.ndarray:
        if split == "valid":
            monitored = document.under("algorithm", "monitoring_dataset")
            node = monitored if name_of(monitored) else options_of(monitored).get("valid")
            if node is None or not name_of(node):
                raise DataError(f"the YAML in {path} names no validation data: give --valid FILE")
            return _built(document, node, split)
        built = _built(of_dataset, dataset, split)
        if split == "train":
            return built
        try:
            return built.get_test_set()
        except DataError as error:
            raise DataError(f"{error} ({path} was trained on it; parzen_ll.py scores it with --test FILE)") from error

    return ScoringData(name_of(dataset).rpartition(".")[2], load)


#: The data that samples are scored on: a name, a file or an array of test data, one for each split, or their source.
Data: TypeAlias = str | os.PathLike | np.ndarray | Mapping[Split, RowsOrFile] | ScoringData


def scoring_data(
    data: Data | None,
    content: Mapping[str, Any] | None = None,
    path: str = "",
    allow: tuple[str, ...] = (),
    as_is: bool = False,
    axes: AxesSaid | None = None,
) -> ScoringData:
    """Return the data that samples are scored on.

    Parameters
    ----------
    data : str, path, numpy.ndarray, dict or ScoringData, optional
        A data set by its name, a file or an array of test data, or {'valid': ..., 'test': ...} of them. The default is
        what the model was trained on.
    content : dict, optional
        Of the saved model that the samples are of, if they are of one.
    path : str, optional
        The saved model's, for sentences.
    allow : tuple of str, optional
        Modules of the user's own that the YAML may name.
    as_is : bool, optional
        Leave the numbers of files and arrays as they are.
    axes : str or sequence, optional
        The order of the four axes of files and arrays, where their lengths do not say it.

    Returns
    -------
    ScoringData
        The data.

    Raises
    ------
    ConfigurationError
        If neither `data` nor a model says what data.
    """
    if isinstance(data, ScoringData):
        found = data
    else:
        found = _scoring_data(data, content, path, allow)
        found.of_model = data is None
    found.as_is, found.axes = as_is or found.as_is, axes or found.axes
    return found


def _of_model_if_said(content: Mapping[str, Any] | None, path: str, allow: tuple[str, ...]) -> ScoringData | None:
    """Return the data that a model was trained on; None where it does not say what they were."""
    try:
        return None if content is None else of_model(content, path, allow)
    except DataError:
        return None


def _scoring_data(
    data: str | os.PathLike | np.ndarray | Mapping[Split, RowsOrFile] | None,
    content: Mapping[str, Any] | None,
    path: str,
    allow: tuple[str, ...],
) -> ScoringData:
    if isinstance(data, Mapping):
        return of_splits(data, _of_model_if_said(content, path, allow))
    name = data if isinstance(data, str) and data.partition(":")[0] in NAMED_SETS else None
    if isinstance(data, np.ndarray) or (data is not None and name is None and is_table(data)):
        return of_splits({"test": data})
    if data is not None and name is None:
        return named(os.fspath(data))
    if content is not None:
        return of_model(content, path, allow, name)
    if name is None:
        raise ConfigurationError(f"say what data to score: -d {'|'.join(NAMED_SETS)}, or --valid FILE and --test FILE")
    return named(name)
