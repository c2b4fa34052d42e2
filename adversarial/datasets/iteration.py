"""Which examples make up each minibatch: the modes of Pylearn2's `utils/iteration.py`, in its order from its seeds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.random import RandomState

from adversarial.errors import ConfigurationError
from adversarial.options import nearest

#: The examples of a minibatch: a slice where they are contiguous, else their indices.
Subset = slice | np.ndarray


class TooFewExamplesError(ConfigurationError):
    """More minibatches are asked for than the examples make."""


class MinibatchIterator(Protocol):
    """The minibatches of one pass over a dataset.

    Attributes
    ----------
    num_batches : int
        Minibatches of the whole pass.
    """

    num_batches: int

    def __iter__(self) -> Iterator[Any]: ...

    def __next__(self) -> Any: ...


@runtime_checkable
class IndexedMinibatches(Protocol):
    """Minibatches that say which examples each is made of, so that a device can gather them from a copy of its own.

    Attributes
    ----------
    num_examples : int
        Examples of the dataset.
    subsets : Iterator of Subset
        The examples of each remaining minibatch. A subset taken from here is not gathered by the iterator any more.
    """

    num_examples: int
    subsets: Iterator[Subset]

    def everything(self) -> tuple[np.ndarray, ...]:
        """Return all examples of the dataset as one batch, which `subsets` index."""

    def nbytes(self) -> int:
        """Return the size of `everything` in bytes."""

    def source(self) -> Any:
        """Return the object that holds the features; another one after they have been replaced."""


@dataclass(frozen=True)
class Mode:
    """A way to go through examples.

    Attributes
    ----------
    subsets : callable
        From (examples, batch size, number of batches, random state) to the subsets of a pass.
    stochastic : bool
        Whether it takes random numbers.
    even : bool
        Whether all minibatches have the same size.
    endless : bool
        Whether examples can come more than once, so that both sizes must be given.
    contiguous : bool
        Whether each minibatch is a slice of the dataset, so that it cannot be larger.
    """

    subsets: Callable[[int, int, int, Any], Iterator[Subset]]
    stochastic: bool = False
    even: bool = False
    endless: bool = False
    contiguous: bool = False


# The modes that shuffle do so when the iterator is made, not at its first minibatch, as in 2014: an iterator that is
# never used advances the random state too.


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
    """Return the mode called `name`; None is 'sequential'."""
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
    """The subsets of one pass over a dataset, a minibatch each.

    Parameters
    ----------
    mode : str or None
        A key of MODES; None is 'sequential'.
    dataset_size : int
        Number of examples.
    batch_size : int, optional
        Examples in a minibatch. It or `num_batches` may be left out if the mode visits each example once.
    num_batches : int, optional
        Minibatches in the pass.
    rng : RandomState or seed, optional
        Random numbers of a mode that shuffles, default seed 42. A RandomState advances.

    Raises
    ------
    ConfigurationError
        For an unknown mode, missing sizes, or more minibatches than the examples make.

    Examples
    --------
    >>> list(SubsetIterator("sequential", 10, batch_size=4))
    [slice(0, 4, None), slice(4, 8, None), slice(8, 10, None)]
    >>> SubsetIterator("even_sequential", 10, batch_size=4).num_batches
    2
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
        # Those of an endless mode are drawn one by one: to look at the next would advance the random numbers early.
        self._drawn_before = not chosen.endless
        self._seen: list[Subset] = []

    def __iter__(self) -> SubsetIterator:
        return self

    def __next__(self) -> Subset:
        return self._seen.pop() if self._seen else next(self._subsets)

    def following(self) -> Subset | None:
        """Return what `next` will return, without taking it; None where that is the end, or is not drawn yet."""
        if not self._seen and self._drawn_before:
            self._seen = [subset for subset in (next(self._subsets, None),) if subset is not None]
        return self._seen[0] if self._seen else None


def _sizes(name: str, mode: Mode, size: int, batch_size: int | None, num_batches: int | None) -> tuple[int, int]:
    """Return the batch size and the number of batches, the missing one computed from the other."""
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
            raise TooFewExamplesError(f"{size} examples do not make {num_batches} batches")
        batch_size = size // num_batches if mode.even else math.ceil(size / num_batches)
        # Batches that are rounded up may use up the examples early: 10 examples as 6 batches are 5 of 2.
        return batch_size, num_batches if mode.even else min(num_batches, math.ceil(size / batch_size))
    available = size // batch_size if mode.even else math.ceil(size / batch_size)
    if not available:
        raise ConfigurationError(f"{size} examples do not make one batch of {batch_size} in the iteration mode {name}")
    if num_batches is None:
        return batch_size, available
    if num_batches > available:
        raise TooFewExamplesError(
            f"{size} examples make {available} batches of {batch_size}, but {num_batches} are asked for"
        )
    return batch_size, num_batches
