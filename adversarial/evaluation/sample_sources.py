"""The samples whose likelihood is estimated: a model's, those in a file or an array, or a baseline to compare with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Literal, TypeAlias

import numpy as np

from adversarial import backend, checkpoint
from adversarial.errors import CheckpointError, ConfigurationError, DataError
from adversarial.evaluation.data_sources import ScoringData
from adversarial.evaluation.named_in_model import raw_dataset
from adversarial.evaluation.sides import AxesSaid, Side, side_of
from adversarial.files.rows import Rows, spool
from adversarial.game.sampling import Sampler, samples_of
from adversarial.likelihood.bernoulli import logits as logits_of_probabilities
from adversarial.likelihood.parzen import blocks
from adversarial.models.chains import ChainModel, ChainOptions, chain_samples
from adversarial.models.model import Model
from adversarial.progress import counting
from adversarial.serialization import hdf5_format
from adversarial.serialization.tables import is_table, open_table

#: The paper's number of samples.
NUM_SAMPLES = 10_000
#: The seed of a baseline's noise.
ANCHOR_SEED = 2014

Anchor = Literal["train", "noise"]


class SampleSource:
    """Where samples come from.

    Attributes
    ----------
    name : str
        What to call the source in sentences.
    path : str
        Of the file, or ''.
    content : dict or None
        What says which data a model was trained on: the content of a saved model; None for samples without a model.
    """

    def __init__(self, name: str, path: str = "", content: Mapping[str, Any] | None = None):
        self.name = name
        self.path = path
        self.content = content

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Side:
        """Draw samples.

        Parameters
        ----------
        repeat : int
            Number of the draw, counted from 0. Each draw has a seed of its own.
        data : ScoringData
            The data that the samples are compared with.
        count : int or None
            Number of samples; None is 10,000, or all that a file has.
        quiet : bool, optional
            Show no progress.

        Returns
        -------
        Side
            `count` rows in floatX, and what they are.

        Raises
        ------
        ConfigurationError
            If samples cannot be drawn a second time.
        DataError
            If there are fewer.
        """
        raise NotImplementedError(type(self).__name__)

    def batches(
        self, data: ScoringData, seed: int | None = None, logits: bool = False
    ) -> tuple[Side, Iterator[np.ndarray]]:
        """Return what the samples are, and samples batch by batch, for as long as there are any.

        Parameters
        ----------
        data : ScoringData
            The data that the samples are compared with.
        seed : int, optional
            Of a model's noise; the default is 2014's.
        logits : bool, optional
            Yield the logits of a model's samples, which must be probabilities.

        Returns
        -------
        Side, iterator of numpy.ndarray
            What they are, of a model the first ones; and samples (count, dimension), in floatX.
        """
        raise NotImplementedError(type(self).__name__)


class ModelSamples(SampleSource):
    """Samples of a model's generator.

    The first draw goes on from where the generator's random stream is, which is 2014's seed in a model that was just
    loaded; each later draw has its own number as seed.

    Parameters
    ----------
    model : Model
        An AdversaryPair or a Generator.
    path : str, optional
        Where it was saved, if it was.
    content : dict, optional
        What its file holds. The default is what the model itself says of its training.
    condition : int, optional
        Of a conditional generator, the class that all samples are drawn under; the default draws conditions too.
    """

    def __init__(
        self, model: Model, path: str = "", content: Mapping[str, Any] | None = None, condition: int | None = None
    ):
        if content is None:
            content = {key: getattr(model, key, None) or "" for key in ("yaml_src", "dataset_yaml_src")}
        super().__init__(path or "the model", path or "the model", content)
        self.model = model
        self.condition = condition

    @classmethod
    def load(cls, path: str, allow: tuple[str, ...] = ()) -> ModelSamples:
        """Return the samples of a saved model; raises CheckpointError as `checkpoint.load_model` does."""
        content = checkpoint.read(path)
        try:
            model = checkpoint.model_of(content, allow)
        except CheckpointError as error:
            raise CheckpointError(f"cannot open {path}: {error}") from error
        return cls(model, path, content)

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Side:
        count = NUM_SAMPLES if count is None else count
        sampler = Sampler(self.model, seed=repeat or None, condition=self.condition)
        with counting("drawing samples", count, quiet) as progress:

            def batches() -> Iterator[np.ndarray]:
                for batch in sampler.batches(count):
                    progress(len(batch))
                    yield batch

            return side_of("samples", self.name, spool(batches(), count), as_trained=True, quiet=quiet)

    def batches(
        self, data: ScoringData, seed: int | None = None, logits: bool = False
    ) -> tuple[Side, Iterator[np.ndarray]]:
        found = Sampler(self.model, seed=seed, logits=logits, condition=self.condition).batches()
        first = next(found)
        return side_of("samples", self.name, first, as_trained=True), chain([first], found)


class ChainSamples(ModelSamples):
    """Samples of a model that is sampled by Markov chains, which start where its training data say.

    Parameters
    ----------
    model : Model
        One that is a `ChainModel`.
    path : str, optional
        Where it was saved, if it was.
    content : dict, optional
        What its file holds. The default is what the model itself says of its training.
    options : ChainOptions, optional
        Start, burn-in, thinning and number of the chains.
    """

    def __init__(
        self,
        model: Model,
        path: str = "",
        content: Mapping[str, Any] | None = None,
        options: ChainOptions | None = None,
    ):
        super().__init__(model, path, content)
        self.options = options or ChainOptions()
        assert isinstance(model, ChainModel) and self.content is not None
        self.chain_model: ChainModel = model
        if model.visible_space() != model.get_input_space():
            # The top of a stack is trained on codes, but its samples are of what these are codes of.
            self.content = {**self.content, "dataset_yaml_src": raw_dataset(self.content, self.path)}

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Side:
        count = NUM_SAMPLES if count is None else count
        self.name = f"{self.path} ({self.options.described(count)})"
        parts = chain_samples(self.chain_model, count, data.split("train"), self.options, repeat)
        with counting("drawing samples", count, quiet) as progress:
            found = np.empty((count, self.chain_model.visible_space().get_total_dimension()), backend.floatX())
            end = 0
            for part in parts:
                found[end : end + len(part)] = part
                end += len(part)
                progress(len(part))
        return side_of("samples", self.name, found, as_trained=True, quiet=quiet)

    def batches(
        self, data: ScoringData, seed: int | None = None, logits: bool = False
    ) -> tuple[Side, Iterator[np.ndarray]]:
        raise ConfigurationError(f"{self.path} is sampled by Markov chains: parzen_ll.py scores what these make")


class StoredSamples(SampleSource):
    """Samples in a file or an array.

    Parameters
    ----------
    rows : Rows
        The samples: an array (count, ...), or flat rows of a file.
    path : str, optional
        Of the file.
    axes : str or sequence, optional
        The order of the four axes of images. The default is what their lengths say.
    """

    def __init__(self, rows: Rows, path: str = "", axes: AxesSaid | None = None):
        super().__init__(path or "an array", path)
        self.rows = rows
        self.axes = axes

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Side:
        if repeat > 0:
            raise ConfigurationError("repeats draw new samples, which takes a model, not samples in a file")
        return side_of("samples", self.name, self.rows, count, as_is=data.as_is, axes=self.axes, quiet=quiet)

    def batches(
        self, data: ScoringData, seed: int | None = None, logits: bool = False
    ) -> tuple[Side, Iterator[np.ndarray]]:
        side = self.draw(0, data, None, quiet=True)
        rows = blocks(side.rows)
        return side, map(logits_of_probabilities, rows) if logits else rows


class DrawnSamples(SampleSource):
    """Rows that a model has made, in the order and unit of its training.

    Parameters
    ----------
    rows : ndarray of shape (count, dimension)
        The samples.
    name : str
        What to call them in sentences.
    """

    def __init__(self, rows: np.ndarray, name: str):
        super().__init__(name)
        self.rows = rows

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Side:
        return side_of("samples", self.name, self.rows, count, as_trained=True, quiet=quiet)


class AnchorSamples(SampleSource):
    """A baseline: the training data themselves, or uniform noise in their range.

    Parameters
    ----------
    anchor : {'train', 'noise'}
        Which of the two.
    """

    def __init__(self, anchor: Anchor):
        super().__init__({"train": "the training data", "noise": "uniform noise"}[anchor])
        self.anchor = anchor

    def draw(self, repeat: int, data: ScoringData, count: int | None, quiet: bool = False) -> Side:
        rng = np.random.default_rng(ANCHOR_SEED + repeat)
        train = data.split("train")
        if self.anchor == "noise":
            low, high, shape = train.min(), train.max(), (count or NUM_SAMPLES, train.shape[1])
            rows = rng.uniform(low, high, shape).astype(backend.floatX())
        else:
            if count is not None and count > len(train):
                raise DataError(f"{count:,} samples are asked for, but the training data have {len(train):,} examples")
            chosen = rng.permutation(len(train))[: count or NUM_SAMPLES]
            rows = train[np.sort(chosen)]
        return side_of("samples", self.name, rows, as_trained=True, quiet=quiet)


#: Anybody's samples: a saved model or a file of samples by its path, a model, or an array of samples, one a row.
Samples: TypeAlias = str | os.PathLike | Model | np.ndarray | SampleSource


def sample_source(
    samples: Samples,
    allow: tuple[str, ...] = (),
    chains: ChainOptions | None = None,
    axes: AxesSaid | None = None,
) -> SampleSource:
    """Return the source of anybody's samples.

    Parameters
    ----------
    samples : path, Model, numpy.ndarray or SampleSource
        A saved model, a file of samples or a folder of images by its path, a model, or samples of any shape
        (count, ...).
    allow : tuple of str, optional
        Modules of the user's own that a saved model may name.
    chains : ChainOptions, optional
        Of a model that is sampled by Markov chains.
    axes : str or sequence, optional
        The order of the four axes of samples in a file or an array.

    Returns
    -------
    SampleSource
        The source.

    Raises
    ------
    CheckpointError, DataError
        If the file cannot be read.
    ConfigurationError
        If there are options of chains, and no chains; or an order of axes, and no file or array.
    """
    found = _source(samples, allow, chains)
    if chains is not None and not isinstance(found, ChainSamples):
        raise ConfigurationError(f"{found.name} has no Markov chains, so that options of chains say nothing")
    if axes is not None:
        if not isinstance(found, StoredSamples):
            raise ConfigurationError(f"--axes is of samples in a file, but {found.name} draws its own")
        found.axes = axes
    return found


def _source(samples: Samples, allow: tuple[str, ...], chains: ChainOptions | None) -> SampleSource:
    if isinstance(samples, SampleSource):
        return samples
    if isinstance(samples, Model):
        return ChainSamples(samples, options=chains) if isinstance(samples, ChainModel) else ModelSamples(samples)
    if isinstance(samples, (str, os.PathLike)):
        path = os.fspath(samples)
        if _holds_samples(path):
            return StoredSamples(open_table(path), path)
        found = ModelSamples.load(path, allow)
        return ChainSamples(found.model, path, found.content, chains) if isinstance(found.model, ChainModel) else found
    return StoredSamples(np.asarray(samples))


def sample(
    model: Model | str | os.PathLike,
    n: int = NUM_SAMPLES,
    *,
    seed: int | None = None,
    condition: int | None = None,
    allow: tuple[str, ...] = (),
) -> np.ndarray:
    """Draw samples of a model.

    Parameters
    ----------
    model : Model, str or path
        An AdversaryPair, a Generator, or a saved model by its path.
    n : int, optional
        Number of samples.
    seed : int, optional
        Of the noise. The default goes on from where the generator is, 2014's seed in a model that was just loaded.
    condition : int, optional
        Of a conditional generator, the class that all samples are drawn under; the default draws conditions too.
    allow : tuple of str, optional
        Modules of the user's own that a saved model may name.

    Returns
    -------
    numpy.ndarray
        Of shape (n, dimension), in floatX; images are in rows channel by channel.

    Raises
    ------
    CheckpointError
        If the file cannot be read, or the model has no generator.
    """
    built = model if isinstance(model, Model) else checkpoint.load_model(model, allow)
    return samples_of(built, n, seed=seed, condition=condition)


def _holds_samples(path: str) -> bool:
    """Return whether a file is an array by its name; an .h5 file is one unless it begins as a saved model does."""
    if os.path.isfile(path) and path.lower().endswith(".h5"):
        with open(path, "rb") as file:
            return not file.read(len(hdf5_format.MAGIC)).startswith(hdf5_format.MAGIC)
    return is_table(path)
