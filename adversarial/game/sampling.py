"""Samples of a model as arrays, and G(z) for given z: the one place where a generator's graph is run for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import cast

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.replace import clone_replace
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.shape import Reshape
from pytensor.tensor.variable import TensorVariable

from adversarial import backend
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.game.conditional import ConditionalGenerator
from adversarial.game.generator import Generator, Length, SampleAndNoise
from adversarial.models.chains import ChainModel
from adversarial.models.linear import logit_of
from adversarial.models.model import Model
from adversarial.random_streams import M2, MRG_RandomStreams
from adversarial.space import Batch, CompositeSpace, Conv2DSpace, Space, VectorSpace

#: Samples drawn by one call: a paper's worth, and as many as 2014's parzen_ll.py drew in one.
MOST_AT_ONCE = 10_000
#: Bytes that the layers of a generator may take in one call.
MOST_BYTES = 400 << 20


def generator_of(model: Model) -> Generator:
    """Return the generator of a pair, or the generator itself.

    Parameters
    ----------
    model : AdversaryPair or Generator
        The model.

    Returns
    -------
    Generator
        One that makes whole examples.

    Raises
    ------
    CheckpointError
        If there is none, or it does not make whole examples.
    """
    generator = getattr(model, "generator", model)
    if isinstance(generator, ChainModel):
        raise CheckpointError(
            f"a model of class {type(model).__name__} has no generator, and so no z: it is sampled by Markov chains, "
            "for which see show_samples.py and parzen_ll.py"
        )
    if not isinstance(generator, Generator):
        raise CheckpointError(f"a model of class {type(model).__name__} has no generator to draw samples from")
    if not getattr(model, "makes_whole_examples", lambda: True)():
        raise CheckpointError("this model's generator fills in part of an image, and cannot draw samples by itself")
    return generator


def design_matrix(images: TensorVariable, space: Space) -> TensorVariable:
    """Convert a batch to a matrix, one example per row, in the order of a DenseDesignMatrix: channel by channel.

    2014's parzen_ll.py put the channels last, which makes no difference for its data, all of one channel.

    Parameters
    ----------
    images : TensorVariable
        A batch of `space`.
    space : VectorSpace or Conv2DSpace
        Its space.

    Returns
    -------
    TensorVariable
        Shape (batch, dimension).
    """
    if isinstance(space, Conv2DSpace):
        return Conv2DSpace.convert(images, space.axes, ("b", "c", 0, 1)).flatten(2)
    return images


def logits_of(probabilities: TensorVariable) -> TensorVariable:
    """Return what the sigmoid at the end of a graph is applied to, in the same shape.

    Parameters
    ----------
    probabilities : TensorVariable
        The output of a sigmoid, reshaped and transposed at will.

    Returns
    -------
    TensorVariable
        Its logits.

    Raises
    ------
    ConfigurationError
        If the graph does not end in a sigmoid.
    """
    node = probabilities.owner
    if node is not None and isinstance(node.op, (Reshape, DimShuffle)):
        return cast(TensorVariable, node.op(logits_of(node.inputs[0]), *node.inputs[1:]))
    try:
        return logit_of(probabilities)
    except ValueError as error:
        raise ConfigurationError(
            "this model's samples are not probabilities: its generator does not end in a Sigmoid layer"
        ) from error


class Sampler:
    """Draws samples of a model's generator, one batch after another.

    Parameters
    ----------
    model : AdversaryPair or Generator
        The model.
    seed : int, optional
        Seed of new noise. Default: the noise continues the generator's own stream, which in a model that was just
        loaded stands where it stood when the model was saved.
    logits : bool, default False
        Whether to return the logits of the samples, for a generator that ends in a sigmoid.
    batch_size : int, optional
        Samples per call; default 10,000, or fewer where the layers are wide. The noise depends on it.
    condition : int, optional
        Of a conditional generator, the class (or the example) that all samples are drawn under; default: conditions
        are drawn too.

    See Also
    --------
    samples_of : Draws samples in one call.

    Examples
    --------
    >>> from adversarial.models.linear import Sigmoid
    >>> from adversarial.models.mlp import MLP
    >>> generator = Generator(MLP([Sigmoid(layer_name="y", dim=3, irange=1.0)], nvis=2))
    >>> Sampler(generator, seed=0).dimension
    3
    """

    def __init__(
        self,
        model: Model,
        seed: int | None = None,
        logits: bool = False,
        batch_size: int | None = None,
        condition: int | None = None,
    ):
        self.generator = generator_of(model)
        self.condition = condition
        if condition is not None:
            self._conditional().conditions_named(condition, 1)
        self.logits = logits
        self.batch_size = batch_size or self._default_batch_size()
        if seed is not None:
            start = np.random.default_rng(seed).integers(1, M2, size=6)
            self.generator.theano_rng = MRG_RandomStreams([int(value) for value in start])

    @property
    def dimension(self) -> int:
        """Number of values of a sample."""
        return self.generator.get_output_space().get_total_dimension()

    def _conditional(self) -> ConditionalGenerator:
        if not isinstance(self.generator, ConditionalGenerator):
            raise ConfigurationError("this model's generator is not conditional: it has no conditions to choose from")
        return self.generator

    @property
    def centres(self) -> np.ndarray | None:
        """The conditions that a number can name, a row each; None where the generator is not conditional."""
        return self.generator.condition_centres() if isinstance(self.generator, ConditionalGenerator) else None

    def _sample(self, count: Length) -> SampleAndNoise:
        if self.condition is None:
            return self.generator.sample_and_noise(count)
        generator = self._conditional()
        return generator.sample_and_noise(count, conditions=generator.conditions_named(self.condition, count))

    def _default_batch_size(self) -> int:
        widths = [layer.get_output_space().get_total_dimension() for layer in self.generator.mlp.layers]
        # A layer's output, and what it is computed from, both in memory.
        return max(1, min(MOST_AT_ONCE, MOST_BYTES // (2 * 4 * sum(widths))))

    def _values(self, images: TensorVariable) -> TensorVariable:
        flat = design_matrix(images, self.generator.get_output_space())
        return logits_of(flat) if self.logits else flat

    def batches(self, total: int | None = None) -> Iterator[np.ndarray]:
        """Yield batches (count, dimension) in floatX, `total` samples in all; without end if None."""
        size = self.batch_size if total is None else min(total, self.batch_size)
        draw = backend.function([], self._values(self._sample(size).samples))
        left = np.inf if total is None else total
        while left > 0:
            batch = np.asarray(draw())
            yield batch if left >= size else batch[: int(left)]
            left -= size

    def draw(self, total: int) -> np.ndarray:
        """Draw `total` samples, shape (total, dimension), in floatX."""
        samples = np.empty((total, self.dimension), dtype=backend.floatX())
        end = 0
        for batch in self.batches(total):
            samples[end : end + len(batch)] = batch
            end += len(batch)
        return samples

    @cached_property
    def _images_of(self) -> Callable:
        count = pt.lscalar("count")
        sample, noise, _ = self._sample(count)
        space = self.generator.get_input_space()
        if isinstance(space, CompositeSpace) and not isinstance(self.generator, ConditionalGenerator):
            # Noise of several parts is one vector here.
            given = [pt.fmatrix("z")]
            vector = VectorSpace(space.get_total_dimension())
            replaced = list(zip(_parts(noise), _parts(vector.format_as(given[0], space)), strict=True))
        else:
            parts = noise if isinstance(noise, tuple) else (noise,)
            given = [part.type() for part in parts]
            replaced = list(zip(parts, given, strict=True))
        values = clone_replace(self._values(sample), replaced)
        # A generator with dropout of its own needs the number of samples for its masks.
        return backend.function([count, *given], values, on_unused_input="ignore")

    def images_of(self, z: np.ndarray, conditions: np.ndarray | None = None) -> np.ndarray:
        """Return G(z), shape (count, dimension).

        Parameters
        ----------
        z : array of shape (count, ...)
            Noise, as `draw_noise` returns it.
        conditions : array of shape (count, values), optional
            Of a conditional generator, the condition of each. Default: the sampler's `condition`, else each in turn.

        Returns
        -------
        array of shape (count, dimension)
            A design matrix in floatX.
        """
        parts = [np.asarray(z, dtype=np.float32)]
        if self.centres is not None:
            parts = [parts[0].astype(backend.floatX()), self._conditions_for(len(z), conditions)]
        starts = range(0, len(z), self.batch_size)
        batches = [[part[start : start + self.batch_size] for part in parts] for start in starts]
        return np.concatenate([np.asarray(self._images_of(len(batch[0]), *batch)) for batch in batches])

    def _conditions_for(self, count: int, conditions: np.ndarray | None) -> np.ndarray:
        centres = self._conditional().condition_centres()
        if conditions is None:
            numbers = np.arange(count) % len(centres) if self.condition is None else np.full(count, self.condition)
            conditions = centres[numbers]
        space = self._conditional().condition_space
        return VectorSpace(conditions.shape[1]).np_format_as(np.asarray(conditions, dtype=backend.floatX()), space)

    def draw_noise(self, count: int) -> np.ndarray:
        """Draw z of `count` examples, float32: a batch of the generator's input space; of several parts, as rows.

        Of a conditional generator, z alone, without conditions.
        """
        noise, space = self._sample(count).noise, self.generator.get_input_space()
        if isinstance(self.generator, ConditionalGenerator):
            noise = noise[0]
        elif isinstance(space, CompositeSpace):
            noise = space.format_as(noise, VectorSpace(space.get_total_dimension()))
        return np.asarray(backend.function([], noise)(), dtype=np.float32)


def _parts(batch: Batch) -> list[TensorVariable]:
    """Return the parts of a batch of a CompositeSpace, those within parts too."""
    return [part for each in batch for part in _parts(each)] if isinstance(batch, tuple) else [batch]


def samples_of(
    model: Model, n: int, batch: int | None = None, seed: int | None = None, condition: int | None = None
) -> np.ndarray:
    """Draw samples of a model.

    Parameters
    ----------
    model : AdversaryPair or Generator
        The model.
    n : int
        Number of samples.
    batch : int, optional
        `batch_size` of `Sampler`.
    seed : int, optional
        Seed of the noise; default: it continues the generator's own stream.
    condition : int, optional
        `condition` of `Sampler`.

    Returns
    -------
    array of shape (n, dimension)
        A design matrix in floatX: images are flattened channel by channel.

    Examples
    --------
    >>> from adversarial.checkpoint import load_model
    >>> samples_of(load_model("mnist.pkl"), 100).shape  # doctest: +SKIP
    (100, 784)
    """
    return Sampler(model, seed=seed, batch_size=batch, condition=condition).draw(n)


def images_of(model: Model, z: np.ndarray) -> np.ndarray:
    """Return G(z) for given noise.

    Parameters
    ----------
    model : AdversaryPair or Generator
        The model.
    z : array of shape (count, ...)
        Noise, a batch of the generator's input space.

    Returns
    -------
    array of shape (count, dimension)
        A design matrix in floatX.
    """
    return Sampler(model).images_of(z)
