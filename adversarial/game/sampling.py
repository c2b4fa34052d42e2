"""A model to arrays: samples, and images of given z. The one place where a generator's graph is run to make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Variable
from pytensor.graph.replace import clone_replace
from pytensor.tensor.elemwise import DimShuffle
from pytensor.tensor.shape import Reshape

from adversarial import backend
from adversarial.errors import CheckpointError, ConfigurationError
from adversarial.game.generator import Generator
from adversarial.models.linear import logit_of
from adversarial.models.model import Model
from adversarial.random_streams import M2, MRG_RandomStreams
from adversarial.space import Conv2DSpace, VectorSpace

#: Samples drawn by one call: a paper's worth, and as many as 2014's parzen_ll.py drew in one.
MOST_AT_ONCE = 10_000
#: Bytes that the layers of a generator may take in one call.
MOST_BYTES = 400 << 20


def generator_of(model: Model) -> Generator:
    """The generator of a pair, or the generator itself.

    Raises
    ------
    CheckpointError
        Where there is none, or it does not make whole examples.
    """
    generator = getattr(model, "generator", model)
    if not isinstance(generator, Generator):
        raise CheckpointError(f"a model of class {type(model).__name__} has no generator to draw samples from")
    if not getattr(model, "makes_whole_examples", lambda: True)():
        raise CheckpointError("this model's generator fills in part of an image, and cannot draw samples by itself")
    return generator


def design_matrix(images: Variable, space: VectorSpace | Conv2DSpace) -> Variable:
    """A batch of `space` as a matrix, a row an example, its values channel by channel as in a DenseDesignMatrix.

    2014's parzen_ll.py put the channels last, which is the same for its data, all of one channel.
    """
    if isinstance(space, Conv2DSpace):
        return Conv2DSpace.convert(images, space.axes, ("b", "c", 0, 1)).flatten(2)
    return images


def logits_of(probabilities: Variable) -> Variable:
    """What a sigmoid at the end of a graph was taken of, reshapes and the like between them aside.

    Raises
    ------
    ConfigurationError
        Where the graph does not end in a sigmoid.
    """
    node = probabilities.owner
    if node is not None and isinstance(node.op, (Reshape, DimShuffle)):
        return node.op(logits_of(node.inputs[0]), *node.inputs[1:])
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
    model : an AdversaryPair or a Generator
    seed : starts the noise anew from this; None goes on from where the generator is, which is 2014's seed in a model
        that was just loaded
    logits : give the logits of the samples, for a generator that ends in a sigmoid
    batch_size : samples of one call; None is 10,000, or fewer where the layers are wide. The noise depends on it
    """

    def __init__(self, model: Model, seed: int | None = None, logits: bool = False, batch_size: int | None = None):
        self.generator = generator_of(model)
        self.logits = logits
        self.batch_size = batch_size or self._default_batch_size()
        if seed is not None:
            start = np.random.default_rng(seed).integers(1, M2, size=6)
            self.generator.theano_rng = MRG_RandomStreams([int(value) for value in start])
        self._draw: Callable | None = None
        self._drawn = 0

    @property
    def dimension(self) -> int:
        """Number of values of a sample."""
        return self.generator.get_output_space().get_total_dimension()

    def _default_batch_size(self) -> int:
        widths = [layer.get_output_space().get_total_dimension() for layer in self.generator.mlp.layers]
        # A layer's output, and what it is computed from, both in memory.
        return max(1, min(MOST_AT_ONCE, MOST_BYTES // (2 * 4 * sum(widths))))

    def _values(self, images: Variable) -> Variable:
        flat = design_matrix(images, self.generator.get_output_space())
        return logits_of(flat) if self.logits else flat

    def batches(self, total: int | None = None) -> Iterator[np.ndarray]:
        """Batches (count, dimension) in floatX, `total` samples in all; without end if None."""
        size = self.batch_size if total is None else min(total, self.batch_size)
        draw = backend.function([], self._values(self.generator.sample(size)))
        left = np.inf if total is None else total
        while left > 0:
            batch = np.asarray(draw())
            yield batch if left >= size else batch[: int(left)]
            left -= size

    def draw(self, total: int) -> np.ndarray:
        """`total` samples (total, dimension) in floatX."""
        samples = np.empty((total, self.dimension), dtype=backend.floatX())
        end = 0
        for batch in self.batches(total):
            samples[end : end + len(batch)] = batch
            end += len(batch)
        return samples

    @cached_property
    def _images_of(self) -> Callable:
        count = pt.lscalar("count")
        sample, z, _ = self.generator.sample_and_noise(count)
        given = z.type("z")
        values = clone_replace(self._values(sample), {z: given})
        # A generator with dropout of its own moves its masks on by the number of samples.
        return backend.function([given, count], values, on_unused_input="ignore")

    def images_of(self, z: np.ndarray) -> np.ndarray:
        """G(z) (count, dimension) for each row of `z`, in the generator's input space, float32."""
        z = np.asarray(z, dtype=np.float32)
        parts = [z[start : start + self.batch_size] for start in range(0, len(z), self.batch_size)]
        return np.concatenate([np.asarray(self._images_of(part, len(part))) for part in parts])

    def draw_noise(self, count: int) -> np.ndarray:
        """z (count, ...) float32, in the generator's input space."""
        return np.asarray(backend.function([], self.generator.sample_and_noise(count)[1])())


def samples_of(model: Model, n: int, batch: int | None = None, seed: int | None = None) -> np.ndarray:
    """`n` samples of a model as a design matrix (n, dimension) in floatX; see Sampler."""
    return Sampler(model, seed=seed, batch_size=batch).draw(n)


def images_of(model: Model, z: np.ndarray) -> np.ndarray:
    """G(z) for each row of `z` as a design matrix (count, dimension) in floatX."""
    return Sampler(model).images_of(z)
