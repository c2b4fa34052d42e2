"""The samples whose likelihood is measured: a saved model's, those in a file, or an anchor to compare with."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from adversarial import backend, checkpoint
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.evaluation.data_sources import ScoringData
from adversarial.files.rows import ENDINGS, open_rows, spool
from adversarial.game.sampling import Sampler
from adversarial.progress import counting
from adversarial.serialization import hdf5_format

#: The paper's number of samples.
NUM_SAMPLES = 10_000
#: What an anchor's noise is drawn from.
ANCHOR_SEED = 2014

Anchor = Literal["train", "noise"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that say where samples come from."""
    parser.add_argument(
        "model", nargs="?", help="a saved model (.pkl or .h5), or samples (.npy, .npz, .h5), a row a sample"
    )
    parser.add_argument("-p", "--path", help="the same, as in 2014")
    parser.add_argument(
        "--anchor",
        choices=["train", "noise"],
        help="instead of a model, score the training data themselves, or noise uniform in their range",
    )
    parser.add_argument(
        "-n",
        "--num_samples",
        "--num-samples",
        metavar="N",
        type=int,
        help=f"number of samples (default {NUM_SAMPLES}; of a file, all)",
    )
    parser.add_argument("--allow", metavar="MODULE", action="append", default=[], help="a module the model may name")


class SampleSource:
    """Where samples come from.

    Attributes
    ----------
    name : for people
    path : of the file, or ''
    content : what a saved model holds, else None
    """

    def __init__(self, name: str, path: str = "", content: Mapping[str, Any] | None = None):
        self.name = name
        self.path = path
        self.content = content

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Any:
        """Samples, as anything with `shape` whose slices are arrays; `repeat` counts from 0.

        Raises
        ------
        ConfigurationError
            Where there is no drawing a second time.
        """
        raise TypeError(f"{type(self).__name__} does not say how to draw")


class ModelSamples(SampleSource):
    """Samples of a saved model's generator; the first draw is from 2014's seed, the next from the repeat's number."""

    def __init__(self, path: str, allow: tuple[str, ...]):
        super().__init__(path, path, checkpoint.read(path))
        try:
            self.model = checkpoint.model_of(self.content, allow)
        except CheckpointError as error:
            raise CheckpointError(f"cannot open {path}: {error}") from error

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Any:
        count = NUM_SAMPLES if count is None else count
        sampler = Sampler(self.model, seed=repeat or None)
        with counting("drawing samples", count, quiet) as progress:

            def batches():
                for batch in sampler.batches(count):
                    progress(len(batch))
                    yield batch

            return spool(batches(), count)


class FileSamples(SampleSource):
    """Samples in a file."""

    def __init__(self, path: str):
        super().__init__(path, path)
        self.rows = open_rows(path)

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Any:
        if repeat > 0:
            raise ConfigurationError("--repeats draws new samples, which takes a model, not samples in a file")
        return _Some(self.rows, count)


class AnchorSamples(SampleSource):
    """What is not a model's: a reader's bearings."""

    def __init__(self, anchor: Anchor):
        super().__init__({"train": "the training data", "noise": "uniform noise"}[anchor])
        self.anchor = anchor

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Any:
        count = NUM_SAMPLES if count is None else count
        rng = np.random.default_rng(ANCHOR_SEED + repeat)
        train = data.split("train")
        if self.anchor == "noise":
            low, high, shape = train.min(), train.max(), (count, train.shape[1])
            return rng.uniform(low, high, shape).astype(backend.floatX())
        chosen = rng.permutation(len(train))[:count]
        return train[np.sort(chosen)]


class _Some:
    """The first rows of a table, in floatX."""

    def __init__(self, rows: Any, count: int | None):
        self._rows = rows
        self.shape = (rows.shape[0] if count is None else min(count, rows.shape[0]), rows.shape[1])

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        return np.asarray(self._rows[start:stop], dtype=backend.floatX())


def of_arguments(given: argparse.Namespace) -> SampleSource:
    """The source that the command line names.

    Raises
    ------
    ConfigurationError
        Where it names none, or several.
    CheckpointError, DataError
        Where the file is not what it should be.
    """
    if given.num_samples is not None and given.num_samples < 1:
        raise ConfigurationError(f"--num_samples is {given.num_samples}, but must be at least 1")
    named = [source for source in (given.model, given.path, given.anchor) if source is not None]
    if len(named) != 1:
        several = ", not several of them" if named else ""
        raise ConfigurationError(f"name one model or file of samples, or an --anchor{several}")
    if given.anchor is not None:
        return AnchorSamples(given.anchor)
    return of_path(named[0], tuple(given.allow))


def of_path(path: str, allow: tuple[str, ...] = ()) -> ModelSamples | FileSamples:
    """A saved model or a file of samples, as its name and its first bytes say."""
    return FileSamples(path) if _holds_samples(path) else ModelSamples(path, allow)


def _holds_samples(path: str) -> bool:
    """Whether a file is an array by its name; an .h5 file is one unless it begins as a saved model does."""
    if os.path.isfile(path) and Path(path).suffix.lower() == ".h5":
        with open(path, "rb") as file:
            return not file.read(len(hdf5_format.MAGIC)).startswith(hdf5_format.MAGIC)
    array = path.rpartition(":")[0] or path
    return Path(path).suffix.lower() in ENDINGS or (not os.path.exists(path) and Path(array).suffix.lower() in ENDINGS)
