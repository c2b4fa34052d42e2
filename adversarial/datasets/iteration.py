"""Which examples make up each minibatch: the modes of Pylearn2's `utils/iteration.py`, in its order from its seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import RandomState

from adversarial.errors import ConfigurationError
from adversarial.options import nearest

#: The examples of a minibatch: a slice where they lie together, else their indices.
Subset = slice | np.ndarray


@dataclass(frozen=True)
class Mode:
    """A way to go through examples: its generator, and whether it takes random numbers and gives equal batches."""

    subsets: Callable[[int, int, int, RandomState | None], Iterator[Subset]]
    stochastic: bool = False
    even: bool = False
    #: Whether examples can come more than once, so that both sizes must be given.
    endless: bool = False
    #: Whether a minibatch must lie within the dataset as a whole.
    contiguous: bool = False


# The modes that shuffle do so at once, not at the first minibatch: an iterator that is made and left unused
# moves its random state on as in 2014.


def _sequential(size: int, batch_size: int, num_batches: int, rng: Any) -> Iterator[Subset]:
    for batch in range(num_batches):
        yield slice(batch * batch_size, min((batch + 1) * batch_size, size))


def _shuffled_sequential(size: int, batch_size: int, num_batches: int, rng: RandomState) -> Iterator[Subset]:
    order = np.arange(size)
    rng.shuffle(order)
    return (order[subset] for subset in _sequential(size, batch_size, num_batches, None))


def _batchwise_shuffled_sequential(size: int, batch_size: int, num_batches: int, rng: RandomState) -> Iterator[Subset]:
    order = list(range(num_batches))
    rng.shuffle(order)
    return (slice(batch * batch_size, min((batch + 1) * batch_size, size)) for batch in order)


def _random_uniform(size: int, batch_size: int, num_batches: int, rng: RandomState) -> Iterator[Subset]:
    for _ in range(num_batches):
        yield rng.randint(0, size, size=(batch_size,))


def _random_slice(size: int, batch_size: int, num_batches: int, rng: RandomState) -> Iterator[Subset]:
    for _ in range(num_batches):
        start = int(rng.randint(0, size - batch_size + 1))
        yield slice(start, start + batch_size)


MODES: dict[str, Mode] = {
    "sequential": Mode(_sequential),
    "shuffled_sequential": Mode(_shuffled_sequential, stochastic=True),
    "random_slice": Mode(_random_slice, stochastic=True, even=True, endless=True, contiguous=True),
    "random_uniform": Mode(_random_uniform, stochastic=True, even=True, endless=True),
    "batchwise_shuffled_sequential": Mode(_batchwise_shuffled_sequential, stochastic=True),
    "even_sequential": Mode(_sequential, even=True),
    "even_shuffled_sequential": Mode(_shuffled_sequential, stochastic=True, even=True),
    "even_batchwise_shuffled_sequential": Mode(_batchwise_shuffled_sequential, stochastic=True, even=True),
}


def mode_named(name: str | None) -> Mode:
    """The mode of that name; None is 'sequential'."""
    if name is None:
        return MODES["sequential"]
    if name not in MODES:
        hint = nearest(name, MODES) or f"; there are {', '.join(MODES)}"
        raise ConfigurationError(f"the iteration mode '{name}' is not known{hint}")
    return MODES[name]


def is_stochastic(mode: str) -> bool:
    """Whether a mode takes random numbers."""
    return mode_named(mode).stochastic


def has_uniform_batch_size(mode: str) -> bool:
    """Whether all minibatches of a mode have the same number of examples."""
    return mode_named(mode).even


class SubsetIterator:
    """The minibatches of one pass over a dataset, each a slice or an array of indices.

    Parameters
    ----------
    mode : a key of MODES; None is 'sequential'
    dataset_size : number of examples
    batch_size, num_batches : one of them may be missing where the mode visits each example once
    rng : a RandomState, whose state moves on, or its seed

    Raises
    ------
    ConfigurationError
        For an unknown mode, no sizes, or more minibatches than there are.
    """

    def __init__(
        self,
        mode: str | None,
        dataset_size: int,
        batch_size: int | None = None,
        num_batches: int | None = None,
        rng: Any = None,
    ):
        chosen = mode_named(mode)
        self.batch_size, self.num_batches = _sizes(mode or "sequential", chosen, dataset_size, batch_size, num_batches)
        if chosen.stochastic and not hasattr(rng, "shuffle"):
            rng = RandomState(42 if rng is None else rng)
        self._subsets = chosen.subsets(dataset_size, self.batch_size, self.num_batches, rng)

    def __iter__(self) -> SubsetIterator:
        return self

    def __next__(self) -> Subset:
        return next(self._subsets)


def _sizes(name: str, mode: Mode, size: int, batch_size: int | None, num_batches: int | None) -> tuple[int, int]:
    """The batch size and the number of batches, the one that is missing made of the other."""
    for asked, of in ((batch_size, "batch size"), (num_batches, "number of batches")):
        if asked is not None and asked < 1:
            raise ConfigurationError(f"the iteration mode {name} needs a {of} of at least 1, not {asked}")
    if mode.endless:
        if batch_size is None or num_batches is None:
            raise ConfigurationError(f"the iteration mode {name} needs both a batch size and a number of batches")
        if mode.contiguous and batch_size > size:
            raise ConfigurationError(f"batch_size is {batch_size}, but there are only {size} examples to slice")
        return batch_size, num_batches
    if batch_size is None:
        if num_batches is None:
            raise ConfigurationError(f"the iteration mode {name} needs a batch size or a number of batches")
        if num_batches > size:
            raise ConfigurationError(f"{size} examples do not make {num_batches} batches")
        batch_size = size // num_batches if mode.even else math.ceil(size / num_batches)
        # Batches that are rounded up may use up the examples early: 10 examples as 6 batches are 5 of 2.
        return batch_size, num_batches if mode.even else min(num_batches, math.ceil(size / batch_size))
    available = size // batch_size if mode.even else math.ceil(size / batch_size)
    if not available:
        raise ConfigurationError(f"{size} examples do not make one batch of {batch_size} in the iteration mode {name}")
    if num_batches is None:
        return batch_size, available
    if num_batches > available:
        raise ConfigurationError(
            f"{size} examples make {available} batches of {batch_size}, but {num_batches} are asked for"
        )
    return batch_size, num_batches
